package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"refloop/engine"
	"refloop/store"
)

// engineStore gives the store's writer to the engine in the engine's own words, and remembers since when nothing can be written.
type engineStore struct {
	*store.Store
	failing *atomic.Int64 // Unix time of the first failed write since the last good one; 0: writes work
}

// Write implements engine.Store.
func (s engineStore) Write(ctx context.Context, work func(engine.Tx) error) error {
	err := s.Store.Write(ctx, func(tx *store.Tx) error { return work(tx) })
	switch {
	case err == nil:
		s.failing.Store(0)
	case store.Failed(err):
		s.failing.CompareAndSwap(0, time.Now().Unix())
	}
	return err
}

// minSealKey is the least length of a seal key given as words.
const minSealKey = 32

// sealKey makes the 32 bytes that wrap the data keys: base64 or hex of 32 bytes as `openssl rand` writes them, or any longer secret,
// which is hashed.
func sealKey(secret string) ([32]byte, error) {
	var key [32]byte
	text := strings.TrimSpace(secret)
	if b, err := hex.DecodeString(text); err == nil && len(b) == len(key) {
		return [32]byte(b), nil
	}
	if b, err := base64.StdEncoding.DecodeString(text); err == nil && len(b) == len(key) {
		return [32]byte(b), nil
	}
	if len(text) < minSealKey {
		return key, fmt.Errorf("store.seal_key: got a secret of %d characters, want 32 random bytes as hex or base64; make one with: openssl rand -base64 32", len(text))
	}
	return sha256.Sum256([]byte(text)), nil
}
