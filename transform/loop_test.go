package transform

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"refloop/channels"
	"refloop/referral"
)

// side is one daemon without its engine: a record, and how its messages are decoded.
type side struct {
	t    *testing.T
	r    referral.Referral
	dir  *Directory
	docs map[string][]byte
	n    int
}

// hear decodes a message and applies its one fact.
func (s *side) hear(src Source, by referral.Side) {
	s.t.Helper()
	src.Directory = s.dir
	s.n++
	src.Message.ReceivedAt = hour(12).AddDate(0, 0, s.n)
	d := Decode(src)
	f := one(s.t, d)
	ev := f.Event
	for _, b := range d.Documents {
		b.Document.ID = fmt.Sprintf("doc-%d-%d", s.n, len(s.docs))
		b.Document.SHA256 = b.Document.ID
		s.docs[b.Document.ID] = b.Bytes
		if ev.Payload.Record != nil {
			ev.Payload.Record.Documents = append(ev.Payload.Record.Documents, b.Document)
		} else {
			ev.Payload.Documents = append(ev.Payload.Documents, b.Document)
		}
	}
	s.apply(ev, by)
}

// apply runs the state machine; a refusal or a freeze fails the test.
func (s *side) apply(ev referral.Event, by referral.Side) {
	s.t.Helper()
	ev.By, ev.ReceiveTime = by, hour(12).AddDate(0, 0, s.n)
	if ev.EventTime.IsZero() {
		ev.EventTime = ev.ReceiveTime
	}
	res, err := referral.Apply(s.r, ev)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range res.Effects {
		if e.Kind == referral.EffectFreeze {
			s.t.Fatal("frozen: another patient")
		}
	}
	s.r = res.Referral
}

// tell renders an event to a target.
func (s *side) tell(ev referral.Event, to Target) channels.Shipment {
	s.t.Helper()
	ship, err := Render(s.r, ev, to, s.docs)
	if err != nil {
		s.t.Fatal(err)
	}
	return ship
}

// A loop from the EHR's order to its report, through both sides and both state machines, by messages alone.
func TestWholeLoop(t *testing.T) {
	for _, file := range []string{"ref-i12.hl7", "orm-one.hl7"} {
		t.Run(file, func(t *testing.T) { wholeLoop(t, file) })
	}
}

func wholeLoop(t *testing.T, file string) {
	hospital := &side{t: t, dir: northside(), docs: map[string][]byte{}, r: referral.Referral{ID: "7K3M9QX2T4V8WZ5C", Authority: ownOID, Role: referral.RoleInitiator}}
	clinic := &side{t: t, dir: specialist(), docs: map[string][]byte{}, r: referral.Referral{ID: "7K3M9QX2T4V8WZ5C", Authority: ownOID, Role: referral.RoleRecipient}}
	own := referral.Identifier{Value: hospital.r.ID, Authority: ownOID, Kind: referral.KindReferral}
	hospital.r.Identifiers, clinic.r.Identifiers = []referral.Identifier{own}, []referral.Identifier{own}

	hospital.hear(hl7Source(order(t, file), "northside-ehr"), referral.SideInitiator)
	toClinic := target(channels.Direct, false, nil)
	request := hospital.tell(referral.Event{Type: referral.EventRequest, EventTime: hour(12)}, toClinic)
	clinic.hear(arrived(request), referral.SideInitiator)
	if clinic.r.State != referral.StateSent || len(clinic.r.Holds) != 0 {
		t.Fatalf("clinic: got %s, holds %v", clinic.r.State, clinic.r.Holds)
	}

	toHospital := toClinic
	toHospital.Own, toHospital.Partner = clinic.dir.Own, clinic.dir.Partners[0]
	doc, bytes := note("report")
	clinic.docs[doc.ID] = bytes[doc.ID]
	for _, step := range []struct {
		ev   referral.Event
		want referral.State
	}{
		{referral.Event{Type: referral.EventAsk, Note: "Which knee?"}, referral.StateInfoRequested},
		{referral.Event{Type: referral.EventAccept}, referral.StateAccepted},
		{referral.Event{Type: referral.EventSchedule, Payload: referral.Payload{Appointment: &referral.Appointment{
			ID: referral.Identifier{Value: "A1", Authority: lakeOID, Kind: referral.KindAppointment}, Start: hour(15).AddDate(0, 1, 0), End: hour(16).AddDate(0, 1, 0),
		}}}, referral.StateScheduled},
		{referral.Event{Type: referral.EventSeen}, referral.StateSeen},
		{referral.Event{Type: referral.EventReport, Payload: referral.Payload{Documents: []referral.Document{doc}}}, referral.StateReportReceived},
	} {
		clinic.n++
		step.ev.Origin, step.ev.Grade, step.ev.EventTime = referral.OriginStaff, referral.GradeA, hour(13).AddDate(0, 0, clinic.n)
		clinic.apply(step.ev, referral.SideRecipient)
		ship := clinic.tell(step.ev, toHospital)
		hospital.hear(mailSource(ship.Parts...), referral.SideRecipient)
		if hospital.r.State != step.want {
			t.Fatalf("after %s the hospital is %s, want %s", step.ev.Type, hospital.r.State, step.want)
		}
		if step.ev.Type != referral.EventReport {
			wellFormed(t, hospital.tell(step.ev, target(channels.MLLP, true, nil)))
		}
	}
	var report referral.Event
	for _, d := range hospital.r.Documents {
		if d.Kind == "report" {
			report.Payload.Documents = append(report.Payload.Documents, d)
		}
	}
	report.Type, report.EventTime = referral.EventReport, hour(14)
	ship := hospital.tell(report, target(channels.MLLP, true, nil))
	wellFormed(t, ship)
	raw := strings.ReplaceAll(string(ship.Parts[0].Body), "\r", "\n")
	for _, want := range []string{"Stable angina.", "Continue the present treatment."} {
		if strings.Count(raw, want) != 1 {
			t.Errorf("%q is %d times in the report to the EHR, want once\n%s", want, strings.Count(raw, want), raw)
		}
	}
	if placers := hospital.r.Identifiers; !slices.ContainsFunc(placers, func(id referral.Identifier) bool {
		return strings.Contains(raw, "|"+id.Value+"^") && id.Kind == referral.KindPlacer
	}) {
		t.Errorf("the EHR's own number is not in its report: %v", placers)
	}
}

