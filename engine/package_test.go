package engine_test

import (
	"strings"
	"testing"
	"time"

	"refloop/channels"
	"refloop/engine"
	"refloop/internal/enginetest"
	"refloop/referral"
)

// packageByMail unwraps a mail as a package of Lakeside with this submission set.
func packageByMail(w *enginetest.World, set string) {
	w.Mail.OpenFunc = func(a channels.Archived) (channels.Opened, error) {
		return channels.Opened{
			Type: "direct/360x", Partner: enginetest.Lakeside, Sender: enginetest.LakesideDirect, ControlID: a.ControlID,
			Parts: []channels.Part{{Kind: channels.KindHL7, Body: a.Body, Attrs: map[string]string{"set_id": set}}},
		}, nil
	}
}

// TestPackageComesAgain: a submission set that was seen before is a repeat when it says the same, and goes to a person when it does not
// (xdm.md section 5, check 9).
func TestPackageComesAgain(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		packageByMail(w, "1.2.3.9")
		w.Start()
		r := ask(t, w)
		w.Post(enginetest.Says("L1", r.ID, "OK", "IP"), "<1@lake>")
		w.Settle()
		wantState(t, w, r.ID, referral.StateAccepted)
		before := w.Referral(r.ID).Version

		w.Pass(25 * time.Hour) // the same content alone is no duplicate any more
		again := w.Post(enginetest.Says("L1", r.ID, "OK", "IP"), "<2@lake>")
		w.Settle()
		if m := w.Message(again.MessageID); m.State != referral.MessageProcessed || !strings.Contains(m.Reason, "same package") || w.Referral(r.ID).Version != before {
			t.Errorf("the same: got %s (%s), version %d", m.State, m.Reason, w.Referral(r.ID).Version)
		}
		if _, err := w.Engine.Reprocess(t.Context(), "staff:ann", again.MessageID, false); err != nil {
			t.Fatal(err)
		}
		other := w.Post(enginetest.Says("L2", r.ID, "UA", "CA"), "<3@lake>")
		w.Settle()
		if m := w.Message(other.MessageID); m.State != referral.MessageHeld || w.Incidents()["anomaly.package_reused"] != 1 {
			t.Errorf("other content: got %s (%s), incidents %v", m.State, m.Reason, w.Incidents())
		}
		wantState(t, w, r.ID, referral.StateAccepted)
	})
}

// TestBrokenPackageWaits: what the rail holds back goes to a person, and nothing of it is applied.
func TestBrokenPackageWaits(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Start()
		r := ask(t, w)
		packageByMail(w, "1.2.3.9")
		open := w.Mail.OpenFunc
		w.Mail.OpenFunc = func(a channels.Archived) (channels.Opened, error) {
			o, err := open(a)
			o.Hold = "the package cannot be taken: a document is not the one that its metadata describes"
			return o, err
		}
		out := w.Post(enginetest.Says("L1", r.ID, "OK", "IP"), "<1@lake>")
		w.Settle()
		if m := w.Message(out.MessageID); m.State != referral.MessageHeld || !strings.Contains(m.Reason, "cannot be taken") || w.Incidents()["message_held"] != 1 {
			t.Errorf("got %s (%s), incidents %v", m.State, m.Reason, w.Incidents())
		}
		wantState(t, w, r.ID, referral.StateSent)
	})
}

// TestBasisGoesWithTheRecord: what the person who released a protected record gave as its basis travels beside the notice (42 CFR 2.32).
func TestBasisGoesWithTheRecord(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Start()
		body := strings.Replace(enginetest.Request("C1", "RF-1"), "R07.9^Chest pain, unspecified^I10", "F11.20^Opioid dependence^I10", 1)
		id := w.Take(enginetest.FromEHR, body).ReferralIDs[0]
		for _, h := range w.Referral(id).Holds {
			act(t, w, id, "release", engine.ActInput{Hold: string(h.Kind), Reason: "patient_consent of 2026-11-20, for treatment"})
		}
		w.Settle()
		sent := w.Senders[enginetest.DirectLane].Sent()
		if len(sent) != 1 || !strings.Contains(string(sent[0].Body), "Disclosed on this basis: patient consent of 2026-11-20, for treatment (recorded 20") {
			t.Errorf("got %d shipments without the basis", len(sent))
		}
	})
}

// TestAnswersToNothing: an answer of any kind to a referral that was never sent goes to a person and changes nothing (360x.md 4.2).
func TestAnswersToNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Start()
		for i, body := range []string{
			enginetest.Says("L1", "NEVERSENT1", "OK", "IP"), enginetest.Says("L2", "NEVERSENT2", "UA", "CA"), enginetest.Says("L3", "NEVERSENT3", "SC", "A"),
			enginetest.Says("L4", "NEVERSENT4", "SC", "CM"),
		} {
			if out := w.Take(enginetest.FromLakeside, body); out.State != "held" || w.Incidents()["anomaly.unknown_referral"] != i+1 {
				t.Errorf("answer %d: got %s (%s), incidents %v", i+1, out.State, out.Reason, w.Incidents())
			}
		}
		if n := len(w.Referrals()); n != 0 {
			t.Errorf("got %d referrals, want none", n)
		}
	})
}
