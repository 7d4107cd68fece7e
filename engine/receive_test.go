package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"refloop/channels"
	"refloop/engine"
	"refloop/internal/enginetest"
	"refloop/referral"
	"refloop/transform"
	"refloop/transform/rules"
)

func TestReceiveCommitsBeforeItAnswers(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		body := enginetest.Request("C1", "RF-1")
		out := w.Take(enginetest.FromEHR, body)
		if string(out.Answer) != "ACK AA "+out.MessageID || out.State != "processed" {
			t.Errorf("got %s and %q, want processed and AA", out.State, out.Answer)
		}
		kept, err := w.Store.Body(t.Context(), out.MessageID)
		if err != nil || string(kept) != body {
			t.Errorf("archive: got %d bytes, %v, want the %d that came", len(kept), err, len(body))
		}
		m := w.Message(out.MessageID)
		if m.Code != "AA" || m.Type != "REF^I12" || m.Partner != enginetest.EHR || m.ConfigHash != "config-1" || len(m.ReferralIDs) != 1 {
			t.Errorf("message row: got %+v", m)
		}
		r := w.Referral(out.ReferralIDs[0])
		if r.State != referral.StateSent || r.Role != referral.RoleInitiator || r.Recipient.Partner != enginetest.Lakeside {
			t.Errorf("referral: got %s, %s, to %q", r.State, r.Role, r.Recipient.Partner)
		}
		ds := w.Deliveries(r.ID)
		if len(ds) != 1 || ds[0].Lane != enginetest.DirectLane || ds[0].State != referral.DeliveryQueued || ds[0].Event != "request" {
			t.Errorf("deliveries: got %+v, want the request by direct", ds)
		}
	})
}

func TestDuplicateGetsTheSameAnswer(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		first := w.Take(enginetest.FromEHR, enginetest.Request("C1", "RF-1"))
		for range 2 {
			again := w.Take(enginetest.FromEHR, enginetest.Request("C1", "RF-1"))
			if again.State != "duplicate" || string(again.Answer) != string(first.Answer) || again.MessageID == first.MessageID {
				t.Errorf("repeat: got %s and %q, want duplicate and %q", again.State, again.Answer, first.Answer)
			}
			if m := w.Message(again.MessageID); m.RelatedTo != first.MessageID || m.Code != "AA" {
				t.Errorf("repeat: got related_to %q and code %q", m.RelatedTo, m.Code)
			}
		}
		if n, d := len(w.Referrals()), len(w.Deliveries("")); n != 1 || d != 1 {
			t.Errorf("got %d referrals and %d deliveries, want one each", n, d)
		}
	})
}

// The same content under another control ID and another time is an echo: no second referral, no clash, nothing sent.
func TestRepeatUnderAnotherControlIDIsAnEcho(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		ask(t, w)
		again := strings.Replace(enginetest.Request("C2", "RF-1"), "20261123080000", "20261123090000", 1)
		out := w.Take(enginetest.FromEHR, again)
		if out.State != "processed" || !strings.Contains(out.Reason, "already recorded") {
			t.Errorf("got %s (%s), want processed as an echo", out.State, out.Reason)
		}
		if n, d, i := len(w.Referrals()), len(w.Deliveries("")), w.Incidents(); n != 1 || d != 1 || len(i) != 0 {
			t.Errorf("got %d referrals, %d deliveries and %v, want 1, 1 and none", n, d, i)
		}
	})
}

func TestRefusedContentIsProcessedAfresh(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		good := enginetest.Request("C1", "RF-1")
		bad := strings.Replace(good, enginetest.Person+"\r", "PID|1\r", 1)
		for range 2 { // the same bytes again after AE are no duplicate
			out := w.Take(enginetest.FromEHR, bad)
			if out.State != "failed" || out.Verdict != channels.Repair || len(out.Problems) == 0 {
				t.Fatalf("without a patient: got %s, verdict %d, want failed and AE with its reasons", out.State, out.Verdict)
			}
		}
		out := w.Take(enginetest.FromEHR, good)
		if out.State != "processed" || len(w.Referrals()) != 1 {
			t.Errorf("corrected: got %s, want processed", out.State)
		}
		if n := w.Incidents()["anomaly.control_id_reused"]; n != 0 {
			t.Errorf("corrected: got %d incidents of a reused control ID, want none: the first was answered AE", n)
		}
	})
}

