package main

import (
	"fmt"
	"strings"

	"refloop/channels"
	"refloop/hl7"
	"refloop/referral"
	"refloop/transform"
)

// written is one field that we write.
type written struct{ at, holds string }

// outgoing is a message that we send, with what stands where.
type outgoing struct {
	form    string // how the initiator's system speaks: REF, ORM
	event   referral.EventType
	rail    string // mllp or direct
	to      string // partner
	dialect transform.Dialect
	rows    []written
	full    bool // with what most referrals do not have: the recipient's own number, a label
}

// outgoings are the messages of the page, by name.
func outgoings() map[string]outgoing {
	return map[string]outgoing{
		"RRI": {form: "REF", event: referral.EventAccept, rail: channels.MLLP, to: ehr, dialect: transform.Dialect{}, rows: []written{
			{"MSA-1", "AA"}, {"MSA-2", "MSH-10 of your REF (of your I15, when you asked)"}, {"RF1-1", "A accepted, R declined, P pending"},
			{"RF1-6", "**your number**, as you sent it"}, {"RF1-9", "when it happened"}, {"RF1-11", "the referral ID that travels"},
			{"PRD-1", "RP, RT"}, {"PRD-2", "clinician"}, {"PRD-4", "organisation in PRD-4.9"}, {"PRD-7", "NPI"}, {"NTE-3", "what happened, in words"},
		}},
		"ORM": {form: "ORM", event: referral.EventSchedule, rail: channels.MLLP, to: ehr, dialect: transform.Dialect{}, rows: []written{
			{"ORC-1", "SC"}, {"ORC-2", "**your number**, as you sent it"}, {"ORC-3", "the referral ID that travels"}, {"ORC-5", "see the table of steps"},
			{"ORC-7", "start of the appointment in ORC-7.4"}, {"ORC-9", "when it happened"}, {"ORC-12", "ordering clinician"}, {"ORC-15", "start, or the promised date"}, {"ORC-16", "reason: code and words"}, {"ORC-28", "R or V, from 2.5 on, when restricted"},
			{"OBR-2", "as ORC-2"}, {"OBR-3", "as ORC-3"}, {"OBR-4", "service, as you sent it"}, {"OBR-16", "ordering clinician"}, {"OBR-27", "start in OBR-27.4"},
			{"OBR-36", "start"}, {"NTE-3", "what happened, in words"},
		}},
		"SIU": {form: "ORM", event: referral.EventSchedule, rail: channels.MLLP, to: ehr, dialect: transform.Dialect{Status: "siu"}, rows: appointmentRows("the referral ID that travels")},
		"MDM": {form: "REF", event: referral.EventReport, rail: channels.MLLP, to: ehr, dialect: transform.Dialect{}, rows: []written{
			{"EVN-1", "T02"}, {"EVN-2", "time of the message"}, {"TXA-2", "CN"}, {"TXA-3", "TX"}, {"TXA-4", "time of the note"}, {"TXA-5", "author"}, {"TXA-6", "time of the note"},
			{"TXA-9", "author"}, {"TXA-12", "our number of the document"}, {"TXA-14", "**your number**, as you sent it"}, {"TXA-15", "the referral ID that travels"},
			{"TXA-17", "AU when signed, PA when not"}, {"TXA-18", "R or V when restricted"}, {"TXA-19", "AV"}, {"TXA-23", "the clinician who asked (in-basket)"},
		}},
		"ORU": {form: "ORM", event: referral.EventReport, rail: channels.MLLP, to: ehr, dialect: transform.Dialect{}, rows: []written{
			{"ORC-1", "RE"}, {"ORC-2", "**your number**, as you sent it"}, {"ORC-3", "the referral ID that travels"}, {"ORC-5", "CM, of an interim note A"}, {"ORC-12", "ordering clinician"},
			{"ORC-28", "R or V, from 2.5 on, when restricted"}, {"OBR-2", "as ORC-2"}, {"OBR-3", "as ORC-3"}, {"OBR-4", "service, as you sent it"}, {"OBR-7", "time of the note"}, {"OBR-16", "ordering clinician"},
			{"OBR-22", "time of the note"}, {"OBR-25", "F, of an interim note P"},
		}},
		"REF": {form: "REF", event: referral.EventRequest, rail: channels.MLLP, to: lakeside, dialect: transform.Dialect{}, rows: []written{
			{"RF1-1", "P"}, {"RF1-2", "S stat, A urgent, R routine"}, {"RF1-5", "category"}, {"RF1-6", "**the referral ID that travels**: send it back"}, {"RF1-7", "when it was written"},
			{"RF1-10", "reason; of an I14 why it is off"}, {"PRD-1", "RP, RT"}, {"PRD-2", "clinician"}, {"PRD-4", "organisation in PRD-4.9"}, {"PRD-7", "NPI"},
			{"IN1-2", "plan"}, {"IN1-3", "payer"}, {"IN1-4", "payer's name"}, {"IN1-8", "group"}, {"IN1-36", "member number"}, {"DG1-3", "diagnosis"}, {"DG1-6", "W"},
			{"AL1-2", "kind"}, {"AL1-3", "allergy"}, {"AL1-5", "reaction"}, {"OBR-2", "as RF1-6"}, {"OBR-4", "service asked for"}, {"OBR-16", "referring clinician"}, {"NTE-3", "notes"},
		}},
		"OMG": {form: "REF", event: referral.EventRequest, rail: channels.Direct, to: lakeside, dialect: transform.Dialect{}, rows: []written{
			{"ORC-1", "NW; XO for a change"}, {"ORC-2", "**referral ID** `<value>^^<OID>^ISO`"}, {"ORC-9", "when it happened"}, {"ORC-12", "who refers"}, {"ORC-28", "R or V when restricted"}, {"TQ1-8", "needed by"}, {"TQ1-9", "urgency: S, A, R"},
			{"OBR-2", "as ORC-2"}, {"OBR-4", "service asked for; 57133-1 when nothing more is known"}, {"OBR-16", "who refers"}, {"OBR-31", "reason in OBR-31.2"}, {"NTE-3", "notes"},
			{"DG1-3", "diagnosis"}, {"DG1-6", "W"},
		}},
		"OSU": {form: "REF", event: referral.EventAccept, rail: channels.Direct, to: lakeside, dialect: transform.Dialect{}, rows: []written{
			{"ORC-1", "see the table of steps"}, {"ORC-2", "**referral ID**"}, {"ORC-5", "see the table of steps"}, {"ORC-9", "when it happened"},
			{"ORC-3", "the recipient's own number, where it has one"},
			{"ORC-12", "who refers; of an acceptance who accepts"}, {"ORC-15", "promised date"}, {"ORC-16", "reason: code and words"}, {"ORC-28", "R or V when restricted"}, {"NTE-3", "words of people"},
		}},
		"360SIU": {form: "REF", event: referral.EventSchedule, rail: channels.Direct, to: lakeside, dialect: transform.Dialect{}, rows: appointmentRows("**referral ID**")},
	}
}

