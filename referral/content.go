package referral

import "slices"

// adopt takes the record of a request into a new referral: what r already has of its own identity stays.
func adopt(r, rec Referral) Referral {
	n := rec
	n.ID, n.Authority, n.Org, n.Role, n.Test = r.ID, r.Authority, r.Org, r.Role, r.Test || rec.Test
	if n.ID == "" {
		n.ID, n.Authority = rec.ID, rec.Authority
	}
	if n.Org == "" {
		n.Org = rec.Org
	}
	if n.Role == "" {
		n.Role = rec.Role
	}
	n.Version, n.State, n.Before, n.EndReason, n.Grade = r.Version, r.State, r.Before, r.EndReason, r.Grade
	n.Created, n.Updated, n.Since, n.Entered, n.Promise = r.Created, r.Updated, r.Since, r.Entered, r.Promise
	n.LastDigest, n.ReportSeq, n.Withheld, n.Holds = r.LastDigest, r.ReportSeq, r.Withheld, r.Holds
	n.Identifiers = joinIDs(r.Identifiers, rec.Identifiers)
	n.Documents = joinDocuments(r.Documents, rec.Documents)
	if n.Parent == "" {
		n.Parent = r.Parent
	}
	n.Appointments, n.RequestDigest = r.Appointments, r.RequestDigest
	if len(n.Extra) == 0 {
		n.Extra = r.Extra
	}
	if n.ReviewBelow == 0 {
		n.ReviewBelow = r.ReviewBelow
	}
	return n
}

// content takes what e brings into the record. A message's patient is compared and never merged, but for patient_update.
func (w *work) content(e Event) {
	p := e.Payload
	switch e.Type {
	case EventAnomaly, EventStatusQuery, EventHold, EventRelease, EventDelivery, EventRelayed, EventRelayLost:
		return
	case EventChange, EventRequest:
		w.r.RequestDigest = echoKey(e)
		if p.Record != nil && (e.Type == EventChange || w.r.State != StateDraft) { // a draft has adopted it already
			w.r = changed(w.r, *p.Record)
		}
	case EventAccept:
		if p.Recipient != nil {
			w.r.Recipient = overlaid(w.r.Recipient, *p.Recipient)
		}
	case EventResend:
		if p.Recipient != nil {
			w.r.Recipient = *p.Recipient
		}
	case EventVerify:
		if p.Chosen != nil {
			w.r = chosen(w.r, *p.Chosen)
		}
		if p.Chosen == nil || len(p.Fields) > 0 { // without either, all is right as read
			w.r = verified(w.r, p.Fields)
		}
		w.looked()
	case EventTake:
		w.taken(e.Actor)
	case EventSplit:
		w.split(e)
	case EventPatientUpdate:
		if p.Patient != nil {
			w.r = updated(w.r, *p.Patient)
		}
	}
	w.appointment(e, false)
	w.r.Documents = joinDocuments(w.r.Documents, p.Documents)
	w.r.Identifiers = joinIDs(w.r.Identifiers, p.Identifiers)
}

// joinIDs adds the identifiers that have does not hold in the same kind.
func joinIDs(have, more []Identifier) []Identifier {
	out := slices.Clip(have)
	for _, m := range more {
		if m.Value != "" && !slices.ContainsFunc(out, func(h Identifier) bool { return h.Kind == m.Kind && h.Equal(m) }) {
			out = append(out, m)
		}
	}
	return out
}

// joinDocuments adds the documents that have does not hold by ID.
func joinDocuments(have, more []Document) []Document {
	out := slices.Clip(have)
	for _, m := range more {
		if m.ID == "" || !slices.ContainsFunc(out, func(h Document) bool { return h.ID == m.ID }) {
			out = append(out, m)
		}
	}
	return out
}

// updated merges an ADT of our own side: what it names replaces, and an old number stays as an identifier.
func updated(r Referral, p Patient) Referral {
	ids := p.IDs
	p.IDs = nil
	old := r.Patient.IDs
	r.Patient = overlaid(r.Patient, p)
	if len(ids) == 0 {
		return r
	}
	next := slices.Clone(ids)
	for _, o := range old {
		if slices.ContainsFunc(ids, func(n Identifier) bool { return n.Equal(o) }) {
			continue
		}
		if slices.ContainsFunc(ids, func(n Identifier) bool { return n.rival(o) }) {
			r.Identifiers = joinIDs(r.Identifiers, []Identifier{{Value: o.Value, Authority: o.Authority, Kind: KindMRN}})
			continue
		}
		next = append(next, o)
	}
	r.Patient.IDs = next
	return r
}

// bookingStatus is what an event makes of the booking it is about.
func bookingStatus(t EventType) string {
	switch t {
	case EventSchedule, EventReschedule:
		return "booked"
	case EventNoShow:
		return "no_show"
	case EventCancelAppointment:
		return "cancelled"
	case EventSeen, EventInterim, EventReport:
		return "complete"
	}
	return ""
}

// appointment keeps the list of bookings: newest last, each with what became of it. A late fact never becomes the newest, and a late
// booking does not revive one that is over.
func (w *work) appointment(e Event, late bool) {
	status := bookingStatus(e.Type)
	booking := status == "booked"
	if status == "" || late && e.Type == EventSeen {
		return
	}
	list := slices.Clone(w.r.Appointments)
	var a Appointment
	at := appointmentOf(list, e)
	switch {
	case at >= 0:
		a = list[at]
		list = slices.Delete(list, at, at+1)
	case e.Payload.Appointment == nil:
		return
	case late:
		at = max(0, len(list)-1)
	default:
		at = len(list)
	}
	switch {
	case late && booking && a.Status != "":
		if older := e.Payload.Appointment; older != nil { // a late word without details adds nothing to a newer one
			a = overlaid(*older, a)
		}
	case e.Payload.Appointment != nil:
		a = overlaid(a, *e.Payload.Appointment)
		a.Status = status
	default:
		a.Status = status
	}
	if booking && !late {
		at = len(list)
	}
	w.r.Appointments = slices.Insert(list, at, a)
}

// appointmentOf finds the booking that e is about: the one with its ID, else for anything but a new booking the newest open one.
func appointmentOf(list []Appointment, e Event) int {
	if a := e.Payload.Appointment; a != nil && a.ID.Value != "" {
		if i := slices.IndexFunc(list, func(h Appointment) bool { return h.ID.Equal(a.ID) }); i >= 0 {
			return i
		}
	}
	if e.Type == EventSchedule {
		return -1
	}
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Status == "booked" {
			return i
		}
	}
	return -1
}

// otherAppointment reports whether e ends a booking that is known and is not the current one.
func otherAppointment(r Referral, e Event) bool {
	a := e.Payload.Appointment
	if e.Type != EventNoShow && e.Type != EventCancelAppointment || a == nil || a.ID.Value == "" {
		return false
	}
	i := appointmentOf(r.Appointments, e)
	if i < 0 || !r.Appointments[i].ID.Equal(a.ID) {
		return false
	}
	return slices.ContainsFunc(r.Appointments[i+1:], func(h Appointment) bool { return h.Status == "booked" })
}
