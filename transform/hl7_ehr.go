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
	trigger := map[referral.EventType]string{
		referral.EventSchedule: "S12", referral.EventReschedule: "S13", referral.EventCancelAppointment: "S15", referral.EventNoShow: "S26",
	}[ev.Type]
	switch {
	case style == "siu" && trigger != "":
		w.local("SIU", trigger, "SIU_S12")
		w.sch()
		w.pid()
		w.b.Segment("RGS").Set(1, "1")
		kind = "SIU^" + trigger
	case style == "rri":
		w.rri()
		kind = "RRI^I12"
	default:
		if err := w.orm(); err != nil {
			return nil, "", err
		}
		kind = "ORM^O01"
	}
	body, err = w.b.Bytes()
	return body, kind, err
}

// ehrNumber is the number under which the initiator's own system knows the referral: it stands in every placer field toward it.
func (w *writer) ehrNumber() hl7.EI {
	if id := idOf(w.r, referral.KindPlacer); id.Value != "" {
		return eiFor(id)
	}
	return w.placer()
}

// words says in plain language what happened.
func (w *writer) words() []string {
	a := w.appointment()
	when := a.Start.UTC().Format("2006-01-02 15:04 MST")
	who := firstOf(w.r.Recipient.Organization, "the recipient")
	var line string
	switch w.ev.Type {
	case referral.EventAccept:
		line = "Referral accepted by " + who
	case referral.EventDecline:
		line = "Referral declined by " + who
	case referral.EventNoCapacity:
		line = "Referral accepted by " + who + "; waiting for a place"
	case referral.EventSchedule:
		line = "Appointment booked for " + when
	case referral.EventReschedule:
		line = "Appointment moved to " + when
	case referral.EventCancelAppointment:
		line = "Appointment cancelled"
	case referral.EventNoShow:
		line = "Patient did not come to the appointment of " + when
	case referral.EventSeen:
		line = "Patient seen; the report will follow"
	case referral.EventAsk:
		line = who + " asks for information"
	case referral.EventConfirmCancel:
		line = "Cancellation confirmed by " + who
	case referral.EventRefuseCancel:
		line = "Cancellation refused by " + who
	}
	out := nonEmpty(line)
	if a.Location != "" && (w.ev.Type == referral.EventSchedule || w.ev.Type == referral.EventReschedule) {
		out = append(out, "Location: "+a.Location)
	}
	if w.ev.Reason != "" {
		out = append(out, "Reason: "+strings.ReplaceAll(w.ev.Reason, "_", " "))
	}
	return append(out, nonEmpty(w.ev.Note)...)
}

// rri writes an unsolicited RRI^I12: MSA-2 repeats the REF's MSH-10, RF1-1 says A or R, RF1-6 is the system's own number.
func (w *writer) rri() {
	w.local("RRI", "I12", "RRI_I12")
	w.b.Segment("MSA").Set(1, "AA").Set(2, idOf(w.r, referral.KindControlID).Value)
	status, text := "A", "Accepted"
	switch w.ev.Type {
	case referral.EventDecline, referral.EventConfirmCancel:
		status, text = "R", "Rejected"
	case referral.EventAsk:
		status, text = "P", "Pending"
	}
	s := w.b.Segment("RF1").Add(1, hl7.Coded{Code: status, Text: text, System: "HL70283"}).Add(6, w.ehrNumber())
	s.Set(9, dtm(w.ev.EventTime)).Add(11, w.placer())
	w.prd("RP", "Referring Provider", w.r.Initiator)
	w.prd("RT", "Referred to Provider", w.r.Recipient)
	w.pid()
	w.pv1()
	w.notes(w.words())
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
	status, ok := map[referral.EventType]string{
		referral.EventAccept: "IP", referral.EventSchedule: "SC", referral.EventReschedule: "SC", referral.EventDecline: "CA", referral.EventConfirmCancel: "CA",
		referral.EventSeen: "A", referral.EventNoShow: "IP", referral.EventCancelAppointment: "IP", referral.EventNoCapacity: "HD", referral.EventAsk: "HD",
		referral.EventRefuseCancel: "IP",
	}[w.ev.Type]
	if !ok {
		return fmt.Errorf("transform: ORM status: got event %s, want one that has a status", w.ev.Type)
	}
	w.local("ORM", "O01", "ORM_O01")
	w.pid()
	w.pv1()
	start := ""
	if w.ev.Type == referral.EventSchedule || w.ev.Type == referral.EventReschedule {
		start = dtm(w.appointment().Start)
	}
	s := w.b.Segment("ORC").Set(1, "SC").Add(2, w.ehrNumber()).Add(3, w.placer()).Set(5, status).SetAt(7, 1, 4, 1, start)
	s.Set(9, dtm(w.ev.EventTime)).Add(12, xcnFor(w.r.Initiator)).Set(15, start)
	if w.ev.Reason != "" {
		s.Add(16, hl7.Coded{Code: w.ev.Reason, Text: strings.ReplaceAll(w.ev.Reason, "_", " ")})
	}
	w.b.Segment("OBR").Set(1, "1").Add(2, w.ehrNumber()).Add(3, w.placer()).Add(4, w.service()).Add(16, xcnFor(w.r.Initiator)).SetAt(27, 1, 4, 1, start).Set(36, start)
	w.notes(w.words())
	return nil
}

