package direct

import (
	"crypto"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"math/big"
	"testing"
	"time"

	"refloop/direct/cms"
)

func TestTrust(t *testing.T) {
	p := newPair(t)
	stranger := issue(t, caTemplate("test anchor"), newEC(t, elliptic.P256()), nil) // same name and key identifier, another key
	leaf := func(change func(*x509.Certificate)) *x509.Certificate {
		tmpl := leafTemplate("direct.lakeside.example")
		change(tmpl)
		return issue(t, tmpl, otherKey(), &p.anchor).Certificate
	}
	weak := issue(t, leafTemplate("direct.lakeside.example"), newRSA(1024), &p.anchor).Certificate
	middle := issue(t, caTemplate("middle"), newEC(t, elliptic.P256()), &p.anchor)
	deep := issue(t, leafTemplate("direct.lakeside.example"), otherKey(), &middle).Certificate
	same := func(*x509.Certificate) {}

	for _, tc := range []struct {
		name   string
		c      *x509.Certificate
		addr   string
		use    Use
		policy Policy
		reason string // empty: trusted
	}{
		{"good", leaf(same), theirs, ToSign, p.policy(), ""},
		{"good to encrypt", leaf(same), theirs, ToEncrypt, p.policy(), ""},
		{"other case", leaf(same), "Referrals@DIRECT.Lakeside.Example", ToSign, p.policy(), ""},
		{"address bound", leaf(func(c *x509.Certificate) { c.DNSNames, c.EmailAddresses = nil, []string{theirs} }), theirs, ToSign, p.policy(), ""},
		{"bound to another address", leaf(func(c *x509.Certificate) { c.DNSNames, c.EmailAddresses = nil, []string{"a@direct.lakeside.example"} }), theirs, ToSign, p.policy(), ReasonBinding},
		{"parent domain", leaf(func(c *x509.Certificate) { c.DNSNames = []string{"lakeside.example"} }), theirs, ToSign, p.policy(), ReasonBinding},
		{"wildcard", leaf(func(c *x509.Certificate) { c.DNSNames = []string{"*.lakeside.example"} }), theirs, ToSign, p.policy(), ReasonBinding},
		{"name in CN only", leaf(func(c *x509.Certificate) { c.DNSNames = nil }), theirs, ToSign, p.policy(), ReasonBinding},
		{"expired", leaf(func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.Add(-2*time.Hour), now.Add(-time.Hour) }), theirs, ToSign, p.policy(), ReasonExpired},
		{"not yet valid", leaf(func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.Add(time.Hour), now.Add(2*time.Hour) }), theirs, ToSign, p.policy(), ReasonNotYet},
		{"RSA 1024", weak, theirs, ToSign, p.policy(), ReasonKey},
		{"encryption key signs", leaf(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }), theirs, ToSign, p.policy(), ReasonUsage},
		{"signing key encrypts", leaf(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature }), theirs, ToEncrypt, p.policy(), ReasonUsage},
		{"server certificate", leaf(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }), theirs, ToSign, p.policy(), ReasonUsage},
		{"no usages at all", leaf(func(c *x509.Certificate) { c.KeyUsage, c.ExtKeyUsage = 0, nil }), theirs, ToSign, p.policy(), ""},
		{"no anchors", leaf(same), theirs, ToSign, Policy{At: now}, ReasonChain},
		{"anchor of the same name", leaf(same), theirs, ToSign, Policy{Anchors: []*x509.Certificate{stranger.Certificate}, At: now}, ReasonChain},
		{"expired anchor", leaf(func(c *x509.Certificate) { c.NotAfter = now.AddDate(1, 0, 0); c.NotBefore = now }), theirs, ToSign, Policy{Anchors: []*x509.Certificate{p.anchor.Certificate}, At: now.Add(1001 * time.Hour)}, ReasonExpired},
		{"intermediate missing", deep, theirs, ToSign, p.policy(), ReasonChain},
		{"intermediate known", deep, theirs, ToSign, Policy{Anchors: []*x509.Certificate{p.anchor.Certificate}, Intermediates: []*x509.Certificate{middle.Certificate}, At: now}, ""},
		{"path too long", deep, theirs, ToSign, Policy{Anchors: []*x509.Certificate{p.anchor.Certificate}, Intermediates: []*x509.Certificate{middle.Certificate}, At: now, Chain: 2}, ReasonChain},
		{"list needed", leaf(same), theirs, ToSign, Policy{Anchors: []*x509.Certificate{p.anchor.Certificate}, At: now, NeedCRL: true}, ReasonUnnamed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v, err := Trust(tc.c, tc.addr, tc.use, nil, tc.policy)
			checkReason(t, err, tc.reason)
			if (v.Certificate == nil) != (err != nil) {
				t.Error("want a verdict or an error, not both")
			}
		})
	}
	if _, err := Trust(deep, theirs, ToSign, []*x509.Certificate{middle.Certificate}, p.policy()); err != nil {
		t.Errorf("intermediate carried along: %v", err)
	}
}

