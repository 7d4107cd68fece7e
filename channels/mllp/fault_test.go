package mllp

import (
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"refloop/config"
)

// fault is what a proxy does to one connection.
type fault struct {
	name       string
	up, down   int64 // bytes that pass to the server and back before the cut; 0: all
	oneByOne   bool  // forward single bytes
	reset      bool  // cut with RST
	halfClose  bool  // at the cut of the way up, close only that half
	swallowAll bool  // after the cut, keep the connection open and pass nothing
}

// faultyProxy stands between a sender and a server and gives the nth connection the nth fault, then none.
func faultyProxy(t *testing.T, server string, faults []fault) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	wg.Go(func() {
		for n := 0; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s, err := net.Dial("tcp", server)
			if err != nil {
				t.Error(err)
				_ = c.Close()
				return
			}
			mu.Lock()
			open = append(open, c, s)
			mu.Unlock()
			var f fault
			if n < len(faults) {
				f = faults[n]
			}
			wg.Go(func() { f.pass(s, c, f.up, f.halfClose) })
			wg.Go(func() { f.pass(c, s, f.down, false) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, c := range open {
			_ = c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return l.Addr().String()
}

func (f fault) pass(to, from net.Conn, limit int64, half bool) {
	var r io.Reader = from
	if limit > 0 {
		r = io.LimitReader(from, limit)
	}
	if f.oneByOne {
		b := make([]byte, 1)
		for {
			if _, err := io.ReadFull(r, b); err != nil {
				break
			}
			if _, err := to.Write(b); err != nil {
				break
			}
		}
	} else {
		_, _ = io.Copy(to, r)
	}
	switch {
	case limit > 0 && f.swallowAll:
		_, _ = io.Copy(io.Discard, from)
	case half:
		_ = to.(*net.TCPConn).CloseWrite()
		return
	case f.reset:
		_ = to.(*net.TCPConn).SetLinger(0)
		_ = from.(*net.TCPConn).SetLinger(0)
	}
	_ = to.Close()
	_ = from.Close()
}

func TestEverythingArrivesInOrderThroughFaults(t *testing.T) {
	one := int64(len(frame(ref("00"))))
	r := start(t, defaults(), &fakeEngine{})
	proxy := faultyProxy(t, r.addr, []fault{
		{name: "cut within the first message", up: one / 2},
		{name: "cut before the end block", up: one - 2},
		{name: "end block without its CR, then nothing", up: one - 1, swallowAll: true},
		{name: "answer lost", down: 1},
		{name: "answer cut in the middle", down: 60},
		{name: "reset within the third message", up: 2*one + 10, reset: true},
		{name: "byte by byte, then cut within the second", oneByOne: true, up: one + 20},
		{name: "half closed", up: one + 5, halfClose: true},
		{name: "stalls", up: 2 * one, down: 30, swallowAll: true},
	})
	s := newTestSender(t, proxy, func(c *RailConfig) { c.AckTimeout = config.Duration(300 * time.Millisecond) })
	const messages = 30
	for i := range messages {
		id := fmt.Sprintf("%02d", i)
		for attempt := 1; ; attempt++ {
			if _, err := send(s, id); err == nil {
				break
			} else if attempt == 20 {
				t.Fatalf("message %s: %v", id, err)
			}
		}
	}
	next := 0
	for _, in := range r.engine.messages() {
		var n int
		if _, err := fmt.Sscanf(in.ControlID, "%d", &n); err != nil || string(in.Body) != ref(in.ControlID) {
			t.Fatalf("message %q came with other bytes", in.ControlID)
		}
		switch {
		case n == next:
			next++
		case n > next:
			t.Fatalf("message %d came before %d", n, next)
		}
	}
	if next != messages {
		t.Errorf("%d of %d messages arrived", next, messages)
	}
}
