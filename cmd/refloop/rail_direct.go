package main

import (
	"crypto/rand"
	"log/slog"
	"time"

	"refloop/channels"
	"refloop/channels/direct"
	"refloop/config"
	"refloop/transform"
)

// directPlan is `direct:` with what the rails of that type say.
type directPlan struct {
	present  bool
	settings direct.Settings
	rails    []direct.RailConfig
	print    string
	cfg      *config.Config
}

// directRoom is our security and trust agent, shared by all channels and rails of the type.
type directRoom struct{ agent *direct.Agent }

func planDirect(cfg *config.Config, p *config.Problems) directPlan {
	d := directPlan{cfg: cfg}
	if !cfg.Direct.Present() {
		return d
	}
	d.present = true
	d.settings = direct.DecodeSettings(cfg.Direct, p)
	d.print = fingerprint(cfg.Direct)
	return d
}

func (d *directPlan) address() string { return d.settings.Address }

// proofWait is how long a mail waits for its dispatched notification: both waiting times together.
func (d *directPlan) proofWait() map[string]time.Duration {
	if !d.present {
		return nil
	}
	return map[string]time.Duration{channels.Direct: d.settings.Wait.Processed.D() + d.settings.Wait.Dispatched.D()}
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
	org := d.cfg.Organization
	return &directRoom{agent: &direct.Agent{
		Settings: d.settings, Trust: store, Network: d.settings.Network(time.Now), Bundles: bundles, Log: log, Memo: &direct.Memo{}, Now: time.Now, Rand: rand.Reader,
		Organization: direct.Organization{Name: org.Name, OID: org.OID, NPI: org.NPI, Phone: org.Phone, Version: version},
	}}, nil
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
	cfg := direct.DecodeChannel(c, p)
	return func(d deps) (channels.Channel, error) {
		return direct.New(c, cfg, d.direct.agent, direct.Deps{Handler: d.handler, Budget: d.budget, Log: d.log, Limit: d.max})
	}
}

func directRail(pl *plan, r config.Rail, lane string, p *config.Problems) (transform.Dialect, openSender) {
	needDirect(pl, r.Node, p)
	cfg := direct.DecodeRail(r, p)
	pl.direct.rails = append(pl.direct.rails, cfg)
	return transform.Dialect{Style: cfg.Dialect, Outcome: cfg.Outcome, Processing: cfg.Processing}, func(d deps) (channels.Sender, error) {
		return direct.NewSender(d.direct.agent, lane, cfg), nil
	}
}
