package fax

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite golden files")

// typed lays out lines of text as a page: one column a character of 11
// pixels, two spaces or more part segments, lines are 44 pixels apart.
func typed(conf float64, lines ...string) PageText {
	p := PageText{Number: 1, Width: 1728, Height: 2200, DPI: 204}
	var words []Word
	for n, l := range lines {
		for i := 0; i < len(l); {
			if l[i] == ' ' {
				i++
				continue
			}
			end := i
			for end < len(l) && l[end] != ' ' {
				end++
			}
			words = append(words, Word{Text: l[i:end], Conf: conf, Box: image.Rect(60+i*11, 120+n*44, 60+end*11-2, 144+n*44), Line: n})
			i = end
		}
	}
	p.Readings = [][]Word{words, append([]Word(nil), words...)}
	return p
}

func TestExtractForms(t *testing.T) {
	cases := []struct {
		name  string
		lines []string
		want  map[string]any
	}{
		{"labels beside", []string{
			"Hillcrest Family Medicine",
			"Phone (217) 555-0101  Fax (217) 555-0102",
			"PATIENT REFERRAL",
			"Patient Name: Ann B. Example      DOB: 02/30/1980   Sex: F",
			"Birth date: 03/04/1980    MRN: 77-81-A",
			"Referring Provider: Carl Sample, MD   NPI: 1234567893",
			"Referred to: Dr. Eva Muster    Specialty: Cardiology",
			"Priority: Urgent    Referral #: REF-12345",
			"Diagnosis: Angina pectoris, unspecified (I20.9)",
			"Reason for referral: Chest pain on exertion. Please evaluate.",
		}, map[string]any{
			"document_type": "referral", "patient_first": "Ann", "patient_middle": "B", "patient_last": "Example", "patient_dob": "1980-03-04",
			"patient_sex": "F", "patient_mrn": "77-81-A", "referring_name": "Carl Sample", "referring_npi": "1234567893",
			"referred_to_name": "Eva Muster", "referred_to_specialty": "Cardiology", "priority": "urgent", "referral_id": "REF-12345",
			"diagnosis_codes": []any{"I20.9"}, "diagnosis_text": []any{"Angina pectoris, unspecified"}, "reason": "Chest pain on exertion. Please evaluate.",
			"referring_practice": "Hillcrest Family Medicine", "referring_phone": "2175550101", "referring_fax": "2175550102",
		}},
		{"labels above", []string{
			"REFERRAL REQUEST",
			"PATIENT",
			"Last Name, First Name, MI      Date of Birth      City, State ZIP",
			"Example, Ann B                 4-Mar-1980         Springfield, IL 62701",
			"REFERRING PROVIDER",
			"Name                NPI              Phone              Fax",
			"Carl Sample, NP     1234567893       217.555.0101       217.555.0102",
		}, map[string]any{
			"patient_first": "Ann", "patient_last": "Example", "patient_dob": "1980-03-04", "patient_city": "Springfield", "patient_state": "IL",
			"patient_zip": "62701", "referring_name": "Carl Sample", "referring_npi": "1234567893", "referring_phone": "2175550101", "referring_fax": "2175550102",
		}},
		{"letter", []string{
			"January 5, 2026",
			"Dr. Eva Muster",
			"Lakeside Cardiology Center",
			"Fax: (217) 555-0109",
			"RE: Ann Example   DOB: 03/04/1980",
			"Dear Dr. Muster,",
			"Thank you for seeing Ms. Example, a 45 year old woman whom I am referring to Cardiology. Chest pain",
			"on exertion. Please evaluate. My working diagnosis is Angina pectoris (ICD-10 I20.9). She is allergic",
			"to penicillin. Please see her on an urgent basis.",
			"Sincerely,",
			"Carl Sample, MD",
			"NPI 1234567893",
		}, map[string]any{
			"document_type": "referral", "referral_date": "2026-01-05", "referred_to_name": "Eva Muster", "referred_to_practice": "Lakeside Cardiology Center",
			"referred_to_fax": "2175550109", "patient_first": "Ann", "patient_last": "Example", "patient_dob": "1980-03-04", "patient_sex": "F",
			"referred_to_specialty": "Cardiology", "diagnosis_codes": []any{"I20.9"}, "allergies": []any{"penicillin"}, "priority": "urgent",
			"referring_name": "Carl Sample", "referring_npi": "1234567893",
		}},
		{"part 2", []string{
			"Behavioral Health Referral", "Client name Ann Example   Date of birth 03/04/1980",
			"NOTICE PROHIBITING REDISCLOSURE. 42 CFR part 2 prohibits unauthorized use or disclosure of these records.",
		}, map[string]any{"part2": true, "patient_last": "Example"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := flatJSON(t, Extract([]PageText{typed(0.96, c.lines...)}))
			for k, want := range c.want {
				if d := cmp.Diff(want, got[k]); d != "" {
					t.Errorf("%s: %s", k, d)
				}
			}
		})
	}
}

