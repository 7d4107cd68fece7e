package engine

import (
	"context"
	"time"

	"refloop/referral"
)

// watchEvery is how often waiting times for proof are checked.
const watchEvery = 15 * time.Second

// watchBatch is how many deliveries one check reads at a time.
const watchBatch = 256

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

// expireProof gives up waiting on one rail where the time is over. Notices are proven by nobody and are not looked at.
func (e *Engine) expireProof(ctx context.Context, rail string, wait time.Duration) error {
	if wait <= 0 {
		return nil
	}
	set, now := e.setup.Load(), e.now().UTC()
	waiting, err := e.store.AwaitingProof(ctx, rail, now.Add(-wait), watchBatch)
	if err != nil {
		return err
	}
	for _, d := range waiting {
		err := e.write(ctx, func(tx Tx) error {
			cur, err := tx.Delivery(d.ID)
			if err != nil || cur.State != referral.DeliverySent && cur.State != referral.DeliveryTransportOK || cur.ProvenAt.After(now.Add(-wait)) {
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
