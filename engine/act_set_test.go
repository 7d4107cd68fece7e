package engine_test

import (
	"strings"
	"testing"

	"refloop/engine"
	"refloop/referral"
)

func TestParseSetTakesLists(t *testing.T) {
	set, err := engine.ParseSet([]byte(`{"medications": ["lisinopril 10 mg", "metformin 500 mg"], "allergies": "penicillin; latex", "reason": "pain"}`))
	if err != nil {
		t.Fatal(err)
	}
	var fields []referral.Field
	for _, k := range []string{"medications", "allergies", "reason"} {
		fields = append(fields, referral.Field{Key: k, Value: set[k], Confidence: 1})
	}
	r := referral.WithFields(referral.Referral{}, fields)
	if len(r.Medications) != 2 || r.Medications[1].Drug.Text != "metformin 500 mg" || len(r.Allergies) != 2 || r.Allergies[1].Substance.Text != "latex" || r.Reason != "pain" {
		t.Errorf("record: got %+v and %+v, want two medications and two allergies", r.Medications, r.Allergies)
	}
	for _, in := range []string{`{"reason": ["a", "b"]}`, `{"medications": [1]}`, `{"medications": 7}`, `{"allergies": ["a; b"]}`, `{"reason": {}}`, `[]`} {
		if _, err := engine.ParseSet([]byte(in)); err == nil || strings.Contains(err.Error(), "interface") {
			t.Errorf("%s: got %v, want an error in plain words", in, err)
		}
	}
}
