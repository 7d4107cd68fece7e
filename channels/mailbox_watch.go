package channels

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// AlarmMailbox is the kind of the alarm of a channel whose mailbox cannot be read.
const AlarmMailbox = "mailbox_closed"

// lookAtMailbox is how often it is looked whether a mailbox can be read.
const lookAtMailbox = 30 * time.Second

// MailboxWatch tells the engine, when it is an [Observer], that the mailbox of a channel cannot be read, and when it can again. The mailbox
// must be closed on two looks in a row; while it stays closed there is one alarm. It is for one goroutine. Channel, Handler, Ready, Now and
// Log must be set.
type MailboxWatch struct {
	Channel string // in the YAML file
	Handler Handler
	Ready   func() error  // nil while the mailbox can be read; its error stands in the alarm: no patient data
	Note    string        // whose mailbox it is and what waits there: the alarm begins with it
	Every   time.Duration // between two looks; 0: 30 s
	Now     func() time.Time
	Log     *slog.Logger

	Kinds []string                   // further kinds of alarms, those of More
	More  func(scope string) []Alarm // further alarms of the same channel, their keys begin with scope; nil: none

	closed int       // looks in a row
	since  time.Time // of the first of them
	told   *Observation
}

// Run runs a mailbox until take ends and looks at it meanwhile. It returns what mailbox returns.
func (w *MailboxWatch) Run(take, hold context.Context, mailbox func(take, hold context.Context) error) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	watching, stop := context.WithCancel(take)
	defer stop()
	if to, ok := w.Handler.(Observer); ok {
		wg.Go(func() { w.watch(watching, to) })
	}
	return mailbox(take, hold)
}

// watch tells what is new, until ctx ends.
func (w *MailboxWatch) watch(ctx context.Context, to Observer) {
	every := w.Every
	if every <= 0 {
		every = lookAtMailbox
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		o, news := w.See()
		if !news {
			continue
		}
		if err := to.Observe(ctx, o); err == nil {
			w.told = &o
		} else if ctx.Err() == nil {
			w.Log.Error("telling that mail cannot go in or out", "channel", w.Channel, "error", err)
		}
	}
}

// See looks once; news reports that it is not what was told last.
func (w *MailboxWatch) See() (o Observation, news bool) {
	o = Observation{Source: "channel/" + w.Channel, At: w.Now(), Kinds: append([]string{AlarmMailbox}, w.Kinds...), Scope: w.Channel + " "}
	err := w.Ready()
	if err == nil {
		w.closed = 0
	} else if w.closed++; w.closed == 1 {
		w.since = o.At
	}
	switch {
	case w.closed == 1:
		return o, false // once is nothing yet
	case w.closed > 1:
		o.Alarms = append(o.Alarms, Alarm{Kind: AlarmMailbox, Key: o.Scope + w.since.UTC().Format(time.RFC3339), Note: w.Note + ": " + err.Error() + "; see refloop doctor"})
	}
	if w.More != nil {
		o.Alarms = append(o.Alarms, w.More(o.Scope)...)
	}
	return o, w.told == nil || !sameAlarms(w.told.Alarms, o.Alarms)
}

// sameAlarms compares what an incident is known by.
func sameAlarms(a, b []Alarm) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Kind != b[i].Kind || a[i].Key != b[i].Key {
			return false
		}
	}
	return true
}
