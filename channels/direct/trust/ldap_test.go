package trust

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/miekg/dns"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"refloop/direct"
)

// ldapServer is a directory with one naming context.
type ldapServer struct {
	net.Listener
	mu    sync.Mutex
	mails map[string][]*x509.Certificate
	asked []string // values searched for
	junk  bool     // answers nonsense
}

func newLDAP(t testing.TB) *ldapServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s := &ldapServer{Listener: l, mails: map[string][]*x509.Certificate{}}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return s
}

func (s *ldapServer) port() uint16 { return uint16(s.Addr().(*net.TCPAddr).Port) }

func (s *ldapServer) serve(c net.Conn) {
	defer c.Close()
	in := &ldapConn{r: bufio.NewReader(c)}
	for {
		b, err := in.frame()
		if err != nil {
			return
		}
		frame := cryptobyte.String(b)
		var seq, body cryptobyte.String
		var id int64
		var op cbasn1.Tag
		if !frame.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1Integer(&id) || !seq.ReadAnyASN1(&body, &op) {
			return
		}
		s.mu.Lock()
		if s.junk {
			_, _ = c.Write([]byte("HTTP/1.1 400 what\r\n\r\n"))
		}
		switch op {
		case ldapBind:
			reply(c, id, ldapBound, result)
		case ldapSearch:
			s.search(c, id, body)
		}
		s.mu.Unlock()
	}
}

func (s *ldapServer) search(c io.Writer, id int64, body cryptobyte.String) {
	var base, filter, attribute, value cryptobyte.String
	var scope, deref int
	var size, limit int64
	var types bool
	var kind cbasn1.Tag
	if !body.ReadASN1(&base, cbasn1.OCTET_STRING) || !body.ReadASN1Enum(&scope) || !body.ReadASN1Enum(&deref) || !body.ReadASN1Integer(&size) ||
		!body.ReadASN1Integer(&limit) || !body.ReadASN1Boolean(&types) || !body.ReadAnyASN1(&filter, &kind) {
		return
	}
	if len(base) == 0 {
		entry(c, id, "namingContexts", []byte("dc=lakeside,dc=example"))
	} else if filter.ReadASN1(&attribute, cbasn1.OCTET_STRING) && filter.ReadASN1(&value, cbasn1.OCTET_STRING) && string(attribute) == "mail" && string(base) == "dc=lakeside,dc=example" {
		s.asked = append(s.asked, string(value))
		for _, cert := range s.mails[string(value)] {
			entry(c, id, "userCertificate;binary", cert.Raw)
		}
	}
	reply(c, id, ldapDone, result)
}

func result(b *cryptobyte.Builder) {
	b.AddASN1Enum(0)
	b.AddASN1OctetString(nil)
	b.AddASN1OctetString(nil)
}

func entry(c io.Writer, id int64, attribute string, value []byte) {
	reply(c, id, ldapEntry, func(b *cryptobyte.Builder) {
		b.AddASN1OctetString([]byte("cn=x"))
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1OctetString([]byte(attribute))
				b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { b.AddASN1OctetString(value) })
			})
		})
	})
}

func reply(c io.Writer, id int64, op cbasn1.Tag, body func(*cryptobyte.Builder)) {
	l := &ldapConn{w: c, id: id - 1}
	_ = l.send(op, body)
}

