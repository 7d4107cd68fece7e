package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"refloop/direct"
	"refloop/direct/cms"
	"refloop/internal/enginetest"
	"refloop/mllp"
	"refloop/referral"
	"refloop/store"
)

// trustYAML is a site whose one partner is reached by Direct, else by a folder.
const trustYAML = `
socket: s.sock
organization: {name: Northside Primary Care, oid: 2.16.840.1.113883.3.72.5.9.1}
store: {url: "sqlite:refloop.db", seal_key: {file: seal.key}}
direct:
  address: referrals@direct.northside.example
  identities: [{domain: direct.northside.example, certificate: own.crt, key: own.key}%[4]s]
  anchors: [{domain: "*", inbound: [ca.crt], outbound: [ca.crt]}]
  dns: "off"
  http_allow: [127.0.0.0/8]
  revocation: {grace: 0s, wait: %[5]s}
  relay: smtp://%[3]s
channels:
  - {name: in, type: mllp, listen: %[1]q, partner: ehr}
  - {name: mail, type: direct, listen: %[2]q}
partners:
  - {id: ehr, own: true, rails: [{type: file, folder: out}]}
  - id: lakeside
    name: Lakeside
    clinicians: [{name: Ana Ruiz MD, npi: "1245319599"}]
    rails: [{type: direct, address: referrals@direct.lakeside.example, certificate: lakeside.crt}, {type: file, folder: lakeside}]
console: {listen: ""}
`

// trustSite is a daemon, its certification authority with the list that it publishes, and the relay behind it.
type trustSite struct {
	*site
	t                 *testing.T
	mail, relay, list string // addresses
	more, wait        string // of the configuration
	ca                cms.Identity
	serial            int64
	revoked           []x509.RevocationListEntry
	published         atomic.Pointer[[]byte]
	got               atomic.Int64 // mails the relay took
	stopRelay         func()
}

func newTrustSite(t *testing.T) *trustSite {
	s := &trustSite{site: &site{dir: t.TempDir()}, t: t, wait: "4h", serial: 10}
	for _, to := range []*string{&s.mllp, &s.mail, &s.relay, &s.list} {
		var err error
		if *to, err = freeAddress(); err != nil {
			t.Fatal(err)
		}
	}
	s.ca = s.issue("authority", nil, func(c *x509.Certificate) { c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign })
	s.keep("ca", s.ca)
	s.keep("own", s.issue("own", &s.ca, forDomain("direct.northside.example")))
	if err := os.WriteFile(filepath.Join(s.dir, "seal.key"), []byte(strings.Repeat("k", 40)), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

func forDomain(name string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.DNSNames, c.KeyUsage = []string{name}, x509.KeyUsageDigitalSignature|x509.KeyUsageKeyEncipherment
	}
}

// issue makes a key and a certificate; by nil makes an anchor.
func (s *trustSite) issue(name string, by *cms.Identity, change func(*x509.Certificate)) cms.Identity {
	s.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		s.t.Fatal(err)
	}
	s.serial++
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(s.serial), Subject: pkix.Name{CommonName: name}, BasicConstraintsValid: true, SubjectKeyId: []byte(name),
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
	}
	change(tmpl)
	var signer crypto.Signer = key
	parent := tmpl
	if by != nil {
		signer, parent = by.Key.(crypto.Signer), by.Certificate
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), signer)
	if err != nil {
		s.t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		s.t.Fatal(err)
	}
	return cms.Identity{Certificate: c, Key: key}
}

