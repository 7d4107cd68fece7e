package trust

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/miekg/dns"

	"refloop/direct"
)

// Limits of discovery.
const (
	dnsTime      = 5 * time.Second // one question to one server
	dnsTries     = 2               // rounds over the servers
	dnsUDP       = 1232            // octets of a UDP answer we take; more comes by TCP
	maxAliases   = 8               // CNAMEs followed
	maxPublished = 20              // certificates of one name
	longestFound = 24 * time.Hour
	longestNone  = 5 * time.Minute // a certificate that was published a moment ago is found soon
)

// ErrLookup: a name server failed or did not answer, so nobody knows whether a certificate is published. Try again later.
var ErrLookup = errors.New("certificate look-up failed")

// Published is what one name holds.
type Published struct {
	Name         string // in DNS, without the dot at the end
	Certificates []*x509.Certificate
}

// finder asks DNS for CERT records (RFC 4398).
type finder struct {
	servers []string // host:port; empty: the system's
	now     func() time.Time
	found   cache[[]*x509.Certificate]
}

// names are where a certificate for an address may be published: the address with a dot for @, then the domain (RFC 4398 section 3.1).
func names(address string) []string {
	local, domain, ok := strings.Cut(address, "@")
	if !ok || local == "" || domain == "" {
		return nil
	}
	return []string{local + "." + domain, domain}
}

// find returns the certificates under a name. None is no error; a server that fails is ErrLookup.
func (f *finder) find(ctx context.Context, name string) ([]*x509.Certificate, error) {
	now := f.now()
	if certs, err, ok := f.found.get(name, now); ok {
		return certs, err
	}
	certs, ttl, err := f.ask(ctx, name)
	if err != nil {
		return nil, err
	}
	f.found.put(name, certs, nil, now.Add(ttl))
	return certs, nil
}

// ask follows aliases until certificates or nothing is there.
func (f *finder) ask(ctx context.Context, name string) ([]*x509.Certificate, time.Duration, error) {
	at, ttl := dns.Fqdn(name), longestFound
	if _, ok := dns.IsDomainName(at); !ok {
		return nil, longestNone, nil
	}
	for range maxAliases {
		answer, err := f.exchange(ctx, at, dns.TypeCERT)
		if err != nil {
			return nil, 0, err
		}
		certs, alias, life := readAnswer(answer, at)
		ttl = min(ttl, life)
		if len(certs) > 0 {
			return certs, ttl, nil
		}
		if alias == "" || strings.EqualFold(alias, at) {
			return nil, min(ttl, negative(answer)), nil
		}
		at = alias
	}
	return nil, longestNone, nil
}

// readAnswer takes the certificates at the end of the chain of aliases that begins with name.
func readAnswer(m *dns.Msg, name string) (certs []*x509.Certificate, alias string, life time.Duration) {
	life = longestFound
	at := name
	for range maxAliases {
		next := ""
		for _, rr := range m.Answer {
			if c, ok := rr.(*dns.CNAME); ok && strings.EqualFold(c.Hdr.Name, at) {
				next, life = c.Target, min(life, time.Duration(c.Hdr.Ttl)*time.Second)
			}
		}
		if next == "" {
			break
		}
		at, alias = next, next
	}
	for _, rr := range m.Answer {
		c, ok := rr.(*dns.CERT)
		if !ok || c.Type != dns.CertPKIX || !strings.EqualFold(c.Hdr.Name, at) || len(certs) >= maxPublished {
			continue
		}
		der, err := base64.StdEncoding.DecodeString(c.Certificate)
		if err != nil {
			continue
		}
		if cert, err := x509.ParseCertificate(der); err == nil {
			certs, life = append(certs, cert), min(life, time.Duration(c.Hdr.Ttl)*time.Second)
		}
	}
	return certs, alias, life
}

