package engine_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"refloop/channels"
	"refloop/engine"
	"refloop/internal/enginetest"
	"refloop/referral"
)

// judged is a rail whose partner's keys say what follows a refusal.
type judged struct {
	*enginetest.Sender
	permanent, park bool
}

func (j judged) Judge(channels.Receipt) (permanent, park bool) { return j.permanent, j.park }

// A refusal that comes after CA is treated as the partner's keys say, as one that came at once.
func TestLateRefusalObeysThePolicy(t *testing.T) {
	for _, c := range []struct {
		name            string
		permanent, park bool
		state           referral.DeliveryState
		copies          int
	}{
		{"next rail", true, false, referral.DeliveryDead, 2},
		{"park", true, true, referral.DeliveryDead, 1},
		{"retry", false, false, referral.DeliveryDelivered, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *enginetest.World) {
				ehr := &w.Set.Directory.Partners[0]
				second := ehr.Rails[0]
				second.Lane = enginetest.RehabLane // any other
				ehr.Rails = append(ehr.Rails, second)
				sends := 0
				w.Senders[enginetest.EHRLane].SendFunc = func(context.Context, channels.Outbound) (channels.Receipt, error) {
					if sends++; sends == 1 {
						return channels.Receipt{Level: channels.LevelTransport, Code: "CA"}, nil
					}
					return channels.Receipt{Level: channels.LevelDelivered, Code: "AA"}, nil
				}
				w.Set.Senders[enginetest.EHRLane] = judged{w.Senders[enginetest.EHRLane], c.permanent, c.park}
				w.Start()
				r := accepted(t, w)
				w.Settle()
				d := told(t, w, r.ID)
				if d.State != referral.DeliveryTransportOK {
					t.Fatalf("after CA: got %s", d.State)
				}
				if err := w.Engine.Confirm(t.Context(), channels.Receipt{DeliveryID: d.ID, Level: channels.LevelFailed, Code: "AE", Text: "refused; 204", Permanent: !c.permanent}); err != nil {
					t.Fatal(err)
				}
				w.Pass(time.Minute)
				if d = told(t, w, r.ID); d.State != c.state {
					t.Errorf("got %s (%s), want %s", d.State, d.Reason, c.state)
				}
				n := 0
				for _, other := range w.Deliveries(r.ID) {
					if other.Partner == enginetest.EHR {
						n++
					}
				}
				if n != c.copies || c.park && w.Incidents()["delivery_dead"] != 1 {
					t.Errorf("got %d deliveries and %v, want %d", n, w.Incidents(), c.copies)
				}
			})
		})
	}
}

// A refusal right behind AA, applied before the attempt could be recorded, withdraws it as one that comes later does.
func TestRefusalRightBehindTheAnswer(t *testing.T) {
	for _, c := range []struct {
		name            string
		code            string
		permanent, park bool
		state           referral.DeliveryState
		copies          int
	}{
		{"next rail", "AA", true, false, referral.DeliveryDead, 2},
		{"park", "AA", true, true, referral.DeliveryDead, 1},
		{"retry", "AA", false, false, referral.DeliveryFailed, 1},
		{"retry behind a commit", "CA", false, false, referral.DeliveryFailed, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *enginetest.World) {
				ehr := &w.Set.Directory.Partners[0]
				second := ehr.Rails[0]
				second.Lane = enginetest.RehabLane // any other
				ehr.Rails = append(ehr.Rails, second)
				sends := 0
				w.Senders[enginetest.EHRLane].SendFunc = func(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
					if sends++; sends == 1 {
						if err := w.Engine.Confirm(ctx, channels.Receipt{DeliveryID: o.DeliveryID, Level: channels.LevelFailed, Code: "AE", Text: "refused; 204"}); err != nil {
							t.Error(err)
						}
					}
					level := channels.LevelDelivered
					if c.code == "CA" {
						level = channels.LevelTransport
					}
					return channels.Receipt{Level: level, Code: c.code}, nil
				}
				w.Set.Senders[enginetest.EHRLane] = judged{w.Senders[enginetest.EHRLane], c.permanent, c.park}
				w.Start()
				r := accepted(t, w)
				w.Settle()
				d, n := told(t, w, r.ID), 0
				for _, other := range w.Deliveries(r.ID) {
					if other.Partner == enginetest.EHR {
						n++
					}
				}
				if d.State != c.state || d.Receipt != "AE" || n != c.copies || c.park && w.Incidents()["delivery_dead"] != 1 {
					t.Errorf("got %s (%s), %d deliveries, %v, want %s and %d", d.State, d.Receipt, n, w.Incidents(), c.state, c.copies)
				}
				if c.copies == 1 && slices.Contains(w.Events(r.ID), string(referral.EventDelivery)) {
					t.Errorf("the answer counts as proof: %v", w.Events(r.ID))
				}
			})
		})
	}
}

// Each partner's rail has its own patience.
func TestRetryOfALane(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Set.Retries = map[string]engine.Retry{enginetest.EHRLane: {First: time.Minute, Max: time.Minute, MaxAge: 10 * time.Minute}}
		w.Senders[enginetest.EHRLane].SendFunc = func(context.Context, channels.Outbound) (channels.Receipt, error) {
			return channels.Receipt{}, errDown
		}
		w.Start()
		r := accepted(t, w)
		w.Pass(5 * time.Minute)
		if d := told(t, w, r.ID); d.State != referral.DeliveryFailed || d.Attempts < 4 || d.Attempts > 6 {
			t.Errorf("got %s after %d attempts, want one a minute", d.State, d.Attempts)
		}
		w.Pass(7 * time.Minute)
		if d := told(t, w, r.ID); d.State != referral.DeliveryDead || w.Incidents()["delivery_dead"] != 1 {
			t.Errorf("got %s, %v, want it given up after ten minutes", d.State, w.Incidents())
		}
	})
}

// A message row names the configuration that its outcome was made with.
func TestReprocessNamesItsConfiguration(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		first := w.Take(enginetest.FromEHR, enginetest.Request("C1", "RF-1"))
		set := *w.Engine.Setup()
		set.Hash = "config-2"
		w.Engine.Use(&set)
		if m, err := w.Engine.Reprocess(t.Context(), "staff:ann", first.MessageID, false); err != nil || m.ConfigHash != "config-2" {
			t.Fatalf("got %q, %v", m.ConfigHash, err)
		}
		if m := w.Message(first.MessageID); m.ConfigHash != "config-2" {
			t.Errorf("the row names %q", m.ConfigHash)
		}
	})
}