// keep writes a certificate and its key.
func (s *trustSite) keep(name string, id cms.Identity) {
	s.t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(id.Key)
	if err != nil {
		s.t.Fatal(err)
	}
	for file, b := range map[string]*pem.Block{name + ".crt": {Type: "CERTIFICATE", Bytes: id.Certificate.Raw}, name + ".key": {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(filepath.Join(s.dir, file), pem.EncodeToMemory(b), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
}

// peer issues a certificate of the partner that names where its revocation is published.
func (s *trustSite) peer() cms.Identity {
	return s.issue("peer", &s.ca, func(c *x509.Certificate) {
		forDomain("direct.lakeside.example")(c)
		c.CRLDistributionPoints = []string{"http://" + s.list + "/ca.crl"}
	})
}

// publish signs the list anew; it is good for so long.
func (s *trustSite) publish(good time.Duration, revoked ...*x509.Certificate) {
	s.t.Helper()
	for _, c := range revoked {
		s.revoked = append(s.revoked, x509.RevocationListEntry{SerialNumber: c.SerialNumber, RevocationTime: time.Now().Add(-time.Minute)})
	}
	b, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(time.Now().UnixNano()), ThisUpdate: time.Now().Add(-time.Minute), NextUpdate: time.Now().Add(good), RevokedCertificateEntries: s.revoked,
	}, s.ca.Certificate, s.ca.Key.(crypto.Signer))
	if err != nil {
		s.t.Fatal(err)
	}
	s.published.Store(&b)
}

// serveList runs the authority's web server.
func (s *trustSite) serveList() {
	s.t.Helper()
	l, err := net.Listen("tcp", s.list)
	if err != nil {
		s.t.Fatal(err)
	}
	web := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(*s.published.Load()) })}
	done := make(chan struct{})
	go func() { defer close(done); _ = web.Serve(l) }()
	s.t.Cleanup(func() { web.Close(); <-done })
}

// serveRelay runs the relay until stopRelay.
func (s *trustSite) serveRelay() {
	s.t.Helper()
	l, err := net.Listen("tcp", s.relay)
	if err != nil {
		s.t.Fatal(err)
	}
	relay := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return trustRelay{s}, nil }))
	relay.ErrorLog = nil
	done := make(chan struct{})
	go func() { defer close(done); _ = relay.Serve(l) }()
	s.stopRelay = sync.OnceFunc(func() { relay.Close(); <-done })
	s.t.Cleanup(s.stopRelay)
}

type trustRelay struct{ s *trustSite }

func (trustRelay) Mail(string, *smtp.MailOptions) error { return nil }
func (trustRelay) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (trustRelay) Reset()                               {}
func (trustRelay) Logout() error                        { return nil }
func (r trustRelay) Data(b io.Reader) error {
	_, err := io.Copy(io.Discard, b)
	r.s.got.Add(1)
	return err
}

// start opens and runs the daemon.
func (s *trustSite) start() {
	s.t.Helper()
	s.configured()
	var err error
	if s.daemon, err = open(s.t.Context(), s.config(), nil, slog.New(slog.DiscardHandler)); err != nil {
		s.t.Fatal(err)
	}
	s.run(s.t)
}

func (s *trustSite) configured() {
	s.write(s.t, fmt.Sprintf(trustYAML, s.mllp, s.mail, s.relay, s.more, s.wait))
}

// end stops the daemon as SIGTERM does.
func (s *trustSite) end() {
	s.t.Helper()
	if err := s.stop(); err != nil {
		s.t.Fatal(err)
	}
}

