package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"refloop/channels"
	"refloop/engine"
	"refloop/internal/enginetest"
	"refloop/referral"
)

var (
	errDown = &channels.DeliveryError{Rail: "test", Err: errors.New("connection refused")}
	errNo   = &channels.DeliveryError{Rail: "test", Permanent: true, Code: "550 5.7.1", Err: errors.New("refused")}
)

// askMany takes n requests and returns the ids of their referrals.
func askMany(t *testing.T, w *enginetest.World, n int) []string {
	t.Helper()
	var ids []string
	for i := range n {
		out := w.Take(enginetest.FromEHR, enginetest.Request(fmt.Sprintf("C%d", i), fmt.Sprintf("RF-%d", i)))
		ids = append(ids, out.ReferralIDs...)
	}
	return ids
}

func TestStrictLaneWaitsForTheOneBefore(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		ids := askMany(t, w, 3)
		var down atomic.Bool
		down.Store(true)
		w.Senders[enginetest.EHRLane].SendFunc = func(_ context.Context, o channels.Outbound) (channels.Receipt, error) {
			if down.Load() {
				return channels.Receipt{}, errDown
			}
			return channels.Receipt{Level: channels.LevelDelivered, Code: "AA"}, nil
		}
		w.Start()
		for i, id := range ids {
			w.Take(enginetest.FromLakeside, enginetest.Says(fmt.Sprintf("L%d", i), id, "OK", "IP"))
		}
		w.Pass(5 * time.Second)
		sent := w.Senders[enginetest.EHRLane].Sent()
		if len(sent) < 2 || slices.ContainsFunc(sent, func(o channels.Outbound) bool { return o.ReferralID != ids[0] }) {
			t.Fatalf("while the first fails: got %d attempts (%v), want only attempts of the first", len(sent), describe(sent, ids))
		}
		down.Store(false)
		w.Pass(time.Minute)
		var order []string
		for _, o := range w.Senders[enginetest.EHRLane].Sent()[len(sent):] {
			order = append(order, o.ReferralID)
		}
		if !slices.Equal(order, ids) {
			t.Errorf("after it came back: got %v, want %v", order, ids)
		}
		for _, o := range sent {
			if string(o.Body) != string(sent[0].Body) || o.ControlID != sent[0].ControlID {
				t.Error("a repeat has other bytes or another control ID")
			}
		}
	})
}

func TestBackOffGrowsAndEndsDeadWithOneIncident(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Set.Directory.Partners[1].Rails = w.Set.Directory.Partners[1].Rails[:1] // direct only
		w.Set.Retry.MaxAge = 12 * time.Second
		var at []time.Duration
		start := time.Now()
		w.Senders[enginetest.DirectLane].SendFunc = func(context.Context, channels.Outbound) (channels.Receipt, error) {
			at = append(at, time.Since(start))
			return channels.Receipt{}, errDown
		}
		w.Start()
		r := ask(t, w)
		w.Pass(10 * time.Minute)
		if len(at) != 4 {
			t.Fatalf("got %d attempts, want 4", len(at))
		}
		for i, want := range []time.Duration{0, 2 * time.Second, 4 * time.Second, 8 * time.Second} {
			var gap time.Duration
			if i > 0 {
				gap = at[i] - at[i-1]
			}
			if gap < want || gap > want+want/4+10*time.Millisecond {
				t.Errorf("attempt %d: got a delay of %s, want %s and up to a quarter more", i+1, gap, want)
			}
		}
		ds := w.Deliveries(r.ID)
		if len(ds) != 1 || ds[0].State != referral.DeliveryDead || w.Incidents()["delivery_dead"] != 1 {
			t.Errorf("got %d deliveries, first %s, %v, want one dead and one incident", len(ds), ds[0].State, w.Incidents())
		}
		attempts, err := w.Store.Attempts(t.Context(), ds[0].ID)
		if err != nil || len(attempts) != 4 || attempts[3].Result != "error" || attempts[3].Code != "unreachable" {
			t.Errorf("attempts: got %+v, %v", attempts, err)
		}
	})
}

