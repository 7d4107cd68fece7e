package engine_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"refloop/channels"
	"refloop/engine"
	"refloop/internal/enginetest"
	"refloop/referral"
)

// sees hands in what the mail rail sees by itself.
func sees(t *testing.T, w *enginetest.World, o channels.Observation) {
	t.Helper()
	o.Source, o.Kinds = channels.Direct, []string{"certificate_ends"}
	if err := w.Engine.Observe(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	w.Pass(time.Second)
}

func lane(state, note string) channels.Observation {
	return channels.Observation{Lanes: []channels.LaneState{{Lane: enginetest.DirectLane, State: state, Note: note}}}
}

// downAtFirst keeps the mail server from being reached until up is called.
func downAtFirst(w *enginetest.World) (up func()) {
	var works atomic.Bool
	w.Senders[enginetest.DirectLane].SendFunc = func(context.Context, channels.Outbound) (channels.Receipt, error) {
		if !works.Load() {
			return channels.Receipt{}, errDown
		}
		return channels.Receipt{Level: channels.LevelDelivered, Code: "AA"}, nil
	}
	return func() { works.Store(true) }
}

// A lane that turns red is left at once by what waits in it, tried or not, and by what comes; green again, it is used again.
func TestRedLaneIsLeft(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		up := downAtFirst(w)
		w.Set.Retry = engine.Retry{First: time.Hour, Max: time.Hour, Attempts: 100}
		w.Start()
		tried := ask(t, w)
		w.Settle()
		wantDelivery(t, w, tried.ID, 0, referral.DeliveryFailed)
		sees(t, w, lane(channels.LaneRed, "its certificate is revoked"))
		first := wantDelivery(t, w, tried.ID, 0, referral.DeliveryCancelled)
		if got := wantDelivery(t, w, tried.ID, 1, referral.DeliveryDelivered); got.Lane != enginetest.FaxLane || got.Replaces != first.ID || first.Reason == "" {
			t.Errorf("got %+v in place of %+v", got, first)
		}
		sent := len(w.Senders[enginetest.DirectLane].Sent())
		out := w.Take(enginetest.FromEHR, enginetest.Request("C9", "RF-9"))
		w.Settle()
		wantDelivery(t, w, out.ReferralIDs[0], 1, referral.DeliveryDelivered)
		if n := len(w.Senders[enginetest.DirectLane].Sent()); n != sent {
			t.Errorf("the red rail was tried %d times", n-sent)
		}
		states, err := w.Store.PartnerStates(t.Context())
		if err != nil || len(states) != 1 || states[0].State != "red" || states[0].Partner != enginetest.Lakeside || w.Incidents()["partner_red"] != 1 || w.Incidents()["rail_unusable"] != 0 {
			t.Errorf("got %+v, %v, %v", states, w.Incidents(), err)
		}
		up()
		sees(t, w, lane(channels.LaneGreen, ""))
		out = w.Take(enginetest.FromEHR, enginetest.Request("C10", "RF-10"))
		w.Settle()
		wantDelivery(t, w, out.ReferralIDs[0], 0, referral.DeliveryDelivered)
		if w.Incidents()["partner_red"] != 0 {
			t.Errorf("green again: got %v", w.Incidents())
		}
	})
}

// Without another rail a red lane is tried when its time has come, no more often, and ends as its rail says.
func TestRedLaneWithoutAnother(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Set.Directory.Partners[1].Rails = w.Set.Directory.Partners[1].Rails[:1]
		up := downAtFirst(w)
		w.Set.Retry = engine.Retry{First: time.Hour, Max: time.Hour, Attempts: 100}
		w.Start()
		r := ask(t, w)
		w.Settle()
		sees(t, w, lane(channels.LaneRed, "its certificate has expired"))
		w.Pass(30 * time.Minute)
		if n := len(w.Senders[enginetest.DirectLane].Sent()); n != 1 {
			t.Errorf("got %d attempts within the hour, want 1", n)
		}
		up()
		w.Pass(time.Hour)
		wantDelivery(t, w, r.ID, 0, referral.DeliveryDelivered)
	})
}

