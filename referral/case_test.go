package referral_test

import (
	"errors"
	"slices"
	"testing"

	"refloop/referral"
)

// onPaper is a referral that came as a fax of three pages.
func onPaper() referral.Referral {
	r := referral.WithFields(referral.Referral{ID: "R", Role: referral.RoleRecipient, State: referral.StateSent, Priority: referral.Routine, Version: 1}, []referral.Field{
		{Key: "patient_last", Value: "Testperson", Confidence: 0.97, Box: [5]int{1, 10, 10, 50, 20}}, {Key: "reason", Value: "palpitations", Confidence: 0.97, Box: [5]int{3, 10, 10, 50, 20}},
		{Key: "patient_phone", Value: "6085550111", Confidence: 0.97, Box: [5]int{2, 10, 10, 50, 20}}, {Key: "patient_dob", Value: "1954-11-18", Confidence: 0.5, Confirmed: true, Box: [5]int{2, 1, 1, 5, 5}},
	})
	r.Patient.BirthDate = "1954-11-18"
	r.Documents = []referral.Document{{ID: "D1", Kind: "request", ContentType: "image/tiff"}, {ID: "D2", Kind: "attachment", ContentType: "image/tiff"}}
	return r
}

func byStaff(t referral.EventType) referral.Event {
	return referral.Event{Type: t, By: referral.SideRecipient, Origin: referral.OriginStaff, Grade: referral.GradeA, Actor: "user:anna"}
}

// What was read on pages that went is for a person again, what stays moves with its page, and what a person confirmed stands.
func TestSplitTakesFieldsBack(t *testing.T) {
	ev := byStaff(referral.EventSplit)
	ev.Payload.Left, ev.Payload.Documents = []int{1, 0, 2}, []referral.Document{{ID: "D3", Kind: "request", ContentType: "image/tiff"}}
	res, err := referral.Apply(onPaper(), ev)
	if err != nil {
		t.Fatal(err)
	}
	r := res.Referral
	if r.Patient.Phone != "" || r.Patient.Name.Family != "Testperson" || r.Patient.BirthDate != "1954-11-18" || r.Fields[1].Box[0] != 2 {
		t.Errorf("record: got %+v and %+v, want only the telephone number of page 2 gone", r.Patient, r.Fields)
	}
	if !slices.Equal(r.Unread(), []string{"patient_phone"}) || len(r.Holds) != 1 || r.Holds[0].Kind != referral.HoldFaxReview {
		t.Errorf("got %v to look at and holds %v, want patient_phone and a review", r.Unread(), r.Holds)
	}
	if paper, ok := r.Paper(); !ok || paper.ID != "D3" || len(r.Documents) != 2 {
		t.Errorf("documents: got %v, want the paper that is left in place of the old one", r.Documents)
	}
}

func TestFrontDeskActs(t *testing.T) {
	r := onPaper()
	for _, a := range []referral.Action{"take", "split", "not-ours"} {
		if !slices.Contains(referral.Actions(r, r.Role), a) {
			t.Errorf("a case on paper: %s is not offered", a)
		}
	}
	res, err := referral.Apply(r, byStaff(referral.EventTake))
	if err != nil || res.Referral.Assigned != "user:anna" || len(res.Effects) != 0 {
		t.Errorf("take: got %q, %v and %d effects, want it assigned and nobody told", res.Referral.Assigned, err, len(res.Effects))
	}
	if again, err := referral.Apply(res.Referral, byStaff(referral.EventTake)); err != nil || again.Referral.Assigned != "user:anna" {
		t.Errorf("take again: got %v and %q, want it to stay as it is", err, again.Referral.Assigned)
	}
	if res, err = referral.Apply(r, byStaff(referral.EventNotOurs)); err != nil || res.Referral.State != referral.StateEnded || res.Referral.EndReason != referral.EndNotOurs {
		t.Errorf("not ours: got %s (%s), %v, want ended", res.Referral.State, res.Referral.EndReason, err)
	}
	if !slices.ContainsFunc(res.Effects, func(f referral.Effect) bool { return f.Item == "misdirected" }) {
		t.Errorf("not ours: got effects %v, want an item to tell the sender", res.Effects)
	}
	var refusal *referral.Refusal
	moved := byStaff(referral.EventEnd)
	moved.Payload.EndReason, moved.Payload.Left = referral.EndPagesMoved, []int{0, 0, 0}
	if res, err = referral.Apply(r, moved); err != nil || slices.ContainsFunc(res.Effects, func(f referral.Effect) bool { return f.Kind == referral.EffectTell }) {
		t.Errorf("all pages moved: got %v and effects %v, want the end and nobody told", err, res.Effects)
	}
	moved.Payload.Left = nil
	if _, err := referral.Apply(r, moved); !errors.As(err, &refusal) {
		t.Errorf("pages_moved typed by hand: got %v, want a refusal", err)
	}
	ours := onPaper()
	ours.Role, ours.Documents = referral.RoleInitiator, nil
	for _, a := range []referral.Action{"split", "not-ours"} {
		if slices.Contains(referral.Actions(ours, ours.Role), a) {
			t.Errorf("our own referral without paper: %s is offered", a)
		}
	}
}

// The reason of the hold names what is left to be looked at, also what was missing on the page.
func TestHoldNamesWhatIsLeft(t *testing.T) {
	r := onPaper()
	r.Fields = []referral.Field{{Key: "patient_last", Value: "Testpers0n", Confidence: 0.4}, {Key: "reason", Value: "pain", Confidence: 0.4}}
	r.Holds = []referral.Hold{{Kind: referral.HoldFaxReview, Reason: referral.ReasonToLook + "patient_last, reason, patient_dob"}}
	ev := byStaff(referral.EventVerify)
	ev.Payload.Fields = []referral.Field{{Key: "patient_last", Value: "Testperson"}, {Key: "patient_dob", Value: "1954-11-18"}}
	res, err := referral.Apply(r, ev)
	if err != nil {
		t.Fatal(err)
	}
	if h := res.Referral.Holds; len(h) != 1 || h[0].Reason != referral.ReasonToLook+"reason" {
		t.Errorf("holds: got %+v, want one that names reason alone", h)
	}
}
