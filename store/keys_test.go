package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"refloop/audit"
	"refloop/referral"
	"refloop/store"
)

// behind runs SQL on the file of a closed store, as somebody with the disk could.
func behind(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, q := range statements {
		res, err := db.Exec(q)
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 && !strings.HasPrefix(q, "CREATE") {
			t.Fatalf("%s: changed nothing, %v", q, err)
		}
	}
}

func TestNewDataKeyEveryMonth(t *testing.T) {
	cfg := config(filepath.Join(t.TempDir(), "refloop.db"))
	now := day
	cfg.Now = func() time.Time { return now }
	s := openWith(t, cfg)
	for month := range 3 {
		now = day.AddDate(0, month, 0)
		id := string(rune('a' + month))
		write(t, s, func(tx *store.Tx) error { return nil }) // the writer makes the key before the group
		body := stow(t, s, "body "+id)
		write(t, s, func(tx *store.Tx) error { return tx.AddMessage(message(id, id), body) })
	}
	keys, err := s.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, k := range keys {
		count[k.Purpose]++
	}
	if count["data"] != 3 || count["lookup"] != 1 || count["audit"] != 1 {
		t.Fatalf("got keys %v, want 3 data, 1 lookup, 1 audit", count)
	}
	for _, id := range []string{"a", "b", "c"} {
		b, err := s.Body(t.Context(), id)
		same(t, "body under its own month's key", string(b), "body "+id, err)
	}
}

func TestRewrap(t *testing.T) {
	path := filepath.Join(t.TempDir(), "refloop.db")
	s := open(t, path)
	put(t, s, record("r1", 1))
	next := config(path)
	next.SealKey = [32]byte{9, 9}
	if err := s.Rewrap(t.Context(), next.SealKey); err != nil {
		t.Fatal(err)
	}
	put(t, s, record("r2", 1)) // the running store goes on
	if err := s.Rewrap(t.Context(), [32]byte{7}); err != nil {
		t.Fatalf("again: %v", err)
	}
	if err := s.Rewrap(t.Context(), next.SealKey); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), config(path), slog.New(slog.DiscardHandler)); !errors.Is(err, store.ErrSealKey) {
		t.Fatalf("the old seal key: got %v, want ErrSealKey", err)
	}
	s = openWith(t, next)
	for _, id := range []string{"r1", "r2"} {
		r, err := s.Referral(t.Context(), id)
		same(t, id, r, record(id, 1), err)
	}
}

