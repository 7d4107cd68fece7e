package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"refloop/engine"
	"refloop/internal/enginetest"
	"refloop/referral"
)

func act(t *testing.T, w *enginetest.World, id, verb string, in engine.ActInput) referral.Referral {
	t.Helper()
	r, err := w.Engine.Act(t.Context(), "staff:ann", id, verb, in)
	if err != nil {
		t.Fatal(err)
	}
	w.Settle()
	return r
}

func TestWrongPatientFreezes(t *testing.T) {
	for name, change := range map[string][2]string{
		"another number":     {"700411", "911911"},
		"another birth date": {"19610214", "19591231"},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *enginetest.World) {
				w.Start()
				r := ask(t, w)
				w.Settle()
				w.Take(enginetest.FromLakeside, enginetest.Says("L1", r.ID, "OK", "IP"))
				w.Settle()
				told := len(w.Senders[enginetest.EHRLane].Sent())
				w.Take(enginetest.FromLakeside, strings.Replace(enginetest.Report("L2", r.ID, "the note"), change[0], change[1], 1))
				w.Pass(time.Hour)
				got := w.Referral(r.ID)
				if got.State != referral.StateAccepted || len(w.Senders[enginetest.EHRLane].Sent()) != told {
					t.Errorf("got %s and %d messages more to the EHR, want accepted and none", got.State, len(w.Senders[enginetest.EHRLane].Sent())-told)
				}
				if !slices.ContainsFunc(got.Holds, func(h referral.Hold) bool { return h.Kind == referral.HoldMatch }) || w.Incidents()["wrong_patient"] != 1 {
					t.Errorf("got holds %v and %v, want match_review and an item", got.Holds, w.Incidents())
				}
				// Nothing else leaves either, not even by the next rail.
				w.Take(enginetest.FromLakeside, enginetest.Report("L3", r.ID, "another note"))
				w.Pass(time.Hour)
				if len(w.Senders[enginetest.EHRLane].Sent()) != told {
					t.Error("something was relayed while frozen")
				}
			})
		})
	}
}

// A hold that stops everything also stops the next rail of what had left.
func TestFreezeStopsTheNextRail(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Set.ProofWait = map[string]engine.ProofWait{"direct": {Processed: time.Hour, Dispatched: time.Hour}}
		w.Start()
		r := ask(t, w)
		w.Settle()
		w.Take(enginetest.FromLakeside, strings.Replace(enginetest.Says("L1", r.ID, "OK", "IP"), "700411", "911911", 1))
		w.Pass(3 * time.Hour)
		if ds := w.Deliveries(r.ID); len(ds) != 1 || ds[0].State != referral.DeliveryDead || w.Incidents()["delivery_dead"] != 1 {
			t.Errorf("got %v, %v, want one dead and an incident, no copy by fax", states(ds), w.Incidents())
		}
	})
}

func TestReportForACancelledReferralIsRelayed(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Start()
		r := ask(t, w)
		w.Settle()
		w.Take(enginetest.FromEHR, enginetest.Cancel("C2", "RF-1"))
		w.Take(enginetest.FromLakeside, enginetest.Says("L1", r.ID, "CR", "CA"))
		w.Settle()
		wantState(t, w, r.ID, referral.StateCancelled)
		w.Take(enginetest.FromLakeside, enginetest.Report("L2", r.ID, "seen before the cancellation"))
		w.Settle()
		wantState(t, w, r.ID, referral.StateCancelled)
		if got := w.Senders[enginetest.EHRLane].Events(); !slices.Contains(got, "report") || w.Incidents()["report_after_end"] != 1 {
			t.Errorf("told the EHR %v, %v, want the report and an item", got, w.Incidents())
		}
	})
}

func TestNoRecipientIsHeldUntilAPersonNamesOne(t *testing.T) {
	for name, set := range map[string]map[string]string{"by partner": {"recipient_partner": enginetest.Lakeside}, "by NPI": {"referred_to_npi": enginetest.LakesideNPI}} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *enginetest.World) {
				w.Start()
				out := w.Take(enginetest.FromEHR, enginetest.RequestTo("C1", "RF-1", ""))
				if out.State != "processed" || string(out.Answer) != "ACK AA "+out.MessageID {
					t.Fatalf("got %s, %q, want processed and AA", out.State, out.Answer)
				}
				id := out.ReferralIDs[0]
				w.Pass(time.Minute)
				if r := w.Referral(id); len(r.Holds) != 1 || r.Holds[0].Kind != referral.HoldCompleteness || len(w.Deliveries(id)) != 0 {
					t.Fatalf("got holds %v and %v, want one of completeness and nothing queued", r.Holds, states(w.Deliveries(id)))
				}
				r := act(t, w, id, "verify", engine.ActInput{Set: set})
				if len(r.Holds) != 0 || r.Recipient.Partner != enginetest.Lakeside {
					t.Errorf("verified: got holds %v, to %q", r.Holds, r.Recipient.Partner)
				}
				wantDelivery(t, w, id, 0, referral.DeliverySent)
				if _, err := w.Engine.Act(t.Context(), "staff:ann", id, "verify", engine.ActInput{Set: map[string]string{"recipient_partner": "nobody"}}); err == nil {
					t.Error("a partner that does not exist: want an error")
				}
			})
		})
	}
}

