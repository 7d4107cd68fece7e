package trust

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"refloop/direct/cms"
)

// Limits of what is read from disk.
const (
	maxFile  = 8 << 20 // one file: a national bundle of anchors is below 2 MiB
	maxFiles = 5000    // of one folder
)

// extensions of files read from a folder; others are passed over.
var extensions = []string{".crt", ".cer", ".der", ".pem", ".p7b", ".p7c", ".crl"}

// material is what one file or folder holds.
type material struct {
	certs []*x509.Certificate
	crls  []*x509.RevocationList
}

// ReadCertificates reads the certificates of a file (PEM, DER or a
// certs-only PKCS#7 bundle) or of the files of a folder in order of their names. An empty
// folder gives none. Revocation lists in PEM or DER are returned beside.
func ReadCertificates(path string) ([]*x509.Certificate, []*x509.RevocationList, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, fmt.Errorf("trust: %s: %w", path, plain(err))
	}
	files := []string{path}
	if info.IsDir() {
		if files, err = folder(path); err != nil {
			return nil, nil, err
		}
	}
	var all material
	for _, f := range files {
		m, err := readFile(f)
		if err != nil {
			return nil, nil, err
		}
		all.certs, all.crls = append(all.certs, m.certs...), append(all.crls, m.crls...)
	}
	return all.certs, all.crls, nil
}

// plain takes the path out of a file error: the caller names it.
func plain(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func folder(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("trust: %s: %w", path, plain(err))
	}
	var out []string
	for _, e := range entries {
		if !e.IsDir() && slices.Contains(extensions, strings.ToLower(filepath.Ext(e.Name()))) {
			out = append(out, filepath.Join(path, e.Name()))
		}
	}
	if len(out) > maxFiles {
		return nil, fmt.Errorf("trust: %s: got %d files, want at most %d", path, len(out), maxFiles)
	}
	return out, nil
}

func readFile(path string) (material, error) {
	info, err := os.Stat(path)
	if err != nil {
		return material{}, fmt.Errorf("trust: %s: %w", path, plain(err))
	}
	if info.Size() > maxFile {
		return material{}, fmt.Errorf("trust: %s: got %d bytes, want at most %d", path, info.Size(), maxFile)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return material{}, fmt.Errorf("trust: %s: %w", path, plain(err))
	}
	m, err := parse(b)
	if err != nil {
		return material{}, fmt.Errorf("trust: %s: %w", path, err)
	}
	return m, nil
}

// parse reads PEM blocks, else one DER certificate, revocation list or PKCS#7.
func parse(b []byte) (material, error) {
	var all material
	if !bytes.Contains(b, []byte("-----BEGIN ")) {
		return parseDER(b)
	}
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case "CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CRL", "PKCS7", "CMS":
			m, err := parseDER(block.Bytes)
			if err != nil {
				return material{}, err
			}
			all.certs, all.crls = append(all.certs, m.certs...), append(all.crls, m.crls...)
		}
	}
	if len(all.certs)+len(all.crls) == 0 {
		return material{}, errors.New("got PEM without a certificate, want CERTIFICATE, PKCS7 or X509 CRL blocks")
	}
	return all, nil
}

// unarmour is the DER inside PEM, or b as it is.
func unarmour(b []byte) []byte {
	if block, _ := pem.Decode(b); block != nil {
		return block.Bytes
	}
	return b
}

func parseDER(b []byte) (material, error) {
	if c, err := x509.ParseCertificate(b); err == nil {
		return material{certs: []*x509.Certificate{c}}, nil
	}
	if crl, err := x509.ParseRevocationList(b); err == nil {
		return material{crls: []*x509.RevocationList{crl}}, nil
	}
	sd, err := cms.ParseSigned(b, cms.Limits{Bytes: maxFile, Certificates: maxFiles})
	if err != nil || len(sd.Certificates) == 0 {
		return material{}, errors.New("got bytes that are no certificate, bundle (p7b) or revocation list")
	}
	return material{certs: sd.Certificates}, nil
}

// ReadIdentity reads a certificate (the first one of the file) and its private key: PKCS#8,
// PKCS#1 or SEC 1, PEM or DER, not encrypted.
func ReadIdentity(certificate, key string) (cms.Identity, error) {
	certs, _, err := ReadCertificates(certificate)
	if err != nil {
		return cms.Identity{}, err
	}
	if len(certs) == 0 {
		return cms.Identity{}, fmt.Errorf("trust: %s: got no certificate", certificate)
	}
	b, err := os.ReadFile(key)
	if err != nil {
		return cms.Identity{}, fmt.Errorf("trust: %s: %w", key, plain(err))
	}
	private, err := parseKey(b)
	if err != nil {
		return cms.Identity{}, fmt.Errorf("trust: %s: %w", key, err)
	}
	public, ok := certs[0].PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(private.Public()) {
		return cms.Identity{}, fmt.Errorf("trust: %s: got a key that does not belong to %s, want the pair that was issued together", key, certificate)
	}
	return cms.Identity{Certificate: certs[0], Key: private}, nil
}

func parseKey(b []byte) (crypto.Signer, error) {
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		if strings.HasSuffix(block.Type, "PRIVATE KEY") {
			b = block.Bytes
			break
		}
	}
	if k, err := x509.ParsePKCS8PrivateKey(b); err == nil {
		if signer, ok := k.(crypto.Signer); ok {
			return signer, nil
		}
	}
	if k, err := x509.ParsePKCS1PrivateKey(b); err == nil {
		return k, nil
	}
	if k, err := x509.ParseECPrivateKey(b); err == nil {
		return k, nil
	}
	return nil, errors.New("got no private key, want an unencrypted PKCS#8, PKCS#1 or SEC 1 key in PEM or DER")
}
