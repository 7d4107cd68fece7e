package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"refloop/channels"
)

// room is one opened channel or sender and its running work.
type room struct {
	print   string
	channel channels.Channel
	sender  channels.Sender

	// Set by start; nil before.
	stop   func(drain time.Duration) // ends its work and waits for it; what is in hand may go on for so long
	failed func() error              // why its work ended by itself
}

// openRooms returns the rooms of pl: those that did not change and still work are the running ones.
func (d *daemon) openRooms(pl *plan, dp deps) (map[string]*room, error) {
	next := map[string]*room{}
	for _, c := range pl.channels {
		key, print := "channel/"+c.name, roomPrint(c.print, pl, dp)
		if have := d.kept(key, print); have != nil {
			next[key] = have
			continue
		}
		ch, err := c.open(dp)
		if err != nil {
			return nil, err
		}
		next[key] = &room{print: print, channel: ch}
	}
	for _, s := range pl.senders {
		key, print := "lane/"+s.lane, roomPrint(s.print, pl, dp)
		if have := d.kept(key, print); have != nil {
			next[key] = have
			continue
		}
		sender, err := s.open(dp)
		if err != nil {
			return nil, err
		}
		next[key] = &room{print: print, sender: sender}
	}
	return next, nil
}

// roomPrint adds to the digest of a room's own part of the configuration what it is given besides: the limit of a message, and for
// Direct the certificates, which are in files that may change under the same names.
func roomPrint(print string, pl *plan, dp deps) string {
	print += fmt.Sprintf(" %d", dp.max)
	if pl.direct.print != "" && strings.Contains(print, pl.direct.print) {
		print += " " + dp.direct.agent.Trust.Digest()
	}
	return print
}

// kept returns the room of that name when it is as wanted and has not ended by itself.
func (d *daemon) kept(key, print string) *room {
	have := d.rooms[key]
	if have == nil || have.print != print || have.failed != nil && have.failed() != nil {
		return nil
	}
	return have
}

// retired are the rooms that next does not hold.
func (d *daemon) retired(next map[string]*room) (old []*room) {
	for key, r := range d.rooms {
		if next[key] != r {
			old = append(old, r)
		}
	}
	return old
}

// startAll starts every room that does not run yet.
func (d *daemon) startAll() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for key, r := range d.rooms {
		if r.stop == nil {
			d.start(key, r)
		}
	}
}

// stopAll stops rooms, all at once, and waits for them.
func (d *daemon) stopAll(rooms []*room, drain time.Duration) {
	var wg sync.WaitGroup
	for _, r := range rooms {
		if r.stop != nil {
			wg.Go(func() { r.stop(drain) })
		}
	}
	wg.Wait()
}

// How long work in hand may go on: drain after the daemon was told to stop, over all; reloadDrain in a room that a reload takes away or
// changes, while its port is closed.
const (
	drain       = 20 * time.Second
	reloadDrain = 5 * time.Second
)

// start runs a room's work in the background until its stop is called.
func (d *daemon) start(key string, r *room) {
	run := func(take, hold context.Context) error { return nil }
	switch {
	case r.channel != nil:
		run = r.channel.Run
	case r.sender != nil:
		if w := watcherOf(r.sender, d.engine); w != nil {
			run = w
		}
	}
	take, stopTaking := context.WithCancel(context.Background())
	hold, letGo := context.WithCancel(context.Background())
	done := make(chan struct{})
	var failure error
	go func() {
		defer close(done)
		if failure = run(take, hold); failure != nil {
			d.log.Error("stopped", "room", key, "error", failure)
		}
	}()
	r.failed = func() error {
		select {
		case <-done:
			return failure
		default:
			return nil
		}
	}
	r.stop = func(drain time.Duration) {
		stopTaking()
		timer := time.AfterFunc(drain, letGo)
		<-done
		timer.Stop()
		letGo()
	}
}

// stopRooms ends every channel and sender; none is started after it.
func (d *daemon) stopRooms() {
	d.enter(ending)
	d.change.Lock()
	defer d.change.Unlock()
	d.stopAll(d.retired(nil), drain)
	d.mu.Lock()
	d.rooms = map[string]*room{}
	d.mu.Unlock()
}
