package referral

import (
	"slices"
	"strings"
)

// guard refuses what the row allows but the evidence, the content or a hold does not.
func guard(r Referral, e Event, row Row) *Refusal {
	if !carries(e) {
		return refuse(r, e, CodeWeakEvidence, "a better grade of evidence")
	}
	if e.Origin == OriginStaff {
		if h, ok := blockedBy(r, e.Type); ok {
			return refuse(r, e, CodeHeld, wayOut(r, h))
		}
	}
	if e.Origin == OriginPhone && e.By == SideRecipient && isFact(e.Type) && r.unsent() {
		return refuse(r, e, CodeHeld, "a request that has left: it is still held here and the recipient cannot know of it; release its hold first")
	}
	if want := offeredNow(r, e.Type); want != "" {
		return refuse(r, e, CodeNotAllowed, want)
	}
	switch e.Type {
	case EventReport:
		if len(e.Payload.Documents) == 0 {
			return refuse(r, e, CodeNeedsDocument, "a report with its document")
		}
	case EventInterim:
		if len(e.Payload.Documents) == 0 && e.Origin == OriginStaff {
			return refuse(r, e, CodeNeedsDocument, "a note with its document")
		}
	case EventEnd:
		return guardEnd(r, e)
	case EventConfirmCancel:
		if e.By == SideDaemon {
			return refuse(r, e, CodeWrongSide, "the recipient")
		}
	case EventRelayed:
		return guardRelayed(r, e)
	case EventResend:
		if row.By[0] == SideOwn && r.ReportSeq == 0 {
			return refuse(r, e, CodeNotAllowed, "a report to send again")
		}
	case EventHold:
		return guardHold(r, e)
	case EventRelease:
		return guardRelease(r, e)
	case EventVerify:
		if e.Payload.Hold != nil {
			return guardRelease(r, e)
		}
	}
	return nil
}

// unsent reports whether the request of a referral of ours is still kept back here: the other side never heard of it.
func (r Referral) unsent() bool {
	return r.Role == RoleInitiator && slices.ContainsFunc(r.Withheld, func(f Effect) bool {
		return f.Kind == EffectTell && f.Tell == SideRecipient && f.Event == EventRequest
	})
}

// wayOut says what keeps the hold open and how it is released.
func wayOut(r Referral, h HoldKind) string {
	out := "no " + string(h) + " hold"
	if unread := r.Unread(); h == HoldFaxReview && len(unread) > 0 {
		out += ": a person must still look at " + strings.Join(unread, ", ")
	}
	verify := "act ID verify --set - (corrections), or act ID verify (all is right as it was read)"
	if h == HoldMatch {
		verify = "act ID verify --set - (who the patient is)"
	}
	return out + "; release it first: " + verify + ", or act ID release --hold " + string(h) + " --reason CODE"
}

// guardEnd asks for one of our own people, or a timer with one of its two reasons.
func guardEnd(r Referral, e Event) *Refusal {
	reasons := []EndReason{EndAdviceAnswered, EndPatientDeclined, EndUnreachable, EndCompletedNoReport, EndExpired, EndDuplicate, EndEnteredInError}
	if e.By == SideDaemon {
		reasons = []EndReason{EndCompletedNoReport, EndExpired}
	} else if r.State == StateCancelRequested && e.By == SideInitiator {
		reasons = append(reasons, EndCancelUnconfirmed)
	}
	if e.Payload.Left != nil {
		reasons = append(reasons, EndPagesMoved)
	}
	if !slices.Contains(reasons, e.Payload.EndReason) {
		return refuse(r, e, CodeNeedsReason, "a reason of an end that fits the state and the speaker: "+joinReasons(reasons))
	}
	return nil
}

func joinReasons(list []EndReason) string {
	words := make([]string, len(list))
	for i, e := range list {
		words[i] = string(e)
	}
	return strings.Join(words, ", ")
}

// guardRelayed asks for proof that names itself, and with grade C for a second person.
func guardRelayed(r Referral, e Event) *Refusal {
	p := e.Payload
	switch {
	case e.Grade != GradeC && p.Delivery == "" && e.EvidenceRef == "":
		return refuse(r, e, CodeNeedsProof, "the delivery or the message that proves it")
	case e.Grade == GradeC && (e.Actor == "" || p.Second == "" || p.Second == e.Actor):
		return refuse(r, e, CodeWeakEvidence, "a second person beside the one who was told")
	}
	return nil
}

// guardHold asks for a known kind and why.
func guardHold(r Referral, e Event) *Refusal {
	h := e.Payload.Hold
	if h == nil || !slices.Contains(HoldKinds(), h.Kind) {
		return refuse(r, e, CodeNeedsHold, "a kind of hold")
	}
	if h.Reason == "" {
		return refuse(r, e, CodeNeedsReason, "why a person must look")
	}
	return nil
}

// guardRelease asks for an open hold; some need a person, and what keeps content inside needs the basis on which it may leave.
func guardRelease(r Referral, e Event) *Refusal {
	h := e.Payload.Hold
	switch {
	case h == nil || !r.held(h.Kind):
		return refuse(r, e, CodeNeedsHold, "a hold that is open")
	case needsPerson(h.Kind) && e.By == SideDaemon:
		return refuse(r, e, CodeWrongSide, "a person")
	case needsBasis(h.Kind) && e.Reason == "":
		return refuse(r, e, CodeNeedsReason, "the basis on which it goes on")
	}
	return nil
}

// carries reports whether the grade of e is good enough for it (loop.md section 5). Book-keeping needs none.
func carries(e Event) bool {
	switch e.Type {
	case EventHold, EventRelease, EventDelivery, EventAnomaly, EventFaxSent, EventRelayLost, EventStatusQuery:
		return true
	}
	switch e.Grade {
	case GradeA, GradeB:
		return true
	case GradeC:
		switch e.Type {
		case EventAccept, EventDecline, EventSchedule, EventNoShow, EventSeen, EventRelayed:
			return true
		}
	case GradeD:
		return e.Type == EventRelayed && e.Payload.FaxClosure && e.Origin == OriginFax
	}
	return e.By == SideDaemon && e.Type == EventEnd // a timer has no evidence but the clock
}