func TestProtectedRecordWaitsForConsent(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Start()
		body := strings.Replace(enginetest.Request("C1", "RF-1"), "R07.9^Chest pain, unspecified^I10", "F11.20^Opioid dependence^I10", 1)
		out := w.Take(enginetest.FromEHR, body)
		w.Pass(time.Hour)
		r := w.Referral(out.ReferralIDs[0])
		if string(out.Answer) != "ACK AA "+out.MessageID || len(w.Deliveries(r.ID)) != 0 {
			t.Errorf("got %q and %v, want AA and nothing queued", out.Answer, states(w.Deliveries(r.ID)))
		}
		if !slices.ContainsFunc(r.Holds, func(h referral.Hold) bool { return h.Kind == referral.HoldConsent }) {
			t.Errorf("holds: got %v, want consent", r.Holds)
		}
	})
}

func TestEchoOfAnAccept(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Start()
		r := ask(t, w)
		for _, control := range []string{"L1", "L2"} {
			if out := w.Take(enginetest.FromLakeside, enginetest.Says(control, r.ID, "OK", "IP")); out.State != "processed" {
				t.Errorf("%s: got %s (%s)", control, out.State, out.Reason)
			}
		}
		w.Settle()
		if got := w.Senders[enginetest.EHRLane].Events(); !slices.Equal(got, []string{"accept"}) {
			t.Errorf("told the EHR: got %v, want one accept", got)
		}
	})
}

func TestRebookingBackIsNotSwallowed(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Start()
		r := ask(t, w)
		w.Take(enginetest.FromLakeside, enginetest.Says("L0", r.ID, "OK", "IP"))
		const monday, tuesday = "20261207093000-0600", "20261208140000-0600"
		for i, step := range []struct{ trigger, start string }{{"S12", monday}, {"S13", tuesday}, {"S13", monday}} {
			control := "L" + string(rune('1'+i))
			if out := w.Take(enginetest.FromLakeside, enginetest.Books(control, r.ID, step.trigger, step.start)); out.State != "processed" {
				t.Fatalf("step %d: got %s (%s)", i, out.State, out.Reason)
			}
			w.Settle()
		}
		got := w.Referral(r.ID)
		if n := len(got.Appointments); n == 0 || got.Appointments[n-1].Start.Format("2006-01-02") != "2026-12-07" {
			t.Errorf("appointments: got %+v, want the last on Monday", got.Appointments)
		}
		if told := w.Senders[enginetest.EHRLane].Events(); !slices.Equal(told, []string{"accept", "schedule", "reschedule", "reschedule"}) {
			t.Errorf("told the EHR: got %v", told)
		}
	})
}

func TestOnlyTheOtherSideAccepts(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		r := ask(t, w)
		body := strings.Replace(enginetest.Says("C2", r.ID, "OK", "IP"), "LAKE|LAKESIDE", "NSEHR|NORTHSIDE", 1)
		out := w.Take(enginetest.FromEHR, body)
		if out.State != "held" || string(out.Answer) != "ACK AA "+out.MessageID {
			t.Errorf("our own EHR accepts: got %s, %q, want held and AA", out.State, out.Answer)
		}
		wantState(t, w, r.ID, referral.StateSent)
	})
}

func TestActSaysWhatIsAllowed(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		r := ask(t, w)
		_, err := w.Engine.Act(t.Context(), "staff:ann", r.ID, "confirm-cancel", engine.ActInput{})
		if err == nil || !strings.Contains(err.Error(), "possible now: ") || !strings.Contains(err.Error(), "sent") {
			t.Errorf("got %v, want the state and what is allowed", err)
		}
		if _, err := w.Engine.Act(t.Context(), "staff:ann", r.ID, "dance", engine.ActInput{}); err == nil {
			t.Error("an unknown verb: want an error")
		}
		// What only the other side may say was told by telephone.
		got := act(t, w, r.ID, "accept", engine.ActInput{Note: "told by the front desk"})
		if got.State != referral.StateAccepted || got.Grade != referral.GradeC {
			t.Errorf("accept by telephone: got %s grade %s, want accepted by C", got.State, got.Grade)
		}
	})
}
