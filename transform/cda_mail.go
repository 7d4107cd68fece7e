package transform

import (
	"slices"

	"refloop/ccda"
	"refloop/channels"
	"refloop/referral"
)

// decodePlainCDA reads mail that carries documents without an HL7 v2 message: a Referral Note asks for a referral, a Consultation Note
// that names its order is the outcome of that referral. Anything else is for a person; its bytes are kept with the message.
func decodePlainCDA(s Source, out *Decoded) {
	out.Partner = senderPartner(s)
	reason := ""
	for _, p := range s.Opened.Parts {
		if p.Kind != channels.KindCDA {
			continue
		}
		d, err := ccda.Read(p.Body, ccda.Limits{})
		if err != nil {
			reason = firstOf(reason, "its document: "+unreadableCDA(err)+"; a person must look")
			continue
		}
		f, why := plainFact(s, d)
		if why != "" {
			reason = firstOf(reason, why)
			continue
		}
		out.Facts = []Fact{f}
		attachParts(s, out)
		settle(out)
		return
	}
	out.Hold = reason
}

// plainFact is the fact that a document alone states, or why it states none.
func plainFact(s Source, d ccda.Document) (Fact, string) {
	about := patientFrom(d.Patient)
	ev := referral.Event{EventTime: momentFrom(d.Time), Origin: referral.OriginDirect, Grade: referral.GradeA}
	ev.Payload.Patient = &about
	if s.Channel.Type != "" {
		ev.Origin = s.Channel.Type
	}
	ids := loopIDs(d)
	switch {
	case d.Patient.MultipleTarget:
		return Fact{}, "its document is about several patients; a person must split it"
	case d.Type == ccda.TypeReferral:
		ev.Type = referral.EventRequest
		ev.Payload.Record = plainRecord(s, d, about, ids)
		return Fact{Ref: append(ids, referralID(d.ID, referral.KindDocument)), Event: ev, Creates: true}, ""
	case len(ids) == 0:
		return Fact{}, "its document names no referral; a person must match it to one"
	case d.Type == ccda.TypeConsult || d.Type == ccda.TypeUnstructured || d.Type == ccda.TypeOther:
		ev.Type = referral.EventInterim
		if d.LegalAuthenticator != nil {
			ev.Type = referral.EventReport
		}
		return Fact{Ref: ids, Event: ev}, ""
	}
	return Fact{}, "its document is neither a Referral Note nor a Consultation Note; a person must file it"
}

// plainRecord is the record of a request that is a Referral Note alone. Its numbers: the referral's where the note says one, and the
// document's own, by which a second copy is known.
func plainRecord(s Source, d ccda.Document, about referral.Patient, ids []referral.Identifier) *referral.Referral {
	rec := &referral.Referral{Identifiers: slices.Clone(ids), Patient: about, Requested: firstTime(momentFrom(d.Time), s.Message.ReceivedAt)}
	rec.Identifiers = addID(rec.Identifiers, referralID(d.ID, referral.KindDocument))
	rec.Identifiers = addID(rec.Identifiers, referral.Identifier{Value: "CDA", Kind: referral.KindSourceForm})
	return rec // attachParts merges what the note says
}
