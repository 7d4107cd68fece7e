package main

import (
	"os"
	"path/filepath"
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

// What a rail's keys say reaches the code that writes for it.
func TestRailDialects(t *testing.T) {
	pl := planned(t, plannedHead+`direct: {address: r@direct.northside.example}
partners:
  - id: lakeside
    rails: [{type: direct, address: a@direct.lakeside.example, outcome: omg}, {type: direct, address: b@direct.lakeside.example}]
`)
	var got []string
	for _, r := range pl.directory.Partners[0].Rails {
		got = append(got, r.Dialect.Outcome)
	}
	if len(got) != 2 || got[0] != "omg" || got[1] != "osu" {
		t.Errorf("got outcome %q, want omg and osu", got)
	}
}

// The notice of mails is the statement that everything else says.
func TestDirectNoticeIsStatement1(t *testing.T) {
	if direct.Redisclosure != transform.Part2Statement1 {
		t.Error("channels/direct says another notice than transform")
	}
}
