package main

import (
	"bytes"
	"strings"
	"testing"

	"refloop/console"
	"refloop/referral"
)

// TestShowRecord looks for everything that the record holds on the page of a fax that was verified.
func TestShowRecord(t *testing.T) {
	s := sampleStory()
	r := &s.Record
	r.Patient.Name.Middle, r.Patient.Address = "Quill", referral.Address{Line1: "12 Elm St", City: "Testville", State: "IL", Zip: "60601"}
	r.Coverage = []referral.Coverage{{Payer: "Sample Health", MemberID: "M-1", Group: "G-2"}}
	r.Medications = []referral.Medication{{Drug: referral.Coded{Text: "lisinopril 10 mg"}}, {None: true}}
	r.Allergies = []referral.Allergy{{Substance: referral.Coded{Text: "penicillin"}, Reaction: "rash"}}
	r.Confidentiality = referral.Confidentiality{Part2: true, Source: "notice"}
	r.Fields = []referral.Field{
		{Key: "patient_first", Value: "Tess", Confidence: 0.99, Box: [5]int{1, 1, 1, 1, 1}}, {Key: "medications", Value: "lisinopril 10 mg", Confidence: 0.5, Confirmed: true, Box: [5]int{2, 1, 1, 1, 1}},
		{Key: "allergies", Value: "penicillin", Confidence: 0.4, Confirmed: true}, {Key: "reason", Value: "pain", Confidence: 0.3},
	}
	s.Events = []referral.Event{{Type: referral.EventVerify, Payload: referral.Payload{Fields: []referral.Field{{Key: "allergies", Value: "penicillin"}}}}}
	var b bytes.Buffer
	if err := printReferral(&b, s); err != nil {
		t.Fatal(err)
	}
	squeezed := strings.Join(strings.Fields(b.String()), " ")
	for _, want := range []string{"Tess Quill Testperson", "12 Elm St, Testville IL 60601", "Sample Health, member M-1, group G-2", "Medication lisinopril 10 mg", "Medication none, says the source",
		"Allergy penicillin, rash", console.Part2Words + " (said by notice)", "patient_first accepted as read, confidence 0.99 1 Tess", "medications confirmed by a person as read 2 lisinopril",
		"allergies set by a person - penicillin"} {
		if !strings.Contains(squeezed, want) {
			t.Errorf("show: got no %q in\n%s", want, b.String())
		}
	}
}
