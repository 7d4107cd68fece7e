package direct

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"sync"
	"testing"
	"time"

	"refloop/direct/cms"
)

// now is the time of every test.
var now = time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)

const (
	ours   = "referrals@direct.northside.example"
	theirs = "referrals@direct.lakeside.example"
)

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey { return newRSA(2048) })

var otherKey = sync.OnceValue(func() *rsa.PrivateKey { return newRSA(2048) })

func newRSA(bits int) *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return k
}

func newEC(t testing.TB, c elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// issue makes a certificate from a template; parent nil makes it self-signed.
func issue(t testing.TB, tmpl *x509.Certificate, key crypto.Signer, parent *cms.Identity) cms.Identity {
	t.Helper()
	if tmpl.SerialNumber == nil {
		tmpl.SerialNumber, _ = rand.Int(rand.Reader, big.NewInt(1<<62))
	}
	if tmpl.NotBefore.IsZero() {
		tmpl.NotBefore, tmpl.NotAfter = now.Add(-time.Hour), now.Add(1000*time.Hour)
	}
	signer, by := key, tmpl
	if parent != nil {
		signer, by = parent.Key.(crypto.Signer), parent.Certificate
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, by, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cms.Identity{Certificate: c, Key: key}
}

func caTemplate(name string) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SubjectKeyId: []byte(name),
	}
}

func leafTemplate(domain string) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: domain}, DNSNames: []string{domain}, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}, SubjectKeyId: []byte(domain),
	}
}

// pair is an anchor with a certificate for each side.
type pair struct{ anchor, us, them cms.Identity }

func newPair(t testing.TB) pair {
	t.Helper()
	anchor := issue(t, caTemplate("test anchor"), newEC(t, elliptic.P256()), nil)
	return pair{
		anchor: anchor,
		us:     issue(t, leafTemplate("direct.northside.example"), rsaKey(), &anchor),
		them:   issue(t, leafTemplate("direct.lakeside.example"), otherKey(), &anchor),
	}
}

func (p pair) policy() Policy {
	return Policy{Anchors: []*x509.Certificate{p.anchor.Certificate}, At: now}
}

func pemCert(id cms.Identity) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: id.Certificate.Raw})
}

func pemKey(t testing.TB, id cms.Identity) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(id.Key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}
