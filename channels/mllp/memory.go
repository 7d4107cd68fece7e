package mllp

import (
	"errors"
	"sync"
	"time"

	"refloop/channels"
)

// How unfinished messages share limits.memory. A message holds what it has received and at most as much again, as its buffer doubles.
const (
	busyWait  = 50 * time.Millisecond // between two questions to the budget
	stallWait = 2 * time.Second       // silence within a message after which it may lose its memory to others
	lockWait  = 10 * time.Second      // when all that hold memory have waited for more so long, one of them gives way
	slowWait  = 10 * time.Second      // after so long within a message a sender may lose its memory to others
	slowRate  = 64 << 10              // when it has sent less than so many bytes a second
)

// What a connection is doing with its memory.
const (
	memoryIdle    = iota // no message is being read
	memoryReading        // waiting for bytes of the sender
	memoryWaiting        // waiting for memory
	memoryHanded         // the message is in the engine's hands
)

// memory is what an unfinished message holds of limits.memory, and whose fault it is that it still does.
type memory struct {
	mu     sync.Mutex
	held   int
	doing  int
	since  time.Time     // of doing
	active time.Duration // spent waiting for bytes of this message
	got    int           // bytes of this message
	gone   bool          // it gave way
}

func (m *memory) set(doing int) {
	now := time.Now()
	if m.doing == memoryReading {
		m.active += now.Sub(m.since)
	}
	m.doing, m.since = doing, now
}

func (m *memory) reading() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.set(memoryReading)
}

func (m *memory) read(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.doing == memoryReading {
		m.set(memoryIdle)
		m.got += n
	}
}

func (m *memory) handed() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.set(memoryHanded)
}

func (m *memory) restart() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.doing, m.active, m.got = memoryIdle, 0, 0
}

// stalled reports whether the sender lets its message wait: silent, or much too slow.
func (m *memory) stalled(now time.Time) bool {
	if m.doing != memoryReading {
		return false
	}
	silent := now.Sub(m.since)
	active := m.active + silent
	return silent >= stallWait || active >= slowWait && m.got < int(active.Seconds()*slowRate)
}

// takeMemory asks the budget and waits while it is used up: the sender meets a full window. Unfinished messages whose senders have stopped give
// way at once; after read_timeout this one is given up.
func (c *conn) takeMemory(n int) error {
	if c.s.d.Budget == nil {
		return nil
	}
	begun := time.Now()
	deadline := begun.Add(c.s.cfg.Read.D())
	for {
		err := c.s.d.Budget.Take(n)
		if err == nil {
			c.memory.mu.Lock()
			c.memory.held += n
			c.memory.set(memoryIdle)
			c.memory.mu.Unlock()
			return nil
		}
		if !errors.Is(err, channels.ErrBusy) || c.stopped() || time.Now().After(deadline) || c.gaveWay(begun) {
			return err
		}
		c.s.makeRoom()
		pause(c.stop, busyWait)
	}
}

// gaveWay marks the connection as waiting for memory since a time, and reports whether it was chosen to give its own up.
func (c *conn) gaveWay(since time.Time) bool {
	c.memory.mu.Lock()
	defer c.memory.mu.Unlock()
	if c.memory.doing != memoryWaiting {
		c.memory.set(memoryWaiting)
		c.memory.since = since
	}
	return c.memory.gone
}

func (c *conn) giveMemory(n int) {
	if c.s.d.Budget == nil || n <= 0 {
		return
	}
	c.memory.mu.Lock()
	c.memory.held -= n
	c.memory.mu.Unlock()
	c.s.d.Budget.Give(n)
}

// makeRoom closes the connection whose unfinished message holds the most while its sender lets it wait. When all that hold memory wait for more,
// which would never end, the one that holds the least gives way.
func (s *Server) makeRoom() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	var victim, least *conn
	most, fewest, locked := 0, 0, true
	for c := range s.conns {
		c.memory.mu.Lock()
		held, stalled, gone := c.memory.held, c.memory.stalled(now), c.memory.gone
		waits := c.memory.doing == memoryWaiting && now.Sub(c.memory.since) >= lockWait
		c.memory.mu.Unlock()
		switch {
		case held == 0:
		case gone:
			return // what it held comes back now
		case stalled && held > most:
			victim, most = c, held
		case stalled:
		case !waits:
			locked = false
		case least == nil || held < fewest:
			least, fewest = c, held
		}
	}
	if victim == nil && locked {
		victim, most = least, fewest
	}
	if victim == nil {
		return
	}
	victim.memory.mu.Lock()
	victim.memory.gone = true
	victim.memory.mu.Unlock()
	s.stats.GaveWay.Add(1)
	victim.log().Warn("connection closed: its unfinished message held memory that others need; nothing was answered", "bytes_held", most)
	victim.abort()
}
