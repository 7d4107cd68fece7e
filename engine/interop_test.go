package engine_test

import (
	"strings"
	"testing"

	"refloop/internal/enginetest"
	"refloop/referral"
)

// A result whose order is cancelled is no report: a person looks, nothing moves and nobody is told.
func TestCancelledResultIsLeftToAPerson(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Start()
		r := ask(t, w)
		w.Settle()
		obr := "OBR|1|" + r.ID + "^^2.16.840.1.113883.3.72.5.9.1^ISO||57133-1^^LN" + strings.Repeat("|", 21) + "X"
		out := w.Take(enginetest.FromLakeside, enginetest.Says("L2", r.ID, "RE", "", obr, `OBX|1|ED|11488-4^Consult note^LN||^text^plain^A^none||||||F`))
		if out.State != "held" || w.Incidents()["anomaly.cancelled_result"] != 1 {
			t.Errorf("got %s (%s) and %v, want it held with an item", out.State, out.Reason, w.Incidents())
		}
		if n := len(w.Senders[enginetest.EHRLane].Sent()); n != 0 {
			t.Errorf("got %d messages to the EHR, want none", n)
		}
		wantState(t, w, r.ID, referral.StateSent)
	})
}
