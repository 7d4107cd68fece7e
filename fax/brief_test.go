//go:build !long

package fax

// Sizes of the sweeps of `make test`; `make test-long` does more.
const (
	longTests    = false
	replyDefault = 2
)
