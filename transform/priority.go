package transform

import (
	"strings"
	"time"

	"refloop/hl7"
	"refloop/referral"
)

// unknownPriority stands for a code that no table knows until settle: nothing sent is routine, as TQ1-9 and OBR-27 define it (chapter 4,
// 4.5.4.9); an unknown code is left empty, so that a person decides: it is never taken as routine.
const unknownPriority referral.Priority = "?"

// priorityOf reads a priority code of tables 0280, 0485, 0027 or ActPriority: "" when nothing was sent, unknownPriority for a code that
// no table knows.
func priorityOf(v hl7.Value) referral.Priority {
	return priorityCode(strings.ToUpper(strings.TrimSpace(firstOf(v.Comp(1), v.Comp(2)))))
}

func priorityCode(code string) referral.Priority {
	switch code {
	case "":
		return ""
	case "R", "ROUTINE", "EL", "ELECTIVE", "NORMAL":
		return referral.Routine
	case "A", "ASAP", "U", "UR", "URGENT", "HIGH", "T":
		return referral.Urgent
	case "S", "ST", "STAT", "EM", "EMERGENCY", "E":
		return referral.Stat
	}
	return unknownPriority
}

// firstPriority takes the first place that says something.
func firstPriority(values ...hl7.Value) referral.Priority {
	for _, v := range values {
		if p := priorityOf(v); p != "" {
			return p
		}
	}
	return ""
}

func firstTime(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}
