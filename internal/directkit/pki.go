package directkit

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"embed"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"strings"
	"testing"
	"time"
)

//go:embed keys/*.key
var keyFiles embed.FS

// Identity is a certificate and its private key.
type Identity struct {
	Certificate *x509.Certificate
	Key         crypto.Signer
}

// Key returns the private key of a file under keys/: rsa1024, rsa2048a, rsa2048b, rsa2048c, rsa3072 or rsa4096; or a new key for p-256, p-384
// or p-521.
func Key(t testing.TB, name string) crypto.Signer {
	t.Helper()
	if curve := map[string]elliptic.Curve{"p-256": elliptic.P256(), "p-384": elliptic.P384(), "p-521": elliptic.P521()}[name]; curve != nil {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	b, err := keyFiles.ReadFile("keys/" + name + ".key")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(b)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(crypto.Signer)
}

// Issue makes a certificate; by nil makes it self-signed. change may alter the template: the zero template is valid from an hour ago for
// thirty days, with a random serial number and no names.
func Issue(t testing.TB, name string, key crypto.Signer, by *Identity, change func(*x509.Certificate)) Identity {
	t.Helper()
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		t.Fatal(err)
	}
	id := [16]byte{}
	if _, err := io.ReadFull(rand.Reader, id[:]); err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name, Organization: []string{"refloop tests"}}, SubjectKeyId: id[:], BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(30 * 24 * time.Hour),
	}
	if change != nil {
		change(tmpl)
	}
	signer, parent := key, tmpl
	if by != nil {
		signer, parent = by.Key, by.Certificate
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(fmt.Errorf("certificate %s: %w", name, err))
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(fmt.Errorf("certificate %s: %w", name, err))
	}
	return Identity{c, key}
}

// Authority makes an issuer that may sign certificates and revocation lists.
func Authority(t testing.TB, name, key string, by *Identity, change func(*x509.Certificate)) Identity {
	t.Helper()
	return Issue(t, name, Key(t, key), by, func(c *x509.Certificate) {
		c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
		if change != nil {
			change(c)
		}
	})
}

// Leaf makes a certificate for signing and encrypting that speaks for a domain, or for an address when name has an @.
func Leaf(t testing.TB, name, key string, by *Identity, change func(*x509.Certificate)) Identity {
	t.Helper()
	k := Key(t, key)
	_, ec := k.(*ecdsa.PrivateKey)
	return Issue(t, name, k, by, func(c *x509.Certificate) {
		c.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
		if ec {
			c.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyAgreement
		}
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}
		if strings.Contains(name, "@") {
			c.EmailAddresses = []string{name}
		} else {
			c.DNSNames = []string{name}
		}
		if change != nil {
			change(c)
		}
	})
}

// RevocationList makes a list of an issuer, in DER.
func RevocationList(t testing.TB, by Identity, number int64, next time.Time, revoked ...*big.Int) []byte {
	t.Helper()
	list := &x509.RevocationList{Number: big.NewInt(number), ThisUpdate: time.Now().Add(-30 * 24 * time.Hour), NextUpdate: next}
	for _, serial := range revoked {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: serial, RevocationTime: time.Now().Add(-time.Hour)})
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, by.Certificate, by.Key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// PEM writes certificates.
func PEM(certs ...*x509.Certificate) (out []byte) {
	for _, c := range certs {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return out
}

// KeyPEM writes a private key.
func KeyPEM(t testing.TB, key crypto.Signer) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}
