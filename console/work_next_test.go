package console_test

import (
	"strings"
	"testing"

	"refloop/console"
	"refloop/referral"
)

func TestEveryItemSaysWhatToDoNext(t *testing.T) {
	for _, kind := range []string{"tell_by_hand", "delivery_dead", "report_refused", "message_held", "match_review", "wrong_patient", "question", "cancel_crossed",
		"redirected", "report_after_end", "rail_unusable", "anomaly.late_fact", "of_a_later_release"} {
		v := console.ViewIncident(referral.Incident{ID: "I1", Kind: kind, Note: "why it opened."})
		if !strings.HasPrefix(v.Note, "why it opened. Next: ") {
			t.Errorf("%s: got %q", kind, v.Note)
		}
	}
	for _, k := range referral.HoldKinds() {
		for _, v := range console.ViewHolds(referral.Referral{ID: "R1", Holds: []referral.Hold{{Kind: k, Reason: "why"}}}) {
			if !strings.Contains(v.Note, "Next: ") {
				t.Errorf("%s: got %q", k, v.Note)
			}
		}
	}
}
