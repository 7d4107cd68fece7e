package trust

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"refloop/direct"
	"refloop/direct/cms"
)

// The certifier's cases H1 to H4 (direct.md section 10): what we print for our name server and our directory is what others find us by.
func TestHosted(t *testing.T) {
	ca := authority(t, "anchor", nil, nil)
	const domain = "direct.lakeside.example"
	byAddress, byDomain, signer := leaf(t, peer, &ca, nil), leaf(t, domain, &ca, nil), leaf(t, domain, &ca, nil)
	identity := func(c *x509.Certificate, address, domain string, use Use) Identity {
		return Identity{Address: address, Domain: domain, Use: use, Identity: cms.Identity{Certificate: c}}
	}
	address := identity(byAddress, peer, "", Both)
	whole := identity(byDomain, "", domain, Encrypt)
	other := identity(signer, "", domain, Sign) // for signing alone: nobody may encrypt to it
	for _, c := range []struct {
		name string
		ids  []Identity
		ldap bool
		want *x509.Certificate
	}{
		{"H1 address in DNS", []Identity{other, address}, false, byAddress},
		{"H2 domain in DNS", []Identity{other, whole}, false, byDomain},
		{"H3 address in LDAP", []Identity{other, address}, true, byAddress},
		{"H4 domain in LDAP", []Identity{other, whole}, true, byDomain},
	} {
		t.Run(c.name, func(t *testing.T) {
			z := newZone(t)
			if c.ldap {
				host(t, z, domain, LDIF(c.ids, "dc=lakeside,dc=example"))
			} else {
				z.load(t, Zone(c.ids))
			}
			n := NewNetwork(NetworkConfig{Discover: true, DNS: z.addr, LDAP: true, Allow: loopbacks})
			var got *x509.Certificate
			err := n.Discover(context.Background(), peer, func(p Published) bool {
				if len(p.Certificates) != 1 {
					t.Errorf("%s: got %d certificates, want one", p.Name, len(p.Certificates))
				}
				v, err := direct.SelectRecipient(peer, p.Certificates, policy(ca))
				got = v.Certificate
				return err == nil
			})
			if err != nil || got == nil || !got.Equal(c.want) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

// load takes a master file as a name server does.
func (z *zone) load(t testing.TB, text string) {
	t.Helper()
	p := dns.NewZoneParser(strings.NewReader(text), "", "")
	z.mu.Lock()
	defer z.mu.Unlock()
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		record, isCert := rr.(*dns.CERT)
		if !isCert || record.Type != dns.CertPKIX {
			t.Fatalf("got %v", rr)
		}
		der, err := base64.StdEncoding.DecodeString(record.Certificate)
		must(t, err)
		c, err := x509.ParseCertificate(der)
		must(t, err)
		name := strings.TrimSuffix(record.Hdr.Name, ".")
		z.certs[name] = append(z.certs[name], c)
	}
	must(t, p.Err())
}

// host runs a directory with the entries of an LDIF text.
func host(t testing.TB, z *zone, domain, text string) {
	t.Helper()
	l := newLDAP(t)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, entry := range strings.Split(strings.ReplaceAll(text, "\n ", ""), "\n\n") {
		var mail string
		for _, line := range strings.Split(entry, "\n") {
			if v, ok := strings.CutPrefix(line, "mail: "); ok {
				mail = v
			}
			if v, ok := strings.CutPrefix(line, "userCertificate;binary:: "); ok {
				der, err := base64.StdEncoding.DecodeString(v)
				must(t, err)
				c, err := x509.ParseCertificate(der)
				must(t, err)
				l.mails[mail] = append(l.mails[mail], c)
			}
		}
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	z.hosts = map[string]string{"ldap." + domain: "127.0.0.1"}
	z.srv = map[string][]*dns.SRV{"_ldap._tcp." + domain: {{Port: l.port(), Target: "ldap." + domain + "."}}}
}
