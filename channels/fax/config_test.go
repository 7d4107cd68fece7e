package fax

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"refloop/config"
)

// load reads a configuration and decodes its first channel and the first rail of its first partner.
func load(t *testing.T, text string) (Config, RailConfig, string) {
	t.Helper()
	t.Setenv("FAX_TEST_SEAL_KEY", strings.Repeat("k", 44))
	file := filepath.Join(t.TempDir(), "refloop.yaml")
	base := "organization: {name: N, oid: 1.2.3}\nstore: {seal_key: {env: FAX_TEST_SEAL_KEY}}\n"
	if err := os.WriteFile(file, []byte(base+text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, p := config.Load(file)
	var ch Config
	var rail RailConfig
	for _, x := range c.Channels {
		ch = DecodeChannel(x, p)
	}
	for _, x := range c.Partners {
		for _, r := range x.Rails {
			rail = DecodeRail(r, p)
		}
	}
	var lines []string
	for _, x := range p.All() {
		lines = append(lines, strings.TrimPrefix(x.String(), filepath.Dir(file)+string(filepath.Separator)))
	}
	return ch, rail, strings.Join(lines, "\n")
}

func TestConfig(t *testing.T) {
	ch, rail, problems := load(t, `channels:
  - {name: fax-inbox, type: fax, folder: var/fax-inbox, review_below: 0.9}
partners:
  - {id: lakeside, rails: [{type: fax, address: "+15550100", verified: 2026-11-01, folder: var/fax-outbox}]}
`)
	if problems != "" {
		t.Fatal(problems)
	}
	if filepath.Base(string(ch.Folder)) != "fax-inbox" || !filepath.IsAbs(string(ch.Folder)) || ch.Scan.D() != 5*time.Second || ch.Settle.D() != 2*time.Second || ch.Pages != 500 {
		t.Errorf("channel: %+v", ch)
	}
	if filepath.Base(string(rail.Folder)) != "fax-outbox" || rail.Verified.String() != "2026-11-01" || rail.Pages != 60 {
		t.Errorf("rail: %+v", rail)
	}
}

func TestConfigMistakes(t *testing.T) {
	_, _, problems := load(t, `channels:
  - {name: fax-inbox, type: fax, foldr: var/fax-inbox}
partners:
  - id: lakeside
    rails:
      - {type: fax, address: "call us", verified: yesterday, folder: out}
`)
	want := `refloop.yaml:4:5: channels[fax-inbox]: got 0 sources of faxes, want one of folder, hylafax, smtp, mailbox and webhook
refloop.yaml:4:34: channels[fax-inbox].foldr: got an unknown key, want one of ...; did you mean "folder"?
refloop.yaml:8:30: partners[lakeside].rails[0].address: got "call us", want a fax number such as +15550100
refloop.yaml:8:51: partners[lakeside].rails[0].verified: got "yesterday", want a day such as 2026-11-01`
	problems = regexp.MustCompile(`one of folder, [a-z_, ]*; did`).ReplaceAllString(problems, "one of ...; did") // the house adds keys of its own
	if d := cmp.Diff(want, problems); d != "" {
		t.Errorf("problems (-want +got):\n%s", d)
	}
}
