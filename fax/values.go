package fax

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	dateNumeric = regexp.MustCompile(`(?:^|[^\d/])(\d{1,2})\s?[/.\-]\s?(\d{1,2})\s?[/.\-]\s?(\d{4}|\d{2})(?:$|[^\d/])`)
	dateISO     = regexp.MustCompile(`(?:^|\D)((?:19|20)\d{2})[-/](\d{1,2})[-/](\d{1,2})(?:$|\D)`)
	dateMonth   = regexp.MustCompile(`(?i)\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+(\d{1,2})(?:st|nd|rd|th)?[,./]*\s*((?:19|20)\d{2})\b`)
	dateDayMon  = regexp.MustCompile(`(?i)(?:^|\D)(\d{1,2})[-\s.]+(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[-\s.,]+((?:19|20)\d{2}|\d{2})(?:$|\D)`)
	phoneShape  = regexp.MustCompile(`(?:^|[^\d])(?:\+?1[-. ]{0,2})?\(?([2-9]\d{2})\)?[-. ]{0,3}([2-9]\d{2})[-. ]{0,3}(\d{4})(?:$|\D)`)
	npiShape    = regexp.MustCompile(`(?:^|\D)([12]\d{9})(?:$|\D)`)
	icdShape    = regexp.MustCompile(`\b([A-TV-Z][0-9OIlS][0-9OIlSAB](?:\.[0-9OIlSBA-Z]{1,4})?)\b`)
	icdDigit    = regexp.MustCompile(`(?:^|[\s(])[1l|]([0-9]{2}\.[0-9]{1,4})\b`) // an I at the front read as a digit
	cptShape    = regexp.MustCompile(`(?:^|[^\d.$-])(\d{4}[0-9TFU]|[A-V]\d{4})(?:$|[^\d-])`)
	mbiShape    = regexp.MustCompile(`^[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d[AC-HJKMNP-RT-Y]{2}\d{2}$`)
	refShape    = regexp.MustCompile(`\b((?:REF|RFL|REFERRAL|ORD|RQ|R)[-#]?\d{4,12}(?:-\d{2,8})?)\b`)
)

const months = "janfebmaraprmayjunjulaugsepoctnovdec"

func monthNumber(s string) int {
	return strings.Index(months, strings.ToLower(s[:3]))/3 + 1
}

// findDate gives the first real calendar date in s as YYYY-MM-DD. A two-digit
// year over pivot is of the last century. Month comes first, as in the USA.
func findDate(s string, pivot int) string {
	if m := dateISO.FindStringSubmatch(s); m != nil {
		return realDate(m[1], m[2], m[3], pivot)
	}
	if m := dateMonth.FindStringSubmatch(s); m != nil {
		return realDate(m[3], strconv.Itoa(monthNumber(m[1])), m[2], pivot)
	}
	if m := dateDayMon.FindStringSubmatch(s); m != nil {
		return realDate(m[3], strconv.Itoa(monthNumber(m[2])), m[1], pivot)
	}
	for _, m := range dateNumeric.FindAllStringSubmatch(s, 4) {
		if d := realDate(m[3], m[1], m[2], pivot); d != "" {
			return d
		}
	}
	return ""
}

func realDate(year, month, day string, pivot int) string {
	y, _ := strconv.Atoi(year)
	m, _ := strconv.Atoi(month)
	d, _ := strconv.Atoi(day)
	if len(year) == 2 {
		y += 2000
		if y-2000 > pivot {
			y -= 100
		}
	}
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if y < 1880 || y > 2099 || m < 1 || m > 12 || t.Day() != d || t.Month() != time.Month(m) {
		return ""
	}
	return t.Format(time.DateOnly)
}

// findPhone gives the first ten-digit North American number in s.
func findPhone(s string) string {
	if m := phoneShape.FindStringSubmatch(digitFix(s)); m != nil {
		return m[1] + m[2] + m[3]
	}
	return ""
}