func TestPermanentErrorTakesTheNextRail(t *testing.T) {
	for _, c := range []struct {
		name  string
		err   error
		state referral.DeliveryState // of the first
		copy  string                 // copy_of of the second
	}{
		{"refused by the peer", errNo, referral.DeliveryDead, "direct"},
		{"never reached", &channels.DeliveryError{Rail: "test", Permanent: true, Err: errors.New("no certificate")}, referral.DeliveryCancelled, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *enginetest.World) {
				w.Senders[enginetest.DirectLane].SendFunc = func(context.Context, channels.Outbound) (channels.Receipt, error) { return channels.Receipt{}, c.err }
				w.Start()
				r := ask(t, w)
				w.Settle()
				ds := w.Deliveries(r.ID)
				if len(ds) != 2 || ds[0].State != c.state || ds[1].Replaces != ds[0].ID || ds[1].CopyOf != c.copy || ds[1].Lane != enginetest.FaxLane {
					t.Fatalf("got %+v, want the first %s and a fax in its place", ds, c.state)
				}
				if len(w.Senders[enginetest.DirectLane].Sent()) != 1 || len(w.Senders[enginetest.FaxLane].Sent()) != 1 {
					t.Error("a permanent error was repeated, or the fax did not go")
				}
				if ds[1].Seq != ds[0].Seq || ds[1].Event != "request" || ds[1].ControlID == ds[0].ControlID {
					t.Errorf("the copy: got %+v", ds[1])
				}
			})
		})
	}
}

func TestUnpackableGoesToTheNextRail(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Senders[enginetest.DirectLane].PackFunc = func(channels.Shipment) (channels.Packed, error) { panic("a bug of the rail") }
		w.Start()
		r := ask(t, w)
		w.Settle()
		ds := w.Deliveries(r.ID)
		if len(ds) != 2 || ds[0].State != referral.DeliveryCancelled || ds[0].Receipt != "not packed" || ds[1].CopyOf != "" {
			t.Errorf("got %+v", ds)
		}
	})
}

func TestWideLaneNeverHasTwoOfOneReferral(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		ids := askMany(t, w, 6)
		hold := make(chan struct{})
		var now, most atomic.Int32
		w.Senders[enginetest.DirectLane].SendFunc = func(ctx context.Context, _ channels.Outbound) (channels.Receipt, error) {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			select {
			case <-hold:
			case <-ctx.Done():
			}
			return channels.Receipt{Level: channels.LevelSent, Code: "250"}, nil
		}
		w.Start()
		w.Settle()
		for i, id := range ids[:2] {
			w.Take(enginetest.FromEHR, enginetest.Cancel(fmt.Sprintf("X%d", i), fmt.Sprintf("RF-%d", i)))
			_ = id
		}
		w.Settle()
		under := map[string]int{}
		for _, o := range w.Senders[enginetest.DirectLane].Sent() {
			under[o.ReferralID]++
		}
		if most.Load() != 4 || len(under) != 4 {
			t.Errorf("got %d under way of %d referrals, want 4 of 4", most.Load(), len(under))
		}
		close(hold)
		w.Settle()
		var first []string
		for _, o := range w.Senders[enginetest.DirectLane].Sent() {
			if o.ReferralID == ids[0] {
				first = append(first, o.Event)
			}
		}
		if !slices.Equal(first, []string{"request", "cancel"}) || len(w.Senders[enginetest.DirectLane].Sent()) != 8 {
			t.Errorf("order within a referral: got %v; %d sent, want 8", first, len(w.Senders[enginetest.DirectLane].Sent()))
		}
	})
}

// Deliveries that wait to be repeated do not stop those behind them in a wide lane.
func TestWideLaneLooksPastWhatWaits(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Set.Retry = engine.Retry{First: time.Hour, Max: time.Hour, Attempts: 9}
		ids := askMany(t, w, 12)
		bad := map[string]bool{}
		for _, id := range ids[:9] {
			bad[id] = true
		}
		w.Senders[enginetest.DirectLane].SendFunc = func(_ context.Context, o channels.Outbound) (channels.Receipt, error) {
			if bad[o.ReferralID] {
				return channels.Receipt{}, errDown
			}
			return enginetest.Mailed(t.Context(), o)
		}
		w.Start()
		w.Pass(5 * time.Second)
		if n := len(w.Senders[enginetest.DirectLane].Sent()); n != 12 {
			t.Errorf("got %d attempts, want one of each of 12", n)
		}
	})
}

func TestOneDeadPartnerSlowsNobody(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		ids := askMany(t, w, 2)
		w.Senders[enginetest.EHRLane].SendFunc = func(ctx context.Context, _ channels.Outbound) (channels.Receipt, error) {
			<-ctx.Done() // hangs
			return channels.Receipt{}, errDown
		}
		w.Start()
		w.Take(enginetest.FromLakeside, enginetest.Says("L1", ids[0], "OK", "IP"))
		w.Settle()
		ask := w.Take(enginetest.FromEHR, enginetest.Request("C9", "RF-9"))
		w.Settle()
		if ds := w.Deliveries(ask.ReferralIDs[0]); ds[0].State != referral.DeliverySent {
			t.Errorf("another lane: got %s, want sent", ds[0].State)
		}
	})
}

