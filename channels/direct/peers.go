package direct

import (
	"context"
	"errors"
	"sync"

	"refloop/channels"
	"refloop/channels/direct/trust"
	"refloop/direct"
)

// Peer is a rail of type direct of a partner.
type Peer struct {
	Lane    string
	Address string
}

// peersAtOnce is how many partners are looked up at a time.
const peersAtOnce = 8

// peers says how each lane is, as far as it can be found out now, and which certificates mail to green ones is encrypted to, with their issuers.
func (g *Agent) peers(ctx context.Context) (lanes []channels.LaneState, inUse []trust.Named) {
	verdicts := make([]direct.Verdict, len(g.Peers))
	faults := make([]error, len(g.Peers))
	slots := make(chan struct{}, peersAtOnce)
	var wg sync.WaitGroup
	for i, p := range g.Peers {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			verdicts[i], faults[i] = g.recipient(ctx, p.Address, g.Trust.Certificates(p.Address), g.Trust.Outbound(g.Settings.Address, g.Now()))
		})
	}
	wg.Wait()
	for i, p := range g.Peers {
		if l, known := laneOf(p, faults[i]); known {
			lanes = append(lanes, l)
		}
		for n, c := range verdicts[i].Chain {
			what := "intermediate"
			switch n {
			case 0:
				what = "peer"
			case len(verdicts[i].Chain) - 1:
				what = "anchor"
			}
			inUse = append(inUse, trust.Named{What: what, Certificate: c})
		}
	}
	return lanes, inUse
}

// laneOf judges a lane by what choosing a certificate for it came to. A partner of whom no certificate is known at all is not red but
// unfinished; what a server did not answer is not known.
func laneOf(p Peer, err error) (l channels.LaneState, known bool) {
	if err == nil {
		return channels.LaneState{Lane: p.Lane, State: channels.LaneGreen}, true
	}
	var u *direct.UntrustedError
	if errors.Is(err, trust.ErrLookup) || !errors.As(err, &u) || u.Reason == direct.ReasonRevocation {
		return channels.LaneState{}, false
	}
	if u.Reason == direct.ReasonNone {
		return channels.LaneState{Lane: p.Lane, State: channels.LaneGreen}, true
	}
	return channels.LaneState{Lane: p.Lane, State: channels.LaneRed, Note: "its certificate cannot be used: " + u.Reason + " (" + u.Detail + ")"}, true
}