func TestReusedControlID(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		ask(t, w)
		out := w.Take(enginetest.FromEHR, enginetest.Request("C1", "RF-2"))
		if out.State != "processed" || len(w.Referrals()) != 2 || w.Incidents()["anomaly.control_id_reused"] != 1 {
			t.Errorf("got %s, %d referrals, %v", out.State, len(w.Referrals()), w.Incidents())
		}
		// A sender that never counts is one item, and a repeat is known however often it comes.
		for i := range 3 {
			w.Take(enginetest.FromEHR, enginetest.Request("C1", "RF-1"+string(rune('a'+i))))
		}
		if n := w.Incidents()["anomaly.control_id_reused"]; n != 1 {
			t.Errorf("a sender that never counts: got %d items, want 1", n)
		}
		for range 110 {
			if again := w.Take(enginetest.FromEHR, enginetest.Request("C1", "RF-2")); again.State != "duplicate" || string(again.Answer) != string(out.Answer) {
				t.Fatalf("a repeat: got %s, want duplicate", again.State)
			}
		}
		// Another sender may count as it likes.
		other := strings.Replace(enginetest.Request("C1", "RF-3"), "NSEHR|NORTHSIDE", "OTHER|NORTHSIDE", 1)
		if w.Take(enginetest.FromEHR, other); w.Incidents()["anomaly.control_id_reused"] != 1 {
			t.Errorf("another sender: got %v", w.Incidents())
		}
	})
}

func TestUnknownSenderIsHeld(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		out := w.Take(enginetest.FromAnyone, strings.Replace(enginetest.Request("C1", "RF-1"), "NSEHR|NORTHSIDE", "WHO|KNOWS", 1))
		if out.State != "held" || string(out.Answer) != "ACK AA "+out.MessageID || len(w.Referrals()) != 0 || w.Incidents()["message_held"] != 1 {
			t.Errorf("got %s, %q, %d referrals, %v", out.State, out.Answer, len(w.Referrals()), w.Incidents())
		}
		if out := w.Take(enginetest.FromAnyone, enginetest.Request("C2", "RF-1")); out.State != "processed" {
			t.Errorf("known by MSH-3 and MSH-4: got %s", out.State)
		}
	})
}

func TestOrdersThatDoNotCountAreIgnored(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		set, mistakes := rules.Compile(rules.Channel{When: rules.Source{Key: "channels[x].when", Text: `type == "ORM^O01" && msg("OBR-24") in ["REF","CON"]`}})
		if len(mistakes) > 0 {
			t.Fatal(mistakes)
		}
		w.Channel("orders", &enginetest.Line{}, transform.Channel{Type: channels.MLLP, Partner: enginetest.EHR, Rules: set})
		lab := w.Take("orders", enginetest.Orders("C1", enginetest.Order("NW", "LAB-1", "HM")))
		if lab.State != "ignored" || lab.Reason == "" || string(lab.Answer) != "ACK AA "+lab.MessageID || len(w.Referrals()) != 0 {
			t.Errorf("a lab order: got %s (%s), %q", lab.State, lab.Reason, lab.Answer)
		}
		out := w.Take("orders", enginetest.Orders("C2", enginetest.Order("NW", "O-1", "REF"), enginetest.Order("NW", "LAB-2", "HM"), enginetest.Order("NW", "O-3", "CON")))
		if out.State != "processed" || len(out.ReferralIDs) != 2 {
			t.Errorf("two referrals and a lab order: got %s (%s), %d referrals, want 2", out.State, out.Reason, len(out.ReferralIDs))
		}
		// A cancellation often carries less than the order did: that of a referral counts, that of anything else is ignored.
		if out := w.Take("orders", enginetest.Orders("C3", enginetest.Order("CA", "O-1", ""))); out.State != "processed" || len(out.ReferralIDs) != 1 {
			t.Errorf("a referral cancelled without OBR-24: got %s (%s), want processed", out.State, out.Reason)
		}
		if out := w.Take("orders", enginetest.Orders("C4", enginetest.Order("CA", "LAB-1", ""))); out.State != "ignored" || out.Verdict != channels.Taken {
			t.Errorf("a lab order cancelled: got %s (%s), want ignored", out.State, out.Reason)
		}
	})
}

