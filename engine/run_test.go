package engine_test

import (
	"context"
	"testing"
	"time"

	"refloop/channels"
	"refloop/internal/enginetest"
	"refloop/referral"
)

// After "take no more" the work in hand goes on until it is done; nothing new begins.
func TestDraining(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		osuByMail(w, enginetest.Lakeside)
		open := make(chan struct{})
		w.Senders[enginetest.DirectLane].SendFunc = func(ctx context.Context, _ channels.Outbound) (channels.Receipt, error) {
			select {
			case <-open:
			case <-ctx.Done():
				return channels.Receipt{}, ctx.Err()
			}
			return channels.Receipt{Level: channels.LevelSent, Code: "250"}, nil
		}
		w.Mail.PrepareFunc = func(ctx context.Context, _ channels.Archived) ([]byte, error) {
			select {
			case <-open:
				return []byte(`{}`), nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		take, stop := context.WithCancel(context.Background())
		hold, letGo := context.WithCancel(context.Background())
		defer letGo()
		done := make(chan error, 1)
		go func() { done <- w.Engine.Run(take, hold) }()
		r := ask(t, w)
		mail := w.Post(enginetest.Says("L1", r.ID, "OK", "IP"), "<1@lake>")
		w.Settle()
		stop()
		w.Pass(time.Second)
		select {
		case <-done:
			t.Fatal("Run ended with work in hand")
		default:
		}
		late := w.Take(enginetest.FromEHR, enginetest.Request("C2", "RF-2")) // still taken: the listener may drain too
		close(open)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		wantDelivery(t, w, r.ID, 0, referral.DeliverySent)
		if m := w.Message(mail.MessageID); m.State != referral.MessageProcessed {
			t.Errorf("mail in hand: got %s, want processed", m.State)
		}
		if d := w.Deliveries(late.ReferralIDs[0])[0]; d.State != referral.DeliveryQueued || d.Attempts != 0 {
			t.Errorf("new work: got %s after %d attempts, want queued", d.State, d.Attempts)
		}
	})
}

// When the time to drain is over, Run ends at once, and what was under way is taken up at the next start.
func TestGivingUp(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Senders[enginetest.DirectLane].SendFunc = func(ctx context.Context, _ channels.Outbound) (channels.Receipt, error) {
			<-ctx.Done()
			return channels.Receipt{}, errDown
		}
		take, stop := context.WithCancel(context.Background())
		hold, letGo := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- w.Engine.Run(take, hold) }()
		r := ask(t, w)
		w.Settle()
		stop()
		w.Pass(time.Second)
		letGo()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		wantDelivery(t, w, r.ID, 0, referral.DeliverySending)
		w.Senders[enginetest.DirectLane].SendFunc = enginetest.Mailed
		w.Restart()
		w.Settle()
		wantDelivery(t, w, r.ID, 0, referral.DeliverySent)
	})
}

// While intake is busy only two deliveries are under way, and none is forgotten.
func TestIntakeGoesFirst(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		ids := askMany(t, w, 4)
		slow := make(chan struct{})
		w.Senders[enginetest.DirectLane].SendFunc = func(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
			select {
			case <-slow:
			case <-ctx.Done():
			}
			return enginetest.Mailed(ctx, o)
		}
		gate := make(chan struct{})
		w.Set.Channels[enginetest.FromLakeside] = engineChannel(&enginetest.Line{OpenFunc: func(a channels.Archived) (channels.Opened, error) {
			<-gate
			return (&enginetest.Line{}).Open(a)
		}})
		answers := make(chan error, 4)
		for i := range 4 {
			go func() {
				_, err := w.Engine.Receive(t.Context(), enginetest.Inbound(enginetest.FromLakeside, enginetest.Says("L"+string(rune('0'+i)), ids[i], "SC", "", "NTE|1||when?")))
				answers <- err
			}()
		}
		w.Settle()
		w.Start()
		w.Settle()
		if n := len(w.Senders[enginetest.DirectLane].Sent()); n != 2 {
			t.Errorf("while 4 messages are taken in: got %d deliveries under way, want 2", n)
		}
		close(gate)
		for range 4 {
			if err := <-answers; err != nil {
				t.Fatal(err)
			}
		}
		close(slow)
		w.Settle()
		if n := len(w.Senders[enginetest.DirectLane].Sent()); n != 4 {
			t.Errorf("afterwards: got %d sent, want 4", n)
		}
	})
}
