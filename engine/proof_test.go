package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"refloop/channels"
	"refloop/engine"
	"refloop/internal/enginetest"
	"refloop/referral"
)

// confirm hands in a receipt for a delivery, found by its control ID.
func confirm(t *testing.T, w *enginetest.World, d referral.Delivery, level, code string) {
	t.Helper()
	if err := w.Engine.Confirm(t.Context(), channels.Receipt{ControlID: d.ControlID, Recipient: d.Recipient, Level: level, Code: code, Permanent: level == channels.LevelFailed, At: time.Now().UTC()}); err != nil {
		t.Fatal(err)
	}
	w.Settle()
}

func wantDelivery(t *testing.T, w *enginetest.World, id string, i int, want referral.DeliveryState) referral.Delivery {
	t.Helper()
	ds := w.Deliveries(id)
	if len(ds) <= i || ds[i].State != want {
		t.Fatalf("delivery %d: got %v, want %s", i, states(ds), want)
	}
	return ds[i]
}

func states(ds []referral.Delivery) []string {
	var out []string
	for _, d := range ds {
		out = append(out, d.Event+" by "+d.Rail+" "+string(d.State))
	}
	return out
}

func TestReceiptsOfMail(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Start()
		r := ask(t, w)
		w.Settle()
		d := wantDelivery(t, w, r.ID, 0, referral.DeliverySent)
		confirm(t, w, d, channels.LevelTransport, "processed")
		wantDelivery(t, w, r.ID, 0, referral.DeliveryTransportOK)
		confirm(t, w, d, channels.LevelDelivered, "dispatched")
		done := wantDelivery(t, w, r.ID, 0, referral.DeliveryDelivered)
		if done.Grade != referral.GradeA || done.ProvenAt.IsZero() || done.Receipt != "dispatched" {
			t.Errorf("delivered: got %+v", done)
		}
		events := w.Events(r.ID)
		for _, late := range []struct{ level, code string }{
			{channels.LevelDelivered, "dispatched"}, {channels.LevelTransport, "processed"}, {channels.LevelFailed, "failed"},
		} {
			confirm(t, w, d, late.level, late.code)
			if got := wantDelivery(t, w, r.ID, 0, referral.DeliveryDelivered); !cmp.Equal(got, done) {
				t.Errorf("a late %s changed the delivery", late.code)
			}
		}
		if got := w.Events(r.ID); !slices.Equal(got, events) || len(w.Deliveries(r.ID)) != 1 {
			t.Errorf("late receipts: got events %v and %v, want %v", got, states(w.Deliveries(r.ID)), events)
		}
	})
}

func TestReceiptForNothingOfOurs(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		if err := w.Engine.Confirm(t.Context(), channels.Receipt{ControlID: "X", Level: channels.LevelDelivered, Code: "AA", Raw: []byte("MSA|AA|X"), Type: "ACK", RawType: "text/plain"}); err != nil {
			t.Fatal(err)
		}
		if m := w.Messages(); len(m) != 1 || w.Incidents()["anomaly.unknown_delivery"] != 1 {
			t.Errorf("got %d messages, %v, want the receipt archived and one item", len(m), w.Incidents())
		}
	})
}

func TestProofThatDoesNotCome(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Set.ProofWait = map[string]engine.ProofWait{"direct": {Processed: time.Hour, Dispatched: time.Hour}}
		var down atomic.Bool
		down.Store(true)
		w.Senders[enginetest.DirectLane].SendFunc = func(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
			if down.Load() {
				return channels.Receipt{}, errDown
			}
			return enginetest.Mailed(ctx, o)
		}
		w.Set.Retry.Attempts = 1000
		w.Start()
		r := ask(t, w)
		w.Pass(2 * time.Hour) // not sent yet: no proof can be late
		wantDelivery(t, w, r.ID, 0, referral.DeliveryFailed)
		down.Store(false)
		w.Pass(30 * time.Minute)
		wantDelivery(t, w, r.ID, 0, referral.DeliverySent)
		w.Pass(time.Hour)
		first := wantDelivery(t, w, r.ID, 0, referral.DeliveryDead)
		if copied := wantDelivery(t, w, r.ID, 1, referral.DeliveryDelivered); copied.Rail != "fax" || copied.CopyOf != "direct" || copied.Replaces != first.ID {
			t.Errorf("the copy: got %+v", copied)
		}
		// The copy is out: a late proof gives no second outcome.
		confirm(t, w, first, channels.LevelDelivered, "dispatched")
		wantDelivery(t, w, r.ID, 0, referral.DeliveryDead)
		wantDelivery(t, w, r.ID, 1, referral.DeliveryDelivered)
	})
}

