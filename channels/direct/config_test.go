package direct

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"refloop/config"
)

// Every mistake of the keys of this rail, each with its place.
func TestConfigMistakes(t *testing.T) {
	const head = "organization: {name: N, oid: 2.16.840.1.113883.3.72.5.9.1}\nstore: {seal_key: x}\n"
	for name, tc := range map[string]struct{ yaml, want string }{
		"no address":      {"direct: {relay: \"smtp://127.0.0.1:25\"}", "3:9: direct.address: got nothing, want a Direct address"},
		"bad address":     {"direct: {address: nobody}", "3:19: direct.address: got \"nobody\", want a Direct address"},
		"foreign address": {"direct: {address: a@b.example, domains: [c.example]}", "direct.address: got an address outside of direct.domains"},
		"mode":            {"direct: {address: a@b.example, mode: hub}", "direct.mode: got"},
		"ldap":            {"direct: {address: a@b.example, ldap: maybe}", "direct.ldap: got \"maybe\", want"},
		"unknown key":     {"direct: {address: a@b.example, anchor: []}", "did you mean \"anchors\"?"},
		"relay":           {"direct: {address: a@b.example, relay: \"http://x\"}", "direct.relay: got \"http://x\", want smtp://host:port"},
		"no such anchors": {"direct: {address: a@b.example, anchors: [{inbound: [nowhere]}]}", "want certificates"},
		"no such key":     {"direct: {address: a@b.example, identities: [{domain: b.example, certificate: x.crt, key: x.key}]}", "direct.identities[0]: got files that cannot be used"},
		"identity":        {"direct: {address: a@b.example, identities: [{certificate: x.crt, key: x.key}]}", "got both or none of domain and address, want one"},
		"open port":       {"direct: {address: a@b.example}\nchannels: [{name: d, type: direct, listen: \"0.0.0.0:25\"}]", "channels[d].listen: got an address outside of this machine without tls"},
		"listen":          {"direct: {address: a@b.example}\nchannels: [{name: d, type: direct, listen: here}]", "channels[d].listen: got \"here\", want an address"},
		"rail address":    {"direct: {address: a@b.example}\npartners: [{id: p, rails: [{type: direct, address: x}]}]", "got \"x\", want a Direct address"},
		"dialect":         {"direct: {address: a@b.example}\npartners: [{id: p, rails: [{type: direct, address: x@y.example, dialect: xds}]}]", "dialect: got \"xds\""},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "refloop.yaml")
			must(t, os.WriteFile(file, []byte(head+tc.yaml+"\n"), 0o600))
			cfg, p := config.Load(file)
			s := DecodeSettings(cfg.Direct, p)
			for _, c := range cfg.Channels {
				DecodeChannel(c, p)
			}
			var rails []RailConfig
			for _, partner := range cfg.Partners {
				for _, r := range partner.Rails {
					rails = append(rails, DecodeRail(r, p))
				}
			}
			Load(s, rails, p)
			if p.Err() == nil || !strings.Contains(p.Error(), tc.want) {
				t.Errorf("got %v, want %s", p.Err(), tc.want)
			}
		})
	}
}

func TestRelay(t *testing.T) {
	for s, want := range map[string]relay{
		"smtp://127.0.0.1:1025":       {"127.0.0.1:1025", "127.0.0.1", tlsOffered},
		"smtp://localhost":            {"localhost:25", "localhost", tlsOffered},
		"smtp://relay.example":        {"relay.example:25", "relay.example", tlsRequired},
		"smtps://relay.example":       {"relay.example:465", "relay.example", tlsAtOnce},
		"smtp+insecure://10.0.0.1:25": {"10.0.0.1:25", "10.0.0.1", tlsNever},
	} {
		if got, err := parseRelay(s); err != nil || got != want {
			t.Errorf("%s: got %+v %v", s, got, err)
		}
	}
	for _, s := range []string{"", "relay.example:25", "smtp://", "smtp://u:p@relay.example", "smtp://x/y", "imap://x", "smtp://x?y=z"} {
		if got, err := parseRelay(s); err == nil {
			t.Errorf("%q: got %+v, want an error", s, got)
		}
	}
}

func TestDemoIsIdempotent(t *testing.T) {
	s := newSite(t, "Northside", 1, north, "direct.northside.example", lake)
	before, err := os.ReadFile(filepath.Join(s.dir, "direct.crt"))
	must(t, err)
	made, err := EnsureDemo(s.agent.Settings, time.Now())
	must(t, err)
	after, err := os.ReadFile(filepath.Join(s.dir, "direct.crt"))
	must(t, err)
	if len(made) != 0 || string(before) != string(after) {
		t.Error("a second start made other keys")
	}
	info, err := os.Stat(filepath.Join(s.dir, "direct.key"))
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("key mode: %v", info.Mode())
	}
}