// negative is how long nothing may be remembered (RFC 2308 section 5).
func negative(m *dns.Msg) time.Duration {
	for _, rr := range m.Ns {
		if soa, ok := rr.(*dns.SOA); ok {
			return min(longestNone, time.Duration(min(soa.Hdr.Ttl, soa.Minttl))*time.Second)
		}
	}
	return failedFor
}

// exchange asks the servers in turn, by UDP and, when the answer is cut, by TCP.
func (f *finder) exchange(ctx context.Context, name string, kind uint16) (*dns.Msg, error) {
	servers, err := f.resolvers()
	if err != nil {
		return nil, err
	}
	q := new(dns.Msg)
	q.SetQuestion(name, kind)
	q.SetEdns0(dnsUDP, false)
	last := errors.New("no server")
	for range dnsTries {
		for _, server := range servers {
			answer, err := exchangeOne(ctx, q, server)
			if err == nil {
				return answer, nil
			}
			if ctx.Err() != nil {
				return nil, fmt.Errorf("trust: asking DNS: %w: %w", ErrLookup, ctx.Err())
			}
			last = err
		}
	}
	return nil, fmt.Errorf("trust: asking DNS: %w: %w", ErrLookup, last)
}

func exchangeOne(ctx context.Context, q *dns.Msg, server string) (*dns.Msg, error) {
	for _, transport := range []string{"udp", "tcp"} {
		c := dns.Client{Net: transport, Timeout: dnsTime, UDPSize: dnsUDP}
		answer, _, err := c.ExchangeContext(ctx, q.Copy(), server)
		if transport == "udp" && (err != nil || answer.Truncated) {
			var n net.Error
			if err != nil && errors.As(err, &n) && n.Timeout() {
				return nil, fmt.Errorf("%s does not answer", server)
			}
			continue
		}
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s cannot be asked", server)
		case len(answer.Question) != 1 || !strings.EqualFold(answer.Question[0].Name, q.Question[0].Name) || answer.Question[0].Qtype != q.Question[0].Qtype:
			return nil, fmt.Errorf("%s answered another question", server)
		case answer.Rcode == dns.RcodeSuccess, answer.Rcode == dns.RcodeNameError:
			return answer, nil
		}
		return nil, fmt.Errorf("%s answered %s", server, dns.RcodeToString[answer.Rcode])
	}
	return nil, fmt.Errorf("%s cannot be asked", server)
}

// resolvers are the configured servers, else those of the system.
func (f *finder) resolvers() ([]string, error) {
	if len(f.servers) > 0 {
		return f.servers, nil
	}
	c, err := dns.ClientConfigFromFile("/etc/resolv.conf")
	if err != nil || len(c.Servers) == 0 {
		return nil, fmt.Errorf("trust: asking DNS: %w: no name server in /etc/resolv.conf; set direct.dns", ErrLookup)
	}
	var out []string
	for _, s := range c.Servers {
		out = append(out, net.JoinHostPort(s, c.Port))
	}
	return out, nil
}

// Discover looks up what is published for an address, name after name, and hands each non-empty set to use,
// which says whether one of them will do. The error is ErrLookup when nothing did and a name could not be looked up.
func (n *Network) Discover(ctx context.Context, address string, use func(Published) bool) error {
	address, ok := direct.Canonical(address)
	if !ok || n == nil || n.finder == nil {
		return nil
	}
	var failed error
	for _, name := range names(address) {
		certs, err := n.finder.find(ctx, name)
		if err != nil {
			failed = err
			continue
		}
		if len(certs) > 0 && use(Published{Name: name, Certificates: certs}) {
			return nil
		}
	}
	if !n.cfg.LDAP {
		return failed
	}
	for _, value := range []string{address, direct.Domain(address)} {
		certs, err := n.directory(ctx, direct.Domain(address), value)
		if err != nil {
			failed = err
			continue
		}
		if len(certs) > 0 && use(Published{Name: "ldap " + value, Certificates: certs}) {
			return nil
		}
	}
	return failed
}
