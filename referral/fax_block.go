package referral

import (
	"strings"
	"time"
)

// FaxBlock says that a fax number of a partner was wrong: no page goes to it until two different people have checked it.
type FaxBlock struct {
	Partner   string
	Number    string // as FaxKey makes it
	BlockedBy string // who said so: a person, or the partner whose page came back
	Reason    string // in plain words, without patient data
	Since     time.Time
	CheckedBy string // the first of the two; empty: nobody yet
	CheckedAt time.Time
}

// FaxKey is a fax number as it is compared: its digits, without a leading 1.
func FaxKey(number string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number)
	return strings.TrimPrefix(digits, "1")
}