func appointmentRows(number string) []written {
	return []written{
		{"SCH-2", "appointment number"}, {"SCH-6", "service"}, {"SCH-16", "our organisation"}, {"SCH-20", "our organisation"}, {"SCH-25", "Booked, Cancelled, Noshow"}, {"SCH-26", number},
		{"TQ1-7", "start"}, {"TQ1-8", "end"}, {"RGS-2", "A new, U moved, D cancelled or no-show"}, {"AIL-3", "place in AIL-3.9"}, {"AIP-3", "with whom"},
	}
}

// everywhere are fields that stand in every message, told once on the page.
var everywhere = []string{"MSH", "PID", "PV1", "OBX"}

// render writes the message of a step.
func render(o outgoing) (channels.Shipment, error) {
	ev, docs := event(o.event)
	r := record(o.form)
	if o.full {
		r.Identifiers = append(r.Identifiers, referral.Identifier{Value: "L-77", Authority: lakeOID, Kind: referral.KindFiller})
		r.Confidentiality.Code = "R"
	}
	dir := directory()
	p, _ := dir.Partner(o.to)
	rail := transform.Rail{Type: o.rail, Dialect: o.dialect}
	switch o.event {
	case referral.EventRequest, referral.EventChange, referral.EventCancel, referral.EventAnswer:
	default:
		if o.rail == channels.Direct { // the recipient speaks
			r.Role = referral.RoleRecipient
			dir.Own, p.OID = transform.Organization{Name: "Lakeside Cardiology", OID: lakeOID}, ownOID
		}
	}
	return transform.Render(r, ev, transform.Target{Partner: p, Rail: rail, Own: dir.Own, DeliveryID: "6f0c0d4e-9b1a-4c52-8f0e-2f6b7a1d3c55", ControlID: "RL5W8T2HN4Q6XB3J7K", At: now()}, docs)
}

