package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestALostSealKeyIsNotReplaced(t *testing.T) {
	dir := t.TempDir()
	key, db := filepath.Join(dir, "seal.key"), filepath.Join(dir, "refloop.db")
	if err := keyLost(key, "sqlite:"+db); err != nil {
		t.Errorf("a first start: got %v", err)
	}
	if err := os.WriteFile(db, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := keyLost(key, "sqlite:"+db); err == nil || !strings.Contains(err.Error(), "put the key back") {
		t.Errorf("a database without its key: got %v, want a refusal", err)
	}
	if err := os.WriteFile(key, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := keyLost(key, "sqlite:"+db); err != nil {
		t.Errorf("both: got %v", err)
	}
}
