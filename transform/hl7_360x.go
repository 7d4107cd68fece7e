package transform

import (
	"fmt"
	"strings"

	"refloop/hl7"
	"refloop/referral"
)

// write360X builds the 360X message of an event and names its format code. It is an error to ask for an event that 360X has no message for.
func write360X(r referral.Referral, ev referral.Event, t Target) (body []byte, kind, format string, err error) {
	w := newWriter(r, ev, t)
	switch ev.Type {
	case referral.EventRequest, referral.EventChange, referral.EventResend:
		w.omg(map[bool]string{true: "XO", false: "NW"}[ev.Type == referral.EventChange])
		kind, format = "OMG^O19", "urn:ihe:pcc:360x:hl7:OMG:O19:2017"
	case referral.EventSchedule, referral.EventReschedule, referral.EventCancelAppointment, referral.EventNoShow:
		trigger := map[referral.EventType]string{
			referral.EventSchedule: "S12", referral.EventReschedule: "S13", referral.EventCancelAppointment: "S15", referral.EventNoShow: "S26",
		}[ev.Type]
		w.siu(trigger)
		kind, format = "SIU^"+trigger, "urn:ihe:pcc:360x:hl7:SIU:"+trigger+":2017"
	default:
		control, status, ok := osuCodes(ev.Type)
		if !ok {
			return nil, "", "", fmt.Errorf("transform: 360X: got event %s, want one that 360X has a message for", ev.Type)
		}
		if w.t.Rail.Dialect.Outcome == "omg" && (ev.Type == referral.EventReport || ev.Type == referral.EventInterim) {
			w.omg("RE")
			kind, format = "OMG^O19", "urn:ihe:pcc:360x:hl7:OMG:O19:2017"
			break
		}
		w.osu(control, status)
		kind, format = "OSU^O51", "urn:ihe:pcc:360x:hl7:OSU:O51:2017"
	}
	body, err = w.b.Bytes()
	return body, kind, format, err
}

// osuCodes is ORC-1 and ORC-5 of each status update (360x.md section 4.3, column Emit).
func osuCodes(ev referral.EventType) (control, status string, ok bool) {
	switch ev {
	case referral.EventAccept:
		return "OK", "IP", true
	case referral.EventDecline:
		return "UA", "CA", true
	case referral.EventCancel:
		return "CA", "", true
	case referral.EventConfirmCancel:
		return "CR", "CA", true
	case referral.EventRefuseCancel:
		return "UC", "", true
	case referral.EventSeen, referral.EventInterim:
		return "SC", "A", true
	case referral.EventReport:
		return "SC", "CM", true
	case referral.EventNoCapacity:
		return "OH", "HD", true
	case referral.EventAsk, referral.EventAnswer:
		return "SC", "", true
	}
	return "", "", false
}

// placer is the referral ID as ORC-2, OBR-2 and SCH-26 carry it.
func (w *writer) placer() hl7.EI { return eiFor(wireID(w.r)) }

// orc writes ORC with the ordering clinician and, for answers, reason and promised date.
func (w *writer) orc(control, status string) {
	s := w.b.Segment("ORC").Set(1, control).Add(2, w.placer()).Set(5, status)
	if filler := idOf(w.r, referral.KindFiller); w.r.Role == referral.RoleRecipient && filler.Value != "" {
		s.Add(3, eiFor(filler))
	}
	who := w.r.Initiator
	if w.ev.Type == referral.EventAccept && w.r.Role == referral.RoleRecipient && w.r.Recipient.Clinician != (referral.Name{}) {
		who = w.r.Recipient
	}
	s.Set(9, dtm(w.ev.EventTime)).Add(12, xcnFor(who)).Set(15, dtm(w.ev.Payload.Promise))
	if w.ev.Reason != "" || w.ev.Type == referral.EventCancel && w.ev.Note != "" {
		s.Add(16, hl7.Coded{Code: w.ev.Reason, Text: reasonText(w.ev)})
	}
	if c := w.r.Confidentiality.Code; c == "R" || c == "V" {
		s.Add(28, hl7.Coded{Code: c, System: "HL70177"})
	}
	if w.ev.Type != referral.EventRequest && w.ev.Note != "" {
		w.note(w.ev.Note)
	}
}