func flatJSON(t *testing.T, r Result) map[string]any {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestNothingIsInvented(t *testing.T) {
	r := Extract([]PageText{typed(0.96, "REFERRAL FORM", "Patient name:", "DOB:", "Phone:", "NPI: 1234567890", "Date: 13/45/2026")})
	for k, f := range r.Papers[0].Fields {
		if f.Confidence > 0.5 {
			t.Errorf("%s: got a value with confidence %v from an empty form", k, f.Confidence)
		}
	}
}

func TestPassesThatDisagreeAreNotSure(t *testing.T) {
	lines := []string{"REFERRAL FORM", "Patient Name: Ann Example   DOB: 03/04/1980"}
	p := typed(0.97, lines...)
	agree := Extract([]PageText{p}).Papers[0].Fields["patient_dob"].Confidence
	for i, w := range p.Readings[1] {
		if strings.HasPrefix(w.Text, "03/") {
			p.Readings[1][i].Text = "08/04/1980"
		}
	}
	if differ := Extract([]PageText{p}).Papers[0].Fields["patient_dob"].Confidence; differ > 0.8 || differ >= agree {
		t.Errorf("got %v where the readings differ and %v where they agree", differ, agree)
	}
	q := typed(0.97, lines...)
	q.Damage = 0.05
	if damaged := Extract([]PageText{q}).Papers[0].Fields["patient_dob"].Confidence; damaged >= agree {
		t.Errorf("got %v on a page with concealed rows and %v without", damaged, agree)
	}
}

func TestTextLayerIsSure(t *testing.T) {
	p := typed(1, "REFERRAL FORM", "Patient Name: Ann Example   DOB: 03/04/1980")
	read := Extract([]PageText{p}).Papers[0].Fields["patient_last"].Confidence
	p.Exact = true
	agreed := Extract([]PageText{p}).Papers[0].Fields["patient_last"].Confidence
	p.Readings[1] = nil
	alone := Extract([]PageText{p}).Papers[0].Fields["patient_last"].Confidence
	if agreed < read || agreed < 0.95 || alone >= agreed {
		t.Errorf("got %v by OCR, %v by the text layer and OCR, %v by the text layer alone", read, agreed, alone)
	}
}

func TestTwoPatients(t *testing.T) {
	form := func(name, dob, reason string) PageText {
		return typed(0.96, "PATIENT REFERRAL FORM", "Patient Name: "+name+"   DOB: "+dob, "Priority: Routine   Specialty: Urology", "Reason for referral: "+reason, "Member ID: W12345678")
	}
	a, b := form("Ann Example", "03/04/1980", "Knee pain for a year."), form("Bert Muster", "11/12/1951", "Kidney stones again.")
	b.Number = 2
	r := Extract([]PageText{a, b})
	if len(r.Papers) != 2 || r.Papers[1].Fields["patient_last"].Value != "Muster" || r.Papers[1].Pages != "2-2" {
		t.Fatalf("got %d papers, want one a patient", len(r.Papers))
	}
	if m := flatJSON(t, r); m["document_type"] != "multiple" || len(m["documents"].([]any)) != 2 {
		t.Errorf("got %v, want documents", m["document_type"])
	}
	cover := typed(0.96, "FAX COVER SHEET", "To: Lakeside Urology", "From: Hillcrest Family Medicine", "Number of pages including cover: 3", "Confidential")
	a2, b2 := a, b
	a2.Number, b2.Number = 2, 3
	for _, c := range []struct {
		pages []PageText
		want  [][]int
	}{
		{[]PageText{a, b}, [][]int{{1}, {2}}},
		{[]PageText{cover, a2, b2}, [][]int{{2}, {3}}},
		{[]PageText{a, b, {Number: 3, Failure: "damaged"}}, [][]int{nil, nil}}, // whose is page 3?
		{[]PageText{a, b, func() PageText { p := typed(0.96, "Knee x-ray of last week"); p.Number = 3; return p }()}, [][]int{nil, nil}}, // and this one?
	} {
		r := Extract(c.pages)
		var got [][]int
		for _, p := range r.Papers {
			got = append(got, p.Sheets)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%d pages: sheets %s", len(c.pages), d)
		}
	}
	c := form("Ann Example", "11/12/1951", "Kidney stones again.")
	c.Number = 2
	if r := Extract([]PageText{a, c}); len(r.Papers) == 1 && !r.Papers[0].NeedsSplit {
		t.Error("got one paper without a flag for one name with two birth dates")
	}
	if r := Extract([]PageText{a, func() PageText { p := a; p.Number = 2; return p }()}); len(r.Papers) != 1 || r.Papers[0].NeedsSplit {
		t.Error("got a split for the same patient on two pages")
	}
}

func TestTicksDecide(t *testing.T) {
	p := typed(0.96, "REFERRAL FORM", "Priority:    Routine    Urgent    STAT")
	for i, x := range []int{13, 24, 34} {
		p.Checks = append(p.Checks, CheckBox{Box: image.Rect(60+x*11-36, 162, 60+x*11-8, 190), Ink: []float64{0.01, 0.4, 0.02}[i], Tick: i == 1})
	}
	f := Extract([]PageText{p}).Papers[0].Fields["priority"]
	if f.Value != "urgent" {
		t.Errorf("got %q, want the ticked one", f.Value)
	}
	p.Checks[0].Tick = true
	if f := Extract([]PageText{p}).Papers[0].Fields["priority"]; f.Value != "" {
		t.Errorf("got %q with two ticks, want nothing", f.Value)
	}
}

func TestUnreadPages(t *testing.T) {
	r := Extract([]PageText{{Number: 1, Failure: "crash: signal"}})
	if got := string(r.Line("a.tif")); !strings.Contains(got, `"unread_pages":[1]`) || !strings.HasSuffix(got, "\n") {
		t.Errorf("got %s", got)
	}
	if got := string(ErrorLine("a.tif", fmt.Errorf("fax: broken"))); got != "{\"error\":\"fax: broken\",\"file\":\"a.tif\"}\n" {
		t.Errorf("got %s", got)
	}
	if r := Extract(nil); len(r.Papers) != 1 || r.Papers[0].Type != KindOther {
		t.Errorf("got %v for no pages", r)
	}
}

// TestGolden runs the extraction on words that were read off pages of the
// synthetic fax set, bad ones among them.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/words/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("got no testdata/words/*.json, want the fixtures (%v)", err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			var got bytes.Buffer
			if err := json.Indent(&got, Extract(readWords(t, f)).Line(filepath.Base(f)), "", " "); err != nil {
				t.Fatal(err)
			}
			want := strings.TrimSuffix(f, ".json") + ".want"
			if *update {
				if err := os.WriteFile(want, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			b, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(b), got.String()); d != "" {
				t.Error(d)
			}
		})
	}
}

