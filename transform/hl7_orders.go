package transform

import (
	"slices"
	"strings"

	"refloop/channels"
	"refloop/hl7"
	"refloop/referral"
)

// readOrders reads ORM, OMG and OSU: one fact for each order group, all or none under one answer.
func (r *hl7Reader) readOrders(creates bool) {
	for _, g := range r.orders {
		orc, result := g.First("ORC"), g.Field("OBR", 25).String()
		docs, bad := documentsOf(g.Segments("OBX"), "attachment")
		r.warnDocuments(bad)
		said := orderSaid{control: orc.Field(1).String(), status: orc.Field(5).String(), result: result, doc: len(docs) > 0 || r.packageDocuments(), answers: r.answers(g)}
		if reason, note := saidWhy(g); reason != "" || note != "" {
			said.words = true
		}
		meaning, ok := orderEvent(said)
		if !ok {
			r.out.Verdict = channels.Repair
			place := hl7.Problem{Segment: "ORC", SegIndex: orc.Occurrence(), Field: 1}.Location()
			text := "order control: got a code that says nothing about a referral here, want NW, CA, DC, XO, OK, UA, CR, UC, SC or RE (table 0119)"
			if said.control == "" {
				text = "order control: got nothing, want NW, CA, DC, XO, OK, UA, CR, UC, SC or RE (table 0119)"
			}
			r.out.Problems = append(r.out.Problems, channels.Problem{Location: place, Code: hl7.CodeTableValue, Severity: "E", Text: text})
			return
		}
		f := r.orderFact(g, meaning, creates)
		f.final = meaning.ifKnown == referral.EventReport && resultOf(result) == resultFinal
		r.add(f, kindOfDocuments(docs, meaning.event, f.final))
	}
}

// answers reports whether words without a status (SC, ORC-5 empty) are the initiator's: an own system speaks, or the number of the
// order is not of our making, so that the other side asked for the referral.
func (r *hl7Reader) answers(g hl7.Group) bool {
	if p, ok := r.s.Directory.Partner(r.partner); ok && p.Own {
		return true
	}
	authority := authorityOf(g.Field("ORC", 2).EI().Authority, r.partner)
	return !isOID(authority) || authority != r.s.Directory.Own.OID
}

// kindOfDocuments marks documents by what they came with.
func kindOfDocuments(docs []Body, event referral.EventType, final bool) []Body {
	for i := range docs {
		docs[i].Document.Signed = final
		switch event {
		case referral.EventReport, referral.EventInterim:
			docs[i].Document.Kind = string(event)
			docs[i].Document.Signed = event == referral.EventReport
		}
	}
	return docs
}

// orderFact reads one order group.
func (r *hl7Reader) orderFact(g hl7.Group, meaning orderMeaning, creates bool) Fact {
	orc := g.First("ORC")
	ids := orderIDs(g, r.partner)
	ev := r.event(meaning.event)
	ev.Payload.Patient = r.patient()
	f := Fact{Ref: naming(ids), IfCancelPending: meaning.ifPending, IfKnown: meaning.ifKnown}
	switch meaning.event {
	case referral.EventRequest, referral.EventChange:
		rec := orderRecord(r.m, g, r.partner)
		r.sourceForm(rec, r.m.Code())
		ev.Payload.Record, ev.Payload.Identifiers = rec, ids
		f.Creates = creates && meaning.event == referral.EventRequest
	default:
		ev.Payload.Identifiers = fillers(ids)
		ev.Reason, ev.Note = saidWhy(g)
		ev.Payload.Promise = timeOf(orc.Field(15))
		switch meaning.event {
		case referral.EventAccept:
			ev.Payload.Recipient = r.acceptedBy(g)
		case referral.EventAnomaly:
			ev.Payload.Said, ev.Reason = referral.EventReport, reasonCancelledResult
			ev.Note = strings.Join(append([]string{cancelledResult}, nonEmpty(ev.Note)...), "\n")
		}
	}
	f.Event = ev
	return f
}

// fillers are the numbers that an answer brings besides the one it repeats.
func fillers(ids []referral.Identifier) []referral.Identifier {
	return slices.DeleteFunc(slices.Clone(ids), func(id referral.Identifier) bool { return id.Kind != referral.KindFiller })
}

// saidWhy reads the coded reason and the words of an answer: ORC-16 and the notes. Words that only say the code again are left out.
func saidWhy(g hl7.Group) (reason, note string) {
	c := g.First("ORC").Field(16).Coded()
	reason = firstOf(c.Code, c.AltCode)
	words := firstOf(c.Text, c.Original)
	if reason != "" && words == strings.ReplaceAll(reason, "_", " ") {
		words = ""
	}
	var lines []string
	for _, line := range append([]string{words}, notesOf(g.Segments("NTE"))...) {
		if line != "" && !slices.Contains(lines, line) && !speaksOfPart2(line) {
			lines = append(lines, line)
		}
	}
	return reason, strings.Join(lines, "\n")
}

// acceptedBy is who takes the referral. ORC-12 of an acceptance names them in some systems and repeats the ordering provider in
// others: one whom the directory knows at another partner, or whom OBR-16 names as the one who ordered, is not taken.
func (r *hl7Reader) acceptedBy(g hl7.Group) *referral.Party {
	var p referral.Party
	x := g.Field("ORC", 12).XCN()
	fromXCN(&p, x, r.partner)
	if p.NPI == "" && p.Clinician == (referral.Name{}) {
		return nil
	}
	if by, known := r.s.Directory.ByNPI(p.NPI); known && by.ID != r.partner {
		return nil
	}
	if o := g.Field("OBR", 16).XCN(); o.ID != "" && o.ID == x.ID {
		return nil
	}
	return &p
}

// packageDocuments reports whether documents came beside the message (XDM).
func (r *hl7Reader) packageDocuments() bool {
	for _, p := range r.s.Opened.Parts {
		if p.Kind == channels.KindCDA || p.Kind == channels.KindPDF {
			return true
		}
	}
	return false
}
