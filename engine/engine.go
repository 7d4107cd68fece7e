package engine

import (
	"context"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"refloop/channels"
	"refloop/referral"
	"refloop/transform"
)

// Channel is a configured way in as the engine sees it: the rail's hands, and the rules that turn its parts into facts.
type Channel struct {
	Rail  channels.Channel
	Rules transform.Channel
}

// Route is one line of `routes:`. Match is the compiled rule.
type Route struct {
	To    string // partner id
	Place string // file:line:col of the rule, for the record of why
	Match func(referral.Referral) (bool, error)
}

// Retry says how failed attempts are repeated. Zero values are the defaults.
type Retry struct {
	First    time.Duration // delay after the first failure; default 2s
	Max      time.Duration // longest delay; default 5m
	Attempts int           // attempts before the partner's next rail; default 20
	MaxAge   time.Duration // how long a delivery without another rail is tried; default 72h
}

// Setup is one immutable configuration of the engine. Use swaps it as a whole.
type Setup struct {
	Hash      string // of the configuration files and look-up tables
	Directory *transform.Directory
	Channels  map[string]Channel         // by name
	Senders   map[string]channels.Sender // by lane
	Notices   map[string]string          // rail type -> lane that carries notices to senders without an entry of their own
	Wide      map[string]int             // lane -> deliveries under way at once; absent: 1, strictly ordered
	Routes    []Route
	Retry     Retry            // of lanes without an entry of their own
	Retries   map[string]Retry // by lane
	Clocks    referral.ClockRules
	ProofWait map[string]ProofWait // by rail type; absent: for ever
}

// retry is how failed attempts of a lane are repeated.
func (s *Setup) retry(lane string) Retry {
	if r, ok := s.Retries[lane]; ok {
		return r
	}
	return s.Retry
}

// Config is what an engine is made of.
type Config struct {
	Store   Store
	Now     func() time.Time
	Rand    io.Reader // for ids and jitter
	Log     *slog.Logger
	Workers int  // messages opened in the background at once; default 2
	Lanes   int  // deliveries under way at once over all lanes; default 8
	Room    Room // memory of messages being opened in the background; nil: without a bound
}

// Engine receives, applies and delivers. It is the only writer of referrals.
type Engine struct {
	store Store
	now   func() time.Time
	rand  *lockedReader
	log   *slog.Logger

	setup   atomic.Pointer[Setup]
	workers int
	lanes   int
	room    Room
	inbox   chan string   // message ids to open in the background
	kick    chan struct{} // something may be due in the outbox
	busy    busyLanes
	intake  atomic.Int64 // messages in Receive now
	seen    observed     // what rails see by themselves
	waits   waiting      // messages that cannot be judged yet
}

// New returns an engine that uses setup. Run starts its background work; Receive, Act and Confirm work before that.
func New(cfg Config, setup *Setup) (*Engine, error) {
	if cfg.Store == nil || cfg.Now == nil || cfg.Rand == nil || cfg.Log == nil {
		return nil, fmt.Errorf("engine: New: got a nil Store, Now, Rand or Log, want all of them")
	}
	e := &Engine{
		store: cfg.Store, now: cfg.Now, log: cfg.Log, rand: &lockedReader{r: cfg.Rand},
		workers: orDefault(cfg.Workers, 2), lanes: orDefault(cfg.Lanes, 8),
		inbox: make(chan string, 1024), kick: make(chan struct{}, 1),
	}
	if e.room = cfg.Room; e.room == nil {
		e.room = noRoom{}
	}
	e.busy = busyLanes{lanes: map[string]int{}, work: map[string]bool{}, woken: map[string]bool{}}
	e.setup.Store(setup)
	return e, nil
}

// Use makes setup the configuration of everything that begins from now on.
func (e *Engine) Use(setup *Setup) {
	e.setup.Store(setup)
	e.wake()
}

// Setup returns the configuration in use.
func (e *Engine) Setup() *Setup { return e.setup.Load() }

// Run opens messages in the background and empties the outbox until take ends; work in hand may go on until hold ends. It first
// takes up what a crash left: messages still `received`, deliveries still `sending`.
func (e *Engine) Run(take, hold context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { e.openWaiting(take, hold) })
	wg.Go(func() { e.watchProof(take) })
	return e.runOutbox(take, hold)
}

// wake tells the outbox that lanes may have something due; none: any may.
func (e *Engine) wake(lanes ...string) {
	e.busy.wake(lanes)
	select {
	case e.kick <- struct{}{}:
	default:
	}
}

// write is store.Write, and wakes the lanes whose deliveries the work touched once it is durable.
func (e *Engine) write(ctx context.Context, work func(Tx) error) error {
	var touched []string
	err := e.store.Write(ctx, func(tx Tx) error {
		t := &laneTx{Tx: tx}
		err := work(t)
		touched = t.lanes
		return err
	})
	if err == nil && len(touched) > 0 {
		e.wake(touched...)
	}
	return err
}

// laneTx is a Tx that remembers the lanes of the deliveries it changed.
type laneTx struct {
	Tx
	lanes []string
}

// AddDelivery implements Tx.
func (t *laneTx) AddDelivery(d referral.Delivery) (bool, error) {
	t.lanes = appendNew(t.lanes, d.Lane)
	return t.Tx.AddDelivery(d)
}

// SetDelivery implements Tx.
func (t *laneTx) SetDelivery(d referral.Delivery) error {
	t.lanes = appendNew(t.lanes, d.Lane)
	return t.Tx.SetDelivery(d)
}

// newID returns a time-ordered id for rows.
func (e *Engine) newID() (string, error) {
	id, err := uuid.NewV7FromReader(e.rand)
	if err != nil {
		return "", fmt.Errorf("engine: making an id: %w", err)
	}
	return id.String(), nil
}

// crockford is base 32 without I, L, O and U: what people read from paper and say on the phone.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// idEpoch is second 0 of the time in a referral ID.
const idEpoch = 1_577_836_800 // 2020-01-01

// newReferralID returns an opaque referral ID of 16 characters, fit for paper, bar codes and telephone: seconds since idEpoch (35 bits),
// so that rows of the same time lie together in every index, then 45 random bits. It tells when it was made and nothing else.
func (e *Engine) newReferralID() (string, error) {
	var b [10]byte
	if _, err := io.ReadFull(e.rand, b[:]); err != nil {
		return "", fmt.Errorf("engine: making a referral id: %w", err)
	}
	second := uint64(max(e.now().Unix()-idEpoch, 0)) << 29 // 35 bits at the top of the first eight bytes
	head := binary.BigEndian.Uint64(b[:8])&(1<<29-1) | second
	binary.BigEndian.PutUint64(b[:8], head)
	return crockford.EncodeToString(b[:]), nil
}

// lockedReader lets goroutines share a source of randomness.
type lockedReader struct {
	mu sync.Mutex
	r  io.Reader
}

// Read fills p.
func (l *lockedReader) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.Read(p)
}

func orDefault(n, d int) int {
	if n == 0 {
		return d
	}
	return n
}
