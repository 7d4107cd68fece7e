package ccda_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"refloop/ccda"
)

func marshal(t *testing.T, d ccda.Document) []byte {
	t.Helper()
	b, err := ccda.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func read(t *testing.T, b []byte) ccda.Document {
	t.Helper()
	d, err := ccda.Read(b, ccda.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// samples gives the documents of testdata, and those beside the repository when they are there.
func samples(tb testing.TB) map[string][]byte {
	tb.Helper()
	files, err := filepath.Glob("../testdata/ccda/*.xml")
	if err != nil || len(files) == 0 {
		tb.Fatal("no documents in testdata/ccda")
	}
	more, err := filepath.Glob("../../shared/samples/ccda/*.xml")
	if err != nil {
		tb.Fatal(err)
	}
	out := map[string][]byte{}
	for _, f := range append(files, more...) {
		b, err := os.ReadFile(f)
		if err != nil {
			tb.Fatal(err)
		}
		out[filepath.Base(f)] = b
	}
	return out
}

// TestWriteReadWrite: what the writer wrote reads back whole, and writes to the same bytes.
func TestWriteReadWrite(t *testing.T) {
	for _, kind := range documentTypes {
		for name, d := range map[string]ccda.Document{"dense": dense(kind), "sparse": sparse(kind),
			"wrapped": ccda.WrapNote(dense(ccda.TypeConsult), ccda.Body{MediaType: "application/pdf", Data: []byte("%PDF-1.4"), Description: "note.pdf"}, nil)} {
			first := marshal(t, d)
			got := read(t, first)
			for _, r := range got.Rest {
				t.Errorf("%s %s: left over: %s %s", kind, name, r.Path, r.XML)
			}
			if d := cmp.Diff(string(first), string(marshal(t, got))); d != "" {
				t.Errorf("%s %s: %s", kind, name, d)
			}
		}
	}
}

// TestStable: any document, however odd, comes to rest after one reading.
func TestStable(t *testing.T) {
	for _, kind := range documentTypes {
		g := gen(kind)
		rapid.Check(t, func(t *rapid.T) {
			again, err := ccda.Marshal(g.Draw(t, "document"))
			if err != nil {
				t.Fatal(err)
			}
			var before []byte
			for range 2 {
				got, err := ccda.Read(again, ccda.Limits{})
				if err != nil {
					t.Fatal(err)
				}
				before = again
				if again, err = ccda.Marshal(got); err != nil {
					t.Fatal(err)
				}
			}
			if d := cmp.Diff(strings.Split(string(before), "\n"), strings.Split(string(again), "\n")); d != "" {
				t.Fatal(d)
			}
		})
	}
}

// TestLossless: the canonical values of a full document survive writing and reading.
func TestLossless(t *testing.T) {
	want := dense(ccda.TypeReferral)
	got := read(t, marshal(t, want))
	if got.ReferralID != want.ReferralID || got.Version != 2 || got.Type != want.Type || got.Release != "R2.1" {
		t.Errorf("header: %+v", got.ReferralID)
	}
	if d := cmp.Diff(want.Patient, got.Patient); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(want.Orders, got.Orders); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(want.Participants, got.Participants); d != "" {
		t.Error(d)
	}
	for i := range want.Sections {
		w, g := want.Sections[i], got.Sections[i]
		if w.LOINC != g.LOINC || w.Title != g.Title || w.Text != g.Text || len(w.Entries) != len(g.Entries) || len(w.Media) != len(g.Media) {
			t.Errorf("section %s: got %s %q %q with %d entries, %d media", w.LOINC, g.LOINC, g.Title, g.Text, len(g.Entries), len(g.Media))
			continue
		}
		for j := range w.Entries {
			we, ge := w.Entries[j], g.Entries[j]
			if we.Text != ge.Text || we.Negated != ge.Negated || we.Dose != ge.Dose || we.Frequency != ge.Frequency || we.Lot != ge.Lot || len(we.Parts) != len(ge.Parts) || (we.Coverage == nil) != (ge.Coverage == nil) {
				t.Errorf("section %s entry %d: got %+v", w.LOINC, j, ge)
			}
			if we.Code.Code != "" && we.Code.Code != ge.Code.Code && we.Kind != ccda.KindMental {
				t.Errorf("section %s entry %d: code %q became %q", w.LOINC, j, we.Code.Code, ge.Code.Code)
			}
		}
	}
}

func TestSamples(t *testing.T) {
	want := map[string]struct {
		kind     ccda.Type
		release  string
		sections int
		referral string
	}{
		"hl7-referral-note-r20.xml": {ccda.TypeReferral, "R2.0", 18, "70bdd7db-e02d-4eff-9829-35e3b7d9e154"}, "hl7-consultation-note-r20.xml": {ccda.TypeConsult, "R2.0", 13, "1298989898"},
		"hl7-consult-closing-referral.xml": {ccda.TypeConsult, "R2.1", 0, "9a6d1bac-17d3-4195-89a4-1121bc809b4e"}, "hl7-unstructured-embedded-pdf.xml": {ccda.TypeUnstructured, "R2.1", 0, ""},
		"hl7-unstructured-text-consult.xml": {ccda.TypeUnstructured, "R2.1", 0, ""}, "cerner-toc-referral-summary.xml": {ccda.TypeCCD, "R1.1", 12, ""},
		"practicefusion-referralsummary-r11.xml": {ccda.TypeCCD, "R1.1", 14, ""}, "nextgen-ccda-r11.xml": {ccda.TypeCCD, "R1.1", 19, ""}, "onc-b8_ds4p_amb_sample1_v5.xml": {ccda.TypeCCD, "R2.1", 16, ""},
	}
	for name, b := range samples(t) {
		d, err := ccda.Read(b, ccda.Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(d.Patient.Names) == 0 || d.Time == "" || d.ID.Root == "" || len(d.Authors) == 0 {
			t.Errorf("%s: header lost: %+v", name, d.Patient)
		}
		if d.Type == ccda.TypeUnstructured && (d.Body == nil || len(d.Body.Data) == 0) {
			t.Errorf("%s: the body is lost", name)
		}
		for _, s := range d.Sections {
			if s.LOINC == "" || strings.Contains(s.HTML, "<script") {
				t.Errorf("%s: section %q has code %q", name, s.Title, s.LOINC)
			}
		}
		if w, ok := want[name]; ok && (d.Type != w.kind || d.Release != w.release || len(d.Sections) != w.sections || w.referral != "" && d.ReferralID.Root != w.referral && d.ReferralID.Extension != w.referral) {
			t.Errorf("%s: got %s %s, %d sections, referral %v, want %+v", name, d.Type, d.Release, len(d.Sections), d.ReferralID, w)
		}
	}
}

// TestSamplesWriteAgain: what was read from anybody's document can be written, and then holds our own rules.
func TestSamplesWriteAgain(t *testing.T) {
	for name, b := range samples(t) {
		d := read(t, b)
		if d.Type == ccda.TypeOther {
			continue
		}
		out, err := ccda.Marshal(d)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if f := errorsOf(ccda.Check(out)); len(f) > 0 {
			t.Errorf("%s: %v", name, f[0])
		}
	}
}

func TestDS4P(t *testing.T) {
	d := read(t, samples(t)["onc-b8_ds4p_amb_sample1_v5.xml"])
	if d.Confidentiality != "R" {
		t.Errorf("confidentiality: got %q", d.Confidentiality)
	}
	if !strings.Contains(d.Notice, "PROHIBITION ON REDISCLOSURE") || len(d.Labels) < 3 || d.Labels[0].Kind != "SECCLASSOBS" || d.Labels[0].Code.Code != "R" {
		t.Errorf("notice of %d characters, labels %+v", len(d.Notice), d.Labels)
	}
}

func TestNotice(t *testing.T) {
	d := sparse(ccda.TypeReferral)
	d.Notice = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."
	b := marshal(t, d)
	got := read(t, b)
	if got.Notice != d.Notice || got.Confidentiality != "R" {
		t.Errorf("got %q %q", got.Notice, got.Confidentiality)
	}
	body := string(b[strings.Index(string(b), "<structuredBody>"):])
	if strings.Index(body, "57017-6") > strings.Index(body, "42349-1") {
		t.Error("the notice is not the first section")
	}
}
