package main

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"refloop/channels"
	"refloop/engine"
	"refloop/internal/enginetest"
	"refloop/referral"
)

// TestAcceptAs has a person say that a held fax is a referral: it waits for review, and a reprocess finds it as it is.
func TestAcceptAs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := enginetest.New(t)
		readFaxes(w)
		w.Start()
		defer w.Stop()
		take := func(fields string) string {
			out, err := w.Engine.Receive(t.Context(), channels.Inbound{Channel: "fax-inbox", Type: "fax", ContentType: "image/tiff", Body: []byte(fields)})
			if err != nil || out.State != "held" {
				t.Fatalf("got %s (%v), want held", out.State, err)
			}
			return out.MessageID
		}
		id := take(`{"document_type":"other","patient_first":"Jo","patient_last":"Doe","patient_dob":"1970-01-01","reason":"Knee pain",` +
			`"confidence":{"document_type":0.6,"patient_first":0.99,"patient_last":0.99,"patient_dob":0.5,"reason":0.99}}`)
		var wrong *engine.InputError
		if err := w.Engine.ActMessage(t.Context(), "user:anna", id, acceptAs, engine.ActInput{Kind: "novel"}); !errors.As(err, &wrong) {
			t.Errorf("an unknown kind: got %v, want an InputError", err)
		}
		if err := w.Engine.ActMessage(t.Context(), "user:anna", id, acceptAs, engine.ActInput{Kind: "referral"}); err != nil {
			t.Fatal(err)
		}
		w.Settle()
		m := w.Message(id)
		if m.State != referral.MessageProcessed || len(m.ReferralIDs) != 1 || w.Incidents()["message_held"] != 0 {
			t.Fatalf("got %s (%s), referrals %v, items %v, want one referral and no item", m.State, m.Reason, m.ReferralIDs, w.Incidents())
		}
		r := w.Referral(m.ReferralIDs[0])
		if unread := r.Unread(); len(unread) != 4 || r.Patient.Name.Family != "" || len(r.Documents) != 1 {
			t.Errorf("got %v to be looked at, patient %+v, %d documents, want all four fields, none filled in, and the pages", unread, r.Patient.Name, len(r.Documents))
		}
		review := false
		for _, h := range r.Holds {
			review = review || h.Kind == referral.HoldFaxReview && strings.HasPrefix(h.Reason, referral.ReasonToLook)
		}
		if !review {
			t.Errorf("holds: got %+v, want fax_review", r.Holds)
		}
		if again, err := w.Engine.Reprocess(t.Context(), "user:anna", id, false); err != nil || again.State == referral.MessageHeld || len(w.Referrals()) != 1 {
			t.Errorf("reprocess: got %s, %v and %d referrals, want the person's word to hold", again.State, err, len(w.Referrals()))
		}
		var no *engine.NotAllowed
		if err := w.Engine.ActMessage(t.Context(), "user:anna", id, acceptAs, engine.ActInput{Kind: "referral"}); !errors.As(err, &no) {
			t.Errorf("again: got %v, want it refused", err)
		}
		two := take(`{"document_type":"multiple","documents":[{},{}]}`)
		if err := w.Engine.ActMessage(t.Context(), "user:anna", two, acceptAs, engine.ActInput{Kind: "referral"}); !errors.As(err, &wrong) || w.Message(two).State != referral.MessageHeld {
			t.Errorf("several patients: got %v, %s, want it refused and held", err, w.Message(two).State)
		}
	})
}
