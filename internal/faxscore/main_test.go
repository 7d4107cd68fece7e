package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	dir := t.TempDir()
	n, err := split(strings.NewReader("{\"file\":\"in/a.b.tif\",\"part2\":false}\n{\"file\":\"b.pdf\",\"error\":\"x\"}\n"), dir)
	if err != nil || n != 2 {
		t.Fatalf("got %d, %v; want two files", n, err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "a.b.json"))
	if err != nil || !strings.Contains(string(b), "part2") {
		t.Errorf("got %q, %v", b, err)
	}
	if _, err := split(strings.NewReader("no json\n"), dir); err == nil {
		t.Error("got no error for a line that is no JSON")
	}
}
