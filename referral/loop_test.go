package referral_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	. "refloop/referral"
)

// The tests of this file are the sentences of loop.md sections 3 to 5, in their order.

func types(evs []Event) string {
	var out []string
	for _, e := range evs {
		out = append(out, string(e.Type))
	}
	return strings.Join(out, " ")
}

func effect(res Result, k EffectKind, tell Side, t EventType) bool {
	return slices.ContainsFunc(res.Effects, func(f Effect) bool { return f.Kind == k && f.Tell == tell && f.Event == t })
}

func item(res Result, name string) bool {
	return slices.ContainsFunc(res.Effects, func(f Effect) bool { return f.Kind == EffectItem && f.Item == name })
}

func anomaly(res Result, kind string) bool {
	return slices.ContainsFunc(res.Anomalies, func(a Anomaly) bool { return a.Kind == kind })
}

func report(id string) Event {
	e := said(EventReport, SideRecipient)
	e.Payload.Documents = []Document{{ID: id, SHA256: id, Signed: true}}
	return e
}

func TestWholeLoop(t *testing.T) {
	r := Referral{ID: "R1", Role: RoleInitiator}
	req := said(EventRequest, SideInitiator)
	req.Payload.Record = &Referral{Priority: Routine, Patient: patient(), Reason: "murmur"}
	res := apply(t, r, req)
	if res.Referral.Reason != "murmur" || !effect(res, EffectTell, SideRecipient, EventRequest) || r.Reason != "" {
		t.Fatalf("request: %+v", res.Effects)
	}
	for _, typ := range []EventType{EventAccept, EventSchedule} {
		res = apply(t, res.Referral, said(typ, SideRecipient))
		if !effect(res, EffectTell, SideInitiator, typ) {
			t.Errorf("%s is not told to the initiator", typ)
		}
	}
	res = apply(t, res.Referral, report("D1"))
	if types(res.Events) != "seen report" || !res.Events[0].Implied || !effect(res, EffectRelay, SideInitiator, EventReport) {
		t.Fatalf("outcome without visit: %s %+v", types(res.Events), res.Effects)
	}
	res = apply(t, res.Referral, said(EventRelayed, SideDaemon))
	if res.Referral.State != StateClosed || res.Referral.Grade != GradeA || res.Referral.Version != 6 {
		t.Fatalf("got %s grade %s version %d, want closed A 6", res.Referral.State, res.Referral.Grade, res.Referral.Version)
	}
	res = apply(t, res.Referral, report("D2"))
	if res.Referral.State != StateReportReceived || !effect(res, EffectRelay, SideInitiator, EventReport) {
		t.Fatalf("a corrected report must re-open and be relayed again")
	}
	old := said(EventRelayed, SideDaemon)
	old.Payload.Of = 5
	if got := apply(t, res.Referral, old).Referral.State; got != StateReportReceived {
		t.Errorf("the proof of the older report made the state %s", got)
	}
	lost := apply(t, inState(RoleInitiator, StateClosed), said(EventRelayLost, SideDaemon))
	if lost.Referral.State != StateReportReceived || !item(lost, "relay_lost") {
		t.Errorf("a withdrawn proof must re-open with an item")
	}
	again := apply(t, lost.Referral, staff(EventResend, SideInitiator))
	if again.Referral.State != StateReportReceived || !effect(again, EffectRelay, SideInitiator, EventReport) {
		t.Errorf("resend must relay the report again")
	}
}

