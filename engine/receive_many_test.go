package engine_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"refloop/channels"
	"refloop/engine"
	"refloop/internal/enginetest"
	"refloop/referral"
)

// Messages of a batch share commits, and are still taken one after the other.
func TestReceiveAllKeepsTheOrder(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		var list []channels.Inbound
		add := func(body string) { list = append(list, enginetest.Inbound(enginetest.FromEHR, body)) }
		for i := range 100 { // more than one commit
			add(enginetest.Request(fmt.Sprintf("R%d", i), fmt.Sprintf("RF-%d", i)))
			add(enginetest.Cancel(fmt.Sprintf("C%d", i), fmt.Sprintf("RF-%d", i)))
		}
		add(enginetest.Request("R0", "RF-0")) // again
		outs, err := w.Engine.ReceiveAll(t.Context(), list)
		if err != nil || len(outs) != len(list) {
			t.Fatalf("got %d outcomes, %v, want %d", len(outs), err, len(list))
		}
		for i, out := range outs[:200] {
			if out.State != "processed" || string(out.Answer) != "ACK AA "+out.MessageID || len(out.ReferralIDs) != 1 {
				t.Fatalf("message %d: got %s, %q, %v", i, out.State, out.Answer, out.ReferralIDs)
			}
			if i%2 == 1 && out.ReferralIDs[0] != outs[i-1].ReferralIDs[0] {
				t.Fatalf("message %d cancels another referral than the one before it asked for", i)
			}
		}
		if last := outs[200]; last.State != "duplicate" || string(last.Answer) != string(outs[0].Answer) {
			t.Errorf("a message of the batch again: got %s, %q", last.State, last.Answer)
		}
		for _, r := range w.Referrals() {
			if r.State != referral.StateCancelled && r.State != referral.StateCancelRequested {
				t.Fatalf("got a referral in state %s, want it cancelled", r.State)
			}
		}
	})
}

// refusingStore stores nothing of one control ID.
type refusingStore struct {
	engine.Store
	control string
}

func (s refusingStore) Write(ctx context.Context, work func(engine.Tx) error) error {
	return s.Store.Write(ctx, func(tx engine.Tx) error { return work(refusingTx{tx, s.control}) })
}

type refusingTx struct {
	engine.Tx
	control string
}

func (t refusingTx) AddMessage(m referral.Message, body referral.Blob) error {
	if m.ControlID == t.control {
		return errDisk
	}
	return t.Tx.AddMessage(m, body)
}

// One message that cannot be stored costs those before it nothing, and those after it were not taken.
func TestReceiveAllStopsAtWhatCannotBeStored(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		e := w.EngineOn(refusingStore{enginetest.Store{Store: w.Store}, "R3"})
		var list []channels.Inbound
		for i := range 6 {
			list = append(list, enginetest.Inbound(enginetest.FromEHR, enginetest.Request(fmt.Sprintf("R%d", i), fmt.Sprintf("RF-%d", i))))
		}
		outs, err := e.ReceiveAll(t.Context(), list)
		if len(outs) != 3 || !errors.Is(err, channels.ErrStorage) || !errors.Is(err, errDisk) {
			t.Errorf("got %d outcomes and %v, want 3 and ErrStorage", len(outs), err)
		}
		if n := len(w.Messages()); n != 3 || len(w.Referrals()) != 3 {
			t.Errorf("kept %d messages and %d referrals, want 3", n, len(w.Referrals()))
		}
	})
}

func TestSaysIsTheCodeOfTheMessage(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		in := enginetest.Inbound(enginetest.FromEHR, enginetest.Request("C1", "RF-1"))
		in.Says = func(answer []byte) string { return "CA AE" }
		first, err := w.Engine.Receive(t.Context(), in)
		if err != nil || w.Message(first.MessageID).Code != "CA AE" {
			t.Fatalf("got %q, %v, want what was sent", w.Message(first.MessageID).Code, err)
		}
		if again, err := w.Engine.Receive(t.Context(), in); err != nil || again.State == "duplicate" {
			t.Errorf("again: got %s, %v; what was refused is processed afresh", again.State, err)
		}
	})
}
