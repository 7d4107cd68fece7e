package referral_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	. "refloop/referral"
)

// fax is a request that was read from paper, one field of which nobody can be sure of.
func fax(t *testing.T) Result {
	t.Helper()
	e := said(EventRequest, SideInitiator)
	e.Origin = OriginFax
	e.Payload.Record = &Referral{Priority: Routine, Patient: patient(), Reason: "rnurmur", Holds: []Hold{{Kind: HoldFaxReview, Reason: "1 field below 0.95"}},
		Fields: []Field{{Key: "reason", Value: "rnurmur", Confidence: 0.5}, {Key: "patient_last", Value: "Testfall", Confidence: 0.99}}}
	return apply(t, Referral{ID: "R", Role: RoleRecipient}, e)
}

func TestFaxReview(t *testing.T) {
	res := fax(t)
	if effect(res, EffectTell, SideRecipient, EventRequest) || types(res.Events) != "request hold" {
		t.Fatalf("unread paper went out: %+v", res.Effects)
	}
	if a := Actions(res.Referral, RoleRecipient); slices.Contains(a, Action("accept")) || !slices.Contains(a, Action("verify")) || !slices.Contains(a, Action("decline")) {
		t.Errorf("actions while held: %v", a)
	}
	refused(t, res.Referral, staff(EventAccept, SideRecipient), CodeHeld)
	v := staff(EventVerify, SideRecipient)
	v.Payload.Fields = []Field{{Key: "reason", Value: "murmur"}}
	ok := apply(t, res.Referral, v)
	if ok.Referral.Reason != "murmur" || types(ok.Events) != "verify release" || !effect(ok, EffectTell, SideRecipient, EventRequest) {
		t.Fatalf("verified: %s %+v", types(ok.Events), ok.Effects)
	}
	if ok.Effects[0].Seq != ok.Referral.Version {
		t.Errorf("the request must be shown as corrected: seq %d of %d", ok.Effects[0].Seq, ok.Referral.Version)
	}
	apply(t, ok.Referral, staff(EventAccept, SideRecipient))
	plain := apply(t, res.Referral, staff(EventVerify, SideRecipient))
	if len(plain.Referral.Holds) != 0 || plain.Referral.Reason != "rnurmur" {
		t.Errorf("verify without fields confirms what was read: %+v", plain.Referral.Holds)
	}
}

func TestPriorityUnknownIsHeld(t *testing.T) {
	res := apply(t, Referral{ID: "R", Role: RoleInitiator, Patient: patient()}, said(EventRequest, SideInitiator))
	if len(res.Referral.Holds) != 1 || res.Referral.Holds[0].Reason != ReasonPriority || effect(res, EffectTell, SideRecipient, EventRequest) {
		t.Fatalf("unknown priority: %+v", res)
	}
	v := staff(EventVerify, SideInitiator)
	v.Payload.Fields = []Field{{Key: "priority", Value: "whenever"}}
	if got := apply(t, res.Referral, v); len(got.Referral.Holds) != 1 {
		t.Error("an unknown word must not release the hold")
	}
	v.Payload.Fields[0].Value = "stat"
	if got := apply(t, res.Referral, v); got.Referral.Priority != Stat || !effect(got, EffectTell, SideRecipient, EventRequest) {
		t.Errorf("verified: %+v", got.Effects)
	}
	c := said(EventChange, SideInitiator)
	c.Payload.Record = &Referral{Priority: Urgent}
	if got := apply(t, res.Referral, c); got.Referral.Priority != Urgent || len(got.Referral.Withheld) != 0 || !effect(got, EffectTell, SideRecipient, EventRequest) {
		t.Errorf("changed: %+v", got)
	}
}

func TestConsentKeepsEverythingInside(t *testing.T) {
	for _, k := range []HoldKind{HoldConsent, HoldPart2, HoldManual} {
		h := said(EventHold, SideDaemon)
		h.Payload.Hold = &Hold{Kind: k, Reason: "no basis yet"}
		r := apply(t, inState(RoleRecipient, StateSeen), h).Referral
		if got := r.Holds[0]; got.Owner == "" || !got.Expires.Equal(h.ReceiveTime.Add(HoldLife)) {
			t.Errorf("%s: a hold has an owner and an expiry: %+v", k, got)
		}
		res := apply(t, r, report("D"))
		if len(res.Effects) != 0 || res.Referral.State != StateReportReceived {
			t.Errorf("%s: %+v", k, res.Effects)
		}
		off := staff(EventRelease, SideRecipient)
		off.Payload.Hold = &Hold{Kind: k}
		refused(t, res.Referral, off, CodeNeedsReason)
		off.Reason = "consent on file"
		timer := off
		timer.By, timer.Origin = SideDaemon, OriginDaemon
		refused(t, res.Referral, timer, CodeWrongSide)
		if got := apply(t, res.Referral, off); !effect(got, EffectRelay, SideInitiator, EventReport) {
			t.Errorf("%s: released: %+v", k, got.Effects)
		}
		own := apply(t, apply(t, inState(RoleInitiator, StateSeen), h).Referral, report("D"))
		if !effect(own, EffectRelay, SideInitiator, EventReport) {
			t.Errorf("%s: a report to our own workflow stays inside and is never withheld", k)
		}
	}
}