// message is the HL7 v2 part of a shipment.
func message(s channels.Shipment) channels.Part {
	for _, p := range s.Parts {
		if p.Kind == channels.KindHL7 {
			return p
		}
	}
	return channels.Part{}
}

// sent is a message as we send it.
func sent(name string) (string, error) {
	o, ok := outgoings()[name]
	if !ok {
		return "", fmt.Errorf("sent %q: got no such message", name)
	}
	s, err := render(o)
	if err != nil {
		return "", err
	}
	return shown(message(s).Body)
}

// fields is the list of what stands where in a message.
func fields(name string) (string, error) {
	o, ok := outgoings()[name]
	if !ok {
		return "", fmt.Errorf("fields %q: got no such message", name)
	}
	var out []string
	for _, w := range o.rows {
		out = append(out, w.at+" "+w.holds)
	}
	return strings.Join(out, "; ") + ".", nil
}

// steps is how each step is told, in each form.
func steps() (string, error) {
	var rows [][]string
	for _, ev := range []referral.EventType{
		referral.EventRequest, referral.EventChange, referral.EventCancel, referral.EventAnswer, referral.EventAccept, referral.EventDecline, referral.EventNoCapacity, referral.EventAsk,
		referral.EventSchedule, referral.EventReschedule, referral.EventCancelAppointment, referral.EventNoShow, referral.EventSeen, referral.EventInterim, referral.EventReport,
		referral.EventConfirmCancel, referral.EventRefuseCancel, referral.EventStatusQuery,
	} {
		row := []string{word(ev)}
		for _, o := range []outgoing{
			{form: "REF", rail: channels.MLLP, to: ehr}, {form: "ORM", rail: channels.MLLP, to: ehr}, {form: "REF", rail: channels.Direct, to: lakeside},
		} {
			o.event = ev
			s, err := render(o)
			if err != nil {
				row = append(row, "none")
				continue
			}
			cell, err := summary(message(s))
			if err != nil {
				return "", err
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	return table([]string{"step", "to a system that sends REF", "to a system that sends orders", "360X"}, rows), nil
}

// summary is type and status codes of a message.
func summary(p channels.Part) (string, error) {
	m, err := hl7.Parse(p.Body, hl7.Limits{})
	if err != nil {
		return "", err
	}
	out := m.Type()
	for _, at := range []string{"RF1-1", "ORC-1", "ORC-5", "SCH-25", "TXA-17", "OBR-25"} {
		if v := m.Get(at); v != "" {
			out += ", " + at + " " + v
		}
	}
	return out, nil
}

// part2 is the notice that goes with a protected record, as it stands in a message of ours.
func part2() (string, error) {
	o := outgoings()["ORM"]
	r := record(o.form)
	r.Confidentiality = referral.Confidentiality{Code: "R", Part2: true, Source: "sender"}
	ev, _ := event(o.event)
	dir := directory()
	p, _ := dir.Partner(o.to)
	s, err := transform.Render(r, ev, transform.Target{Partner: p, Rail: transform.Rail{Type: o.rail}, Own: dir.Own, DeliveryID: "6f0c0d4e-9b1a-4c52-8f0e-2f6b7a1d3c55", ControlID: "RL5W8T2HN4Q6XB3J7K", At: now()}, nil)
	if err != nil {
		return "", err
	}
	var out []string
	for _, line := range strings.Split(string(message(s).Body), "\r") {
		if strings.HasPrefix(line, "NTE") || strings.HasPrefix(line, "ORC") {
			out = append(out, strings.Replace(line, transform.Part2Statement1, notice()+" ...", 1))
		}
	}
	return block(strings.Join(out, "\n")), nil
}

// notice is the first sentence of the notice.
func notice() string {
	first, _, _ := strings.Cut(transform.Part2Statement1, ").")
	return first + ")."
}
