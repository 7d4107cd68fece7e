package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// checked runs refloop check on a configuration in a folder of its own.
func checked(t *testing.T, text string) (code int, said string) {
	t.Helper()
	dir := t.TempDir()
	for name, body := range map[string]string{"refloop.yaml": text, "seal.key": strings.Repeat("k", 44), "short.key": "too short", "afile": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	code = run([]string{"check", filepath.Join(dir, "refloop.yaml")}, strings.NewReader(""), &out, &out)
	return code, strings.ReplaceAll(out.String(), dir+"/", "")
}

const checkedHead = `organization: {name: South, oid: 1.2.3}
store: {url: "sqlite:var/r.db", seal_key: {file: seal.key}}
`

// TestCheckFindsWhatServeRefuses: what keeps a daemon from starting and needs no port to know is found, with its place.
func TestCheckFindsWhatServeRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"one address": {checkedHead + "channels:\n  - {name: a, type: mllp, listen: \"127.0.0.1:2575\"}\n  - {name: b, type: mllp, listen: \"0.0.0.0:2575\"}\n",
			"refloop.yaml:5:35: channels[b].listen: got 0.0.0.0:2575, on which channels[a].listen listens too (refloop.yaml:4:35), want an address of its own"},
		"the console's address": {checkedHead + "console: {listen: \"127.0.0.1:8081\"}\nchannels:\n  - {name: a, type: mllp, listen: \"localhost:8081\"}\n", "on which console.listen listens too"},
		"a short seal key":      {strings.Replace(checkedHead, "seal.key", "short.key", 1), "refloop.yaml:2:43: store.seal_key: got a secret of 9 characters, want 32 random bytes"},
		"a character set": {checkedHead + "channels:\n  - {name: a, type: mllp, listen: \"127.0.0.1:2575\", charset: NONSENSE}\n",
			"refloop.yaml:4:62: channels[a].charset: got \"NONSENSE\", want a character set that is read: ASCII, 8859/1 to"},
		"a file for a folder":      {checkedHead + "channels: [{name: a, type: file, folder: afile}]\n", "channels[a].folder: got a file, want a folder"},
		"a folder in a file":       {checkedHead + "partners: [{id: p, rails: [{type: file, folder: afile/out}]}]\n", "folder: got a folder within a file, afile"},
		"a store within a file":    {strings.Replace(checkedHead, "var/r.db", "afile/r.db", 1), "store.url: got a file"},
		"a certificate":            {checkedHead + "channels:\n  - {name: a, type: mllp, listen: \"127.0.0.1:2575\", tls: {certificate: no.crt, key: no.key}}\n", "channels[a].tls: got files that cannot be used"},
		"HylaFAX that is not here": {checkedHead + "channels: [{name: a, type: fax, hylafax: {spool: no-spool}}]\n", "spool: got no folder of that name"},
		"a long socket":            {checkedHead + "socket: " + strings.Repeat("long-", 30) + "sock\n", "no system takes a longer one"},
	} {
		if code, said := checked(t, c.text); code != exitUsage || !strings.Contains(said, c.want) {
			t.Errorf("%s: got exit code %d, want %d and %q\n%s", name, code, exitUsage, c.want, said)
		}
	}
	ok := checkedHead + "console: {listen: \"127.0.0.1:0\"}\nchannels:\n  - {name: a, type: mllp, listen: \"127.0.0.1:2575\", charset: 8859/1}\n  - {name: b, type: mllp, listen: \"127.0.0.2:2575\"}\n  - {name: c, type: file, folder: not/there/yet}\n"
	if code, said := checked(t, ok); code != exitDone {
		t.Errorf("got exit code %d: %s", code, said)
	}
}

// TestCheckSaysEachMistakeOnce: nothing is said of what nobody wrote, and a merge key hides no other mistake.
func TestCheckSaysEachMistakeOnce(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string // what each line holds, in order
	}{
		"a tab":         {"organization:\n\tname: N\n", []string{"refloop.yaml:2:1: got text that is no YAML"}},
		"no table":      {checkedHead + "channels: [{name: a, type: mllp, listen: \"127.0.0.1:2575\", when: 'lookup(\"m\", msg(\"PID-3\")) == \"\"', lookup: {m: missing.csv}}]\n", []string{"channels[a].lookup.m: got no readable file"}},
		"a merge key":   {checkedHead + "channels:\n  - <<: {type: mllp, listen: \"127.0.0.1:2575\"}\n    name: a\n    when: \"1 +\"\n", []string{"4:5: got a merge key <<", "channels[a].when: "}},
		"merge at root": {checkedHead + "<<: {demo: true}\nsocket: 7\nrouts: []\n", []string{"3:1: got a merge key <<", "routs: got an unknown key"}},
	} {
		code, said := checked(t, c.text)
		lines := strings.Split(strings.TrimSpace(said), "\n")
		if code != exitUsage || len(lines) != len(c.want) {
			t.Errorf("%s: got exit code %d, %d lines, want %d\n%s", name, code, len(lines), len(c.want), said)
			continue
		}
		for i, want := range c.want {
			if !strings.Contains(lines[i], want) {
				t.Errorf("%s: got %s, want %s", name, lines[i], want)
			}
		}
	}
}
