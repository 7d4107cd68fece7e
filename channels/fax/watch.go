package fax

import (
	"context"
	"fmt"
	"time"

	"refloop/channels"
)

// poll asks for the state of faxes under way, every so often, until take ends.
func (s *Sender) poll(take, hold context.Context, h channels.Handler, ask func(context.Context, []mark, channels.Handler) error) error {
	tick := time.NewTicker(s.cfg.Poll.D())
	defer tick.Stop()
	for {
		select {
		case <-take.Done():
			return nil
		case <-tick.C:
		}
		marks, err := s.ledger.all(s.d.Now())
		if err == nil && len(marks) > 0 {
			ctx, cancel := stopsWith(hold, take)
			err = ask(ctx, marks, h)
			cancel()
		}
		if err != nil && take.Err() == nil {
			s.d.Log.Warn("the state of faxes under way cannot be asked for", "rail", s.d.Name, "faxes", len(marks), "error", err)
		}
	}
}

// stopsWith ends with either context.
func stopsWith(a, b context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(a)
	stop := context.AfterFunc(b, cancel)
	return ctx, func() { stop(); cancel() }
}

// settle hands a final state to the engine, and when that is durable forgets the fax.
func (s *Sender) settle(ctx context.Context, h channels.Handler, m mark, r channels.Receipt) error {
	if err := h.Confirm(ctx, r); err != nil {
		return fmt.Errorf("fax: state of delivery %s: %w", m.Delivery, err)
	}
	return s.ledger.dropIf(m)
}
