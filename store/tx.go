package store

import (
	"context"
	"database/sql"
	"errors"
)

// errTxOver is returned by a Tx that was kept after its work.
var errTxOver = errors.New("store: this Tx is over; it must not be kept after Write's work returned")

// Tx is the writer's hand on the database inside one piece of work.
type Tx struct {
	s     *Store
	w     *writer
	job   *job
	depth int
	over  bool

	message pendingMessage
	record  sealedRecord // the last record that was sealed, so that the event's snapshot need not do it again
}

// sealedRecord is a record as PutReferral sealed it.
type sealedRecord struct {
	id      string
	version int
	sealed  []byte
}

// ctx is what statements of the writer run under: they are never interrupted half way.
func (tx *Tx) ctx() context.Context { return context.Background() }

// afterCommit calls f on the writer goroutine once the commit is durable.
func (tx *Tx) afterCommit(f func()) { tx.job.after = append(tx.job.after, f) }

// Inner runs f in a savepoint of its own: if f fails, what the work did outside of it stays. A panic of f fails the whole work.
func (tx *Tx) Inner(f func() error) error {
	if tx.over {
		return errTxOver
	}
	names := [...]string{"inner1", "inner2", "inner3", "inner4"}
	if tx.depth == len(names) {
		return errors.New("store: Inner: got more than 4 savepoints in each other; flatten the work")
	}
	tx.depth++
	defer func() { tx.depth-- }()
	err, fatal := tx.savepoint(names[tx.depth-1], f)
	return errors.Join(err, fatal)
}

// savepoint runs f and keeps or undoes what it wrote, the audit head included. fatal: the savepoint could not be closed, which means
// that SQLite has given up the whole transaction.
func (tx *Tx) savepoint(name string, f func() error) (err, fatal error) {
	if _, err := tx.w.exec(`SAVEPOINT ` + name); err != nil {
		return nil, err
	}
	head, message := tx.s.head, tx.message
	after := len(tx.job.after)
	if err = f(); err != nil {
		tx.s.head, tx.message = head, message
		tx.job.after = tx.job.after[:after]
		if _, fatal := tx.w.exec(`ROLLBACK TO ` + name); fatal != nil {
			return err, errors.Join(err, fatal)
		}
	}
	_, fatal = tx.w.exec(`RELEASE ` + name)
	return err, fatal
}

// query makes a Tx a source of reads.
func (tx *Tx) query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	if tx.over {
		return nil, errTxOver
	}
	return tx.w.query(ctx, q, args...)
}

// exec runs q inside the work.
func (tx *Tx) exec(q string, args ...any) (int64, error) {
	if tx.over {
		return 0, errTxOver
	}
	return tx.w.exec(q, args...)
}
