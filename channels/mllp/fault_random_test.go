package mllp

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"refloop/channels"
	"refloop/config"
)

var faultTime = flag.Duration("faults", 2*time.Second, "how long messages go through the randomly faulty network")

// roughProxy breaks connections at random: it cuts, resets, half-closes, stalls, dribbles, and with flips it changes bytes.
type roughProxy struct {
	addr string
	mu   sync.Mutex
	rnd  *rand.Rand
	hits map[string]int
}

func newRoughProxy(t *testing.T, server string, seed uint64, flips bool) *roughProxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &roughProxy{addr: l.Addr().String(), rnd: rand.New(rand.NewPCG(seed, 7)), hits: map[string]int{}}
	var wg sync.WaitGroup
	ctx, stop := context.WithCancel(context.Background())
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s, err := net.Dial("tcp", server)
			if err != nil {
				_ = c.Close()
				continue
			}
			end := context.AfterFunc(ctx, func() { _ = c.Close(); _ = s.Close() })
			wg.Go(func() { p.pump(s, c, flips); end() })
			wg.Go(func() { p.pump(c, s, flips) })
		}
	})
	t.Cleanup(func() { stop(); _ = l.Close(); wg.Wait() })
	return p
}

// pick draws a number below n, and what happens to the next piece of a stream.
func (p *roughProxy) pick(n int) (where int, what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	where = p.rnd.IntN(n)
	what = map[int]string{0: "cut", 1: "reset", 2: "half-close", 3: "stall", 4: "dribble", 5: "flip", 6: "flip"}[p.rnd.IntN(60)]
	p.hits[what]++
	return where, what
}

func (p *roughProxy) pump(to, from net.Conn, flips bool) {
	defer func() { _ = to.Close(); _ = from.Close() }()
	b := make([]byte, 4096)
	for {
		n, err := from.Read(b)
		if n > 0 {
			where, what := p.pick(n)
			switch what {
			case "cut":
				_, _ = to.Write(b[:where])
				return
			case "reset":
				_ = to.(*net.TCPConn).SetLinger(0)
				return
			case "half-close":
				_, _ = to.Write(b[:where])
				_ = to.(*net.TCPConn).CloseWrite()
				_, _ = io.Copy(io.Discard, from)
				return
			case "stall":
				_, _ = to.Write(b[:where])
				_, _ = io.Copy(io.Discard, from)
				return
			case "dribble":
				for i := range n {
					if _, err := to.Write(b[i : i+1]); err != nil {
						return
					}
				}
				continue
			case "flip":
				if flips {
					b[where] ^= 0x20
				}
			}
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// onceEngine is an engine that keeps the first of equal messages, and answers it as the first time.
type onceEngine struct {
	mu    sync.Mutex
	order []string
	seen  map[string]bool
	wrong int
}

func (e *onceEngine) Receive(_ context.Context, in channels.Inbound) (channels.Outcome, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case string(in.Body) != ref(in.ControlID):
		e.wrong++
	case !e.seen[in.ControlID]:
		e.seen[in.ControlID], e.order = true, append(e.order, in.ControlID)
	}
	o := channels.Outcome{MessageID: in.ControlID, ReceivedAt: testTime}
	o.Answer = in.Answer(o)
	return o, nil
}

func (e *onceEngine) Confirm(context.Context, channels.Receipt) error { return nil }

// TestOnceInEffectThroughARoughNetwork sends over a plain line that loses and delays, and over TLS on one that changes bytes besides: MLLP alone has
// no checksum, so that a changed byte in the content can only be seen by TLS.
func TestOnceInEffectThroughARoughNetwork(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.issue("server")
	for _, c := range []struct {
		name string
		tls  bool
	}{{"plain", false}, {"TLS with changed bytes", true}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := defaults()
			cfg.Connections, cfg.Read = 5000, config.Duration(2*time.Second)
			if c.tls {
				cfg.TLS = &TLS{Certificate: cert, Key: key}
			}
			e := &onceEngine{seen: map[string]bool{}}
			r := start(t, cfg, nil, func(d *Deps) { d.Handler = e })
			seed := uint64(time.Now().UnixNano())
			p := newRoughProxy(t, r.addr, seed, c.tls)
			s := newTestSender(t, p.addr, func(rc *RailConfig) {
				rc.AckTimeout = config.Duration(150 * time.Millisecond)
				if c.tls {
					rc.TLS, rc.CA = "on", a.file
				}
			})
			sent, tries := 0, 0
			for end := time.Now().Add(*faultTime); time.Now().Before(end); sent++ {
				for {
					tries++
					if _, err := send(s, fmt.Sprintf("%07d", sent)); err == nil {
						break
					}
				}
			}
			e.mu.Lock()
			defer e.mu.Unlock()
			if e.wrong > 0 {
				t.Errorf("%d messages arrived with other bytes", e.wrong)
			}
			if len(e.order) != sent {
				t.Errorf("%d of %d messages had an effect", len(e.order), sent)
			}
			for n, id := range e.order {
				if id != fmt.Sprintf("%07d", n) {
					t.Fatalf("message %s is number %d in effect", id, n)
				}
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			t.Logf("seed %d: %d messages in %d tries; faults %v", seed, sent, tries, p.hits)
		})
	}
}
