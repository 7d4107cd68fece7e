package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"refloop/channels"
	"refloop/channels/mllp"
	"refloop/engine"
	"refloop/hl7"
	"refloop/internal/enginetest"
	"refloop/referral"
	"refloop/transform"
)

// A result whose order is cancelled is no report: a person looks, nothing moves and nobody is told.
func TestCancelledResultIsLeftToAPerson(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Start()
		r := ask(t, w)
		w.Settle()
		obr := "OBR|1|" + r.ID + "^^2.16.840.1.113883.3.72.5.9.1^ISO||57133-1^^LN" + strings.Repeat("|", 21) + "X"
		out := w.Take(enginetest.FromLakeside, enginetest.Says("L2", r.ID, "RE", "", obr, `OBX|1|ED|11488-4^Consult note^LN||^text^plain^A^none||||||F`))
		if out.State != "held" || w.Incidents()["anomaly.cancelled_result"] != 1 {
			t.Errorf("got %s (%s) and %v, want it held with an item", out.State, out.Reason, w.Incidents())
		}
		if n := len(w.Senders[enginetest.EHRLane].Sent()); n != 0 {
			t.Errorf("got %d messages to the EHR, want none", n)
		}
		wantState(t, w, r.ID, referral.StateSent)
	})
}

// refuseAll answers every attempt with a permanent refusal.
func refuseAll(context.Context, channels.Outbound) (channels.Receipt, error) {
	return channels.Receipt{}, errNo
}

// takesTests makes a channel of our EHR that takes test traffic, and of these rails of Lakeside those of a test installation.
func takesTests(w *enginetest.World, testRails ...int) {
	w.Channel(enginetest.FromEHR, &enginetest.Line{}, transform.Channel{Type: channels.MLLP, Partner: enginetest.EHR, Processing: []string{"P", "T"}})
	p := w.Set.Directory.Partners[1]
	for _, i := range testRails {
		p.Rails[i].Dialect.Processing = "T"
	}
}

// asTest makes test traffic of a message.
func asTest(body string) string { return strings.Replace(body, "|P|2.5.1", "|T|2.5.1", 1) }

// A test referral never reaches a rail of production, neither at first nor as the next rail.
func TestTestReferralStaysInTheTestInstallation(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		takesTests(w)
		w.Start()
		out := w.Take(enginetest.FromEHR, asTest(enginetest.Request("C1", "RF-1")))
		w.Pass(time.Minute)
		if r := w.Referral(out.ReferralIDs[0]); !r.Test || len(w.Deliveries(r.ID)) != 0 || w.Incidents()["tell_by_hand"] != 1 {
			t.Errorf("rails of production: got test %v, %d deliveries, %v; want none and an item", r.Test, len(w.Deliveries(r.ID)), w.Incidents())
		}
	})
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		takesTests(w, 0)
		w.Senders[enginetest.DirectLane].SendFunc = refuseAll
		w.Start()
		out := w.Take(enginetest.FromEHR, asTest(enginetest.Request("C1", "RF-1")))
		w.Pass(time.Minute)
		ds := w.Deliveries(out.ReferralIDs[0])
		if len(ds) != 1 || ds[0].State != referral.DeliveryDead || !strings.Contains(ds[0].Reason, "test referral") || len(w.Senders[enginetest.FaxLane].Sent()) != 0 {
			t.Errorf("refused by the rail for tests: got %+v, want it dead, and nothing by fax", ds)
		}
	})
}

// A test message about a real referral moves nothing.
func TestTestMessageOfARealReferral(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		takesTests(w)
		r := ask(t, w)
		out := w.Take(enginetest.FromEHR, asTest(enginetest.Cancel("C2", "RF-1")))
		if out.State != "held" || w.Incidents()["anomaly.test_traffic"] != 1 {
			t.Errorf("got %s (%s) and %v, want it held", out.State, out.Reason, w.Incidents())
		}
		wantState(t, w, r.ID, referral.StateSent)
	})
}

