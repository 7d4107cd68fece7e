package mllp

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"refloop/channels"
	"refloop/hl7"
	codec "refloop/mllp"
)

// conn is one connection of a server. One goroutine reads, hands over and answers, so answers keep the order of the messages.
type conn struct {
	s      *Server
	raw    net.Conn // the TCP connection
	nc     net.Conn // raw, or TLS on it
	peer   string
	since  time.Time
	silent atomic.Bool     // no message yet
	stop   <-chan struct{} // closed when no more messages are taken
	reader *codec.Reader

	mu       sync.Mutex // deadlines against drain
	draining bool
	busy     bool // a message is being read or in hand
	ending   bool // waiting for the byte after 0x1C
	until    time.Time
	credit   int       // bytes that until still covers
	begun    time.Time // when the message that is being read began; zero: none is

	memory memory // what an unfinished message holds
}

// Pauses of a connection.
const (
	endWait = 200 * time.Millisecond // for 0x0D after 0x1C
)

// rateBytes is how many bytes of a message read_timeout is for.
const rateBytes = 64 << 10

var errDraining = errors.New("mllp: the server takes no more messages")

func newConn(s *Server, c net.Conn, peer string) *conn {
	cn := &conn{s: s, raw: c, nc: c, peer: peer, since: time.Now()}
	cn.silent.Store(true)
	if s.tls != nil {
		cn.nc = tls.Server(c, s.tls.current())
	}
	return cn
}

// drain lets the connection finish what it has begun and ends it when it has nothing in hand.
func (c *conn) drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.draining = true
	if !c.busy {
		_ = c.raw.SetReadDeadline(time.Unix(1, 0))
	}
}

func (c *conn) abort() { _ = c.raw.Close() }

// serve reads and answers until the connection ends.
func (c *conn) serve(take, hold context.Context) {
	defer c.s.forget(c)
	defer func() { _ = c.raw.Close() }()
	defer func() {
		if p := recover(); p != nil {
			c.s.stats.Panics.Add(1)
			c.log().Error("panic in a connection", "stack", string(debug.Stack()))
		}
	}()
	c.stop = take.Done()
	if !c.handshake(take) {
		return
	}
	c.reader = codec.NewReader(c, codec.Config{
		Limits: codec.Limits{Message: c.s.d.Max}, Take: c.takeMemory, Give: c.giveMemory, WaitEnd: c.waitEnd,
	})
	w := codec.NewWriter(c)
	for take.Err() == nil {
		c.setBusy(c.reader.Buffered())
		f, err := c.reader.Next()
		if err != nil {
			c.ended(hold, err, w)
			return
		}
		c.setBusy(true)
		c.memory.handed()
		c.s.stats.Restarts.Add(int64(f.Restarts))
		c.s.stats.Strays.Add(int64(f.Skipped))
		if f.Restarts > 0 {
			c.log().Warn("the sender started a message anew within one; the first part was dropped", "times", f.Restarts)
		}
		if speaksHL7(f.Message) {
			c.silent.Store(false)
		}
		goOn := c.s.handle(hold, f.Message, f.Restarts, c.peer, c.log(), func(answers [][]byte) error { return c.reply(w, answers) })
		c.giveMemory(f.Taken)
		if !goOn {
			return
		}
	}
}

// reply writes answers.
func (c *conn) reply(w *codec.Writer, answers [][]byte) error {
	for _, a := range answers {
		if err := w.WriteMessage(a); err != nil {
			c.log().Warn("the answer was not taken; the sender will send the message again", "error", err)
			return err
		}
		c.s.stats.Answers.Add(1)
	}
	return nil
}

func (c *conn) log() *slog.Logger { return c.s.d.Log.With("channel", c.s.d.Name, "peer", c.peer) }

func (c *conn) handshake(take context.Context) bool {
	t, ok := c.nc.(*tls.Conn)
	if !ok {
		return true
	}
	ctx, cancel := context.WithTimeout(take, c.s.cfg.Read.D())
	defer cancel()
	if err := t.HandshakeContext(ctx); err != nil {
		c.log().Warn("TLS handshake failed", "error", err)
		return false
	}
	return true
}