// order is a request of the EHR.
func order(t *testing.T, file string) []byte {
	if file == "orm-one.hl7" {
		return message(`MSH|^~\&|NSEHR|NORTHSIDE|REFLOOP|HUB|20261102093000||ORM^O01|ORM-7|P|2.3.1`, `PID|1||MRN5502^^^NORTHSIDE^MR||Bell^Oscar^T||19780914|M`,
			`PV1|1|O|||||||||||||||||VN31001`, `ORC|NW|P-9001^NSEHR|||||||20261102|||1467560003^Marsh^Ellen`, `OBR|1|P-9001^NSEHR||REFDERM^Referral^L|||||||||||||||||||||||||||^Changing mole`)
	}
	body, err := os.ReadFile("../testdata/hl7/own/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// A file may hold several messages; on a line each is one.
func TestBatchFile(t *testing.T) {
	ref := func(n string) string {
		return `MSH|^~\&|NSEHR|NORTHSIDE|REFLOOP|HUB|20261102||REF^I12|C` + n + "|P|2.4\rRF1||R||||R-" + n + "^NORTHSIDE||||^Knee\rPID|1||M" + n + "^^^NORTHSIDE||Doe^Jo||19700101|F\r"
	}
	s := hl7Source([]byte("FHS|^~\\&\rBHS|^~\\&\r"+ref("1")+ref("2")+"BTS|2\rFTS|1\r"), "northside-ehr")
	s.Channel.Type = channels.File
	d := Decode(s)
	if len(d.Facts) != 2 || d.Facts[1].Ref[0].Value != "R-2" || d.Verdict != channels.Taken {
		t.Errorf("got %d facts, %v %s", len(d.Facts), d.Verdict, d.Hold)
	}
	s.Opened.Parts[0].Body = []byte(ref("1") + strings.Replace(ref("2"), "PID|1||M2^^^NORTHSIDE", "PID|1||", 1))
	if d = Decode(s); len(d.Facts) != 0 || d.Verdict != channels.Repair {
		t.Errorf("one broken: got %d facts, %v; want all or none", len(d.Facts), d.Verdict)
	}
	s.Channel.Type = channels.MLLP
	if d = Decode(s); d.Verdict != channels.Repair || len(d.Problems) != 1 {
		t.Errorf("on a line: got %v %v", d.Verdict, d.Problems)
	}
}
