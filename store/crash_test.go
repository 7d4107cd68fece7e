package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"refloop/referral"
	"refloop/store"
)

const crashEnv = "REFLOOP_STORE_CRASH_CHILD"

// crashChild is what the test binary does instead of testing when crashEnv names a database: it writes until it is killed and reports each
// id after Write has returned.
func crashChild(path string) error {
	s, err := store.Open(context.Background(), config(path), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	var out sync.Mutex
	failed := make(chan error, 8)
	for range 8 {
		go func() {
			for {
				id := newID()
				if err := oneWork(context.Background(), s, id); err != nil {
					failed <- err
					return
				}
				out.Lock()
				fmt.Fprintf(os.Stdout, "ack %s\n", id)
				out.Unlock()
			}
		}()
	}
	return <-failed
}

// Every write that was acknowledged before kill -9 is there exactly once, and the audit chain holds; so for each of several lives.
func TestKillNine(t *testing.T) {
	lives := 6
	if testing.Short() {
		lives = 2
	}
	path := filepath.Join(t.TempDir(), "refloop.db")
	acked := map[string]bool{}
	for life := range lives {
		for _, id := range liveUntilKilled(t, path, 1+rand.IntN(200)) {
			acked[id] = true
		}
		checkSurvivors(t, path, acked, life)
	}
}

// liveUntilKilled starts a child, kills it after n acknowledgements, and returns all that it managed to report.
func liveUntilKilled(t *testing.T, path string, n int) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashEnv+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var ids []string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		id, ok := strings.CutPrefix(lines.Text(), "ack ")
		if !ok {
			t.Errorf("child: %s", lines.Text())
			continue
		}
		ids = append(ids, id)
		if len(ids) == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the child ended by itself, want it killed")
	}
	if len(ids) > 0 && len(ids[len(ids)-1]) != len(newID()) {
		ids = ids[:len(ids)-1] // the kill cut the last line
	}
	return ids
}

func checkSurvivors(t *testing.T, path string, acked map[string]bool, life int) {
	t.Helper()
	s, err := store.Open(t.Context(), config(path), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("life %d: reopening: %v", life, err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	for id := range acked {
		found, err := s.Messages(t.Context(), store.MessageFilter{ControlID: "C" + id})
		if err != nil || len(found) != 1 {
			t.Fatalf("life %d: acknowledged message: got %d of it, %v, want 1", life, len(found), err)
		}
		if err := whole(t.Context(), s, found[0]); err != nil {
			t.Fatalf("life %d: %v", life, err)
		}
	}
	heads, err := s.VerifyAudit(t.Context())
	if err != nil || len(heads) != 1 || heads[0].Seq < int64(2*len(acked)) {
		t.Fatalf("life %d: audit: got %v, %v, want at least %d rows", life, heads, err, 2*len(acked))
	}
}

// whole reports whether everything of one work is there: all or nothing.
func whole(ctx context.Context, s *store.Store, m referral.Message) error {
	body, err := s.Body(ctx, m.ID)
	if err != nil || string(body) != hl7(m.ControlID, 5000) {
		return fmt.Errorf("body: got %d bytes, %w", len(body), err)
	}
	if len(m.ReferralIDs) != 1 {
		return fmt.Errorf("referrals: got %d, want 1", len(m.ReferralIDs))
	}
	id := m.ReferralIDs[0]
	events, err1 := s.Events(ctx, id)
	deliveries, err2 := s.DeliveriesOf(ctx, id)
	_, err3 := s.Referral(ctx, id)
	if err := errors.Join(err1, err2, err3); err != nil || len(events) != 2 || len(deliveries) != 1 {
		return fmt.Errorf("referral: got %d events and %d deliveries, want 2 and 1: %w", len(events), len(deliveries), err)
	}
	return nil
}