func TestReindex(t *testing.T) {
	path := filepath.Join(t.TempDir(), "refloop.db")
	s := open(t, path)
	for i := range 130 { // more than one batch
		put(t, s, record(newID(), 1+i%2))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	behind(t, path, `UPDATE lookup SET version = 0, hash = randomblob(16)`, `DELETE FROM identifier`)
	s = open(t, path)
	find := store.ReferralFilter{Find: &store.Find{MRN: "MRN-7755331"}, Limit: 1000}
	if got, err := s.Referrals(t.Context(), find); err != nil || len(got) != 0 {
		t.Fatalf("before: got %d, %v, want none", len(got), err)
	}
	if n, err := s.StaleLookups(t.Context()); err != nil || n == 0 {
		t.Fatalf("stale: got %d, %v", n, err)
	}
	if n, err := s.Reindex(t.Context()); err != nil || n != 130 {
		t.Fatalf("got %d, %v, want 130", n, err)
	}
	if got, err := s.Referrals(t.Context(), find); err != nil || len(got) != 130 {
		t.Fatalf("after: got %d, %v, want 130", len(got), err)
	}
	if n, err := s.StaleLookups(t.Context()); err != nil || n != 0 {
		t.Fatalf("stale after: got %d, %v", n, err)
	}
}

func TestBigBody(t *testing.T) {
	path := filepath.Join(t.TempDir(), "refloop.db")
	s := open(t, path)
	big := bytes.Repeat([]byte("0123456789abcdef"), 3<<20/16+1)
	blob, err := s.Stow(t.Context(), big)
	if err != nil || blob.Sealed != nil || blob.Bytes != int64(len(big)) {
		t.Fatalf("got %d bytes inline of %d, %v", len(blob.Sealed), blob.Bytes, err)
	}
	orphan, err := s.Stow(t.Context(), big)
	if err != nil {
		t.Fatal(err)
	}
	write(t, s, func(tx *store.Tx) error {
		// The same bytes as a message and as its document.
		return errors.Join(tx.AddMessage(message("m1", "C1"), blob), tx.AddDocument(referral.Document{ID: "d1"}, "r1", blob))
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	for what, read := range map[string]func(context.Context, string) ([]byte, error){"m1": s.Body, "d1": s.Document} {
		if got, err := read(t.Context(), what); err != nil || !bytes.Equal(got, big) {
			t.Errorf("%s: got %d bytes, %v", what, len(got), err)
		}
	}
	err = s.Write(t.Context(), func(tx *store.Tx) error { return tx.AddMessage(message("m2", "C2"), orphan) })
	if !errors.Is(err, referral.ErrNotFound) {
		t.Errorf("collected chunks: got %v, want ErrNotFound", err)
	}
}

func TestMovedAndChangedValues(t *testing.T) {
	path := filepath.Join(t.TempDir(), "refloop.db")
	s := open(t, path)
	put(t, s, record("r1", 1), record("r2", 1))
	b1, b2 := stow(t, s, "one"), stow(t, s, strings.Repeat("two", 1<<20))
	write(t, s, func(tx *store.Tx) error {
		return errors.Join(tx.AddMessage(message("m1", ""), b1), tx.AddMessage(message("m2", ""), b2), tx.SetAnswer("m1", []byte("a")))
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	behind(t, path,
		`UPDATE referral SET record = (SELECT record FROM referral WHERE id = 'r2') WHERE id = 'r1'`,
		`UPDATE message SET answer = zeroblob(length(answer)) WHERE id = 'm1'`,
		`UPDATE chunk SET sealed = substr(sealed, 1, length(sealed) - 1) WHERE n = 0 AND last = 1`,
		`DELETE FROM chunk WHERE n > 0 AND last = 1`)
	s = open(t, path)
	for what, err := range map[string]error{
		"a record of another row": second(s.Referral(t.Context(), "r1")), "an answer of zeros": second(s.Answer(t.Context(), "m1")),
		"a cut body": second(s.Body(t.Context(), "m1")), "a body without its end": second(s.Body(t.Context(), "m2")),
	} {
		if !errors.Is(err, store.ErrSealed) {
			t.Errorf("%s: got %v, want ErrSealed", what, err)
		}
	}
}

func TestAuditTampering(t *testing.T) {
	for what, c := range map[string]struct {
		statement string
		seq       int64
	}{
		"changed":           {`UPDATE audit SET actor = 'nobody' WHERE seq = 3`, 3},
		"removed":           {`DELETE FROM audit WHERE seq = 3`, 3},
		"cut":               {`DELETE FROM audit WHERE seq > 4`, 5},
		"swapped":           {`UPDATE audit SET object = CASE seq WHEN 2 THEN 'x4' ELSE 'x2' END WHERE seq IN (2, 4)`, 2},
		"tombstone":         {`UPDATE audit SET purged = 1, actor = '', action = '', object = '', detail = '', content = digest WHERE seq = 2`, 2},
		"cut with its head": {`UPDATE audit_head SET seq = 4, digest = (SELECT digest FROM audit WHERE seq = 4)`, 4},
		"no head":           {`DELETE FROM audit_head`, 5},
		"emptied":           {`DELETE FROM audit`, 1},
	} {
		t.Run(what, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "refloop.db")
			s := open(t, path)
			for _, o := range []string{"x1", "x2", "x3", "x4", "x5"} {
				write(t, s, func(tx *store.Tx) error { return tx.Audit(entry(o)) })
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			behind(t, path, c.statement)
			s = open(t, path)
			_, err := s.VerifyAudit(t.Context())
			var broken *audit.BrokenError
			if !errors.As(err, &broken) || broken.Seq != c.seq || broken.Node != "node-a" {
				t.Fatalf("got %v, want node-a broken at %d", err, c.seq)
			}
			// What is audited afterwards must not mend it.
			write(t, s, func(tx *store.Tx) error { return tx.Audit(entry("x6")) })
			if _, err := s.VerifyAudit(t.Context()); !errors.As(err, &broken) {
				t.Errorf("after one more row: got %v, want a broken chain", err)
			}
		})
	}
}

func TestSchema(t *testing.T) {
	dir := t.TempDir()
	log := slog.New(slog.DiscardHandler)
	newer := filepath.Join(dir, "newer.db")
	if err := open(t, newer).Close(); err != nil {
		t.Fatal(err)
	}
	behind(t, newer, `INSERT INTO schema_migration (version, name, applied) VALUES (9999, 'x', 0)`)
	foreign := filepath.Join(dir, "foreign.db")
	behind(t, foreign, `CREATE TABLE orders (id INTEGER)`)
	empty := filepath.Join(dir, "empty.db")
	behind(t, empty, `CREATE TABLE x (y)`, `CREATE TABLE schema_migration (version INTEGER PRIMARY KEY)`)
	for path, word := range map[string]string{newer: "newer refloop", foreign: "another program"} {
		for how, open := range map[string]func(context.Context, store.Config, *slog.Logger) (*store.Store, error){"open": store.Open, "read": store.OpenReadOnly} {
			if _, err := open(t.Context(), config(path), log); !errors.Is(err, store.ErrSchema) || !strings.Contains(err.Error(), word) {
				t.Errorf("%s %s: got %v, want ErrSchema about %s", how, filepath.Base(path), err, word)
			}
		}
	}
	if _, err := store.OpenReadOnly(t.Context(), config(empty), log); !errors.Is(err, store.ErrSchema) {
		t.Errorf("older: got %v, want ErrSchema", err)
	}
}
