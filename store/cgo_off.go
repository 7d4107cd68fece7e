//go:build !cgo

package store

// withCgo says that the SQLite driver is only a stub: it compiles and cannot open anything.
const withCgo = false
