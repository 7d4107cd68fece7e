package trust

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Request is a key and certificate request to be made for one address or one domain.
type Request struct {
	Address      string // rfc822Name; or Domain
	Domain       string // dNSName
	Organization string // of the subject; may be empty
	Algorithm    string // rsa-2048, rsa-3072, rsa-4096, ec-p256 or ec-p384
	Use          Use    // the key usages asked for
	Key, CSR     string // files, neither of which may exist
	Existing     bool   // Key is there: the request is made for it, and it is left as it is
}

// Algorithms are the words that Request.Algorithm may be.
func Algorithms() []string { return []string{"rsa-2048", "rsa-3072", "rsa-4096", "ec-p256", "ec-p384"} }

// MakeRequest makes a key, for its owner only, and a PKCS#10 request (RFC 2986) for the certification authority, with the
// address or domain as subject alternative name, key usages and the usage emailProtection.
func MakeRequest(r Request) error {
	for _, path := range []string{r.Key, r.CSR} {
		if exists(path) && !(r.Existing && path == r.Key) {
			return fmt.Errorf("trust: %s: exists already, want a new name: keys are never written over", path)
		}
	}
	if (r.Address == "") == (r.Domain == "") {
		return errors.New("trust: request: got both or none of address and domain, want one")
	}
	key, err := r.key()
	if err != nil {
		return err
	}
	usage, err := usages(key, r.Use)
	if err != nil {
		return err
	}
	tmpl := &x509.CertificateRequest{Subject: pkix.Name{CommonName: r.Address + r.Domain}, ExtraExtensions: usage}
	if r.Organization != "" {
		tmpl.Subject.Organization = []string{r.Organization}
	}
	if r.Address != "" {
		tmpl.EmailAddresses = []string{r.Address}
	} else {
		tmpl.DNSNames = []string{r.Domain}
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, tmpl, key)
	if err != nil {
		return fmt.Errorf("trust: request: %w", err)
	}
	if r.Existing {
		return writePEM(r.CSR, "CERTIFICATE REQUEST", csr, 0o644)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("trust: request: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(r.Key), 0o700); err != nil {
		return fmt.Errorf("trust: request: %w", plain(err))
	}
	if err := writePEM(r.Key, "PRIVATE KEY", der, 0o600); err != nil {
		return err
	}
	return writePEM(r.CSR, "CERTIFICATE REQUEST", csr, 0o644)
}

// key makes or reads the key of a request.
func (r Request) key() (crypto.Signer, error) {
	if !r.Existing {
		return makeKey(r.Algorithm)
	}
	b, err := os.ReadFile(r.Key)
	if err != nil {
		return nil, fmt.Errorf("trust: %s: %w", r.Key, plain(err))
	}
	key, err := parseKey(b)
	if err != nil {
		return nil, fmt.Errorf("trust: %s: %w", r.Key, err)
	}
	return key, nil
}

func makeKey(algorithm string) (crypto.Signer, error) {
	switch algorithm {
	case "rsa-2048":
		return rsa.GenerateKey(rand.Reader, 2048)
	case "rsa-3072":
		return rsa.GenerateKey(rand.Reader, 3072)
	case "rsa-4096":
		return rsa.GenerateKey(rand.Reader, 4096)
	case "ec-p256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ec-p384":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	}
	return nil, fmt.Errorf("trust: request: got the key %q, want one of %v", algorithm, Algorithms())
}

// usages are the extensions of RFC 5280 sections 4.2.1.3 and 4.2.1.12 that a request asks for.
func usages(key crypto.Signer, use Use) ([]pkix.Extension, error) {
	const sign, encipher, agree = 0x80, 0x20, 0x08 // bits 0, 2 and 4 of KeyUsage
	toEncrypt := byte(encipher)
	if _, ec := key.(*ecdsa.PrivateKey); ec {
		toEncrypt = agree
	}
	bits := map[Use]byte{Both: sign | toEncrypt, Sign: sign, Encrypt: toEncrypt}[use]
	length := 8
	for b := bits; b&1 == 0; b >>= 1 {
		length--
	}
	usage, err := asn1.Marshal(asn1.BitString{Bytes: []byte{bits}, BitLength: length})
	if err != nil {
		return nil, fmt.Errorf("trust: request: %w", err)
	}
	email, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 4}})
	if err != nil {
		return nil, fmt.Errorf("trust: request: %w", err)
	}
	return []pkix.Extension{
		{Id: asn1.ObjectIdentifier{2, 5, 29, 15}, Critical: true, Value: usage},
		{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Value: email},
	}, nil
}
