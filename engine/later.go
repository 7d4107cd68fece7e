package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"refloop/channels"
	"refloop/referral"
)

// waiting are messages whose rail cannot judge them yet, and when each is tried again.
type waiting struct {
	mu   sync.Mutex
	next map[string]time.Time
	n    map[string]int
}

// How long a message that cannot be judged yet is left alone: doubling from the first.
const (
	firstWait   = time.Minute
	longestWait = 15 * time.Minute
)

// put off a message; it returns when it is tried again.
func (w *waiting) put(id string, now, until time.Time) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.next == nil {
		w.next, w.n = map[string]time.Time{}, map[string]int{}
	}
	at := now.Add(min(longestWait, firstWait<<min(w.n[id], 10)))
	if at.After(until) && until.After(now) {
		at = until
	}
	w.next[id] = at
	w.n[id]++
	return at
}

// due reports whether a message may be tried now, and how many are waiting.
func (w *waiting) due(id string, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !now.Before(w.next[id])
}

func (w *waiting) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.next)
}

func (w *waiting) forget(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.next, id)
	delete(w.n, id)
}

// putOff keeps a message `received` when its rail says that nothing can be decided yet; the reason says so. Until it is decided nothing is
// answered, and a restart tries it at once. done: it was put off.
func (e *Engine) putOff(ctx context.Context, m referral.Message, cause error) (done bool, err error) {
	var later *channels.LaterError
	if !errors.As(cause, &later) {
		return false, nil
	}
	now := e.now().UTC()
	next := e.waits.put(m.ID, now, later.Until)
	if m.Reason == later.Error() {
		return true, nil
	}
	e.log.Warn("not decided yet", "message", m.ID, "channel", m.Channel, "until", later.Until.UTC(), "next", next)
	m.Reason = later.Error()
	return true, e.write(ctx, func(tx Tx) error { return tx.SetMessage(m) })
}
