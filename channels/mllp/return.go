package mllp

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// Limits of the return connection.
const (
	maxReturns  = 1000 // application acknowledgements that wait for it
	returnWait  = 500 * time.Millisecond
	returnLimit = 30 * time.Second // the longest pause between two tries
)

// returner sends application acknowledgements over a connection of its own (2.9.3: the application answer is a message to the initiating
// system). What waits when the daemon ends is not lost for good: the answer is kept with the message, and a sender that misses it sends
// the message again.
type returner struct {
	c     *client
	queue chan []byte
	stats *Stats
	log   *slog.Logger
}

func newReturner(cfg Config, stats *Stats, log *slog.Logger) (*returner, error) {
	t, err := keepClientTLS(cfg.Return, RailConfig{TLS: cfg.ReturnTLS, CA: cfg.ReturnCA})
	if err != nil {
		return nil, fmt.Errorf("ack_return: %w", err)
	}
	c := &client{address: cfg.Return, tls: t, timeout: cfg.Read.D(), dial: plainDial}
	return &returner{c: c, queue: make(chan []byte, maxReturns), stats: stats, log: log}, nil
}

// put queues an answer; false: too many wait already.
func (r *returner) put(answer []byte) bool {
	select {
	case r.queue <- answer:
		return true
	default:
		r.stats.ReturnsLost.Add(1)
		r.log.Error("an application acknowledgement was dropped: too many wait for the return connection", "waiting", maxReturns)
		return false
	}
}

// run sends what is queued, in order, until the queue is closed and empty, or hold ends.
func (r *returner) run(hold context.Context) {
	defer r.c.close()
	for answer := range r.queue {
		wait := returnWait
		for {
			err := r.c.post(hold, answer)
			if err == nil {
				r.stats.Returns.Add(1)
				break
			}
			if hold.Err() != nil {
				r.stats.ReturnsLost.Add(int64(1 + len(r.queue)))
				return
			}
			r.log.Warn("the return connection does not take an acknowledgement; it is tried again", "in", wait, "error", err)
			pause(hold.Done(), wait)
			wait = min(2*wait, returnLimit)
		}
	}
}
