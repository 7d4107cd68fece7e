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
	Passed       []string // what is there and is not used, in words; a name may hold nothing else
}

// finder asks DNS for CERT records (RFC 4398).
type finder struct {
	servers []string // host:port; empty: the system's
	now     func() time.Time
	found   cache[Published]
}

// names are where a certificate for an address may be published: the address with a dot for @, then the domain (RFC 4398 section 3.1).
func names(address string) []string {
	local, domain, ok := strings.Cut(address, "@")
	if !ok || local == "" || domain == "" {
		return nil
	}
	return []string{local + "." + domain, domain}
}

// find returns what is under a name. None is no error; a server that fails is ErrLookup.
func (f *finder) find(ctx context.Context, name string) (Published, error) {
	now := f.now()
	if p, err, ok := f.found.get(name, now); ok {
		return p, err
	}
	p, ttl, err := f.ask(ctx, name)
	if err != nil {
		return Published{}, err
	}
	p.Name = name
	f.found.put(name, p, nil, now.Add(ttl))
	return p, nil
}

// ask follows aliases until certificates or nothing is there.
func (f *finder) ask(ctx context.Context, name string) (p Published, ttl time.Duration, err error) {
	at, ttl := dns.Fqdn(name), longestFound
	if _, ok := dns.IsDomainName(at); !ok {
		return p, longestNone, nil
	}
	for range maxAliases {
		answer, err := f.exchange(ctx, at, dns.TypeCERT)
		if err != nil {
			return Published{}, 0, err
		}
		found, alias, life := readAnswer(answer, at)
		ttl = min(ttl, life)
		p.Certificates, p.Passed = found.Certificates, append(p.Passed, found.Passed...)
		if len(p.Certificates) > 0 {
			return p, ttl, nil
		}
		if alias == "" || strings.EqualFold(alias, at) {
			return p, min(ttl, negative(answer)), nil
		}
		at = alias
	}
	return p, longestNone, nil
}

// readAnswer takes the certificates at the end of the chain of aliases that begins with name.
func readAnswer(m *dns.Msg, name string) (p Published, alias string, life time.Duration) {
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
		if !ok || !strings.EqualFold(c.Hdr.Name, at) || len(p.Certificates)+len(p.Passed) >= maxPublished {
			continue
		}
		life = min(life, time.Duration(c.Hdr.Ttl)*time.Second)
		cert, why := readRecord(c)
		if why != "" {
			p.Passed = append(p.Passed, why)
			continue
		}
		p.Certificates = append(p.Certificates, cert)
	}
	return p, alias, life
}

// readRecord reads the certificate of a CERT record (RFC 4398 section 2), or says why there is none for us. A record that holds an address
// (IPKIX, or the URI of a type of its own) is not followed: whoever answers for a name could then make us ask any address, and everybody who
// publishes so also answers PKIX records or a directory.
func readRecord(c *dns.CERT) (cert *x509.Certificate, why string) {
	switch c.Type {
	case dns.CertPKIX:
	case dns.CertIPIX, dns.CertURI:
		return nil, "a CERT record of type " + dns.CertTypeToString[c.Type] + ": it names an address instead of holding a certificate, and is not followed"
	default:
		return nil, fmt.Sprintf("a CERT record of type %d: no X.509 certificate", c.Type)
	}
	der, err := base64.StdEncoding.DecodeString(c.Certificate)
	if err == nil {
		cert, err = x509.ParseCertificate(der)
	}
	if err != nil {
		return nil, "a CERT record whose bytes are no certificate"
	}
	return cert, ""
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

// Discover looks up what is published for an address, name after name, and hands each non-empty set to use (one that holds only what is
// passed over, too), which says whether one of them will do. The error is ErrLookup when nothing did and a name could not be looked up.
func (n *Network) Discover(ctx context.Context, address string, use func(Published) bool) error {
	address, ok := direct.Canonical(address)
	if !ok || n == nil || n.finder == nil {
		return nil
	}
	var failed error
	for _, name := range names(address) {
		found, err := n.finder.find(ctx, name)
		if err != nil {
			failed = err
			continue
		}
		if len(found.Certificates)+len(found.Passed) > 0 && use(found) {
			return nil
		}
	}
	if !n.cfg.LDAP {
		return failed
	}
	for _, value := range []string{address, direct.Domain(address)} {
		found, err := n.directory(ctx, direct.Domain(address), value)
		if err != nil {
			failed = err
			continue
		}
		if len(found.Certificates) > 0 && use(found) {
			return nil
		}
	}
	return failed
}