func TestVerifyCorrectsTheRecord(t *testing.T) {
	v := staff(EventVerify, SideInitiator)
	for k, s := range map[string]string{"mrn": "MRN-7", "patient_dob": "1970-02-01", "referring_npi": "1234567893", "referring_name": "Dr. Ben Muster, MD",
		"diagnosis_codes": "I10; R01.1", "diagnosis_text": "high pressure; murmur", "cpt_codes": "93306", "medications": "Aspirin 81 mg\nMetoprolol", "allergies": "Penicillin",
		"member_id": "M1", "payer_name": "Plan", "site_code": "7", "patient_zip": "12345", "auth_number": "A1", "referral_id": "X9", "referred_to_specialty": "cardiology"} {
		v.Payload.Fields = append(v.Payload.Fields, Field{Key: k, Value: s})
	}
	slices.SortFunc(v.Payload.Fields, func(a, b Field) int { return -len(a.Key) + len(b.Key) })
	r := apply(t, inState(RoleInitiator, StateReportReceived), v).Referral
	if r.Patient.IDs[0] != (Identifier{Value: "MRN-7", Authority: "2.16.1", Kind: KindMRN}) || !slices.ContainsFunc(r.Identifiers, func(i Identifier) bool { return i.Value == "MRN-1" }) {
		t.Errorf("number: %+v %+v", r.Patient.IDs, r.Identifiers)
	}
	if r.Patient.BirthDate != "1970-02-01" || r.Initiator.NPI != "1234567893" || r.Initiator.Clinician.Family != "Muster" || r.Initiator.Clinician.Given != "Ben" {
		t.Errorf("people: %+v %+v", r.Patient, r.Initiator)
	}
	if len(r.Diagnoses) != 2 || r.Diagnoses[1].Code != "R01.1" || r.Diagnoses[1].Text != "murmur" || len(r.Medications) != 2 || len(r.Allergies) != 1 {
		t.Errorf("lists: %+v %+v", r.Diagnoses, r.Medications)
	}
	if len(r.Coverage) != 1 || r.Coverage[0].MemberID != "M1" || r.Coverage[0].Payer != "Plan" || r.Extra[0].Key != "site_code" || r.Specialty != "cardiology" {
		t.Errorf("rest: %+v %+v", r.Coverage, r.Extra)
	}
}

// TestEveryFaxKeyHasItsPlace: no key of a fax reading falls among the extras, and none is lost.
func TestEveryFaxKeyHasItsPlace(t *testing.T) {
	for _, k := range []string{"patient_first", "patient_middle", "patient_last", "patient_suffix", "patient_dob", "patient_sex", "patient_phone", "patient_address",
		"patient_city", "patient_state", "patient_zip", "patient_mrn", "payer_name", "member_id", "group_number", "auth_number", "referring_name", "referring_npi",
		"referring_practice", "referring_phone", "referring_fax", "referred_to_name", "referred_to_specialty", "referred_to_practice", "referred_to_fax", "reason",
		"diagnosis_codes", "diagnosis_text", "service_text", "cpt_codes", "medications", "allergies", "referral_id", "referral_date"} {
		v := staff(EventVerify, SideInitiator)
		v.Payload.Fields = []Field{{Key: k, Value: "2026-10-31"}}
		before := inState(RoleInitiator, StateSent)
		before.Patient.IDs = nil
		after := apply(t, before, v).Referral
		after.Version, after.Updated = before.Version, before.Updated
		if len(after.Extra) != 0 || reflect.DeepEqual(before, after) {
			t.Errorf("%s has no place in the record", k)
		}
	}
}

func TestHoldClockComesFirst(t *testing.T) {
	r := inState(RoleRecipient, StateSent)
	r.Holds = []Hold{{Kind: HoldCapacity, Reason: "x", Owner: "desk", Since: t0, Expires: t0.Add(time.Hour)},
		{Kind: HoldMatch, Reason: "y", Owner: "lead", Since: t0, Expires: t0.Add(4 * time.Hour)}}
	c := DeriveClock(r, nil, ClockRules{})
	if c.Name != ClockHold || c.Debtor != "lead" || !c.Warn.Equal(t0.Add(2*time.Hour)) || !c.Due.Equal(t0.Add(4*time.Hour)) {
		t.Errorf("%+v", c)
	}
	if b := Beside(r, nil, ClockRules{}); len(b) != 1 || b[0].Debtor != "desk" {
		t.Errorf("%+v", b)
	}
}
