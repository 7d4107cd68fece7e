package engine_test

import (
	"strings"
	"testing"

	"refloop/internal/enginetest"
	"refloop/referral"
	"refloop/transform"
)

const (
	mrn    = "700411^^^NSEHR&2.16.840.1.113883.3.72.5.9.1.1&ISO^MR"
	newMRN = "800999^^^NSEHR&2.16.840.1.113883.3.72.5.9.1.1&ISO^MR"
)

// A merge in our EHR reaches the open referrals: what comes under the new number is not another patient's, and the old number still counts.
func TestMergeReachesOpenReferrals(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Channel("adt", &enginetest.Line{}, transform.Channel{Type: "mllp", Partner: enginetest.EHR, Patients: true})
		r := ask(t, w)
		person := strings.Replace(enginetest.Person, mrn, newMRN, 1)
		stranger := strings.NewReplacer(mrn, "900123^^^NSEHR&2.16.840.1.113883.3.72.5.9.1.1&ISO^MR", "Testerly^Zelda", "Somebody^Else").Replace(enginetest.Person)
		out := w.Take("adt", enginetest.Segments(
			enginetest.MSH("ADT^A40^ADT_A39", "A1"), "EVN|A40|20261123", stranger, "MRG|900100^^^NSEHR&2.16.840.1.113883.3.72.5.9.1.1&ISO^MR", person, "MRG|"+mrn,
		))
		if out.State != "processed" || len(out.ReferralIDs) != 1 || out.ReferralIDs[0] != r.ID || !strings.Contains(out.Reason, "1 open referrals updated") {
			t.Fatalf("got %s (%s), %v", out.State, out.Reason, out.ReferralIDs)
		}
		got := w.Referral(r.ID)
		if got.Patient.IDs[0].Value != "800999" || got.State != r.State {
			t.Errorf("got %v in state %s", got.Patient.IDs, got.State)
		}
		for i, number := range []string{newMRN, mrn} {
			says := strings.Replace(enginetest.Says([]string{"L1", "L2"}[i], r.ID, "OK", "IP"), mrn, number, 1)
			if out := w.Take(enginetest.FromLakeside, says); out.State != "processed" {
				t.Errorf("an answer under %s: got %s (%s)", number, out.State, out.Reason)
			}
		}
		wantState(t, w, r.ID, referral.StateAccepted)

		// New data under the same number, and data that says nothing new.
		moved := strings.Replace(person, "44 Birch Ave", "9 Oak Rd", 1)
		if out := w.Take("adt", enginetest.Segments(enginetest.MSH("ADT^A08^ADT_A01", "A2"), "EVN|A08|20261123", moved)); len(out.ReferralIDs) != 1 {
			t.Errorf("A08: got %s (%s), %v", out.State, out.Reason, out.ReferralIDs)
		}
		if a := w.Referral(r.ID).Patient.Address; a.Line1 != "9 Oak Rd" {
			t.Errorf("A08: got %+v", a)
		}
		version := w.Referral(r.ID).Version
		if out := w.Take("adt", enginetest.Segments(enginetest.MSH("ADT^A31^ADT_A05", "A3"), "EVN|A31|20261123", moved)); out.State != "processed" || w.Referral(r.ID).Version != version {
			t.Errorf("A31 that says nothing new: got %s (%s)", out.State, out.Reason)
		}
	})
}
