//go:build cgo

package store

// withCgo says that the SQLite driver is really in this program.
const withCgo = true
