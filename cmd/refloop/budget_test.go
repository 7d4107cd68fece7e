package main

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"refloop/channels"
)

// TestBudgetKeepsRoomForSmallMessages: a few senders of huge messages that stop in the middle must not lock out those of usual size.
func TestBudgetKeepsRoomForSmallMessages(t *testing.T) {
	b := newBudget(256 << 20)
	huge := 0
	for size := 64 << 20; size > 4<<20; size /= 2 {
		for b.Take(size) == nil {
			huge += size
		}
	}
	if huge < 128<<20 || huge > 192<<20 {
		t.Errorf("huge messages took %d bytes of 256 MiB, want up to three quarters", huge)
	}
	middle := 0
	for b.Take(1<<20) == nil {
		middle += 1 << 20
	}
	if middle == 0 {
		t.Error("messages of 1 MiB got nothing beside huge ones")
	}
	for n := range 1000 {
		if err := b.Take(16 << 10); err != nil {
			t.Fatalf("message %d of 16 KiB: %v", n, err)
		}
	}
	for b.Take(64<<10) == nil {
	}
	if err := b.Take(64 << 10); !errors.Is(err, channels.ErrBusy) {
		t.Errorf("got %v, want ErrBusy", err)
	}
	if used := b.used.Load(); used > b.limit.Load() {
		t.Errorf("used %d over the limit", used)
	}
}

// TestBudgetTakesOneMessageOfItsSize: a message that fits the limit is taken when nothing else is open.
func TestBudgetTakesOneMessageOfItsSize(t *testing.T) {
	b := newBudget(16 << 20)
	if err := b.Take(16 << 20); err != nil {
		t.Fatal(err)
	}
	b.Give(16 << 20)
	if err := b.Take(16<<20 + 1); !errors.Is(err, channels.ErrBusy) {
		t.Errorf("got %v, want ErrBusy", err)
	}
	if used := b.used.Load(); used != 0 {
		t.Errorf("%d bytes stay taken", used)
	}
}

// TestOpeningSharesTheBudget: one large message can always be opened, a second one when there is room or the first has ended, and intake
// counts what they take.
func TestOpeningSharesTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(256 << 20)
		if err := b.Take(190 << 20); err != nil {
			t.Fatal(err)
		}
		first, err := b.Enter(t.Context(), 20<<20)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Take(16 << 20); !errors.Is(err, channels.ErrBusy) {
			t.Errorf("intake beside them: got %v, want ErrBusy", err)
		}
		order := make(chan int, 3)
		for i := range 3 {
			go func() {
				leave, err := b.Enter(t.Context(), 20<<20)
				if err != nil {
					t.Error(err)
					return
				}
				order <- i
				leave()
			}()
			synctest.Wait()
		}
		if len(order) != 0 {
			t.Error("a second one was opened over the budget")
		}
		first() // intake still holds three quarters
		synctest.Wait()
		for i := range 3 {
			if got := <-order; got != i {
				t.Errorf("got message %d, want %d: the order in which they came", got, i)
			}
		}
		second, err := b.Enter(t.Context(), 20<<20)
		if err != nil {
			t.Fatal(err)
		}
		ended, end := context.WithCancel(t.Context())
		end()
		if _, err := b.Enter(ended, 20<<20); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want Canceled", err)
		}
		third := make(chan func(), 1)
		go func() {
			leave, err := b.Enter(t.Context(), 20<<20)
			if err != nil {
				t.Error(err)
			}
			third <- leave
		}()
		synctest.Wait()
		b.Give(190 << 20) // intake has ended: there is room for two
		synctest.Wait()
		if len(third) != 1 {
			t.Fatal("not opened although there is room")
		}
		(<-third)()
		second()
		if used, inside := b.used.Load(), b.inside.Load(); used != 0 || inside != 0 {
			t.Errorf("%d bytes of %d openings stay taken", used, inside)
		}
	})
}