// A crash between the archive of the bytes and the answer: the same bytes and control ID go out again.
func TestCrashWhileSendingRepeatsTheSameBytes(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Senders[enginetest.DirectLane].SendFunc = func(ctx context.Context, _ channels.Outbound) (channels.Receipt, error) {
			<-ctx.Done()
			return channels.Receipt{}, ctx.Err()
		}
		w.Start()
		r := ask(t, w)
		w.Settle()
		if d := w.Deliveries(r.ID)[0]; d.State != referral.DeliverySending || d.MessageID == "" {
			t.Fatalf("before the crash: got %s, message %q", d.State, d.MessageID)
		}
		w.Stop()
		w.Set.Hash = "config-2"
		w.Senders[enginetest.DirectLane].SendFunc = enginetest.Mailed
		w.Senders[enginetest.DirectLane].PackFunc = func(channels.Shipment) (channels.Packed, error) {
			t.Error("it was rendered again")
			return channels.Packed{}, errDown
		}
		w.Restart()
		w.Settle()
		sent := w.Senders[enginetest.DirectLane].Sent()
		if len(sent) != 2 || string(sent[0].Body) != string(sent[1].Body) || sent[0].ControlID != sent[1].ControlID || sent[1].Attempt != 2 {
			t.Fatalf("got %d attempts, want two with the same bytes and control ID", len(sent))
		}
		if d := w.Deliveries(r.ID)[0]; d.State != referral.DeliverySent {
			t.Errorf("after it: got %s, want sent", d.State)
		}
	})
}

// What cannot even be recorded does not spin.
func TestOutboxRestsWhenNothingCanBeRecorded(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		ask(t, w)
		var writes atomic.Int32
		e := w.EngineOn(countingStore{enginetest.Store{Store: w.Store}, &writes})
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- e.Run(ctx, ctx) }()
		w.Pass(30 * time.Second)
		if n := writes.Load(); n == 0 || n > 100 {
			t.Errorf("got %d tries to write in 30 s, want a few", n)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// countingStore takes nothing.
type countingStore struct {
	engine.Store
	n *atomic.Int32
}

func (c countingStore) Write(context.Context, func(engine.Tx) error) error {
	c.n.Add(1)
	return errDisk
}

func TestQueueOfALaneThatLeftTheConfiguration(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Start()
		without := *w.Set
		without.Senders = map[string]channels.Sender{}
		w.Engine.Use(&without)
		r := ask(t, w)
		w.Pass(time.Minute)
		if d := w.Deliveries(r.ID)[0]; d.State != referral.DeliveryQueued || d.Attempts != 0 {
			t.Errorf("without its rail: got %s after %d attempts, want queued", d.State, d.Attempts)
		}
		with := *w.Set
		with.Hash = "config-2"
		w.Engine.Use(&with)
		w.Settle()
		if d := w.Deliveries(r.ID)[0]; d.State != referral.DeliverySent {
			t.Errorf("with its rail: got %s, want sent at once", d.State)
		}
		if m := w.Messages(); m[len(m)-1].ConfigHash != "config-2" || !strings.HasPrefix(m[len(m)-1].Type, "test/") {
			t.Errorf("outbound message: got %+v", m[len(m)-1])
		}
	})
}

// A reload may change the order of a partner's rails: what is queued keeps its own, and the next rail is the one after it now.
func TestRailsInAnotherOrder(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		r := ask(t, w)
		next := *w.Set
		next.Directory = enginetest.Directory()
		rails := next.Directory.Partners[1].Rails
		rails[0], rails[1] = rails[1], rails[0]
		w.Engine.Use(&next)
		w.Senders[enginetest.DirectLane].PackFunc = func(sh channels.Shipment) (channels.Packed, error) {
			if slices.ContainsFunc(sh.Parts, func(p channels.Part) bool { return p.Kind == channels.KindLetter }) {
				t.Error("a letter for the fax was rendered for direct")
			}
			return channels.Packed{}, errNo
		}
		w.Start()
		w.Settle()
		if ds := w.Deliveries(r.ID); len(ds) != 1 || ds[0].State != referral.DeliveryDead {
			t.Errorf("got %v, want one dead: direct is the last rail now", states(ds))
		}
	})
}

// describe lists attempts as event, position of the referral and attempt.
func describe(sent []channels.Outbound, ids []string) []string {
	var out []string
	for _, o := range sent {
		out = append(out, fmt.Sprintf("%s of %d, attempt %d", o.Event, slices.Index(ids, o.ReferralID), o.Attempt))
	}
	return out
}
