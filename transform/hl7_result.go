package transform

import (
	"refloop/hl7"
	"refloop/referral"
)

// result is what the status of a result says about the loop.
type result uint8

const (
	resultSilent    result = iota // no status was sent
	resultInterim                 // something is still to come
	resultFinal                   // final or corrected: the outcome
	resultCancelled               // there will be none: a person must look
)

// resultOf reads OBR-25 (table 0123). Every code that is not known to be the end leaves the loop open.
func resultOf(code string) result {
	switch code {
	case "":
		return resultSilent
	case "F", "C":
		return resultFinal
	case "X", "Y", "Z": // order cancelled, no order on record, no such patient
		return resultCancelled
	}
	return resultInterim // A S R P I O
}

// observedResult is what a group of results says: OBR-25, else F when every OBX-11 is final or corrected.
func observedResult(g hl7.Group) result {
	if said := resultOf(g.Field("OBR", 25).String()); said != resultSilent {
		return said
	}
	n := 0
	for s := range g.Segments("OBX") {
		if n++; resultOf(s.Field(11).String()) != resultFinal {
			return resultInterim
		}
	}
	if n == 0 {
		return resultInterim
	}
	return resultFinal
}

// Reasons of facts that are stored and shown, move nothing and open an item.
const (
	reasonCancelledResult = "cancelled_result"
	reasonNoContent       = "needs_document"
)

// cancelledResult is what people read about a result that will not come.
const cancelledResult = "the recipient's system says that the order of the result is cancelled"

// heldFor is an event that leaves what the message says to a person: stored and shown, it moves nothing.
func (r *hl7Reader) heldFor(reason, words string) referral.Event {
	ev := r.event(referral.EventAnomaly)
	ev.Payload.Said, ev.Payload.Patient = referral.EventReport, r.patient()
	ev.Reason, ev.Note = reason, words
	return ev
}
