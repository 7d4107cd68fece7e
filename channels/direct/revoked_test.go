package direct

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"refloop/channels"
	"refloop/channels/direct/trust"
	"refloop/direct"
	"refloop/direct/cms"
)

// issued makes a certificate; by nil makes it an anchor.
func issued(t testing.TB, serial int64, key crypto.Signer, by *cms.Identity, change func(*x509.Certificate)) cms.Identity {
	t.Helper()
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "anchor"}, SubjectKeyId: []byte{byte(serial)}, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	change(tmpl)
	signer, parent := key, tmpl
	if by != nil {
		tmpl.Subject.CommonName = "leaf"
		signer, parent = by.Key.(crypto.Signer), by.Certificate
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), signer)
	must(t, err)
	c, err := x509.ParseCertificate(der)
	must(t, err)
	return cms.Identity{Certificate: c, Key: key}
}

// revoking is a current list of an issuer with these certificates on it.
func revoking(t testing.TB, ca cms.Identity, revoked ...*x509.Certificate) *x509.RevocationList {
	t.Helper()
	tmpl := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Minute), NextUpdate: time.Now().Add(time.Hour)}
	for _, c := range revoked {
		tmpl.RevokedCertificateEntries = append(tmpl.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: c.SerialNumber, RevocationTime: time.Now().Add(-time.Minute)})
	}
	der, err := x509.CreateRevocationList(rand.Reader, tmpl, ca.Certificate, ca.Key.(crypto.Signer))
	must(t, err)
	list, err := x509.ParseRevocationList(der)
	must(t, err)
	return list
}

// Mail of a revoked sender is refused, mail to a revoked recipient is not sent, and without a list nothing goes
// either way; what was judged at receipt stays judged.
func TestRevocationOverTheWire(t *testing.T) {
	w := newWorld(t)
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	ca := issued(t, 1, caKey, nil, func(c *x509.Certificate) { c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign })
	var current atomic.Pointer[[]byte]
	web := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if b := current.Load(); b != nil {
			_, _ = rw.Write(*b)
			return
		}
		http.NotFound(rw, r)
	}))
	t.Cleanup(web.Close)
	leafKey, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	leaf := issued(t, 2, leafKey, &ca, func(c *x509.Certificate) {
		c.DNSNames, c.CRLDistributionPoints = []string{"direct.northside.example"}, []string{web.URL + "/ca.crl"}
		c.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
	})
	publish := func(number int64, revoked ...x509.RevocationListEntry) {
		b, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
			Number: big.NewInt(number), ThisUpdate: time.Now().Add(-time.Minute), NextUpdate: time.Now().Add(time.Hour), RevokedCertificateEntries: revoked,
		}, ca.Certificate, caKey)
		must(t, err)
		current.Store(&b)
	}
	lakeID := w.lake.agent.Trust.Identities()
	w.lake.agent.Trust = trust.New(lakeID, []trust.Anchors{{Domain: "*", Inbound: []*x509.Certificate{ca.Certificate}, Outbound: []*x509.Certificate{ca.Certificate}}}, nil, []*x509.Certificate{leaf.Certificate}, nil)
	network := func() {
		w.lake.agent.Network = trust.NewNetwork(trust.NetworkConfig{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	}
	mail, err := direct.Compose(direct.Draft{From: north, To: []string{lake}, Date: time.Now(), MessageID: "<r@direct.northside.example>", Text: "words"})
	must(t, err)
	body, err := direct.Seal(rand.Reader, mail, leaf, lakeID[0].Certificate, direct.SealOptions{})
	must(t, err)
	a := channels.Archived{Sender: north, Recipient: lake, Body: body}
	toNorth := shipment()
	toNorth.Address = north
	var kept channels.Archived
	for _, c := range []struct {
		name, reason string
		publish      func()
	}{
		{"no list", "untrusted: " + direct.ReasonRevocation, func() {}},
		{"good", "", func() { publish(1) }},
		{"revoked", "untrusted: " + direct.ReasonRevoked, func() {
			publish(2, x509.RevocationListEntry{SerialNumber: leaf.Certificate.SerialNumber, RevocationTime: time.Now().Add(-time.Minute)})
		}},
	} {
		c.publish()
		network()
		a.ReceivedAt = time.Now()
		judged, o := judgeAndOpen(t, w.lake, a)
		if o.Refused != c.reason {
			t.Errorf("%s: in: got %q, want %q", c.name, o.Refused, c.reason)
		}
		if c.reason == "" {
			kept = judged
		}
		if notices := w.lake.agent.Notices(judged, o, channels.Outcome{State: "processed"}); (len(notices) > 0) != (c.reason == "") {
			t.Errorf("%s: got %d notices", c.name, len(notices))
		}
		_, err := NewSender(w.lake.agent, "peer/direct", RailConfig{}).Pack(context.Background(), toNorth)
		var again *channels.DeliveryError
		if (err == nil) != (c.reason == "") || errors.As(err, &again) != (c.name == "no list") {
			t.Errorf("%s: out: got %v", c.name, err)
		}
	}
	if o, err := w.lake.agent.Open(kept); err != nil || o.Refused != "" {
		t.Errorf("judged good at receipt, now: %v %q", err, o.Refused)
	}
}

// Each local recipient answers for itself.
func TestNoticesOfTwo(t *testing.T) {
	w := newWorld(t)
	const second = "intake@direct.lakeside.example"
	mail, err := direct.Compose(direct.Draft{From: north, To: []string{lake, second}, Date: time.Now(), MessageID: "<two@direct.northside.example>", Text: "words", Notify: true})
	must(t, err)
	from, err := w.north.agent.Trust.Signing(north)
	must(t, err)
	body, err := direct.Seal(rand.Reader, mail, from, w.lake.agent.Trust.Identities()[0].Certificate, direct.SealOptions{})
	must(t, err)
	a, o := judgeAndOpen(t, w.lake, channels.Archived{Sender: north, Recipient: lake + ", " + second, ReceivedAt: time.Now(), Body: body})
	got := map[string]int{}
	for _, n := range w.lake.agent.Notices(a, o, channels.Outcome{State: "processed"}) {
		got[n.Event+" "+n.From]++
	}
	for _, from := range []string{lake, second} {
		if got["mdn.processed "+from] != 1 || got["mdn.dispatched "+from] != 1 {
			t.Errorf("notices: %v", got)
		}
	}
}
