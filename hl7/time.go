package hl7

import (
	"errors"
	"time"
)

// Precision tells how much of a time was sent.
type Precision uint8

// Precisions of DTM (2A.22), from the least.
const (
	ToYear Precision = iota + 1
	ToMonth
	ToDay
	ToHour
	ToMinute
	ToSecond
	ToFraction
)

// ErrTime is the reason of every [ParseTime] error.
var ErrTime = errors.New("not a time YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]")

// Time is a DTM or TS value. The zero Time is one that was not sent.
type Time struct {
	Time      time.Time // missing parts are their first value; in the sender's zone, or the one given
	Precision Precision // 0: nothing was sent
	Zone      bool      // the sender gave a zone
}

// IsZero tells that nothing was sent.
func (t Time) IsZero() bool { return t.Precision == 0 }

// Date returns YYYY-MM-DD as far as it was sent, "" for the zero Time: what a birth date needs.
func (t Time) Date() string {
	switch t.Precision {
	case 0:
		return ""
	case ToYear:
		return t.Time.Format("2006")
	case ToMonth:
		return t.Time.Format("2006-01")
	}
	return t.Time.Format("2006-01-02")
}

// DTM writes the time as it would be sent, with the precision and zone it was read with.
func (t Time) DTM() string {
	if t.Precision == 0 {
		return ""
	}
	s := FormatTime(t.Time, t.Precision, t.Zone)
	if t.Zone && t.Precision < ToHour {
		s += t.Time.Format("-0700") // a sender wrote a zone behind a date: it is no news, and not lost
	}
	return s
}

// FormatTime writes a time as DTM with the given precision; zone is only written from the hour on.
func FormatTime(t time.Time, p Precision, zone bool) string {
	layouts := [...]string{"", "2006", "200601", "20060102", "2006010215", "200601021504", "20060102150405", "20060102150405.0000"}
	if p > ToFraction {
		p = ToFraction
	}
	layout := layouts[p]
	if zone && p >= ToHour {
		layout += "-0700"
	}
	return t.Format(layout)
}

// Time reads a DTM, TS or DT value; loc is the zone of senders that give none (nil: UTC). An empty or null value gives the zero Time.
func (v Value) Time(loc *time.Location) (Time, error) { return ParseTime(v.String(), loc) }

// ParseTime reads the text of a DTM. Errors wrap ErrTime.
func ParseTime(s string, loc *time.Location) (Time, error) {
	if s == "" {
		return Time{}, nil
	}
	if loc == nil {
		loc = time.UTC
	}
	digits := leadingDigits(s)
	rest := s[digits:]
	if digits < 4 || digits > 14 || digits%2 != 0 {
		return Time{}, ErrTime
	}
	t := Time{Precision: Precision(digits/2 - 1)}
	parts := [...]int{1, 1, 1, 0, 0, 0} // year, month, day, hour, minute, second
	parts[0] = atoi(s[:4])
	for i := 1; i < int(t.Precision); i++ {
		parts[i] = atoi(s[2+2*i : 4+2*i])
	}
	nanos := 0
	if digits == 14 && len(rest) > 1 && rest[0] == '.' {
		n := leadingDigits(rest[1:])
		if n == 0 || n > 9 {
			return Time{}, ErrTime
		}
		nanos = atoi((rest[1:1+n] + "000000000")[:9])
		t.Precision, rest = ToFraction, rest[1+n:]
	}
	if rest != "" {
		zone, ok := parseZone(rest)
		if !ok {
			return Time{}, ErrTime
		}
		t.Zone, loc = true, zone
	}
	t.Time = time.Date(parts[0], time.Month(parts[1]), parts[2], parts[3], parts[4], parts[5], nanos, loc)
	if !inRange(parts) {
		return Time{}, ErrTime
	}
	return t, nil
}

// inRange refuses what time.Date would silently carry over, such as the 31st of June. Second 60 is a leap second.
func inRange(p [6]int) bool {
	if p[0] < 1 || p[1] < 1 || p[1] > 12 || p[2] < 1 || p[3] > 23 || p[4] > 59 || p[5] > 60 {
		return false
	}
	return p[2] <= time.Date(p[0], time.Month(p[1])+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func parseZone(s string) (*time.Location, bool) {
	if len(s) != 5 || leadingDigits(s[1:]) != 4 || s[0] != '+' && s[0] != '-' {
		return nil, false
	}
	h, m := atoi(s[1:3]), atoi(s[3:5])
	if h > 14 || m > 59 {
		return nil, false
	}
	offset := h*3600 + m*60
	if s[0] == '-' {
		offset = -offset
	}
	if offset == 0 {
		return time.UTC, true
	}
	return time.FixedZone("", offset), true
}

func leadingDigits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// atoi reads digits that were checked before.
func atoi(s string) int {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}