// Two order groups under one ACK: all or none.
func TestOrderGroupsAreAllOrNone(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		out := w.Take(enginetest.FromEHR, enginetest.Orders("C1", enginetest.Order("NW", "O-1", "REF"), enginetest.Order("NW", "", "REF")))
		if out.Verdict != channels.Repair || len(w.Referrals()) != 0 || len(w.Deliveries("")) != 0 {
			t.Errorf("the second without a number: got %s, %d referrals, want none", out.State, len(w.Referrals()))
		}
		out = w.Take(enginetest.FromEHR, enginetest.Orders("C2", enginetest.Order("NW", "O-1", "REF"), enginetest.Order("NW", "O-2", "REF")))
		if out.State != "processed" || len(w.Referrals()) != 2 {
			t.Errorf("both whole: got %s, %d referrals, want 2", out.State, len(w.Referrals()))
		}
	})
}

func TestCancelOfKnownAndUnknownNumbers(t *testing.T) {
	for _, c := range []struct{ name, ask, cancel, unknown string }{
		{"order", enginetest.Orders("C1", enginetest.Order("NW", "N-1", "REF")), enginetest.Orders("C2", enginetest.Order("CA", "N-1", "REF")), enginetest.Orders("C3", enginetest.Order("CA", "N-9", "REF"))},
		{"REF", enginetest.Request("C1", "N-1"), enginetest.Cancel("C2", "N-1"), enginetest.Cancel("C3", "N-9")},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *enginetest.World) {
				w.Start()
				id := w.Take(enginetest.FromEHR, c.ask).ReferralIDs[0]
				if c.name == "order" { // nobody is named as its receiver
					if _, err := w.Engine.Act(t.Context(), "staff:ann", id, "verify", engine.ActInput{Set: map[string]string{"recipient_partner": enginetest.Lakeside}}); err != nil {
						t.Fatal(err)
					}
				}
				w.Settle()
				if out := w.Take(enginetest.FromEHR, c.cancel); out.State != "processed" {
					t.Errorf("known: got %s (%s)", out.State, out.Reason)
				}
				wantState(t, w, id, referral.StateCancelRequested)
				out := w.Take(enginetest.FromEHR, c.unknown)
				if out.State != "held" || string(out.Answer) != "ACK AA "+out.MessageID || w.Incidents()["anomaly.unknown_referral"] != 1 {
					t.Errorf("unknown: got %s, %q, %v, want AA and an item", out.State, out.Answer, w.Incidents())
				}
			})
		})
	}
}

// brokenStore fails one of its calls.
type brokenStore struct {
	engine.Store
	stow, write error
	inner       error
}

func (b brokenStore) Stow(ctx context.Context, body []byte) (referral.Blob, error) {
	if b.stow != nil {
		return referral.Blob{}, b.stow
	}
	return b.Store.Stow(ctx, body)
}

func (b brokenStore) Write(ctx context.Context, work func(engine.Tx) error) error {
	return b.Store.Write(ctx, func(tx engine.Tx) error {
		if err := work(brokenTx{tx, b.inner}); err != nil {
			return err
		}
		return b.write
	})
}

type brokenTx struct {
	engine.Tx
	err error
}

func (b brokenTx) PutReferral(r referral.Referral, c referral.Clock) error {
	if b.err == errPanic {
		panic("a bug")
	}
	if b.err != nil {
		return b.err
	}
	return b.Tx.PutReferral(r, c)
}

var (
	errDisk  = errors.New("disk full")
	errPanic = errors.New("panic")
)

func TestStorageFailureKeepsNothing(t *testing.T) {
	for name, b := range map[string]brokenStore{"seal": {stow: errDisk}, "commit": {write: errDisk}} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *enginetest.World) {
				b := b
				b.Store = enginetest.Store{Store: w.Store}
				e := w.EngineOn(b)
				out, err := e.Receive(t.Context(), enginetest.Inbound(enginetest.FromEHR, enginetest.Request("C1", "RF-1")))
				if !errors.Is(err, channels.ErrStorage) || !errors.Is(err, errDisk) || out.MessageID != "" || out.Answer != nil {
					t.Errorf("got %+v, %v, want ErrStorage and nothing else", out, err)
				}
				if n := len(w.Messages()); n != 0 || len(w.Referrals()) != 0 {
					t.Errorf("kept: got %d messages and %d referrals, want none", n, len(w.Referrals()))
				}
			})
		})
	}
}

