package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"refloop/config"
)

// Who may speak with the daemon needs to read nothing but the name of its socket.
func TestSocketOf(t *testing.T) {
	t.Setenv("REFLOOP_SOCKET", "")
	dir := t.TempDir()
	path := filepath.Join(dir, "refloop.yaml")
	for text, want := range map[string]string{
		"socket: /run/r/r.sock\nstore: {seal_key: {file: not/there}}\n": "/run/r/r.sock",
		"socket: own.sock\ninclude: [not/there.yaml]\n":                 filepath.Join(dir, "own.sock"),
		"organization: {name: Northside}\n":                             filepath.Join(dir, "var/refloop.sock"),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := config.SocketOf(path); err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
	if _, err := config.SocketOf(filepath.Join(dir, "none.yaml")); err == nil {
		t.Error("no file: got no error")
	}
	t.Setenv("REFLOOP_SOCKET", "other.sock")
	if got, err := config.SocketOf(filepath.Join(dir, "none.yaml")); err != nil || got != "other.sock" {
		t.Errorf("with the variable: got %q, %v", got, err)
	}
}
