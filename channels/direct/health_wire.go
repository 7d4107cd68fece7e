package direct

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"refloop/channels/direct/trust"
	"refloop/direct"
)

// wireTime is how long one connection of a check may take.
const wireTime = 15 * time.Second

// CheckWire looks at the ways in and out: the relay with its TLS or the mail hosts of peers, our own listeners, and what DNS and LDAP say of
// our own address. inbound are the addresses of our SMTP channels. It submits nothing.
func (g *Agent) CheckWire(ctx context.Context, peers, inbound []string) (out []Finding) {
	if g.Settings.Relay != "" {
		out = append(out, g.checkRelay(ctx))
	} else {
		out = append(out, g.checkMX(ctx, peers)...)
	}
	for _, address := range inbound {
		out = append(out, g.checkInbound(ctx, address))
	}
	if len(inbound) == 0 {
		out = append(out, Finding{FindingWarn, "inbound", "no channel of type direct: mail for us and notifications about ours are not taken", "a channel of type direct with listen"})
	}
	if f, ok := g.checkPublished(ctx); ok {
		out = append(out, f)
	}
	return append(out, g.checkBundles()...)
}

// checkRelay greets the relay as sending does.
func (g *Agent) checkRelay(ctx context.Context) Finding {
	what := "relay " + g.Settings.Relay
	t, err := parseRelay(g.Settings.Relay)
	if err != nil {
		return Finding{FindingBad, what, err.Error(), "direct.relay: smtp://host:port"}
	}
	ctx, stop := context.WithTimeout(ctx, wireTime)
	defer stop()
	conn, c, err := NewSender(g, "relay", RailConfig{}).connect(ctx, t)
	if err != nil {
		return Finding{FindingBad, what, err.Error(), "is it up, may this machine connect, and does its certificate name the host? Nothing is sent until then"}
	}
	defer conn.Close()
	f := Finding{FindingOK, what, "answers " + overTLS(c), ""}
	if limit, has := c.MaxMessageSize(); has && limit > 0 {
		f.Text += fmt.Sprintf(", takes mail of %d MiB", limit>>20)
	}
	if _, secure := c.TLSConnectionState(); !secure && !loopback(t.host) {
		f.Level, f.Remedy = FindingWarn, "smtp:// asks for TLS, smtp+insecure:// does not: addresses and sizes can be read on the way"
	}
	_ = c.Quit()
	return f
}

func overTLS(c *smtp.Client) string {
	if state, secure := c.TLSConnectionState(); secure {
		return fmt.Sprintf("with TLS 1.%d", state.Version-0x0301)
	}
	return "without TLS"
}

// checkMX looks up the mail hosts of peers, each domain once.
func (g *Agent) checkMX(ctx context.Context, peers []string) (out []Finding) {
	seen := map[string]bool{}
	for _, p := range peers {
		domain := direct.Domain(p)
		if seen[domain] {
			continue
		}
		seen[domain] = true
		ctx, stop := context.WithTimeout(ctx, wireTime)
		hosts, err := g.mx(ctx, domain)
		stop()
		f := Finding{FindingOK, "mail host of " + domain, strings.Join(hosts, ", "), ""}
		if err != nil {
			f = Finding{FindingBad, f.What, err.Error(), "is DNS reachable? Without it set direct.relay"}
		}
		out = append(out, f)
	}
	return out
}

// checkInbound connects to a listener of ours as a peer would.
func (g *Agent) checkInbound(ctx context.Context, address string) Finding {
	what := "inbound " + address
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return Finding{FindingBad, what, "is no address", "listen: host:port"}
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	ctx, stop := context.WithTimeout(ctx, wireTime)
	defer stop()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return Finding{FindingWarn, what, "nobody answers: " + plainDial(err), "start the daemon: refloop serve"}
	}
	defer conn.Close()
	if at, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(at)
	}
	c := smtp.NewClient(conn)
	if err := c.Hello("doctor.invalid"); err != nil {
		return Finding{FindingBad, what, "does not greet as an SMTP server should", "does another program listen there, or does allow: keep this machine out?"}
	}
	f := Finding{FindingOK, what, "answers", ""}
	if offered, _ := c.Extension("STARTTLS"); offered {
		f.Text += " and offers STARTTLS"
	} else if !loopback(host) && host != "localhost" {
		f.Level, f.Remedy = FindingBad, "tls: {certificate, key} under the channel"
	}
	_ = c.Quit()
	return f
}

func plainDial(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err.Error()
	}
	return err.Error()
}

// checkPublished asks for our own address as a peer would: what it finds is what mail to us is encrypted to. ok: there is something to say.
func (g *Agent) checkPublished(ctx context.Context) (f Finding, ok bool) {
	if !g.Network.Discovers() {
		return Finding{}, false
	}
	const what = "published certificate"
	var ours, others []string
	err := g.Network.Discover(ctx, g.Settings.Address, func(p trust.Published) bool {
		for _, c := range p.Certificates {
			if g.opens(c) {
				ours = append(ours, p.Name)
			} else {
				others = append(others, p.Name)
			}
		}
		return false
	})
	switch {
	case len(others) > 0:
		return Finding{FindingBad, what, "under " + strings.Join(others, ", ") + " is one that no identity of ours can read mail for", "refloop direct publish prints what belongs there"}, true
	case len(ours) > 0:
		return Finding{FindingOK, what, "ours is found under " + strings.Join(ours, ", "), ""}, true
	case err != nil:
		return Finding{FindingWarn, what, err.Error(), "is DNS reachable? Without it set direct.dns: off"}, true
	}
	return Finding{FindingWarn, what, "none is found for " + g.Settings.Address + ": partners must be given it by hand", "refloop direct publish prints the records for your name server or directory"}, true
}

// opens reports whether an identity of ours reads mail that is encrypted to c.
func (g *Agent) opens(c *x509.Certificate) bool {
	for _, id := range g.Trust.Decrypting(g.Settings.Address) {
		if id.Certificate.Equal(c) {
			return true
		}
	}
	return false
}

// checkBundles says how each trust bundle is.
func (g *Agent) checkBundles() (out []Finding) {
	for _, b := range g.Bundles.States() {
		f := Finding{FindingOK, "trust bundle " + b.URL, fmt.Sprintf("%d anchors, taken %s", b.Anchors, b.Taken.Format(time.DateTime)), ""}
		switch {
		case b.Anchors == 0:
			f.Level, f.Text, f.Remedy = FindingWarn, "none was taken yet", "the daemon fetches it; refloop direct bundles"
		case b.Offered != nil:
			f.Level, f.Remedy = FindingWarn, "refloop direct bundles"
			f.Text += fmt.Sprintf("; a newer one has lost %d anchors and waits for a person", len(b.Offered.Gone))
		case b.Stale:
			f.Level, f.Text = FindingWarn, f.Text+"; it could not be fetched since"
		}
		out = append(out, f)
	}
	return out
}