// ended says why a connection came to its end, and tells the sender when that is of use.
func (c *conn) ended(hold context.Context, err error, w *codec.Writer) {
	n, head := c.reader.Skipped()
	if c.silent.Load() && n > 0 {
		c.s.stats.Strays.Add(n)
		c.log().Warn("something else than MLLP spoke here", "bytes", n, "looks_like", looksLike(head), "shape", shape(head))
		c.s.stats.Foreign.Add(1)
		c.s.keep(hold, unreadableForeign, head, c.peer, c.log())
	}
	switch {
	case errors.Is(err, codec.ErrTooLarge):
		c.s.stats.TooLarge.Add(1)
		c.s.keep(hold, unreadableLarge, nil, c.peer, c.log())
		c.log().Warn("message refused: too large; the connection is closed", "error", err)
		_ = w.WriteMessage(unreadable(c.s.d.Now(), hl7.CodeMessageType, "the message is larger than this server takes; the connection is closed"))
	case errors.Is(err, errDraining), errors.Is(err, net.ErrClosed):
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.log().Info("connection closed: nothing came in time", "in_message", c.reader.InFrame())
	case errors.Is(err, channels.ErrBusy):
		c.log().Warn("connection closed: no memory for a message became free in time")
	case errors.Is(err, codec.ErrNoEnd):
		c.log().Warn("the connection ended within a message; nothing was answered", "error", err)
	default:
		c.log().Debug("connection ended", "error", err)
	}
}

// speaksHL7 tells a peer that sends messages from one that sends anything else in frames.
func speaksHL7(b []byte) bool {
	b = bytes.TrimLeft(bytes.TrimPrefix(b[:min(len(b), 64)], []byte("\xef\xbb\xbf")), " \t\r\n")
	return bytes.HasPrefix(b, []byte("MSH")) || bytes.HasPrefix(b, []byte("FHS")) || bytes.HasPrefix(b, []byte("BHS"))
}

// looksLike names what a first byte belongs to; the bytes themselves may be a patient's and are not logged.
func looksLike(head []byte) string {
	switch {
	case len(head) >= 3 && string(head[:3]) == "MSH":
		return "HL7 without MLLP frames"
	case len(head) > 0 && head[0] == 0x16:
		return "TLS"
	case len(head) > 0 && (head[0] == 'G' || head[0] == 'P' || head[0] == 'H'):
		return "HTTP"
	}
	return "unknown"
}

// inFrame names what stands in an MLLP frame that is no message.
func inFrame(body []byte) string {
	if speaksHL7(body) {
		return "HL7 whose MSH cannot be read"
	}
	return looksLike(body[:min(len(body), 3)])
}

// Read implements io.Reader for the codec with the deadlines of the connection's state: idle between messages, a minimum
// rate within one, a short wait for the last byte.
func (c *conn) Read(p []byte) (int, error) {
	c.mu.Lock()
	inFrame := c.reader.InFrame()
	if inFrame {
		if c.begun.IsZero() {
			c.begun = time.Now()
		}
		if !c.busy || c.until.IsZero() || c.credit <= 0 {
			c.busy, c.until, c.credit = true, time.Now().Add(c.s.cfg.Read.D()), rateBytes
		}
	} else if c.draining || c.stopped() {
		c.mu.Unlock()
		return 0, errDraining
	} else {
		c.busy, c.until, c.credit, c.begun = false, time.Now().Add(c.s.cfg.Idle.D()), 0, time.Time{}
	}
	deadline := c.until
	if whole := c.begun.Add(c.s.cfg.Message.D()); inFrame && c.s.cfg.Message > 0 && whole.Before(deadline) {
		deadline = whole
	}
	if c.ending {
		deadline = time.Now().Add(endWait)
	}
	_ = c.raw.SetReadDeadline(deadline)
	c.mu.Unlock()
	if inFrame {
		c.memory.reading()
	}
	n, err := c.nc.Read(p)
	c.memory.read(n)
	c.credit -= n
	if err != nil && c.isDraining() && errors.Is(err, os.ErrDeadlineExceeded) {
		err = errDraining
	}
	return n, err
}

// Write implements io.Writer with a deadline, so that a sender that does not read its answers cannot hold the connection.
func (c *conn) Write(p []byte) (int, error) {
	_ = c.raw.SetWriteDeadline(time.Now().Add(c.s.cfg.Read.D()))
	return c.nc.Write(p)
}

func (c *conn) stopped() bool {
	select {
	case <-c.stop:
		return true
	default:
		return false
	}
}

func (c *conn) isDraining() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.draining && !c.busy
}

func (c *conn) setBusy(b bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy, c.until, c.begun = b, time.Time{}, time.Time{}
	c.memory.restart()
}

func (c *conn) waitEnd(begin bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ending = begin
}
