package smtpd

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeBudget counts what is taken.
type fakeBudget struct{ used int }

func (b *fakeBudget) Take(n int) error { b.used += n; return nil }
func (b *fakeBudget) Give(n int)       { b.used -= n }

// FuzzIntake: what is taken is what was sent, with strict line ends, and the budget is given back.
func FuzzIntake(f *testing.F) {
	f.Add([]byte("A: b\r\n\r\nx\r\n"), 3)
	f.Add([]byte("a\rb"), 1)
	f.Add([]byte("a\nb"), 100)
	f.Fuzz(func(t *testing.T, b []byte, step int) {
		budget := &fakeBudget{}
		in := &intake{budget: budget, limit: 1000}
		got, err := in.read(&stepReader{b, max(1, min(step, 4096))})
		in.release()
		if budget.used != 0 {
			t.Fatalf("%d bytes are still taken", budget.used)
		}
		bare := strings.ContainsAny(strings.ReplaceAll(string(b), "\r\n", ""), "\r\n")
		if wantErr := bare || len(b) > 1000; (err != nil) != wantErr {
			t.Fatalf("got %v for %d bytes, bare %v", err, len(b), bare)
		}
		if err == nil && !bytes.Equal(got, b) {
			t.Fatal("other bytes")
		}
	})
}

type stepReader struct {
	b []byte
	n int
}

func (r *stepReader) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.b[:min(r.n, len(r.b))])
	r.b = r.b[n:]
	return n, nil
}
