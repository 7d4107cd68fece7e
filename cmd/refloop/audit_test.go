package main

import (
	"bytes"
	"context"
	"database/sql"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"refloop/audit"
	"refloop/config"
	"refloop/store"
)

// TestAuditBroken: a row that was changed behind our back is found and named, and the exit code is 1.
func TestAuditBroken(t *testing.T) {
	dir := t.TempDir()
	command := func(args ...string) (code int, out, errs string) {
		var o, e bytes.Buffer
		code = run(args, strings.NewReader(""), &o, &e)
		return code, o.String(), e.String()
	}
	if code, _, errs := command("init", dir); code != exitDone {
		t.Fatal(errs)
	}
	file := filepath.Join(dir, "refloop.yaml")
	cfg, problems := config.Load(file)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	settings := cfg.Daemon(nil, problems)
	for range 3 {
		if err := auditStopped(context.Background(), cfg, settings, "referral.read", "R1"); err != nil {
			t.Fatal(err)
		}
	}
	code, out, errs := command("audit", "verify", "-c", file)
	if code != exitDone || !strings.Contains(out, "whole") {
		t.Fatalf("got exit code %d, %s%s, want a whole chain", code, out, errs)
	}
	path := strings.TrimPrefix(settings.StoreURL, "sqlite:")
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`UPDATE audit SET actor = 'user:nobody' WHERE seq = 2`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	code, out, errs = command("audit", "verify", "-c", file)
	if code != exitFailed || !strings.Contains(out, "BROKEN at row 2") || !strings.Contains(errs, "audit: a chain is broken") {
		t.Errorf("got exit code %d, %s%s, want row 2 named", code, out, errs)
	}
}

// TestPatience: a command that holds the store for a moment does not keep a daemon from starting.
func TestPatience(t *testing.T) {
	cfg := store.Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "db"), SealKey: [32]byte{1}}
	log := slog.New(slog.DiscardHandler)
	first, err := store.Open(t.Context(), cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan error, 1)
	go func() {
		err := first.Write(context.Background(), func(tx *store.Tx) error { return tx.Audit(audit.Entry{At: time.Now(), Action: "test"}) })
		if cerr := first.Close(); err == nil {
			err = cerr
		}
		closed <- err
	}()
	second, err := openPatiently(t.Context(), cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}
