package mllp

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"refloop/hl7"
	codec "refloop/mllp"
)

// link is one open connection of a client. A goroutine of its own reads all the time: so answers that come when nobody waits (the application
// acknowledgement after a commit) are taken too, and a peer that closes is noticed before the next message.
type link struct {
	nc    net.Conn
	late  func(hl7.AckInfo, []byte) // answers nobody waits for; nil: dropped
	ended chan struct{}             // closed when reading has ended

	mu    sync.Mutex
	want  string       // MSH-10 whose answer is waited for
	wait  chan arrival // nil: nobody waits; has room for one
	other int          // frames that were no answer to it
	last  string       // what the last of them was
	bytes atomic.Int64 // read since the wait began
	err   error        // why reading ended
}

// arrival is what came for the one who waits.
type arrival struct {
	info hl7.AckInfo
	raw  []byte
	err  error
}

func newLink(nc net.Conn, late func(hl7.AckInfo, []byte)) *link {
	l := &link{nc: nc, late: late, ended: make(chan struct{})}
	go l.read()
	return l
}

// close ends the connection and waits for the reader.
func (l *link) close() {
	_ = l.nc.Close()
	<-l.ended
}

// alive tells whether the connection can still bring something.
func (l *link) alive() bool {
	select {
	case <-l.ended:
		return false
	default:
		return true
	}
}

func (l *link) read() {
	defer close(l.ended)
	r := codec.NewReader(counted{l}, codec.Config{Limits: codec.Limits{Message: maxAnswer}, WaitEnd: func(begin bool) {
		var until time.Time // none: the one who waits has a timer
		if begin {
			until = time.Now().Add(endWait) // some receivers never send the last byte
		}
		_ = l.nc.SetReadDeadline(until)
	}})
	for {
		f, err := r.Next()
		if err == nil {
			l.arrived(f.Message)
			continue
		}
		l.mu.Lock()
		l.err = err
		l.mu.Unlock()
		return
	}
}

// arrived gives a frame to whom it belongs.
func (l *link) arrived(raw []byte) {
	var info hl7.AckInfo
	m, err := hl7.Parse(raw, hl7.Limits{Bytes: maxAnswer})
	switch {
	case err != nil:
		l.give(arrival{raw: raw, err: fmt.Errorf("%w: %w", ErrUnreadable, err)})
		return
	default:
		if info, err = m.Ack(); err != nil {
			l.pass("a message without MSA") // of the peer's own
			return
		}
	}
	l.mu.Lock()
	mine := l.wait != nil && (info.About == l.want || info.About == "" && !info.Positive())
	l.mu.Unlock()
	switch {
	case mine:
		l.give(arrival{info: info, raw: raw})
	default:
		l.pass(strayAnswer(info))
		if l.late != nil {
			l.late(info, raw)
		}
	}
}

// give hands something to the one who waits; without one it is dropped.
func (l *link) give(a arrival) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wait != nil {
		l.wait <- a // there is room: whoever waits takes one
		l.wait = nil
	}
}

// pass counts what does not belong to the one who waits; too much of it ends the wait.
func (l *link) pass(what string) {
	l.mu.Lock()
	l.other++
	l.last = what
	over := l.other >= maxStrays
	l.mu.Unlock()
	if over {
		l.give(arrival{err: fmt.Errorf("%w: got %d other messages first", ErrNoAnswer, maxStrays)})
	}
}

// expect begins to wait for the answer to a message.
func (l *link) expect(id string) <-chan arrival {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.want, l.wait, l.other, l.last = id, make(chan arrival, 1), 0, ""
	l.bytes.Store(0)
	return l.wait
}

// instead says what came in place of the answer that is waited for, without quoting it; empty: nothing did.
func (l *link) instead() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch n := l.bytes.Load(); {
	case l.other == 1:
		return "what came is " + l.last
	case l.other > 1:
		return fmt.Sprintf("%d messages came that do not answer it, the last is %s", l.other, l.last)
	case n > 0:
		return fmt.Sprintf("%d bytes came that are no whole MLLP frame (0x0B, message, 0x1C 0x0D)", n)
	}
	return ""
}

// strayAnswer says why an answer does not belong to the message in flight.
func strayAnswer(info hl7.AckInfo) string {
	code := "one without MSA-1"
	if len(info.Code) == 2 && strings.Contains(" AA AE AR CA CE CR ", " "+info.Code+" ") {
		code = info.Code
	}
	if info.About == "" {
		return "an answer (" + code + ") that names no message: MSA-2 is empty, want the MSH-10 of the message"
	}
	return "an answer (" + code + ") to another message: MSA-2 is not its MSH-10"
}

// counted is the connection of a link, whose bytes are counted.
type counted struct{ l *link }

func (c counted) Read(b []byte) (int, error) {
	n, err := c.l.nc.Read(b)
	c.l.bytes.Add(int64(n))
	return n, err
}

// forget ends the wait.
func (l *link) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wait = nil
}

// lost says why reading ended.
func (l *link) lost() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// write sends one message within a time.
func (l *link) write(message []byte, within time.Duration) error {
	if err := l.nc.SetWriteDeadline(time.Now().Add(within)); err != nil {
		return err
	}
	return codec.NewWriter(l.nc).WriteMessage(message)
}
