package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"refloop/engine"
	"refloop/store"
)

// engineStore gives the store's writer to the engine in the engine's own words.
type engineStore struct{ *store.Store }

// Write implements engine.Store.
func (s engineStore) Write(ctx context.Context, work func(engine.Tx) error) error {
	return s.Store.Write(ctx, func(tx *store.Tx) error { return work(tx) })
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
