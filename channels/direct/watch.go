package direct

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"refloop/channels"
	"refloop/channels/direct/trust"
)

// Notices is the sender of notifications, and the one place that does the agent's background work.
type Notices struct{ *Sender }

// NewNotices makes the sender of notifications to anybody.
func NewNotices(a *Agent, lane string) *Notices {
	s := NewSender(a, lane, RailConfig{})
	s.notices = true
	return &Notices{s}
}

// lookEvery is how often trust is looked through: certificates that end, certificates of partners, bundles. A revocation is seen within the
// hour in which a list is kept, the end of a partner's certificate at once, and what a delivery finds out too.
const lookEvery = 5 * time.Minute

// Kinds of alarms of this rail.
const (
	AlarmEnds   = "certificate_ends"
	AlarmShrunk = "bundle_shrunk"
	AlarmStale  = "bundle_stale"
)

// Watch keeps trust bundles current, and tells the handler what it sees: certificates that end in 60, 30, 14, 7 and 1 days and those that have
// ended, partners to whose certificates nothing may be encrypted any more, bundles that wait for a person.
func (n *Notices) Watch(take, _ context.Context, h channels.Handler) error {
	g := n.agent
	done := make(chan struct{})
	go func() {
		defer close(done)
		g.Bundles.Run(take)
	}()
	defer func() { <-done }()
	to, _ := h.(channels.Observer)
	s := sight{agent: g, to: to, lanes: map[string]channels.LaneState{}}
	for {
		timer := time.NewTimer(s.look(take))
		select {
		case <-take.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		case <-g.Bundles.Changed():
		case <-g.News:
		}
		timer.Stop()
	}
}

// nudge asks Watch to look now.
func (g *Agent) nudge() {
	select {
	case g.News <- struct{}{}:
	default:
	}
}

// sight is what Watch saw last.
type sight struct {
	agent *Agent
	to    channels.Observer // nil: nobody is told
	lanes map[string]channels.LaneState
	told  channels.Observation // without its time
}

// look sees everything once, tells what is new, and returns when to look again.
func (s *sight) look(ctx context.Context) time.Duration {
	g := s.agent
	now := g.Now()
	seen, inUse := g.peers(ctx)
	if ctx.Err() != nil {
		return lookEvery
	}
	for _, l := range seen {
		s.lanes[l.Lane] = l
	}
	o := channels.Observation{Source: channels.Direct, Kinds: []string{AlarmEnds, AlarmShrunk, AlarmStale}}
	for _, p := range g.Peers {
		if l, known := s.lanes[p.Lane]; known { // what could not be found out this time stays as it was
			o.Lanes = append(o.Lanes, l)
		}
	}
	next := lookEvery
	for _, c := range inUse {
		if left := c.Certificate.NotAfter.Sub(now); left >= 0 {
			next = min(next, left+time.Second)
		}
	}
	if g.Others != nil {
		inUse = append(inUse, g.Others()...)
	}
	g.endings(&o, inUse, now)
	g.bundles(&o)
	if s.to == nil || reflect.DeepEqual(o, s.told) {
		return next
	}
	s.told, o.At = o, now
	if err := s.to.Observe(ctx, o); err != nil {
		s.told = channels.Observation{}
		if g.Log != nil && ctx.Err() == nil {
			g.Log.Error("telling what was seen of trust", "error", err)
		}
	}
	return next
}

// endings adds an alarm for each certificate and step, and when each certificate that ends soon ends.
func (g *Agent) endings(o *channels.Observation, more []trust.Named, now time.Time) {
	for _, e := range g.Trust.Endings(now, more...) {
		note := fmt.Sprintf("the %s certificate of %s ends within %d days, on %s: %s", kindWord(e.What), e.Name, e.Step(), e.At.Format(time.DateOnly), remedy(e.What))
		if e.Days < 0 {
			note = fmt.Sprintf("the %s certificate of %s ended on %s: %s", kindWord(e.What), e.Name, e.At.Format(time.DateOnly), remedy(e.What))
		}
		o.Alarms = append(o.Alarms, channels.Alarm{Kind: AlarmEnds, Key: fmt.Sprintf("%s/%d", e.SHA256, e.Step()), Note: note})
		o.Certificates = append(o.Certificates, channels.CertificateEnd{Kind: e.What, SHA256: e.SHA256, Ends: e.At})
	}
}

func kindWord(what string) string {
	return map[string]string{"identity": "own", "peer": "partner's", "anchor": "anchor", "intermediate": "issuing", "tls": "TLS"}[what]
}

// remedy says what to do about a certificate that ends.
func remedy(what string) string {
	switch what {
	case "identity":
		return "order a new one (refloop keys make), and keep the old key with use: encrypt for mail that was encrypted to it"
	case "tls":
		return "order a new one"
	case "anchor":
		return "ask its trust community for the next one; mail of its members is refused afterwards"
	case "intermediate":
		return "ask the certification authority for the next one"
	}
	return "ask the partner for the next one; afterwards its rail is red and the next one is taken"
}

// bundles adds an alarm for each bundle that waits for a person or could not be fetched for a long time.
func (g *Agent) bundles(o *channels.Observation) {
	for _, b := range g.Bundles.States() {
		if f := b.Offered; f != nil {
			o.Alarms = append(o.Alarms, channels.Alarm{Kind: AlarmShrunk, Key: f.SHA256 + " " + b.Taken.Format(time.RFC3339), Note: fmt.Sprintf(
				"the trust bundle %s has lost %d of %d anchors; the last good one stays in use. See refloop direct bundles, and take the new one with refloop direct bundles accept",
				b.URL, len(f.Gone), b.Anchors)})
		}
		if b.Stale {
			note := fmt.Sprintf("the trust bundle %s could not be fetched since %s (%s); %d anchors of the last good one are in use", b.URL, b.Taken.Format(time.DateTime), b.Fault, b.Anchors)
			if b.Taken.IsZero() {
				note = fmt.Sprintf("the trust bundle %s could not be fetched yet (%s): nobody is trusted by it", b.URL, b.Fault)
			}
			o.Alarms = append(o.Alarms, channels.Alarm{Kind: AlarmStale, Key: b.URL + " " + b.Taken.Format(time.RFC3339), Note: note})
		}
	}
	slices.SortFunc(o.Alarms, func(a, b channels.Alarm) int { return strings.Compare(a.Kind+a.Key, b.Kind+b.Key) })
}
