package trust

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"refloop/direct"
)

// The discovery cases of the certifier that concern DNS (direct.md section 10), by their numbers. The whole list and where it is:
// D1, D2, D5, D6, D9, D11, D14 here; D3, D4, D7, D8, D10, D12, D13, D15, D16 in TestDirectory; D17 in TestRevokedBeside; D18 in
// TestIssuersByAddress; H1 to H4 in TestHosted.
func TestDiscover(t *testing.T) {
	ca, other := authority(t, "anchor", nil, nil), authority(t, "somebody else", nil, nil)
	const byAddress, byDomain = "referrals.direct.lakeside.example", "direct.lakeside.example"
	good, goodDomain := leaf(t, peer, &ca, nil), leaf(t, byDomain, &ca, nil)
	old, oldDomain := leaf(t, peer, &ca, expired), leaf(t, byDomain, &ca, expired)
	foreign, wrong := leaf(t, peer, &other, nil), leaf(t, "x@direct.lakeside.example", &ca, nil)
	big := []*x509.Certificate{old, foreign, wrong, good}
	for _, c := range []struct {
		name  string
		set   func(*zone)
		want  *x509.Certificate
		retry bool
	}{
		{"D1 address", func(z *zone) {
			z.certs[byAddress] = []*x509.Certificate{good}
			z.certs[byDomain] = []*x509.Certificate{oldDomain}
		}, good, false},
		{"D2 domain", func(z *zone) { z.certs[byDomain] = []*x509.Certificate{goodDomain} }, goodDomain, false},
		{"D5 only an expired one by address", func(z *zone) { z.certs[byAddress] = []*x509.Certificate{old} }, nil, false},
		{"D6 only an expired one by domain", func(z *zone) { z.certs[byDomain] = []*x509.Certificate{oldDomain} }, nil, false},
		{"D9 valid beside invalid", func(z *zone) { z.certs[byAddress] = []*x509.Certificate{old, good} }, good, false},
		{"D11 nothing", func(*zone) {}, nil, false},
		{"D14 above 512 octets, by TCP", func(z *zone) { z.certs[byAddress] = big }, good, false},
		{"alias", func(z *zone) {
			z.aliases[byDomain] = "certs.hisp.example"
			z.certs["certs.hisp.example"] = []*x509.Certificate{goodDomain}
		}, goodDomain, false},
		{"alias to itself", func(z *zone) { z.aliases[byDomain] = byDomain }, nil, false},
		{"a record that holds an address", func(z *zone) {
			z.more[byDomain] = []dns.RR{&dns.CERT{Type: dns.CertURI, Certificate: base64.StdEncoding.EncodeToString([]byte("http://127.0.0.1/x"))}}
		}, nil, false},
		{"a record that holds an address beside a certificate", func(z *zone) {
			z.more[byDomain] = []dns.RR{&dns.CERT{Type: dns.CertURI, Certificate: base64.StdEncoding.EncodeToString([]byte("http://127.0.0.1/x"))}}
			z.certs[byDomain] = []*x509.Certificate{goodDomain}
		}, goodDomain, false},
		{"another anchor", func(z *zone) { z.certs[byAddress] = []*x509.Certificate{foreign} }, nil, false},
		{"for another address", func(z *zone) { z.certs[byAddress] = []*x509.Certificate{wrong} }, nil, false},
		{"a server that fails is not none", func(z *zone) { z.rcode[byAddress], z.rcode[byDomain] = dns.RcodeServerFailure, dns.RcodeServerFailure }, nil, true},
		{"address fails, domain is there", func(z *zone) {
			z.rcode[byAddress] = dns.RcodeServerFailure
			z.certs[byDomain] = []*x509.Certificate{goodDomain}
		}, goodDomain, false},
		{"refused", func(z *zone) { z.rcode[byAddress], z.rcode[byDomain] = dns.RcodeRefused, dns.RcodeRefused }, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			z := newZone(t)
			z.mu.Lock()
			c.set(z)
			z.mu.Unlock()
			n := NewNetwork(NetworkConfig{Discover: true, DNS: z.addr, Allow: loopbacks})
			var got *x509.Certificate
			err := n.Discover(context.Background(), peer, func(p Published) bool {
				if strings.HasPrefix(c.name, "a record that") && len(p.Passed) != 1 {
					t.Errorf("passed over: got %q, want one reason", p.Passed)
				}
				v, err := direct.SelectRecipient(peer, p.Certificates, policy(ca))
				got = v.Certificate
				return err == nil
			})
			if errors.Is(err, ErrLookup) != c.retry || err != nil && !c.retry {
				t.Errorf("got error %v, want to try again: %v", err, c.retry)
			}
			if got != c.want && (got == nil || c.want == nil || !got.Equal(c.want)) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// Answers are kept for their time, none only briefly, failures never.
func TestDiscoverCache(t *testing.T) {
	ca := authority(t, "anchor", nil, nil)
	z := newZone(t)
	now := time.Now()
	n := NewNetwork(NetworkConfig{Discover: true, DNS: z.addr, Now: func() time.Time { return now }})
	const name = "direct.lakeside.example"
	look := func() int {
		found := 0
		_ = n.Discover(context.Background(), peer, func(p Published) bool { found = len(p.Certificates); return true })
		return found
	}
	asked := func() int {
		z.mu.Lock()
		defer z.mu.Unlock()
		return z.asked["udp "+name]
	}
	if first, again := look(), look(); first != 0 || again != 0 || asked() != 1 {
		t.Errorf("nothing there: asked %d times, want once", asked())
	}
	z.mu.Lock()
	z.certs[name] = []*x509.Certificate{leaf(t, name, &ca, nil)}
	z.mu.Unlock()
	now = now.Add(failedFor)
	if first, again := look(), look(); first != 1 || again != 1 || asked() != 2 {
		t.Errorf("there: asked %d times, want twice", asked())
	}
	z.mu.Lock()
	z.rcode[name] = dns.RcodeServerFailure
	z.mu.Unlock()
	now = now.Add(61 * time.Second)
	if first, again := look(), look(); first != 0 || again != 0 || asked() != 2+2*dnsTries {
		t.Errorf("failing: asked %d times", asked())
	}
}
