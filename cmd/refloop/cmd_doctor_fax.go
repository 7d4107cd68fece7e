package main

import (
	"context"
	"time"

	"refloop/channels"
	"refloop/channels/fax"
	"refloop/config"
)

// probeTime is how long one look at a gateway may take.
const probeTime = 10 * time.Second

// faxFindings look whether the servers and gateways of fax channels and rails answer, each once.
func faxFindings(ctx context.Context, cfg *config.Config) []finding {
	var out []finding
	seen := map[string]bool{}
	look := func(what string, probe func(context.Context) (string, error)) {
		ctx, cancel := context.WithTimeout(ctx, probeTime)
		defer cancel()
		target, err := probe(ctx)
		if target == "" || seen[target] {
			return
		}
		seen[target] = true
		if err != nil {
			out = append(out, finding{levelBad, what, target + ": " + err.Error(), "see the keys of this channel or rail: refloop config describe | grep fax"})
			return
		}
		out = append(out, finding{levelOK, what, target + " answers", ""})
	}
	ignored := &config.Problems{} // refloop check reports them
	for _, c := range cfg.Channels {
		if c.Type == channels.Fax {
			look("channel "+c.Name, fax.DecodeChannel(c, ignored).Probe)
		}
	}
	for _, p := range cfg.Partners {
		for _, r := range p.Rails {
			if r.Type == channels.Fax {
				look("rail "+p.ID+"/"+r.Type, fax.DecodeRail(r, ignored).Probe)
			}
		}
	}
	return out
}
