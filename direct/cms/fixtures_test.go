package cms

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
)

const fixtures = "../../testdata/direct/cms/"

// glob fails when nothing matches, so that a moved folder is noticed.
func glob(t testing.TB, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(fixtures + pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures match %s (%v)", pattern, err)
	}
	return files
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(fixtures + filepath.Base(name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// identity reads name.crt and name.key.
func identity(t testing.TB, name string) Identity {
	t.Helper()
	cert, err := x509.ParseCertificate(der(t, name+".crt"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.ParsePKCS8PrivateKey(der(t, name+".key"))
	if err != nil {
		t.Fatal(err)
	}
	return Identity{Certificate: cert, Key: key}
}

func der(t testing.TB, name string) []byte {
	t.Helper()
	block, _ := pem.Decode(read(t, name))
	if block == nil {
		t.Fatalf("%s: not PEM", name)
	}
	return block.Bytes
}

func sameKey(a, b crypto.PrivateKey) bool {
	k, ok := a.(interface{ Equal(crypto.PrivateKey) bool })
	return ok && k.Equal(b)
}

// replaceOnce swaps one piece of bytes for another of the same length.
func replaceOnce(t testing.TB, b, old, with []byte) []byte {
	t.Helper()
	if len(old) != len(with) || !bytes.Contains(b, old) {
		t.Fatalf("cannot replace % x", old)
	}
	return bytes.Replace(b, old, with, 1)
}
