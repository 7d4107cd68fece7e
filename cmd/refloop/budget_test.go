package main

import (
	"errors"
	"testing"

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
