package transform

import (
	"errors"
	"slices"
	"strings"

	"refloop/channels"
	"refloop/hl7"
	"refloop/referral"
)

// hl7Reader turns one HL7 v2 message into facts.
type hl7Reader struct {
	s       Source
	m       *hl7.Message
	partner string
	orders  []hl7.Group // those that the channel's when lets count
	unless  []string    // beside orders: the rule that turns it away when it is no known referral; empty: it counts
	out     *Decoded
}

// decodeHL7 checks and reads one message. What the sender must repair or we refuse ends in out.Verdict with its problems.
func decodeHL7(s Source, body []byte, out *Decoded) *hl7Reader {
	m, err := hl7.ParseWith(body, hl7.Options{Charset: s.Channel.Charset, Reads: s.Watch.reads()})
	if errors.Is(err, hl7.ErrBatch) && emptyBatch(body) {
		out.Ignore = "an empty batch: wrappers without messages"
		return nil
	}
	if err != nil {
		out.Verdict = channels.Repair
		out.Problems = []channels.Problem{{Code: hl7.CodeSegmentSequence, Severity: "E", Text: unreadable(err)}}
		return nil
	}
	r := &hl7Reader{s: s, m: m, out: out, partner: firstOf(s.Opened.Partner, s.Message.Partner, s.Channel.Partner)}
	out.Type = m.Type()
	if r.partner == "" {
		app, fac := m.Field("MSH", 3).HD(), m.Field("MSH", 4).HD()
		p, ok := s.Directory.BySender(firstOf(app.Namespace, app.ID), firstOf(fac.Namespace, fac.ID))
		if !ok {
			p, ok = s.Directory.BySender(firstOf(app.ID, app.Namespace), firstOf(fac.ID, fac.Namespace))
		}
		if ok {
			r.partner = p.ID
		}
	}
	out.Partner = r.partner
	if r.patientFeed() { // no rule of the channel and no profile of a referral is about it
		r.adt()
		return nil
	}
	return r
}

// emptyBatch reports whether wrappers hold nothing at all, which is legal.
func emptyBatch(body []byte) bool {
	b, err := hl7.Split(body, hl7.Limits{})
	return err == nil && len(b.Messages) == 0
}

// unreadable says in plain words why a message cannot be read, without quoting it.
func unreadable(err error) string {
	var pe *hl7.ParseError
	if errors.As(err, &pe) {
		return pe.Error()
	}
	return "the message cannot be read as HL7 version 2"
}

// acceptable refuses what this receiver does not take at all: AR with 203, 202, 200 or 201.
func (r *hl7Reader) acceptable() bool {
	if v := r.m.Version(); v != "" && !strings.HasPrefix(v, "2.") && v != "2" {
		return r.reject("MSH-12", hl7.CodeVersion, "version: got one that is not 2.x, want 2.1 or a later version 2")
	}
	taken := r.s.Channel.Processing
	if len(taken) == 0 {
		taken = []string{"P"}
	}
	if !slices.Contains(taken, firstOf(r.m.ProcessingID(), "P")) {
		text := "processing ID: got one that is not " + strings.Join(taken, " or ")
		if !slices.ContainsFunc(taken, isTest) {
			text += "; test and training traffic is not taken by this production receiver"
		}
		return r.reject("MSH-11", hl7.CodeProcessingID, text)
	}
	return true
}

// isTest reports whether a processing ID (table 0103) is that of debugging or training.
func isTest(p string) bool { return p == "T" || p == "D" }

// typed refuses a message of a type or with an event that no profile takes: 200, or 201 when only the event is wrong or missing.
func (r *hl7Reader) typed() bool {
	if _, ok := hl7.ProfileFor(r.m); ok {
		return true
	}
	code := r.m.Code()
	switch {
	case code == "":
		return r.reject("MSH-9", hl7.CodeMessageType, "message type: got nothing, want one such as REF^I12")
	case !knownType(code):
		return r.reject("MSH-9", hl7.CodeMessageType, "message type: this receiver takes "+takenTypes())
	case r.m.Event() == "":
		return r.reject("MSH-9", hl7.CodeEvent, "trigger event: got nothing in MSH-9.2; this receiver takes "+takenTypes())
	}
	return r.reject("MSH-9", hl7.CodeEvent, "trigger event: this receiver takes "+takenTypes())
}

// nameless reports whether MSH-9 does not say what the message is: a type of ours without its event, or no type at all. No rule of a
// channel may ignore such a message: its sender would read AA and take it as understood.
func (r *hl7Reader) nameless() bool {
	return r.m.Code() == "" || r.m.Event() == "" && knownType(r.m.Code())
}