// writeReport hands the consultation note to the initiator's own system: MDM^T02 for a REF, ORU^R01 for an order (per partner).
func writeReport(r referral.Referral, ev referral.Event, t Target, docs map[string][]byte) (body []byte, kind string, err error) {
	w := newWriter(r, ev, t)
	style := t.Rail.Dialect.Report
	if style == "" {
		style = map[bool]string{true: "mdm", false: "oru"}[form(r) == "REF"]
	}
	if form(r) != "REF" && t.Rail.Dialect.Report == "mdm" {
		style = "oru" // an MDM does not complete an order
	}
	if style == "mdm" {
		w.mdm(docs)
		kind = "MDM^T02"
	} else {
		w.oru(docs)
		kind = "ORU^R01"
	}
	body, err = w.b.Bytes()
	return body, kind, err
}

// final reports whether the event is the signed outcome.
func (w *writer) final() bool { return w.ev.Type == referral.EventReport }

// mdm writes MDM^T02 with EVN, PID, PV1, TXA and OBX.
func (w *writer) mdm(docs map[string][]byte) {
	w.local("MDM", "T02", "MDM_T02")
	w.b.Segment("EVN").Set(1, "T02").Set(2, dtm(w.t.At))
	w.pidOnly()
	w.pv1()
	author := w.author()
	s := w.b.Segment("TXA").Set(1, "1").Add(2, hl7.Coded{Code: "CN", Text: "Consultation", System: "HL70270"}).Set(3, "TX").Set(4, dtm(w.ev.EventTime))
	s.Add(5, author).Set(6, dtm(w.ev.EventTime)).Add(9, author).Add(12, hl7.EI{ID: w.documentNumber(), Authority: hdOf(w.t.Own.OID)})
	s.Add(14, w.ehrNumber()).Add(15, w.placer()).Set(17, map[bool]string{true: "AU", false: "PA"}[w.final()])
	s.Set(18, map[string]string{"R": "R", "V": "V"}[w.r.Confidentiality.Code]).Set(19, "AV").Add(23, xcnFor(w.r.Initiator))
	w.body(docs)
}

// pidOnly is pid without a note after it, for messages whose grammar has none there.
func (w *writer) pidOnly() {
	part2 := w.r.Confidentiality.Part2
	w.r.Confidentiality.Part2 = false
	w.pid()
	w.r.Confidentiality.Part2 = part2
}

// documentNumber is TXA-12: the unique number of the first document of the event.
func (w *writer) documentNumber() string {
	for _, d := range w.ev.Payload.Documents {
		return firstOf(d.Identifier, d.ID)
	}
	return w.t.ControlID
}

// author is who wrote the note, else the recipient clinician.
func (w *writer) author() hl7.XCN {
	for _, d := range w.ev.Payload.Documents {
		if d.AuthorNPI != "" || d.Author != (referral.Name{}) {
			return xcnFor(referral.Party{Clinician: d.Author, NPI: d.AuthorNPI})
		}
	}
	return xcnFor(w.r.Recipient)
}

// oru writes ORU^R01 with the order's own numbers; OBR-25 F completes it, P leaves it open.
func (w *writer) oru(docs map[string][]byte) {
	w.local("ORU", "R01", "ORU_R01")
	w.pid()
	w.pv1()
	status := map[bool]string{true: "F", false: "P"}[w.final()]
	w.b.Segment("ORC").Set(1, "RE").Add(2, w.ehrNumber()).Add(3, w.placer()).Set(5, map[bool]string{true: "CM", false: "A"}[w.final()]).Add(12, xcnFor(w.r.Initiator))
	s := w.b.Segment("OBR").Set(1, "1").Add(2, w.ehrNumber()).Add(3, w.placer()).Add(4, w.service()).Set(7, dtm(w.ev.EventTime))
	s.Add(16, xcnFor(w.r.Initiator)).Set(22, dtm(w.ev.EventTime)).Set(25, status)
	w.body(docs)
}

// body writes the note as OBX: readable text, then the files that the partner asked for.
func (w *writer) body(docs map[string][]byte) {
	status := map[bool]string{true: "F", false: "P"}[w.final()]
	n := 0
	obx := func(kind string) *hl7.SegmentBuilder {
		n++
		return w.b.Segment("OBX").Set(1, itoa(n)).Set(2, kind).Add(3, hl7.Coded{Code: "11488-4", Text: "Consult note", System: "LN"}).Set(4, itoa(n)).Set(11, status).Set(14, dtm(w.ev.EventTime))
	}
	if w.r.Confidentiality.Part2 {
		obx("TX").Set(5, Part2Statement1)
	}
	for _, line := range w.reportText(docs) {
		obx("TX").Set(5, line)
	}
	for _, d := range w.ev.Payload.Documents {
		kind := bodyKind(d.ContentType)
		if kind == "" || !w.wants(kind) || len(docs[d.ID]) == 0 {
			continue
		}
		ed := hl7.ED{Type: "application", Subtype: "pdf", Encoding: "Base64", Data: docs[d.ID]}
		if kind == "cda" {
			ed.Type, ed.Subtype = "text", "XML"
		}
		obx("ED").Add(5, ed)
	}
}

