package main

import (
	"crypto/rand"
	"log/slog"
	"strings"
	"time"

	"refloop/channels"
	"refloop/channels/direct"
	"refloop/channels/direct/trust"
	"refloop/config"
	"refloop/engine"
	"refloop/transform"
)

// directPlan is `direct:` with what the rails of that type say.
type directPlan struct {
	present  bool
	settings direct.Settings
	rails    []direct.RailConfig
	print    string
	cfg      *config.Config
	edges    []direct.NamedEdge
	strict   map[string]bool // partners whose packages are read strictly
	owner    func(address string) string
	watch    directWatch
}

// directRoom is our security and trust agent, shared by all channels and rails of the type.
type directRoom struct{ agent *direct.Agent }

func planDirect(cfg *config.Config, p *config.Problems) directPlan {
	d := directPlan{cfg: cfg, strict: map[string]bool{}}
	if !cfg.Direct.Present() {
		return d
	}
	d.present = true
	d.settings = direct.DecodeSettings(cfg.Direct, p)
	d.print = fingerprint(cfg.Direct)
	for _, partner := range cfg.Partners { // what the agent knows of rails: another value needs a new agent
		for _, r := range partner.Rails {
			if n := r.Node.Field("xdm"); r.Type == channels.Direct && n.Present() {
				d.print += partner.ID + fingerprint(n)
			}
		}
	}
	return d
}

func (d *directPlan) address() string { return d.settings.Address }

// proofWait is how long a mail waits for its notifications.
func (d *directPlan) proofWait() map[string]engine.ProofWait {
	if !d.present {
		return nil
	}
	return map[string]engine.ProofWait{channels.Direct: {Processed: d.settings.Wait.Processed.D(), Dispatched: d.settings.Wait.Dispatched.D()}}
}

// check reads every certificate that the configuration names.
func (d *directPlan) check(p *config.Problems) {
	if d.present {
		direct.Load(d.settings, d.rails, p)
		direct.Bundles(d.settings, time.Now, slog.New(slog.DiscardHandler), p)
	}
}

// open loads identities, anchors and certificates.
func (d *directPlan) open(log *slog.Logger) (*directRoom, error) {
	if !d.present {
		return nil, nil
	}
	p := new(config.Problems)
	bundles := direct.Bundles(d.settings, time.Now, log, p)
	store := direct.Load(d.settings, d.rails, p).With(bundles)
	if err := p.Err(); err != nil {
		return nil, err
	}
	agent := d.agentOf(log, store, bundles)
	d.watch.give(agent)
	return &directRoom{agent: agent}, nil
}

// agentOf makes the agent of what was loaded.
func (d *directPlan) agentOf(log *slog.Logger, store *trust.Store, bundles *trust.Bundles) *direct.Agent {
	org := d.cfg.Organization
	return &direct.Agent{
		Settings: d.settings, Trust: store, Network: d.settings.Network(time.Now), Bundles: bundles, Log: log, Memo: &direct.Memo{}, Now: time.Now, Rand: rand.Reader,
		Strict:       func(sender string) bool { return d.strict[d.owner(sender)] },
		Organization: direct.Organization{Name: org.Name, OID: org.OID, NPI: org.NPI, Phone: org.Phone, Version: version},
	}
}

// notices opens the sender of MDNs.
func (d *directPlan) notices() openSender {
	return func(dp deps) (channels.Sender, error) {
		return direct.NewNotices(dp.direct.agent, noticeLane), nil
	}
}

// needDirect reports a channel or rail of the type without `direct:`.
func needDirect(pl *plan, n config.Node, p *config.Problems) {
	if !pl.direct.present {
		p.Add(n.Field("type"), "got direct without a section direct:, want our address, identities and anchors there")
	}
}

func directChannel(pl *plan, c config.Channel, p *config.Problems) openChannel {
	needDirect(pl, c.Node, p)
	if pl.direct.settings.Edge() {
		return edgeChannel(pl, c, p)
	}
	cfg := direct.DecodeChannel(c, p)
	return func(d deps) (channels.Channel, error) {
		return direct.New(c, cfg, d.direct.agent, direct.Deps{Handler: d.handler, Budget: d.budget, Log: d.log, Limit: d.max})
	}
}

func directRail(pl *plan, r config.Rail, lane string, p *config.Problems) (transform.Dialect, openSender) {
	needDirect(pl, r.Node, p)
	cfg := direct.DecodeRail(r, p)
	if pl.direct.settings.Edge() {
		cfg.CheckEdge(p)
	}
	pl.direct.rails = append(pl.direct.rails, cfg)
	if id, _, _ := strings.Cut(lane, "/"); cfg.XDM == "strict" {
		pl.direct.strict[id] = true
	}
	return transform.Dialect{Style: cfg.Dialect, Outcome: cfg.Outcome, Processing: cfg.Processing}, func(d deps) (channels.Sender, error) {
		return direct.NewSender(d.direct.agent, lane, cfg), nil
	}
}

// edgeChannel is a channel of the type in mode edge: a mailbox at the HISP.
func edgeChannel(pl *plan, c config.Channel, p *config.Problems) openChannel {
	cfg := direct.DecodeEdge(c, p)
	pl.direct.edges = append(pl.direct.edges, direct.NamedEdge{Name: c.Name, Config: cfg})
	return func(d deps) (channels.Channel, error) {
		return direct.NewEdge(c, cfg, d.direct.agent, direct.Deps{Handler: d.handler, Budget: d.budget, Log: d.log, Limit: d.max})
	}
}