// reject refuses the message as such.
func (r *hl7Reader) reject(location, code, text string) bool {
	r.out.Verdict = channels.Reject
	r.out.Problems = append(r.out.Problems, channels.Problem{Location: location, Code: code, Severity: "E", Text: text})
	return false
}

// knownType reports whether a profile has this MSH-9.1.
func knownType(code string) bool {
	return slices.ContainsFunc(hl7.Profiles(), func(p hl7.Profile) bool { return p.Code == code })
}

// takenTypes lists the types and events of all profiles in plain words.
func takenTypes() string {
	var codes []string
	events := map[string][]string{}
	for _, p := range hl7.Profiles() {
		if events[p.Code] == nil {
			codes = append(codes, p.Code)
		}
		events[p.Code] = append(events[p.Code], p.Events...)
	}
	for i, code := range codes {
		codes[i] = code + " " + strings.Join(events[code], " ")
	}
	return strings.Join(codes, ", ")
}

// valid runs the tables of the message type in the channel's mode.
func (r *hl7Reader) valid() bool {
	mode := hl7.Lenient
	switch r.s.Channel.Validate {
	case "strict":
		mode = hl7.Strict
	case "off":
		mode = hl7.Off
	}
	problems := hl7.Validate(r.m, mode)
	for _, p := range problems {
		r.out.Problems = append(r.out.Problems, channels.Problem{Location: p.Location(), Code: p.Code, Severity: firstOf(p.Severity, "E"), Text: p.Text})
	}
	if hl7.Errors(problems) {
		r.out.Verdict = channels.Repair
		return false
	}
	return true
}

// unreadText holds a message with text that cannot be known: whatever it seems to say would be a wrong name somewhere else.
func (r *hl7Reader) unreadText() bool {
	at, bad := r.m.Unreadable()
	if bad {
		r.out.Hold = "its text in " + at.Location() + " is in a character set that is not read (MSH-18, or escape sequences); a person must look, and the sender should send UNICODE UTF-8"
	}
	return bad
}

// facts reads the message into facts.
func (r *hl7Reader) facts() {
	if r.severalPatients() {
		r.out.Hold = "it names several patients (PID repeats), and a referral has one; a person must tell which is meant"
		return
	}
	switch r.m.Code() {
	case "REF":
		r.ref()
	case "ORM", "OMG":
		r.readOrders(true)
	case "OSU":
		r.readOrders(false)
	case "SIU":
		r.siu()
	case "RRI":
		r.rri()
	case "MDM":
		r.mdm()
	case "ORU":
		r.oru()
	}
}

// severalPatients reports whether a message about one patient holds PIDs of different ones. Results and appointments may be of several.
func (r *hl7Reader) severalPatients() bool {
	switch r.m.Code() {
	case "REF", "RRI", "ORM", "OMG", "OSU":
	default:
		return false
	}
	people := slices.Collect(r.m.Segments("PID"))
	if len(people) < 2 {
		return false
	}
	first := patientOf(r.m, r.partner)
	for _, pid := range people[1:] {
		if match, _ := referral.SamePatient(first, personOf(pid, hl7.Segment{}, r.partner)); match == referral.MatchOther {
			return true
		}
	}
	return false
}

// event starts an event said by this message.
func (r *hl7Reader) event(kind referral.EventType) referral.Event {
	return referral.Event{Type: kind, EventTime: timeOf(r.m.Field("MSH", 7)), Origin: r.s.Channel.Type, Grade: referral.GradeA}
}

// patient is the patient as this message names them, for comparison; nil when it names none.
func (r *hl7Reader) patient() *referral.Patient {
	p := patientOf(r.m, r.partner)
	if len(p.IDs) == 0 && p.Name == (referral.Name{}) {
		return nil
	}
	return &p
}

// add appends a fact with its documents.
func (r *hl7Reader) add(f Fact, docs []Body) {
	i := len(r.out.Facts)
	if f.Test = isTest(r.m.ProcessingID()); f.Test && f.Event.Payload.Record != nil {
		f.Event.Payload.Record.Test = true
	}
	r.out.Facts = append(r.out.Facts, f)
	for _, d := range docs {
		d.Fact = i
		r.out.Documents = append(r.out.Documents, d)
	}
}

// control is the message's own number, which an unsolicited RRI repeats.
func (r *hl7Reader) control() referral.Identifier {
	return referral.Identifier{Value: r.m.ControlID(), Authority: partnerAuthority(r.partner), Kind: referral.KindControlID}
}

