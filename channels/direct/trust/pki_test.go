package trust

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"refloop/direct"
	"refloop/direct/cms"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const peer = "referrals@direct.lakeside.example"

var leafKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

var serials = big.NewInt(1000)

// issue makes a certificate; by nil makes it self-signed. change may alter the template.
func issue(t testing.TB, name string, key crypto.Signer, by *cms.Identity, change func(*x509.Certificate)) cms.Identity {
	t.Helper()
	serials = new(big.Int).Add(serials, big.NewInt(1))
	tmpl := &x509.Certificate{
		SerialNumber: serials, Subject: pkix.Name{CommonName: name}, SubjectKeyId: []byte(name), BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	change(tmpl)
	signer, parent := key, tmpl
	if by != nil {
		signer, parent = by.Key.(crypto.Signer), by.Certificate
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), signer)
	must(t, err)
	c, err := x509.ParseCertificate(der)
	must(t, err)
	return cms.Identity{Certificate: c, Key: key}
}

func authority(t testing.TB, name string, by *cms.Identity, change func(*x509.Certificate)) cms.Identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return issue(t, name, key, by, func(c *x509.Certificate) {
		c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
		if change != nil {
			change(c)
		}
	})
}

// leaf is a certificate for an address or, without @, a domain.
func leaf(t testing.TB, for_ string, by *cms.Identity, change func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	return issue(t, "leaf", leafKey(), by, func(c *x509.Certificate) {
		c.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
		if strings.Contains(for_, "@") {
			c.EmailAddresses = []string{for_}
		} else {
			c.DNSNames = []string{for_}
		}
		if change != nil {
			change(c)
		}
	}).Certificate
}

func expired(c *x509.Certificate) {
	c.NotBefore, c.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
}

// zone is a name server with CERT records, by UDP and TCP on one port.
type zone struct {
	mu      sync.Mutex
	certs   map[string][]*x509.Certificate
	more    map[string][]dns.RR // besides
	aliases map[string]string
	rcode   map[string]int        // answers instead
	asked   map[string]int        // "udp name" and "tcp name"
	srv     map[string][]*dns.SRV // by _ldap._tcp name
	hosts   map[string]string
	addr    string
}

func newZone(t testing.TB) *zone {
	t.Helper()
	z := &zone{certs: map[string][]*x509.Certificate{}, more: map[string][]dns.RR{}, aliases: map[string]string{}, rcode: map[string]int{}, asked: map[string]int{}}
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	z.addr = tcp.Addr().String()
	udp, err := net.ListenPacket("udp", z.addr)
	must(t, err)
	for _, s := range []*dns.Server{{Listener: tcp, Net: "tcp", Handler: z}, {PacketConn: udp, Net: "udp", Handler: z}} {
		ready, done := make(chan struct{}), make(chan struct{})
		s.NotifyStartedFunc = func() { close(ready) }
		go func() { defer close(done); _ = s.ActivateAndServe() }()
		<-ready
		t.Cleanup(func() { _ = s.Shutdown(); <-done })
	}
	return z
}

func (z *zone) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	z.mu.Lock()
	defer z.mu.Unlock()
	m := new(dns.Msg).SetReply(q)
	name := strings.ToLower(q.Question[0].Name)
	udp := w.LocalAddr().Network() == "udp"
	z.asked[w.LocalAddr().Network()+" "+strings.TrimSuffix(name, ".")]++
	if code, ok := z.rcode[strings.TrimSuffix(name, ".")]; ok {
		_ = w.WriteMsg(m.SetRcode(q, code))
		return
	}
	if to, ok := z.aliases[strings.TrimSuffix(name, ".")]; ok {
		m.Answer = append(m.Answer, &dns.CNAME{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeCNAME, Class: dns.ClassINET, Ttl: 60}, Target: to + "."})
		name = to + "."
	}
	switch q.Question[0].Qtype {
	case dns.TypeSRV:
		for _, s := range z.srv[strings.TrimSuffix(name, ".")] {
			s.Hdr = dns.RR_Header{Name: name, Rrtype: dns.TypeSRV, Class: dns.ClassINET, Ttl: 60}
			m.Answer = append(m.Answer, s)
		}
		_ = w.WriteMsg(m)
		return
	case dns.TypeA, dns.TypeAAAA:
		if ip := z.hosts[strings.TrimSuffix(name, ".")]; ip != "" && q.Question[0].Qtype == dns.TypeA {
			m.Answer = append(m.Answer, &dns.A{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60}, A: net.ParseIP(ip)})
		}
		_ = w.WriteMsg(m)
		return
	}
	for _, c := range z.certs[strings.TrimSuffix(name, ".")] {
		m.Answer = append(m.Answer, &dns.CERT{
			Hdr:  dns.RR_Header{Name: name, Rrtype: dns.TypeCERT, Class: dns.ClassINET, Ttl: 60},
			Type: dns.CertPKIX, Certificate: base64.StdEncoding.EncodeToString(c.Raw),
		})
	}
	for _, rr := range z.more[strings.TrimSuffix(name, ".")] {
		*rr.Header() = dns.RR_Header{Name: name, Rrtype: dns.TypeCERT, Class: dns.ClassINET, Ttl: 60}
		m.Answer = append(m.Answer, rr)
	}
	if len(m.Answer) == 0 {
		m.Rcode = dns.RcodeNameError
	}
	if udp && m.Len() > 1232 {
		m.Answer, m.Truncated = nil, true
	}
	_ = w.WriteMsg(m)
}

// site is a web server of a certification authority.
type site struct {
	*httptest.Server
	mu    sync.Mutex
	files map[string][]byte
	asked map[string]int
	reply http.HandlerFunc // for /ocsp
}

func newSite(t testing.TB) *site {
	t.Helper()
	s := &site{files: map[string][]byte{}, asked: map[string]int{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked[r.URL.Path]++
		if r.URL.Path == "/ocsp" && s.reply != nil {
			s.reply(w, r)
			return
		}
		b, ok := s.files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(b)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *site) put(path string, b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[path] = b
}

func (s *site) count(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[path]
}

// list signs a revocation list.
func list(t testing.TB, by cms.Identity, this, next time.Time, revoked ...*x509.Certificate) []byte {
	t.Helper()
	tmpl := &x509.RevocationList{Number: big.NewInt(this.Unix()), ThisUpdate: this, NextUpdate: next}
	for _, c := range revoked {
		tmpl.RevokedCertificateEntries = append(tmpl.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: c.SerialNumber, RevocationTime: time.Now().Add(-time.Minute)})
	}
	der, err := x509.CreateRevocationList(rand.Reader, tmpl, by.Certificate, by.Key.(crypto.Signer))
	must(t, err)
	return der
}

var loopbacks = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// judge is what the rail does: widen, then the codec's verdict.
func judge(n *Network, c *x509.Certificate, p direct.Policy) (direct.Verdict, error) {
	list := []*x509.Certificate{c}
	return direct.SelectRecipient(peer, list, n.Widen(context.Background(), peer, direct.ToEncrypt, list, nil, p))
}

func policy(anchor cms.Identity) direct.Policy {
	return direct.Policy{Anchors: []*x509.Certificate{anchor.Certificate}, At: time.Now()}
}
