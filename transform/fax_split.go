package transform

import (
	"encoding/json"
	"fmt"
	"slices"

	"refloop/channels"
	"refloop/fax"
	"refloop/referral"
)

// faxSplit makes one request of each patient of a fax, each with its own pages and no other. It reports false, and leaves out as it was,
// unless every page was told apart (fax.Paper.Sheets), every paper is a referral and the pages can be cut out of the file.
func faxSplit(s Source, body []byte, out *Decoded) bool {
	var top struct {
		Documents []json.RawMessage `json:"documents"`
	}
	if err := json.Unmarshal(body, &top); err != nil || len(top.Documents) < 2 {
		return false
	}
	var split Decoded
	used := map[int]bool{}
	for n, b := range top.Documents {
		r, err := readingOf(b)
		sheets := sheetsOf(b)
		kind, _ := r.values["document_type"].(string)
		if err != nil || len(sheets) == 0 || kind != fax.KindReferral && kind != fax.KindImaging {
			return false
		}
		for _, sheet := range sheets {
			if used[sheet] {
				return false
			}
			used[sheet] = true
		}
		paper, ok := cutOut(s, sheets)
		if !ok {
			return false
		}
		r.renumber(sheets)
		paper.Document.Title = fmt.Sprintf("%s, part %d of %d", paper.Document.Title, n+1, len(top.Documents))
		faxRequest(s, r, []Body{paper}, &split)
	}
	if samePeople(split.Facts) {
		return false
	}
	out.Partner = onePartner(split.Facts, out.Partner)
	out.Facts, out.Documents = split.Facts, split.Documents
	return true
}

func sheetsOf(b []byte) []int {
	var paper struct {
		Sheets []int `json:"sheets"`
	}
	if json.Unmarshal(b, &paper) != nil {
		return nil
	}
	return paper.Sheets
}

// renumber gives the places of fields by the pages of the part that was cut out. What stands on another page, such as a cover sheet
// that the patients share, loses its place and is left to a person.
func (r reading) renumber(sheets []int) {
	for key, box := range r.boxes {
		if i := slices.Index(sheets, box[0]); i >= 0 {
			box[0] = i + 1
			r.boxes[key] = box
			continue
		}
		delete(r.boxes, key)
		if r.confidence != nil {
			r.confidence[key] = 0
		}
	}
}

// cutOut makes a TIFF of some pages of the archived fax, as they were received.
func cutOut(s Source, sheets []int) (Body, bool) {
	i := slices.IndexFunc(s.Opened.Parts, func(p channels.Part) bool { return p.Kind == channels.KindImage || p.Kind == channels.KindPDF })
	if i < 0 {
		return Body{}, false
	}
	part := s.Opened.Parts[i]
	doc, err := fax.Open(part.Body, fax.Limits{})
	if err != nil {
		return Body{}, false
	}
	var pages []*fax.Bitmap
	for _, n := range sheets {
		p, err := doc.Page(n)
		switch {
		case err != nil || p.NeedsDrawing:
			return Body{}, false
		case p.Bits != nil:
			pages = append(pages, p.Square().Bits)
		default:
			pages = append(pages, fax.Threshold(p.Square().Gray(), 128))
		}
	}
	b, err := fax.EncodeTIFF(pages)
	if err != nil {
		return Body{}, false
	}
	part.Kind, part.Body, part.ContentType, part.Name = channels.KindImage, b, "image/tiff", "fax.tif"
	return bodyOf(part, "request", false), true
}

// samePeople reports whether two of the requests name the same patient: then the fax was split wrongly.
func samePeople(facts []Fact) bool {
	for i, a := range facts {
		for _, b := range facts[:i] {
			if m, _ := referral.SamePatient(a.Event.Payload.Record.Patient, b.Event.Payload.Record.Patient); m != referral.MatchOther && named(a) && named(b) {
				return true
			}
		}
	}
	return false
}

// named reports whether the record of a request names its patient (fields below the line are not filled in).
func named(f Fact) bool {
	p := f.Event.Payload.Record.Patient
	return p.Name.Family != "" && p.BirthDate != ""
}

// onePartner is the partner that all requests come from; standard when they differ or are unknown.
func onePartner(facts []Fact, standard string) string {
	var out string
	for _, f := range facts {
		p := f.Event.Payload.Record.Initiator.Partner
		if p == "" || out != "" && p != out {
			return standard
		}
		out = p
	}
	return out
}
