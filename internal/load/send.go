package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"refloop/hl7"
	"refloop/mllp"
)

// Config says what Run sends. Address, Conns and one of For and Count must be set.
type Config struct {
	Address string
	Run     string        // goes into control IDs and referral numbers; empty is fine
	Conns   int           // connections, each with one message in flight
	For     time.Duration // how long; 0: until Count messages are answered
	Count   int           // 0: no limit
	Skip    func(n int) bool
	// Acked is called with each message that was answered AA, from the connection's goroutine. Nil: nothing.
	Acked func(n int)
}

// Result is what Run measured.
type Result struct {
	Acked  int           // answered AA
	Other  int           // answered anything else
	Took   time.Duration // from the first to the last message
	Median time.Duration // of the time from the first byte sent to the answer read
	P99    time.Duration
	Err    error // why a connection ended early; nil: none did
}

// Rate is messages a second that were answered AA.
func (r Result) Rate() float64 { return float64(r.Acked) / r.Took.Seconds() }

// Run sends messages until the time or the count is over, or ctx ends, or every connection has failed.
func Run(ctx context.Context, cfg Config) Result {
	if cfg.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, cfg.For)
		defer cancel()
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	runs := make([]connRun, cfg.Conns)
	start := time.Now()
	for i := range runs {
		wg.Go(func() { runs[i].err = runs[i].send(ctx, cfg, &next) })
	}
	wg.Wait()
	return sum(runs, time.Since(start))
}

type connRun struct {
	acked, other int
	times        []time.Duration
	err          error
}

func sum(runs []connRun, took time.Duration) Result {
	r := Result{Took: took}
	var times []time.Duration
	var errs []error
	for _, c := range runs {
		r.Acked += c.acked
		r.Other += c.other
		times = append(times, c.times...)
		errs = append(errs, c.err)
	}
	r.Err = errors.Join(errs...)
	slices.Sort(times)
	if n := len(times); n > 0 {
		r.Median, r.P99 = times[n/2], times[n*99/100]
	}
	return r
}

// send is one connection: one message, one answer, again.
func (c *connRun) send(ctx context.Context, cfg Config, next *atomic.Int64) error {
	var d net.Dialer
	nc, err := d.DialContext(ctx, "tcp", cfg.Address)
	if err != nil {
		return err
	}
	defer nc.Close()
	r := mllp.NewReader(nc, mllp.Config{})
	var frame []byte
	for ctx.Err() == nil {
		n := int(next.Add(1)) - 1
		if cfg.Count > 0 && n >= cfg.Count {
			return nil
		}
		if cfg.Skip != nil && cfg.Skip(n) {
			continue
		}
		frame = mllp.Append(frame[:0], Referral(cfg.Run, n))
		begun := time.Now()
		if err := c.exchange(nc, r, frame, ControlID(cfg.Run, n)); err != nil {
			return err
		}
		c.times = append(c.times, time.Since(begun))
		if cfg.Acked != nil {
			cfg.Acked(n)
		}
	}
	return nil
}

// answerLimit is how long an answer may take before the connection counts as dead.
const answerLimit = time.Minute

func (c *connRun) exchange(nc net.Conn, r *mllp.Reader, frame []byte, control string) error {
	if err := nc.SetDeadline(time.Now().Add(answerLimit)); err != nil {
		return err
	}
	if _, err := nc.Write(frame); err != nil {
		return err
	}
	f, err := r.Next()
	if err != nil {
		return err
	}
	a, err := hl7.ParseAck(f.Message, hl7.Limits{})
	if err != nil {
		return err
	}
	if a.About != control {
		return fmt.Errorf("load: got an answer to another message (%d bytes), want one to %s", len(f.Message), control)
	}
	if a.Code != "AA" {
		c.other++
		return fmt.Errorf("load: message %s: got %s, want AA", control, a.Code)
	}
	c.acked++
	return nil
}
