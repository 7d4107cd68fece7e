package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadmeEdge: the configuration that README shows for a site with a HISP is one.
func TestReadmeEdge(t *testing.T) {
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(b), "## You already have a HISP")
	_, block, opened := strings.Cut(section, "```yaml\n")
	block, _, closed := strings.Cut(block, "```")
	if !found || !opened || !closed {
		t.Fatal("got no section with a yaml block in README.md")
	}
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	block = strings.ReplaceAll(block, "var/hisp.password", password)
	pl := planned(t, "demo: true\n"+block)
	if !pl.direct.settings.Edge() || len(pl.direct.edges) != 1 || pl.direct.edges[0].Config.Mailbox.After != "move:Taken" {
		t.Errorf("got %+v", pl.direct.edges)
	}
}
