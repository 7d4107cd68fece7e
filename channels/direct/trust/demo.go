package trust

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// demoOrganization marks everything MakeDemo writes.
const demoOrganization = "refloop DEMO - not for real mail"

// demoValid is how long demo certificates are good.
const demoValid = 365 * 24 * time.Hour

// Demo says what MakeDemo writes.
type Demo struct {
	Domain      string // health domain name of the certificate
	Certificate string // file of the certificate
	Key         string // file of its private key, mode 0600
	Anchor      string // file of the anchor; its folder is made; empty: DemoAnchor(Certificate)
	Now         time.Time
}

// DemoAnchor is where MakeDemo puts the anchor beside a certificate: var/direct.crt gives var/direct-anchor.crt.
func DemoAnchor(certificate string) string {
	ext := filepath.Ext(certificate)
	return strings.TrimSuffix(certificate, ext) + "-anchor.crt"
}

// MakeDemo makes an anchor and a domain-bound RSA 2048 certificate with
// its key, unless certificate and key are there already (made is false then). The anchor's key is
// thrown away. Only for `demo: true`: every subject says so.
func MakeDemo(d Demo) (made bool, err error) {
	if exists(d.Certificate) && exists(d.Key) {
		return false, nil
	}
	if exists(d.Certificate) || exists(d.Key) {
		return false, fmt.Errorf("trust: demo: got one of %s and %s, want both or none", d.Certificate, d.Key)
	}
	if d.Domain == "" {
		return false, errors.New("trust: demo: got no domain")
	}
	if d.Anchor == "" {
		d.Anchor = DemoAnchor(d.Certificate)
	}
	anchor, anchorKey, err := demoAnchor(d)
	if err != nil {
		return false, err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return false, fmt.Errorf("trust: demo: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return false, fmt.Errorf("trust: demo: %w", err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: d.Domain, Organization: []string{demoOrganization}},
		NotBefore: d.Now.Add(-time.Hour), NotAfter: d.Now.Add(demoValid), DNSNames: []string{d.Domain}, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection},
	}
	leaf, err := x509.CreateCertificate(rand.Reader, tmpl, anchor, key.Public(), anchorKey)
	if err != nil {
		return false, fmt.Errorf("trust: demo: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return false, fmt.Errorf("trust: demo: %w", err)
	}
	// The certificate comes last: when it is there, all is there.
	for _, f := range []struct {
		path, kind string
		der        []byte
		mode       fs.FileMode
	}{{d.Anchor, "CERTIFICATE", anchor.Raw, 0o644}, {d.Key, "PRIVATE KEY", der, 0o600}, {d.Certificate, "CERTIFICATE", leaf, 0o644}} {
		if err := writePEM(f.path, f.kind, f.der, f.mode); err != nil {
			return false, err
		}
	}
	return true, nil
}

func demoAnchor(d Demo) (*x509.Certificate, *rsa.PrivateKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, nil, fmt.Errorf("trust: demo: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, nil, fmt.Errorf("trust: demo: %w", err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "demo anchor of " + d.Domain, Organization: []string{demoOrganization}},
		NotBefore: d.Now.Add(-time.Hour), NotAfter: d.Now.Add(demoValid), IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return nil, nil, fmt.Errorf("trust: demo: %w", err)
	}
	c, err := x509.ParseCertificate(der)
	return c, key, err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func writePEM(path, kind string, der []byte, mode fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("trust: demo: %s: %w", path, plain(err))
	}
	b := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.WriteFile(path, b, mode); err != nil {
		return fmt.Errorf("trust: demo: %s: %w", path, plain(err))
	}
	return nil
}
