package referral_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	. "refloop/referral"
)

// drawEvent makes any event by anybody with any evidence, mostly whole, sometimes about another patient.
func drawEvent(t *rapid.T, at time.Time) Event {
	e := said(rapid.SampledFrom(allEvents).Draw(t, "type"), rapid.SampledFrom([]Side{SideInitiator, SideRecipient, SideDaemon}).Draw(t, "by"))
	e.ReceiveTime = at
	e.EventTime = at.Add(-time.Duration(rapid.IntRange(0, 300).Draw(t, "lag")) * time.Minute)
	e.Origin = rapid.SampledFrom([]string{OriginDirect, OriginMLLP, OriginStaff, OriginPhone, OriginFax, OriginLink}).Draw(t, "origin")
	e.Grade = rapid.SampledFrom([]Grade{GradeA, GradeA, GradeA, GradeB, GradeC, GradeD, ""}).Draw(t, "grade")
	if rapid.Bool().Draw(t, "has digest") {
		e.Payload.Digest = rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "digest")
	}
	switch e.Type {
	case EventEnd:
		e.Reason = rapid.SampledFrom([]string{string(EndExpired), string(EndDuplicate), string(EndCancelUnconfirmed), "nonsense"}).Draw(t, "reason")
	case EventHold, EventRelease:
		e.Payload.Hold = &Hold{Kind: rapid.SampledFrom(HoldKinds()).Draw(t, "hold"), Reason: "why"}
		e.Reason = "basis"
	case EventReport, EventInterim:
		id := rapid.StringMatching("[a-e]").Draw(t, "document")
		e.Payload.Documents = []Document{{ID: id, SHA256: id, Signed: rapid.Bool().Draw(t, "signed")}}
	case EventSchedule, EventReschedule, EventNoShow, EventCancelAppointment:
		if rapid.Bool().Draw(t, "with appointment") {
			e.Payload.Appointment = &Appointment{ID: Identifier{Value: rapid.StringMatching("[1-3]").Draw(t, "appointment"), Authority: "2.16.7"}}
		}
	case EventVerify:
		if rapid.Bool().Draw(t, "with field") {
			e.Payload.Fields = []Field{{Key: "priority", Value: rapid.SampledFrom([]string{"stat", "soon"}).Draw(t, "priority")}}
		}
	case EventRelayed:
		e.Payload.Second = rapid.SampledFrom([]string{"", "partner", "second"}).Draw(t, "second")
		e.Payload.FaxClosure = rapid.Bool().Draw(t, "fax closure")
	}
	if rapid.IntRange(0, 30).Draw(t, "patient") == 0 {
		p := patient()
		p.BirthDate = "1999-09-09"
		e.Payload.Patient = &p
	}
	return e
}

// TestProperties drives random histories and holds after every step what must always hold.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Referral{ID: "R1", Role: rapid.SampledFrom([]Role{RoleInitiator, RoleRecipient}).Draw(t, "role"), Patient: patient()}
		if rapid.Bool().Draw(t, "priority known") {
			r.Priority = Routine
		}
		at := t0
		first := said(EventRequest, SideInitiator)
		first.ReceiveTime, first.EventTime = at, at
		r = step(t, r, first)
		for n := range rapid.IntRange(1, 40).Draw(t, "steps") {
			at = at.Add(time.Duration(rapid.IntRange(1, 200).Draw(t, "minutes")) * time.Minute)
			r = step(t, r, drawEvent(t, at))
			if n%8 == 0 { // the dearest of the checks
				checkActions(t, r, at)
			}
			checkClock(t, r)
		}
	})
}

// step applies one event and checks what comes out; a refused one is applied as an anomaly, as the engine does.
func step(t *rapid.T, r Referral, e Event) Referral {
	before := r
	res, err := Apply(r, e)
	var ref *Refusal
	if errors.As(err, &ref) {
		if ref.Code == "" || ref.Want == "" {
			t.Fatalf("refusal without its code or what was wanted: %v", ref)
		}
		if res, err = Apply(r, ref.Anomaly(e)); err != nil || len(res.Anomalies) != 1 {
			t.Fatalf("a refused %s could not be stored: %v", e.Type, err)
		}
	} else if err != nil {
		t.Fatalf("not a typed refusal: %v", err)
	}
	if res.Echo {
		if len(res.Events) != 0 || len(res.Effects) != 0 || res.Referral.Version != before.Version {
			t.Fatalf("an echo did something")
		}
		return res.Referral
	}
	if len(res.Events) == 0 {
		t.Fatalf("%s by %s in %s was lost", e.Type, e.By, r.State)
	}
	state, seq := before.State, before.Version
	if state == "" {
		state = StateDraft
	}
	for _, ev := range res.Events {
		if ev.Seq != seq+1 || ev.From != state {
			t.Fatalf("event %s: seq %d after %d, from %s in %s", ev.Type, ev.Seq, seq, ev.From, state)
		}
		checkMove(t, before, ev)
		state, seq = ev.To, ev.Seq
	}
	if res.Referral.State != state || res.Referral.Version != seq {
		t.Fatalf("the record says %s/%d, its events %s/%d", res.Referral.State, res.Referral.Version, state, seq)
	}
	for _, f := range res.Effects {
		if (f.Kind == EffectTell || f.Kind == EffectRelay) && frozen(res.Referral) {
			t.Fatalf("%s %s went out while match_review is open", f.Kind, f.Event)
		}
		if f.Seq <= 0 || f.Seq > res.Referral.Version {
			t.Fatalf("effect %s has seq %d of %d", f.Kind, f.Seq, res.Referral.Version)
		}
	}
	return res.Referral
}

