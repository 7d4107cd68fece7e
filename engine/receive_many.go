package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"refloop/channels"
)

// commitTogether is how many messages of one batch are one piece of the writer's work: they share a commit, and other callers wait no longer
// than for so many.
const commitTogether = 64

// ReceiveAll takes the messages of a batch in order, many in one commit; see channels.BatchHandler.
func (e *Engine) ReceiveAll(ctx context.Context, list []channels.Inbound) ([]channels.Outcome, error) {
	e.intake.Add(1)
	defer e.intake.Add(-1)
	outs := make([]channels.Outcome, 0, len(list))
	for some := range slices.Chunk(list, commitTogether) {
		got, err := e.receiveSome(ctx, some)
		outs = append(outs, got...)
		if err != nil {
			return outs, err
		}
	}
	return outs, nil
}

// receiveSome takes messages in one commit. When that fails each is tried alone, so that one that cannot be stored costs the others nothing.
func (e *Engine) receiveSome(ctx context.Context, list []channels.Inbound) ([]channels.Outcome, error) {
	outs, err := e.receiveTogether(ctx, list)
	if err == nil {
		for i, out := range outs {
			e.afterReceive(out, list[i])
		}
		return outs, nil
	}
	if ctx.Err() != nil || len(list) == 1 {
		return nil, fmt.Errorf("%w: %w", channels.ErrStorage, err)
	}
	outs = outs[:0]
	for _, in := range list {
		out, err := e.Receive(ctx, in)
		if err != nil {
			return outs, err
		}
		outs = append(outs, out)
	}
	return outs, nil
}

// receiveTogether is all or none.
func (e *Engine) receiveTogether(ctx context.Context, list []channels.Inbound) ([]channels.Outcome, error) {
	arrivals, err := e.arriveAll(ctx, list)
	if err != nil {
		return nil, err
	}
	outs := make([]channels.Outcome, len(list))
	err = e.write(ctx, func(tx Tx) error {
		for i, a := range arrivals {
			var err error
			if outs[i], err = e.archive(tx, a); err != nil {
				return err
			}
		}
		return nil
	})
	return outs, err
}

// arriveAll gives each message its row, in order, and seals and decodes them on all processors: that is the larger part of the work.
func (e *Engine) arriveAll(ctx context.Context, list []channels.Inbound) ([]arrival, error) {
	set := e.setup.Load()
	arrivals := make([]arrival, len(list))
	for i, in := range list {
		row, err := e.rowOf(in, set.Hash)
		if err != nil {
			return nil, err
		}
		arrivals[i] = arrival{in: in, row: row}
	}
	errs := make([]error, len(list))
	var wg sync.WaitGroup
	workers := min(runtime.GOMAXPROCS(0), len(list))
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(list); i += workers {
				errs[i] = e.prepareArrival(ctx, set, &arrivals[i])
			}
		})
	}
	wg.Wait()
	return arrivals, errors.Join(errs...)
}
