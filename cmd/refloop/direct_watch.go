package main

import (
	"fmt"

	"refloop/channels"
	"refloop/channels/direct"
	"refloop/channels/direct/trust"
)

// directWatch is what the agent watches besides its own certificates.
type directWatch struct {
	peers []direct.Peer
	files []string // certificates that listeners show to those who connect
}

// watchDirect gathers it: the rails of type direct, unless a HISP judges trust for us, and every listener's certificate.
func (pl *plan) watchDirect() (w directWatch) {
	if pl.direct.settings.Mode != "edge" {
		for _, p := range pl.directory.Partners {
			for _, r := range p.Rails {
				if r.Type == channels.Direct {
					w.peers = append(w.peers, direct.Peer{Lane: r.Lane, Address: r.Address})
				}
			}
		}
	}
	for _, c := range pl.cfg.Channels {
		n := c.Node.Field("tls").Field("certificate")
		if name, ok := n.Scalar(); ok {
			w.files = append(w.files, n.Resolve(name))
		}
	}
	return w
}

// print changes when something else is to be watched.
func (w directWatch) print() string { return fmt.Sprintf("%q", w) }

// others reads the listeners' certificates as they are now: they are renewed under their old names.
func (w directWatch) others() (out []trust.Named) {
	for _, path := range w.files {
		if certs, _, err := trust.ReadCertificates(path); err == nil && len(certs) > 0 {
			out = append(out, trust.Named{What: "tls", Certificate: certs[0]})
		}
	}
	return out
}

// give tells the agent what to watch.
func (w directWatch) give(a *direct.Agent) {
	a.Peers, a.Others, a.News = w.peers, w.others, make(chan struct{}, 1)
}