func TestInnerFailureKeepsTheMessage(t *testing.T) {
	for name, cause := range map[string]error{"error": errors.New("a rule of the database"), "panic": errPanic} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *enginetest.World) {
				e := w.EngineOn(brokenStore{Store: enginetest.Store{Store: w.Store}, inner: cause})
				out, err := e.Receive(t.Context(), enginetest.Inbound(enginetest.FromEHR, enginetest.Request("C1", "RF-1")))
				if err != nil || out.State != "failed" || out.Verdict != channels.Repair || len(out.Problems) != 1 || out.Problems[0].Code != "207" {
					t.Fatalf("got %+v, %v, want failed and AE with 207", out, err)
				}
				if m := w.Message(out.MessageID); m.Code != "AE" || m.State != referral.MessageFailed || len(m.ReferralIDs) != 0 {
					t.Errorf("message: got %+v", m)
				}
				if len(w.Referrals()) != 0 || len(w.Deliveries("")) != 0 || w.Incidents()["message_failed"] != 1 {
					t.Errorf("got %d referrals, %v, want none and one item", len(w.Referrals()), w.Incidents())
				}
				// The same bytes once the cause is gone: processed afresh.
				if again := w.Take(enginetest.FromEHR, enginetest.Request("C1", "RF-1")); again.State != "processed" {
					t.Errorf("again: got %s", again.State)
				}
			})
		})
	}
}

// A refusal that nobody reads is an item: the sender asked for no answer.
func TestRefusalThatIsNotTold(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		bad := strings.Replace(enginetest.Request("C1", "RF-1"), "|RF-1^NSEHR|", "||", 1)
		if out := w.Take(enginetest.FromEHR, bad); out.Verdict != channels.Repair || len(w.Incidents()) != 0 {
			t.Fatalf("told: got verdict %d, %v, want AE and no item", out.Verdict, w.Incidents())
		}
		silent := func(body string) channels.Outcome {
			in := enginetest.Inbound(enginetest.FromEHR, body)
			in.Answer = func(channels.Outcome) []byte { return nil }
			out, err := w.Engine.Receive(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		if out := silent(strings.Replace(bad, "|C1|", "|C2|", 1)); out.State != "failed" || w.Incidents()["message_failed"] != 1 {
			t.Errorf("not told: got %s, %v, want failed and one item", out.State, w.Incidents())
		}
		if out := silent(enginetest.Request("C3", "RF-3")); out.State != "processed" || w.Incidents()["message_failed"] != 1 {
			t.Errorf("taken: got %s, %v, want no further item", out.State, w.Incidents())
		}
	})
}

func TestPanicWhileReading(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		bad := &enginetest.Line{OpenFunc: func(channels.Archived) (channels.Opened, error) { panic("a bug") }}
		w.Channel("bad", bad, transform.Channel{Type: channels.MLLP, Partner: enginetest.EHR})
		out := w.Take("bad", enginetest.Request("C1", "RF-1"))
		if out.State != "failed" || out.Verdict != channels.Repair || w.Incidents()["message_failed"] != 1 {
			t.Errorf("got %s, verdict %d, %v, want failed, AE and one item", out.State, out.Verdict, w.Incidents())
		}
	})
}

func TestRefusedIsArchivedAndNothingElse(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		in := enginetest.Inbound(enginetest.FromMail, enginetest.Request("C1", "RF-1"))
		in.Refused, in.Later, in.Answer = "signature: not trusted", true, nil
		out, err := w.Engine.Receive(t.Context(), in)
		if err != nil || out.State != "refused" || out.Answer != nil || len(w.Referrals()) != 0 || len(w.Deliveries("")) != 0 {
			t.Errorf("got %+v, %v, want refused and nothing else", out, err)
		}
	})
}
