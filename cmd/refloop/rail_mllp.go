package main

import (
	"refloop/channels"
	"refloop/channels/mllp"
	"refloop/config"
	"refloop/transform"
)

func mllpChannel(pl *plan, c config.Channel, p *config.Problems) openChannel {
	cfg := mllp.DecodeChannel(c, p)
	if cfg.Return != "" {
		lane := mllp.ReturnLane(c.Name)
		pl.senders = append(pl.senders, plannedSender{lane: lane, print: fingerprint(c.Node), open: func(d deps) (channels.Sender, error) {
			return mllp.NewReturnSender(cfg, mllp.SenderDeps{Lane: lane, Max: d.max, Now: d.now, Log: d.log})
		}})
	}
	return func(d deps) (channels.Channel, error) {
		return mllp.NewServer(cfg, mllp.Deps{
			Name: c.Name, Partner: c.Partner, Charset: c.Charset, Max: d.max, Handler: d.handler, Budget: d.budget, Now: d.now, Log: d.log,
		})
	}
}

func mllpRail(_ *plan, r config.Rail, lane string, p *config.Problems) (transform.Dialect, openSender) {
	cfg := mllp.DecodeRail(r, p)
	dialect := transform.Dialect{
		Version: cfg.Version, Status: cfg.Status, Report: cfg.Report, Body: cfg.Body, AckFrom: cfg.AckFrom, Processing: cfg.Processing,
	}
	return dialect, func(d deps) (channels.Sender, error) {
		return mllp.NewSender(cfg, mllp.SenderDeps{Lane: lane, Address: r.Address, Max: d.max, Now: d.now, Log: d.log})
	}
}