// wants reports whether the partner asked for this kind of body; pdf is the default.
func (w *writer) wants(kind string) bool {
	if len(w.t.Rail.Dialect.Body) == 0 {
		return kind == "pdf"
	}
	for _, b := range w.t.Rail.Dialect.Body {
		if b == kind {
			return true
		}
	}
	return false
}

// bodyKind maps a content type to the words of `body:`.
func bodyKind(contentType string) string {
	media, _, _ := strings.Cut(contentType, ";")
	switch strings.TrimSpace(strings.ToLower(media)) {
	case "application/pdf":
		return "pdf"
	case "text/xml", "application/xml", "application/hl7-v3+xml", "text/x-cda-r2+xml":
		return "cda"
	case "text/plain":
		return "text"
	}
	return ""
}

// reportText is the note's readable lines: the clinician's own text where there is one, else the text of the C-CDA, else a pointer to
// the attached file. It never makes up clinical words.
func (w *writer) reportText(docs map[string][]byte) []string {
	head := "Consultation note from " + firstOf(w.r.Recipient.Organization, "the consulting practice") + ", referral " + wireID(w.r).Value
	if !w.final() {
		head = "Interim " + strings.ToLower(head[:1]) + head[1:]
	}
	out := []string{head}
	for _, d := range w.ev.Payload.Documents {
		if bodyKind(d.ContentType) == "text" {
			return append(out, strings.Split(strings.TrimRight(string(docs[d.ID]), "\n"), "\n")...)
		}
	}
	for _, d := range w.ev.Payload.Documents {
		if bodyKind(d.ContentType) == "cda" {
			if lines := documentText(docs[d.ID]); len(lines) > 0 {
				return append(out, lines...)
			}
		}
	}
	return append(out, "See the attached file.")
}

// writeREF builds REF^I12 (or I13, I14) for a partner that takes referrals on a line.
func writeREF(r referral.Referral, ev referral.Event, t Target, docs map[string][]byte) (body []byte, kind string, err error) {
	trigger, ok := map[referral.EventType]string{
		referral.EventRequest: "I12", referral.EventResend: "I12", referral.EventChange: "I13", referral.EventCancel: "I14", referral.EventStatusQuery: "I15",
	}[ev.Type]
	if !ok {
		return nil, "", fmt.Errorf("transform: REF: got event %s, want request, change, cancel or status_query", ev.Type)
	}
	w := newWriter(r, ev, t)
	w.local("REF", trigger, "REF_I12")
	s := w.b.Segment("RF1").Add(1, hl7.Coded{Code: "P", Text: "Pending", System: "HL70283"}).Add(2, hl7.Coded{Code: priorityOut(r.Priority), System: "HL70280"})
	s.Add(5, hl7.Coded{Code: r.Service.Category}).Add(6, w.placer()).Set(7, dtm(r.Requested)).Add(10, hl7.Coded{Text: r.Reason})
	w.prd("RP", "Referring Provider", r.Initiator)
	w.prd("RT", "Referred to Provider", r.Recipient)
	w.pidOnly()
	for i, c := range r.Coverage {
		w.b.Segment("IN1").Set(1, itoa(i+1)).Set(2, firstOf(c.Plan, c.Payer)).Set(3, c.PayerID).Set(4, c.Payer).Set(8, c.Group).Set(36, c.MemberID)
	}
	for i, d := range r.Diagnoses {
		w.b.Segment("DG1").Set(1, itoa(i+1)).Add(3, codedFor(d)).Set(6, "W")
	}
	for i, a := range r.Allergies {
		w.b.Segment("AL1").Set(1, itoa(i+1)).Add(2, codedFor(a.Kind)).Add(3, codedFor(a.Substance)).Set(5, a.Reaction)
	}
	w.b.Segment("OBR").Set(1, "1").Add(2, w.placer()).Add(4, w.service()).Add(16, xcnFor(r.Initiator))
	n := 0
	for _, o := range r.Results {
		n++
		w.b.Segment("OBX").Set(1, itoa(n)).Set(2, "ST").Add(3, codedFor(o.Test)).Set(5, o.Value).Set(6, o.Unit).Set(7, o.Range).Set(8, o.Flag).Set(11, firstOf(o.Status, "F"))
	}
	for _, d := range r.Documents {
		if bodyKind(d.ContentType) == "pdf" && len(docs[d.ID]) > 0 {
			n++
			w.b.Segment("OBX").Set(1, itoa(n)).Set(2, "ED").Add(3, codedFor(d.Code)).Add(5, hl7.ED{Type: "application", Subtype: "pdf", Encoding: "Base64", Data: docs[d.ID]}).Set(11, "F")
		}
	}
	w.pv1()
	if r.Confidentiality.Part2 {
		w.note(Part2Statement1)
	}
	w.notes(r.Notes)
	body, err = w.b.Bytes()
	return body, "REF^" + trigger, err
}
