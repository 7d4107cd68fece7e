package main

import (
	"sync/atomic"

	"refloop/channels"
)

// budget is limits.memory: the bytes of all open intake together.
type budget struct {
	limit int64
	used  atomic.Int64
}

func newBudget(limit int64) *budget { return &budget{limit: limit} }

// Take implements channels.Budget.
func (b *budget) Take(n int) error {
	if b.used.Add(int64(n)) > b.limit {
		b.used.Add(-int64(n))
		return channels.ErrBusy
	}
	return nil
}

// Give implements channels.Budget.
func (b *budget) Give(n int) { b.used.Add(-int64(n)) }