// rri is an answer of Lakeside to our REF with this RF1-1, which names the referral by MSA-2 alone.
func rri(control, about, status string) string {
	return enginetest.Segments(
		`MSH|^~\&|LAKE|LAKESIDE|REFLOOP|NORTHSIDE|20261123100000-0600||RRI^I12^RRI_I12|`+control+`|P|2.5.1`,
		`MSA|AA|`+about, `RF1|`+status+`^^HL70283`, `PRD|RT|Ruiz^Ana`, enginetest.Person)
}

// lineToLakeside makes a line of Lakeside's first rail.
func lineToLakeside(w *enginetest.World) {
	r := &w.Set.Directory.Partners[1].Rails[0]
	r.Type, r.Address = channels.MLLP, "127.0.0.1:2"
}

// An RRI that repeats nothing but our control ID speaks of the referral that went out under it, if its partner got that.
func TestRRIByControlID(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		lineToLakeside(w)
		w.Start()
		r := ask(t, w)
		w.Settle()
		control := w.Senders[enginetest.DirectLane].Sent()[0].ControlID
		if out := w.Take(enginetest.FromLakeside, rri("L1", "no message of ours", "A")); out.State != "held" {
			t.Errorf("unknown control ID: got %s, want held", out.State)
		}
		if out := w.Take(enginetest.FromEHR, rri("L1", control, "A")); out.State != "held" {
			t.Errorf("from a partner that never got it: got %s, want held", out.State)
		}
		wantState(t, w, r.ID, referral.StateSent)
		if out := w.Take(enginetest.FromLakeside, rri("L2", control, "A")); out.State != "processed" {
			t.Errorf("got %s (%s), want processed", out.State, out.Reason)
		}
		wantState(t, w, r.ID, referral.StateAccepted)
	})
}

// A synchronous RRI says received, and with RF1-1 A or R more than that.
func TestSynchronousRRI(t *testing.T) {
	for status, want := range map[string]referral.State{"": referral.StateSent, "P": referral.StateSent, "A": referral.StateAccepted, "R": referral.StateDeclined} {
		inWorld(t, func(t *testing.T, w *enginetest.World) {
			lineToLakeside(w)
			w.Senders[enginetest.DirectLane].SendFunc = func(_ context.Context, o channels.Outbound) (channels.Receipt, error) {
				raw := []byte(rri("A1", o.ControlID, status))
				return channels.Receipt{Level: channels.LevelDelivered, Code: "AA", Type: "RRI^I12", RawType: "x-application/hl7-v2+er7", Raw: raw}, nil
			}
			w.Start()
			r := ask(t, w)
			w.Pass(time.Minute)
			wantState(t, w, r.ID, want)
			if d := w.Deliveries(r.ID)[0]; d.State != referral.DeliveryDelivered {
				t.Errorf("RF1-1 %q: got the delivery %s, want delivered", status, d.State)
			}
		})
	}
}

// What was never sent cannot have been answered: telephone facts about a request that is held here are refused.
func TestTelephoneAboutAHeldRequest(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Set.Routes = nil
		out := w.Take(enginetest.FromEHR, enginetest.RequestTo("C1", "RF-1", ""))
		id := out.ReferralIDs[0]
		for _, verb := range []string{"accept", "no-show", "seen", "schedule"} {
			_, err := w.Engine.Act(t.Context(), "staff:ann", id, verb, engine.ActInput{At: time.Now().Add(time.Hour * 24 * map[string]time.Duration{"schedule": 1}[verb])})
			var no *engine.NotAllowed
			if !errors.As(err, &no) || !strings.Contains(no.Error(), "is not possible while the referral is sent (") || !strings.Contains(no.Error(), "held here") {
				t.Errorf("%s: got %v, want it refused because the request has not left", verb, err)
			}
		}
		wantState(t, w, id, referral.StateSent)
	})
}

