package referral_test

import (
	"slices"
	"testing"

	"refloop/referral"
)

func knownPatient(id, family, given, birth, phone, mrn string) referral.KnownPatient {
	return referral.KnownPatient{ID: id, Patient: referral.Patient{
		Name: referral.Name{Family: family, Given: given}, BirthDate: birth, Phone: phone,
		IDs: []referral.Identifier{{Value: mrn, Authority: "1.2.3", Kind: referral.KindMRN}},
	}}
}

func TestCandidates(t *testing.T) {
	list := []referral.KnownPatient{
		knownPatient("A", "Testperson", "Berta", "1954-11-18", "(555) 010-0111", "4711"),
		knownPatient("B", "Testperson", "Bernd", "1954-11-18", "555-010-0199", "4712"), // a twin
		knownPatient("C", "Testperson", "Carla", "1981-02-03", "555-010-0111", "4713"), // lives there too
		knownPatient("D", "Other", "Dora", "1954-11-18", "", "4714"),                   // born the same day
	}
	cases := []struct {
		name             string
		read             referral.Patient
		first            string
		near, differ     []string
		others, notAmong []string
	}{
		{"all the same", referral.Patient{Name: referral.Name{Family: "TESTPERSON", Given: "Berta"}, BirthDate: "1954-11-18", Phone: "+1 555 010 0111"}, "A", nil, nil, []string{"B"}, []string{"C", "D"}},
		{"misread", referral.Patient{Name: referral.Name{Family: "Testpers0n", Given: "Berla"}, BirthDate: "1954-11-13", Phone: "5550100111"}, "A", []string{"birth_date", "last_name", "first_name"}, nil, nil, []string{"D"}},
		{"day and month swapped", referral.Patient{Name: referral.Name{Family: "Testperson", Given: "Carla"}, BirthDate: "1981-03-02"}, "C", []string{"birth_date"}, nil, nil, []string{"A", "B"}},
		{"boxes swapped", referral.Patient{Name: referral.Name{Family: "Berta", Given: "Testperson"}, BirthDate: "1954-11-18"}, "A", []string{"last_name", "first_name"}, nil, nil, []string{"C"}},
		{"married", referral.Patient{Name: referral.Name{Family: "Newname", Given: "Berta"}, BirthDate: "1954-11-18", Phone: "5550100111"}, "A", nil, []string{"last_name"}, nil, []string{"C"}},
		{"a number of ours on the paper", referral.Patient{Name: referral.Name{Family: "Oth", Given: ""}, IDs: []referral.Identifier{{Value: "4714", Kind: referral.KindMRN}}}, "D", []string{"last_name"}, nil, nil, []string{"A"}},
	}
	for _, c := range cases {
		got := referral.Candidates(c.read, list, 5)
		if len(got) == 0 || got[0].Known.ID != c.first {
			t.Errorf("%s: got %+v, want %s first", c.name, ids(got), c.first)
			continue
		}
		if !slices.Equal(got[0].Near, c.near) || !slices.Equal(got[0].Differ, c.differ) {
			t.Errorf("%s: got near %v and differ %v, want %v and %v", c.name, got[0].Near, got[0].Differ, c.near, c.differ)
		}
		for _, id := range c.others {
			if !slices.Contains(ids(got), id) {
				t.Errorf("%s: got %v, want %s among them", c.name, ids(got), id)
			}
		}
		for _, id := range c.notAmong {
			if slices.Contains(ids(got), id) {
				t.Errorf("%s: got %v, want them without %s", c.name, ids(got), id)
			}
		}
	}
	if got := referral.Candidates(referral.Patient{}, list, 5); len(got) != 0 {
		t.Errorf("nothing read: got %v, want none", ids(got))
	}
}

func ids(list []referral.Candidate) (out []string) {
	for _, c := range list {
		out = append(out, c.Known.ID)
	}
	return out
}

