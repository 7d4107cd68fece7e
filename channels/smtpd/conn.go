package smtpd

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// tailBytes is how much a client may still send after a refusal inside DATA, so that it gets to read our answer.
const tailBytes = 4 << 20

// tailTime is how long it may take for that.
const tailTime = 10 * time.Second

// errTooMany is never seen outside: Accept goes on to the next connection.
var errTooMany = errors.New("smtpd: too many connections")

// gate is a listener that counts, limits and remembers its connections. The SMTP
// library closes connections late or not at all when it is told to stop, so we hold them ourselves.
type gate struct {
	net.Listener
	max      int
	allow    []netip.Prefix
	dialogue dialogue // how each connection begins

	mu       sync.Mutex
	conns    map[*conn]struct{}
	order    uint64
	draining bool
	refused  int
}

func newGate(l net.Listener, limit int, allow []netip.Prefix) *gate {
	return &gate{Listener: l, max: limit, allow: allow, conns: map[*conn]struct{}{}}
}

// Accept returns the next allowed connection. When all places are taken, the
// oldest connection that is not in a transaction is closed; without one the new one gets a 421.
func (g *gate) Accept() (net.Conn, error) {
	for {
		raw, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if !g.allowed(raw.RemoteAddr()) {
			refuse(raw, "554 5.7.1 not allowed to connect\r\n")
			continue
		}
		c, err := g.admit(raw)
		if err == nil {
			return c, nil
		}
		refuse(raw, "421 4.3.2 too many connections, try again later\r\n")
	}
}

// refuse answers without waiting for a slow reader.
func refuse(c net.Conn, line string) {
	_ = c.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
	_, _ = io.WriteString(c, line)
	_ = c.Close()
}

func (g *gate) allowed(a net.Addr) bool {
	if len(g.allow) == 0 {
		return true
	}
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return false
	}
	for _, p := range g.allow {
		if p.Contains(ap.Addr().Unmap()) {
			return true
		}
	}
	return false
}

func (g *gate) admit(raw net.Conn) (*conn, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.conns) >= g.max {
		oldest := g.oldestIdle()
		if oldest == nil {
			g.refused++
			return nil, errTooMany
		}
		delete(g.conns, oldest)
		_ = oldest.raw.Close()
	}
	g.order++
	c := &conn{Conn: raw, raw: raw, dialogue: g.dialogue, gate: g, order: g.order}
	g.conns[c] = struct{}{}
	return c, nil
}

// oldestIdle finds the connection that gives way; the caller holds mu.
func (g *gate) oldestIdle() *conn {
	var oldest *conn
	for c := range g.conns {
		if !c.busy && (oldest == nil || c.order < oldest.order) {
			oldest = c
		}
	}
	return oldest
}

// drain makes idle connections end with a 421 and busy ones after their message.
func (g *gate) drain() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.draining = true
	for c := range g.conns {
		if !c.busy {
			_ = c.raw.SetReadDeadline(time.Now())
		}
	}
}

// kill closes what is left.
func (g *gate) kill() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for c := range g.conns {
		_ = c.raw.Close()
	}
}

// conn is one connection. The SMTP library sets deadlines before each command only; here they hold inside DATA too.
type conn struct {
	net.Conn          // in the clear, then TLS; guarded by mu
	raw      net.Conn // in the clear
	dialogue dialogue // used by the session's goroutine alone
	gate     *gate
	order    uint64
	busy     bool // in DATA, until its answer is out; guarded by gate.mu
	ending   bool // DATA is done, its answer comes next; guarded by gate.mu

	mu   sync.Mutex
	tail int // octets still read after a refusal; 0: no refusal
	over bool
}

// Read ends the stream when a refused client has had its tail.
func (c *conn) Read(b []byte) (int, error) {
	c.mu.Lock()
	over, tail := c.over, c.tail
	c.mu.Unlock()
	if over {
		return 0, io.EOF
	}
	n, err := c.next(b)
	if tail > 0 {
		c.mu.Lock()
		if c.tail -= n; c.tail <= 0 {
			c.over = true
		}
		c.mu.Unlock()
	}
	return n, err
}

// Close forgets the connection.
func (c *conn) Close() error {
	c.gate.mu.Lock()
	delete(c.gate.conns, c)
	c.gate.mu.Unlock()
	return c.wire().Close()
}

// Write corrects an answer and sends it.
func (c *conn) Write(b []byte) (int, error) {
	if bytes.HasPrefix(b, []byte("354 ")) { // from here on it does not give way to others; the session's Data begins after the client has read this
		c.gate.mu.Lock()
		c.busy = true
		c.gate.mu.Unlock()
	}
	if out := c.dialogue.answered(b); len(out) > 0 {
		if _, err := c.wire().Write(out); err != nil {
			return 0, err
		}
	}
	c.rest()
	return len(b), nil
}

// rest lets the connection give way to others again, once the answer to its message is out: who does not hear a 250 sends again.
func (c *conn) rest() {
	c.gate.mu.Lock()
	rests := c.ending
	if rests {
		c.busy, c.ending = false, false
	}
	draining := c.gate.draining
	c.gate.mu.Unlock()
	if rests && draining {
		_ = c.raw.SetReadDeadline(time.Now())
	}
}

// SetReadDeadline keeps a draining connection from getting more time.
func (c *conn) SetReadDeadline(t time.Time) error {
	c.gate.mu.Lock()
	defer c.gate.mu.Unlock()
	if c.gate.draining && !c.busy {
		t = time.Now()
	}
	return c.raw.SetReadDeadline(t)
}

// begin marks a transaction and gives it all its time at once; end undoes that with the next answer.
func (c *conn) begin(d time.Duration) {
	c.gate.mu.Lock()
	c.busy = true
	c.gate.mu.Unlock()
	_ = c.raw.SetReadDeadline(time.Now().Add(d))
}

func (c *conn) end() {
	c.gate.mu.Lock()
	c.ending = true
	c.gate.mu.Unlock()
}

// refuseData lets the client finish a little of what it sends, then ends the stream.
func (c *conn) refuseData() {
	c.mu.Lock()
	c.tail = tailBytes
	c.mu.Unlock()
	_ = c.raw.SetReadDeadline(time.Now().Add(tailTime))
}

// hangUp makes the next read the end: after a refused DATA nothing more is taken.
func (c *conn) hangUp() {
	c.mu.Lock()
	c.over = true
	c.mu.Unlock()
}
