package fax_test

import (
	"errors"
	"fmt"
	"image"
	"slices"
	"strings"
	"testing"

	"refloop/fax"
)

// strangePage draws a form whose labels nobody knows, as words: scaled and shifted as two faxes of one form are. Every value is in a box
// to the right of, or under, its label, among distracting printed numbers.
func strangePage(values map[string]string, scale float64, dx, dy int) fax.PageText {
	p := fax.PageText{Number: 1, Width: 1728, Height: 2200, DPI: 204}
	var words []fax.Word
	put := func(x, y int, s string) {
		for _, w := range strings.Fields(s) {
			width := 14 * len(w)
			at := image.Rect(x, y, x+width, y+24)
			scaled := image.Rect(int(float64(at.Min.X)*scale)+dx, int(float64(at.Min.Y)*scale)+dy, int(float64(at.Max.X)*scale)+dx, int(float64(at.Max.Y)*scale)+dy)
			words = append(words, fax.Word{Text: w, Conf: 0.96, Box: scaled, Line: y / 40})
			x += width + 14
		}
	}
	put(300, 100, "HARBOUR HOUSE INTAKE SLIP")
	put(120, 200, "Soul in question")
	put(120, 240, values["name"])
	put(900, 200, "Came into this world")
	put(900, 240, values["dob"])
	put(120, 340, "Rings at")
	put(500, 340, values["phone"])
	put(900, 340, "Night desk")
	put(1200, 340, "(608) 555-0999")
	put(120, 440, "Sheet key")
	put(500, 440, values["mrn"])
	put(120, 540, "Sent along by")
	put(500, 540, values["doctor"])
	put(120, 640, "What troubles")
	put(500, 640, values["reason"])
	put(120, 1900, "Harbour House keeps this slip seven years")
	p.Readings = [][]fax.Word{words, slices.Clone(words)}
	return p
}

var strangeA = map[string]string{"name": "Berta Testperson", "dob": "11/18/1954", "phone": "(608) 555-0111", "mrn": "HH-20471", "doctor": "Thomas Delgado MD", "reason": "Palpitations since June with short breath at night"}
var strangeB = map[string]string{"name": "Maximilian Longsample", "dob": "02/03/1981", "phone": "(608) 555-0142", "mrn": "HH-31988", "doctor": "Ana Ruiz MD", "reason": "Ringing in both ears after a cold"}

func verifiedA() []fax.Verified {
	return []fax.Verified{
		{Key: "patient_first", Value: "Berta"}, {Key: "patient_last", Value: "Testperson"}, {Key: "patient_dob", Value: "1954-11-18"}, {Key: "patient_phone", Value: "6085550111"},
		{Key: "patient_mrn", Value: "HH-20471"}, {Key: "referring_name", Value: "Thomas Delgado MD"}, {Key: "reason", Value: strangeA["reason"]}, {Key: "group_number", Value: "NOT-THERE-1"},
	}
}

func TestTeach(t *testing.T) {
	before := fax.Extract([]fax.PageText{strangePage(strangeB, 1, 0, 0)}).Papers[0]
	if f := before.Fields; f["patient_dob"].Value != "" || f["patient_last"].Value != "" {
		t.Fatalf("the general extraction knows this form: got %v; want a stranger one", f)
	}
	rules := fax.DefaultRules()
	made, missed, err := rules.Teach("harbour-house", fax.KindReferral, []fax.PageText{strangePage(strangeA, 1, 0, 0)}, verifiedA())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(missed, []string{"group_number"}) {
		t.Errorf("missed: got %v, want group_number", missed)
	}
	yaml := made.YAML()
	for _, v := range strangeA {
		if strings.Contains(strings.ToLower(string(yaml)), strings.ToLower(strings.Fields(v)[0])) {
			t.Errorf("template: holds a value of the fax:\n%s", yaml)
		}
	}
	again, err := fax.ParseTemplate(yaml)
	if err != nil {
		t.Fatalf("its own YAML:\n%s\n%v", yaml, err)
	}
	taught := rules.WithTemplates([]*fax.Template{again})
	want := map[string]string{"patient_first": "Maximilian", "patient_last": "Longsample", "patient_dob": "1981-02-03", "patient_phone": "6085550142", "patient_mrn": "HH-31988", "referring_name": "Ana Ruiz", "reason": "Ringing in both ears after a cold"}
	for _, c := range []struct {
		scale  float64
		dx, dy int
	}{{1, 0, 0}, {1, 40, -25}, {0.96, 10, 60}, {1.05, -30, 12}} {
		p := taught.Extract([]fax.PageText{strangePage(strangeB, c.scale, c.dx, c.dy)}).Papers[0]
		if p.Type != fax.KindReferral {
			t.Errorf("scale %g: got type %s, want referral", c.scale, p.Type)
		}
		for key, v := range want {
			f := p.Fields[key]
			if f.Value != v || f.Page != 1 || f.Box[2] == 0 {
				t.Errorf("scale %g, shift %d,%d: %s: got %q on page %d at %v, want %q with its place", c.scale, c.dx, c.dy, key, f.Value, f.Page, f.Box, v)
			}
			if f.Confidence > 0.99 || f.Confidence < 0.5 {
				t.Errorf("%s: got confidence %.2f, want one that a taught place deserves", key, f.Confidence)
			}
		}
		if v := p.Fields["patient_phone"].Value; v == "6085550999" {
			t.Error("got the printed number of the desk as the patient's")
		}
	}
}

