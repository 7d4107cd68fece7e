package transform

import (
	"refloop/channels"
	"refloop/fax"
	"refloop/hl7"
	"refloop/referral"
)

// mdm reads a document notification with content: signed ones are the report, others interim. One without content, such as many an
// MDM^T04 of a change of status, brings no report whatever its status: a person must fetch it.
func (r *hl7Reader) mdm() {
	kind := referral.EventInterim
	if signed(r.m) {
		kind = referral.EventReport
	}
	docs, bad := documentsOf(r.m.Segments("OBX"), string(kind))
	r.warnDocuments(bad)
	txa := r.m.First("TXA")
	if text := textDocument(r.m.Segments("OBX"), string(kind), firstOf(txa.Field(2).Coded().Label(), "Note")); text != nil {
		docs = append(docs, *text)
	}
	author := txa.Field(9).XCN()
	for i := range docs {
		d := &docs[i].Document
		d.Signed, d.Identifier, d.Time = kind == referral.EventReport, txa.Field(12).EI().ID, firstTime(timeOf(txa.Field(4)), timeOf(txa.Field(6)))
		d.Author, d.AuthorNPI = nameOf(author.Name), author.NPI()
	}
	ev := r.event(kind)
	ev.Payload.Patient = r.patient()
	if len(docs) == 0 {
		ev = r.heldFor(reasonNoContent, "the document was announced without its content")
	}
	r.add(Fact{Ref: documentRefs(r.m, r.partner), Event: ev, Feed: r.feed()}, docs)
}

// oru reads results: final ones are the report, cancelled ones are left to a person, anything else is interim.
func (r *hl7Reader) oru() {
	for _, g := range r.orders {
		said := observedResult(g)
		kind := referral.EventInterim
		if said == resultFinal {
			kind = referral.EventReport
		}
		docs, bad := documentsOf(g.Segments("OBX"), string(kind))
		r.warnDocuments(bad)
		if text := textDocument(g.Segments("OBX"), string(kind), firstOf(g.First("OBR").Field(4).Coded().Label(), "Report")); text != nil {
			docs = append(docs, *text)
		}
		author := g.Field("OBR", 32).Component(1)
		for i := range docs {
			d := &docs[i].Document
			d.Signed, d.Time = kind == referral.EventReport, timeOf(g.Field("OBR", 22))
			d.Author, d.AuthorNPI = interpreter(author)
		}
		ids := orderIDs(g, r.partner)
		ev := r.event(kind)
		ev.Payload.Patient = r.patient()
		if said == resultCancelled {
			ev = r.heldFor(reasonCancelledResult, cancelledResult)
		}
		ev.Payload.Identifiers = fillers(ids)
		r.add(Fact{Ref: ids, Event: ev, Feed: r.feed()}, docs)
	}
}

// interpreter reads OBR-32 (NDL): a person whose parts are subcomponents of the first component.
func interpreter(v hl7.Value) (referral.Name, string) {
	sub := func(n int) string { return v.Subcomponent(n).String() }
	npi := ""
	if fax.ValidNPI(sub(1)) {
		npi = sub(1)
	}
	return referral.Name{Family: sub(2), Given: sub(3), Middle: sub(4), Suffix: sub(5), Prefix: sub(6), Degree: sub(7)}, npi
}

// feed reports whether the message may be one of a whole hospital's feed, about patients who were never referred. What comes by Direct
// mail is said about a referral of ours (360x.md 4.2): an unknown one is for a person.
func (r *hl7Reader) feed() bool { return r.s.Channel.Type != channels.Direct }
