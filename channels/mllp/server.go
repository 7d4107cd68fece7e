package mllp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"refloop/channels"
	"refloop/hl7"
)

// Deps is what a server needs from outside. Handler, Now and Log must be set.
type Deps struct {
	Name    string           // channel in the YAML file
	Partner string           // partner the channel is bound to, empty: the message says who speaks
	Charset string           // for messages whose MSH-18 is empty
	Max     int              // limits.message in bytes, 0: 64 MiB
	Handler channels.Handler //
	Budget  channels.Budget  // limits.memory; nil: none
	Now     func() time.Time
	Log     *slog.Logger
}

// Stats are counters since start. Opened minus Closed are the open connections.
type Stats struct {
	Opened, Closed  atomic.Int64
	Refused         atomic.Int64 // connections: not allowed, or too many
	Evicted         atomic.Int64 // connections closed because the limit was reached and they had sent nothing
	Messages        atomic.Int64
	Answers         atomic.Int64
	Unreadable      atomic.Int64 // frames without a readable MSH
	Strays          atomic.Int64 // bytes outside of frames
	Restarts        atomic.Int64 // partial frames given up by their sender
	Foreign         atomic.Int64 // connections that spoke something else than MLLP
	TooLarge        atomic.Int64
	GaveWay         atomic.Int64 // unfinished messages dropped because others needed the memory they held
	StorageFailures atomic.Int64
	Panics          atomic.Int64
}

// Server is a channel of type mllp. It implements channels.Channel and channels.Ready. Make it with [NewServer].
type Server struct {
	cfg      Config
	d        Deps
	tls      *keptTLS
	answerer answerer
	opts     hl7.Options
	stats    Stats

	mu    sync.Mutex
	addr  net.Addr
	conns map[*conn]struct{}
	ready error
	kept  time.Time // hour in which the first bytes of what is no message were kept
}

var errNotListening = errors.New("mllp: not listening yet")

// NewServer makes a server of a configuration. It loads certificates and opens no port: Run does.
func NewServer(cfg Config, d Deps) (*Server, error) {
	s := &Server{cfg: cfg, d: d, answerer: newAnswerer(cfg), conns: map[*conn]struct{}{}, ready: errNotListening}
	s.opts = hl7.Options{Limits: hl7.Limits{Bytes: d.Max}, Charset: d.Charset}
	if cfg.TLS != nil {
		c, err := keepServerTLS(cfg.TLS)
		if err != nil {
			return nil, fmt.Errorf("mllp: channel %s: tls: %w", d.Name, err)
		}
		c.fail = func(err error) {
			d.Log.Error("changed TLS files cannot be used; the old certificate stays in use", "channel", d.Name, "error", err)
		}
		s.tls = c
	}
	return s, nil
}

// Stats returns the server's counters; they go on counting.
func (s *Server) Stats() *Stats { return &s.stats }

// Ready tells whether the server takes connections.
func (s *Server) Ready() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ready
}

// Addr returns the address the server listens on, nil before Run does.
func (s *Server) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// Open implements channels.Channel: see the function Open.
func (s *Server) Open(a channels.Archived) (channels.Opened, error) { return Open(a, s.opts.Limits) }

// Run listens and serves until take ends; messages in hand are finished until hold ends. It returns an error only when it cannot listen.
func (s *Server) Run(take, hold context.Context) error {
	l, err := (&net.ListenConfig{}).Listen(take, "tcp", s.cfg.Listen)
	if err != nil {
		s.setReady(err, nil)
		return fmt.Errorf("mllp: channel %s: %w", s.d.Name, err)
	}
	return s.Serve(take, hold, l)
}

// Serve is Run on a listener that is open already. It closes it.
func (s *Server) Serve(take, hold context.Context, l net.Listener) error {
	s.setReady(nil, l.Addr())
	if s.tls == nil && !loopback(hostOf(l.Addr())) {
		s.d.Log.Warn("messages travel in plain text beyond this machine; set tls unless the network is closed", "channel", s.d.Name)
	}
	stopTaking := context.AfterFunc(take, func() {
		s.setReady(net.ErrClosed, l.Addr())
		_ = l.Close()
		s.each((*conn).drain)
	})
	defer stopTaking()
	stopHolding := context.AfterFunc(hold, func() { s.each((*conn).abort) })
	defer stopHolding()

	var wg sync.WaitGroup
	err := s.accept(take, hold, l, &wg)
	wg.Wait()
	return err
}

func (s *Server) setReady(err error, addr net.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ready, s.addr = err, addr
}

// accept takes connections until the listener is closed. Errors that pass (out of file descriptors) are waited out.
func (s *Server) accept(take, hold context.Context, l net.Listener, wg *sync.WaitGroup) error {
	wait := 5 * time.Millisecond
	for {
		c, err := l.Accept()
		switch {
		case take.Err() != nil:
			if err == nil {
				_ = c.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("mllp: channel %s: %w", s.d.Name, err)
		case err != nil:
			s.d.Log.Error("cannot accept connections", "channel", s.d.Name, "error", err)
			pause(take.Done(), wait)
			wait = min(2*wait, time.Second)
			continue
		}
		wait = 5 * time.Millisecond
		if cn := s.admit(c); cn != nil {
			wg.Go(func() { cn.serve(take, hold) })
		}
	}
}

// pause waits, or returns early when stop is closed.
func pause(stop <-chan struct{}, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-stop:
	case <-t.C:
	}
}

// admit applies the allow list and the connection limit; nil: the connection was closed.
func (s *Server) admit(c net.Conn) *conn {
	peer := hostOf(c.RemoteAddr())
	if !s.allowed(peer) {
		s.stats.Refused.Add(1)
		s.d.Log.Warn("connection refused: address not allowed", "channel", s.d.Name, "peer", peer)
		_ = c.Close()
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.conns) >= s.cfg.Connections && !s.evict() {
		s.stats.Refused.Add(1)
		s.d.Log.Warn("connection refused: too many", "channel", s.d.Name, "peer", peer, "limit", s.cfg.Connections)
		_ = c.Close()
		return nil
	}
	cn := newConn(s, c, peer)
	s.conns[cn] = struct{}{}
	s.stats.Opened.Add(1)
	return cn
}

// evict closes the oldest connection that never sent a message, so that idle ones cannot lock everybody else out.
func (s *Server) evict() bool {
	var oldest *conn
	for c := range s.conns {
		if c.silent.Load() && (oldest == nil || c.since.Before(oldest.since)) {
			oldest = c
		}
	}
	if oldest == nil {
		return false
	}
	delete(s.conns, oldest)
	s.stats.Evicted.Add(1)
	oldest.abort()
	return true
}

func (s *Server) forget(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	s.stats.Closed.Add(1)
}

func (s *Server) each(do func(*conn)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		do(c)
	}
}

func (s *Server) allowed(peer string) bool {
	if len(s.cfg.Allow) == 0 {
		return true
	}
	a, err := netip.ParseAddr(peer)
	if err != nil {
		return false
	}
	a = a.Unmap().WithZone("")
	for _, p := range s.cfg.Allow {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

func hostOf(a net.Addr) string {
	host, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	return host
}
