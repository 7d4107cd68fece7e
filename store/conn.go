package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"refloop/referral"
)

// source is what reads run on: the writer inside a piece of work, or the reader pool.
type source interface {
	query(ctx context.Context, q string, args ...any) (*sql.Rows, error)
}

// pool is the reader pool.
type pool struct{ db *sql.DB }

func (p pool) query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	return p.db.QueryContext(ctx, q, args...)
}

// writer is the one connection that writes, with its prepared statements. Only the writer goroutine uses it.
type writer struct {
	db    *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
	inTx  bool
	lost  bool // SQLite gave up the transaction by itself; nothing may run until it is over
}

var errLost = errors.New("store: SQLite gave up the transaction (disk full or I/O error)")

func newWriter(ctx context.Context, db *sql.DB) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &writer{db: db, conn: conn, stmts: map[string]*sql.Stmt{}}, nil
}

func (w *writer) close() error {
	var errs []error
	for _, st := range w.stmts {
		errs = append(errs, st.Close())
	}
	return errors.Join(append(errs, w.conn.Close(), w.db.Close())...)
}

// prepared returns the statement of q, made once. The driver starts a goroutine for every statement with a context that can end, so
// the writer always works under context.Background.
//
// SQLite prepares a statement again at every call when its planner looked at a bound value, which costs ten times a look-up. It looks at
// a bound LIMIT, at col = ?1 beside an ORDER BY, and at col = ?1 beside col <> ”. Statements that run for every message therefore have
// their limit in the text and say CAST(?1 AS TEXT).
func (w *writer) prepared(q string) (*sql.Stmt, error) {
	if st := w.stmts[q]; st != nil {
		return st, nil
	}
	st, err := w.conn.PrepareContext(context.Background(), rewrite(sqlite, q))
	if err != nil {
		return nil, fmt.Errorf("store: preparing a statement: %w", err)
	}
	w.stmts[q] = st
	return st, nil
}

func (w *writer) query(_ context.Context, q string, args ...any) (*sql.Rows, error) {
	if w.lost {
		return nil, errLost
	}
	st, err := w.prepared(q)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(context.Background(), args...)
}

// exec runs q and returns the number of rows it changed.
func (w *writer) exec(q string, args ...any) (int64, error) {
	if w.lost {
		return 0, errLost
	}
	st, err := w.prepared(q)
	if err != nil {
		return 0, err
	}
	res, err := st.ExecContext(context.Background(), args...)
	if err != nil {
		w.checkLost()
		return 0, err
	}
	return res.RowsAffected()
}

// checkLost looks, after an error, whether the transaction still stands: without it the next statement would commit by itself.
func (w *writer) checkLost() {
	if !w.inTx {
		return
	}
	err := w.conn.Raw(func(c any) error {
		if c, ok := c.(interface{ AutoCommit() bool }); ok {
			w.lost = c.AutoCommit()
		}
		return nil
	})
	w.lost = w.lost || err != nil
}

// scan is one row on its way into variables.
type scan func(dest ...any) error

// many reads all rows of q with each.
func many[T any](ctx context.Context, src source, each func(scan) (T, error), q string, args ...any) ([]T, error) {
	rows, err := src.query(ctx, q, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := each(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// one reads the first row of q; referral.ErrNotFound when there is none.
func one[T any](ctx context.Context, src source, each func(scan) (T, error), q string, args ...any) (T, error) {
	var zero T
	rows, err := src.query(ctx, q, args...)
	if err != nil {
		return zero, err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return zero, err
		}
		return zero, referral.ErrNotFound
	}
	v, err := each(rows.Scan)
	if err != nil {
		return zero, err
	}
	return v, rows.Close()
}

// text, number and blob read rows of one column.
func text(s scan) (v string, err error)  { err = s(&v); return v, err }
func number(s scan) (v int64, err error) { err = s(&v); return v, err }
func blob(s scan) (v []byte, err error)  { err = s(&v); return v, err }
