//go:build cgo

package store

import (
	"errors"
	"fmt"
	"testing"

	"github.com/mattn/go-sqlite3"

	"refloop/referral"
)

func TestFailed(t *testing.T) {
	for what, c := range map[string]struct {
		err  error
		want bool
	}{
		"disk full":              {fmt.Errorf("store: commit: %w", sqlite3.Error{Code: sqlite3.ErrFull}), true},
		"the transaction is off": {errors.Join(errors.New("x"), errLost), true},
		"a constraint":           {sqlite3.Error{Code: sqlite3.ErrConstraint}, false},
		"the work's own":         {referral.ErrNotFound, false},
		"nothing":                {nil, false},
	} {
		if got := Failed(c.err); got != c.want {
			t.Errorf("%s: got %v, want %v", what, got, c.want)
		}
	}
}
