package engine

import (
	"context"
	"fmt"
	"time"

	"refloop/referral"
)

// watchEvery is how often waiting times for proof are checked.
const watchEvery = 15 * time.Second

// watchBatch is how many deliveries one check reads at a time.
const watchBatch = 256

// ProofWait is how long a delivery may stay without proof before the next rail is tried, both counted from the moment at which its transport
// took it. Zero: for ever.
type ProofWait struct {
	Processed  time.Duration // until the receiver says that it has it
	Dispatched time.Duration // until the proof of delivery
}

// watchProof ends the wait for deliveries whose proof did not come in the rail's waiting time: the next rail is tried.
func (e *Engine) watchProof(take context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-take.Done():
			return
		case <-tick.C:
			for rail, wait := range e.setup.Load().ProofWait {
				if err := e.expireProof(take, rail, wait); err != nil && take.Err() == nil {
					e.log.Error("looking for missing proof", "rail", rail, "error", err)
				}
			}
		}
	}
}

// expireProof gives up waiting on one rail where a time is over. Notices are proven by nobody and are not looked at.
func (e *Engine) expireProof(ctx context.Context, rail string, wait ProofWait) error {
	if err := e.expire(ctx, rail, "dispatched", wait.Dispatched, false); err != nil {
		return err
	}
	return e.expire(ctx, rail, "processed", wait.Processed, true)
}

// expire gives up the deliveries of a rail for which a notification did not come in time. silent: only where none came at all.
func (e *Engine) expire(ctx context.Context, rail, what string, wait time.Duration, silent bool) error {
	if wait <= 0 {
		return nil
	}
	set, now := e.setup.Load(), e.now().UTC()
	waiting, err := e.store.AwaitingProof(ctx, rail, now.Add(-wait), silent, watchBatch)
	if err != nil {
		return err
	}
	for _, d := range waiting {
		err := e.write(ctx, func(tx Tx) error {
			cur, err := tx.Delivery(d.ID)
			if err != nil || cur.State != referral.DeliverySent && cur.State != referral.DeliveryTransportOK || cur.ProvenAt.After(now.Add(-wait)) ||
				silent && cur.Receipt == referral.ReceiptProcessed {
				return err
			}
			return e.giveUp(tx, set, cur, fmt.Sprintf("expired: no proof of delivery: no %s notification within %s", what, wait), now)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
