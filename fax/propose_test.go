package fax_test

import (
	"strings"
	"testing"

	"refloop/fax"
)

func TestParseProposals(t *testing.T) {
	got, err := fax.ParseProposals([]byte("Sure! ```json\n{\"patient_dob\": \"1981-02-03\", \"medications\": [\"aspirin\", 7, \"\"], \"favourite\": \"x\", \"referral_id\": \"RL-1\", \"reason\": \"" +
		strings.Repeat("x", 3000) + "\", \"patient_sex\": null}\n```"))
	if err != nil || len(got) != 2 || got[0] != (fax.Proposal{Key: "medications", Value: "aspirin"}) || got[1].Value != "1981-02-03" {
		t.Errorf("got %+v, %v, want the medicine and the birth date", got, err)
	}
	for _, text := range []string{"", "no idea", "}{", "[1]", "{\"a\":", strings.Repeat("{", 70<<10)} {
		if got, err := fax.ParseProposals([]byte(text)); err == nil || got != nil {
			t.Errorf("%.20q: got %v, %v, want an error", text, got, err)
		}
	}
}

// A proposed value counts only where it stands: invented ones are nothing, misread ones are the page's, and none passes a review line.
func TestWeigh(t *testing.T) {
	rules, pages := fax.DefaultRules(), []fax.PageText{strangePage(strangeB, 1, 0, 0)}
	before := rules.Extract(pages)
	after := rules.Weigh(before, pages, []fax.Proposal{
		{Key: "patient_dob", Value: "1981-02-03"}, {Key: "patient_first", Value: "Maximilian"}, {Key: "patient_last", Value: "Longsample"},
		{Key: "member_id", Value: "INVENTED-77"}, {Key: "referring_npi", Value: "1245319599"}, {Key: "patient_phone", Value: "(608) 555-0142"},
	}).Papers[0].Fields
	for key, want := range map[string]string{"patient_dob": "1981-02-03", "patient_first": "Maximilian", "patient_last": "Longsample", "patient_phone": "6085550142"} {
		if f := after[key]; f.Value != want || f.Page != 1 || f.Box[2] == 0 || f.Confidence > 0.7 {
			t.Errorf("%s: got %+v, want %s with its place, at most 0.7", key, f, want)
		}
	}
	for _, key := range []string{"member_id", "referring_npi"} {
		if f, ok := after[key]; ok && before.Papers[0].Fields[key].Value == "" {
			t.Errorf("%s stands on no page: got %+v, want nothing", key, f)
		}
	}
	sure := before
	sure.Papers[0].Fields = map[string]fax.Field{"patient_dob": {Value: "1999-09-09", Confidence: 0.98, Page: 1}, "patient_phone": {Value: "6085550142", Confidence: 0.98}}
	after = rules.Weigh(sure, pages, []fax.Proposal{{Key: "patient_dob", Value: "1981-02-03"}, {Key: "patient_phone", Value: "608-555-0142"}}).Papers[0].Fields
	if f := after["patient_dob"]; f.Value != "1999-09-09" || f.Confidence > 0.8 {
		t.Errorf("contradicted: got %+v, want the extraction's value, doubted", f)
	}
	if f := after["patient_phone"]; f.Confidence != 0.98 {
		t.Errorf("agreed: got %.2f, want the confidence as it was", f.Confidence)
	}
}

func FuzzParseProposals(f *testing.F) {
	f.Add([]byte(`{"patient_dob": "1981-02-03"}`))
	f.Add([]byte("x {\"medications\": [\"a\"]} y"))
	pages := []fax.PageText{strangePage(strangeB, 1, 0, 0)}
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := fax.ParseProposals(b)
		if err != nil {
			return
		}
		for _, field := range fax.DefaultRules().Weigh(fax.Result{Papers: []fax.Paper{{}}}, pages, list).Papers[0].Fields {
			if field.Confidence > 0.7 || field.Page != 1 {
				t.Errorf("got %+v, want at most 0.7 and a page", field)
			}
		}
	})
}