func TestLateProofCallsTheCopyBack(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Set.ProofWait = map[string]engine.ProofWait{"direct": {Processed: time.Hour, Dispatched: time.Hour}}
		w.Senders[enginetest.FaxLane].SendFunc = func(context.Context, channels.Outbound) (channels.Receipt, error) { return channels.Receipt{}, errDown }
		w.Set.Retry.Attempts = 1000
		w.Start()
		r := ask(t, w)
		w.Pass(time.Hour + time.Minute)
		first := wantDelivery(t, w, r.ID, 0, referral.DeliveryDead)
		wantDelivery(t, w, r.ID, 1, referral.DeliveryFailed)
		confirm(t, w, first, channels.LevelTransport, "processed") // no proof of delivery yet
		wantDelivery(t, w, r.ID, 1, referral.DeliveryFailed)
		confirm(t, w, first, channels.LevelDelivered, "dispatched")
		wantDelivery(t, w, r.ID, 0, referral.DeliveryDelivered)
		wantDelivery(t, w, r.ID, 1, referral.DeliveryCancelled)
	})
}

// The receipt of a message may be quicker than the end of its own attempt.
func TestReceiptBeforeTheAttemptEnds(t *testing.T) {
	for name, level := range map[string]string{"proof": channels.LevelDelivered, "refusal": channels.LevelFailed} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *enginetest.World) {
				w.Set.Directory.Partners[1].Rails = w.Set.Directory.Partners[1].Rails[:1]
				end := make(chan error)
				w.Senders[enginetest.DirectLane].SendFunc = func(context.Context, channels.Outbound) (channels.Receipt, error) {
					return channels.Receipt{Level: channels.LevelSent, Code: "250"}, <-end
				}
				w.Start()
				r := ask(t, w)
				w.Settle()
				confirm(t, w, wantDelivery(t, w, r.ID, 0, referral.DeliverySending), level, "x")
				want := w.Deliveries(r.ID)[0].State
				end <- errors.New("connection reset")
				w.Pass(time.Hour)
				if got := w.Deliveries(r.ID)[0].State; got != want || len(w.Senders[enginetest.DirectLane].Sent()) != 1 {
					t.Errorf("got %s after %d attempts, want %s after one", got, len(w.Senders[enginetest.DirectLane].Sent()), want)
				}
			})
		})
	}
}

// reported brings a referral to the moment when its report is relayed to our EHR; answers are what the EHR says to reports.
func reported(t *testing.T, w *enginetest.World, answers ...string) string {
	t.Helper()
	w.Senders[enginetest.EHRLane].SendFunc = func(_ context.Context, o channels.Outbound) (channels.Receipt, error) {
		if o.Event != "report" || len(answers) == 0 {
			return channels.Receipt{Level: channels.LevelDelivered, Code: "AA"}, nil
		}
		code := answers[0]
		answers = answers[1:]
		if code == "AA" {
			return channels.Receipt{Level: channels.LevelDelivered, Code: "AA", Raw: []byte("MSA|AA"), Type: "ACK"}, nil
		}
		return channels.Receipt{Level: channels.LevelFailed, Code: code, Raw: []byte("MSA|" + code), Type: "ACK"}, &channels.DeliveryError{Rail: "ehr", Permanent: true, Code: code, Err: errors.New("patient not known")}
	}
	w.Start()
	r := ask(t, w)
	w.Settle()
	w.Take(enginetest.FromLakeside, enginetest.Says("L1", r.ID, "OK", "IP"))
	w.Settle()
	if out := w.Take(enginetest.FromLakeside, enginetest.Report("L2", r.ID, "the note")); out.State != "processed" {
		t.Fatalf("report: got %s (%s)", out.State, out.Reason)
	}
	w.Settle()
	return r.ID
}

func reports(w *enginetest.World, id string) []referral.Delivery {
	return slices.DeleteFunc(w.Deliveries(id), func(d referral.Delivery) bool { return d.Event != "report" })
}

