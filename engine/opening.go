package engine

import (
	"context"
	"sync"
	"time"

	"refloop/referral"
)

const (
	// scanEvery is how often the background looks for messages that no one handed over.
	scanEvery = 30 * time.Second
	// largeMessage is the size from which a message waits for memory before it is opened; the workers can open smaller ones at any time.
	largeMessage = 1 << 20
	// maxParked bounds how many large messages wait for memory; more wait in the archive until the next scan.
	maxParked = 64
)

// Room is the memory that opening shares with intake (limits.memory).
type Room interface {
	// Enter takes what opening a message of n bytes needs, and waits for it until ctx ends. It must not wait for intake alone: when
	// nothing else is being opened it returns at once. leave hands the memory back and is called once.
	Enter(ctx context.Context, n int64) (leave func(), err error)
}

// noRoom is memory without a bound.
type noRoom struct{}

func (noRoom) Enter(context.Context, int64) (func(), error) { return func() {}, nil }

// enqueue hands a message to the background; when the queue is full the periodic scan of openWaiting finds it.
func (e *Engine) enqueue(id string) {
	select {
	case e.inbox <- id:
	default:
	}
}

// openWaiting opens messages that were answered before they were processed (Direct, fax), first those a crash left behind.
func (e *Engine) openWaiting(take, hold context.Context) {
	o := &opener{e: e, take: take, hold: hold, slots: make(chan struct{}, e.workers), parked: make(chan struct{}, maxParked)}
	defer o.wg.Wait() // for work in hand
	o.scan()
	tick := time.NewTicker(scanEvery)
	defer tick.Stop()
	for {
		select {
		case <-take.Done():
			return
		case id := <-e.inbox:
			o.begin(id)
		case <-tick.C:
			o.scan()
		}
	}
}

// opener is the background that opens messages. It begins nothing once take has ended.
type opener struct {
	e          *Engine
	take, hold context.Context
	slots      chan struct{} // one for each message being opened
	parked     chan struct{} // one for each large message that waits for memory, which has no slot meanwhile
	wg         sync.WaitGroup
}

// scan begins what nobody handed over.
func (o *opener) scan() {
	ids, err := o.e.store.PendingMessages(o.take, 256+o.e.waits.count()) // those that wait for a judgement are the oldest
	if err != nil && o.take.Err() == nil {
		o.e.log.Error("looking for waiting messages", "error", err)
	}
	for _, id := range ids {
		if o.e.waits.due(id, o.e.now()) {
			o.begin(id)
		}
	}
}

// slot waits for a slot; false: nothing new begins any more.
func (o *opener) slot() bool {
	select {
	case o.slots <- struct{}{}:
		if o.take.Err() == nil {
			return true
		}
		<-o.slots
	case <-o.take.Done():
	}
	return false
}

// begin opens a message as soon as there is a slot, unless that is under way.
func (o *opener) begin(id string) {
	if !o.slot() {
		return
	}
	if !o.e.busy.start(id) {
		<-o.slots
		return
	}
	o.wg.Go(func() {
		defer o.e.busy.end(id)
		leave, ok := o.room(id)
		if !ok {
			return
		}
		defer func() { leave(); <-o.slots }()
		if err := o.e.process(o.hold, id); err != nil && o.hold.Err() == nil {
			o.e.log.Error("processing", "message", id, "error", err)
		}
	})
}

// room gets the memory for a message that has a slot. A large one gives its slot to others while it waits, so that small ones are
// opened meanwhile; false: it is not opened now, and has no slot.
func (o *opener) room(id string) (leave func(), ok bool) {
	m, err := o.e.store.Message(o.hold, id)
	if err != nil || m.Bytes < largeMessage || m.State != referral.MessageReceived {
		return func() {}, true // process says what is wrong with it
	}
	<-o.slots
	select {
	case o.parked <- struct{}{}:
		defer func() { <-o.parked }()
	default:
		return nil, false
	}
	if leave, err = o.e.room.Enter(o.take, m.Bytes); err != nil {
		return nil, false
	}
	if !o.slot() {
		leave()
		return nil, false
	}
	return leave, true
}
