package engine_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"refloop/channels"
	"refloop/engine"
	"refloop/internal/enginetest"
	"refloop/referral"
	"refloop/transform"
)

// story is all that reprocessing could change about a referral.
func story(t *testing.T, w *enginetest.World, id string) string {
	t.Helper()
	b, err := json.MarshalIndent([]any{w.Referral(id), w.Events(id), states(w.Deliveries(id))}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Every message of a whole loop, processed again in any order, changes nothing: not even an older appointment comes back.
func TestReprocessIsIdempotent(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Start()
		r := ask(t, w)
		w.Settle()
		for _, body := range []string{
			enginetest.Says("L1", r.ID, "OK", "IP"),
			enginetest.Books("L2", r.ID, "S12", "20261207093000-0600"),
			enginetest.Books("L3", r.ID, "S13", "20261208093000-0600"),
			enginetest.Report("L4", r.ID, "the note"),
		} {
			if out := w.Take(enginetest.FromLakeside, body); out.State != "processed" {
				t.Fatalf("got %s (%s)", out.State, out.Reason)
			}
			w.Settle()
		}
		wantState(t, w, r.ID, referral.StateClosed)
		before := story(t, w, r.ID)
		for range 2 {
			for _, m := range slices.Backward(w.Messages()) {
				if m.Direction != referral.Inbound || m.DeliveryID != "" {
					continue
				}
				got, err := w.Engine.Reprocess(t.Context(), "staff:ann", m.ID, false)
				if err != nil || got.State != referral.MessageProcessed {
					t.Errorf("%s: got %s (%s), %v", m.Type, got.State, got.Reason, err)
				}
				w.Settle()
			}
		}
		if diff := cmp.Diff(before, story(t, w, r.ID)); diff != "" {
			t.Errorf("reprocessing changed the referral: %s", diff)
		}
		if in := w.Incidents(); len(in) != 0 {
			t.Errorf("reprocessing opened %v", in)
		}
	})
}

func TestReprocessWithBetterConfiguration(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Start()
		broken := &enginetest.Line{OpenFunc: func(channels.Archived) (channels.Opened, error) {
			return channels.Opened{}, errors.New("cannot read it yet")
		}}
		w.Channel("new", broken, transform.Channel{Type: channels.MLLP, Partner: enginetest.EHR})
		out := w.Take("new", enginetest.Request("C1", "RF-1"))
		if out.State != "failed" || w.Incidents()["message_failed"] != 1 {
			t.Fatalf("got %s, %v", out.State, w.Incidents())
		}
		broken.OpenFunc = nil
		m, err := w.Engine.Reprocess(t.Context(), "staff:ann", out.MessageID, false)
		w.Settle()
		if err != nil || m.State != referral.MessageProcessed || len(m.ReferralIDs) != 1 || len(w.Incidents()) != 0 {
			t.Fatalf("got %s (%s), %v, %v, want processed and no incident", m.State, m.Reason, err, w.Incidents())
		}
		wantDelivery(t, w, m.ReferralIDs[0], 0, referral.DeliverySent)
	})
}

// A request read anew with another rule corrects the referral it made; it makes no second one and no clash.
func TestReprocessCorrectsItsOwnReferral(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		r := ask(t, w)
		line := w.Set.Channels[enginetest.FromEHR]
		next := *w.Set
		next.Hash, next.Channels = "config-2", map[string]engine.Channel{enginetest.FromEHR: line}
		line.Rail = &enginetest.Line{OpenFunc: func(a channels.Archived) (channels.Opened, error) {
			a.Body = []byte(enginetest.Segments(enginetest.Request("C1", "RF-1")+"NTE|1||Home readings are high", "")[:])
			return (&enginetest.Line{}).Open(a)
		}}
		next.Channels[enginetest.FromEHR] = line
		w.Engine.Use(&next)
		m, err := w.Engine.Reprocess(t.Context(), "staff:ann", w.Messages()[0].ID, false)
		if err != nil || m.State != referral.MessageProcessed || m.ConfigHash != "config-1" && m.ConfigHash != "config-2" {
			t.Fatalf("got %s (%s), %v", m.State, m.Reason, err)
		}
		got := w.Referral(r.ID)
		if len(w.Referrals()) != 1 || !slices.Contains(got.Notes, "Home readings are high") || len(w.Incidents()) != 0 {
			t.Errorf("got %d referrals, notes %q, %v", len(w.Referrals()), got.Notes, w.Incidents())
		}
	})
}

func TestReprocessRefusesAnswers(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		id := reported(t, w, "AA")
		for _, m := range w.Messages() {
			if m.DeliveryID == "" {
				continue
			}
			if _, err := w.Engine.Reprocess(t.Context(), "staff:ann", m.ID, false); err == nil {
				t.Errorf("%s %s: want an error", m.Direction, m.Type)
			}
		}
		wantState(t, w, id, referral.StateClosed)
		if _, err := w.Engine.Reprocess(t.Context(), "staff:ann", "no-such", false); !errors.Is(err, referral.ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound", err)
		}
	})
}
