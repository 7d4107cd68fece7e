package direct

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"time"

	"refloop/channels/direct/trust"
	"refloop/direct"
	"refloop/direct/cms"
)

// Agent is our security and trust agent: identity, trust and who we are. It is
// immutable and shared by the channels and senders of one configuration.
type Agent struct {
	Settings     Settings
	Trust        *trust.Store
	Network      *trust.Network // nil: only what files hold counts
	Organization Organization
	Bundles      *trust.Bundles // those whose anchors Trust has; nil: none
	Log          *slog.Logger   // for what concerns the operator; nil: silent
	Memo         *Memo          // of what Prepare opened; nil: Open decrypts again
	Now          func() time.Time
	Rand         io.Reader
	// Dial opens connections to relays and MX hosts; nil: the system's, 30 s.
	Dial func(ctx context.Context, address string) (net.Conn, error)
	// MX looks up the mail hosts of a domain in order of preference; nil: DNS.
	MX func(ctx context.Context, domain string) ([]string, error)
	// Strict says whether XDM packages of a proven sender are read strictly; nil: nobody's.
	Strict func(sender string) bool
	// Peers are the rails whose certificates are watched, Others more certificates whose end is told of; nil: none. News (capacity 1) wakes
	// the watch; nil: it looks by the clock alone.
	Peers  []Peer
	Others func() []trust.Named
	News   chan struct{}
	Limits direct.Limits // of one incoming message; zero: the documented defaults
}

// Organization is who we are, for packages and their readable pages.
type Organization struct {
	Name    string
	OID     string // sourceId of packages, authority of referral IDs
	NPI     string
	Phone   string
	Version string // of refloop
}

// decrypting collects identities for several recipients, each once.
func (a *Agent) decrypting(recipients []string) []cms.Identity {
	var out []cms.Identity
	for _, r := range recipients {
	next:
		for _, id := range a.Trust.Decrypting(r) {
			for _, have := range out {
				if have.Certificate.Equal(id.Certificate) {
					continue next
				}
			}
			out = append(out, id)
		}
	}
	return out
}

func (a *Agent) dial(ctx context.Context, address string) (net.Conn, error) {
	if a.Dial != nil {
		return a.Dial(ctx, address)
	}
	d := net.Dialer{Timeout: 30 * time.Second}
	return d.DialContext(ctx, "tcp", address)
}

// mx returns the hosts to try for a domain (RFC 5321 section 5.1): its MX records, else the domain itself.
func (a *Agent) mx(ctx context.Context, domain string) ([]string, error) {
	if a.MX != nil {
		return a.MX(ctx, domain)
	}
	list, err := net.DefaultResolver.LookupMX(ctx, domain)
	var dnsErr *net.DNSError
	if err != nil && !(errors.As(err, &dnsErr) && dnsErr.IsNotFound) {
		return nil, err
	}
	if len(list) == 1 && list[0].Host == "." {
		return nil, errNullMX
	}
	var hosts []string
	for _, m := range list {
		if host := trimDot(m.Host); host != "" && len(hosts) < maxMX {
			hosts = append(hosts, host)
		}
	}
	if len(hosts) == 0 {
		return []string{domain}, nil
	}
	return hosts, nil
}

// errNullMX: the domain says that it takes no mail (RFC 7505).
var errNullMX = errors.New("the domain takes no mail")
