package engine

import (
	"context"
	"strings"
	"sync"
	"time"

	"refloop/referral"
)

// idleScan is how often the outbox looks for due deliveries when nothing woke it.
const idleScan = 5 * time.Second

// runOutbox sends what is due until take ends. Lanes are independent: one dead partner never slows another. Within a lane the order of
// LaneSeq holds; lanes named in Setup.Wide run several deliveries at once, never two of one referral.
func (e *Engine) runOutbox(take, hold context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	slots := make(chan struct{}, e.lanes)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-take.Done():
			return nil
		case <-e.kick:
		case <-timer.C:
		}
		timer.Reset(e.dispatch(take, hold, &wg, slots))
	}
}

// dispatch starts every due head that has a free place and returns how long until the next one is due.
func (e *Engine) dispatch(take, hold context.Context, wg *sync.WaitGroup, slots chan struct{}) time.Duration {
	set := e.setup.Load()
	heads, err := e.store.LaneHeads(take, func(lane string) int { return orDefault(set.Wide[lane], 1) })
	if err != nil {
		if take.Err() == nil {
			e.log.Error("looking for due deliveries", "error", err)
		}
		return idleScan
	}
	wait := idleScan
	for _, d := range heads {
		sender, ok := set.Senders[d.Lane]
		if !ok {
			continue // held, or its rail left the configuration: it stays queued and shows so
		}
		if until := d.NextAttempt.Sub(e.now()); until > 0 {
			wait = min(wait, until)
			continue
		}
		select {
		case slots <- struct{}{}:
		default:
			return wait // every slot is taken; a finished delivery wakes us
		}
		if !e.busy.enter(d.Lane, orDefault(set.Wide[d.Lane], 1)) {
			<-slots
			continue
		}
		if !e.busy.start("delivery/" + d.ID) {
			e.busy.leave(d.Lane)
			<-slots
			continue
		}
		wg.Go(func() {
			defer func() {
				e.busy.end("delivery/" + d.ID)
				e.busy.leave(d.Lane)
				<-slots
				e.wake()
			}()
			a := attempt{e: e, set: set, sender: sender, d: d}
			if err := a.run(hold); err != nil && hold.Err() == nil {
				e.log.Error("delivering", "delivery", d.ID, "lane", d.Lane, "error", err)
				a.postpone(hold)
			}
		})
	}
	return wait
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

// watchEvery is how often waiting times for proof are checked.
const watchEvery = 15 * time.Second

// watchProof ends the wait for deliveries whose proof did not come in the rail's waiting time: the next rail is tried.
func (e *Engine) watchProof(take context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-take.Done():
			return
		case <-tick.C:
			if err := e.expireProof(take); err != nil && take.Err() == nil {
				e.log.Error("looking for missing proof", "error", err)
			}
		}
	}
}

// expireProof gives up waiting where the time is over.
func (e *Engine) expireProof(ctx context.Context) error {
	set := e.setup.Load()
	shortest := time.Duration(0)
	for _, w := range set.ProofWait {
		if w > 0 && (shortest == 0 || w < shortest) {
			shortest = w
		}
	}
	if shortest == 0 {
		return nil
	}
	now := e.now()
	waiting, err := e.store.AwaitingProof(ctx, now.Add(-shortest), 256)
	if err != nil {
		return err
	}
	for _, d := range waiting {
		wait := set.ProofWait[d.Rail]
		if wait == 0 || strings.HasPrefix(d.Event, "mdn.") || d.Created.Add(wait).After(now) {
			continue
		}
		err := e.store.Write(ctx, func(tx Tx) error {
			cur, err := tx.Delivery(d.ID)
			if err != nil || cur.State != referral.DeliverySent && cur.State != referral.DeliveryTransportOK {
				return err
			}
			return e.giveUp(tx, set, cur, "expired: no proof of delivery within "+wait.String(), now)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