func frozen(r Referral) bool {
	return slices.ContainsFunc(r.Holds, func(h Hold) bool { return h.Kind == HoldMatch })
}

// checkMove holds that every change of state is a legal move of the table, and closed only by proof.
func checkMove(t *rapid.T, r Referral, ev Event) {
	if ev.From == ev.To {
		return
	}
	legal := slices.ContainsFunc(Table(), func(row Row) bool {
		back := ev.Type == EventRefuseCancel && row.Event == EventRefuseCancel
		return row.Event == ev.Type && slices.Contains(row.From, ev.From) && (row.How == Moves || row.How == Skips) && (row.To == ev.To || back)
	})
	if !legal {
		t.Fatalf("%s moved %s to %s, which no row says", ev.Type, ev.From, ev.To)
	}
	if ev.Implied && ev.Type != EventConfirmCancel && ev.To == ev.From {
		t.Fatalf("an implied %s that does nothing", ev.Type)
	}
	if ev.Grade == GradeD && !(ev.Type == EventRelayed && ev.Payload.FaxClosure) {
		t.Fatalf("grade D moved %s to %s", ev.From, ev.To)
	}
	if ev.To != StateClosed {
		return
	}
	p := ev.Payload
	proof := ev.Grade == GradeA || ev.Grade == GradeB || ev.Grade == GradeC && p.Second != "" && p.Second != ev.Actor ||
		ev.Grade == GradeD && p.FaxClosure && ev.Origin == OriginFax
	if ev.Type != EventRelayed || !proof || r.ReportSeq == 0 {
		t.Fatalf("closed by %s grade %q", ev.Type, ev.Grade)
	}
}

// checkActions holds that Actions is exactly what Apply takes from a person of that side.
func checkActions(t *rapid.T, r Referral, at time.Time) {
	offered := Actions(r, r.Role)
	for _, typ := range allEvents {
		verb := ActionOf(typ)
		if ActionFor(string(verb)) == "" {
			continue
		}
		e := staff(typ, r.Role.Side())
		e.EventTime, e.ReceiveTime = at.Add(time.Minute), at.Add(time.Minute)
		if typ == EventReport || typ == EventInterim {
			e.Payload.Documents = []Document{{ID: "new", SHA256: "new", Signed: typ == EventReport}}
		}
		if typ == EventRelease && len(r.Holds) > 0 {
			e.Payload.Hold, e.Reason = &Hold{Kind: r.Holds[0].Kind}, "cleared"
		}
		_, err := Apply(r, e)
		if got := slices.Contains(offered, verb); got != (err == nil) {
			t.Fatalf("%s in %s by our %s: offered %v, Apply says %v", verb, r.State, r.Role, got, err)
		}
	}
}

// checkClock holds that every open referral has exactly one debt with an owner and a time, and no other has one.
func checkClock(t *rapid.T, r Referral) {
	c := DeriveClock(r, nil, ClockRules{})
	if !r.Open() {
		if c != (Clock{}) {
			t.Fatalf("%s is over and has the clock %s", r.State, c.Name)
		}
		return
	}
	if c.Name == "" || c.Debtor == "" || c.Since.IsZero() || c.Due.IsZero() || c.Due.Before(c.Since) || c.Warn.After(c.Due) {
		t.Fatalf("%s (%s) has no whole clock: %+v", r.State, r.Role, c)
	}
}

// TestApplyIsPure: neither the referral nor the event that went in is changed, and the same input gives the same output.
func TestApplyIsPure(t *testing.T) {
	r := inState(RoleInitiator, StateAccepted)
	r.Documents = append(make([]Document, 0, 8), Document{ID: "D0"})
	r.Appointments = append(make([]Appointment, 0, 8), Appointment{Status: "booked"})
	r.Holds = append(make([]Hold, 0, 8), Hold{Kind: HoldCapacity, Reason: "x"})
	r.Identifiers = append(make([]Identifier, 0, 8), Identifier{Value: "1", Kind: KindPlacer})
	for _, typ := range allEvents {
		for _, by := range []Side{SideInitiator, SideRecipient, SideDaemon} {
			e := said(typ, by)
			e.Payload.Identifiers = []Identifier{{Value: string(typ), Kind: KindFiller}}
			a, errA := Apply(r, e)
			b, errB := Apply(r, e)
			if (errA == nil) != (errB == nil) || a.Referral.Version != b.Referral.Version {
				t.Fatalf("%s: two runs differ", typ)
			}
			if r.Documents[:2][1].ID != "" || r.Identifiers[:2][1].Value != "" || r.Appointments[0].Status != "booked" || len(r.Holds) != 1 {
				t.Fatalf("%s by %s wrote into the referral it was given", typ, by)
			}
		}
	}
}
