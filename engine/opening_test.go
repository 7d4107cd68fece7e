package engine_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"refloop/channels"
	"refloop/engine"
	"refloop/internal/enginetest"
	"refloop/referral"
)

// doorkeeper is a Room that lets a message in when the test says so.
type doorkeeper struct{ asked, let chan int64 }

func (d *doorkeeper) Enter(ctx context.Context, n int64) (func(), error) {
	d.asked <- n
	select {
	case <-d.let:
		return func() { d.asked <- -n }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Large messages that wait for memory keep nobody from opening small ones, hand back what they took, and are left as they are at the end.
func TestLargeMessagesWaitForMemory(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		room := &doorkeeper{make(chan int64, 16), make(chan int64, 16)}
		var err error
		w.Engine, err = engine.New(engine.Config{Store: enginetest.Store{Store: w.Store}, Now: time.Now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler), Room: room}, w.Set)
		if err != nil {
			t.Fatal(err)
		}
		w.Mail.OpenFunc = func(channels.Archived) (channels.Opened, error) { return channels.Opened{Type: "direct/mail"}, nil }
		take, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- w.Engine.Run(take, context.Background()) }()
		const large = 2 << 20
		var ids []string
		for i := range 4 {
			ids = append(ids, w.Post(strings.Repeat(string(rune('a'+i)), large), fmt.Sprintf("<large%d@lake>", i)).MessageID)
		}
		w.Settle()
		small := w.Post("words", "<small@lake>")
		w.Settle()
		if m := w.Message(small.MessageID); m.State == referral.MessageReceived {
			t.Error("a small message waits behind large ones")
		}
		opened := func() (n int) {
			for _, id := range ids {
				if w.Message(id).State != referral.MessageReceived {
					n++
				}
			}
			return n
		}
		if n := opened(); n != 0 || len(room.asked) != 4 {
			t.Errorf("without memory: %d opened, %d asked", n, len(room.asked))
		}
		room.let <- 1
		w.Settle()
		if n := opened(); n != 1 || len(room.asked) != 5 {
			t.Errorf("with memory for one: %d opened, %d asked or gave back", n, len(room.asked))
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if n := opened(); n != 1 {
			t.Errorf("at the end: %d opened", n)
		}
	})
}