func checkReason(t *testing.T, err error, reason string) {
	t.Helper()
	if reason == "" {
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	var u *UntrustedError
	if !errors.Is(err, ErrUntrusted) || !errors.As(err, &u) || u.Reason != reason {
		t.Fatalf("got %v, want %s", err, reason)
	}
}

func TestRevocation(t *testing.T) {
	p := newPair(t)
	list := func(by cms.Identity, at time.Time, serials ...*big.Int) *x509.RevocationList {
		t.Helper()
		tmpl := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: at.Add(-time.Hour), NextUpdate: at.Add(time.Hour)}
		for _, s := range serials {
			tmpl.RevokedCertificateEntries = append(tmpl.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: s, RevocationTime: at.Add(-time.Minute)})
		}
		der, err := x509.CreateRevocationList(rand.Reader, tmpl, by.Certificate, by.Key.(crypto.Signer))
		if err != nil {
			t.Fatal(err)
		}
		crl, err := x509.ParseRevocationList(der)
		if err != nil {
			t.Fatal(err)
		}
		return crl
	}
	c := p.them.Certificate
	forger := issue(t, caTemplate("test anchor"), newEC(t, elliptic.P256()), nil)
	for _, tc := range []struct {
		name, reason, state string
		crl                 *x509.RevocationList
		need                bool
	}{
		{"not on it", "", "good", list(p.anchor, now), true},
		{"on it", ReasonRevoked, "", list(p.anchor, now, c.SerialNumber), false},
		{"on an old one", ReasonRevoked, "", list(p.anchor, now.Add(-48*time.Hour), c.SerialNumber), false},
		{"old list", "", "unknown", list(p.anchor, now.Add(-48*time.Hour)), false},
		{"old list, needed", ReasonRevocation, "", list(p.anchor, now.Add(-48*time.Hour)), true},
		{"forged list", "", "unknown", list(forger, now, c.SerialNumber), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			policy := p.policy()
			policy.CRLs, policy.NeedCRL = []*x509.RevocationList{tc.crl}, tc.need
			v, err := Trust(c, theirs, ToSign, nil, policy)
			checkReason(t, err, tc.reason)
			if v.Revocation != tc.state {
				t.Errorf("revocation: got %q, want %q", v.Revocation, tc.state)
			}
		})
	}
}

func TestSelectRecipient(t *testing.T) {
	p := newPair(t)
	tmpl := leafTemplate("x")
	tmpl.DNSNames, tmpl.EmailAddresses = nil, []string{theirs}
	bound := issue(t, tmpl, otherKey(), &p.anchor).Certificate
	ec := issue(t, leafTemplate("direct.lakeside.example"), newEC(t, elliptic.P256()), &p.anchor).Certificate
	certs := []*x509.Certificate{p.us.Certificate, ec, p.them.Certificate, bound}
	v, err := SelectRecipient(theirs, certs, p.policy())
	if err != nil || v.Certificate != bound {
		t.Errorf("got %+v %v, want the address-bound one", v.Bound, err)
	}
	v, err = SelectRecipient(theirs, certs[:3], p.policy())
	if err != nil || v.Certificate != p.them.Certificate {
		t.Errorf("got %+v %v, want the RSA one", v.Bound, err)
	}
	_, err = SelectRecipient(theirs, nil, p.policy())
	checkReason(t, err, ReasonNone)
	signers := []cms.Signer{{Certificate: p.us.Certificate}, {Certificate: ec}}
	if v, err := TrustSigners(theirs, signers, nil, p.policy()); err != nil || v.Certificate != ec {
		t.Errorf("signers: got %v", err)
	}
}
