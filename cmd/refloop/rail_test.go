package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"refloop/channels/direct"
	"refloop/config"
	"refloop/transform"
)

// planned reads a configuration as the daemon does, with nothing opened; mistakes about files that do not exist do not count.
func planned(t *testing.T, text string) *plan {
	t.Helper()
	path := filepath.Join(t.TempDir(), "refloop.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, p := config.Load(path)
	pl := makePlan(cfg, p)
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
	return pl
}

const plannedHead = `demo: true
organization: {name: Northside, oid: 1.2.3, npi: "1234567893"}
store: {url: "sqlite:r.db", seal_key: {file: seal.key}}
`

// What the keys of rails and channels say reaches the code that reads and writes for them.
func TestRailDialects(t *testing.T) {
	pl := planned(t, plannedHead+`direct: {address: r@direct.northside.example}
partners:
  - id: lakeside
    rails: [{type: direct, address: a@direct.lakeside.example, outcome: omg, processing: T}, {type: direct, address: b@direct.lakeside.example}]
channels:
  - {name: test, type: mllp, listen: 127.0.0.1:2575, processing: [P, T]}
  - {name: real, type: mllp, listen: 127.0.0.1:2576}
`)
	var got []string
	for _, r := range pl.directory.Partners[0].Rails {
		got = append(got, r.Dialect.Outcome, r.Dialect.Processing)
	}
	for _, c := range pl.channels {
		got = append(got, strings.Join(c.rules.Processing, ","))
	}
	if want := []string{"omg", "T", "osu", "P", "P,T", "P"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The notice of mails is the statement that everything else says.
func TestDirectNoticeIsStatement1(t *testing.T) {
	if direct.Redisclosure != transform.Part2Statement1 {
		t.Error("channels/direct says another notice than transform")
	}
}
