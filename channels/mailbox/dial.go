package mailbox

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	dialTimeout = 30 * time.Second
	slack       = 256 << 10 // bytes of answers beyond what was asked for
)

// wire is a connection that ends at a deadline or with a context, and that gives no more bytes than were asked for.
type wire struct {
	net.Conn
	left atomic.Int64
}

// allow permits n bytes of content and some slack for what is around them; twice n, because under STARTTLS the bytes are counted encrypted.
func (w *wire) allow(n int64) { w.left.Store(2*n + slack) }

// Read is that of the connection within what was allowed.
func (w *wire) Read(b []byte) (int, error) {
	if w.left.Load() <= 0 {
		return 0, errFlood
	}
	n, err := w.Conn.Read(b)
	w.left.Add(int64(-n))
	return n, err
}

// guard closes the connection when ctx ends or d is over. The caller calls release as soon as the answer is there.
func (w *wire) guard(ctx context.Context, d time.Duration) (release func()) {
	stop := context.AfterFunc(ctx, func() { w.Close() })
	timer := time.AfterFunc(d, func() { w.Close() })
	return func() { stop(); timer.Stop() }
}

// connection is an open connection with what TLS showed.
type connection struct {
	wire *wire
	tls  *tls.Config // for STARTTLS; its VerifyConnection fills via

	mu  sync.Mutex
	via Via
}

// seen is what is known of the peer by now.
func (c *connection) seen() Via {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.via
}

// dial connects, with TLS when it begins at once.
func (p *Puller) dial(ctx context.Context) (*connection, error) {
	s := p.cfg.server
	if s.security == tlsNever && !Loopback(s.host) {
		return nil, fmt.Errorf("mailbox: %s: %w", s.address, ErrPlain)
	}
	c := &connection{via: Via{Protocol: s.protocol, Server: s.address, User: p.cfg.Username}}
	var err error
	if c.tls, err = p.cfg.TLS.Client(s.host); err != nil {
		return nil, fmt.Errorf("mailbox: tls.ca: %w", err)
	}
	c.tls.VerifyConnection = func(state tls.ConnectionState) error { // called after the chain and the name were verified
		c.mu.Lock()
		defer c.mu.Unlock()
		c.via.Secured(state)
		return nil
	}
	open := p.d.Dial
	if open == nil {
		d := net.Dialer{Timeout: dialTimeout}
		open = func(ctx context.Context, address string) (net.Conn, error) { return d.DialContext(ctx, "tcp", address) }
	}
	raw, err := open(ctx, s.address)
	if err != nil {
		return nil, fmt.Errorf("mailbox: connecting to %s: %w", s.address, err)
	}
	if s.security == tlsAtOnce {
		t := tls.Client(raw, c.tls)
		within, cancel := context.WithTimeout(ctx, p.cfg.Timeout.D())
		defer cancel()
		if err := t.HandshakeContext(within); err != nil {
			raw.Close()
			return nil, fmt.Errorf("mailbox: TLS with %s: %w", s.address, err)
		}
		raw = t
	}
	c.wire = &wire{Conn: raw}
	c.wire.allow(0)
	return c, nil
}