func TestCancel(t *testing.T) {
	res := apply(t, inState(RoleInitiator, StateScheduled), said(EventCancel, SideInitiator))
	r := res.Referral
	if r.State != StateCancelRequested || r.Before != StateScheduled || !slices.ContainsFunc(res.Effects, func(f Effect) bool {
		return f.Kind == EffectCancelQueued && f.Tell == SideRecipient
	}) {
		t.Fatalf("cancel: %+v", res)
	}
	if got := apply(t, r, said(EventConfirmCancel, SideRecipient)).Referral.State; got != StateCancelled {
		t.Errorf("confirmed: %s", got)
	}
	if got := apply(t, r, said(EventRefuseCancel, SideRecipient)).Referral; got.State != StateScheduled || got.Before != "" {
		t.Errorf("refused: %s, want the state before", got.State)
	}
	if got := apply(t, r, said(EventDecline, SideRecipient)).Referral.State; got != StateDeclined {
		t.Errorf("declined across: %s", got)
	}
	if got := apply(t, r, report("D")).Referral.State; got != StateReportReceived {
		t.Errorf("already done: %s", got)
	}
	crossed := apply(t, r, said(EventSeen, SideRecipient))
	if crossed.Referral.State != StateCancelRequested || crossed.Referral.Before != StateSeen || !item(crossed, "cancel_crossed") {
		t.Errorf("a fact that crosses moves the state before: %s", crossed.Referral.Before)
	}
	e := staff(EventEnd, SideInitiator)
	e.Reason = string(EndCancelUnconfirmed)
	if got := apply(t, r, e).Referral; got.State != StateEnded || got.EndReason != EndCancelUnconfirmed {
		t.Errorf("cancel unconfirmed: %s", got.State)
	}
	refused(t, inState(RoleInitiator, StateSent), e, CodeNeedsReason)
}

func TestCancelBeforeItLeft(t *testing.T) {
	r := apply(t, Referral{ID: "R", Role: RoleInitiator, Patient: patient()}, said(EventRequest, SideInitiator)).Referral
	res := apply(t, r, said(EventCancel, SideInitiator))
	if res.Referral.State != StateCancelled || effect(res, EffectTell, SideRecipient, EventCancel) || len(res.Referral.Withheld) != 0 {
		t.Fatalf("nothing was ever sent: state %s, effects %+v", res.Referral.State, res.Effects)
	}
	if last := res.Events[len(res.Events)-1]; !last.Implied || last.Reason != ReasonNeverSent {
		t.Errorf("the confirmation must say why: %+v", last)
	}
}

func TestReportIsNeverWithheld(t *testing.T) {
	for _, s := range []State{StateCancelled, StateDeclined, StateEnded} {
		res := apply(t, inState(RoleInitiator, s), report("D"))
		if res.Referral.State != s || !effect(res, EffectRelay, SideInitiator, EventReport) || !item(res, "report_after_end") {
			t.Errorf("%s: state %s effects %+v", s, res.Referral.State, res.Effects)
		}
		if got := apply(t, res.Referral, said(EventRelayed, SideDaemon)).Referral.State; got != s {
			t.Errorf("%s: its proof moved the state to %s", s, got)
		}
	}
	for _, why := range []EndReason{EndExpired, EndUnreachable, EndCompletedNoReport} {
		r := inState(RoleInitiator, StateEnded)
		r.EndReason = why
		if got := apply(t, r, report("D")).Referral; got.State != StateReportReceived || got.EndReason != "" {
			t.Errorf("ended(%s): %s", why, got.State)
		}
	}
	late := apply(t, inState(RoleInitiator, StateClosed), said(EventInterim, SideRecipient))
	if late.Referral.State != StateClosed || !effect(late, EffectTell, SideInitiator, EventInterim) || !anomaly(late, "out_of_order") {
		t.Errorf("an interim note after the outcome is shown and told: %+v", late.Effects)
	}
}

func TestUnsignedReportIsInterim(t *testing.T) {
	e := staff(EventReport, SideRecipient)
	e.Payload.Documents[0].Signed = false
	res := apply(t, inState(RoleRecipient, StateScheduled), e)
	if res.Referral.State != StateSeen || types(res.Events) != "interim" || res.Referral.Documents[0].Kind != "interim" {
		t.Fatalf("got %s in %s", types(res.Events), res.Referral.State)
	}
	e.Payload.Documents[0].Signed = true
	if got := apply(t, res.Referral, e).Referral.State; got != StateReportReceived {
		t.Errorf("the same paper, signed: %s", got)
	}
	e.Payload.Documents = nil
	refused(t, inState(RoleRecipient, StateSeen), e, CodeNeedsDocument)
}

