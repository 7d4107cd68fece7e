package referral

import "strings"

// Action is a verb of `refloop act`, the console, the link and the API.
type Action string

// actionOrder is every verb, in the order in which they are shown.
var actionOrder = []EventType{EventAccept, EventDecline, EventNoCapacity, EventSchedule, EventReschedule, EventNoShow, EventCancelAppointment,
	EventSeen, EventInterim, EventReport, EventConfirmCancel, EventRefuseCancel, EventCancel, EventAsk, EventAnswer, EventVerify,
	EventResend, EventFaxSent, EventEnd}

// ActionFor returns the event that a verb means; empty for an unknown verb. The verb is the event's name with hyphens.
func ActionFor(verb string) EventType {
	for _, t := range actionOrder {
		if verb == string(ActionOf(t)) {
			return t
		}
	}
	return ""
}

// ActionOf returns the verb of an event.
func ActionOf(t EventType) Action { return Action(strings.ReplaceAll(string(t), "_", "-")) }

// Actions is the single answer to "what may be done now" by an authenticated person of that side: our own staff when role is the
// referral's own, else the counterpart by link. It is read from the table; Apply takes each of them with grade A or B and what the
// event needs (a reason for end, a document for report), and refuses to staff what is not in it.
func Actions(r Referral, role Role) []Action {
	if r.State == "" {
		r.State = StateDraft
	}
	var list []Action
	for _, t := range actionOrder {
		row, ok := find(r, t, role.Side())
		if !ok || !row.offered() {
			continue
		}
		if t == EventResend && row.By[0] == SideOwn && r.ReportSeq == 0 {
			continue
		}
		if _, held := blockedBy(r, t); held {
			continue
		}
		list = append(list, ActionOf(t))
	}
	return list
}
