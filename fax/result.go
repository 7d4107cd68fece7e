package fax

import (
	"encoding/json"
	"maps"
	"slices"
)

// Keys are the fields that Extract looks for, in the order they are listed.
var Keys = []string{
	"patient_first", "patient_middle", "patient_last", "patient_suffix", "patient_dob", "patient_sex", "patient_phone",
	"patient_address", "patient_city", "patient_state", "patient_zip", "patient_mrn", "payer_name", "member_id",
	"group_number", "auth_number", "referring_name", "referring_npi", "referring_practice", "referring_phone",
	"referring_fax", "referred_to_name", "referred_to_specialty", "referred_to_practice", "referred_to_fax", "reason",
	"diagnosis_codes", "diagnosis_text", "priority", "referral_date", "service_text", "cpt_codes", "medications",
	"allergies", "referral_id",
}

// Field is one value found on a page.
type Field struct {
	Value      string   // dates YYYY-MM-DD, phones ten digits; empty when List is set
	List       []string // for diagnosis_codes, diagnosis_text, cpt_codes, medications, allergies
	Confidence float64  // 0..1: how often a value with this evidence is right
	Score      float64  // 0..1: the evidence before Calibrated made Confidence of it; for measuring
	Page       int      // from 1
	Box        [4]int   // x, y, width, height in pixels of the page turned upright and straightened; all 0 without a place
}

// Paper is one document within a fax.
type Paper struct {
	Type       string  // one of the Kind constants
	TypeSure   float64 // 0..1
	PageCount  int     // pages of the whole fax
	Pages      string  // "2-3": the pages of the document itself, cover sheet excluded
	Part2      bool    // a notice of 42 CFR Part 2 is on its pages
	NeedsSplit bool    // pages of more than one patient that could not be told apart
	Fields     map[string]Field

	// Sheets are the pages that belong to this patient and no other, cover sheets left out: of several papers only, and only when
	// every page of the fax could be told apart. A paper without them must not be cut out of its fax.
	Sheets []int
}

// Result is what a fax says. Papers has one element, or one a patient.
type Result struct {
	Papers []Paper
	Failed []int     // pages that could not be read
	Own    []OwnPage // pages that carry a code of ours
}

// MarshalJSON writes the flat keys of a fax: one object, or {"documents": [...]}
// for several patients. Keys of fields that were not found are absent.
func (r Result) MarshalJSON() ([]byte, error) { return json.Marshal(r.flat()) }

func (r Result) flat() map[string]any {
	m := r.papers()
	if len(r.Failed) > 0 {
		m["unread_pages"] = r.Failed
	}
	if len(r.Own) > 0 {
		m["own_pages"] = r.Own
	}
	return m
}

func (r Result) papers() map[string]any {
	if len(r.Papers) == 1 {
		return r.Papers[0].flat()
	}
	docs := make([]map[string]any, 0, len(r.Papers))
	count := 0
	for _, p := range r.Papers {
		docs = append(docs, p.flat())
		count = p.PageCount
	}
	return map[string]any{"document_type": "multiple", "page_count": count, "documents": docs}
}

func (p Paper) flat() map[string]any {
	m := map[string]any{"document_type": p.Type, "page_count": p.PageCount, "part2": p.Part2}
	if p.Pages != "" {
		m["pages"] = p.Pages
	}
	if p.NeedsSplit {
		m["needs_split"] = true
	}
	if len(p.Sheets) > 0 {
		m["sheets"] = p.Sheets
	}
	conf := map[string]float64{"document_type": round3(p.TypeSure)}
	boxes := map[string][5]int{}
	for _, k := range slices.Sorted(maps.Keys(p.Fields)) {
		f := p.Fields[k]
		if f.List != nil {
			m[k] = f.List
		} else {
			m[k] = f.Value
		}
		conf[k] = round3(f.Confidence)
		if f.Box[2] > 0 {
			boxes[k] = [5]int{f.Page, f.Box[0], f.Box[1], f.Box[2], f.Box[3]}
		}
	}
	m["confidence"], m["boxes"] = conf, boxes
	return m
}

func round3(f float64) float64 { return float64(int(f*1000)) / 1000 }

// Line is the JSON line of `refloop fax read` for one file, with its newline.
// HTML characters stay as they are.
func (r Result) Line(file string) []byte {
	m := r.flat()
	m["file"] = file
	return line(m)
}

// ErrorLine is the JSON line for a file that could not be read.
func ErrorLine(file string, err error) []byte {
	return line(map[string]any{"file": file, "error": err.Error()})
}

func line(m map[string]any) []byte {
	b, err := json.Marshal(m)
	if err != nil { // strings, numbers, bools and maps of them always marshal
		return nil
	}
	return append(b, '\n')
}
