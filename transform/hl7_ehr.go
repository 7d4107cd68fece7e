package transform

import (
	"fmt"
	"strings"

	"refloop/hl7"
	"refloop/referral"
)

// form is the family in which the initiator's system speaks of this referral: REF, or an order (ORM, OMG).
func form(r referral.Referral) string {
	return firstOf(idOf(r, referral.KindSourceForm).Value, "ORM")
}

// writeStatus tells the initiator's own system what happened: RRI for a REF, ORM for an order, or SIU where a partner asks for it
// (360x.md section 10).
func writeStatus(r referral.Referral, ev referral.Event, t Target) (body []byte, kind string, err error) {
	w := newWriter(r, ev, t)
	style := t.Rail.Dialect.Status
	if style == "" {
		style = map[bool]string{true: "rri", false: "orm"}[form(r) == "REF"]
	}
	if form(r) != "REF" && style == "rri" {
		style = "orm" // an order has no RF1-6 to answer
	}
	trigger := appointmentTrigger(ev.Type)
	switch {
	case style == "siu" && trigger != "":
		w.local("SIU", trigger, "SIU_S12")
		w.siuBody(trigger)
	case style == "rri":
		err = w.rri()
	default:
		err = w.orm()
	}
	if err != nil {
		return nil, "", err
	}
	return w.message()
}

// ehrNumber is the number under which the initiator's own system knows the referral: it stands in every placer field toward it.
func (w *writer) ehrNumber() hl7.EI {
	if id := idOf(w.r, referral.KindPlacer); id.Value != "" {
		return hl7.EI{ID: id.Value, Authority: w.authority(w.r.Identifiers, id)}
	}
	return w.placer()
}

// lineStatus is how a system on a line hears of an event: RF1-1 (table 0283) and ORC-5 (table 0038).
func lineStatus(ev referral.EventType) (rf1, order string, ok bool) {
	switch ev {
	case referral.EventAccept, referral.EventRefuseCancel, referral.EventNoShow, referral.EventCancelAppointment:
		return "A", "IP", true
	case referral.EventSchedule, referral.EventReschedule:
		return "A", "SC", true
	case referral.EventSeen:
		return "A", "A", true
	case referral.EventNoCapacity:
		return "A", "HD", true
	case referral.EventDecline, referral.EventConfirmCancel:
		return "R", "CA", true
	case referral.EventAsk:
		return "P", "HD", true
	case referral.EventStatusQuery:
		return "P", "", true
	}
	return "", "", false
}

// rri writes an unsolicited RRI: MSA-2 repeats the REF's MSH-10 (of a status query, the query's), RF1-1 says A, R or P, RF1-6 is the
// system's own number.
func (w *writer) rri() error {
	status, _, ok := lineStatus(w.ev.Type)
	if !ok {
		return fmt.Errorf("transform: RRI: got event %s, want one that has a status", w.ev.Type)
	}
	trigger, about := "I12", idOf(w.r, referral.KindControlID).Value
	if w.ev.Payload.Said == referral.EventStatusQuery {
		trigger = "I15"
		about = firstOf(kindOf(w.ev.Payload.Identifiers, referral.KindControlID).Value, about)
	}
	w.local("RRI", trigger, "RRI_I12")
	w.b.Segment("MSA").Set(1, "AA").Set(2, about)
	text := map[string]string{"A": "Accepted", "R": "Rejected", "P": "Pending"}[status]
	s := w.b.Segment("RF1").Add(1, hl7.Coded{Code: status, Text: text, System: "HL70283"}).Add(6, w.ehrNumber())
	s.Set(9, dtm(w.ev.EventTime)).Add(11, w.placer())
	w.prd("RP", "Referring Provider", w.r.Initiator)
	w.prd("RT", "Referred to Provider", w.r.Recipient)
	w.pid()
	w.pv1()
	w.notes(append(w.notices(), w.words()...)...)
	return nil
}

// prd writes one provider.
func (w *writer) prd(role, text string, p referral.Party) {
	s := w.b.Segment("PRD").Add(1, hl7.Coded{Code: role, Text: text, System: "HL70286"}).Add(2, xpnFor(p.Clinician))
	s.Add(3, hl7.XAD{Street: p.Address.Line1, City: p.Address.City, State: p.Address.State, Zip: p.Address.Zip})
	if p.Organization != "" {
		s.SetAt(4, 1, 9, 1, p.Organization)
	}
	if p.Phone != "" {
		s.Add(5, hl7.XTN{Whole: p.Phone, Use: "WPN", Equipment: "PH"})
	}
	if npi := firstOf(p.NPI, p.OrgNPI); npi != "" {
		s.Add(7, hl7.PLN{ID: npi, Type: "NPI"})
	}
}

// orm writes a status change of an order: ORC-1 SC, ORC-5, the time in ORC-7.4 and OBR-36, words in NTE.
func (w *writer) orm() error {
	_, status, ok := lineStatus(w.ev.Type)
	if !ok {
		return fmt.Errorf("transform: ORM status: got event %s, want one that has a status", w.ev.Type)
	}
	w.local("ORM", "O01", "ORM_O01")
	w.pid()
	w.notes(w.notices()...)
	w.pv1()
	start := ""
	if w.ev.Type == referral.EventSchedule || w.ev.Type == referral.EventReschedule {
		start = dtm(w.appointment().Start)
	}
	s := w.b.Segment("ORC").Set(1, "SC").Add(2, w.ehrNumber()).Add(3, w.placer()).Set(5, status).SetAt(7, 1, 4, 1, start)
	s.Set(9, dtm(w.ev.EventTime)).Add(12, xcnFor(w.r.Initiator)).Set(15, firstOf(start, dtm(w.ev.Payload.Promise)))
	if w.ev.Reason != "" {
		s.Add(16, hl7.Coded{Code: w.ev.Reason, Text: strings.ReplaceAll(w.ev.Reason, "_", " ")})
	}
	w.restricted(s)
	w.b.Segment("OBR").Set(1, "1").Add(2, w.ehrNumber()).Add(3, w.placer()).Add(4, w.service()).Add(16, xcnFor(w.r.Initiator)).SetAt(27, 1, 4, 1, start).Set(36, start)
	w.notes(w.words()...)
	return nil
}
