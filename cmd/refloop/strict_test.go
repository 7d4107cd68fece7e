package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"refloop/config"
)

// TestStrictSwitch: xdm: strict of a partner's Direct rail counts for its address, its clinicians and its domain, and for nobody else.
func TestStrictSwitch(t *testing.T) {
	dir := t.TempDir()
	b, err := os.ReadFile("../../examples/refloop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const rail = "{type: direct, address: referrals@direct.lakeside.example, dialect: 360x}"
	if !strings.Contains(string(b), rail) {
		t.Fatal("the example has no Direct rail of Lakeside any more")
	}
	for value, want := range map[string]bool{"strict": true, "lenient": false, "": false} {
		key := ""
		if value != "" {
			key = ", xdm: " + value
		}
		file := filepath.Join(dir, "refloop.yaml")
		if err := os.WriteFile(file, []byte(strings.Replace(string(b), rail, strings.TrimSuffix(rail, "}")+key+"}", 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, p := config.Load(file)
		pl := makePlan(cfg, p)
		room := pl.direct.agentOf(slog.New(slog.DiscardHandler), nil, nil)
		for sender, strict := range map[string]bool{"referrals@direct.lakeside.example": want, "anybody@direct.lakeside.example": want, "a@elsewhere.example": false, "": false} {
			if got := room.Strict(sender); got != strict {
				t.Errorf("xdm: %q: %s: got %v, want %v", value, sender, got, strict)
			}
		}
	}
}
