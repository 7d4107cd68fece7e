package transform

import (
	"testing"

	"refloop/channels"
)

// Text of a character set that is not read moves nothing: a person looks, or in mode strict the sender mends it.
func TestUnreadText(t *testing.T) {
	name := "\x1b$B;3ED\x1b(B^Hanako"
	for _, c := range []struct {
		kind, mode, family string
		patients           bool
		verdict            channels.Verdict
		held               bool
		problems           int
	}{
		{"REF^I12", "", name, false, channels.Taken, true, 1},
		{"REF^I12", "off", name, false, channels.Taken, true, 0},
		{"REF^I12", "", "Yamada^Hanako", false, channels.Taken, false, 1},
		{"REF^I12", "strict", name, false, channels.Repair, false, -1},
		{"ADT^A08", "", name, true, channels.Taken, true, 1},
		{"ADT^A08", "strict", name, true, channels.Repair, false, 1},
		{"ADT^A08", "", "Yamada^Hanako", true, channels.Taken, false, 0},
	} {
		s := hl7Source(message(mshLine(c.kind, "P", "2.5.1")+"||||||ISO IR87", "RF1||R|||O|R-1", "PRD|RP|Marsh^Ellen", "PRD|RT|Ruiz^Ana|||||1992999825^NPI",
			"PID|1||M1^^^OURS^MR||"+c.family+"||19610322|F", "DG1|1||I20.9^Angina^I10", "PV1|1|O"), "northside-ehr")
		s.Channel.Validate, s.Channel.Patients = c.mode, c.patients
		d := Decode(s)
		if d.Verdict != c.verdict || (d.Hold != "") != c.held || c.problems >= 0 && len(d.Problems) != c.problems {
			t.Errorf("%s %q: got verdict %d, hold %q, %v", c.kind, c.mode, d.Verdict, d.Hold, d.Problems)
		}
		if c.held && (len(d.Facts) > 0 || len(d.Patients) > 0) {
			t.Errorf("%s %q: held, and still %d facts and %d patients", c.kind, c.mode, len(d.Facts), len(d.Patients))
		}
	}
}
