package load

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"refloop/hl7"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestReferralsDiffer(t *testing.T) {
	seen := map[string]bool{}
	for n := range 200 {
		b := Referral("t", n)
		m, err := hl7.Parse(b, hl7.Limits{})
		if err != nil || m.Type() != "REF^I12" || len(b) < Size || len(b) > Size+300 {
			t.Fatalf("message %d: got %d bytes, %v", n, len(b), err)
		}
		if hl7.Errors(hl7.Validate(m, hl7.Strict)) {
			t.Errorf("message %d is not valid", n)
		}
		for _, path := range []string{"MSH-10", "RF1-6.1", "PID-3.1", "PID-5.1"} {
			key := path + "=" + m.Get(path)
			if m.Get(path) == "" || seen[key] {
				t.Errorf("message %d: %s is empty or was there before", n, path)
			}
			seen[key] = true
		}
	}
}

func TestRunAgainstASink(t *testing.T) {
	s, err := NewSink("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := Run(t.Context(), Config{Address: s.Address(), Run: "t", Conns: 4, Count: 50, Skip: func(n int) bool { return n == 7 }})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	different, all, changed := s.Arrived()
	if r.Err != nil || r.Acked != 49 || different != 49 || all != 49 || len(changed) != 0 || s.Has(ControlID("t", 7)) || !s.Has(ControlID("t", 8)) {
		t.Errorf("got %+v, %d different of %d, %d changed", r, different, all, len(changed))
	}
	if r.Median <= 0 || r.P99 < r.Median || r.Rate() <= 0 {
		t.Errorf("times: got median %s, p99 %s, %.0f a second", r.Median, r.P99, r.Rate())
	}
}

func TestFloorKeepsEverything(t *testing.T) {
	path := filepath.Join(t.TempDir(), "floor.bin")
	f, err := NewFloor(path)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- f.Serve(l) }()
	r := Run(t.Context(), Config{Address: l.Addr().String(), Run: "t", Conns: 4, Count: 40})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	var want int64
	for n := range 40 {
		want += int64(len(Referral("t", n)))
	}
	info, err := os.Stat(path)
	if err != nil || r.Acked != 40 || info.Size() != want {
		t.Errorf("got %d acknowledged and %d bytes, %v", r.Acked, info.Size(), err)
	}
}
