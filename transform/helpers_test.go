package transform

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"refloop/channels"
	"refloop/referral"
	"refloop/transform/rules"
)

var update = flag.Bool("update", false, "rewrite golden files")

const (
	ownOID  = "2.16.840.1.113883.3.72.5.9.1"
	lakeOID = "2.16.840.1.113883.3.72.5.9.2"
)

func hour(n int) time.Time { return time.Date(2026, 11, 3, n, 0, 0, 0, time.UTC) }

// northside is the directory of the hospital.
func northside() *Directory {
	return &Directory{
		Own: Organization{Name: "Northside Primary Care", OID: ownOID, NPI: "1234567893", Direct: "referrals@direct.northside.example", Phone: "+1 207 555 0132", Fax: "+1 207 555 0133"},
		Partners: []Partner{
			{ID: "northside-ehr", Name: "Northside EHR", Application: "NSEHR", Facility: "NORTHSIDE", Own: true, Rails: []Rail{{Type: channels.MLLP}}},
			{
				ID: "lakeside-cardiology", Name: "Lakeside Cardiology", NPI: "1992999825", OID: lakeOID,
				Clinicians: []Clinician{{Name: "Ana Ruiz MD", NPI: "1245319599", Direct: "ana.ruiz@direct.lakeside.example"}},
				Rails:      []Rail{{Type: channels.Direct, Address: "referrals@direct.lakeside.example"}, {Type: channels.Fax, Address: "+1 207 555 0100"}},
			},
			{ID: "hub", Name: "Hub", Application: "HUB", Facility: "X"},
			{ID: "clinic", Name: "Harbor Recovery", Part2: "program"},
			{ID: "dermatology", Name: "Dermatology", Part2: "not"},
		},
	}
}

// hl7Source is a message as a bound MLLP channel hands it over.
func hl7Source(body []byte, partner string) Source {
	return Source{
		Message:   channels.Archived{ID: "m1", Channel: "in", Type: "hl7", ReceivedAt: hour(12), Body: body},
		Opened:    channels.Opened{Parts: []channels.Part{{Kind: channels.KindHL7, Body: body}}},
		Channel:   Channel{Name: "in", Type: channels.MLLP, Partner: partner, ReviewBelow: 0.95},
		Directory: northside(),
	}
}

// mailSource is an opened Direct message with these parts from the specialist.
func mailSource(parts ...channels.Part) Source {
	return Source{
		Message:   channels.Archived{ID: "m2", Channel: "direct-in", ReceivedAt: hour(12)},
		Opened:    channels.Opened{Type: "direct/360x", Sender: "referrals@direct.lakeside.example", Partner: "lakeside-cardiology", Parts: parts},
		Channel:   Channel{Name: "direct-in", Type: channels.Direct},
		Directory: northside(),
	}
}

// ruleSet compiles one when.
func ruleSet(t testing.TB, when string) *rules.Set {
	t.Helper()
	set, mistakes := rules.Compile(rules.Channel{When: rules.Source{Key: "when", Text: when}})
	if len(mistakes) > 0 {
		t.Fatalf("rule: %v", mistakes)
	}
	return set
}

// message joins lines to segments.
func message(lines ...string) []byte { return []byte(strings.Join(lines, "\r") + "\r") }

// samples returns files by glob, with a name that is no path. A glob that matches nothing fails the test.
func samples(t testing.TB, glob string) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(glob)
	if err != nil || len(files) == 0 {
		t.Fatalf("fixtures %s: got none (%v)", glob, err)
	}
	out := map[string][]byte{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(filepath.Dir(f))+"_"+strings.TrimSuffix(filepath.Base(f), filepath.Ext(f))] = b
	}
	return out
}

// golden compares got with testdata/<name>, or rewrites it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run go test ./transform -update", err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s differs; run go test ./transform -update and look at the difference\n%s", path, firstDifference(want, got))
	}
}

func firstDifference(want, got []byte) string {
	w, g := strings.Split(string(want), "\n"), strings.Split(string(got), "\n")
	for i := range max(len(w), len(g)) {
		a, b := at(w, i), at(g, i)
		if a != b {
			return "want " + a + "\n got " + b
		}
	}
	return ""
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "<nothing>"
}

// shown is a Decoded as golden files hold it: documents by size, not by bytes.
func shown(t testing.TB, d Decoded) []byte {
	t.Helper()
	type doc struct {
		Fact     int
		Bytes    int
		Document referral.Document
	}
	out := struct {
		Type, Partner, Ignore, Hold string
		Verdict                     int
		Problems                    []channels.Problem
		Facts                       []Fact
		Documents                   []doc
	}{d.Type, d.Partner, d.Ignore, d.Hold, int(d.Verdict), d.Problems, d.Facts, nil}
	for _, b := range d.Documents {
		out.Documents = append(out.Documents, doc{b.Fact, len(b.Bytes), b.Document})
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(out); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}
