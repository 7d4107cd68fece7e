package ccda

import (
	"strings"
	"time"
)

// Time writes t as HL7 TS text with offset, to the second.
func Time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("20060102150405-0700")
}

// ParseTime reads HL7 TS text of four digits or more. A text without offset is taken to be in loc (nil: UTC). The
// second result is false when s is not such a text.
func ParseTime(s string, loc *time.Location) (time.Time, bool) {
	if loc == nil {
		loc = time.UTC
	}
	s = strings.TrimSpace(s)
	num, zone := s, ""
	if i := strings.IndexAny(s, "+-"); i >= 0 {
		num, zone = s[:i], s[i:]
	}
	num, _, _ = strings.Cut(num, ".")
	const layout = "20060102150405"
	if len(num) < 4 || len(num) > 14 || len(num)%2 != 0 || !digits(num) {
		return time.Time{}, false
	}
	form := layout[:len(num)]
	if len(zone) == 5 && len(num) > 8 {
		t, err := time.Parse(form+"-0700", num+zone)
		return t, err == nil
	}
	t, err := time.ParseInLocation(form, num, loc)
	return t, err == nil
}

// stampFits says whether s may stand in a TS value: year to second with optional fraction and offset, real ranges.
func stampFits(s string) bool {
	num, zone := s, ""
	if i := strings.IndexAny(s, "+-"); i >= 0 {
		num, zone = s[:i], s[i+1:]
		if len(zone) != 4 || !digits(zone) {
			return false
		}
	}
	whole, frac, dot := strings.Cut(num, ".")
	if dot && (len(whole) != 14 || !digits(frac)) {
		return false
	}
	if zone != "" && len(whole) < 10 {
		return false
	}
	if len(whole) < 4 || whole[0] != '1' && whole[0] != '2' {
		return false
	}
	_, ok := ParseTime(whole, nil)
	return ok
}

// stamp returns the time as the writer may send it: trimmed, offset only where the schema has room for it; empty when
// it is not a time.
func stamp(s string) string {
	s = strings.TrimSpace(s)
	if stampFits(s) {
		return s
	}
	if i := strings.IndexAny(s, "+-"); i >= 4 && i <= 8 && stampFits(s[:i]) {
		return s[:i] // a day with an offset, as some systems send
	}
	return ""
}

// before says whether interval bound low is not after high, as far as both are precise.
func before(low, high string) bool {
	n := min(8, len(low), len(high))
	return low[:n] <= high[:n]
}

// human turns TS text into words for the narrative: 2026-11-03 14:05 -0500.
func human(s string) string {
	s = strings.TrimSpace(s)
	if !stampFits(s) {
		return clean(s)
	}
	num, zone := s, ""
	if i := strings.IndexAny(s, "+-"); i >= 0 {
		num, zone = s[:i], " "+s[i:]
	}
	num, _, _ = strings.Cut(num, ".")
	var b strings.Builder
	sep := [...]string{"", "-", "-", " ", ":", ":"}
	b.WriteString(num[:4])
	for i, at := 1, 4; at+2 <= len(num); i, at = i+1, at+2 {
		b.WriteString(sep[i])
		b.WriteString(num[at : at+2])
	}
	if len(num) == 10 {
		b.WriteString(":00")
	}
	if len(num) > 8 {
		b.WriteString(zone)
	}
	return b.String()
}

func humanPeriod(p Period) string {
	switch {
	case p.Point != "":
		return human(p.Point)
	case p.Low != "" && p.Low == p.High:
		return human(p.Low)
	case p.Low != "" && p.High != "":
		return human(p.Low) + " to " + human(p.High)
	case p.Low != "":
		return "from " + human(p.Low)
	case p.High != "":
		return "until " + human(p.High)
	}
	return ""
}
