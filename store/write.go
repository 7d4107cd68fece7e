package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
)

// Limits of the writer.
const (
	groupLimit      = 256      // pieces of work in one commit
	queueLimit      = 1024     // pieces of work that wait; more wait in Write
	checkpointPages = 8 * 1024 // pages of 4 KiB in the write-ahead log before they are copied into the database
)

// States of a job: a caller that gives up and the writer that begins race for it.
const (
	jobWaiting = iota
	jobBegun
	jobSkipped
)

// job is one piece of work and its caller.
type job struct {
	work  func(*Tx) error
	state atomic.Int32
	err   error
	after []func() // run on the writer goroutine once the commit is durable
	done  chan struct{}
}

// Write runs work on the one writer, in its own savepoint inside a group commit, and returns after the commit is on disk. When work
// returns an error or panics, or the commit fails, nothing of it is kept. work must be quick, may run on another goroutine, must not
// call Write, and must not keep its Tx. When ctx ends before work began, work never runs and ctx's error is returned; work that has
// begun is waited for.
func (s *Store) Write(ctx context.Context, work func(*Tx) error) error {
	if s.writer == nil {
		return ErrReadOnly
	}
	j := &job{work: work, done: make(chan struct{})}
	if err := s.enqueue(ctx, j); err != nil {
		return err
	}
	select {
	case <-j.done:
		return j.err
	case <-ctx.Done():
	}
	if j.state.CompareAndSwap(jobWaiting, jobSkipped) {
		return ctx.Err()
	}
	<-j.done
	return j.err
}

func (s *Store) enqueue(ctx context.Context, j *job) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		return ErrClosed
	}
	select {
	case s.queue <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run is the writer goroutine: it takes what waits, commits it together, and answers.
func (s *Store) run() {
	defer close(s.done)
	group := make([]*job, 0, groupLimit)
	for first := range s.queue {
		group = s.take(append(group[:0], first))
		s.commit(group)
		for _, j := range group {
			close(j.done)
		}
		clear(group)
	}
}

// take adds to group what waits already.
func (s *Store) take(group []*job) []*job {
	for len(group) < groupLimit {
		select {
		case j, ok := <-s.queue:
			if !ok {
				return group
			}
			group = append(group, j)
		default:
			return group
		}
	}
	return group
}

// commit runs the group in one transaction and fills each job's err.
func (s *Store) commit(group []*job) {
	err := s.ensureKeys(s.cfg.Now())
	if err == nil {
		s.saved = s.head
		err = s.writer.atomically(func() error {
			for _, j := range group {
				if !j.state.CompareAndSwap(jobWaiting, jobBegun) {
					continue
				}
				var fatal error
				if j.err, fatal = s.runOne(j); fatal != nil {
					return fatal
				}
			}
			return s.storeHead()
		})
	}
	if err != nil {
		s.head = s.saved
		err = fmt.Errorf("store: commit: %w", err)
		s.log.Error("commit failed", "works", len(group), "error", err)
	}
	for _, j := range group {
		if err != nil {
			j.err = err
			continue
		}
		if j.err == nil {
			for _, f := range j.after {
				f()
			}
		}
	}
}

// runOne runs one piece of work in its savepoint. fatal: the transaction itself is lost, and with it the whole group.
func (s *Store) runOne(j *job) (err, fatal error) {
	tx := &Tx{s: s, w: s.writer, job: j}
	return tx.savepoint("work", func() error { return s.guarded(tx, j.work) })
}

// guarded turns a panic into an error, so that one bad message costs one message. The value is not logged: it may hold patient data.
func (s *Store) guarded(tx *Tx, work func(*Tx) error) (err error) {
	defer func() {
		tx.over = true
		if p := recover(); p != nil {
			s.log.Error("panic in a write", "kind", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			err = fmt.Errorf("store: write: got a panic (%T); see the log for its stack", p)
		}
	}()
	if err := work(tx); err != nil {
		return err
	}
	return tx.flushMessage()
}

// atomically runs f in one immediate transaction.
func (w *writer) atomically(f func() error) error {
	if _, err := w.exec(`BEGIN IMMEDIATE`); err != nil {
		return err
	}
	w.inTx = true
	err := f()
	if err == nil {
		_, err = w.exec(`COMMIT`)
	}
	w.inTx = false
	if w.lost {
		w.lost = false
		return errors.Join(err, errLost)
	}
	if err != nil {
		_, undo := w.exec(`ROLLBACK`)
		return errors.Join(err, undo)
	}
	return nil
}
