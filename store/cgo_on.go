//go:build cgo

package store

import (
	"errors"

	"github.com/mattn/go-sqlite3"
)

// withCgo says that the SQLite driver is really in this program.
const withCgo = true

// Failed reports whether a write failed because nothing can be written: the disk is full, gone or read-only, or the file is damaged.
// Errors of the work itself are none.
func Failed(err error) bool {
	var e sqlite3.Error
	if errors.Is(err, errLost) {
		return true
	}
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case sqlite3.ErrFull, sqlite3.ErrIoErr, sqlite3.ErrReadonly, sqlite3.ErrCantOpen, sqlite3.ErrCorrupt, sqlite3.ErrNotADB, sqlite3.ErrPerm:
		return true
	}
	return false
}