// An alarm opens one incident; one that a person closed stays closed; one whose cause is gone is resolved.
func TestAlarms(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		ends := func(keys ...string) channels.Observation {
			var o channels.Observation
			for _, k := range keys {
				o.Alarms = append(o.Alarms, channels.Alarm{Kind: "certificate_ends", Key: k, Note: "order a new one"})
			}
			return o
		}
		for _, keys := range [][]string{{"a/60", "b/30"}, {"a/60", "b/30"}, {"a/30", "b/30"}} {
			sees(t, w, ends(keys...))
			if n := w.Incidents()["certificate_ends"]; n != 2 {
				t.Errorf("%v: got %d open, want 2", keys, n)
			}
		}
		open, err := w.Store.OpenIncidents(t.Context(), []string{"certificate_ends"})
		if err != nil || len(open) != 2 {
			t.Fatal(open, err)
		}
		if err := w.Engine.CloseItem(t.Context(), "staff:ann", open[0].ID, "ordered"); err != nil {
			t.Fatal(err)
		}
		sees(t, w, ends("a/30", "b/30"))
		if n := w.Incidents()["certificate_ends"]; n != 1 {
			t.Errorf("closed by a person: got %d open, want 1", n)
		}
		sees(t, w, ends())
		if n := w.Incidents()["certificate_ends"]; n != 0 {
			t.Errorf("all is well: got %d open", n)
		}
	})
}

// Bytes that may not travel any more are packed anew, and nothing of the old ones leaves.
func TestRepacked(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		s := w.Senders[enginetest.DirectLane]
		packed := 0
		s.PackFunc = func(sh channels.Shipment) (channels.Packed, error) {
			packed++
			return channels.Packed{Type: "test", ContentType: "text/plain", ControlID: sh.ControlID, Recipient: sh.Address, Body: []byte{byte('0' + packed)}}, nil
		}
		s.SendFunc = func(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
			if string(o.Body) == "1" {
				return channels.Receipt{}, &channels.DeliveryError{Rail: o.Partner, Repack: true, Err: errors.New("the certificate it is encrypted to is revoked")}
			}
			return enginetest.Mailed(ctx, o)
		}
		w.Start()
		r := ask(t, w)
		w.Settle()
		d := wantDelivery(t, w, r.ID, 0, referral.DeliverySent)
		if body, err := w.Store.Body(t.Context(), d.MessageID); err != nil || string(body) != "2" || d.Attempts != 2 {
			t.Errorf("got %q after %d attempts, %v", body, d.Attempts, err)
		}
	})
}

// A rail that can only not pack for now is asked again; after its attempts the next rail takes over.
func TestPackingIsRepeated(t *testing.T) {
	for name, back := range map[string]bool{"comes back": true, "stays away": false} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *enginetest.World) {
				s := w.Senders[enginetest.DirectLane]
				var down atomic.Bool
				down.Store(true)
				s.PackFunc = func(sh channels.Shipment) (channels.Packed, error) {
					if down.Load() {
						return channels.Packed{}, &channels.DeliveryError{Rail: "lakeside", Err: errors.New("no name server answers")}
					}
					return channels.Packed{Type: "test", ContentType: "text/plain", ControlID: sh.ControlID, Recipient: sh.Address, Body: []byte("x")}, nil
				}
				w.Start()
				r := ask(t, w)
				w.Settle()
				d := wantDelivery(t, w, r.ID, 0, referral.DeliveryFailed)
				if d.Reason == "" || d.Attempts != 1 || !d.NextAttempt.After(time.Now()) {
					t.Errorf("got %+v", d)
				}
				down.Store(!back)
				w.Pass(10 * time.Minute)
				if back {
					wantDelivery(t, w, r.ID, 0, referral.DeliverySent)
					return
				}
				wantDelivery(t, w, r.ID, 0, referral.DeliveryCancelled)
				wantDelivery(t, w, r.ID, 1, referral.DeliveryDelivered)
			})
		})
	}
}

