package direct

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"testing"

	"refloop/direct/cms"
)

// The limit of a message is one RSA private operation; BenchmarkPrivateKey is that limit in the same run.
func BenchmarkPrivateKey(b *testing.B) {
	key := fixture(b).Key.(*rsa.PrivateKey)
	sum := sha256.Sum256(nil)
	for b.Loop() {
		if _, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:]); err != nil {
			b.Fatal(err)
		}
	}
}

func benchInner(b *testing.B) []byte {
	d := draft()
	d.Files[0].Body = bytes.Repeat([]byte("0123456789"), 10_000)
	return compose(b, d)
}

func BenchmarkSeal(b *testing.B) {
	id, inner := fixture(b), benchInner(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Seal(rand.Reader, inner, id, id.Certificate, SealOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	id := fixture(b)
	raw := seal(b, benchInner(b), id, id, SealOptions{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Open(raw, []cms.Identity{id}, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