// ref reads REF^I12 refer, I13 modify, I14 cancel, I15 ask for status.
func (r *hl7Reader) ref() {
	rec := refRecord(r.m, r.partner)
	ids := naming(rec.Identifiers)
	kind := map[string]referral.EventType{
		"I12": referral.EventRequest, "I13": referral.EventChange, "I14": referral.EventCancel, "I15": referral.EventStatusQuery,
	}[r.m.Event()]
	ev := r.event(kind)
	ev.Payload.Patient = &rec.Patient
	f := Fact{Ref: ids, Event: ev}
	switch kind {
	case referral.EventRequest, referral.EventChange:
		r.sourceForm(rec, "REF")
		f.Event.Payload.Record = rec
		f.Creates = kind == referral.EventRequest
	case referral.EventCancel:
		f.Event.Reason, f.Event.Note = r.cancelWhy(rec.Notes)
	case referral.EventStatusQuery:
		f.Event.Payload.Identifiers = addID(nil, r.control()) // the answer repeats it
	}
	docs, bad := documentsOf(r.m.Segments("OBX"), "attachment")
	r.warnDocuments(bad)
	r.add(f, docs)
}

// cancelWhy reads why a REF is cancelled: RF1-10, and the notes unless they comment attached results.
func (r *hl7Reader) cancelWhy(notes []string) (reason, note string) {
	c := r.m.Field("RF1", 10).Coded()
	lines := nonEmpty(firstOf(c.Text, c.Original))
	if c.Code != "" && len(lines) > 0 && lines[0] == strings.ReplaceAll(c.Code, "_", " ") {
		lines = nil
	}
	if !r.m.First("OBR").Exists() {
		lines = append(lines, notes...)
	}
	return c.Code, strings.Join(lines, "\n")
}

// sourceForm remembers in which family the initiator's system speaks of this referral, and the number of its message.
func (r *hl7Reader) sourceForm(rec *referral.Referral, form string) {
	rec.Identifiers = addID(rec.Identifiers, referral.Identifier{Value: form, Authority: r.m.Version(), Kind: referral.KindSourceForm})
	rec.Identifiers = addID(rec.Identifiers, r.control())
}

// warnDocuments tells the sender that an embedded document could not be decoded: a warning, its bytes are kept with the message.
func (r *hl7Reader) warnDocuments(places []string) {
	for _, place := range places {
		r.out.Problems = append(r.out.Problems, channels.Problem{Location: place, Code: hl7.CodeDataType, Severity: "W", Text: "embedded document: got nothing, or data that is not in the encoding it names, want Base64, Hex or A; it was not filed"})
	}
}

// siu reads an appointment.
func (r *hl7Reader) siu() {
	kind, status, ok := appointmentEvent(r.m)
	if !ok {
		r.out.Ignore = "SIU of a trigger that says nothing about a referral"
		return
	}
	ev := r.event(kind)
	ev.Payload.Patient = r.patient()
	ev.Payload.Appointment = appointmentOf(r.m, r.partner)
	ev.Payload.Appointment.Status = status
	ev.Payload.Identifiers = addID(nil, ev.Payload.Appointment.ID)
	ev.Note = strings.Join(notesOf(r.m.First("SCH").Notes()), "\n")
	r.add(Fact{Ref: appointmentRefs(r.m, r.partner), Event: ev, Feed: r.feed()}, nil)
}

// rri reads an unsolicited RRI: only RF1-1 A and R say something about the referral.
func (r *hl7Reader) rri() {
	var kind referral.EventType
	switch r.m.Field("RF1", 1).Comp(1) {
	case "A":
		kind = referral.EventAccept
	case "R":
		kind = referral.EventDecline
	default:
		r.out.Ignore = "RRI without RF1-1 A or R: it says received, nothing more"
		return
	}
	rf1 := r.m.First("RF1")
	ids := addEI(nil, rf1.Field(6), referral.KindPlacer, r.partner)
	for rep := range rf1.Field(11).All() {
		ids = addEI(ids, rep, referral.KindFiller, r.partner)
	}
	ev := r.event(kind)
	ev.Payload.Patient, ev.Payload.Identifiers = r.patient(), fillers(ids)
	if g, ok := r.m.Provider("RT"); ok && kind == referral.EventAccept {
		p := prdParty(g, r.partner)
		ev.Payload.Recipient = &p
	}
	ev.Note = strings.Join(notesOf(r.m.Segments("NTE")), "\n")
	r.add(Fact{Ref: naming(ids), Event: ev, Answers: r.m.Field("MSA", 2).String()}, nil)
}

func nonEmpty(values ...string) []string {
	var out []string
	for _, v := range values {
		if v != "" {
			out = append(out, v)
		}
	}
	return out
}
