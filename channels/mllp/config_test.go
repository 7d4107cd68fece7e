package mllp

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"refloop/config"
)

const base = `organization: {name: N, oid: 2.16.840.1.113883.3.72.5.9.1}
store: {seal_key: {env: MLLP_TEST_SEAL_KEY}}
`

// load reads a configuration and decodes its first channel and the first rail of its first partner.
func load(t *testing.T, text string) (Config, RailConfig, string) {
	t.Helper()
	t.Setenv("MLLP_TEST_SEAL_KEY", strings.Repeat("k", 44))
	file := filepath.Join(t.TempDir(), "refloop.yaml")
	if err := os.WriteFile(file, []byte(base+text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, p := config.Load(file)
	var ch Config
	var rail RailConfig
	if c != nil {
		for _, x := range c.Channels {
			ch = DecodeChannel(x, p)
		}
		for _, x := range c.Partners {
			for _, r := range x.Rails {
				rail = DecodeRail(r, p)
			}
		}
	}
	var lines []string
	for _, x := range p.All() {
		lines = append(lines, strings.TrimPrefix(x.String(), filepath.Dir(file)+string(filepath.Separator)))
	}
	return ch, rail, strings.Join(lines, "\n")
}

func TestConfigDefaults(t *testing.T) {
	ch, rail, problems := load(t, `channels:
  - {name: in, type: mllp, listen: "127.0.0.1:2575", allow: [127.0.0.0/8]}
partners:
  - {id: ehr, rails: [{type: mllp, address: "127.0.0.1:2600", version: "2.5.1", status: rri, report: mdm, body: pdf, ack_from: ehr, ack_timeout: 10s, processing: P}]}
`)
	if problems != "" {
		t.Fatal(problems)
	}
	if ch.Ack != "auto" || ch.Reply != "ack" || ch.Connections != 1000 || ch.Idle.D() != 30*time.Minute || len(ch.Allow) != 1 || ch.TLS != nil || ch.Storage != "close" || ch.Garbled != "AR" {
		t.Errorf("channel: %+v", ch)
	}
	want := Dialect{Version: "2.5.1", Status: "rri", Report: "mdm", Body: Words{"pdf"}, AckFrom: "ehr", Processing: "P"}
	if d := cmp.Diff(want, rail.Dialect); d != "" || rail.AckTimeout.D() != 10*time.Second || rail.Connection != "keep" || rail.TLS != "auto" {
		t.Errorf("rail: %+v %s", rail, d)
	}
}

func TestConfigMistakes(t *testing.T) {
	_, _, got := load(t, `channels:
  - name: in
    type: mllp
    lisen: x
    listen: nowhere
    ack: maybe
    allow: [10.0.0.0/99]
    tls: {certificate: no.crt, key: no.key}
partners:
  - id: ehr
    rails:
      - {type: mllp, address: "127.0.0.1", body: [pdf, docx], ca: missing.crt, certificate: c.crt}
`)
	for _, want := range []string{
		`refloop.yaml:6:5: channels[in].lisen: got an unknown key`, `did you mean "listen"?`, `channels[in].listen: got "nowhere", want an address such as 127.0.0.1:2575`,
		`channels[in].ack: got "maybe"`, `channels[in].allow`, `channels[in].tls: got files that cannot be used`,
		`address: got "127.0.0.1", want host:port`, `got "docx", want pdf, text, cda or json`, `got one of certificate and key, want both or none`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
