package main

import (
	"math"
	"runtime/debug"
	"sync/atomic"

	"refloop/channels"
)

// budget is limits.memory: the bytes of all open intake together. Parts of it are kept for smaller messages, so that a few senders of
// huge ones, stopped in the middle, do not lock out everybody else.
type budget struct {
	limit, used atomic.Int64
}

func newBudget(limit int64) *budget {
	b := &budget{}
	b.limit.Store(limit)
	return b
}

// A message up to tinyMessage, or 1/4096 of the budget, may use all of it; up to 1/64 of the budget, seven eighths; a larger one, three quarters.
const tinyMessage = 64 << 10

// share is how much may be in use after a message has taken n bytes.
func share(limit, n int64) int64 {
	switch {
	case n <= max(tinyMessage, limit/4096):
		return limit
	case n <= limit/64:
		return limit - limit/8
	}
	return limit - limit/4
}

// Take implements channels.Budget.
func (b *budget) Take(n int) error {
	limit, used := b.limit.Load(), b.used.Add(int64(n))
	alone := used == int64(n) && used <= limit // nobody is kept out by it
	if used > share(limit, int64(n)) && !alone {
		b.used.Add(-int64(n))
		return channels.ErrBusy
	}
	return nil
}

// Give implements channels.Budget.
func (b *budget) Give(n int) { b.used.Add(-int64(n)) }

// workingMemory is what a daemon needs beside its intake: the store, pages, one decoded message at a time in each worker.
const workingMemory = 128 << 20

// holdMemory tells the garbage collector to work harder before the heap is much larger than limits.memory: intake in use, and as much
// again for what is made of it. GOMEMLIMIT, where set, stays in force.
func holdMemory(limit int64) {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(2*limit + workingMemory)
	}
}
