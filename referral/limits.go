package referral

import "time"

// Span is a length of time: business days, or a plain duration. Both zero: never.
type Span struct {
	Business int
	Time     time.Duration
}

// Limit says when a debt warns and when it pages.
type Limit struct{ Warn, Page Span }

// Calendar adds n business days to t.
type Calendar func(t time.Time, n int) time.Time

// ClockRules is what a site may set about clocks. The zero value is the defaults of loop.md section 6 with Monday to Friday in UTC.
type ClockRules struct {
	// Limit returns the limit of a clock; false: the default.
	Limit func(clock string, p Priority) (Limit, bool)
	// Calendar returns the business days of a debtor; nil or a nil result: Monday to Friday in UTC.
	Calendar func(debtor string) Calendar
}

// Page returns when a clock of ours that runs since then calls a person.
func (c ClockRules) Page(clock string, since time.Time, p Priority) time.Time {
	return c.due(Clock{Name: clock, Debtor: DebtorUs, Since: since}, p).Due
}

// Weekdays is the simple calendar: Monday to Friday in loc, all hours. A day off counts from its next midnight on.
func Weekdays(loc *time.Location) Calendar {
	return func(t time.Time, n int) time.Time {
		t = t.In(loc)
		for weekend(t) {
			t = time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, loc)
		}
		for n > 0 {
			t = t.AddDate(0, 0, 1)
			if !weekend(t) {
				n--
			}
		}
		return t.UTC()
	}
}

func weekend(t time.Time) bool { return t.Weekday() == time.Saturday || t.Weekday() == time.Sunday }

// due sets Warn and Due of a clock.
func (c ClockRules) due(k Clock, p Priority) Clock {
	l, ok := Limit{}, false
	if c.Limit != nil {
		l, ok = c.Limit(k.Name, p)
	}
	if !ok {
		l = DefaultLimit(k.Name, p)
	}
	cal := Weekdays(time.UTC)
	if c.Calendar != nil {
		if own := c.Calendar(k.Debtor); own != nil {
			cal = own
		}
	}
	if p == Stat {
		cal = func(t time.Time, n int) time.Time { return t.Add(time.Duration(n) * 24 * time.Hour) }
	}
	k.Warn, k.Due = l.Warn.after(k.Since, cal), l.Page.after(k.Since, cal)
	return k
}

func (s Span) after(t time.Time, cal Calendar) time.Time {
	switch {
	case s.Business > 0:
		return cal(t, s.Business)
	case s.Time > 0:
		return t.Add(s.Time)
	}
	return time.Time{}
}

// DefaultLimit is the table of loop.md section 6. An unknown priority has the urgent limits: it is never taken as routine. What the
// table does not say for stat is as urgent, on a calendar of 24 hours and 7 days.
func DefaultLimit(clock string, p Priority) Limit {
	if p == Stat {
		switch clock {
		case ClockSend:
			return Limit{spanOf(150 * time.Second), spanOf(5 * time.Minute)}
		case ClockDeliver:
			return Limit{spanOf(5 * time.Minute), spanOf(15 * time.Minute)}
		case ClockRespond:
			return Limit{spanOf(30 * time.Minute), spanOf(time.Hour)}
		}
	}
	if p == Routine {
		return routineLimit(clock)
	}
	return urgentLimit(clock)
}

func routineLimit(clock string) Limit {
	switch clock {
	case ClockSend:
		return Limit{spanOf(15 * time.Minute), spanOf(time.Hour)}
	case ClockDeliver:
		return Limit{spanOf(time.Hour), spanOf(4 * time.Hour)}
	case ClockRespond, ClockAnswer, ClockCancel:
		return Limit{business(2), business(5)}
	case ClockBackstop:
		return Limit{Page: spanOf(10 * day)}
	case ClockBook, ClockRebook, ClockCapacity:
		return Limit{business(5), business(10)}
	case ClockReport:
		return Limit{spanOf(7 * day), spanOf(14 * day)}
	}
	return alikeLimit(clock)
}

func urgentLimit(clock string) Limit {
	switch clock {
	case ClockSend:
		return Limit{spanOf(5 * time.Minute), spanOf(15 * time.Minute)}
	case ClockDeliver:
		return Limit{spanOf(15 * time.Minute), spanOf(time.Hour)}
	case ClockRespond, ClockAnswer, ClockCancel:
		return Limit{spanOf(4 * time.Hour), business(1)}
	case ClockBackstop:
		return Limit{Page: spanOf(3 * day)}
	case ClockBook, ClockRebook:
		return Limit{business(1), business(2)}
	case ClockCapacity:
		return Limit{business(5), business(10)}
	case ClockReport:
		return Limit{spanOf(2 * day), spanOf(5 * day)}
	}
	return alikeLimit(clock)
}

// alikeLimit holds the clocks that do not ask for the priority.
func alikeLimit(clock string) Limit {
	switch clock {
	case ClockVisit:
		return Limit{business(1), business(3)}
	case ClockRedirect:
		return Limit{business(1), business(2)}
	}
	return Limit{spanOf(time.Hour), spanOf(4 * time.Hour)} // relay
}

const day = 24 * time.Hour

func spanOf(d time.Duration) Span { return Span{Time: d} }
func business(n int) Span         { return Span{Business: n} }
