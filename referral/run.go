package referral

import "slices"

// work is one Apply under way: the referral as it becomes, and what comes out.
type work struct {
	r         Referral
	events    []Event
	effects   []Effect
	anomalies []Anomaly
}

// result is what Apply returns.
func (w *work) result() Result {
	return Result{Referral: w.r, Events: w.events, Effects: w.effects, Anomalies: w.anomalies}
}

// anomaly notes something odd.
func (w *work) anomaly(kind, note string) {
	w.anomalies = append(w.anomalies, Anomaly{Kind: kind, Note: note})
}

// append gives e its seq, moves the state to `to`, and returns the seq.
func (w *work) append(e Event, to State) int {
	w.r.Version++
	e.Seq, e.From, e.To = w.r.Version, w.r.State, to
	w.r.State, w.r.Updated = to, e.ReceiveTime
	if w.r.Created.IsZero() {
		w.r.Created = e.ReceiveTime
	}
	w.events = append(w.events, e)
	return e.Seq
}

// enter records that e gave the present state.
func (w *work) enter(e Event) {
	w.r.Since, w.r.Entered = e.EventTime, e.ReceiveTime
	w.r.Grade, w.r.LastDigest = e.Grade, echoKey(e)
	w.r.Promise = e.Payload.Promise
}

// run does what the row says.
func (w *work) run(row Row, e Event) {
	switch row.How {
	case Moves, Skips:
		w.imply(row, e)
		w.move(row, e)
	case Again:
		w.content(e)
		w.append(e, w.r.State)
		if w.r.Grade == "" || e.Grade < w.r.Grade && e.Grade != "" {
			w.r.Grade = e.Grade
		}
	case Under:
		w.under(e)
		w.content(e)
		w.tell(row, e, w.append(e, w.r.State))
	case Late:
		w.appointment(e, true)
		w.append(e, w.r.State)
		w.anomaly("late_fact", "a later fact is known; the state stays "+string(w.r.State))
	case Clash:
		seq := w.append(e, w.r.State)
		w.anomaly("duplicate_id", "a request came for a referral ID that is in use")
		w.item("duplicate_id", seq)
	default:
		w.keep(row, e)
	}
}

// move takes the content and the state of e.
func (w *work) move(row Row, e Event) {
	to := row.To
	if to == stateBefore {
		if to = w.r.Before; to == "" {
			to = StateSent
		}
	}
	w.r.Before, w.r.EndReason = "", ""
	switch to {
	case StateCancelRequested:
		w.r.Before = w.r.State
		w.r.EndReason = EndReason(e.Reason)
	case StateDeclined, StateCancelled, StateEnded:
		w.r.EndReason = EndReason(e.Reason)
	}
	w.content(e)
	seq := w.append(e, to)
	w.enter(e)
	if e.Type == EventReport {
		w.r.ReportSeq = seq
	}
	if e.Type == EventRequest {
		w.requestHolds(e)
	}
	w.tell(row, e, seq)
	if e.Type == EventCancel {
		w.neverSent(e)
	}
}

// keep takes the content of e; the state stands.
func (w *work) keep(row Row, e Event) {
	w.content(e)
	seq := w.append(e, w.r.State)
	if e.Type == EventReport {
		w.r.ReportSeq = seq
	}
	switch e.Type {
	case EventHold:
		h := *e.Payload.Hold
		if !slices.ContainsFunc(w.r.Holds, func(o Hold) bool { return o.Kind == h.Kind && o.Reason == h.Reason }) {
			w.r.Holds = append(slices.Clone(w.r.Holds), h)
		}
	case EventRelease:
		w.closeHolds(e, func(h Hold) bool { return h.Kind == e.Payload.Hold.Kind })
	case EventVerify, EventChange:
		w.closeHolds(e, w.cleared(e))
	}
	w.tell(row, e, seq)
}

// imply writes the skipped steps, each as a legal move of the table. They carry the time and the evidence of the fact that implies
// them, and nobody is told of them apart from it.
func (w *work) imply(row Row, e Event) {
	for _, t := range row.Via {
		step, ok := find(w.r, t, e.By)
		if !ok {
			continue // cannot be: a test walks every Via
		}
		n := e
		n.Type, n.Implied, n.Payload, n.Reason, n.Note = t, true, Payload{}, "", ""
		w.append(n, step.To)
		w.enter(n)
	}
}

// under moves the state that a refused cancellation goes back to.
func (w *work) under(e Event) {
	b := w.r
	if b.State = b.Before; b.State == "" {
		b.State = StateSent
	}
	if row, ok := find(b, e.Type, e.By); ok && (row.How == Moves || row.How == Skips) {
		w.r.Before = row.To
	}
}

// neverSent confirms a cancellation at once when the request is still withheld here: the other side never heard of it.
func (w *work) neverSent(e Event) {
	asks := func(f Effect) bool { return f.Tell == SideRecipient && f.Kind == EffectTell }
	if w.r.Role != RoleInitiator || !slices.ContainsFunc(w.r.Withheld, func(f Effect) bool { return asks(f) && f.Event == EventRequest }) {
		return
	}
	w.r.Withheld = slices.DeleteFunc(slices.Clone(w.r.Withheld), asks)
	w.effects = slices.DeleteFunc(w.effects, asks)
	n := e
	n.Type, n.By, n.Origin, n.Implied, n.Reason, n.Payload = EventConfirmCancel, SideDaemon, OriginDaemon, true, ReasonNeverSent, Payload{}
	w.r.Before = ""
	seq := w.append(n, StateCancelled)
	w.enter(n)
	w.tell(Row{How: Moves}, n, seq)
}

// requestHolds opens the holds that come with a request, and the one for an unknown priority, which is never taken as routine.
func (w *work) requestHolds(e Event) {
	if e.Payload.Record != nil {
		for _, h := range e.Payload.Record.Holds {
			w.openHold(h, e)
		}
	}
	if w.r.Priority == "" {
		w.openHold(Hold{Kind: HoldCompleteness, Reason: ReasonPriority}, e)
	}
}

// freeze stores a message about another patient and stops everything that would go out (loop.md section 4, wrong patient). Nothing of
// its content enters the record.
func (w *work) freeze(e Event, codes string) {
	n := e
	n.Type, n.Payload.Said, n.Reason = EventAnomaly, e.Type, "wrong_patient"
	seq := w.append(n, w.r.State)
	w.anomaly("wrong_patient", codes)
	w.openHold(Hold{Kind: HoldMatch, Reason: "a message with this referral ID names another patient: " + codes}, e)
	w.effects = append(w.effects, Effect{Kind: EffectFreeze, Seq: seq, Note: codes})
	w.item("wrong_patient", seq)
}