func readWords(t testing.TB, file string) []PageText {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var pages []PageText
	if err := json.Unmarshal(b, &pages); err != nil {
		t.Fatal(err)
	}
	return pages
}

// FuzzExtract: whatever the words are, no panic, bounded time, confidences in
// range and every value out of the words.
func FuzzExtract(f *testing.F) {
	f.Add("REFERRAL Patient Name: Ann Example DOB: 03/04/1980 (I20.9) NPI: 1234567893", int64(7))
	f.Add("Dear Dr. X, Sincerely, RE: # : -- | [x] Routine ( ) \xff\xfe é", int64(99))
	f.Add(strings.Repeat("Name: ", 500), int64(1))
	f.Fuzz(func(t *testing.T, s string, seed int64) {
		p := PageText{Number: 1, Width: int(seed % 4000), Height: 3000}
		rnd := uint64(seed)*2 + 1
		next := func(n int) int {
			rnd = rnd*6364136223846793005 + 1442695040888963407
			return int(rnd>>33) % n
		}
		x, y := 0, 0
		var words []Word
		for _, w := range strings.Fields(s) {
			x += 10 + next(60)
			if next(6) == 0 {
				x, y = next(500), y+next(80)
			}
			words = append(words, Word{Text: w, Conf: float64(next(100)) / 100, Box: image.Rect(x, y, x+len(w)*10, y+next(40))})
			x += len(w) * 10
			if next(9) == 0 {
				p.Checks = append(p.Checks, CheckBox{Box: image.Rect(x, y, x+28, y+28), Tick: next(2) == 0})
			}
		}
		p.Readings = [][]Word{words, words}
		start := time.Now()
		r := Extract([]PageText{p, p})
		if d := time.Since(start); d > 5*time.Second {
			t.Fatalf("took %v for %d words", d, len(words))
		}
		for _, q := range r.Papers {
			for k, v := range q.Fields {
				if !(v.Confidence >= 0 && v.Confidence <= 1) || v.Value == "" && len(v.List) == 0 {
					t.Fatalf("%s: confidence %v, value of %d bytes", k, v.Confidence, len(v.Value))
				}
			}
		}
		if _, err := json.Marshal(r); err != nil {
			t.Fatal(err)
		}
	})
}
