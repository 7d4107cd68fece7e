// Package smtpd is an SMTP server for rails that take mail: the protocol of go-smtp behind what an open port needs.
//
// It counts and limits connections, bounds every message by size, time and the shared memory budget, wants strict line ends, does STARTTLS
// itself, and drains: told to stop, idle connections end with a 421 and messages in hand may finish. What mail means is the rail's: it
// gives a [Policy]. Standards: RFC 5321, RFC 3207. Left out: AUTH, CHUNKING, PIPELINING across a change of state.
package smtpd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"refloop/channels"
)

// maxLine is the longest line taken, in octets with its end: twice what RFC 5321 section 4.5.3.1.6 asks for.
const maxLine = 2000

// Config is what a server is made of. All of it must be set but TLS and Allow.
type Config struct {
	Name        string // of the channel, for the log and errors
	Listen      string // host:port
	Domain      string // who we are, in the greeting
	TLS         *tls.Config
	Allow       []netip.Prefix // who may connect; none: everybody
	Connections int            // open at once; when full, the oldest that is sending nothing gives way
	Recipients  int            // of one message
	Idle        time.Duration  // between commands
	Data        time.Duration  // for one whole message
	Limit       int            // bytes of one message
	Budget      channels.Budget
	Log         *slog.Logger
}

// Policy is what a rail says to an envelope and does with a message.
type Policy struct {
	// Sender judges MAIL FROM and returns the address as it is to be kept; from is empty for notices. An error is the answer: see [Answer].
	Sender func(from string) (string, error)
	// Recipient judges RCPT TO in the same way. What it returns twice counts once.
	Recipient func(to string) (string, error)
	// Deliver keeps a message. 250 goes out after it returned nil; any error is answered 451.
	Deliver func(ctx context.Context, m Mail) error
}

// Mail is one message with its envelope. Body belongs to the receiver.
type Mail struct {
	Peer string // network address
	From string
	To   []string
	Body []byte
}

// Answer is an SMTP answer for a [Policy] to return.
func Answer(code int, enhanced [3]int, text string) error {
	return answer(code, smtp.EnhancedCode(enhanced), text)
}

// Server is one SMTP server. Make it with [New].
type Server struct {
	cfg    Config
	policy Policy

	mu       sync.Mutex
	listener net.Listener
	running  bool
	atWork   int       // messages being read or stored
	rested   sync.Cond // atWork went down; uses mu
}

// New makes a server. It opens no port.
func New(cfg Config, p Policy) (*Server, error) {
	if cfg.Budget == nil || cfg.Log == nil || cfg.Limit <= 0 || cfg.Connections <= 0 || cfg.Recipients <= 0 || cfg.Idle <= 0 || cfg.Data <= 0 {
		return nil, fmt.Errorf("smtpd: channel %s: got no Budget or Log, or a limit of zero, want all of them", cfg.Name)
	}
	if p.Sender == nil || p.Recipient == nil || p.Deliver == nil {
		return nil, fmt.Errorf("smtpd: channel %s: got half a policy, want Sender, Recipient and Deliver", cfg.Name)
	}
	s := &Server{cfg: cfg, policy: p}
	s.rested.L = &s.mu
	return s, nil
}

// Listen opens the port; Run does it when nobody did.
func (s *Server) Listen() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		return nil
	}
	l, err := net.Listen("tcp", s.cfg.Listen)
	if err != nil {
		return fmt.Errorf("smtpd: channel %s: opening %s: %w", s.cfg.Name, s.cfg.Listen, err)
	}
	s.listener = l
	return nil
}

// Addr is the address of the open port; nil before Listen.
func (s *Server) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return nil
	}
	return s.listener.Addr()
}

// Ready is nil while the server takes connections.
func (s *Server) Ready() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.running {
		return fmt.Errorf("smtpd: channel %s: not listening", s.cfg.Name)
	}
	return nil
}

// Run serves until take ends: then the port closes, idle connections end with a
// 421, and messages in hand may finish until hold ends. No goroutine is left behind.
func (s *Server) Run(take, hold context.Context) error {
	if err := s.Listen(); err != nil {
		return err
	}
	s.mu.Lock()
	g := newGate(s.listener, s.cfg.Connections, s.cfg.Allow)
	g.dialogue = dialogue{tls: s.cfg.TLS, limit: s.cfg.Limit, idle: s.cfg.Idle}
	s.running = true
	s.mu.Unlock()
	defer s.stopped()

	srv := s.server(hold)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(g) }()
	var err error
	select {
	case err = <-served: // the listener broke
		served <- err
	case <-take.Done():
	}
	g.drain()
	_ = g.Close() // Shutdown closes only what Serve has seen already
	shut := make(chan error, 1)
	go func() { shut <- srv.Shutdown(context.WithoutCancel(take)) }()
	select {
	case <-shut:
	case <-hold.Done():
		g.kill()
		<-shut
	}
	<-served
	s.rest()
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("smtpd: channel %s: %w", s.cfg.Name, err)
	}
	return nil
}

// InHand is how many messages are being read or stored now.
func (s *Server) InHand() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.atWork
}

// begin and finish count messages in hand: for BDAT the library starts goroutines that it does not wait for.
func (s *Server) begin() {
	s.mu.Lock()
	s.atWork++
	s.mu.Unlock()
}

func (s *Server) finish() {
	s.mu.Lock()
	s.atWork--
	s.mu.Unlock()
	s.rested.Broadcast()
}

func (s *Server) rest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.atWork > 0 {
		s.rested.Wait()
	}
}

func (s *Server) stopped() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running, s.listener = false, nil
}

// server sets every limit of the library, most of which are off by default. TLS and what EHLO offers are the dialogue's.
func (s *Server) server(hold context.Context) *smtp.Server {
	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return s.newSession(hold, c) }))
	srv.Domain = s.cfg.Domain
	// The library counts the octet after the last one against the limit, so a message of exactly the limit needs one more. Data checks the limit itself, and EHLO shows the exact one.
	srv.MaxMessageBytes = int64(s.cfg.Limit) + 1
	srv.MaxRecipients = s.cfg.Recipients
	srv.MaxLineLength = maxLine
	srv.ReadTimeout = s.cfg.Idle
	srv.WriteTimeout = s.cfg.Idle
	srv.ErrorLog = smtpLog{s.cfg.Log, s.cfg.Name}
	return srv
}

// smtpLog passes the library's messages on: they hold addresses of peers, and stacks after a panic, never content.
type smtpLog struct {
	log     *slog.Logger
	channel string
}

// Printf logs one line.
func (l smtpLog) Printf(format string, v ...any) { l.line(fmt.Sprintf(format, v...)) }

// Println logs one line.
func (l smtpLog) Println(v ...any) { l.line(fmt.Sprint(v...)) }

func (l smtpLog) line(s string) {
	if strings.HasPrefix(s, "panic ") {
		l.log.Error("panic in an SMTP session", "channel", l.channel, "stack", s)
		return
	}
	l.log.Debug("SMTP session ended early", "channel", l.channel, "error", s)
}
