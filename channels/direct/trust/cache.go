package trust

import (
	"sync"
	"time"
)

// maxCached bounds each cache: over it, what ends first goes.
const maxCached = 5000

// failedFor is how long a failure is remembered, so that a dead host costs one time-out a minute.
const failedFor = time.Minute

// cache keeps values until their time, failures included. It is safe for concurrent use.
type cache[T any] struct {
	mu    sync.Mutex
	items map[string]cached[T]
}

type cached[T any] struct {
	value T
	err   error
	until time.Time
}

// get returns what is kept under key and still counts at now.
func (c *cache[T]) get(key string, now time.Time) (T, error, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i, ok := c.items[key]
	if !ok || !now.Before(i.until) {
		var none T
		return none, nil, false
	}
	return i.value, i.err, true
}

// last returns what is kept under key, however old, unless it is a failure.
func (c *cache[T]) last(key string) (T, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i, ok := c.items[key]
	return i.value, ok && i.err == nil
}

func (c *cache[T]) put(key string, value T, err error, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.items == nil {
		c.items = map[string]cached[T]{}
	}
	if _, have := c.items[key]; !have && len(c.items) >= maxCached {
		first := ""
		for k, i := range c.items {
			if first == "" || i.until.Before(c.items[first].until) {
				first = k
			}
		}
		delete(c.items, first)
	}
	c.items[key] = cached[T]{value, err, until}
}
