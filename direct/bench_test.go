package direct

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"syscall"
	"testing"
	"time"

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

// BenchmarkOfLimit takes turns between the private operation, sealing and opening, so that all three meet the same machine, and reports
// what part of the processor time of each message is the private operation. It is the time of this whole process, garbage collection
// included, so that what else runs on the machine counts for little; of each, the best batch of twenty is taken, in which the caches were not
// somebody else's. The means are reported beside it.
func BenchmarkOfLimit(b *testing.B) {
	id, inner := fixture(b), benchInner(b)
	key := id.Key.(*rsa.PrivateKey)
	sum := sha256.Sum256(nil)
	sealed := seal(b, inner, id, id, SealOptions{})
	const batch = 20
	var took, best [3]time.Duration
	for b.Loop() {
		for i, work := range []func() error{
			func() error { _, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:]); return err },
			func() error { _, err := Seal(rand.Reader, inner, id, id.Certificate, SealOptions{}); return err },
			func() error { _, err := Open(sealed, []cms.Identity{id}, Limits{}); return err },
		} {
			start := processorTime(b)
			for range batch {
				if err := work(); err != nil {
					b.Fatal(err)
				}
			}
			one := processorTime(b) - start
			took[i] += one
			if best[i] == 0 || one < best[i] {
				best[i] = one
			}
		}
	}
	b.ReportMetric(float64(best[0])/float64(best[1]), "seal/limit")
	b.ReportMetric(float64(best[0])/float64(best[2]), "open/limit")
	b.ReportMetric(float64(took[0])/float64(took[1]), "mean-seal/limit")
	b.ReportMetric(float64(took[0])/float64(took[2]), "mean-open/limit")
	b.ReportMetric(float64(best[0])/batch, "limit-ns")
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
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
