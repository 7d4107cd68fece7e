package engine

import "sync"

// busyLanes knows what is under way, so that nothing is done twice at once.
type busyLanes struct {
	mu    sync.Mutex
	lanes map[string]int
	work  map[string]bool
}

// start marks id as under way; false when it is already.
func (b *busyLanes) start(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.work[id] {
		return false
	}
	b.work[id] = true
	return true
}

// end undoes start.
func (b *busyLanes) end(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.work, id)
}

// enter takes one of max places of a lane.
func (b *busyLanes) enter(lane string, max int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lanes[lane] >= max {
		return false
	}
	b.lanes[lane]++
	return true
}

// leave gives the place back.
func (b *busyLanes) leave(lane string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lanes[lane]--; b.lanes[lane] <= 0 {
		delete(b.lanes, lane)
	}
}
