package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"refloop/channels"
	"refloop/hl7"
	"refloop/referral"
	"refloop/transform"
)

var update = flag.Bool("update", false, "rewrite docs/interface-spec.md")

const root = "../.."

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPageIsUpToDate(t *testing.T) {
	got, err := Page(root)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, filepath.FromSlash(target))
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			t.Fatalf("%s is not what the code says; run go run ./internal/interfacespec and look at the difference\nline %d\nhave %s\nwant %s", target, i+1, w[i], g[i])
		}
	}
	t.Fatalf("%s is not what the code says: got %d lines, want %d; run go run ./internal/interfacespec", target, len(w), len(g))
}

// The page must be readable by people: no line of ours ends in white space, no table cell is broken.
func TestPageIsTidy(t *testing.T) {
	page, err := Page(root)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(page), "\n") {
		if strings.TrimRight(line, " \t\r") != line {
			t.Errorf("line %d ends in white space", i+1)
		}
		if strings.Contains(line, "<no value>") || strings.Contains(line, "\u0001") {
			t.Errorf("line %d: %s", i+1, line)
		}
	}
}

// Every field that the page says is read makes a difference when it is sent.
func TestReadsAreRead(t *testing.T) {
	for name, f := range families() {
		plain := decodedAs(t, f.base, f.from)
		if plain.Verdict != channels.Taken || len(plain.Facts) == 0 {
			t.Errorf("%s: the base message is not taken up: %+v", name, plain.Problems)
		}
		for _, r := range f.rows {
			got := decodedAs(t, f.base.with(r.at, r.example), f.from)
			if got.Verdict != channels.Taken || got.Ignore != "" || got.Hold != "" {
				t.Errorf("%s: %s with its example: got verdict %d %s%s %+v, want it taken up", name, r.at, got.Verdict, got.Ignore, got.Hold, got.Problems)
			}
			if bytes.Equal(facts(t, got), facts(t, plain)) {
				t.Errorf("%s: %s is said to be read, but sending it changes nothing", name, r.at)
			}
		}
	}
}

func decodedAs(t *testing.T, l lines, partner string) transform.Decoded {
	t.Helper()
	return decode(l.bytes(), from(partner))
}

func facts(t *testing.T, d transform.Decoded) []byte {
	t.Helper()
	b, err := json.Marshal([]any{d.Facts, d.Documents})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What the page says of a message that we send is all that stands in it, over all steps that such a message tells.
func TestFieldsAreComplete(t *testing.T) {
	for name, o := range outgoings() {
		filled := map[string]bool{}
		kind := kindOf(t, o, o.event)
		for ev := range words {
			for _, full := range []bool{false, true} {
				o.event, o.full = ev, full
				s, err := render(o)
				if err != nil || !sameKind(message(s).Title, kind) {
					continue
				}
				for _, at := range fieldsOf(t, message(s).Body) {
					filled[at] = true
				}
			}
		}
		var told []string
		for _, w := range o.rows {
			told = append(told, w.at)
			if !filled[w.at] {
				t.Errorf("%s: %s is told, but never sent", name, w.at)
			}
		}
		for at := range filled {
			if segment, n, _ := strings.Cut(at, "-"); !slices.Contains(told, at) && !slices.Contains(everywhere, segment) && (n != "1" || slices.Contains([]string{"MSA", "RF1", "ORC", "PRD", "EVN"}, segment)) {
				t.Errorf("%s: %s is sent, but not told", name, at)
			}
		}
	}
}

// sameKind compares types; all triggers of SIU and REF share a layout.
func sameKind(a, b string) bool {
	return a == b || a != "" && a[:3] == b[:3] && slices.Contains([]string{"SIU", "REF", "RRI"}, a[:3])
}

func kindOf(t *testing.T, o outgoing, ev referral.EventType) string {
	t.Helper()
	o.event = ev
	s, err := render(o)
	if err != nil {
		t.Fatal(err)
	}
	return message(s).Title
}

func fieldsOf(t *testing.T, body []byte) []string {
	t.Helper()
	m, err := hl7.Parse(body, hl7.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for s := range m.Segments() {
		for n := 1; n <= 60; n++ {
			if !s.Field(n).Empty() {
				out = append(out, s.Name()+"-"+strconv.Itoa(n))
			}
		}
	}
	return out
}

// What the prose says in words about a message that only the decoder can answer.
func TestProse(t *testing.T) {
	rri := decodedAs(t, rriBase().with("RF1-6", ""), lakeside)
	if rri.Verdict != channels.Taken || len(rri.Facts) != 1 || len(rri.Facts[0].Ref) != 0 {
		t.Errorf("an RRI with MSA-2 alone: got %+v, want it taken up without a referral number", rri)
	}
	reason := decodedAs(t, refBase(), ehr)
	if n := len(reason.Facts[0].Event.Payload.Record.Holds); n != 1 {
		t.Errorf("a REF without reason: got %d holds, want one", n)
	}
	unknown := decode(refBase().with("MSH-3", "OTHER").bytes(), transform.Channel{Name: "in", Type: channels.MLLP})
	if unknown.Verdict != channels.Taken || unknown.Hold == "" {
		t.Errorf("an unknown sender: got verdict %d, hold %q, want it held", unknown.Verdict, unknown.Hold)
	}
	for _, id := range []string{"T", "D"} {
		if d := decodedAs(t, refBase().with("MSH-11", id), ehr); d.Verdict != channels.Reject {
			t.Errorf("MSH-11 %s: got verdict %d, want it refused", id, d.Verdict)
		}
	}
	if d := decodedAs(t, mdmBase().with("MSH-9", "MDM^T11"), lakeside); d.Verdict != channels.Reject || d.Problems[0].Code != hl7.CodeEvent {
		t.Errorf("an event we do not take: got %+v, want 200", d.Problems)
	}
}
