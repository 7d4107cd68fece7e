package engine

import "sync"

// busyLanes knows what is under way, so that nothing is done twice at once, and which lanes somebody woke.
type busyLanes struct {
	mu    sync.Mutex
	lanes map[string]int
	work  map[string]bool
	woken map[string]bool
	all   bool // every lane is woken
	total int  // deliveries under way over all lanes
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

// entry is what came of enter.
type entry int

const (
	entered  entry = iota
	underWay       // the delivery is being made already
	laneFull       // its lane has no place
	noSlot         // all lanes together have no slot
)

// delivery tells the ids of deliveries from those of messages in work.
const delivery = "delivery/"

// enter marks a delivery as under way when its lane has a place and there is a slot.
func (b *busyLanes) enter(id, lane string, places, slots int) entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.work[delivery+id]:
		return underWay
	case b.lanes[lane] >= places:
		return laneFull
	case b.total >= slots:
		return noSlot
	}
	b.work[delivery+id] = true
	b.lanes[lane]++
	b.total++
	return entered
}

// leave undoes enter.
func (b *busyLanes) leave(id, lane string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.work, delivery+id)
	b.total--
	if b.lanes[lane]--; b.lanes[lane] <= 0 {
		delete(b.lanes, lane)
	}
}

// place says whether enter could succeed now for a delivery that is not under way.
func (b *busyLanes) place(lane string, places, slots int) entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.lanes[lane] >= places:
		return laneFull
	case b.total >= slots:
		return noSlot
	}
	return entered
}

// wake notes that lanes may have something due; none: any may.
func (b *busyLanes) wake(lanes []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = b.all || len(lanes) == 0
	for _, lane := range lanes {
		b.woken[lane] = true
	}
}

// takeWoken returns the lanes that were woken since the last call; the caller owns the map. all: every lane is.
func (b *busyLanes) takeWoken() (lanes map[string]bool, all bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	lanes, all = b.woken, b.all
	b.woken, b.all = map[string]bool{}, false
	return lanes, all
}
