package engine_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"refloop/engine"
	"refloop/internal/enginetest"
	"refloop/referral"
)

func TestActInputIsChecked(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		r := ask(t, w)
		now := time.Now()
		for name, c := range map[string]struct {
			verb string
			in   engine.ActInput
		}{
			"a booking in the past":    {"schedule", engine.ActInput{At: now.Add(-time.Hour)}},
			"no time":                  {"schedule", engine.ActInput{}},
			"an end before the start":  {"schedule", engine.ActInput{At: now.Add(time.Hour), Until: now.Add(time.Minute)}},
			"a visit to come":          {"seen", engine.ActInput{At: now.Add(time.Hour)}},
			"an NPI with a wrong sum":  {"report", engine.ActInput{Author: "1245319590"}},
			"an unknown hold":          {"release", engine.ActInput{Hold: "nothing"}},
			"a birth date of no month": {"verify", engine.ActInput{Set: map[string]string{"patient_dob": "1980-13-01"}}},
			"an unknown key":           {"verify", engine.ActInput{Set: map[string]string{"dob": "1980-01-01"}}},
		} {
			_, err := w.Engine.Act(t.Context(), "staff:ann", r.ID, c.verb, c.in)
			var wrong *engine.InputError
			if !errors.As(err, &wrong) || strings.Contains(err.Error(), "1980") {
				t.Errorf("%s: got %v, want an InputError without values", name, err)
			}
		}
		w.Settle()
		if got := w.Referral(r.ID); got.Version != r.Version {
			t.Errorf("something was stored: version %d, want %d", got.Version, r.Version)
		}
		act(t, w, r.ID, "accept", engine.ActInput{})
		act(t, w, r.ID, "schedule", engine.ActInput{At: now.Add(-time.Hour), Late: true})
	})
}

func TestVerifySaysWhichFields(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		r := ask(t, w)
		act(t, w, r.ID, "verify", engine.ActInput{Set: map[string]string{"patient_city": "Springfield", "mrn": "700411", "extra.room": "12"}})
		events, err := w.Store.Events(t.Context(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		var note string
		for _, ev := range events {
			if ev.Type == referral.EventVerify {
				note = ev.Note
			}
		}
		if note != "set by a person: extra, patient_city, patient_mrn" {
			t.Errorf("got %q", note)
		}
	})
}

func TestTelephoneTakesOnlyWhatIsListed(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		r := ask(t, w)
		w.Take(enginetest.FromEHR, enginetest.Cancel("C2", "RF-1"))
		wantState(t, w, r.ID, referral.StateCancelRequested)
		for verb, want := range map[string]string{"accept": "by telephone only decline", "confirm-cancel": "end --reason cancel_unconfirmed"} {
			_, err := w.Engine.Act(t.Context(), "staff:ann", r.ID, verb, engine.ActInput{})
			var no *engine.NotAllowed
			if !errors.As(err, &no) || !strings.Contains(no.Why, want) {
				t.Errorf("%s: got %v, want a refusal with %q", verb, err, want)
			}
		}
	})
}