// A message that cannot be judged yet stays `received` and is tried again, also after a restart, until its rail decides.
func TestJudgedLater(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		owes(w)
		osuByMail(w, enginetest.Lakeside)
		w.Start()
		r := ask(t, w)
		w.Settle()
		until := time.Now().Add(2 * time.Hour)
		var tries atomic.Int64
		w.Mail.PrepareFunc = func(context.Context, channels.Archived) ([]byte, error) {
			tries.Add(1)
			if time.Now().Before(until) {
				return nil, &channels.LaterError{Until: until, Err: errors.New("its revocation list cannot be had")}
			}
			return []byte(`{}`), nil
		}
		out := w.Post(enginetest.Says("L1", r.ID, "OK", "IP"), "<1@lake>")
		w.Pass(time.Hour)
		m := w.Message(out.MessageID)
		if m.State != referral.MessageReceived || m.Reason == "" || tries.Load() < 4 || tries.Load() > 12 {
			t.Errorf("got %s (%s) after %d tries", m.State, m.Reason, tries.Load())
		}
		if n := len(w.Senders[enginetest.NoticeLane].Sent()); n != 0 {
			t.Errorf("got %d notices for mail that nobody has judged", n)
		}
		before := tries.Load()
		w.Restart()
		w.Settle()
		if tries.Load() != before+1 {
			t.Errorf("after a restart: got %d tries, want one more than %d", tries.Load(), before)
		}
		w.Pass(65 * time.Minute)
		if m = w.Message(out.MessageID); m.State != referral.MessageProcessed || m.Reason != "" {
			t.Errorf("got %s (%s), want processed", m.State, m.Reason)
		}
		wantState(t, w, r.ID, referral.StateAccepted)
	})
}

// The two waiting times are told apart, both counted from the moment the mail was taken.
func TestWaitsForEachNotification(t *testing.T) {
	for _, c := range []struct {
		name      string
		processed bool
		dead      time.Duration
	}{{"nothing came", false, time.Hour}, {"processed came", true, 3 * time.Hour}} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *enginetest.World) {
				w.Set.ProofWait = map[string]engine.ProofWait{"direct": {Processed: time.Hour, Dispatched: 3 * time.Hour}}
				w.Senders[enginetest.DirectLane].SendFunc = func(context.Context, channels.Outbound) (channels.Receipt, error) {
					return channels.Receipt{Level: channels.LevelTransport, Code: "250"}, nil
				}
				w.Start()
				r := ask(t, w)
				w.Pass(30 * time.Minute)
				if c.processed {
					confirm(t, w, w.Deliveries(r.ID)[0], channels.LevelTransport, "processed")
				}
				w.Pass(c.dead - 30*time.Minute - time.Second)
				wantDelivery(t, w, r.ID, 0, referral.DeliveryTransportOK)
				w.Pass(time.Minute)
				wantDelivery(t, w, r.ID, 0, referral.DeliveryDead)
			})
		})
	}
}

// Two sources may see the same kind of thing: each resolves only what is in its scope.
func TestScopeOfAnObservation(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Start()
		see := func(name string, closed bool) {
			o := channels.Observation{Source: "channel/" + name, Kinds: []string{"mailbox_closed"}, Scope: name + " "}
			if closed {
				o.Alarms = []channels.Alarm{{Kind: "mailbox_closed", Key: name + " today", Note: "closed"}}
			}
			if err := w.Engine.Observe(t.Context(), o); err != nil {
				t.Fatal(err)
			}
		}
		for _, step := range []struct {
			name   string
			closed bool
			want   int
		}{{"a", true, 1}, {"b", true, 2}, {"b", false, 1}, {"a", true, 1}, {"a", false, 0}} {
			see(step.name, step.closed)
			if n := w.Incidents()["mailbox_closed"]; n != step.want {
				t.Errorf("%s closed %t: got %d incidents, want %d", step.name, step.closed, n, step.want)
			}
		}
	})
}
