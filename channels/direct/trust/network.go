package trust

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/netip"
	"time"

	"refloop/direct"
)

// NetworkConfig says what may be asked. Its zero value looks for nothing in DNS and fetches from public addresses only.
type NetworkConfig struct {
	Discover bool           // look for certificates in DNS
	DNS      string         // name server, host:port; empty: the system's
	LDAP     bool           // look in the directories that a domain names (SRV), after DNS; needs Discover
	Allow    []netip.Prefix // address ranges for fetches, besides public ones
	Grace    time.Duration  // how long a revocation list still counts after its nextUpdate when no newer one can be had
	Dir      string         // where fetched lists and bundles are kept over a restart; empty: nowhere
	Now      func() time.Time
}

// Limits of what one judgement may ask for.
const (
	gatherTime  = 30 * time.Second
	maxFetches  = 12 // of issuers, lists and responders together
	maxURLs     = 4  // of one certificate
	issuerFresh = 24 * time.Hour
	listFresh   = time.Hour // a newer list is asked for after this, also when the old one still counts
	clockSkew   = 5 * time.Minute
)

// Network fetches what certificates name: issuers (AIA), revocation lists and OCSP answers, and finds published
// certificates in DNS. It is safe for concurrent use; every answer is kept for its time.
type Network struct {
	cfg     NetworkConfig
	client  *http.Client
	finder  *finder
	issuers cache[[]*x509.Certificate]
	lists   cache[listed]
	answers cache[*direct.Status]
}

// NewNetwork makes a network. It asks nothing yet.
func NewNetwork(cfg NetworkConfig) *Network {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	n := &Network{cfg: cfg, client: newClient(&guard{cfg.Allow})}
	if cfg.Discover {
		n.finder = &finder{now: cfg.Now}
		if cfg.DNS != "" {
			n.finder.servers = []string{cfg.DNS}
		}
	}
	return n
}

// Discovers reports whether certificates are looked for in DNS. A nil Network looks nowhere.
func (n *Network) Discovers() bool { return n != nil && n.finder != nil }

// gathering is one judgement's allowance.
type gathering struct {
	n      *Network
	left   int
	missed error // why something of revocation could not be had for now; nil: all that was named was had, or never will be
}

// Widen adds to a policy what the network knows of the candidates that speak for address: missing issuers first, and for
// what then leads to an anchor its revocation lists and OCSP answers. Certificates that do not speak for the address, or
// lead to no anchor, cause at most the look-up of their issuers. From then on the policy refuses a certificate that names
// where its revocation is published when nothing current could be had. A nil Network changes nothing.
func (n *Network) Widen(ctx context.Context, address string, use direct.Use, candidates, carried []*x509.Certificate, p direct.Policy) direct.Policy {
	p, _ = n.Look(ctx, address, use, candidates, carried, p)
	return p
}

// Look is Widen, and says why something of revocation could not be had although it may be had later (a server that does not answer).
func (n *Network) Look(ctx context.Context, address string, use direct.Use, candidates, carried []*x509.Certificate, p direct.Policy) (_ direct.Policy, missed error) {
	if n == nil {
		return p, nil
	}
	ctx, stop := context.WithTimeout(ctx, gatherTime)
	defer stop()
	g := &gathering{n: n, left: maxFetches}
	loose := p
	loose.NeedNamed, loose.NeedCRL = false, false // what is needed is looked for now
	p.NeedNamed, p.Grace = true, n.cfg.Grace
	for _, c := range candidates {
		if direct.Binding(c, address) == "" {
			continue
		}
		found := g.climb(ctx, c, carried, &loose)
		p.Intermediates = append(p.Intermediates[:len(p.Intermediates):len(p.Intermediates)], found...)
		loose.Intermediates = p.Intermediates
		v, err := direct.Trust(c, address, use, carried, loose)
		if err != nil {
			continue
		}
		for i := 0; i+1 < len(v.Chain); i++ {
			g.revocation(ctx, v.Chain[i], v.Chain[i+1], &p)
		}
	}
	return p, g.missed
}

// climb fetches the issuers that are missing between c and an anchor (RFC 5280 section 4.2.2.1).
func (g *gathering) climb(ctx context.Context, c *x509.Certificate, carried []*x509.Certificate, p *direct.Policy) (found []*x509.Certificate) {
	for range direct.DefaultChain {
		if i := issuer(c, p.Anchors); i != nil || contains(p.Anchors, c) {
			return found
		}
		next := issuer(c, p.Intermediates)
		if next == nil {
			next = issuer(c, carried)
		}
		if next == nil {
			var fetched []*x509.Certificate
			for _, u := range first(c.IssuingCertificateURL, maxURLs) {
				fetched = append(fetched, g.issuersAt(ctx, u)...)
			}
			if i := issuer(c, fetched); i != nil {
				found, next = append(found, fetched...), i
			}
		}
		if next == nil || next.Equal(c) {
			return found
		}
		c = next
	}
	return found
}

// issuersAt reads a certificate or a certs-only PKCS#7 at an address of an authority information access extension.
func (g *gathering) issuersAt(ctx context.Context, address string) []*x509.Certificate {
	now := g.n.cfg.Now()
	if certs, _, ok := g.n.issuers.get(address, now); ok {
		return certs
	}
	if !g.take() {
		return nil
	}
	b, err := get(ctx, g.n.client, address)
	var m material
	if err == nil {
		m, err = parse(b)
	}
	until := now.Add(issuerFresh)
	if err != nil {
		until = now.Add(failedFor)
	}
	certs := first(m.certs, maxPublished)
	g.n.issuers.put(address, certs, err, until)
	return certs
}

// take counts one fetch; false: the allowance is used up.
func (g *gathering) take() bool {
	g.left--
	return g.left >= 0
}

func first[T any](list []T, n int) []T { return list[:min(len(list), n)] }

func contains(list []*x509.Certificate, c *x509.Certificate) bool {
	for _, have := range list {
		if have.Equal(c) {
			return true
		}
	}
	return false
}
