package transform

import (
	"fmt"
	"strconv"
	"strings"

	"refloop/hl7"
	"refloop/referral"
)

// writeREF builds REF^I12 (I13 for a change and for the answer to a question, I14 to cancel) for a system that takes referrals on a line.
func writeREF(r referral.Referral, ev referral.Event, t Target, docs map[string][]byte) (body []byte, kind string, err error) {
	trigger, ok := map[referral.EventType]string{
		referral.EventRequest: "I12", referral.EventChange: "I13", referral.EventAnswer: "I13", referral.EventCancel: "I14",
	}[ev.Type]
	if !ok {
		return nil, "", fmt.Errorf("transform: REF: got event %s, want request, change, answer or cancel", ev.Type)
	}
	w := newWriter(r, ev, t)
	w.local("REF", trigger, "REF_I12")
	s := w.b.Segment("RF1").Add(1, hl7.Coded{Code: "P", Text: "Pending", System: "HL70283"}).Add(2, hl7.Coded{Code: priorityOut(r.Priority), System: "HL70280"})
	s.Add(5, hl7.Coded{Code: r.Service.Category}).Add(6, w.placer()).Set(7, dtm(r.Requested)).Add(10, w.referralReason())
	w.prd("RP", "Referring Provider", r.Initiator)
	w.prd("RT", "Referred to Provider", r.Recipient)
	w.pid()
	for i, c := range r.Coverage {
		w.b.Segment("IN1").Set(1, strconv.Itoa(i+1)).Set(2, firstOf(c.Plan, c.Payer)).Set(3, c.PayerID).Set(4, c.Payer).Set(8, c.Group).
			Add(16, xpnFor(c.Holder)).Add(17, hl7.Coded{Code: c.Relation}).Set(36, c.MemberID)
	}
	for i, d := range r.Diagnoses {
		w.b.Segment("DG1").Set(1, strconv.Itoa(i+1)).Add(3, codedFor(d)).Set(6, "W")
	}
	for i, a := range r.Allergies {
		w.b.Segment("AL1").Set(1, strconv.Itoa(i+1)).Add(2, codedFor(a.Kind)).Add(3, codedFor(a.Substance)).Add(4, hl7.Coded{Text: a.Severity}).Set(5, a.Reaction)
	}
	w.b.Segment("OBR").Set(1, "1").Add(2, w.placer()).Add(4, w.service()).Add(16, xcnFor(r.Initiator))
	n := 0
	for _, o := range r.Results {
		n++
		w.b.Segment("OBX").Set(1, strconv.Itoa(n)).Set(2, "ST").Add(3, codedFor(o.Test)).Set(5, o.Value).Set(6, o.Unit).Set(7, o.Range).Set(8, o.Flag).Set(11, firstOf(o.Status, "F"))
	}
	for _, d := range paperOf(r, ev) {
		if bodyKind(d.ContentType) == "pdf" && len(docs[d.ID]) > 0 {
			n++
			w.b.Segment("OBX").Set(1, strconv.Itoa(n)).Set(2, "ED").Add(3, attachmentCode(d)).Add(5, hl7.ED{Type: "application", Subtype: "pdf", Encoding: "Base64", Data: docs[d.ID]}).Set(11, "F")
		}
	}
	w.pv1()
	notes := w.notices()
	switch ev.Type {
	case referral.EventRequest:
		notes = append(notes, r.Notes...)
	case referral.EventCancel:
		notes = append(notes, w.remark()...)
	default:
		notes = append(append(notes, w.remark()...), r.Notes...)
	}
	w.notes(notes...)
	return w.message()
}

// referralReason is RF1-10: why the patient is referred, of a cancellation why it is off.
func (w *writer) referralReason() hl7.Coded {
	if w.ev.Type != referral.EventCancel {
		return hl7.Coded{Text: w.r.Reason}
	}
	if w.ev.Reason != "" {
		return hl7.Coded{Code: w.ev.Reason, Text: strings.ReplaceAll(w.ev.Reason, "_", " ")}
	}
	return hl7.Coded{Text: w.ev.Note}
}

// attachmentCode is OBX-3 of an attached document.
func attachmentCode(d referral.Document) hl7.Coded {
	if d.Code == (referral.Coded{}) {
		return hl7.Coded{Text: firstOf(d.Title, "Attached document")}
	}
	return codedFor(d.Code)
}
