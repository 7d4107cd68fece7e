package engine_test

import (
	"bufio"
	"context"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"refloop/internal/enginetest"
	"refloop/internal/load"
	"refloop/referral"
	"refloop/store"
)

const (
	crashPath = "REFLOOP_ENGINE_CRASH_DB"
	crashSink = "REFLOOP_ENGINE_CRASH_SINK"
)

// TestCrashChild is not a test by itself: the tests of kill -9 run it in a process of its own. It serves until it is killed.
func TestCrashChild(t *testing.T) {
	path := os.Getenv(crashPath)
	if path == "" {
		return // only the child has work to do here
	}
	n, err := enginetest.NewNode(context.Background(), path, "127.0.0.1:0", os.Getenv(crashSink), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stdout.WriteString("listens " + n.Address() + "\n"); err != nil {
		t.Fatal(err)
	}
	if err := n.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestKillNine(t *testing.T) { killNine(t, 240, 3) }

// crash is one run: a database, a receiver of deliveries, and what the sender knows.
type crash struct {
	path string
	sink *load.Sink

	mu    sync.Mutex
	acked map[int]bool
}

// killNine sends count messages on 8 connections to a daemon that is killed at random moments. After the last start every message whose
// AA was read must be there exactly once, and every delivery must have arrived; repeats have the same control ID and bytes.
func killNine(t *testing.T, count, kills int) {
	sink, err := load.NewSink("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sink.Close() })
	c := &crash{path: filepath.Join(t.TempDir(), "refloop.db"), sink: sink, acked: map[int]bool{}}
	for range kills {
		c.live(t, count, 1+rand.IntN(2*count/(kills+1)))
	}
	stop := c.start(t, count)
	defer stop()
	c.waitDeliveries(t, count)
	stop()
	c.check(t, count)
}

// live sends what is not acknowledged yet until a number of answers was read, and kills the daemon then.
func (c *crash) live(t *testing.T, count, until int) {
	t.Helper()
	cmd, address := c.child(t)
	left := until
	var once sync.Once
	load.Run(t.Context(), load.Config{Address: address, Run: "k", Conns: 8, Count: count, Skip: c.known, Acked: func(n int) {
		c.mu.Lock()
		c.acked[n] = true
		left--
		kill := left <= 0
		c.mu.Unlock()
		if kill {
			once.Do(func() { _ = cmd.Process.Kill() })
		}
	}})
	once.Do(func() { _ = cmd.Process.Kill() })
	_ = cmd.Wait() // it was killed
}

// start is the last life: everything that was not acknowledged is sent again, as senders do.
func (c *crash) start(t *testing.T, count int) (stop func()) {
	t.Helper()
	cmd, address := c.child(t)
	res := load.Run(t.Context(), load.Config{Address: address, Run: "k", Conns: 8, Count: count, Skip: c.known, Acked: func(n int) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.acked[n] = true
	}})
	if res.Err != nil || len(c.acked) != count {
		t.Errorf("the last life: got %d of %d acknowledged, %v", len(c.acked), count, res.Err)
	}
	return sync.OnceFunc(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
}

func (c *crash) known(n int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.acked[n]
}

// child starts a daemon and returns where it listens.
func (c *crash) child(t *testing.T) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrashChild$")
	cmd.Env = append(os.Environ(), crashPath+"="+c.path, crashSink+"="+c.sink.Address())
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "listens ")
	if err != nil || !ok {
		t.Fatalf("child: got %q, %v", line, err)
	}
	return cmd, address
}

// waitDeliveries waits until as many different messages arrived as there are referrals.
func (c *crash) waitDeliveries(t *testing.T, count int) {
	t.Helper()
	limit := time.After(time.Duration(count)*100*time.Millisecond + time.Minute)
	for {
		if got, _, _ := c.sink.Arrived(); got >= count {
			return
		}
		select {
		case <-c.sink.News():
		case <-limit:
			got, _, _ := c.sink.Arrived()
			t.Fatalf("deliveries: got %d, want %d", got, count)
		}
	}
}

// check opens the database and compares it with what the sender and the receiver know.
func (c *crash) check(t *testing.T, count int) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{URL: "sqlite:" + c.path, SealKey: enginetest.SealKey(), Org: "northside"}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for n := range count {
		found, err := s.Messages(t.Context(), store.MessageFilter{ControlID: load.ControlID("k", n), Direction: "in"})
		if err != nil {
			t.Fatal(err)
		}
		effects := 0
		for _, m := range found {
			body, err := s.Body(t.Context(), m.ID)
			if err != nil || string(body) != string(load.Referral("k", n)) {
				t.Fatalf("message %d: got other bytes than were sent, %v", n, err)
			}
			if m.State == referral.MessageProcessed {
				effects++
			}
		}
		if effects != 1 {
			t.Errorf("message %d: got %d rows of which %d had an effect, want one", n, len(found), effects)
		}
	}
	list, err := s.Referrals(t.Context(), store.ReferralFilter{Limit: count + 10})
	if err != nil || len(list) != count {
		t.Fatalf("referrals: got %d, %v, want %d", len(list), err, count)
	}
	for _, r := range list {
		ds, err := s.DeliveriesOf(t.Context(), r.Referral.ID)
		if err != nil || len(ds) != 1 || !c.sink.Has(ds[0].ControlID) {
			t.Fatalf("referral: got %d deliveries, %v, want one that arrived", len(ds), err)
		}
	}
	different, all, changed := c.sink.Arrived()
	if different != count || len(changed) != 0 {
		t.Errorf("arrived: got %d different of %d, %d with other bytes, want %d and 0", different, all, len(changed), count)
	}
	if _, err := s.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
	t.Logf("%d messages, %d deliveries arrived of which %d repeats", count, all, all-different)
}
