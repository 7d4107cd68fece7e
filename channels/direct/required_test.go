package direct

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"refloop/channels"
	"refloop/channels/direct/trust"
	"refloop/config"
	"refloop/direct"
)

// A certificate that names no place where its revocation is published is taken with revocation unknown, and refused where that is required;
// one that names a list which can be had is taken either way. Mail travels by SMTP, settings by the configuration.
func TestRevocationRequired(t *testing.T) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	ca := issued(t, 1, caKey, nil, func(c *x509.Certificate) { c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign })
	leafKey, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	list := revoking(t, ca)
	web := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write(list.Raw) }))
	t.Cleanup(web.Close)
	const refused = "untrusted: " + direct.ReasonUnnamed
	for _, c := range []struct {
		name           string
		names          []string // distribution points
		filed          []*x509.RevocationList
		required       bool
		refused, state string
	}{
		{"names none, not required", nil, nil, false, "", "unknown"},
		{"names none, required", nil, nil, true, refused, ""},
		{"names none, its issuer's list is filed, required", nil, []*x509.RevocationList{list}, true, "", "good"},
		{"names a list, required", []string{web.URL}, nil, true, "", "good"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			leaf := issued(t, 2, crypto.Signer(leafKey), &ca, func(x *x509.Certificate) {
				x.DNSNames, x.CRLDistributionPoints = []string{"direct.northside.example"}, c.names
				x.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
			})
			anchors := []*x509.Certificate{ca.Certificate}
			lakeIDs := w.lake.agent.Trust.Identities()
			w.lake.agent.Trust = trust.New(lakeIDs, []trust.Anchors{{Domain: "*", Inbound: anchors, Outbound: anchors}}, nil, []*x509.Certificate{leaf.Certificate}, c.filed).Requiring(c.required)
			w.lake.agent.Network = trust.NewNetwork(trust.NetworkConfig{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
			w.north.agent.Trust = trust.New([]trust.Identity{{Domain: "direct.northside.example", Identity: leaf}},
				[]trust.Anchors{{Domain: "*", Outbound: w.north.agent.Trust.Outbound(north, time.Now()).Anchors}}, nil, []*x509.Certificate{lakeIDs[0].Certificate}, nil)
			srv := serve(t, w.lake, 1<<20, nil)
			_, a := roundTrip(t, w.north.sender(srv, RailConfig{}), srv, shipment())
			a, o := judgeAndOpen(t, w.lake, a)
			e, err := readEvidence(a.Evidence)
			must(t, err)
			if o.Refused != c.refused || e.Recipients[0].Revocation != c.state {
				t.Errorf("in: got %q, revocation %q, want %q, %q", o.Refused, e.Recipients[0].Revocation, c.refused, c.state)
			}
			if n := len(w.lake.agent.Notices(a, o, channels.Outcome{State: "processed"})); (n > 0) != (c.refused == "") {
				t.Errorf("got %d notices", n)
			}
			back := shipment()
			back.Address = north
			_, err = NewSender(w.lake.agent, "peer/direct", RailConfig{}).Pack(t.Context(), back)
			if (err == nil) != (c.refused == "") || err != nil && (!errors.Is(err, ErrNoCertificate) || !strings.Contains(err.Error(), direct.ReasonUnnamed)) {
				t.Errorf("out: got %v", err)
			}
		})
	}
}

// The key is read, is false by itself, and reaches the policies of what Load makes.
func TestRevocationRequiredIsConfigured(t *testing.T) {
	w := newWorld(t)
	settings := w.lake.agent.Settings
	for _, required := range []bool{false, true} {
		p := new(config.Problems)
		settings.Revocation.Required = settings.Revocation.Required || required
		store := Load(settings, nil, p)
		must(t, p.Err())
		if in, out := store.Inbound(lake, time.Now()), store.Outbound(lake, time.Now()); in.NeedCRL != required || out.NeedCRL != required {
			t.Errorf("required %t: in %t, out %t", required, in.NeedCRL, out.NeedCRL)
		}
	}
}