// A chosen patient gives name and birth date; the sender's number on the paper stays beside ours, also when it is confirmed later.
func TestChosenPatient(t *testing.T) {
	r := referral.WithFields(referral.Referral{ID: "R", Role: referral.RoleRecipient, State: referral.StateSent, Holds: []referral.Hold{{Kind: referral.HoldFaxReview, Reason: "x"}}}, []referral.Field{
		{Key: "patient_last", Value: "Testpers0n", Confidence: 0.6}, {Key: "patient_first", Value: "Berta", Confidence: 0.6}, {Key: "patient_dob", Value: "1954-11-13", Confidence: 0.6},
		{Key: "patient_mrn", Value: "S-1", Confidence: 0.5}, {Key: "reason", Value: "palpitations", Confidence: 0.5},
	})
	ours := knownPatient("A", "Testperson", "Berta", "1954-11-18", "5550100111", "4711").Patient
	verify := referral.Event{Type: referral.EventVerify, By: referral.SideRecipient, Origin: referral.OriginStaff, Grade: referral.GradeA, Actor: "user:a", Payload: referral.Payload{Chosen: &ours}}
	res, err := referral.Apply(r, verify)
	if err != nil {
		t.Fatal(err)
	}
	got := res.Referral
	if p := got.Patient; p.Name.Family != "Testperson" || p.BirthDate != "1954-11-18" || p.Phone != "5550100111" || len(p.IDs) != 1 || p.IDs[0].Value != "4711" {
		t.Errorf("patient: got another than the chosen one: %+v", p)
	}
	if unread := got.Unread(); !slices.Equal(unread, []string{"patient_mrn", "reason"}) || len(got.Holds) != 1 {
		t.Errorf("left for a person: got %v and %d holds, want patient_mrn and reason, and the hold", unread, len(got.Holds))
	}
	verify.Payload.Chosen = nil
	if res, err = referral.Apply(got, verify); err != nil {
		t.Fatal(err)
	}
	got = res.Referral
	if p := got.Patient; len(p.IDs) != 2 || p.IDs[0].Value != "S-1" || p.IDs[1].Value != "4711" || p.Name.Family != "Testperson" || len(got.Holds) != 0 {
		t.Errorf("after verify: got %+v with %d holds, want both numbers and no hold", p, len(got.Holds))
	}
}

// What the practice's list does not know leaves what was read as it is: a middle name that is sure stays, one below the line waits.
func TestChosenPatientKeepsWhatTheListLacks(t *testing.T) {
	r := referral.WithFields(referral.Referral{ID: "R", Role: referral.RoleRecipient, State: referral.StateSent}, []referral.Field{
		{Key: "patient_middle", Value: "B", Confidence: 0.99}, {Key: "patient_suffix", Value: "Jr", Confidence: 0.5}, {Key: "patient_last", Value: "Testpers0n", Confidence: 0.6},
	})
	ours := knownPatient("A", "Testperson", "Berta", "1954-11-18", "5550100111", "4711").Patient
	res, err := referral.Apply(r, referral.Event{Type: referral.EventVerify, By: referral.SideRecipient, Origin: referral.OriginStaff, Grade: referral.GradeA, Actor: "user:a", Payload: referral.Payload{Chosen: &ours}})
	if err != nil {
		t.Fatal(err)
	}
	got := res.Referral
	if got.Patient.Name.Middle != "B" || got.Patient.Name.Family != "Testperson" {
		t.Errorf("name: got %+v, want the list's with the middle name that was read", got.Patient.Name)
	}
	if f := got.Fields[0]; f.Value != "B" || f.Confirmed {
		t.Errorf("patient_middle: got %q (confirmed %v), want it as it was read", f.Value, f.Confirmed)
	}
	if unread := got.Unread(); !slices.Equal(unread, []string{"patient_suffix"}) {
		t.Errorf("left for a person: got %v, want patient_suffix", unread)
	}
}
