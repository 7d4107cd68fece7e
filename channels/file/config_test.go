package file

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"refloop/config"
)

// load reads a configuration and decodes its first channel and the first rail of its first partner.
func load(t *testing.T, text string) (Config, RailConfig, string) {
	t.Helper()
	t.Setenv("FILE_TEST_SEAL_KEY", strings.Repeat("k", 44))
	file := filepath.Join(t.TempDir(), "refloop.yaml")
	base := "organization: {name: N, oid: 1.2.3}\nstore: {seal_key: {env: FILE_TEST_SEAL_KEY}}\n"
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
  - {name: drop, type: file, folder: var/in, scan: 1s}
partners:
  - {id: northside-files, own: true, rails: [{type: file, folder: var/out, body: [cda, pdf, json]}]}
`)
	if problems != "" {
		t.Fatal(problems)
	}
	if filepath.Base(string(ch.Folder)) != "in" || ch.Scan.D() != time.Second || ch.Settle.D() != 2*time.Second {
		t.Errorf("channel: %+v", ch)
	}
	if filepath.Base(string(rail.Folder)) != "out" || len(rail.Body) != 3 {
		t.Errorf("rail: %+v", rail)
	}
}

func TestConfigMistakes(t *testing.T) {
	_, _, problems := load(t, `channels:
  - {name: drop, type: file}
partners:
  - {id: northside-files, rails: [{type: file, folder: out, body: [cda, tiff]}]}
`)
	want := `refloop.yaml:4:5: channels[drop].folder: got nothing, want a folder
refloop.yaml:6:73: partners[northside-files].rails[0].body[1]: got "tiff", want cda, pdf or json`
	if d := cmp.Diff(want, problems); d != "" {
		t.Errorf("problems (-want +got):\n%s", d)
	}
}
