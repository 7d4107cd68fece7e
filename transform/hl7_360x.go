package transform

import (
	"fmt"
	"strconv"
	"strings"

	"refloop/hl7"
	"refloop/referral"
)

// format360X is the XDS format code of a 360X message, such as OMG:O19 (code system 1.3.6.1.4.1.19376.1.2.3).
func format360X(kind string) string {
	return "urn:ihe:pcc:360x:hl7:" + strings.ReplaceAll(kind, "^", ":") + ":2017"
}

// write360X builds the 360X message of an event and names its format code. It is an error to ask for an event that 360X has no message
// for: a status query while there is nothing to answer.
func write360X(r referral.Referral, ev referral.Event, t Target) (body []byte, kind, format string, err error) {
	w := newWriter(r, ev, t)
	trigger := appointmentTrigger(ev.Type)
	control, status, ok := osuCodes(ev.Type)
	outcome := ev.Type == referral.EventReport || ev.Type == referral.EventInterim
	switch {
	case ev.Type == referral.EventRequest:
		w.omg("NW", "")
	case ev.Type == referral.EventChange:
		w.omg("XO", "")
	case trigger != "":
		w.x360("SIU", trigger, "SIU_S12")
		w.siuBody(trigger)
	case outcome && t.Rail.Dialect.Outcome == "omg":
		w.omg("RE", status)
	case ok:
		w.osu(control, status)
	default:
		return nil, "", "", fmt.Errorf("transform: 360X: got event %s, want one that 360X has a message for", ev.Type)
	}
	body, kind, err = w.message()
	return body, kind, format360X(kind), err
}

// osuCodes is ORC-1 and ORC-5 of each status update (360x.md section 4.3, column Emit). Questions and answers, which 360X has no
// code for, are SC without a status and words in NTE.
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

// appointmentTrigger is the SIU trigger of an appointment event (PCC-60, PCC-61); empty for other events. 360X has no S14.
func appointmentTrigger(ev referral.EventType) string {
	switch ev {
	case referral.EventSchedule:
		return "S12"
	case referral.EventReschedule:
		return "S13"
	case referral.EventCancelAppointment:
		return "S15"
	case referral.EventNoShow:
		return "S26"
	}
	return ""
}

// placer is the referral ID as ORC-2, OBR-2 and SCH-26 carry it.
func (w *writer) placer() hl7.EI { return eiFor(wireID(w.r)) }

// orc writes ORC with the ordering clinician (of an acceptance: who takes the referral) and, for answers, reason and promised date.
func (w *writer) orc(control, status string) {
	s := w.b.Segment("ORC").Set(1, control).Add(2, w.placer()).Set(5, status)
	if filler := idOf(w.r, referral.KindFiller); w.r.Role == referral.RoleRecipient && filler.Value != "" {
		s.Add(3, eiFor(filler))
	}
	who := w.r.Initiator
	if w.ev.Type == referral.EventAccept {
		who = w.r.Recipient
	}
	s.Set(9, dtm(w.ev.EventTime)).Add(12, xcnFor(who)).Set(15, dtm(w.ev.Payload.Promise))
	switch {
	case w.ev.Reason != "":
		s.Add(16, hl7.Coded{Code: w.ev.Reason, Text: strings.ReplaceAll(w.ev.Reason, "_", " ")})
	case w.ev.Type == referral.EventCancel:
		s.Add(16, hl7.Coded{Text: w.ev.Note})
	}
	w.restricted(s)
}

// remark is what people said with the event; of a cancellation without a coded reason it stands in ORC-16. What only words can say (an
// end, the state now) is said in words.
func (w *writer) remark() []string {
	switch {
	case w.ev.Payload.Said != "":
		return append(nonEmpty(w.headline()), nonEmpty(w.ev.Note)...)
	case w.ev.Type == referral.EventCancel && w.ev.Reason == "":
		return nil
	case w.ev.Type == referral.EventAsk || w.ev.Type == referral.EventAnswer: // no code says it: there must be words
		return nonEmpty(firstOf(w.ev.Note, w.headline()))
	}
	return nonEmpty(w.ev.Note)
}