// digitFix turns letters that stand for digits inside digit strings into
// digits: only beside a digit, and where no other letter is near.
func digitFix(s string) string {
	b := []byte(s)
	isDigit := func(i int) bool { return i >= 0 && i < len(b) && b[i] >= '0' && b[i] <= '9' }
	isLetter := func(i int) bool { return i >= 0 && i < len(b) && (b[i]|32 >= 'a' && b[i]|32 <= 'z') }
	for i := range b {
		var d byte
		switch b[i] {
		case 'O', 'o', 'Q', 'D':
			d = '0'
		case 'l', 'I', 'i', '|':
			d = '1'
		case 'S', 's':
			d = '5'
		case 'B':
			d = '8'
		case 'Z', 'z':
			d = '2'
		}
		if d != 0 && !isLetter(i-1) && !isLetter(i+1) && (isDigit(i-1) || isDigit(i+1)) {
			b[i] = d
		}
	}
	return string(b)
}

// ValidNPI tells whether s is a National Provider Identifier: ten digits
// beginning with 1 or 2 whose Luhn check holds with the prefix 80840.
func ValidNPI(s string) bool {
	if len(s) != 10 || s[0] != '1' && s[0] != '2' {
		return false
	}
	sum := 24 // what the prefix 80840 adds
	for i := 9; i >= 0; i-- {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
		d := int(s[i] - '0')
		if (9-i)%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// ValidICD10 tells whether s has the shape of an ICD-10-CM code with its dot.
func ValidICD10(s string) bool {
	if len(s) < 3 || s[0] < 'A' || s[0] > 'Z' || s[0] == 'U' && len(s) < 4 || !digit(s[1]) || !digit(s[2]) && s[2] != 'A' && s[2] != 'B' {
		return false
	}
	if len(s) == 3 {
		return true
	}
	if s[3] != '.' || len(s) == 4 || len(s) > 8 {
		return false
	}
	for i := 4; i < len(s); i++ {
		if !digit(s[i]) && (i < 6 && s[i] != 'X' && s[i] != 'A' && s[i] != 'B' && s[i] != 'C' || s[i] < 'A' || s[i] > 'Z') {
			return false
		}
	}
	return true
}

func digit(b byte) bool { return b >= '0' && b <= '9' }

// fixICD mends the letters that OCR puts where only digits can stand; "" when
// no code comes out. changed tells that something was mended.
func fixICD(s string) (code string, changed bool) {
	b := []byte(s)
	for i := 1; i < len(b); i++ {
		if i == 3 || i > 5 || i == 2 && (b[i] == 'A' || b[i] == 'B') {
			continue
		}
		switch b[i] {
		case 'O':
			b[i], changed = '0', true
		case 'I', 'l':
			b[i], changed = '1', true
		case 'S':
			b[i], changed = '5', true
		case 'B':
			b[i], changed = '8', true
		}
	}
	if !ValidICD10(string(b)) {
		return "", false
	}
	return string(b), changed
}

// ValidMBI tells whether s has the shape of a Medicare Beneficiary Identifier
// (11 characters, CMS format, no dashes).
func ValidMBI(s string) bool { return mbiShape.MatchString(s) }

// stateZIP maps the first digit of a ZIP code to the states it covers (USPS).
var stateZIP = map[byte]string{
	'0': "CT MA ME NH NJ RI VT PR VI AE", '1': "DE NY PA", '2': "DC MD NC SC VA WV", '3': "AL FL GA MS TN AA",
	'4': "IN KY MI OH", '5': "IA MN MT ND SD WI", '6': "IL KS MO NE", '7': "AR LA OK TX",
	'8': "AZ CO ID NM NV UT WY", '9': "AK CA HI OR WA AS GU AP",
}

// stateAgrees tells whether a ZIP code lies in a state.
func stateAgrees(state, zip string) bool {
	if len(zip) < 5 {
		return false
	}
	for _, s := range strings.Fields(stateZIP[zip[0]]) {
		if s == state {
			return true
		}
	}
	return false
}