// until waits for a condition.
func (s *trustSite) until(what string, cond func() bool) {
	s.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !cond() {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s: it does not come to it", what)
		}
		select {
		case <-s.t.Context().Done():
			s.t.Fatal(what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// ask sends a referral and returns its deliveries to the partner, the first one first, whenever it is asked.
func (s *trustSite) ask(control string) func() []referral.Delivery {
	s.t.Helper()
	c, err := s.dial()
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write(mllp.Append(nil, []byte(enginetest.Request(control, "RF-"+control)))); err != nil {
		s.t.Fatal(err)
	}
	if f, err := c.r.Next(); err != nil || !strings.Contains(string(f.Message), "MSA|AA|"+control) {
		s.t.Fatalf("%s was not taken: %v", control, err)
	}
	found, err := s.store.Messages(context.Background(), store.MessageFilter{ControlID: control})
	if err != nil || len(found) != 1 || len(found[0].ReferralIDs) != 1 {
		s.t.Fatal(found, err)
	}
	return func() (out []referral.Delivery) {
		all, err := s.store.DeliveriesOf(context.Background(), found[0].ReferralIDs[0])
		if err != nil {
			s.t.Fatal(err)
		}
		for _, d := range all {
			if d.Partner == "lakeside" {
				out = append(out, d)
			}
		}
		return out
	}
}

// room is how health sees the partner's Direct rail.
func (s *trustSite) room() string {
	for _, r := range s.health().Rooms {
		if r.Name == "lane/lakeside/direct" {
			return r.State
		}
	}
	return "missing"
}

// A partner whose certificate is revoked between packing and sending: nothing is sent, the next rail takes over, the partner is red for
// everybody to see and its deliveries go by the other rail at once, until a good certificate is there.
func TestRevokedPartnerTurnsRed(t *testing.T) {
	s := newTrustSite(t)
	first := s.peer()
	s.keep("lakeside", first)
	s.publish(2 * time.Second)
	s.serveList()
	s.start()
	waiting := s.ask("W1") // the relay is down: it is packed and cannot leave
	s.until("packed", func() bool {
		d := waiting()
		return len(d) == 1 && d[0].MessageID != "" && d[0].State == referral.DeliveryFailed
	})
	s.publish(time.Hour, first.Certificate)
	s.until("the old list has ended", func() bool {
		l, err := x509.ParseRevocationList(*s.published.Load())
		return err == nil && time.Now().After(l.ThisUpdate.Add(time.Minute+3*time.Second))
	})
	s.serveRelay()
	s.until("next rail", func() bool {
		d := waiting()
		return len(d) == 2 && d[0].State == referral.DeliveryCancelled && d[1].State == referral.DeliveryDelivered && strings.Contains(d[0].Reason, direct.ReasonRevoked)
	})
	s.until("red", func() bool { return s.room() == "red" })
	after := s.ask("W2")
	s.until("by the next rail", func() bool { d := after(); return len(d) == 2 && d[1].State == referral.DeliveryDelivered })
	states, err := s.store.PartnerStates(t.Context())
	if err != nil || len(states) != 1 || states[0].State != "red" || s.got.Load() != 0 {
		t.Errorf("got %+v, %v and %d mails", states, err, s.got.Load())
	}
	open, err := s.store.OpenIncidents(t.Context(), []string{"partner_red"})
	if err != nil || len(open) != 1 {
		t.Errorf("incidents: got %+v, %v", open, err)
	}
	s.keep("lakeside", s.peer())
	if err := s.reload(); err != nil {
		t.Fatal(err)
	}
	s.until("green", func() bool { return s.room() != "red" })
	good := s.ask("W3")
	s.until("by mail", func() bool { d := good(); return len(d) == 1 && d[0].State == referral.DeliveryTransportOK })
	if s.got.Load() != 1 {
		t.Errorf("got %d mails, want one", s.got.Load())
	}
	if open, err = s.store.OpenIncidents(t.Context(), []string{"partner_red"}); err != nil || len(open) != 0 {
		t.Errorf("green: got %+v, %v", open, err)
	}
}

// deliver sends a signed and encrypted mail of the partner over SMTP and returns its row whenever it is asked.
func (s *trustSite) deliver(id string, signer cms.Identity, to *x509.Certificate) func() referral.Message {
	s.t.Helper()
	const from, own = "referrals@direct.lakeside.example", "referrals@direct.northside.example"
	inner, err := direct.Compose(direct.Draft{From: from, To: []string{own}, Date: time.Now(), MessageID: "<" + id + "@direct.lakeside.example>", Text: "words", Notify: true})
	if err != nil {
		s.t.Fatal(err)
	}
	body, err := direct.Seal(rand.Reader, inner, signer, to, direct.SealOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	c, err := smtp.Dial(s.mail)
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	if err := c.SendMail(from, []string{own}, bytes.NewReader(body)); err != nil {
		s.t.Fatal(err)
	}
	return func() referral.Message {
		found, err := s.store.Messages(context.Background(), store.MessageFilter{Channel: "mail", Direction: "in"})
		if err != nil {
			s.t.Fatal(err)
		}
		for _, m := range found {
			if m.ControlID == "<"+id+"@direct.lakeside.example>" {
				return m
			}
		}
		return referral.Message{}
	}
}

// Mail whose sender's revocation cannot be looked up is neither believed nor refused: it waits, nothing is answered, and it is judged when
// the list is there; or refused with the reason when the time is over.
func TestMailWaitsForRevocation(t *testing.T) {
	s := newTrustSite(t)
	peer := s.peer()
	s.keep("lakeside", peer)
	s.publish(time.Hour)
	s.serveRelay()
	s.start()
	own := s.daemon.direct.agent.Trust.Identities()[0].Certificate
	mail := s.deliver("wait", peer, own)
	s.until("waits", func() bool {
		m := mail()
		return m.State == referral.MessageReceived && strings.Contains(m.Reason, direct.ReasonRevocation)
	})
	if s.got.Load() != 0 {
		t.Error("something was answered to mail that nobody has judged")
	}
	s.end()
	s.serveList()
	s.start()
	s.until("judged", func() bool {
		m := mail()
		return m.State == referral.MessageHeld || m.State == referral.MessageProcessed
	})
	s.until("answered", func() bool { return s.got.Load() == 2 }) // processed and dispatched
}

func TestMailWaitsNotForEver(t *testing.T) {
	s := newTrustSite(t)
	s.wait = "0s"
	peer := s.peer()
	s.keep("lakeside", peer)
	s.serveRelay()
	s.start()
	mail := s.deliver("over", peer, s.daemon.direct.agent.Trust.Identities()[0].Certificate)
	s.until("refused", func() bool {
		m := mail()
		return m.State == referral.MessageRefused && strings.Contains(m.Reason, direct.ReasonRevocation)
	})
	if s.got.Load() != 0 {
		t.Error("something was answered to refused mail")
	}
}

// Mail to a key that is configured only later is read again; a retired key stays for reading alone.
func TestReadAgainWithARetiredKey(t *testing.T) {
	s := newTrustSite(t)
	s.publish(time.Hour)
	s.serveList()
	s.serveRelay()
	peer := s.peer()
	s.keep("lakeside", peer)
	retired := s.issue("retired", &s.ca, forDomain("direct.northside.example"))
	s.keep("retired", retired)
	s.start()
	mail := s.deliver("late", peer, retired.Certificate)
	s.until("refused", func() bool { return mail().State == referral.MessageRefused })
	s.more = ", {domain: direct.northside.example, certificate: retired.crt, key: retired.key, use: encrypt}"
	s.configured()
	if err := s.reload(); err != nil {
		t.Fatal(err)
	}
	m, err := s.engine.Reprocess(t.Context(), "staff:ann", mail().ID, false)
	if err != nil || m.State != referral.MessageRefused {
		t.Errorf("from the evidence of then: got %s, %v", m.State, err)
	}
	m, err = s.engine.Reprocess(t.Context(), "staff:ann", mail().ID, true)
	if err != nil || m.State != referral.MessageHeld && m.State != referral.MessageProcessed {
		t.Errorf("read again: got %s (%s), %v", m.State, m.Reason, err)
	}
	s.until("answered", func() bool { return s.got.Load() == 2 }) // processed and dispatched
	if signer, err := s.daemon.direct.agent.Trust.Signing("referrals@direct.northside.example"); err != nil || signer.Certificate.Equal(retired.Certificate) {
		t.Errorf("the retired key signs: %v", err)
	}
}
