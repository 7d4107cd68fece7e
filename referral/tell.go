package referral

import "slices"

// tell works out who must hear of e, and keeps back what a hold stops.
//
// The rule: every fact is told to the side that did not say it. Tell == our role's side means our own systems (the EHR that placed
// the order, chart import), the other side means the counterpart. So on the initiator's daemon a request goes to SideRecipient (the
// specialist) and an accept to SideInitiator (our EHR); on the recipient's daemon our accept goes to SideInitiator (the counterpart)
// and a request to SideRecipient (our own systems). An outcome is a relay to SideInitiator on both. A status query is answered to who
// asked. Restated, late and clashing facts and implied steps are told to nobody.
func (w *work) tell(row Row, e Event, seq int) {
	switch e.Type {
	case EventRequest, EventAnswer:
		w.send(SideRecipient, e.Type, seq)
	case EventChange:
		if row.How == Moves { // re-opened: to the recipient it is a request
			w.send(SideRecipient, EventRequest, seq)
		} else if w.r.State != StateDraft {
			w.send(SideRecipient, EventChange, seq)
		}
	case EventAccept, EventDecline, EventNoCapacity, EventSchedule, EventReschedule, EventNoShow, EventCancelAppointment, EventSeen,
		EventInterim, EventConfirmCancel, EventRefuseCancel:
		w.send(SideInitiator, e.Type, seq)
	case EventAsk:
		w.send(SideInitiator, e.Type, seq)
		if w.r.Role == RoleInitiator {
			w.item("question", seq)
		}
	case EventReport:
		w.out(Effect{Kind: EffectRelay, Tell: SideInitiator, Event: EventReport, Seq: seq})
	case EventStatusQuery:
		w.send(e.By, e.Type, seq)
	case EventCancel:
		w.voidQueued(seq)
		w.send(SideRecipient, e.Type, seq)
	case EventResend:
		w.resend(row, e, seq)
	case EventEnd:
		w.ended(e, seq)
	case EventNotOurs:
		w.voidQueued(seq)
		w.item("misdirected", seq)
	case EventRelayLost:
		w.item("relay_lost", seq)
	case EventAnomaly:
		kind := e.Reason
		if kind == "" {
			kind = string(CodeNotAllowed)
		}
		w.anomaly(kind, "stored; it moves nothing")
		w.item("anomaly."+kind, seq)
	}
	switch row.How {
	case Stands:
		w.item("report_after_end", seq)
		w.anomaly("out_of_order", "a document came for a referral in state "+string(w.r.State))
	case Under:
		w.item("cancel_crossed", seq)
	}
}

// resend sends the request again (to another recipient when one is named), or the report when that is what the initiator lacks.
func (w *work) resend(row Row, e Event, seq int) {
	if slices.Contains(row.By, SideOwn) {
		w.r.Withheld = slices.DeleteFunc(slices.Clone(w.r.Withheld), func(f Effect) bool { return f.Kind == EffectRelay })
		w.out(Effect{Kind: EffectRelay, Tell: SideInitiator, Event: EventReport, Seq: seq})
		return
	}
	w.voidQueued(seq)
	w.send(SideRecipient, EventRequest, seq)
	if row.How == Keeps && e.Payload.Recipient != nil {
		w.item("redirected", seq) // the former recipient may have it and must hear that it is off
	}
}

// ended tells the other side that a person of ours gave the referral up; a timer tells nobody. What was asked for by mistake and has
// not left is void.
func (w *work) ended(e Event, seq int) {
	switch e.Payload.EndReason {
	case EndDuplicate, EndEnteredInError:
		w.voidQueued(seq)
	case EndPagesMoved:
		w.voidQueued(seq)
		return
	}
	from := w.events[len(w.events)-1].From
	if e.By == SideDaemon || from == StateDraft || from == StateDeclined || e.Payload.EndReason == EndCancelUnconfirmed {
		return
	}
	w.send(opposite(w.r.Role.Side()), EventEnd, seq)
}

// voidQueued says that what is not yet sent to the recipient's side is void.
func (w *work) voidQueued(seq int) {
	w.r.Withheld = slices.DeleteFunc(slices.Clone(w.r.Withheld), func(f Effect) bool {
		return f.Tell == SideRecipient && f.Event != EventRequest // a withheld request is judged by neverSent or replaced below
	})
	w.effects = append(w.effects, Effect{Kind: EffectCancelQueued, Tell: SideRecipient, Seq: seq})
}

// send tells a side.
func (w *work) send(to Side, t EventType, seq int) {
	if to == "" {
		return
	}
	if t == EventRequest {
		w.r.Withheld = slices.DeleteFunc(slices.Clone(w.r.Withheld), func(f Effect) bool { return f.Event == EventRequest })
	}
	w.out(Effect{Kind: EffectTell, Tell: to, Event: t, Seq: seq})
}

// out gives an effect out, or keeps it until no hold stops it.
func (w *work) out(f Effect) {
	if w.r.stopped(f) {
		w.r.Withheld = append(slices.Clone(w.r.Withheld), f)
		return
	}
	w.effects = append(w.effects, f)
}

// item opens a worklist item.
func (w *work) item(kind string, seq int) {
	w.effects = append(w.effects, Effect{Kind: EffectItem, Item: kind, Seq: seq})
}

// opposite is the other side of the loop.
func opposite(s Side) Side {
	switch s {
	case SideInitiator:
		return SideRecipient
	case SideRecipient:
		return SideInitiator
	}
	return ""
}