// Another page, or one with too few of the words, is left to the general extraction; the caller's number helps by one phrase.
func TestTemplateKnowsItsForm(t *testing.T) {
	tmpl, err := fax.ParseTemplate([]byte(`
name: harbour
match:
  words: [harbour house intake slip, soul in question, came into this world]
  least: 3
  callers: ["+1 (608) 555-0300"]
fields:
  patient_dob: {labels: [came into this world]}
  patient_mrn: {near: sheet key, zone: [0.2, -0.01, 0.2, 0.04]}
`))
	if err != nil {
		t.Fatal(err)
	}
	rules := fax.DefaultRules().WithTemplates([]*fax.Template{tmpl})
	page := strangePage(strangeB, 1, 0, 0)
	if f := rules.Extract([]fax.PageText{page}).Papers[0].Fields; f["patient_dob"].Value != "1981-02-03" || f["patient_mrn"].Value != "HH-31988" {
		t.Errorf("labels and a zone near one: got %v", f)
	}
	for i := range page.Readings {
		page.Readings[i] = slices.DeleteFunc(slices.Clone(page.Readings[i]), func(w fax.Word) bool { return w.Text == "HARBOUR" })
	}
	if f := rules.Extract([]fax.PageText{page}).Papers[0].Fields; f["patient_mrn"].Value != "" {
		t.Errorf("two of three phrases: got %v, want the form not known", f)
	}
	if f := rules.From("+16085550300").Extract([]fax.PageText{page}).Papers[0].Fields; f["patient_mrn"].Value != "HH-31988" {
		t.Errorf("two of three phrases from its number: got %v, want the form known", f)
	}
	other := fax.PageText{Number: 1, Width: 1728, Height: 2200, Readings: [][]fax.Word{{{Text: "Hello", Conf: 1, Box: image.Rect(10, 10, 100, 40)}}}}
	if f := rules.From("+16085550300").Extract([]fax.PageText{other}).Papers[0].Fields; len(f) != 0 {
		t.Errorf("another page from its number: got %v, want nothing", f)
	}
}

func TestTemplateMistakes(t *testing.T) {
	_, err := fax.ParseTemplate([]byte(`name: x
kind: leter
match:
  words: [harbour house, {text: soul, at: [0.1]}, {at: [1, 2]}]
  least: 9
  callers: ["12"]
  color: red
fields:
  patient_birth: {labels: [born]}
  patient_dob: {}
  patient_mrn: {zone: [0.1, 0.1, 0, 0.1]}
  patient_sex: {near: sex}
  reason: {zone: [a, b, c, d]}
`))
	var wrong fax.Mistakes
	if !errors.As(err, &wrong) {
		t.Fatalf("got %v, want Mistakes", err)
	}
	var got []string
	for _, m := range wrong {
		got = append(got, fmt.Sprintf("%d:%d %s", m.Line, m.Col, m.Key))
	}
	want := "1:1 fields\n2:7 kind\n4:43 match.words.at\n4:51 match.words\n5:10 match.least\n6:13 match.callers\n7:3 match\n9:3 fields\n10:3 fields.patient_dob\n11:23 fields.patient_mrn.zone\n12:3 fields.patient_sex\n13:19 fields.reason.zone"
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s\n%v", strings.Join(got, "\n"), want, err)
	}
	for _, text := range []string{"", "[]", "name: [", "a: &a {b: *a}", strings.Repeat("x", 300<<10)} {
		if tmpl, err := fax.ParseTemplate([]byte(text)); err == nil || tmpl != nil {
			t.Errorf("%.20q: got no error", text)
		}
	}
}

func FuzzParseTemplate(f *testing.F) {
	made, _, err := fax.DefaultRules().Teach("a", "", []fax.PageText{strangePage(strangeA, 1, 0, 0)}, verifiedA())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(made.YAML())
	f.Add([]byte("name: x\nmatch: {words: [a b, {text: c d, at: [0.1, 0.2]}], least: 1}\nfields: {reason: {zone: [0,0,1,1]}}\n"))
	page := strangePage(strangeB, 1, 0, 0)
	f.Fuzz(func(t *testing.T, b []byte) {
		tmpl, err := fax.ParseTemplate(b)
		if err != nil {
			if tmpl != nil {
				t.Error("got a template and an error")
			}
			return
		}
		fax.DefaultRules().WithTemplates([]*fax.Template{tmpl}).Extract([]fax.PageText{page})
		if _, err := fax.ParseTemplate(tmpl.YAML()); err != nil {
			t.Errorf("what was read cannot be written and read again: %v\n%s", err, tmpl.YAML())
		}
	})
}
