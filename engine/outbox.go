package engine

import (
	"context"
	"sync"
	"time"

	"refloop/channels"
	"refloop/referral"
)

// idleScan is how often the outbox looks at every lane when nothing woke it.
const idleScan = 5 * time.Second

// While at least busyIntake messages are being taken in at once, at most busyDeliveries are under way: intake goes first.
const (
	busyIntake     = 4
	busyDeliveries = 2
)

// maxLookahead bounds how far into a wide lane one look goes, past deliveries that wait to be repeated.
const maxLookahead = 512

// idlePause is how long a lane is left alone in which everything seen waits to be repeated, however often it is woken.
const idlePause = 250 * time.Millisecond

// outbox is what the dispatcher remembers between two looks. Only its goroutine uses it.
type outbox struct {
	e       *Engine
	wg      sync.WaitGroup
	scanned time.Time            // when every lane was looked at last
	due     map[string]time.Time // lane -> when its first waiting delivery is due
	waiting map[string]int       // lane -> deliveries at its head that wait to be repeated: so many more are looked at
	starved map[string]bool      // lanes with something due and no slot for it
	idle    map[string]time.Time // lanes that had only such when they were looked at, and when that was
}

// runOutbox sends what is due until take ends. Lanes are independent: one dead partner never slows another. Within a lane the order of
// LaneSeq holds; lanes named in Setup.Wide run several deliveries at once, never two of one referral.
func (e *Engine) runOutbox(take, hold context.Context) error {
	o := &outbox{e: e, due: map[string]time.Time{}, waiting: map[string]int{}, starved: map[string]bool{}, idle: map[string]time.Time{}}
	defer o.wg.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-take.Done():
			return nil
		case <-e.kick:
		case <-timer.C:
		}
		timer.Reset(o.dispatch(take, hold))
	}
}

// dispatch starts what is due in the lanes that may have something, and returns how long until the next look.
func (o *outbox) dispatch(take, hold context.Context) time.Duration {
	set := o.e.setup.Load()
	for lane := range o.lanes(set) {
		if take.Err() != nil {
			return idleScan
		}
		o.look(take, hold, set, lane)
	}
	now := o.e.now()
	wait := idleScan - now.Sub(o.scanned)
	for _, at := range o.due {
		wait = min(wait, at.Sub(now))
	}
	return max(wait, time.Millisecond)
}

// lanes are those to look at now: woken, due, passed over for want of a slot, or all of them when it is time.
func (o *outbox) lanes(set *Setup) map[string]bool {
	now := o.e.now()
	lanes, all := o.e.busy.takeWoken()
	if all || now.Sub(o.scanned) >= idleScan || now.Before(o.scanned) {
		o.scanned = now
		for lane := range set.Senders {
			lanes[lane] = true
		}
	}
	for lane, at := range o.due {
		if !at.After(now) {
			lanes[lane] = true
		}
	}
	for lane := range o.starved {
		lanes[lane] = true
	}
	return lanes
}

// look starts what is due at the head of one lane, as far as there are places.
func (o *outbox) look(take, hold context.Context, set *Setup, lane string) {
	delete(o.due, lane)
	delete(o.starved, lane)
	sender, ok := set.Senders[lane]
	if !ok {
		return // its rail left the configuration: what is queued stays queued and shows so
	}
	if at, ok := o.idle[lane]; ok && o.e.now().Sub(at) < idlePause {
		o.due[lane] = at.Add(idlePause)
		return
	}
	places := orDefault(set.Wide[lane], 1)
	for {
		switch o.e.busy.place(lane, places, o.e.slots()) {
		case laneFull:
			return // the one that ends wakes the lane
		case noSlot:
			o.starved[lane] = true // one that ends anywhere wakes the outbox
			return
		}
		n := 1 // a strict lane waits for its head
		if places > 1 {
			n = min(places+o.waiting[lane], maxLookahead)
		}
		heads, err := o.e.store.LaneHeads(take, lane, n)
		if err != nil {
			if take.Err() == nil {
				o.e.log.Error("looking for due deliveries", "lane", lane, "error", err)
			}
			o.due[lane] = o.e.now().Add(idleScan)
			return
		}
		waiting := o.startDue(hold, set, sender, places, heads)
		delete(o.idle, lane)
		if waiting > 0 && waiting == len(heads) {
			o.idle[lane] = o.e.now()
		}
		further := places > 1 && len(heads) == n && waiting > o.waiting[lane]
		o.waiting[lane] = waiting
		if !further || o.starved[lane] {
			return
		}
	}
}

// startDue starts those of heads whose time has come and returns how many wait for theirs.
func (o *outbox) startDue(hold context.Context, set *Setup, sender channels.Sender, places int, heads []referral.Delivery) (waiting int) {
	now := o.e.now()
	for _, d := range heads {
		if d.NextAttempt.After(now) && !o.e.seen.leaves(d) {
			waiting++
			if at, ok := o.due[d.Lane]; !ok || d.NextAttempt.Before(at) {
				o.due[d.Lane] = d.NextAttempt
			}
			continue
		}
		switch o.e.busy.enter(d.ID, d.Lane, places, o.e.slots()) {
		case entered:
			o.wg.Go(func() { o.e.deliver(hold, attempt{e: o.e, set: set, sender: sender, d: d}) })
		case noSlot:
			o.starved[d.Lane] = true
		}
	}
	return waiting
}

// slots is how many deliveries may be under way now.
func (e *Engine) slots() int {
	if e.intake.Load() >= busyIntake {
		return min(e.lanes, busyDeliveries)
	}
	return e.lanes
}

// rest is how long a lane pauses when not even the failure of an attempt could be recorded.
const rest = time.Second

// deliver makes one attempt and gives its place back.
func (e *Engine) deliver(hold context.Context, a attempt) {
	defer func() {
		e.busy.leave(a.d.ID, a.d.Lane)
		e.wake(a.d.Lane)
	}()
	err := a.run(hold)
	if err == nil || hold.Err() != nil {
		return
	}
	e.log.Error("delivering", "delivery", a.d.ID, "lane", a.d.Lane, "error", err)
	if err := a.postpone(hold); err != nil && hold.Err() == nil {
		e.log.Error("postponing", "delivery", a.d.ID, "lane", a.d.Lane, "error", err)
		select { // the store takes nothing: do not spin
		case <-hold.Done():
		case <-time.After(rest):
		}
	}
}

// backoff is the delay after n failed attempts: doubling, with up to a quarter of jitter.
func (e *Engine) backoff(r Retry, n int) time.Duration {
	first, longest := r.First, r.Max
	if first == 0 {
		first = 2 * time.Second
	}
	if longest == 0 {
		longest = 5 * time.Minute
	}
	d := longest
	if n < 20 {
		d = min(longest, first<<max(n-1, 0))
	}
	var b [1]byte
	if _, err := e.rand.Read(b[:]); err != nil {
		return d
	}
	return d + d*time.Duration(b[0])/1024
}
