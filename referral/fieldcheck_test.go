package referral

import (
	"strings"
	"testing"
)

func TestCheckField(t *testing.T) {
	for _, c := range []struct {
		key, value string
		ok         bool
	}{
		{"patient_dob", "1980-02-29", true}, {"patient_dob", "1981-02-29", false}, {"patient_dob", "02/03/1980", false}, {"patient_dob", "", true},
		{"patient_sex", "F", true}, {"patient_sex", "female", false}, {"priority", "URGENT", true}, {"priority", "soon", false},
		{"patient_phone", "(555) 555-0111", true}, {"referring_fax", "5550111", false}, {"referred_to_fax", "555 call me 5550111", false},
		{"referring_npi", "1245319599", true}, {"referring_npi", "1245319590", false}, {"referred_to_npi", "12", false},
		{"patient_zip", "62701-1234", true}, {"patient_zip", "6270", false}, {"patient_state", "IL", true}, {"patient_state", "Illinois", false},
		{"diagnosis_codes", "anything", true}, {"reason", strings.Repeat("a", fieldMax+1), false},
	} {
		err := CheckField(c.key, c.value)
		if (err == nil) != c.ok {
			t.Errorf("%s of %d characters: got %v, want ok %t", c.key, len(c.value), err, c.ok)
		}
		if err != nil && strings.Contains(err.Error(), c.value) && len(c.value) > 2 {
			t.Errorf("%s: the error quotes the value", c.key)
		}
	}
}

func TestFieldKeys(t *testing.T) {
	for key, want := range map[string]string{"mrn": "patient_mrn", "recipient_npi": "referred_to_npi", "extra.room": "extra.room", "patient_dob": "patient_dob"} {
		if got, ok := FieldKey(key); got != want || !ok {
			t.Errorf("%s: got %s %t, want %s", key, got, ok, want)
		}
	}
	for _, key := range []string{"dob", "extra.", "extra.Jane Doe", "hold"} {
		if _, ok := FieldKey(key); ok {
			t.Errorf("%s: got a known key, want none", key)
		}
	}
	for _, key := range FieldKeys() { // every listed key is one that the record knows
		if r := setField(Referral{}, key, "2001-02-03"); len(r.Extra) > 0 {
			t.Errorf("%s: got an extra, want a place in the record", key)
		}
	}
	if got := DoubtfulFields(map[string]string{"diagnosis_codes": "I25.10; J20"}); got != nil {
		t.Errorf("good codes: got %v", got)
	}
	if got := DoubtfulFields(map[string]string{"diagnosis_codes": "I25.10; chest"}); len(got) != 1 {
		t.Errorf("a word as a code: got %v", got)
	}
}

func TestVerifiedTakesAliases(t *testing.T) {
	r := Referral{Fields: []Field{{Key: "patient_mrn", Value: "7?", Confidence: 0.2}}}
	r = verified(r, []Field{{Key: "mrn", Value: "77"}, {Key: "recipient_npi", Value: "1245319599"}, {Key: "extra.room", Value: "4"}})
	if !r.Fields[0].Confirmed || r.Patient.IDs[0].Value != "77" || r.Recipient.NPI != "1245319599" || len(r.Extra) != 1 || r.Extra[0].Key != "room" {
		t.Errorf("got %+v", r)
	}
}

func TestNoneKnown(t *testing.T) {
	for _, s := range []string{"NKDA", "nka", "No known drug allergies", "None."} {
		if r := setField(Referral{}, "allergies", s); len(r.Allergies) != 1 || !r.Allergies[0].None {
			t.Errorf("%s: got %+v, want none", s, r.Allergies)
		}
	}
	if r := setField(Referral{}, "allergies", "Penicillin; latex"); len(r.Allergies) != 2 || r.Allergies[0].None {
		t.Errorf("got %+v, want two", r.Allergies)
	}
}