func TestLateFacts(t *testing.T) {
	late := apply(t, inState(RoleInitiator, StateSeen), said(EventAccept, SideRecipient))
	if late.Referral.State != StateSeen || !anomaly(late, "late_fact") || types(late.Events) != "accept" {
		t.Fatalf("a late accept: %s", late.Referral.State)
	}
	old := said(EventSchedule, SideRecipient)
	old.EventTime = t0.Add(-time.Hour)
	for _, s := range []State{StateSeen, StateNoShow, StateScheduled, StateDeclined} {
		if got := apply(t, inState(RoleInitiator, s), old); got.Referral.State != s || !anomaly(got, "late_fact") {
			t.Errorf("a booking older than %s made it %s", s, got.Referral.State)
		}
	}
	old.Type = EventNoShow
	if got := apply(t, inState(RoleInitiator, StateScheduled), old).Referral.State; got != StateScheduled {
		t.Errorf("a no-show older than the new booking made it %s", got)
	}
	r := inState(RoleInitiator, StateScheduled)
	r.Appointments = []Appointment{{ID: Identifier{Value: "1", Authority: "2.1"}, Status: "booked"}, {ID: Identifier{Value: "2", Authority: "2.1"}, Status: "booked"}}
	e := said(EventCancelAppointment, SideRecipient)
	e.Payload.Appointment = &Appointment{ID: Identifier{Value: "1", Authority: "2.1"}}
	got := apply(t, r, e).Referral
	if got.State != StateScheduled || got.Appointments[0].Status != "cancelled" || got.Appointments[1].Status != "booked" {
		t.Errorf("the end of another booking: %s %+v", got.State, got.Appointments)
	}
	e.Payload.Appointment.ID.Value = "2"
	if got := apply(t, r, e).Referral.State; got != StateApptCancelled {
		t.Errorf("the end of the current booking: %s", got)
	}
}

func TestEcho(t *testing.T) {
	e := said(EventSchedule, SideRecipient)
	e.Payload.Digest = "d1"
	res := apply(t, inState(RoleInitiator, StateAccepted), e)
	echo := apply(t, res.Referral, e)
	if !echo.Echo || len(echo.Events)+len(echo.Effects) != 0 {
		t.Fatalf("same content, same origin: %+v", echo)
	}
	other := e
	other.Origin = OriginMLLP
	if got := apply(t, res.Referral, other); got.Echo {
		t.Error("another origin is no echo")
	}
	gone := apply(t, res.Referral, said(EventNoShow, SideRecipient))
	if got := apply(t, gone.Referral, e); got.Echo || got.Referral.State != StateScheduled {
		t.Error("booked, missed and booked again as before is no echo")
	}
	first := apply(t, inState(RoleInitiator, StateSeen), report("D1"))
	if !apply(t, first.Referral, report("D1")).Echo {
		t.Error("the same paper again is an echo")
	}
}

func TestWrongPatient(t *testing.T) {
	for name, change := range map[string]func(*Patient){
		"another MRN":               func(p *Patient) { p.IDs = []Identifier{{Value: "MRN-2", Authority: "2.16.1", Kind: KindMRN}} },
		"same MRN, another birth":   func(p *Patient) { p.BirthDate = "1971-01-02" },
		"another last name and sex": func(p *Patient) { p.Name.Family, p.Sex = "Anders", "M" },
	} {
		e := report("D")
		p := patient()
		change(&p)
		e.Payload.Patient = &p
		res := apply(t, inState(RoleInitiator, StateSeen), e)
		r := res.Referral
		if r.State != StateSeen || len(r.Documents) != 0 || !effect(res, EffectFreeze, "", "") || effect(res, EffectRelay, SideInitiator, EventReport) ||
			types(res.Events) != "anomaly hold" || res.Events[0].Payload.Said != EventReport || !item(res, "wrong_patient") {
			t.Errorf("%s: %s %s %+v", name, r.State, types(res.Events), res.Effects)
		}
		held := apply(t, r, report("D2"))
		if held.Referral.State != StateReportReceived || effect(held, EffectRelay, SideInitiator, EventReport) {
			t.Errorf("%s: relayed while frozen", name)
		}
		free := staff(EventVerify, SideInitiator)
		free.Payload.Hold = &Hold{Kind: HoldMatch}
		out := apply(t, held.Referral, free)
		if !effect(out, EffectRelay, SideInitiator, EventReport) || len(out.Referral.Holds)+len(out.Referral.Withheld) != 0 {
			t.Errorf("%s: after the review: %+v", name, out.Effects)
		}
		own := staff(EventReport, SideRecipient)
		own.Payload.Patient = &p
		refused(t, inState(RoleRecipient, StateSeen), own, CodeWrongPatient)
	}
	married := report("D")
	p := patient()
	p.Name.Family = "Anders"
	married.Payload.Patient = &p
	if res := apply(t, inState(RoleInitiator, StateSeen), married); res.Referral.State != StateReportReceived || !anomaly(res, "patient_differs") {
		t.Error("another last name alone is shown and goes on")
	}
}

