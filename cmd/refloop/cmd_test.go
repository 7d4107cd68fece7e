package main

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/cobra"

	"refloop/console"
	"refloop/referral"
)

func TestPrintTable(t *testing.T) {
	for name, c := range map[string]struct {
		head []string
		rows [][]string
		want string
	}{
		"aligned":        {[]string{"ID", "NAME", "X"}, [][]string{{"1", "é", "2"}, {"100", "abcdef", "3"}}, "ID   NAME    X\n1    é       2\n100  abcdef  3\n"},
		"empty cells":    {[]string{"A", "B", "C"}, [][]string{{"", "", "1"}, {"1", "", ""}}, "A  B  C\n-  -  1\n1\n"},
		"no head":        {nil, [][]string{{"a", "b"}}, "a  b\n"},
		"nothing":        {nil, nil, ""},
		"control":        {nil, [][]string{{"a\x1b[2Jb\nc\u202ed", "e"}}, "a [2Jb c d  e\n"},
		"ragged, longer": {[]string{"A"}, [][]string{{"1", "2", "3"}}, "A\n1  2  3\n"},
	} {
		var b bytes.Buffer
		if err := printTable(&b, c.head, c.rows); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, b.String()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestShort(t *testing.T) {
	if got := short(strings.Repeat("é", maxCell)); got != strings.Repeat("é", maxCell) {
		t.Errorf("got %q, want it whole", got)
	}
	if got := short(strings.Repeat("é", maxCell+1)); len([]rune(got)) != maxCell || !strings.HasSuffix(got, "…") {
		t.Errorf("got %q, want %d characters and an ellipsis", got, maxCell)
	}
}

func TestParseSince(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Time{
		"":                          {},
		"2026-11-22":                time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC),
		"2026-11-22T08:00:00-06:00": time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC),
		"24h":                       now.Add(-24 * time.Hour),
		"7d":                        now.Add(-7 * 24 * time.Hour),
	} {
		got, err := parseSince(in, now)
		if err != nil || !got.Equal(want) {
			t.Errorf("%q: got %v, %v, want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"yesterday", "-1h", "24", "2026-13-01"} {
		if _, err := parseSince(in, now); !isUsage(err) {
			t.Errorf("%q: got %v, want wrong usage", in, err)
		}
	}
}

func TestParseAt(t *testing.T) {
	chicago := time.FixedZone("CST", -6*3600)
	for in, want := range map[string]string{
		"2026-12-01T09:30:00-06:00": "2026-12-01T15:30:00Z",
		"2026-12-01T09:30-06:00":    "2026-12-01T15:30:00Z",
		"2026-12-01T09:30Z":         "2026-12-01T09:30:00Z",
		"2026-12-01T09:30":          "2026-12-01T15:30:00Z",
		"2026-12-01 09:30:15":       "2026-12-01T15:30:15Z",
		"2026-12-01":                "2026-12-01T06:00:00Z",
	} {
		got, err := parseAt("at", in, chicago)
		if err != nil || got.UTC().Format(time.RFC3339) != want {
			t.Errorf("%q: got %v, %v, want %s", in, got, err, want)
		}
	}
	for _, in := range []string{"tomorrow", "09:30", "12/01/2026"} {
		if _, err := parseAt("at", in, chicago); !isUsage(err) {
			t.Errorf("%q: got %v, want wrong usage", in, err)
		}
	}
}

func isUsage(err error) bool {
	var u usageError
	return errors.As(err, &u)
}

func TestReadFind(t *testing.T) {
	got, err := readFind(strings.NewReader(`{"family": "Doe", "birth_date": "1980-01-02"}`))
	if diff := cmp.Diff(map[string]string{"family": "Doe", "birth_date": "1980-01-02"}, got); err != nil || diff != "" {
		t.Errorf("got %v, %s", err, diff)
	}
	for _, in := range []string{"", "{}", "Doe", `["Doe"]`, `{"family": 1}`, `{"name": "Doe"}`, strings.Repeat(" ", maxInput) + `{"family": "Doe"}`} {
		_, err := readFind(strings.NewReader(in))
		if !isUsage(err) {
			t.Errorf("%.20q: got %v, want wrong usage", in, err)
		} else if strings.Contains(err.Error(), "Doe") {
			t.Errorf("the error quotes the patient: %v", err)
		}
	}
}

func TestReadWords(t *testing.T) {
	act := func(in string, args ...string) (console.Act, error) {
		c := actCommand()
		c.SetIn(strings.NewReader(in))
		if err := c.ParseFlags(args); err != nil {
			t.Fatal(err)
		}
		return actOf(c, "verify")
	}
	got, err := act(`{"patient_dob": "1980-02-03", "hold": "fax_review"}`, "--set", "-", "--reason", "seen")
	if diff := cmp.Diff(console.Act{Verb: "verify", Reason: "seen", Set: map[string]string{"patient_dob": "1980-02-03", "hold": "fax_review"}}, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
		t.Errorf("--set -: %v %s", err, diff)
	}
	got, err = act("two\nlines\n", "--note", "-")
	if diff := cmp.Diff(console.Act{Verb: "verify", Note: "two\nlines"}, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
		t.Errorf("--note -: %v %s", err, diff)
	}
	for name, c := range map[string][]string{
		"set on the command line": {"", "--set", "a=b"}, "note on the command line": {"", "--note", "words"}, "both": {"{}", "--set", "-", "--note", "-"},
		"no object": {"[]", "--set", "-"}, "no text": {`{"a": 1}`, "--set", "-"}, "no time": {"", "--at", "soon"},
	} {
		if _, err := act(c[0], c[1:]...); !isUsage(err) {
			t.Errorf("%s: got %v, want wrong usage", name, err)
		}
	}
}

func TestContentType(t *testing.T) {
	for _, c := range []struct{ body, path, want string }{
		{"%PDF-1.7\n", "x.txt", "application/pdf"},
		{"II*\x00....", "x", "image/tiff"},
		{"MM\x00*....", "x", "image/tiff"},
		{"\x89PNG\r\n\x1a\n....", "x.pdf", "image/png"},
		{"\xff\xd8\xff\xe0\x00", "x", "image/jpeg"},
		{`{\rtf1 x}`, "x.doc", "application/rtf"},
		{"<?xml version=\"1.0\"?><ClinicalDocument/>", "x", "text/xml"},
		{"\xef\xbb\xbf  <ClinicalDocument xmlns='urn:hl7-org:v3'/>", "x", "text/xml"},
		{"<!DOCTYPE html><p>x", "x", "text/html"},
		{"<p>x", "x.HTM", "text/html"},
		{"Seen today.", "note.txt", "text/plain"},
		{"Seen today.", "note", "text/plain"},
		{"", "note.txt", ""},
		{"PK\x03\x04\x00\x00", "note.docx", ""},
		{"caf\xe9", "note.txt", ""},
	} {
		got, err := contentType([]byte(c.body), c.path)
		if got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%.12q of %s: got %q, %v, want %q", c.body, c.path, got, err, c.want)
		}
	}
}

// TestVerbs: the help names every act there is, and no other.
func TestVerbs(t *testing.T) {
	offered := map[string]bool{}
	for _, row := range referral.Table() {
		if verb := string(referral.ActionOf(row.Event)); referral.ActionFor(verb) != "" {
			offered[verb] = true
		}
	}
	for _, verb := range verbs() {
		if referral.ActionFor(verb) == "" && verb != "accept-as" { // which acts on a held message that is no referral yet
			t.Errorf("the help names %q, which is no act", verb)
		}
		delete(offered, verb)
	}
	for verb := range offered {
		t.Errorf("the help does not name %q", verb)
	}
}

func TestEveryStateHasWords(t *testing.T) {
	for _, s := range referral.States() {
		if strings.Contains(stateWords(s), "not known") {
			t.Errorf("%s has no words", s)
		}
	}
	for _, k := range referral.HoldKinds() {
		if holdRemedy(k) == "" {
			t.Errorf("%s has no remedy", k)
		}
	}
}

// TestHelp: every command that a person may call says what it does, and its listing has the flags that all listings have.
func TestHelp(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Short == "" && !c.Hidden && c.Name() != "refloop" {
			t.Errorf("%s says nothing of itself", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	root := newRoot()
	walk(root)
	for _, name := range []string{"messages", "referrals", "deliveries", "worklist", "partners", "keys", "show", "actions", "act", "reprocess"} {
		c, _, err := root.Find([]string{name})
		if err != nil || c.Flags().Lookup("json") == nil {
			t.Errorf("%s: got no --json (%v)", name, err)
		}
	}
	for _, name := range []string{"messages", "referrals", "deliveries"} {
		c, _, err := root.Find([]string{name})
		if err != nil {
			t.Fatal(err)
		}
		for _, flag := range []string{"limit", "since", "state"} {
			if c.Flags().Lookup(flag) == nil {
				t.Errorf("%s: got no --%s", name, flag)
			}
		}
	}
	if !slices.ContainsFunc(root.Commands(), func(c *cobra.Command) bool { return c.Name() == "ocr-worker" && c.Hidden }) {
		t.Error("got no hidden ocr-worker")
	}
}

func TestDescribe(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run([]string{"config", "describe"}, strings.NewReader(""), &out, &errs); code != exitDone || errs.Len() > 0 {
		t.Fatalf("got exit code %d, %s", code, &errs)
	}
	for _, want := range []string{"organization.oid ", "channels[].listen ", "partners[].rails[].verified ", "direct.anchors[].inbound[] "} {
		if !strings.Contains(out.String(), "\n"+want) {
			t.Errorf("config describe: got no line for %s", want)
		}
	}
}
