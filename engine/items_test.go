package engine_test

import (
	"errors"
	"strings"
	"testing"

	"refloop/channels"
	"refloop/engine"
	"refloop/internal/enginetest"
	"refloop/referral"
	"refloop/store"
)

func TestCloseItem(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Take(enginetest.FromLakeside, enginetest.Says("L1", "NOBODY77", "OK", "IP"))
		w.Settle()
		open, err := w.Store.Incidents(t.Context(), store.IncidentFilter{Open: true})
		if err != nil || len(open) != 1 {
			t.Fatalf("got %v, %v, want one item", open, err)
		}
		var wrong *engine.InputError
		for _, c := range [][2]string{{open[0].ID, " "}, {open[0].ID, strings.Repeat("a", 201)}, {"hold/R1/fax_review", "done"}} {
			if err := w.Engine.CloseItem(t.Context(), "user:ann", c[0], c[1]); !errors.As(err, &wrong) {
				t.Errorf("%s: got %v, want an InputError", c[0], err)
			}
		}
		if err := w.Engine.CloseItem(t.Context(), "user:ann", open[0].ID, "told by telephone"); err != nil {
			t.Fatal(err)
		}
		if err := w.Engine.CloseItem(t.Context(), "user:ann", open[0].ID, "again"); !errors.Is(err, referral.ErrNotFound) {
			t.Errorf("a second time: got %v, want ErrNotFound", err)
		}
		if got := w.Incidents(); len(got) != 0 {
			t.Errorf("still open: %v", got)
		}
	})
}

func TestItemsCloseByThemselves(t *testing.T) {
	t.Run("wrong patient, when matched", func(t *testing.T) {
		inWorld(t, func(t *testing.T, w *enginetest.World) {
			r := ask(t, w)
			w.Take(enginetest.FromLakeside, strings.Replace(enginetest.Says("L1", r.ID, "OK", "IP"), "700411", "911911", 1))
			w.Settle()
			if w.Incidents()["wrong_patient"] != 1 {
				t.Fatalf("got %v, want wrong_patient", w.Incidents())
			}
			act(t, w, r.ID, "verify", engine.ActInput{Hold: "match_review", Reason: "same_person"})
			if got := w.Incidents()["wrong_patient"]; got != 0 {
				t.Errorf("still open: %d", got)
			}
		})
	})
	t.Run("crossed, when cancelled", func(t *testing.T) {
		inWorld(t, func(t *testing.T, w *enginetest.World) {
			r := ask(t, w)
			w.Take(enginetest.FromEHR, enginetest.Cancel("C2", "RF-1"))
			w.Take(enginetest.FromLakeside, enginetest.Says("L1", r.ID, "OK", "IP"))
			w.Settle()
			if w.Incidents()["cancel_crossed"] != 1 {
				t.Fatalf("got %v, want cancel_crossed", w.Incidents())
			}
			w.Take(enginetest.FromLakeside, enginetest.Says("L2", r.ID, "CR", "CA"))
			w.Settle()
			wantState(t, w, r.ID, referral.StateCancelled)
			if got := w.Incidents()["cancel_crossed"]; got != 0 {
				t.Errorf("still open: %d", got)
			}
		})
	})
}

func TestRailThatCanNeverWorkIsAnItem(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Senders[enginetest.DirectLane].PackFunc = func(channels.Shipment) (channels.Packed, error) {
			return channels.Packed{}, errors.New("direct: encryption certificate: got none, want one")
		}
		w.Start()
		r := ask(t, w)
		w.Settle()
		if ds := w.Deliveries(r.ID); len(ds) != 2 || ds[0].Receipt != "not packed" || ds[0].Reason == "" || w.Incidents()["rail_unusable"] != 1 {
			t.Errorf("got %v, %v, want a copy by fax and one item of the rail", states(ds), w.Incidents())
		}
	})
}
