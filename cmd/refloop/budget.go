package main

import (
	"context"
	"math"
	"runtime/debug"
	"sync/atomic"

	"refloop/channels"
)

// budget is limits.memory: the bytes of all open intake, and of the large messages being opened, together. Parts of it are kept for smaller messages, so that a few senders of
// huge ones, stopped in the middle, do not lock out everybody else.
type budget struct {
	limit, used atomic.Int64
	inside      atomic.Int64  // large messages being opened
	door        chan struct{} // held by the one that waits to be opened next
	given       chan struct{} // something was given back
}

func newBudget(limit int64) *budget {
	b := &budget{door: make(chan struct{}, 1), given: make(chan struct{}, 1)}
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
func (b *budget) Give(n int) {
	b.used.Add(-int64(n))
	select {
	case b.given <- struct{}{}:
	default: // said already
	}
}

// openingFactor is what opening a message takes for each of its bytes: the archived mail, the same without base64, its parts, and what
// judging it left to the collector before it was opened for good.
const openingFactor = 4

// Enter implements engine.Room. Messages go in their order. The first goes at once, whatever intake holds: intake never waits for opening
// but refuses, so nothing waits in a circle. More than one at once share what is free, as a large message of intake would.
func (b *budget) Enter(ctx context.Context, n int64) (leave func(), err error) {
	select {
	case b.door <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-b.door }()
	cost := min(openingFactor*n, b.limit.Load())
	for !b.admit(cost) {
		select {
		case <-b.given:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return func() { b.inside.Add(-1); b.Give(int(cost)) }, nil
}

// admit takes the memory of one opening when it may begin. Only the holder of the door calls it.
func (b *budget) admit(cost int64) bool {
	if used := b.used.Add(cost); b.inside.Load() > 0 && used > share(b.limit.Load(), cost) {
		b.used.Add(-cost)
		return false
	}
	b.inside.Add(1)
	return true
}

// workingMemory is the least that a daemon needs beside limits.memory: the store, pages, one decoded message at a time in each worker.
const workingMemory = 128 << 20

// holdMemory tells the garbage collector to work harder before the heap is larger than twice limits.memory: intake and opening in use, and
// as much again for what they leave behind. GOMEMLIMIT, where set, stays in force.
func holdMemory(limit int64) {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(max(2*limit, limit+workingMemory))
	}
}
