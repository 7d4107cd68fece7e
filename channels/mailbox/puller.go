package mailbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"time"
)

// Deps is what a puller needs from outside.
type Deps struct {
	Name   string       // channel in the YAML file: names the position's file
	Dir    string       // where the position is kept; made with mode 0700 when missing
	Max    int64        // bytes of one mail; larger ones are handed over as their header. 0: 64 MiB
	Budget Budget       // memory of open intake; nil: none
	Log    *slog.Logger // must be set

	Dial func(ctx context.Context, address string) (net.Conn, error) // nil: the system's, 30 s
}

// Taker takes one mail. When it returns nil the mail is durable and will be marked as configured. After an error the mail stays as it
// is and is handed over again, after a pause; nothing behind it is taken before it.
type Taker func(ctx context.Context, m Mail) error

// Puller takes mail out of one mailbox. Make it with New. Ready may be called at any time, Run once.
type Puller struct {
	cfg  Config
	d    Deps
	take Taker

	first time.Duration // pause after the first failure

	pos   position // of Run's goroutine
	dirty bool     // pos is not saved

	mu     sync.Mutex
	err    error // of the last attempts; nil while the mailbox is read
	failed int   // attempts that failed since a connection lasted
}

// Pauses after a failure: they double from the first to the last, jittered. A refused login pauses longer, so that no account is locked.
const (
	firstPause = 2 * time.Second
	lastPause  = 5 * time.Minute
	loginPause = time.Minute
	loginLast  = 15 * time.Minute
	defaultMax = 64 << 20
)

// New makes a puller of a configuration on which Check found nothing. It connects to nothing.
func New(cfg Config, d Deps, take Taker) (*Puller, error) {
	if d.Log == nil || d.Name == "" || d.Dir == "" || take == nil || cfg.server.address == "" {
		return nil, errors.New("mailbox: got no Log, Name, Dir, taker or checked configuration, want all of them")
	}
	if d.Max <= 0 {
		d.Max = defaultMax
	}
	return &Puller{cfg: cfg, d: d, take: take, first: firstPause, err: errNever}, nil
}

// Ready is nil while the mailbox can be read. One lost connection does not count: it is opened again at once.
func (p *Puller) Ready() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		return nil
	}
	if strings.Contains(p.err.Error(), p.cfg.server.address) {
		return p.err
	}
	return fmt.Errorf("%w (%s)", p.err, p.cfg.server.address)
}

// Run reads the mailbox until take ends; the mail in hand may be finished until hold ends. Whatever the server does, Run goes on and
// Ready tells. It returns an error only when the position cannot be read.
func (p *Puller) Run(take, hold context.Context) error {
	if err := p.load(); err != nil {
		p.fault(err)
		return err
	}
	if p.cfg.server.security == tlsNever {
		p.d.Log.Warn("this mailbox is read without TLS, on this machine", "channel", p.d.Name, "server", p.cfg.server.address)
	}
	for take.Err() == nil {
		began := time.Now()
		err := p.connect(take, hold)
		if err == nil || time.Since(began) > lastPause {
			p.steady()
		}
		if p.dirty {
			err = errors.Join(err, p.save())
		}
		if take.Err() != nil {
			break
		}
		pause := p.cfg.Every.D()
		if err != nil {
			pause = p.fault(err)
		}
		rest(take, pause)
	}
	return nil
}

// connect is one connection from its beginning to its end.
func (p *Puller) connect(take, hold context.Context) error {
	if p.cfg.server.protocol == POP3 {
		return p.pop3(take, hold)
	}
	return p.imap(take, hold)
}

// rest waits.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// fault notes a failure and returns how long to pause. It logs when something else than before went wrong, not every time.
func (p *Puller) fault(err error) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed++
	login := errors.Is(err, ErrLogin)
	if changed := p.err == nil || p.err.Error() != err.Error(); changed {
		level := slog.LevelWarn
		if login || p.failed > 1 {
			level = slog.LevelError
		}
		p.d.Log.Log(context.Background(), level, "the mailbox cannot be read", "channel", p.d.Name, "server", p.cfg.server.address, "attempt", p.failed, "error", err)
	}
	if p.failed > 1 || login || errors.Is(p.err, errNever) {
		p.err = err
	}
	first, last := p.first, lastPause
	if login {
		first, last = loginPause, loginLast
	}
	pause := first
	for i := 1; i < p.failed && pause < last; i++ {
		pause *= 2
	}
	pause = min(pause, last)
	return pause/2 + rand.N(pause/2+1) // jitter, so that many daemons do not come back at once
}

// fine notes that the mailbox was read. Pauses stay long until a connection has lasted: a server that drops us again and again is
// not asked in a hot loop.
func (p *Puller) fine() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil && !errors.Is(p.err, errNever) {
		p.d.Log.Info("the mailbox can be read again", "channel", p.d.Name, "server", p.cfg.server.address)
	}
	p.err = nil
}

// steady forgets earlier failures.
func (p *Puller) steady() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed = 0
}

// hand gives a mail to the taker.
func (p *Puller) hand(ctx context.Context, m Mail) error {
	if m.Why != "" {
		p.d.Log.Error("a mail cannot be taken whole: it stays in the mailbox", "channel", p.d.Name, "why", m.Why, "bytes", m.Size, "limit", p.d.Max)
	}
	return p.take(ctx, m)
}

// reserve takes n bytes of the memory for open intake.
func (p *Puller) reserve(n int64) (give func(), err error) {
	if p.d.Budget == nil || n <= 0 {
		return func() {}, nil
	}
	if err := p.d.Budget.Take(int(n)); err != nil {
		return nil, err
	}
	return func() { p.d.Budget.Give(int(n)) }, nil
}
