package referral

import "slices"

// Apply says what one event does: the new referral, the events to append, and whom to tell. It is pure: neither r nor e is changed,
// and equal input gives equal output.
//
// The order of judgement: is the event known, may this side say it, was it said just before (echo), is it the same patient (else
// freeze), does the evidence carry it, does the state allow it, is anything missing. An error is always a *Refusal; for facts that
// came by wire the caller applies Refusal.Anomaly so that nothing is lost.
//
// On a request, r brings ID, Authority, Org, Role and, if it likes, holds; Payload.Record brings the content. Holds of either stop
// from the first moment what they stop.
func Apply(r Referral, e Event) (Result, error) {
	r, e = normalise(r, e)
	if ref := maySpeak(r, e); ref != nil {
		return Result{}, ref
	}
	if isEcho(r, e) {
		return Result{Referral: r, Echo: true}, nil
	}
	match, codes := patientOf(r, e)
	if match == MatchOther {
		if e.Origin == OriginStaff {
			return Result{}, refuse(r, e, CodeWrongPatient, "the patient of the referral")
		}
		w := work{r: r}
		w.freeze(e, codes)
		return w.result(), nil
	}
	row, ref := choose(r, e)
	if ref != nil {
		return Result{}, ref
	}
	if ref := guard(r, e, row); ref != nil {
		return Result{}, ref
	}
	w := work{r: r}
	if codes != "" && codes != DiffFirstName { // a nickname is nothing odd
		w.anomaly("patient_differs", codes)
	}
	w.run(row, e)
	return w.result(), nil
}

// normalise fills what the rest relies on.
func normalise(r Referral, e Event) (Referral, Event) {
	if r.State == "" {
		r.State = StateDraft
	}
	if e.Type == EventRequest && e.Payload.Record != nil && r.State == StateDraft {
		r = adopt(r, *e.Payload.Record)
	}
	e.Seq, e.From, e.To, e.Implied = 0, "", "", false
	if e.By == SideDaemon && e.Origin == OriginStaff {
		e.By = r.Role.Side() // a person of ours speaks for our side
	}
	if e.EventTime.IsZero() || (!e.ReceiveTime.IsZero() && e.EventTime.After(e.ReceiveTime)) {
		e.EventTime = e.ReceiveTime
	}
	switch e.Type {
	case EventReport, EventInterim:
		e = unsigned(e)
	case EventEnd:
		if e.Payload.EndReason == "" {
			e.Payload.EndReason = EndReason(e.Reason)
		}
		e.Reason = string(e.Payload.EndReason)
	case EventNotOurs:
		e.Reason = string(EndNotOurs)
	case EventHold:
		e = wholeHold(e)
	}
	return r, e
}

// unsigned makes an interim note of a report of which no document is signed, and names the kind of every document.
func unsigned(e Event) Event {
	docs := slices.Clone(e.Payload.Documents)
	signed := slices.ContainsFunc(docs, func(d Document) bool { return d.Signed })
	if e.Type == EventReport && len(docs) > 0 && !signed {
		e.Type = EventInterim
	}
	kind := "interim"
	if e.Type == EventReport {
		kind = "report"
	}
	for i := range docs {
		if k := docs[i].Kind; k == "" || k == "report" || k == "interim" {
			docs[i].Kind = kind
		}
	}
	e.Payload.Documents = docs
	return e
}

// maySpeak refuses unknown events and sides that may never say this one.
func maySpeak(r Referral, e Event) *Refusal {
	known := false
	for _, row := range table {
		if row.Event != e.Type {
			continue
		}
		known = true
		if speaks(row, r.Role, e.By) {
			return nil
		}
	}
	if !known {
		return refuse(r, e, CodeUnknownEvent, "an event of the table")
	}
	return refuse(r, e, CodeWrongSide, "the side that may say it")
}

// speaks reports whether the row may be said by this side of a loop in which we have role.
func speaks(row Row, role Role, side Side) bool {
	if side == SideInitiator || side == SideRecipient || side == SideDaemon {
		return slices.Contains(row.By, side) || (side == role.Side() && slices.Contains(row.By, SideOwn))
	}
	return false
}

// Side returns the side of the loop that has this role; empty for an unknown role.
func (r Role) Side() Side {
	switch r {
	case RoleInitiator:
		return SideInitiator
	case RoleRecipient:
		return SideRecipient
	}
	return ""
}

// isEcho reports whether e says once more, from the same origin, what gave the present state or what the request says, or brings only
// documents we hold.
func isEcho(r Referral, e Event) bool {
	if !isFact(e.Type) {
		return false
	}
	if key := echoKey(e); key != "" {
		asks := e.Type == EventRequest || e.Type == EventChange
		if r.LastDigest == key || asks && r.State != StateDeclined && r.RequestDigest == key {
			return true
		}
	}
	if e.Type != EventReport && e.Type != EventInterim || len(e.Payload.Documents) == 0 {
		return false
	}
	for _, d := range e.Payload.Documents {
		if !slices.ContainsFunc(r.Documents, func(h Document) bool {
			return h.SHA256 != "" && h.SHA256 == d.SHA256 && h.Kind == d.Kind && sameAuthor(h, d)
		}) {
			return false
		}
	}
	return true
}

// sameAuthor reports whether two copies of a document do not name different authors: the same bytes by another author are a correction.
func sameAuthor(a, b Document) bool {
	return a.AuthorNPI == "" || b.AuthorNPI == "" || a.AuthorNPI == b.AuthorNPI
}

// echoKey is what LastDigest and RequestDigest keep: where it came from and what it said.
func echoKey(e Event) string {
	if e.Payload.Digest == "" {
		return ""
	}
	return e.Origin + ":" + e.Payload.Digest
}

// isFact reports whether repeating the event with the same content means nothing new. Orders to do something are no facts.
func isFact(t EventType) bool {
	switch t {
	case EventRequest, EventChange, EventAccept, EventDecline, EventNoCapacity, EventAsk, EventAnswer, EventSchedule, EventReschedule,
		EventNoShow, EventCancelAppointment, EventSeen, EventInterim, EventReport, EventCancel, EventConfirmCancel, EventRefuseCancel:
		return true
	}
	return false
}
