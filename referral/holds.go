package referral

import (
	"slices"
	"strings"
	"time"
)

// HoldLife is how long a hold may stay when nobody said how long.
const HoldLife = 24 * time.Hour

// DefaultReviewBelow is the confidence under which a field read from paper needs a person, when the record names none.
const DefaultReviewBelow = 0.95

// ReasonPriority is the reason of the completeness hold that Apply opens itself.
const ReasonPriority = "priority unknown"

// ReasonNoRecipient begins the reason of the completeness hold of a request that no partner was found for; a recipient releases it.
const ReasonNoRecipient = "no recipient found"

// ReasonNoReason is the reason of the completeness hold of a request that says neither why nor what for; a reason or a diagnosis releases it.
const ReasonNoReason = "no reason for referral"

// ReasonNeverSent is the reason of a cancellation that confirms itself: the request was still held here.
const ReasonNeverSent = "never_sent"

// HoldKinds returns every kind of hold.
func HoldKinds() []HoldKind {
	return []HoldKind{HoldConsent, HoldPart2, HoldMatch, HoldCompleteness, HoldCapacity, HoldManual, HoldFaxReview}
}

// held reports whether a hold of this kind is open.
func (r Referral) held(k HoldKind) bool {
	return slices.ContainsFunc(r.Holds, func(h Hold) bool { return h.Kind == k })
}

// needsBasis reports whether the hold keeps content inside until somebody names a basis (loop.md sections 8 and 9).
func needsBasis(k HoldKind) bool { return k == HoldConsent || k == HoldPart2 || k == HoldManual }

// needsPerson reports whether no timer or proof may release the hold.
func needsPerson(k HoldKind) bool { return needsBasis(k) || k == HoldMatch || k == HoldFaxReview }

// stops reports whether an open hold keeps the effect back.
//
//	match_review                  every tell and relay: whose papers they are is not known
//	consent, part2_review, manual everything to the other side: nothing leaves
//	completeness                  the request and its changes to the other side
//	fax_review                    the request and its changes to anybody: the record is not read yet
//	capacity                      nothing
func stops(k HoldKind, role Role, f Effect) bool {
	if f.Kind != EffectTell && f.Kind != EffectRelay {
		return false
	}
	away := f.Tell != role.Side()
	asks := f.Event == EventRequest || f.Event == EventChange
	switch k {
	case HoldMatch:
		return true
	case HoldConsent, HoldPart2, HoldManual:
		return away
	case HoldCompleteness:
		return away && asks
	case HoldFaxReview:
		return asks
	}
	return false
}

// Stops reports whether an open hold keeps f back.
func (r Referral) Stops(f Effect) bool { return r.stopped(f) }

// stopped reports whether any open hold keeps the effect back.
func (r Referral) stopped(f Effect) bool {
	return slices.ContainsFunc(r.Holds, func(h Hold) bool { return stops(h.Kind, r.Role, f) })
}

// blockedBy names the open hold that keeps our own people from saying t.
func blockedBy(r Referral, t EventType) (HoldKind, bool) {
	for _, h := range r.Holds {
		switch h.Kind {
		case HoldMatch:
			if isFact(t) && t != EventCancel && t != EventChange || t == EventResend {
				return h.Kind, true
			}
		case HoldFaxReview:
			if isProgress(t) || t == EventInterim || t == EventReport {
				return h.Kind, true
			}
		}
	}
	return "", false
}

// wholeHold fills what a hold must have: since when, until when, whose.
func wholeHold(e Event) Event {
	if e.Payload.Hold == nil {
		return e
	}
	h := *e.Payload.Hold
	if h.Reason == "" {
		h.Reason = e.Reason
	}
	h = completed(h, e.ReceiveTime)
	e.Payload.Hold = &h
	return e
}

// completed gives h a start, an end and an owner.
func completed(h Hold, now time.Time) Hold {
	if h.Since.IsZero() {
		h.Since = now
	}
	if h.Expires.IsZero() {
		h.Expires = h.Since.Add(HoldLife)
	}
	if h.Owner == "" {
		h.Owner = DebtorUs
	}
	return h
}

// openHold puts h on the referral; a second one of the same kind and reason is the first one.
func (w *work) openHold(h Hold, e Event) {
	if slices.ContainsFunc(w.r.Holds, func(o Hold) bool { return o.Kind == h.Kind && o.Reason == h.Reason }) {
		return
	}
	h = completed(h, e.ReceiveTime)
	w.r.Holds = append(slices.Clone(w.r.Holds), h)
	w.note(e, EventHold, &h)
}

// closeHolds takes every hold for which done is true off the referral, one release event each, and gives out what is free now.
func (w *work) closeHolds(e Event, done func(Hold) bool) {
	var keep, gone []Hold
	for _, h := range w.r.Holds {
		if done(h) {
			gone = append(gone, h)
		} else {
			keep = append(keep, h)
		}
	}
	if len(gone) == 0 {
		return
	}
	w.r.Holds = keep
	for _, h := range gone {
		if e.Type != EventRelease {
			w.note(e, EventRelease, &h)
		}
	}
	w.giveOut()
}

// note appends the hold or release event that follows from e.
func (w *work) note(e Event, t EventType, h *Hold) {
	n := Event{EventTime: e.EventTime, ReceiveTime: e.ReceiveTime, Type: t, By: SideDaemon, Actor: e.Actor, Origin: OriginDaemon,
		Grade: e.Grade, EvidenceRef: e.EvidenceRef, ConfigHash: e.ConfigHash, Reason: h.Reason}
	if t == EventRelease {
		n.By, n.Origin = e.By, e.Origin
	}
	n.Payload.Hold = h
	w.append(n, w.r.State)
}

// giveOut gives out every withheld effect that no hold stops any more. What shows the record itself (request, change, documents) is
// shown as of now, so that what a person corrected meanwhile is what leaves.
func (w *work) giveOut() {
	var keep []Effect
	for _, f := range w.r.Withheld {
		if w.r.stopped(f) {
			keep = append(keep, f)
			continue
		}
		switch f.Event {
		case EventRequest, EventChange, EventInterim, EventReport:
			f.Seq = w.r.Version
		}
		w.effects = append(w.effects, f)
	}
	w.r.Withheld = keep
}

// cleared says which holds a verify or a change has answered: fax_review when no field below the line remains, the priority hold when
// the priority is known, those of a missing recipient or reason when there is one, and the one that a person names.
func (w *work) cleared(e Event) func(Hold) bool {
	unread := slices.ContainsFunc(w.r.Fields, w.r.Unsure)
	return func(h Hold) bool {
		if named := e.Payload.Hold; named != nil && e.Type == EventVerify && named.Kind == h.Kind {
			return true
		}
		switch h.Kind {
		case HoldFaxReview:
			return e.Type == EventVerify && len(w.r.Fields) > 0 && !unread
		case HoldCompleteness:
			return h.Reason == ReasonPriority && w.r.Priority != "" ||
				h.Reason == ReasonNoReason && (w.r.Reason != "" || len(w.r.Diagnoses) > 0) ||
				strings.HasPrefix(h.Reason, ReasonNoRecipient) && w.r.Recipient.Partner != ""
		}
		return false
	}
}

// Unsure reports whether a person must still look at the field.
func (r Referral) Unsure(f Field) bool {
	line := r.ReviewBelow
	if line == 0 {
		line = DefaultReviewBelow
	}
	return !f.Confirmed && f.Confidence < line
}
