package channels

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// seen is a handler that hears observations, and refuses as many as refuse holds.
type seen struct {
	Handler
	told   chan Observation
	refuse chan error
}

func (s seen) Observe(_ context.Context, o Observation) error {
	select {
	case err := <-s.refuse:
		return err
	default:
	}
	s.told <- o
	return nil
}

// TestMailboxWatch: once closed is nothing, twice is one alarm for as long as it lasts, and the next time is another one.
func TestMailboxWatch(t *testing.T) {
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	var closed error
	var more []Alarm
	w := MailboxWatch{Channel: "box", Ready: func() error { return closed }, Note: "our mailbox", Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
		Kinds: []string{"other"}, More: func(string) []Alarm { return more }}
	down := errors.New("down")
	for i, step := range []struct {
		closed error
		more   []Alarm
		want   string // what is told, "-" when nothing is
	}{
		{nil, nil, "[]"}, {nil, nil, "-"}, {down, nil, "-"}, {down, nil, "[mailbox_closed box 2026-11-23T08:02:00Z]"}, {errors.New("still down"), nil, "-"},
		{down, []Alarm{{Kind: "other", Key: "box x"}}, "[mailbox_closed box 2026-11-23T08:02:00Z other box x]"}, {nil, nil, "[]"},
		{down, nil, "-"}, {nil, nil, "-"}, {down, nil, "-"}, {down, nil, "[mailbox_closed box 2026-11-23T08:09:00Z]"},
	} {
		closed, more = step.closed, step.more
		o, news := w.See()
		got := "-"
		if news {
			var list []string
			for _, a := range o.Alarms {
				list = append(list, a.Kind+" "+a.Key)
			}
			got, w.told = fmt.Sprint(list), &o
			if o.Source != "channel/box" || o.Scope != "box " || fmt.Sprint(o.Kinds) != "[mailbox_closed other]" || !o.At.Equal(now) {
				t.Errorf("look %d: got %+v", i, o)
			}
			if closed != nil && !strings.HasPrefix(o.Alarms[0].Note, "our mailbox: down") {
				t.Errorf("look %d: got note %q", i, o.Alarms[0].Note)
			}
		}
		if got != step.want {
			t.Errorf("look %d: got %s, want %s", i, got, step.want)
		}
		now = now.Add(time.Minute)
	}
}

// TestMailboxWatchTells: what could not be told is told at the next look; without an Observer the mailbox is run all the same.
func TestMailboxWatchTells(t *testing.T) {
	h := seen{told: make(chan Observation), refuse: make(chan error, 1)}
	h.refuse <- ErrStorage
	w := MailboxWatch{Channel: "box", Handler: h, Ready: func() error { return errors.New("down") }, Every: time.Millisecond, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	take, stop := context.WithCancel(t.Context())
	defer stop()
	ended := errors.New("ended")
	err := w.Run(take, t.Context(), func(context.Context, context.Context) error {
		if o := <-h.told; len(o.Alarms) != 1 || o.Alarms[0].Kind != AlarmMailbox {
			t.Errorf("got %+v", o)
		}
		return ended
	})
	if !errors.Is(err, ended) {
		t.Errorf("got %v, want what the mailbox returns", err)
	}
	w.Handler = h.Handler
	if err := w.Run(take, t.Context(), func(context.Context, context.Context) error { return ended }); !errors.Is(err, ended) {
		t.Errorf("without an Observer: got %v, want what the mailbox returns", err)
	}
}