// The discovery cases of the certifier that concern LDAP (direct.md section 10), by their numbers; the rest is listed at TestDiscover.
func TestDirectory(t *testing.T) {
	ca := authority(t, "anchor", nil, nil)
	const domain = "direct.lakeside.example"
	good, goodDomain, old, oldDomain := leaf(t, peer, &ca, nil), leaf(t, domain, &ca, nil), leaf(t, peer, &ca, expired), leaf(t, domain, &ca, expired)
	for _, c := range []struct {
		name  string
		set   func(a, b *ldapServer, at func(priority, weight uint16, s *ldapServer))
		want  *x509.Certificate
		retry bool
	}{
		{"D3 address", func(a, _ *ldapServer, at func(uint16, uint16, *ldapServer)) {
			a.mails[peer] = []*x509.Certificate{old, good}
			at(0, 0, a)
		}, good, false},
		{"D4 domain", func(a, _ *ldapServer, at func(uint16, uint16, *ldapServer)) {
			a.mails[domain] = []*x509.Certificate{goodDomain}
			at(0, 0, a)
		}, goodDomain, false},
		{"D7 only an expired one by address", func(a, _ *ldapServer, at func(uint16, uint16, *ldapServer)) {
			a.mails[peer] = []*x509.Certificate{old}
			at(0, 0, a)
		}, nil, false},
		{"D8 only an expired one by domain", func(a, _ *ldapServer, at func(uint16, uint16, *ldapServer)) {
			a.mails[domain] = []*x509.Certificate{oldDomain}
			at(0, 0, a)
		}, nil, false},
		{"D10 the first is down", func(a, b *ldapServer, at func(uint16, uint16, *ldapServer)) {
			b.mails[peer] = []*x509.Certificate{good}
			a.Close()
			at(0, 0, a)
			at(1, 0, b)
		}, good, false},
		{"the first talks nonsense", func(a, b *ldapServer, at func(uint16, uint16, *ldapServer)) {
			b.mails[peer] = []*x509.Certificate{good}
			a.junk = true
			at(0, 0, a)
			at(1, 0, b)
		}, good, false},
		{"D11 no SRV", func(_, _ *ldapServer, _ func(uint16, uint16, *ldapServer)) {}, nil, false},
		{"D12 dead server", func(a, _ *ldapServer, at func(uint16, uint16, *ldapServer)) { a.Close(); at(0, 0, a) }, nil, true},
		{"D13 no certificate", func(a, _ *ldapServer, at func(uint16, uint16, *ldapServer)) { at(0, 0, a) }, nil, false},
		{"D15 priority", func(a, b *ldapServer, at func(uint16, uint16, *ldapServer)) {
			a.mails[peer], b.mails[peer] = []*x509.Certificate{old}, []*x509.Certificate{good}
			at(10, 0, a)
			at(5, 0, b)
		}, good, false},
		{"D16 weight", func(a, b *ldapServer, at func(uint16, uint16, *ldapServer)) {
			a.mails[peer], b.mails[peer] = []*x509.Certificate{old}, []*x509.Certificate{good}
			at(0, 10, a)
			at(0, 90, b)
		}, good, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			z, a, b := newZone(t), newLDAP(t), newLDAP(t)
			z.mu.Lock()
			a.mu.Lock()
			b.mu.Lock()
			z.hosts, z.srv = map[string]string{"ldap." + domain: "127.0.0.1"}, map[string][]*dns.SRV{}
			c.set(a, b, func(priority, weight uint16, s *ldapServer) {
				z.srv["_ldap._tcp."+domain] = append(z.srv["_ldap._tcp."+domain], &dns.SRV{Priority: priority, Weight: weight, Port: s.port(), Target: "ldap." + domain + "."})
			})
			b.mu.Unlock()
			a.mu.Unlock()
			z.mu.Unlock()
			look := func(config NetworkConfig) (got *x509.Certificate, err error) {
				config.Discover, config.DNS = true, z.addr
				err = NewNetwork(config).Discover(context.Background(), peer, func(p Published) bool {
					v, err := direct.SelectRecipient(peer, p.Certificates, policy(ca))
					got = v.Certificate
					return err == nil
				})
				return got, err
			}
			got, err := look(NetworkConfig{LDAP: true, Allow: loopbacks})
			if errors.Is(err, ErrLookup) != c.retry || err != nil && !c.retry {
				t.Errorf("got error %v, want to try again: %v", err, c.retry)
			}
			if got != c.want && (got == nil || c.want == nil || !got.Equal(c.want)) {
				t.Errorf("got %v, want %v", got, c.want)
			}
			if got, _ := look(NetworkConfig{Allow: loopbacks}); got != nil {
				t.Error("a directory was asked although LDAP is off")
			}
			if got, _ := look(NetworkConfig{LDAP: true}); got != nil {
				t.Error("a server inside our network was asked without being allowed")
			}
			a.mu.Lock()
			defer a.mu.Unlock()
			if len(a.asked) > 0 && !slices.Contains(a.asked, peer) {
				t.Errorf("asked for %q", a.asked)
			}
		})
	}
}

func FuzzLDAPAnswer(f *testing.F) {
	var seed bytes.Buffer
	entry(&seed, 1, "userCertificate", []byte{1, 2, 3})
	reply(&seed, 1, ldapDone, result)
	f.Add(seed.Bytes())
	f.Add([]byte{0x30, 0x84, 0, 0, 0, 12, 2, 1, 1, 0x65, 7, 10, 1, 0, 4, 0, 4, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		l := &ldapConn{w: io.Discard, r: bufio.NewReader(bytes.NewReader(b)), name: "x"}
		if out, err := l.search("dc=x", 2, ldapEqual, "mail", "a@b", "userCertificate"); err != nil && out != nil {
			t.Fatal("values beside an error")
		}
	})
}