func reasonText(ev referral.Event) string {
	if ev.Reason != "" {
		return strings.ReplaceAll(ev.Reason, "_", " ")
	}
	return ev.Note
}

// omg writes OMG^O19: the request, a change of it, or (per partner) the outcome.
func (w *writer) omg(control string) {
	w.x360("OMG", "O19", "OMG_O19")
	w.pid()
	w.orc(control, map[bool]string{true: "CM", false: ""}[control == "RE"])
	if code := priorityOut(w.r.Priority); code != "" || !w.r.NeededBy.IsZero() {
		s := w.b.Segment("TQ1").Set(1, "1").Set(8, dtm(w.r.NeededBy))
		s.Add(9, hl7.Coded{Code: code})
	}
	s := w.b.Segment("OBR").Set(1, "1").Add(2, w.placer()).Add(4, w.service()).Add(16, xcnFor(w.r.Initiator))
	if control == "RE" {
		s.Set(25, map[bool]string{true: "F", false: "P"}[w.ev.Type == referral.EventReport])
	}
	if w.r.Reason != "" {
		s.Add(31, hl7.Coded{Text: w.r.Reason})
	}
	w.notes(w.r.Notes)
	for i, d := range w.r.Diagnoses {
		w.b.Segment("DG1").Set(1, itoa(i+1)).Add(3, codedFor(d)).Set(6, "W")
	}
}

// service is OBR-4: what is asked for, else a referral note.
func (w *writer) service() hl7.Coded {
	if w.r.Service.Coded == (referral.Coded{}) {
		return hl7.Coded{Code: "57133-1", Text: "Referral note", System: "LN"}
	}
	return codedFor(w.r.Service.Coded)
}

// osu writes OSU^O51.
func (w *writer) osu(control, status string) {
	w.x360("OSU", "O51", "OSU_O51")
	w.pid()
	w.orc(control, status)
}

// siu writes SIU^S12, S13, S15 or S26 with SCH-26 and TQ1.
func (w *writer) siu(trigger string) {
	w.x360("SIU", trigger, "SIU_S12")
	w.sch()
	w.pid()
	w.b.Segment("RGS").Set(1, "1").Set(2, map[string]string{"S12": "A", "S13": "U", "S15": "D", "S26": "D"}[trigger])
}

// sch writes SCH and TQ1 of the event's appointment.
func (w *writer) sch() {
	a := w.appointment()
	s := w.b.Segment("SCH").Add(2, eiFor(a.ID)).Add(6, w.service())
	contact := hl7.XCN{Name: hl7.XPN{Family: firstOf(a.With.Family, w.t.Own.Name, "Registrar")}}
	s.Add(16, contact).Add(20, contact).Add(25, hl7.Coded{Code: map[string]string{"booked": "Booked", "no_show": "Noshow", "cancelled": "Cancelled", "complete": "Complete"}[a.Status]})
	s.Add(26, w.placer())
	w.b.Segment("TQ1").Set(1, "1").Set(7, dtm(a.Start)).Set(8, dtm(a.End))
	if a.Location != "" {
		w.note("Location: " + a.Location)
	}
}

// appointment is the event's own, else the newest of the record.
func (w *writer) appointment() referral.Appointment {
	if w.ev.Payload.Appointment != nil && !w.ev.Payload.Appointment.Start.IsZero() {
		return *w.ev.Payload.Appointment
	}
	if n := len(w.r.Appointments); n > 0 {
		return w.r.Appointments[n-1]
	}
	return referral.Appointment{}
}

// priorityOut is the code of TQ1-9 (table 0485).
func priorityOut(p referral.Priority) string {
	switch p {
	case referral.Stat:
		return "S"
	case referral.Urgent:
		return "A"
	case referral.Routine:
		return "R"
	}
	return ""
}
