package transform

import "refloop/referral"

// AsKnown is the event of a fact about a referral that exists when the side that carries it out speaks: an OMG^O19 NW that brings a
// document is then no new request but the outcome (360x.md 4.3). Documents change sides with it: they hang on the event, not on a record.
func (f Fact) AsKnown() referral.Event {
	ev := f.Event
	if f.IfKnown == "" {
		return ev
	}
	ev.Type = f.IfKnown
	if rec := ev.Payload.Record; rec != nil {
		docs := append(append([]referral.Document(nil), ev.Payload.Documents...), rec.Documents...)
		if ev.Payload.Patient == nil {
			p := rec.Patient
			ev.Payload.Patient = &p
		}
		ev.Payload.Record, ev.Payload.Documents = nil, docs
	}
	for i := range ev.Payload.Documents {
		ev.Payload.Documents[i].Kind = string(ev.Type)
	}
	return doubted(ev, f.doubts)
}
