package engine_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"refloop/channels"
	"refloop/engine"
	"refloop/internal/enginetest"
	"refloop/referral"
)

// accepted has Lakeside accept a referral, so that our EHR is told of it by its only rail.
func accepted(t *testing.T, w *enginetest.World) referral.Referral {
	t.Helper()
	r := ask(t, w)
	w.Settle()
	w.Take(enginetest.FromLakeside, enginetest.Says("L1", r.ID, "OK", "IP"))
	return r
}

// told is the one delivery to our EHR.
func told(t *testing.T, w *enginetest.World, id string) referral.Delivery {
	t.Helper()
	for _, d := range w.Deliveries(id) {
		if d.Lane == enginetest.EHRLane {
			return d
		}
	}
	t.Fatal("got no delivery to the EHR, want one")
	return referral.Delivery{}
}

// A partner that is down for long loses nothing: its last rail is tried on, whatever the number of attempts.
func TestLastRailIsTriedToTheGreatestAge(t *testing.T) {
	for name, c := range map[string]struct {
		down time.Duration
		want referral.DeliveryState
	}{"back in time": {5 * time.Hour, referral.DeliveryDelivered}, "never back": {5 * time.Hour, referral.DeliveryDead}} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *enginetest.World) {
				w.Set.Retry = engine.Retry{First: time.Minute, Max: 10 * time.Minute, MaxAge: 6 * time.Hour}
				var up atomic.Bool
				w.Senders[enginetest.EHRLane].SendFunc = func(context.Context, channels.Outbound) (channels.Receipt, error) {
					if !up.Load() {
						return channels.Receipt{}, errDown
					}
					return channels.Receipt{Level: channels.LevelDelivered, Code: "AA"}, nil
				}
				w.Start()
				r := accepted(t, w)
				w.Pass(c.down)
				if d := told(t, w, r.ID); d.State != referral.DeliveryFailed || d.Attempts < 21 {
					t.Fatalf("while it is down: got %s after %d attempts, want it tried on", d.State, d.Attempts)
				}
				up.Store(c.want == referral.DeliveryDelivered)
				w.Pass(2 * time.Hour)
				if d := told(t, w, r.ID); d.State != c.want {
					t.Errorf("got %s after %d attempts, want %s", d.State, d.Attempts, c.want)
				}
				if dead := w.Incidents()["delivery_dead"]; dead != map[referral.DeliveryState]int{referral.DeliveryDead: 1}[c.want] {
					t.Errorf("got %d incidents", dead)
				}
			})
		})
	}
}

// With another rail left nobody waits three days: it is taken after the attempts, or when the deliver clock pages, whichever is first.
func TestNextRailDoesNotWaitForThreeDays(t *testing.T) {
	for name, retry := range map[string]engine.Retry{
		"by attempts":  {First: time.Minute, Max: time.Minute, Attempts: 20},
		"by the clock": {First: 50 * time.Minute, Max: 50 * time.Minute, Attempts: 1000},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *enginetest.World) {
				w.Set.Retry = retry
				w.Senders[enginetest.DirectLane].SendFunc = func(context.Context, channels.Outbound) (channels.Receipt, error) {
					return channels.Receipt{}, errDown
				}
				w.Start()
				ask(t, w)
				w.Pass(15 * time.Minute)
				if n := len(w.Senders[enginetest.FaxLane].Sent()); n != 0 {
					t.Fatalf("after 15 minutes: got %d faxes, want none yet", n)
				}
				w.Pass(6 * time.Hour)
				if n := len(w.Senders[enginetest.FaxLane].Sent()); n != 1 {
					t.Errorf("after six hours: got %d faxes, want the next rail to have it", n)
				}
			})
		})
	}
}

// A peer that is there and refuses every time holds up its lane no longer than the configured attempts.
func TestAnsweredRefusalsDoNotHoldTheLane(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Set.Retry = engine.Retry{First: time.Second, Max: time.Minute, Attempts: 5}
		w.Senders[enginetest.EHRLane].SendFunc = func(context.Context, channels.Outbound) (channels.Receipt, error) {
			return channels.Receipt{Level: channels.LevelFailed, Code: "AR"}, &channels.DeliveryError{Rail: enginetest.EHRLane, Code: "AR", Err: errDown}
		}
		w.Start()
		r := accepted(t, w)
		w.Pass(30 * time.Minute)
		if d := told(t, w, r.ID); d.State != referral.DeliveryDead || d.Attempts != 5 {
			t.Errorf("got %s after %d attempts, want dead after 5", d.State, d.Attempts)
		}
	})
}
