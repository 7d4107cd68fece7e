package store

import (
	"log/slog"
	"path/filepath"
	"testing"
)

// openHere opens a fresh store for a test that looks inside.
func openHere(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "refloop.db"), SealKey: [32]byte{1}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