// omg writes OMG^O19: the request, a change of it, or (per partner) the outcome.
func (w *writer) omg(control, status string) {
	w.x360("OMG", "O19", "OMG_O19")
	w.pid()
	w.notes(w.notices()...)
	w.orc(control, status)
	s := w.b.Segment("TQ1").Set(1, "1").Set(8, dtm(w.r.NeededBy))
	s.Add(9, hl7.Coded{Code: priorityOut(w.r.Priority)})
	s = w.b.Segment("OBR").Set(1, "1").Add(2, w.placer()).Add(4, w.service()).Add(16, xcnFor(w.r.Initiator))
	if control == "RE" {
		s.Set(25, map[bool]string{true: "F", false: "P"}[w.ev.Type == referral.EventReport])
	}
	if w.r.Reason != "" {
		s.Add(31, hl7.Coded{Text: w.r.Reason})
	}
	if w.ev.Type == referral.EventRequest {
		w.notes(w.r.Notes...)
	} else {
		w.notes(append(w.remark(), w.r.Notes...)...)
	}
	for i, d := range w.r.Diagnoses {
		w.b.Segment("DG1").Set(1, strconv.Itoa(i+1)).Add(3, codedFor(d)).Set(6, "W")
	}
}

// service is OBR-4: what is asked for, else a referral note.
func (w *writer) service() hl7.Coded {
	if w.r.Service.Coded == (referral.Coded{}) {
		return hl7.Coded{Code: "57133-1", Text: "Referral note", System: "LN"}
	}
	return codedFor(w.r.Service.Coded)
}

// osu writes OSU^O51. Its notes stand after ORC.
func (w *writer) osu(control, status string) {
	w.x360("OSU", "O51", "OSU_O51")
	w.pid()
	w.orc(control, status)
	w.notes(append(w.notices(), w.remark()...)...)
}

// siuBody writes what follows MSH in SIU: SCH with the referral ID in SCH-26, TQ1, notes, PID, RGS and the place. Before 2.5 there was
// no TQ1: start and end stand in SCH-11.
func (w *writer) siuBody(trigger string) {
	a := w.appointment()
	s := w.b.Segment("SCH").Add(2, eiFor(a.ID)).Add(6, w.service())
	contact := hl7.XCN{Name: hl7.XPN{Family: firstOf(w.t.Own.Name, "Registrar")}}
	status := map[string]string{"S12": "Booked", "S13": "Booked", "S15": "Cancelled", "S26": "Noshow"}[trigger]
	s.Add(16, contact).Add(20, contact).Add(25, hl7.Coded{Code: status}).Add(26, w.placer())
	if w.version() < "2.5" {
		s.SetAt(11, 1, 4, 1, dtm(a.Start)).SetAt(11, 1, 5, 1, dtm(a.End))
	} else {
		w.b.Segment("TQ1").Set(1, "1").Set(7, dtm(a.Start)).Set(8, dtm(a.End))
	}
	why := append(labelled("Reason: ", strings.ReplaceAll(w.ev.Reason, "_", " ")), w.remark()...)
	w.notes(append(w.notices(), why...)...)
	w.pid()
	w.b.Segment("RGS").Set(1, "1").Set(2, map[string]string{"S12": "A", "S13": "U", "S15": "D", "S26": "D"}[trigger])
	if a.Location != "" {
		w.b.Segment("AIL").Set(1, "1").SetAt(3, 1, 9, 1, a.Location)
	}
	if a.With != (referral.Name{}) {
		w.b.Segment("AIP").Set(1, "1").Add(3, hl7.XCN{Name: xpnFor(a.With)})
	}
}

// appointment is the event's own, completed from the record's: the one with the same number, else the newest.
func (w *writer) appointment() referral.Appointment {
	var a referral.Appointment
	if w.ev.Payload.Appointment != nil {
		a = *w.ev.Payload.Appointment
	}
	for i := len(w.r.Appointments) - 1; i >= 0; i-- {
		have := w.r.Appointments[i]
		if a.ID.Value != "" && !have.ID.Equal(a.ID) {
			continue
		}
		if a.Start.IsZero() {
			a.Start, a.End = have.Start, have.End
		}
		a.ID.Value, a.ID.Authority = firstOf(a.ID.Value, have.ID.Value), firstOf(a.ID.Authority, have.ID.Authority)
		a.Location = firstOf(a.Location, have.Location)
		if a.With == (referral.Name{}) {
			a.With = have.With
		}
		break
	}
	return a
}

// priorityOut is the code of TQ1-9 (table 0485) and RF1-2 (table 0280).
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
