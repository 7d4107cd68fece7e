package transform

import (
	"strings"
	"time"

	"refloop/ccda"
	"refloop/referral"
)

// spoken is an event as the wire can say it. Ending a referral is a decline when the recipient ends it and a cancellation when the
// initiator does; a question about the status is answered with what gave the present state; sending again is the request.
// Payload.Said keeps what it was, so that the words tell the truth.
func spoken(r referral.Referral, ev referral.Event) referral.Event {
	switch ev.Type {
	case referral.EventResend:
		ev.Type = referral.EventRequest
	case referral.EventEnd:
		ev.Payload.Said, ev.Type = referral.EventEnd, referral.EventCancel
		if r.Role == referral.RoleRecipient {
			ev.Type = referral.EventDecline
		}
		ev.Reason = firstOf(string(ev.Payload.EndReason), ev.Reason)
	case referral.EventStatusQuery:
		ev.Payload.Said, ev.Type = referral.EventStatusQuery, stateEvent(r.State)
		ev.EventTime = firstTime(r.Since, ev.EventTime)
		if ev.Type == referral.EventDecline {
			ev.Reason = firstOf(ev.Reason, string(r.EndReason))
		}
	}
	return ev
}

// stateEvent is the event that says a state once more; status_query itself for states in which nothing has been said.
func stateEvent(s referral.State) referral.EventType {
	switch s {
	case referral.StateInfoRequested:
		return referral.EventAsk
	case referral.StateAccepted:
		return referral.EventAccept
	case referral.StateNoCapacity:
		return referral.EventNoCapacity
	case referral.StateScheduled:
		return referral.EventSchedule
	case referral.StateNoShow:
		return referral.EventNoShow
	case referral.StateApptCancelled:
		return referral.EventCancelAppointment
	case referral.StateSeen, referral.StateReportReceived, referral.StateClosed:
		return referral.EventSeen
	case referral.StateDeclined, referral.StateEnded:
		return referral.EventDecline
	case referral.StateCancelled:
		return referral.EventConfirmCancel
	}
	return referral.EventStatusQuery
}

// words says in plain language what happened. It names no patient.
func (w *writer) words() []string {
	out := nonEmpty(w.headline())
	a := w.appointment()
	if w.ev.Type == referral.EventSchedule || w.ev.Type == referral.EventReschedule {
		out = append(out, labelled("Location: ", a.Location)...)
	}
	if !w.ev.Payload.Promise.IsZero() {
		out = append(out, "Expected by "+w.ev.Payload.Promise.UTC().Format("2006-01-02"))
	}
	out = append(out, labelled("Reason: ", strings.ReplaceAll(w.ev.Reason, "_", " "))...)
	return append(out, nonEmpty(w.ev.Note)...)
}

func labelled(label, value string) []string {
	if value == "" {
		return nil
	}
	return []string{label + value}
}

// recipientName and initiatorName are what people call the two sides.
func (w *writer) recipientName() string {
	own := ""
	if w.r.Role == referral.RoleRecipient {
		own = w.t.Own.Name
	}
	return firstOf(w.r.Recipient.Organization, own, "the recipient")
}

func (w *writer) initiatorName() string {
	return firstOf(w.r.Initiator.Organization, "the referring practice")
}

// localTime is a time as people on the spot read it: in the zone in which it was given, with its distance from UTC.
func localTime(t time.Time) string {
	if _, offset := t.Zone(); offset == 0 {
		return t.UTC().Format("2006-01-02 15:04 MST")
	}
	return t.Format("2006-01-02 15:04 (UTC-07:00)")
}

// headline is the first line of words.
func (w *writer) headline() string {
	when := localTime(w.appointment().Start)
	if w.ev.Payload.Said == referral.EventEnd {
		who := w.initiatorName()
		if w.r.Role == referral.RoleRecipient {
			who = w.recipientName()
		}
		return "Referral ended by " + who
	}
	if w.ev.Payload.Said == referral.EventStatusQuery {
		switch w.r.State {
		case referral.StateReportReceived, referral.StateClosed:
			return "Status of the referral: the report has been sent"
		case referral.StateEnded:
			return "Status of the referral: ended"
		case referral.StateCancelRequested:
			return "Status of the referral: a cancellation was asked for and is not answered yet"
		}
	}
	switch w.ev.Type {
	case referral.EventRequest:
		return "New referral"
	case referral.EventChange:
		return "The referral was changed by " + w.initiatorName()
	case referral.EventCancel:
		return "Cancellation asked for by " + w.initiatorName()
	case referral.EventAnswer:
		return "Answer of " + w.initiatorName()
	case referral.EventStatusQuery:
		return "Status of the referral: received, no answer yet"
	case referral.EventAccept:
		return "Referral accepted by " + w.recipientName()
	case referral.EventDecline:
		return "Referral declined by " + w.recipientName()
	case referral.EventNoCapacity:
		return "Referral accepted by " + w.recipientName() + "; waiting for a place"
	case referral.EventSchedule:
		return "Appointment booked for " + when
	case referral.EventReschedule:
		return "Appointment moved to " + when
	case referral.EventCancelAppointment:
		return "Appointment cancelled"
	case referral.EventNoShow:
		return "Patient did not come to the appointment of " + when
	case referral.EventSeen:
		return "Patient seen; the report will follow"
	case referral.EventAsk:
		return w.recipientName() + " asks for information"
	case referral.EventConfirmCancel:
		return "Cancellation confirmed by " + w.recipientName()
	case referral.EventRefuseCancel:
		return "Cancellation refused by " + w.recipientName()
	case referral.EventInterim:
		return "Interim note from " + w.recipientName()
	case referral.EventReport:
		return "Consultation report from " + w.recipientName()
	}
	return ""
}

// marked is the record with the strictest label that it or a document of the event carries: a restricted report is relayed as one.
func marked(r referral.Referral, ev referral.Event, docs map[string][]byte) referral.Referral {
	for _, doc := range ev.Payload.Documents {
		if bodyKind(doc.ContentType) != "cda" || len(docs[doc.ID]) == 0 {
			continue
		}
		if d, err := ccda.Read(docs[doc.ID], ccda.Limits{}); err == nil {
			label := documentRecord(d).Confidentiality
			restrict(&r.Confidentiality, label.Code, label.Source)
			noticeFound(&r.Confidentiality, label.Notice)
			if label.Part2 {
				markPart2(&r.Confidentiality, label.Source)
			}
		}
	}
	return r
}
