package referral_test

import (
	"testing"
	"time"

	. "refloop/referral"
)

const h, d = time.Hour, 24 * time.Hour

// TestClocks is the table of loop.md section 6; t0 is a Monday at 9.
func TestClocks(t *testing.T) {
	for _, c := range []struct {
		state                    State
		name, debtor             string
		warn, page, uWarn, uPage time.Duration
		statWarn, statPage       time.Duration
	}{
		{StateDraft, ClockSend, DebtorUs, 15 * time.Minute, h, 5 * time.Minute, 15 * time.Minute, 150 * time.Second, 5 * time.Minute},
		{StateInfoRequested, ClockAnswer, DebtorInitiator, 2 * d, 7 * d, 4 * h, d, 4 * h, d},
		{StateAccepted, ClockBook, DebtorRecipient, 7 * d, 14 * d, d, 2 * d, d, 2 * d},
		{StateNoCapacity, ClockCapacity, DebtorRecipient, 7 * d, 14 * d, 7 * d, 14 * d, 5 * d, 10 * d},
		{StateScheduled, ClockVisit, DebtorRecipient, d, 3 * d, d, 3 * d, d, 3 * d},
		{StateNoShow, ClockRebook, DebtorRecipient, 7 * d, 14 * d, d, 2 * d, d, 2 * d},
		{StateApptCancelled, ClockRebook, DebtorRecipient, 7 * d, 14 * d, d, 2 * d, d, 2 * d},
		{StateSeen, ClockReport, DebtorRecipient, 7 * d, 14 * d, 2 * d, 5 * d, 2 * d, 5 * d},
		{StateReportReceived, ClockRelay, DebtorUs, h, 4 * h, h, 4 * h, h, 4 * h},
		{StateCancelRequested, ClockCancel, DebtorRecipient, 2 * d, 7 * d, 4 * h, d, 4 * h, d},
		{StateDeclined, ClockRedirect, DebtorInitiator, d, 2 * d, d, 2 * d, d, 2 * d},
	} {
		for p, want := range map[Priority][2]time.Duration{Routine: {c.warn, c.page}, Urgent: {c.uWarn, c.uPage}, "": {c.uWarn, c.uPage}, Stat: {c.statWarn, c.statPage}} {
			r := inState(RoleInitiator, c.state)
			r.Priority = p
			got := DeriveClock(r, nil, ClockRules{})
			if got.Name != c.name || got.Debtor != c.debtor || got.Warn.Sub(t0) != want[0] || got.Due.Sub(t0) != want[1] {
				t.Errorf("%s %q: got %s %s warn %s page %s, want %s %s %v", c.state, p, got.Name, got.Debtor, got.Warn.Sub(t0), got.Due.Sub(t0), c.name, c.debtor, want)
			}
		}
	}
}

// TestSentClock follows the request: not tried, tried, proven, sent anew, answered.
func TestSentClock(t *testing.T) {
	del := func(seq int, s DeliveryState, at time.Duration) Delivery {
		x := Delivery{Event: string(EventRequest), Seq: seq, State: s, Created: t0}
		if s != DeliveryQueued {
			x.Attempts = 1
		}
		if s == DeliveryDelivered {
			x.ProvenAt = t0.Add(at)
		}
		return x
	}
	for _, c := range []struct {
		name   string
		list   []Delivery
		want   string
		debtor string
		since  time.Duration
	}{
		{"nothing queued", nil, ClockSend, DebtorUs, 0},
		{"queued", []Delivery{del(1, DeliveryQueued, 0)}, ClockSend, DebtorUs, 0},
		{"sent", []Delivery{del(1, DeliverySent, 0)}, ClockDeliver, DebtorUs, 0},
		{"dead", []Delivery{del(1, DeliveryDead, 0)}, ClockDeliver, DebtorUs, 0},
		{"delivered", []Delivery{del(1, DeliveryDelivered, h)}, ClockRespond, DebtorRecipient, h},
		{"dead, then by the next rail", []Delivery{del(1, DeliveryDead, 0), del(1, DeliveryDelivered, 2*h)}, ClockRespond, DebtorRecipient, 2 * h},
		{"sent anew", []Delivery{del(1, DeliveryDelivered, h), del(3, DeliveryQueued, 0)}, ClockSend, DebtorUs, 0},
		{"cancelled copy", []Delivery{del(1, DeliveryDelivered, h), del(3, DeliveryCancelled, 0)}, ClockRespond, DebtorRecipient, h},
	} {
		got := DeriveClock(inState(RoleInitiator, StateSent), c.list, ClockRules{})
		if got.Name != c.want || got.Debtor != c.debtor || got.Since.Sub(t0) != c.since {
			t.Errorf("%s: got %s %s since %s, want %s %s %s", c.name, got.Name, got.Debtor, got.Since.Sub(t0), c.want, c.debtor, c.since)
		}
	}
	if got := DeriveClock(inState(RoleRecipient, StateSent), nil, ClockRules{}); got.Name != ClockRespond || got.Debtor != DebtorRecipient {
		t.Errorf("on the recipient's daemon: %+v", got)
	}
	b := Beside(inState(RoleInitiator, StateSent), nil, ClockRules{})
	if len(b) != 1 || b[0].Name != ClockBackstop || b[0].Due.Sub(t0) != 10*d || !b[0].Warn.IsZero() {
		t.Errorf("backstop: %+v", b)
	}
}

func TestPromiseReplacesTheDefault(t *testing.T) {
	e := said(EventAccept, SideRecipient)
	e.Payload.Promise = t0.Add(30 * d)
	r := apply(t, inState(RoleInitiator, StateSent), e).Referral
	if c := DeriveClock(r, nil, ClockRules{}); !c.Due.Equal(t0.Add(30*d)) || !c.Warn.Before(c.Due) {
		t.Errorf("%+v", c)
	}
	r = apply(t, r, said(EventSchedule, SideRecipient)).Referral
	if !r.Promise.IsZero() {
		t.Error("the promise is over when it is kept")
	}
}

func TestVisitClockStartsAtTheEndOfTheVisit(t *testing.T) {
	r := inState(RoleRecipient, StateScheduled)
	r.Appointments = []Appointment{{Start: t0.Add(9 * d), End: t0.Add(9*d + h)}}
	if c := DeriveClock(r, nil, ClockRules{}); !c.Since.Equal(t0.Add(9*d + h)) {
		t.Errorf("since %s", c.Since)
	}
}

func TestWeekdays(t *testing.T) {
	cal := Weekdays(time.UTC)
	fri := time.Date(2026, 11, 6, 15, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		from, want time.Time
		n          int
	}{
		{fri, fri.AddDate(0, 0, 3), 1},
		{fri.AddDate(0, 0, 1), time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC), 1}, // from Saturday: all of Monday
		{t0, t0.AddDate(0, 0, 7), 5},
	} {
		if got := cal(c.from, c.n); !got.Equal(c.want) {
			t.Errorf("%s + %d: %s, want %s", c.from, c.n, got, c.want)
		}
	}
}

func TestRulesOfASite(t *testing.T) {
	rules := ClockRules{
		Limit: func(clock string, _ Priority) (Limit, bool) {
			return Limit{Warn: Span{Business: 1}, Page: Span{Time: h}}, clock == ClockBook
		},
		Calendar: func(string) Calendar {
			return func(x time.Time, n int) time.Time { return x.Add(time.Duration(n) * time.Minute) }
		},
	}
	if c := DeriveClock(inState(RoleInitiator, StateAccepted), nil, rules); c.Warn.Sub(t0) != time.Minute || c.Due.Sub(t0) != h {
		t.Errorf("%+v", c)
	}
}
