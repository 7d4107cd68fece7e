package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"refloop/channels"
	"refloop/engine"
	"refloop/internal/enginetest"
	"refloop/referral"
)

// owes makes the mail channel owe processed and, by outcome, dispatched or failed.
func owes(w *enginetest.World) {
	w.Mail.NoticesFunc = func(a channels.Archived, o channels.Opened, out channels.Outcome) []channels.Notice {
		if o.Refused != "" {
			return nil
		}
		n := channels.Notice{Event: "mdn.processed", Rail: channels.Direct, Address: a.Sender, About: a.ControlID}
		second := n
		if second.Event = "mdn.dispatched"; out.State == "failed" {
			second.Event = "mdn.failed"
		}
		return []channels.Notice{n, second}
	}
}

// osuByMail is a message of Lakeside about a referral, as the mail rail would unwrap it.
func osuByMail(w *enginetest.World, partner string) {
	w.Mail.OpenFunc = func(a channels.Archived) (channels.Opened, error) {
		return channels.Opened{
			Type: "direct/360x", Partner: partner, Sender: enginetest.LakesideDirect, ControlID: a.ControlID,
			Parts: []channels.Part{{Kind: channels.KindHL7, Body: a.Body}},
		}, nil
	}
}

func TestLaterIsAnsweredBeforeItIsRead(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		owes(w)
		osuByMail(w, enginetest.Lakeside)
		w.Start()
		r := ask(t, w)
		w.Settle()
		slow := make(chan struct{})
		w.Mail.PrepareFunc = func(context.Context, channels.Archived) ([]byte, error) { <-slow; return []byte(`{"trust":1}`), nil }
		out := w.Post(enginetest.Says("L1", r.ID, "OK", "IP"), "<1@lake>")
		if out.State != "received" || out.Answer != nil {
			t.Errorf("got %s, %q, want received and no answer of the engine's", out.State, out.Answer)
		}
		w.Settle()
		wantState(t, w, r.ID, referral.StateSent)
		close(slow)
		w.Settle()
		wantState(t, w, r.ID, referral.StateAccepted)
		m := w.Message(out.MessageID)
		evidence, err := w.Store.Evidence(t.Context(), m.ID)
		if m.State != referral.MessageProcessed || m.Type != "direct/360x" || err != nil || string(evidence) != `{"trust":1}` {
			t.Errorf("message: got %+v, evidence %q, %v", m, evidence, err)
		}
		if got := w.Senders[enginetest.NoticeLane].Events(); !slices.Equal(sorted(got), []string{"mdn.dispatched", "mdn.processed"}) {
			t.Errorf("notices: got %v", got)
		}
		// Reprocessing owes nothing anew, and the same mail again is a duplicate.
		if _, err := w.Engine.Reprocess(t.Context(), "staff:ann", m.ID, true); err != nil {
			t.Fatal(err)
		}
		if again := w.Post(enginetest.Says("L1", r.ID, "OK", "IP"), "<1@lake>"); again.State != "duplicate" {
			t.Errorf("the same mail: got %s, want duplicate", again.State)
		}
		if again := w.Post(enginetest.Says("L1", r.ID, "OK", "IP"), "<2@lake>"); again.State != "duplicate" {
			t.Errorf("the same content: got %s, want duplicate", again.State)
		}
		w.Settle()
		if n := len(w.Senders[enginetest.NoticeLane].Sent()); n != 2 {
			t.Errorf("got %d notices, want 2 in all", n)
		}
		w.Pass(25 * time.Hour)
		if again := w.Post(enginetest.Says("L1", r.ID, "OK", "IP"), "<3@lake>"); again.State != "received" {
			t.Errorf("the same content a day later: got %s, want it taken", again.State)
		}
	})
}

func sorted(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return s
}

func TestNothingIsOwedForRefusedMail(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		owes(w)
		w.Mail.OpenFunc = func(channels.Archived) (channels.Opened, error) {
			return channels.Opened{Refused: "the signer is not trusted"}, nil
		}
		w.Start()
		out := w.Post("anything", "<1@x>")
		w.Settle()
		if m := w.Message(out.MessageID); m.State != referral.MessageRefused || m.Reason == "" || len(w.Deliveries("")) != 0 {
			t.Errorf("got %s (%s), %d deliveries", m.State, m.Reason, len(w.Deliveries("")))
		}
	})
}