func TestMergedPatientStillMatches(t *testing.T) {
	e := said(EventPatientUpdate, SideInitiator)
	e.Payload.Patient = &Patient{IDs: []Identifier{{Value: "MRN-9", Authority: "2.16.1", Kind: KindMRN}}}
	r := apply(t, inState(RoleInitiator, StateSeen), e).Referral
	if r.Patient.IDs[0].Value != "MRN-9" || r.Patient.Name.Family != "Testfall" || r.Identifiers[0].Value != "MRN-1" {
		t.Fatalf("re-keyed: %+v %+v", r.Patient.IDs, r.Identifiers)
	}
	for _, mrn := range []string{"MRN-1", "MRN-9"} {
		rep, p := report("D"+mrn), patient()
		p.IDs[0].Value = mrn
		rep.Payload.Patient = &p
		if got := apply(t, r, rep).Referral.State; got != StateReportReceived {
			t.Errorf("%s: %s", mrn, got)
		}
	}
}

func TestWhoMaySayIt(t *testing.T) {
	for _, typ := range []EventType{EventAccept, EventDecline, EventSchedule, EventReport} {
		refused(t, inState(RoleInitiator, StateAccepted), said(typ, SideInitiator), CodeWrongSide)
		refused(t, inState(RoleInitiator, StateAccepted), said(typ, SideDaemon), CodeWrongSide)
	}
	refused(t, inState(RoleInitiator, StateAccepted), said(EventCancel, SideRecipient), CodeWrongSide)
	refused(t, inState(RoleInitiator, StateAccepted), said(EventAccept, ""), CodeWrongSide)
	refused(t, inState("", StateAccepted), said(EventVerify, SideInitiator), CodeWrongSide)
	refused(t, inState(RoleInitiator, StateAccepted), said(EventEnd, SideRecipient), CodeWrongSide)
	refused(t, inState(RoleInitiator, StateAccepted), said("dance", SideRecipient), CodeUnknownEvent)
	ref := refused(t, inState(RoleRecipient, StateSent), staff(EventSchedule, SideRecipient), CodeNotAllowed)
	if !slices.Contains(ref.Allowed, EventAccept) || !strings.Contains(ref.Error(), "decline") {
		t.Errorf("a refusal says what is allowed: %v", ref)
	}
	ours := staff(EventAccept, SideDaemon)
	if got := apply(t, inState(RoleRecipient, StateSent), ours).Events[0].By; got != SideRecipient {
		t.Errorf("our staff speaks for %s, want our role", got)
	}
}

