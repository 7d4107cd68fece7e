package fax

import (
	"image"
	"testing"
)

// cells is a page with a frame of two cells and a line to write on.
func cells() *Bitmap {
	m := NewBitmap(1200, 600)
	box(m, image.Rect(100, 100, 900, 200), 2)
	m.Fill(image.Rect(500, 100, 502, 200))
	m.Fill(image.Rect(100, 400, 700, 402))
	return m
}

func TestRulings(t *testing.T) {
	l := findRulings(cells(), 204)
	if len(l.Level) != 3 || len(l.Upright) != 3 {
		t.Fatalf("got %d level and %d upright lines, want 3 and 3", len(l.Level), len(l.Upright))
	}
	left, right := image.Rect(300, 130, 480, 160), image.Rect(520, 130, 700, 160)
	if !l.between(left, right) || l.between(left, image.Rect(482, 130, 495, 160)) {
		t.Error("want a line between the cells, and none within one")
	}
	if !l.border(120, 160, 260) || l.border(120, 360, 460) {
		t.Error("want the frame to be a border, and the line to write on none")
	}
	if _, ok := l.writingLine(image.Rect(110, 410, 260, 430), 22); !ok {
		t.Error("got no line over the label, want the one to write on")
	}
	if _, ok := l.writingLine(image.Rect(110, 210, 260, 230), 22); ok {
		t.Error("got the frame for a line to write on")
	}
}

// TestWithoutLinesKeepsLetters: a stroke that crosses a line stays whole.
func TestWithoutLinesKeepsLetters(t *testing.T) {
	m := cells()
	m.Fill(image.Rect(200, 380, 204, 412)) // a stroke through the line
	clean := findRulings(m, 204).without(m)
	if clean.Black(400, 400) || clean.Black(501, 150) {
		t.Error("got a line that is still there")
	}
	for y := 380; y < 412; y++ {
		if !clean.Black(202, y) {
			t.Fatalf("row %d: the stroke has a gap", y)
		}
	}
}

// TestColumnsDoNotRunTogether: an allergen beside a medication belongs to its own column, with and without a line between.
func TestColumnsDoNotRunTogether(t *testing.T) {
	lines := []string{
		"PATIENT REFERRAL FORM",
		"Current medications                                  Allergies",
		"metformin 500 mg daily                               penicillin",
		"lisinopril 20 mg daily",
	}
	p := typed(0.96, lines...)
	for name, page := range map[string]PageText{"gap": p, "line": func() PageText {
		q := typed(0.96, lines[0], lines[1], "metformin 500 mg daily penicillin", lines[3])
		q.Rulings.Upright = []image.Rectangle{image.Rect(60+22*11+1, 100, 60+22*11+3, 400)}
		return q
	}()} {
		f := Extract([]PageText{page}).Papers[0].Fields["medications"]
		if len(f.List) != 2 || f.List[0] != "metformin 500 mg daily" || f.List[1] != "lisinopril 20 mg daily" {
			t.Errorf("%s: got %q, want the two medications alone", name, f.List)
		}
	}
}

// TestLabelsUnderLines: the value stands on the line above its label.
func TestLabelsUnderLines(t *testing.T) {
	p := typed(0.96, "REFERRAL", "Ann Example", "Patient name", "", "03/04/1980", "Date of birth")
	for _, y := range []int{120 + 1*44 + 32, 120 + 4*44 + 32} {
		p.Rulings.Level = append(p.Rulings.Level, image.Rect(60, y, 700, y+2))
	}
	f := Extract([]PageText{p}).Papers[0].Fields
	if f["patient_last"].Value != "Example" || f["patient_dob"].Value != "1980-03-04" {
		t.Errorf("got %q born %q, want the values above the labels", f["patient_last"].Value, f["patient_dob"].Value)
	}
}

// TestPartsReadAgainVote: the third reading of a part decides between two.
func TestPartsReadAgainVote(t *testing.T) {
	p := typed(0.9, "REFERRAL FORM", "Patient Name: Ann Example   DOB: 03/04/1980")
	for i, w := range p.Readings[1] {
		if w.Text == "03/04/1980" {
			p.Readings[1][i].Text = "08/04/1980"
		}
	}
	doubts := DefaultRules().doubts(&p)
	at := -1
	for i, a := range doubts {
		if a.Key == "patient_dob" {
			at = i
		}
	}
	if at < 0 {
		t.Fatalf("got %d doubts and none about the birth date, want one", len(doubts))
	}
	before := Extract([]PageText{p}).Papers[0].Fields["patient_dob"].Confidence
	a := doubts[at]
	a.Words = []Word{{Text: "03/04/1980", Conf: 0.95, Box: a.Box}}
	p.Again = []Again{a}
	f := Extract([]PageText{p}).Papers[0].Fields["patient_dob"]
	if f.Value != "1980-03-04" || f.Confidence <= before || f.Confidence >= 0.95 {
		t.Errorf("got %q with %v (before %v), want the value of two readings, surer but under the line", f.Value, f.Confidence, before)
	}
}
