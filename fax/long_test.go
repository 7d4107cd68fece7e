//go:build long

package fax

// Sizes of the sweeps of `make test-long`.
const (
	longTests    = true
	replyDefault = 60
)