func TestGrades(t *testing.T) {
	phone := func(typ EventType) Event {
		e := said(typ, SideRecipient)
		e.Origin, e.Grade = OriginPhone, GradeC
		return e
	}
	for typ, from := range map[EventType]State{EventAccept: StateSent, EventDecline: StateSent, EventSchedule: StateAccepted, EventNoShow: StateScheduled, EventSeen: StateScheduled} {
		apply(t, inState(RoleInitiator, from), phone(typ))
		d := phone(typ)
		d.Grade = GradeD
		refused(t, inState(RoleInitiator, from), d, CodeWeakEvidence)
	}
	refused(t, inState(RoleInitiator, StateSeen), phone(EventReport), CodeWeakEvidence)
	better := apply(t, apply(t, inState(RoleInitiator, StateSent), phone(EventAccept)).Referral, said(EventAccept, SideRecipient))
	if better.Referral.Grade != GradeA || len(better.Effects) != 0 {
		t.Errorf("the same in writing: grade %s, effects %v", better.Referral.Grade, better.Effects)
	}
	closing := inState(RoleInitiator, StateReportReceived)
	for _, c := range []struct {
		g      Grade
		second string
		fax    bool
		closes bool
	}{{GradeA, "", false, true}, {GradeB, "", false, true}, {GradeC, "", false, false}, {GradeC, "partner", false, false}, {GradeC, "other", false, true},
		{GradeD, "", false, false}, {GradeD, "", true, true}} {
		e := said(EventRelayed, SideDaemon)
		e.Grade, e.Origin, e.Payload.Second, e.Payload.FaxClosure = c.g, OriginFax, c.second, c.fax
		if !c.closes {
			refused(t, closing, e, CodeWeakEvidence)
		} else if got := apply(t, closing, e).Referral; got.State != StateClosed || got.Grade != c.g {
			t.Errorf("%+v: %s grade %s", c, got.State, got.Grade)
		}
	}
	bare := said(EventRelayed, SideDaemon)
	bare.Payload.Delivery = ""
	refused(t, closing, bare, CodeNeedsProof)
}

func TestTimersNeverClose(t *testing.T) {
	for _, why := range []EndReason{EndExpired, EndCompletedNoReport} {
		e := said(EventEnd, SideDaemon)
		e.Reason, e.Grade = string(why), ""
		if got := apply(t, inState(RoleInitiator, StateSeen), e).Referral; got.State != StateEnded || got.EndReason != why {
			t.Errorf("%s: %s", why, got.State)
		}
	}
	e := said(EventEnd, SideDaemon)
	e.Reason = string(EndDuplicate)
	refused(t, inState(RoleInitiator, StateSeen), e, CodeNeedsReason)
	refused(t, inState(RoleInitiator, StateClosed), staff(EventEnd, SideInitiator), CodeNotAllowed)
}

func TestRedirectAndReopen(t *testing.T) {
	e := staff(EventResend, SideInitiator)
	e.Payload.Recipient = &Party{Partner: "elsewhere"}
	res := apply(t, inState(RoleInitiator, StateDeclined), e)
	if res.Referral.State != StateSent || res.Referral.Recipient.Partner != "elsewhere" || !effect(res, EffectTell, SideRecipient, EventRequest) ||
		!effect(res, EffectCancelQueued, SideRecipient, "") {
		t.Fatalf("redirect: %+v", res)
	}
	change := said(EventChange, SideInitiator)
	change.Payload.Record = &Referral{Reason: "new words"}
	again := apply(t, inState(RoleRecipient, StateDeclined), change)
	if again.Referral.State != StateSent || again.Referral.Reason != "new words" || again.Referral.Priority != Routine {
		t.Errorf("re-opened: %s", again.Referral.State)
	}
}

func TestQuestionWithoutStateChange(t *testing.T) {
	for _, s := range []State{StateAccepted, StateScheduled} {
		res := apply(t, inState(RoleInitiator, s), said(EventAsk, SideRecipient))
		if res.Referral.State != s || !item(res, "question") {
			t.Errorf("%s: %s", s, res.Referral.State)
		}
	}
	res := apply(t, inState(RoleRecipient, StateSent), staff(EventAsk, SideRecipient))
	if got := apply(t, res.Referral, said(EventAnswer, SideInitiator)).Referral.State; res.Referral.State != StateInfoRequested || got != StateSent {
		t.Errorf("asked %s, answered %s", res.Referral.State, got)
	}
}