// Our own system is nobody to refer to.
func TestOwnPartnerIsNoRecipient(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		out := w.Take(enginetest.FromEHR, enginetest.RequestTo("C1", "RF-1", ""))
		_, err := w.Engine.Act(t.Context(), "staff:ann", out.ReferralIDs[0], "verify", engine.ActInput{Set: map[string]string{"recipient_partner": enginetest.EHR}})
		if err == nil || !strings.Contains(err.Error(), enginetest.Lakeside) || !strings.Contains(err.Error(), "our own side") {
			t.Errorf("got %v, want it refused with those that one can refer to", err)
		}
	})
}

// A refusal is read by people.
func TestRefusalIsPlain(t *testing.T) {
	no := &engine.NotAllowed{Verb: "accept", Got: "report_received", Want: []string{"end"}}
	if got, want := no.Error(), "accept is not possible while the referral is report received; possible now: end"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// An RRI that comes later on our own connection says as much as one that comes at once.
func TestLateRRIOnOurConnection(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		lineToLakeside(w)
		w.Senders[enginetest.DirectLane].SendFunc = func(context.Context, channels.Outbound) (channels.Receipt, error) {
			return channels.Receipt{Level: channels.LevelTransport, Code: "CA"}, nil
		}
		w.Start()
		r := ask(t, w)
		w.Settle()
		control := w.Senders[enginetest.DirectLane].Sent()[0].ControlID
		err := w.Engine.Confirm(t.Context(), channels.Receipt{
			ControlID: control, Level: channels.LevelDelivered, Code: "AA", Type: "RRI^I12", RawType: mllp.ContentType, Raw: []byte(rri("A1", control, "A")),
		})
		if err != nil {
			t.Fatal(err)
		}
		wantState(t, w, r.ID, referral.StateAccepted)
	})
}

// An RRI with MSA AE refuses our message: it is no mere "received".
func TestRRIThatRefuses(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		lineToLakeside(w)
		open := func(a channels.Archived) (channels.Opened, error) { return mllp.Open(a, hl7.Limits{}) }
		w.Channel("answers", &enginetest.Line{OpenFunc: open}, transform.Channel{Type: channels.MLLP, Partner: enginetest.Lakeside})
		w.Channel("others", &enginetest.Line{OpenFunc: open}, transform.Channel{Type: channels.MLLP, Partner: enginetest.EHR})
		w.Senders[enginetest.DirectLane].SendFunc = func(context.Context, channels.Outbound) (channels.Receipt, error) {
			return channels.Receipt{Level: channels.LevelTransport, Code: "CA"}, nil
		}
		w.Start()
		r := ask(t, w)
		w.Settle()
		refusal := strings.Replace(rri("A1", w.Senders[enginetest.DirectLane].Sent()[0].ControlID, ""), "MSA|AA|", "MSA|AE|", 1)
		w.Take("others", refusal)
		if d := w.Deliveries(r.ID); len(d) != 1 || d[0].State != referral.DeliveryTransportOK || w.Incidents()["anomaly.unknown_delivery"] != 1 {
			t.Fatalf("said by another partner: got %v, %v", states(d), w.Incidents())
		}
		if out := w.Take("answers", strings.Replace(refusal, "|A1|", "|A2|", 1)); out.State != "processed" {
			t.Errorf("got %s (%s)", out.State, out.Reason)
		}
		if d := w.Deliveries(r.ID); d[0].State != referral.DeliveryDead || d[0].Receipt != "AE" {
			t.Errorf("got %v (%s), want it refused", states(d), d[0].Receipt)
		}
	})
}

// A referral has one patient.
func TestTwoPatientsInOneReferral(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		two := enginetest.Request("C1", "RF-1") + "PID|2||900123^^^NSEHR&2.16.840.1.113883.3.72.5.9.1.1&ISO^MR||Else^Somebody||19700101|M\r"
		if out := w.Take(enginetest.FromEHR, two); out.State != "held" || !strings.Contains(out.Reason, "several patients") || len(w.Referrals()) != 0 {
			t.Errorf("got %s (%s), want it held", out.State, out.Reason)
		}
	})
}
