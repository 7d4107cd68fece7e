//go:build !cgo

package store

// withCgo says that the SQLite driver is only a stub: it compiles and cannot open anything.
const withCgo = false

// Failed is the other build's: without a driver nothing is ever written.
func Failed(error) bool { return false }
