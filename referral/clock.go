package referral

import "time"

// Debtors of a clock. A hold's debtor is its owner.
const (
	DebtorUs        = "us"
	DebtorInitiator = "initiator"
	DebtorRecipient = "recipient"
)

// Names of clocks (loop.md section 6).
const (
	ClockSend     = "send"
	ClockDeliver  = "deliver"
	ClockRespond  = "respond"
	ClockBackstop = "backstop"
	ClockAnswer   = "answer"
	ClockBook     = "book"
	ClockVisit    = "visit"
	ClockRebook   = "rebook"
	ClockReport   = "report"
	ClockRelay    = "relay"
	ClockCapacity = "capacity"
	ClockRedirect = "redirect"
	ClockCancel   = "cancel"
	ClockHold     = "hold"
)

// Open reports whether somebody owes something: closed, cancelled and ended referrals are over, a declined one is over for the
// recipient's daemon while the initiator still has to redirect or end it.
func (r Referral) Open() bool {
	switch r.State {
	case StateClosed, StateCancelled, StateEnded:
		return false
	case StateDeclined:
		return r.Role != RoleRecipient
	}
	return true
}

// DeriveClock returns the one running debt of an open referral: who owes what since when, when to warn and when to page. It is the
// zero Clock for a referral that is not open. Deliveries are those of this referral. A hold comes before the debt of the state, as
// its owner keeps the debtor waiting; a capacity hold does not (see Beside). A promised date replaces the default.
func DeriveClock(r Referral, deliveries []Delivery, rules ClockRules) Clock {
	if r.State == "" {
		r.State = StateDraft
	}
	if !r.Open() {
		return Clock{}
	}
	if h, ok := firstHold(r); ok {
		return holdClock(h)
	}
	c := debt(r, deliveries)
	c = rules.due(c, r.Priority)
	if !r.Promise.IsZero() && c.Debtor == DebtorRecipient {
		c.Due = r.Promise
		c.Warn = c.Since.Add(c.Due.Sub(c.Since) / 2)
	}
	return c
}

// Beside returns the clocks that run beside the debt: the initiator's backstop while nobody has responded, and every hold that
// DeriveClock does not already show.
func Beside(r Referral, deliveries []Delivery, rules ClockRules) []Clock {
	var list []Clock
	if !r.Open() {
		return nil
	}
	if r.State == StateSent && r.Role != RoleRecipient {
		list = append(list, rules.due(Clock{Name: ClockBackstop, Debtor: DebtorInitiator, Since: r.Entered}, r.Priority))
	}
	main, shown := firstHold(r)
	for _, h := range r.Holds {
		if shown && h == main {
			continue
		}
		list = append(list, holdClock(h))
	}
	return list
}

// firstHold is the hold that expires first, capacity apart.
func firstHold(r Referral) (Hold, bool) {
	var first Hold
	found := false
	for _, h := range r.Holds {
		if h.Kind == HoldCapacity {
			continue
		}
		if h = completed(h, h.Since); !found || h.Expires.Before(first.Expires) {
			first, found = h, true
		}
	}
	return first, found
}

// holdClock warns at half of the hold's life and pages at its end.
func holdClock(h Hold) Clock {
	h = completed(h, h.Since)
	return Clock{Name: ClockHold, Debtor: h.Owner, Since: h.Since, Due: h.Expires, Warn: h.Since.Add(h.Expires.Sub(h.Since) / 2)}
}

// debt says who owes what in this state.
func debt(r Referral, deliveries []Delivery) Clock {
	switch r.State {
	case StateDraft:
		return Clock{Name: ClockSend, Debtor: DebtorUs, Since: r.Created}
	case StateSent:
		return sentDebt(r, deliveries)
	case StateInfoRequested:
		return Clock{Name: ClockAnswer, Debtor: DebtorInitiator, Since: r.Since}
	case StateAccepted:
		return Clock{Name: ClockBook, Debtor: DebtorRecipient, Since: r.Since}
	case StateNoCapacity:
		return Clock{Name: ClockCapacity, Debtor: DebtorRecipient, Since: r.Since}
	case StateScheduled:
		return Clock{Name: ClockVisit, Debtor: DebtorRecipient, Since: visitEnd(r)}
	case StateNoShow, StateApptCancelled:
		return Clock{Name: ClockRebook, Debtor: DebtorRecipient, Since: r.Since}
	case StateSeen:
		return Clock{Name: ClockReport, Debtor: DebtorRecipient, Since: r.Since}
	case StateReportReceived:
		return Clock{Name: ClockRelay, Debtor: DebtorUs, Since: r.Entered}
	case StateDeclined:
		return Clock{Name: ClockRedirect, Debtor: DebtorInitiator, Since: r.Entered}
	}
	return Clock{Name: ClockCancel, Debtor: DebtorRecipient, Since: r.Entered}
}

// sentDebt follows the newest request, or the answer that brought the referral back here, on its way: not tried, tried, proven. On the recipient's daemon the request is here.
func sentDebt(r Referral, deliveries []Delivery) Clock {
	if r.Role == RoleRecipient {
		return Clock{Name: ClockRespond, Debtor: DebtorRecipient, Since: r.Entered}
	}
	tried, sent, proven := false, r.Entered, time.Time{}
	last := 0
	for _, d := range deliveries {
		if d.Event != string(EventRequest) && d.Event != string(EventAnswer) || d.State == DeliveryCancelled || d.Seq < last {
			continue
		}
		if d.Seq > last {
			last, tried, proven = d.Seq, false, time.Time{} // a newer request: what was said of an older one is past
			sent = later(r.Entered, d.Created)
		}
		tried = tried || d.Attempts > 0 || d.State == DeliverySent || d.State == DeliveryTransportOK || d.State == DeliveryDead
		if d.Proven() && (proven.IsZero() || d.ProvenAt.Before(proven)) {
			proven = later(d.ProvenAt, d.Created)
		}
	}
	switch {
	case !proven.IsZero():
		return Clock{Name: ClockRespond, Debtor: DebtorRecipient, Since: later(proven, r.Entered)}
	case tried:
		return Clock{Name: ClockDeliver, Debtor: DebtorUs, Since: sent}
	}
	return Clock{Name: ClockSend, Debtor: DebtorUs, Since: sent}
}

// visitEnd is the end of the current booking, its start when no end is known, else when it was booked.
func visitEnd(r Referral) time.Time {
	if n := len(r.Appointments); n > 0 {
		a := r.Appointments[n-1]
		if !a.End.IsZero() {
			return a.End
		}
		if !a.Start.IsZero() {
			return a.Start
		}
	}
	return r.Since
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
