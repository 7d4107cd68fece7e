package direct

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"

	"github.com/emersion/go-smtp"

	"refloop/channels"
	"refloop/config"
)

// maxLine is the longest line taken, in octets with its end: twice what RFC 5321 section 4.5.3.1.6 asks for.
const maxLine = 2000

// Channel is one SMTP server for our domains. Prepare, Open and Notices are those of its Agent.
type Channel struct {
	*Agent

	name    string
	partner string
	cfg     Config
	tls     *tls.Config
	limit   int
	handler channels.Handler
	budget  channels.Budget
	log     *slog.Logger

	mu       sync.Mutex
	listener net.Listener
	running  bool
	atWork   int       // messages being read or stored
	rested   sync.Cond // atWork went down; uses mu
}

// Deps are what a channel needs of the house.
type Deps struct {
	Handler channels.Handler
	Budget  channels.Budget
	Log     *slog.Logger
	Limit   int // bytes of one message, limits.message
}

// New makes the channel of a decoded configuration. It opens no port.
func New(c config.Channel, cfg Config, a *Agent, d Deps) (*Channel, error) {
	ch := &Channel{Agent: a, name: c.Name, partner: c.Partner, cfg: cfg, limit: d.Limit, handler: d.Handler, budget: d.Budget, log: d.Log}
	if d.Handler == nil || d.Budget == nil || d.Log == nil || d.Limit <= 0 {
		return nil, fmt.Errorf("direct: channel %s: got no Handler, Budget, Log or Limit, want all of them", c.Name)
	}
	ch.rested.L = &ch.mu
	if cfg.TLS != nil {
		t, err := serverTLS(cfg.TLS)
		if err != nil {
			return nil, fmt.Errorf("direct: channel %s: %w", c.Name, err)
		}
		ch.tls = t
	}
	return ch, nil
}

// Listen opens the port; Run does it when nobody did.
func (ch *Channel) Listen() error {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if ch.listener != nil {
		return nil
	}
	l, err := net.Listen("tcp", ch.cfg.Listen)
	if err != nil {
		return fmt.Errorf("direct: channel %s: opening %s: %w", ch.name, ch.cfg.Listen, err)
	}
	ch.listener = l
	return nil
}

// Addr is the address of the open port; nil before Listen.
func (ch *Channel) Addr() net.Addr {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if ch.listener == nil {
		return nil
	}
	return ch.listener.Addr()
}

// Ready is nil while the server takes connections.
func (ch *Channel) Ready() error {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if !ch.running {
		return fmt.Errorf("direct: channel %s: not listening", ch.name)
	}
	return nil
}

// Run serves until take ends: then the port closes, idle connections end with a
// 421, and messages in hand may finish until hold ends. No goroutine is left behind.
func (ch *Channel) Run(take, hold context.Context) error {
	if err := ch.Listen(); err != nil {
		return err
	}
	ch.mu.Lock()
	g := newGate(ch.listener, ch.cfg.Connections, ch.cfg.Allow)
	g.dialogue = dialogue{tls: ch.tls, limit: ch.limit, idle: ch.cfg.Idle.D()}
	ch.running = true
	ch.mu.Unlock()
	defer ch.stopped()

	srv := ch.server(hold)
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
	ch.rest()
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("direct: channel %s: %w", ch.name, err)
	}
	return nil
}

// begin and finish count messages in hand: for BDAT the library starts goroutines that it does not wait for.
func (ch *Channel) begin() {
	ch.mu.Lock()
	ch.atWork++
	ch.mu.Unlock()
}

func (ch *Channel) finish() {
	ch.mu.Lock()
	ch.atWork--
	ch.mu.Unlock()
	ch.rested.Broadcast()
}

func (ch *Channel) rest() {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	for ch.atWork > 0 {
		ch.rested.Wait()
	}
}

func (ch *Channel) stopped() {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	ch.running, ch.listener = false, nil
}

// server sets every limit of the library, most of which are off by default. TLS and what EHLO offers are the dialogue's.
func (ch *Channel) server(hold context.Context) *smtp.Server {
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return ch.newSession(hold, c) }))
	s.Domain = ch.Agent.Settings.Domains[0]
	// The library counts the octet after the last one against the limit, so a message of exactly the limit needs one more. Data checks the limit itself, and EHLO shows the exact one.
	s.MaxMessageBytes = int64(ch.limit) + 1
	s.MaxRecipients = ch.cfg.Recipients
	s.MaxLineLength = maxLine
	s.ReadTimeout = ch.cfg.Idle.D()
	s.WriteTimeout = ch.cfg.Idle.D()
	s.ErrorLog = smtpLog{ch.log, ch.name}
	return s
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
