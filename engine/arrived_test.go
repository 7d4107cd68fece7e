package engine_test

import (
	"testing"
	"time"

	"refloop/channels"
	"refloop/internal/enginetest"
	"refloop/referral"
)

// A request that its recipient has answered is not sent again, whatever the gateway says of its fax, before the answer or after it.
func TestAnsweredFaxIsNotRepeated(t *testing.T) {
	for name, before := range map[string]bool{"failed, then answered": true, "answered, then failed": false} {
		for kind, permanent := range map[string]bool{"for good": true, "for now": false} {
			if before && permanent {
				continue // the next rail has it then
			}
			t.Run(name+" "+kind, func(t *testing.T) {
				inWorld(t, func(t *testing.T, w *enginetest.World) {
					faxFirst(w)
					w.Start()
					r := ask(t, w)
					w.Settle()
					fax := w.Deliveries(r.ID)[0]
					failed := func() {
						if err := w.Engine.Confirm(t.Context(), channels.Receipt{DeliveryID: fax.ID, Level: channels.LevelFailed, Code: "busy", Permanent: permanent}); err != nil {
							t.Fatal(err)
						}
					}
					if before {
						failed()
					}
					returned(w, r.ID, "accepted")
					w.Post("page 1", "<1@fax>")
					w.Settle()
					if s := w.Referral(r.ID).State; s != referral.StateAccepted {
						t.Fatalf("got %s, want accepted", s)
					}
					if !before {
						failed()
					}
					w.Pass(2 * time.Hour)
					d := w.Deliveries(r.ID)[0]
					if n := len(w.Senders[enginetest.FaxLane].Sent()); n != 1 || d.State != referral.DeliveryDelivered || d.Receipt != "answered" || d.Grade != referral.GradeD {
						t.Errorf("got %d faxes, %s (%s), grade %s, want one that was answered", n, d.State, d.Receipt, d.Grade)
					}
					for _, other := range w.Deliveries(r.ID)[1:] {
						if other.Partner == enginetest.Lakeside && other.Event == string(referral.EventRequest) {
							t.Errorf("got a copy by %s", other.Lane)
						}
					}
					if w.Incidents()["delivery_dead"] != 0 {
						t.Errorf("got %v", w.Incidents())
					}
				})
			})
		}
	}
}

// What a person sends again may be there already: the copy says so.
func TestResendSaysThatItIsACopy(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		faxFirst(w)
		p := &w.Set.Directory.Partners[1]
		p.Rails = p.Rails[:1]
		w.Start()
		r := ask(t, w)
		w.Settle()
		fax := w.Deliveries(r.ID)[0]
		if err := w.Engine.Confirm(t.Context(), channels.Receipt{DeliveryID: fax.ID, Level: channels.LevelFailed, Code: "partial", Permanent: true, Pages: 1}); err != nil {
			t.Fatal(err)
		}
		w.Pass(2 * time.Hour)
		if n := len(w.Senders[enginetest.FaxLane].Sent()); n != 1 || w.Incidents()["delivery_dead"] != 1 {
			t.Fatalf("got %d faxes and %v, want one and an item", n, w.Incidents())
		}
		again, err := w.Engine.Resend(t.Context(), "user:anna", fax.ID)
		if err != nil || again.CopyOf != channels.Fax {
			t.Errorf("got %+v, %v, want a copy of the fax", again, err)
		}
	})
}