func TestRelayOfTheReportCloses(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		id := reported(t, w, "AA")
		r := w.Referral(id)
		if r.State != referral.StateClosed || r.Grade != referral.GradeA {
			t.Errorf("got %s grade %s, want closed by A", r.State, r.Grade)
		}
		// The EHR answers accept and report in that order.
		if got := w.Senders[enginetest.EHRLane].Events(); !slices.Equal(got, []string{"accept", "report"}) {
			t.Errorf("told the EHR: got %v", got)
		}
	})
}

func TestRefusedReportIsCorrectedAndSentAgain(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		id := reported(t, w, "AE", "AA")
		wantState(t, w, id, referral.StateReportReceived)
		if w.Incidents()["report_refused"] != 1 {
			t.Fatalf("got %v, want report_refused", w.Incidents())
		}
		if _, err := w.Engine.Act(t.Context(), "staff:ann", id, "verify", engine.ActInput{Set: map[string]string{"patient_mrn": "700499"}}); err != nil {
			t.Fatal(err)
		}
		wantState(t, w, id, referral.StateReportReceived)
		if _, err := w.Engine.Act(t.Context(), "staff:ann", id, "resend", engine.ActInput{}); err != nil {
			t.Fatal(err)
		}
		w.Settle()
		wantState(t, w, id, referral.StateClosed)
		ds := reports(w, id)
		if len(ds) != 2 || ds[1].Replaces != ds[0].ID || ds[0].State != referral.DeliveryDead || ds[1].ControlID == ds[0].ControlID {
			t.Errorf("deliveries: got %+v", ds)
		}
		if n := w.Incidents()["report_refused"]; n != 0 {
			t.Errorf("got %d open report_refused, want it resolved", n)
		}
		sent := w.Senders[enginetest.EHRLane].Sent()
		if body := string(sent[len(sent)-1].Body); !strings.Contains(body, "700499") {
			t.Error("the report that was sent again does not have the corrected number")
		}
	})
}

func TestResendOfADeadDelivery(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		id := reported(t, w, "AE", "AA")
		dead := reports(w, id)[0]
		again, err := w.Engine.Resend(t.Context(), "staff:ann", dead.ID)
		if err != nil || again.Replaces != dead.ID {
			t.Fatalf("got %+v, %v", again, err)
		}
		w.Settle()
		wantState(t, w, id, referral.StateClosed)
		var no *engine.NotAllowed
		if _, err := w.Engine.Resend(t.Context(), "staff:ann", again.ID); !errors.As(err, &no) {
			t.Errorf("resend of one that arrived: got %v, want NotAllowed", err)
		}
	})
}

func TestLaterRefusalWithdrawsTheProof(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		id := reported(t, w, "AA")
		wantState(t, w, id, referral.StateClosed)
		confirm(t, w, reports(w, id)[0], channels.LevelFailed, "AE")
		wantState(t, w, id, referral.StateReportReceived)
		if d := reports(w, id)[0]; d.State != referral.DeliveryDead || w.Incidents()["report_refused"] != 1 {
			t.Errorf("got %s, %v", d.State, w.Incidents())
		}
		if ev := w.Events(id); !slices.Contains(ev, "relay_lost") {
			t.Errorf("timeline: got %v", ev)
		}
	})
}

func TestAnswerOfAnInterfaceEngineDoesNotClose(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Set.Directory.Partners[0].Rails[0].Dialect.AckFrom = "engine"
		id := reported(t, w, "AA")
		wantState(t, w, id, referral.StateReportReceived)
		if d := reports(w, id)[0]; d.State != referral.DeliveryDelivered {
			t.Errorf("got %s, want delivered", d.State)
		}
	})
}

// A corrected report before the relay of the first: only the newest closes.
func TestCorrectedReportIsRelayedAgain(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		id := reported(t, w, "AA", "AA")
		wantState(t, w, id, referral.StateClosed)
		w.Take(enginetest.FromLakeside, enginetest.Report("L3", id, "the corrected note"))
		if w.Referral(id).State == referral.StateClosed && len(reports(w, id)) == 1 {
			t.Fatal("a corrected report changed nothing")
		}
		w.Settle()
		wantState(t, w, id, referral.StateClosed)
		if n := len(reports(w, id)); n != 2 {
			t.Errorf("got %d reports sent, want 2", n)
		}
	})
}
