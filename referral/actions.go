package referral

import (
	"slices"
	"strings"
)

// Action is a verb of `refloop act`, the console, the link and the API.
type Action string

// actionOrder is every verb, in the order in which they are shown.
var actionOrder = []EventType{EventAccept, EventDecline, EventNoCapacity, EventSchedule, EventReschedule, EventNoShow, EventCancelAppointment,
	EventSeen, EventInterim, EventReport, EventConfirmCancel, EventRefuseCancel, EventCancel, EventAsk, EventAnswer, EventVerify,
	EventRelease, EventTake, EventSplit, EventNotOurs, EventResend, EventFaxSent, EventEnd}

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
		if t == EventRelease && len(r.Holds) == 0 {
			continue
		}
		if _, held := blockedBy(r, t); held {
			continue
		}
		if offeredNow(r, t) != "" {
			continue
		}
		list = append(list, ActionOf(t))
	}
	return list
}

// ByPhone are the other side's moves for which a telephone call is evidence enough (grade C, loop.md section 5), as far as they may be
// said now. What is not in it is not taken by telephone.
func ByPhone(r Referral) []Action {
	other := RoleRecipient
	if r.Role == RoleRecipient {
		other = RoleInitiator
	}
	enough := []EventType{EventAccept, EventDecline, EventSchedule, EventNoShow, EventSeen}
	list := []Action{}
	if r.unsent() {
		return list
	}
	for _, a := range Actions(r, other) {
		if slices.Contains(enough, ActionFor(string(a))) {
			list = append(list, a)
		}
	}
	return list
}

// Unread returns the keys of the fields read from paper that a person must still look at, in the order of the page.
func (r Referral) Unread() []string {
	var keys []string
	for _, f := range r.Fields {
		if r.Unsure(f) {
			keys = append(keys, f.Key)
		}
	}
	return keys
}
