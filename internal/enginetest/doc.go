// Package enginetest is what tests of the engine share: a directory of partners, rails whose hands are functions, the real store as the
// engine sees it, and a node: engine, store and MLLP server wired as the daemon wires them.
package enginetest

import (
	"context"

	"refloop/engine"
	"refloop/store"
)

// Store gives the real store to the engine in the engine's own words.
type Store struct{ *store.Store }

// Write implements engine.Store.
func (s Store) Write(ctx context.Context, work func(engine.Tx) error) error {
	return s.Store.Write(ctx, func(tx *store.Tx) error { return work(tx) })
}
