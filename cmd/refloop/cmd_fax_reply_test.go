package main

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"refloop/channels"
	"refloop/internal/enginetest"
	"refloop/referral"
	"refloop/transform"
)

// TestFaxesAboutAReferral sends a referral out and has its pages, reports and strangers come back by fax.
func TestFaxesAboutAReferral(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := enginetest.New(t)
		readFaxes(w)
		w.Start()
		defer w.Stop()
		if out := w.Take(enginetest.FromEHR, enginetest.Request("A1", "RF-1")); len(out.ReferralIDs) != 1 {
			t.Fatalf("request: got %s: %s", out.State, out.Reason)
		}
		w.Settle()
		id := w.Referrals()[0].ID
		n := 0
		fax := func(fields string) channels.Outcome {
			t.Helper()
			n++
			out, err := w.Engine.Receive(t.Context(), channels.Inbound{Channel: "fax-inbox", Type: "fax", ContentType: "image/tiff", Body: fmt.Appendf(nil, "%s%*s", fields, n, "")})
			if err != nil {
				t.Fatal(err)
			}
			w.Settle()
			return out
		}
		page := func(id, ticked string) string {
			return fmt.Sprintf(`{"document_type":"referral","own_pages":[{"page":1,"referral":%q,"of":2,"reply":true,"ticked":[%s]}]}`, id, ticked)
		}

		if out := fax(page(id, "")); out.State != "held" || len(w.Referrals()) != 1 {
			t.Errorf("our page without an answer: got %s, %d referrals, want it held and no second referral", out.State, len(w.Referrals()))
		}
		if out := fax(page(id, `"accepted","declined"`)); out.State != "held" || w.Referral(id).State != referral.StateSent || w.Incidents()["anomaly.fax_reply_unclear"] != 1 {
			t.Errorf("contradiction: got %s, state %s, items %v", out.State, w.Referral(id).State, w.Incidents())
		}
		if out := fax(page(id, `"accepted"`)); out.State != "processed" || w.Referral(id).State != referral.StateAccepted {
			t.Errorf("accepted: got %s (%s), state %s", out.State, out.Reason, w.Referral(id).State)
		}
		events, err := w.Store.Events(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(events, func(e referral.Event) bool { return e.Type == referral.EventAccept })
		if i < 0 {
			t.Fatalf("got events %v, want an accept", w.Events(id))
		}
		if last := events[i]; last.Grade != referral.GradeB || last.By != referral.SideRecipient || len(last.Payload.Documents) != 1 {
			t.Errorf("event: got %s, grade %s, by %s, %d documents", last.Type, last.Grade, last.By, len(last.Payload.Documents))
		}
		out := fax(fmt.Sprintf(`{"document_type":"consult_report","own_pages":[{"page":1,"referral":%q,"of":2}]}`, id))
		if out.State != "held" || w.Referral(id).State != referral.StateAccepted || w.Incidents()["anomaly.fax_report"] != 1 {
			t.Errorf("report: got %s, state %s, items %v, want it shown and nothing closed", out.State, w.Referral(id).State, w.Incidents())
		}
		if out := fax(page(id, `"declined","insurance"`)); w.Referral(id).State != referral.StateDeclined || w.Referral(id).EndReason != "insurance" {
			t.Errorf("declined: got %s (%s), state %s, reason %s", out.State, out.Reason, w.Referral(id).State, w.Referral(id).EndReason)
		}
		if out := fax(page("ZZZZZZZZ", `"accepted"`)); out.State != "held" || w.Incidents()["anomaly.unknown_referral"] != 1 {
			t.Errorf("code of nobody: got %s, items %v, want a person", out.State, w.Incidents())
		}
	})
}

// readFaxes gives a world the channel fax-inbox, to which the fields of a fax come as if they had been read from its page.
func readFaxes(w *enginetest.World) {
	w.Channel("fax-inbox", &enginetest.Line{OpenFunc: func(a channels.Archived) (channels.Opened, error) {
		return channels.Opened{Type: channels.Fax, Parts: []channels.Part{
			{Kind: channels.KindFields, Body: a.Body}, {Kind: channels.KindImage, Name: "fax.tif", ContentType: "image/tiff", Body: a.Body},
		}}, nil
	}}, transform.Channel{Type: channels.Fax, ReviewBelow: 0.95})
}