func TestLaterThatFailsSaysSo(t *testing.T) {
	for name, broken := range map[string]func(*enginetest.World){
		"open panics": func(w *enginetest.World) {
			w.Mail.OpenFunc = func(channels.Archived) (channels.Opened, error) { panic("a bug") }
		},
		"open fails": func(w *enginetest.World) {
			w.Mail.OpenFunc = func(channels.Archived) (channels.Opened, error) { return channels.Opened{}, errors.New("unreadable") }
		},
		"prepare panics": func(w *enginetest.World) {
			w.Mail.PrepareFunc = func(context.Context, channels.Archived) ([]byte, error) { panic("a bug") }
		},
		"prepare fails": func(w *enginetest.World) {
			w.Mail.PrepareFunc = func(context.Context, channels.Archived) ([]byte, error) { return nil, errors.New("no OCR") }
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *enginetest.World) {
				broken(w)
				w.Start()
				out := w.Post(enginetest.Request("C1", "RF-1"), "<1@x>")
				w.Settle()
				if m := w.Message(out.MessageID); m.State != referral.MessageFailed || w.Incidents()["message_failed"] != 1 {
					t.Errorf("got %s (%s), %v, want failed and one item", m.State, m.Reason, w.Incidents())
				}
				// The engine goes on.
				ask(t, w)
			})
		})
	}
}

// What was answered and not yet read is taken up at the next start, and only once.
func TestLaterSurvivesACrash(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		owes(w)
		osuByMail(w, enginetest.Lakeside)
		r := ask(t, w)
		for i := range 5 {
			w.Post(enginetest.Says("L1", r.ID, "OK", "IP", fmt.Sprintf("NTE|1||%d", i)), fmt.Sprintf("<%d@lake>", i))
		}
		var prepared atomic.Int32
		w.Mail.PrepareFunc = func(ctx context.Context, _ channels.Archived) ([]byte, error) {
			prepared.Add(1)
			<-ctx.Done() // the crash comes while it is being read
			return nil, ctx.Err()
		}
		w.Start()
		w.Settle()
		if n := prepared.Load(); n != 2 {
			t.Errorf("got %d messages in work, want 2: the limit of workers", n)
		}
		w.Stop()
		for _, m := range w.Messages() {
			if m.Channel == enginetest.FromMail && m.State != referral.MessageReceived {
				t.Fatalf("after the crash: got %s (%s), want received", m.State, m.Reason)
			}
		}
		w.Mail.PrepareFunc = func(context.Context, channels.Archived) ([]byte, error) { prepared.Add(1); return []byte(`{}`), nil }
		prepared.Store(0)
		w.Restart()
		w.Settle()
		wantState(t, w, r.ID, referral.StateAccepted)
		if n := prepared.Load(); n != 5 {
			t.Errorf("after the start: got %d read, want 5", n)
		}
		if n := len(w.Senders[enginetest.NoticeLane].Sent()); n != 10 {
			t.Errorf("got %d notices, want two for each of 5", n)
		}
	})
}

// What nobody handed over to the background is found by its periodic look.
func TestScanFindsWhatNobodyHandedOver(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		osuByMail(w, enginetest.Lakeside)
		r := ask(t, w)
		w.Start()
		w.Settle()
		other := w.EngineOn(enginetest.Store{Store: w.Store}) // archives, and has no background
		in := enginetest.Inbound(enginetest.FromMail, enginetest.Says("L1", r.ID, "OK", "IP"))
		in.Later, in.Answer = true, nil
		if _, err := other.Receive(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		w.Settle()
		wantState(t, w, r.ID, referral.StateSent)
		w.Pass(time.Minute)
		wantState(t, w, r.ID, referral.StateAccepted)
	})
}

func TestUseSwapsTheSetup(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Start()
		next := *w.Set
		next.Hash = "config-2"
		next.Channels = map[string]engine.Channel{}
		w.Engine.Use(&next)
		out := w.Take(enginetest.FromEHR, enginetest.Request("C1", "RF-1"))
		if m := w.Message(out.MessageID); m.State != referral.MessageFailed || m.ConfigHash != "config-2" {
			t.Errorf("channel gone: got %s (%s) under %s", m.State, m.Reason, m.ConfigHash)
		}
		w.Engine.Use(w.Set)
		if again := w.Take(enginetest.FromEHR, enginetest.Request("C1", "RF-1")); again.State != "processed" {
			t.Errorf("channel back: got %s", again.State)
		}
	})
}

func TestNewNeedsItsParts(t *testing.T) {
	if _, err := engine.New(engine.Config{}, &engine.Setup{}); err == nil {
		t.Error("without a store: want an error")
	}
}
