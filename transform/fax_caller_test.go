package transform

import (
	"slices"
	"strings"
	"testing"

	"refloop/referral"
)

// called is a referral on paper with facts about its call.
func called(fields string, attrs map[string]string) Source {
	s := faxSource(`{"document_type":"referral","patient_first":"Jo","patient_last":"Doe","patient_dob":"1970-01-01","reason":"Knee pain"` + fields +
		`,"confidence":{"document_type":0.99,"patient_first":0.99,"patient_last":0.99,"patient_dob":0.99,"reason":0.99,"referring_fax":0.99,"referring_npi":0.99,"referring_practice":0.99}}`)
	s.Opened.Parts[0].Attrs = attrs
	return s
}

// TestWhoSentAFax: the calling number and the station are witnesses, neither decides alone.
func TestWhoSentAFax(t *testing.T) {
	const number, other = "+1 207 555 0100", "+16085550142"
	lakeside, _ := northside().Partner("lakeside-cardiology")
	const paper = `,"referring_fax":"207-555-0100"`
	for name, c := range map[string]struct {
		fields  string
		attrs   map[string]string
		partner string
	}{
		"caller alone":           {"", map[string]string{"caller": number}, ""},
		"station alone":          {"", map[string]string{"station": number}, ""},
		"caller and station":     {"", map[string]string{"caller": number, "station": number}, lakeside.ID},
		"caller and name":        {`,"referring_practice":"` + lakeside.Name + `"`, map[string]string{"caller": number}, lakeside.ID},
		"caller and strange NPI": {`,"referring_npi":"1234567893"`, map[string]string{"caller": number, "station": "X"}, ""},
		"paper alone":            {paper, nil, lakeside.ID},
		"paper and caller":       {paper, map[string]string{"caller": "+1 207 555 0100"}, lakeside.ID},
		"unknown caller":         {paper, map[string]string{"caller": "+19995550100"}, lakeside.ID},
	} {
		out := Decode(called(c.fields, c.attrs))
		rec := one(t, out).Event.Payload.Record
		if out.Partner != c.partner || rec.Initiator.Partner != c.partner {
			t.Errorf("%s: got partner %q, want %q", name, out.Partner, c.partner)
		}
	}
	s := called(paper, map[string]string{"caller": other})
	s.Directory.Partners = append(slices.Clone(s.Directory.Partners), Partner{ID: "riverside", Name: "Riverside", Rails: []Rail{{Type: "fax", Address: other}}})
	out := Decode(s)
	holds := one(t, out).Event.Payload.Record.Holds
	if out.Partner != "" || len(holds) == 0 || !strings.Contains(holds[len(holds)-1].Reason, "riverside") || holds[len(holds)-1].Kind != referral.HoldFaxReview {
		t.Errorf("two partners: got partner %q, holds %v, want doubt", out.Partner, holds)
	}
}

func TestFaxWithoutAllPages(t *testing.T) {
	rec := one(t, Decode(called("", map[string]string{"partial": "2 of 3 pages are here"}))).Event.Payload.Record
	if len(rec.Holds) != 1 || rec.Holds[0].Reason != "2 of 3 pages are here" {
		t.Errorf("got holds %v, want one that says it", rec.Holds)
	}
	s := called("", map[string]string{"hold": "fax: a mail without a fax attached"})
	if d := Decode(s); d.Hold != "fax: a mail without a fax attached" || len(d.Facts) != 0 {
		t.Errorf("got hold %q, %d facts", d.Hold, len(d.Facts))
	}
}
