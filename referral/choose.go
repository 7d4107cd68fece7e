package referral

import (
	"slices"
	"time"
)

// find returns the first row for this state, event and side.
func find(r Referral, t EventType, side Side) (Row, bool) {
	for _, row := range table {
		if row.Event != t || !slices.Contains(row.From, r.State) || !speaks(row, r.Role, side) {
			continue
		}
		if r.State == StateEnded && len(row.Ended) > 0 && !slices.Contains(row.Ended, r.EndReason) {
			continue
		}
		return row, true
	}
	return Row{}, false
}

// offered reports whether a person may choose the row as an action.
func (row Row) offered() bool {
	return row.How == Moves || row.How == Keeps || row.How == Stands
}

// choose finds the row that e follows, seeing that an older fact does not move the state back.
func choose(r Referral, e Event) (Row, *Refusal) {
	row, ok := find(r, e.Type, e.By)
	if !ok {
		if isProgress(e.Type) && older(e.EventTime, r.Since) {
			return Row{Event: e.Type, How: Late, Source: "ours: late"}, nil
		}
		return Row{}, refuse(r, e, CodeNotAllowed, "a state in which it may be said")
	}
	if e.Origin == OriginStaff && !row.offered() {
		return Row{}, refuse(r, e, CodeNotAllowed, "a state in which it may be said")
	}
	if row.How == Moves && (isBehind(r, e, row) || otherAppointment(r, e)) {
		row = Row{Event: e.Type, How: Late, Source: "ours: late"}
	}
	if row.How == Moves && (e.Type == EventRelayed || e.Type == EventRelayLost) && e.Payload.Of != 0 && e.Payload.Of < r.ReportSeq {
		row = Row{Event: e.Type, By: row.By, How: Keeps, Source: "ours: proof of an older report"}
	}
	return row, nil
}

// isBehind reports whether a step of the recipient happened before what gave the present state and would take it back, or ends a
// booking that has been made anew since. What our own person says now is never behind.
func isBehind(r Referral, e Event, row Row) bool {
	if e.Origin == OriginStaff || !isProgress(e.Type) || !older(e.EventTime, r.Since) {
		return false
	}
	return rank(row.To) <= rank(r.State) || e.Type == EventNoShow || e.Type == EventCancelAppointment
}

// isProgress reports whether the event is a step of the recipient on the way to the outcome, without a document.
func isProgress(t EventType) bool {
	switch t {
	case EventAccept, EventNoCapacity, EventSchedule, EventReschedule, EventNoShow, EventCancelAppointment, EventSeen:
		return true
	}
	return false
}

// rank orders the states by how far the loop has come; ends and pending cancellations come last.
func rank(s State) int {
	switch s {
	case StateDraft:
		return 0
	case StateSent, StateInfoRequested:
		return 1
	case StateAccepted, StateNoCapacity:
		return 2
	case StateScheduled:
		return 3
	case StateNoShow, StateApptCancelled:
		return 4
	case StateSeen:
		return 5
	case StateReportReceived:
		return 6
	case StateClosed:
		return 7
	}
	return 9
}

// older compares by whole seconds, as message times have no more.
func older(t, since time.Time) bool {
	return !t.IsZero() && !since.IsZero() && t.Truncate(time.Second).Before(since.Truncate(time.Second))
}

// allowed lists what the side of e may do now.
func allowed(r Referral, e Event) []EventType {
	var list []EventType
	role := RoleInitiator
	switch e.By {
	case SideRecipient:
		role = RoleRecipient
	case SideInitiator:
	default:
		role = r.Role
	}
	for _, a := range Actions(r, role) {
		list = append(list, ActionFor(string(a)))
	}
	return list
}
