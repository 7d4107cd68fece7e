package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"refloop/referral"
	"refloop/store"
)

// gate holds the writer inside a piece of work, so that what comes after it waits for the next group.
func gate(t *testing.T, s *store.Store) (open func()) {
	t.Helper()
	begun, release, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- s.Write(context.Background(), func(*store.Tx) error {
			close(begun)
			<-release
			return nil
		})
	}()
	<-begun
	return func() {
		close(release)
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func TestErrorUndoesOnlyItsWork(t *testing.T) {
	s := fresh(t)
	open := gate(t, s)
	boom := errors.New("boom")
	errs := make([]error, 30)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			errs[i] = s.Write(t.Context(), func(tx *store.Tx) error {
				id := fmt.Sprintf("m%02d", i)
				if err := errors.Join(tx.AddMessage(message(id, id), referral.Blob{}), tx.Audit(entry(id))); err != nil {
					return err
				}
				switch i % 3 {
				case 1:
					return boom
				case 2:
					panic("Quillfeather")
				}
				return nil
			})
		})
	}
	open()
	wg.Wait()
	for i, err := range errs {
		_, read := s.Message(t.Context(), fmt.Sprintf("m%02d", i))
		switch i % 3 {
		case 0:
			if err != nil || read != nil {
				t.Errorf("work %d: got %v, %v, want it kept", i, err, read)
			}
		case 1:
			if !errors.Is(err, boom) || !errors.Is(read, referral.ErrNotFound) {
				t.Errorf("work %d: got %v, %v, want it undone", i, err, read)
			}
		case 2:
			if err == nil || strings.Contains(err.Error(), "Quillfeather") || !errors.Is(read, referral.ErrNotFound) {
				t.Errorf("work %d: got %v, %v, want it undone, without the panic's words", i, err, read)
			}
		}
	}
	heads, err := s.VerifyAudit(t.Context())
	if err != nil || len(heads) != 1 || heads[0].Seq != 10 {
		t.Fatalf("audit: got %v, %v, want one chain of 10", heads, err)
	}
}

func TestInnerKeepsTheOuter(t *testing.T) {
	s := fresh(t)
	boom := errors.New("boom")
	write(t, s, func(tx *store.Tx) error {
		if err := errors.Join(tx.AddMessage(message("m1", "C1"), referral.Blob{}), tx.Audit(entry("m1"))); err != nil {
			return err
		}
		err := tx.Inner(func() error {
			m := message("m1", "C1")
			m.State, m.ReferralIDs = referral.MessageProcessed, []string{"r1"}
			return errors.Join(tx.SetMessage(m), tx.PutReferral(record("r1", 1), referral.Clock{}), tx.AddMessage(message("m2", "C2"), referral.Blob{}),
				tx.Audit(entry("r1")), boom)
		})
		if !errors.Is(err, boom) {
			return fmt.Errorf("inner: got %w, want boom", err)
		}
		err = tx.Inner(func() error { return tx.Inner(func() error { return tx.Audit(entry("kept")) }) })
		if err != nil {
			return err
		}
		m := message("m1", "C1")
		m.State, m.Reason = referral.MessageFailed, "boom"
		return tx.SetMessage(m)
	})
	m, err := s.Message(t.Context(), "m1")
	if err != nil || m.State != referral.MessageFailed || m.ReferralIDs != nil {
		t.Errorf("outer message: got %v %v, %v", m.State, m.ReferralIDs, err)
	}
	for what, err := range map[string]error{"referral": second(s.Referral(t.Context(), "r1")), "second message": second(s.Message(t.Context(), "m2"))} {
		if !errors.Is(err, referral.ErrNotFound) {
			t.Errorf("%s of the failed inner work: got %v, want none", what, err)
		}
	}
	rows, err := s.AuditRows(t.Context(), store.AuditFilter{})
	if err != nil || len(rows) != 2 || rows[0].Entry.Object != "kept" {
		t.Errorf("audit rows: got %d, %v, want m1 and kept", len(rows), err)
	}
	if _, err := s.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestPanicInInnerUndoesAll(t *testing.T) {
	s := fresh(t)
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		if err := tx.AddMessage(message("m1", "C1"), referral.Blob{}); err != nil {
			return err
		}
		return tx.Inner(func() error { panic(1) })
	})
	if err == nil {
		t.Fatal("want an error")
	}
	write(t, s, func(tx *store.Tx) error { return tx.AddMessage(message("m2", "C2"), referral.Blob{}) })
	if _, err := s.Message(t.Context(), "m1"); !errors.Is(err, referral.ErrNotFound) {
		t.Errorf("got %v, want the message undone", err)
	}
}

func TestCancel(t *testing.T) {
	s := fresh(t)
	open := gate(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	ran := false
	skipped := make(chan error, 1)
	go func() { skipped <- s.Write(ctx, func(*store.Tx) error { ran = true; return nil }) }()
	cancel()
	if err := <-skipped; !errors.Is(err, context.Canceled) {
		t.Fatalf("waiting work: got %v, want context.Canceled", err)
	}
	open()
	// Work that has begun is waited for, whatever happens to its context.
	ctx, cancel = context.WithCancel(t.Context())
	err := s.Write(ctx, func(tx *store.Tx) error {
		cancel()
		return tx.AddMessage(message("m1", "C1"), referral.Blob{})
	})
	if err != nil {
		t.Fatalf("begun work: %v", err)
	}
	if _, err := s.Message(t.Context(), "m1"); err != nil {
		t.Fatal(err)
	}
	if ran {
		t.Error("skipped work ran")
	}
}

func TestTxIsOverAfterWork(t *testing.T) {
	s := fresh(t)
	var kept *store.Tx
	write(t, s, func(tx *store.Tx) error { kept = tx; return nil })
	if err := kept.PutReferral(record("r1", 1), referral.Clock{}); err == nil {
		t.Error("a write with a Tx that is over: want an error")
	}
	if _, err := kept.Delivery("x"); err == nil || errors.Is(err, referral.ErrNotFound) {
		t.Errorf("a read with a Tx that is over: got %v", err)
	}
}

func TestCloseFinishesWhatWaits(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "refloop.db"))
	release := gate(t, s)
	results := make(chan error, 50)
	for i := range 50 {
		go func() {
			results <- s.Write(context.Background(), func(tx *store.Tx) error {
				return tx.AddMessage(message(fmt.Sprint("m", i), ""), referral.Blob{})
			})
		}()
	}
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	release()
	for range 50 {
		if err := <-results; err != nil && !errors.Is(err, store.ErrClosed) {
			t.Errorf("got %v, want nil or ErrClosed", err)
		}
	}
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), func(*store.Tx) error { return nil }); !errors.Is(err, store.ErrClosed) {
		t.Errorf("after Close: got %v, want ErrClosed", err)
	}
}
