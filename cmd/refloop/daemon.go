package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"refloop/channels"
	"refloop/config"
	"refloop/engine"
	"refloop/store"
)

// daemon is one running refloop: a store, an engine, and the rooms that a plan opened. Several may live in one process.
type daemon struct {
	log      *slog.Logger
	path     string
	flags    []config.Flag
	settings config.Daemon
	store    *store.Store
	failing  atomic.Int64 // see engineStore
	engine   *engine.Engine
	budget   *budget
	ocr      *ocrRoom
	direct   *directRoom

	change sync.Mutex // held by whoever opens or stops rooms, so that only one does
	mu     sync.Mutex // guards what follows, for a moment only: health asks at any time

	plan     *plan
	rooms    map[string]*room // by kind and name: channel/ehr-orders, lane/lakeside/direct
	phase    phase
	reloaded reloadState
}

// phase is what a daemon does with the rooms of a new configuration.
type phase int

const (
	opened  phase = iota // run starts them
	running              // a reload starts and stops them
	ending               // nobody starts anything any more
)

// reloadState is how the last reload went, for health and the command line.
type reloadState struct {
	at  time.Time
	err error
}

// open reads the configuration, opens the store and every room, and returns a daemon that is ready to run.
func open(ctx context.Context, path string, flags []config.Flag, log *slog.Logger) (*daemon, error) {
	cfg, settings, pl, err := readPlan(path, flags)
	if err != nil {
		return nil, err
	}
	if err := makeDemoKeys(pl, settings.StoreURL, log); err != nil {
		return nil, err
	}
	key, err := sealKey(cfg.Store.SealKey.Reveal())
	if err != nil {
		return nil, err
	}
	st, err := openPatiently(ctx, store.Config{URL: settings.StoreURL, SealKey: key, Org: cfg.Organization.OID}, log)
	if err != nil {
		return nil, err
	}
	d := &daemon{
		log: log, path: path, flags: flags, settings: settings, store: st, budget: newBudget(int64(cfg.Limits.Memory)), plan: pl, rooms: map[string]*room{},
	}
	if err := d.assemble(pl); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return d, nil
}

// assemble makes the shared rooms, the engine and the first set of rails.
func (d *daemon) assemble(pl *plan) error {
	var err error
	if d.ocr, err = openOCR(d.log); err != nil {
		return err
	}
	set := &engine.Setup{Directory: pl.directory}
	if d.engine, err = engine.New(engine.Config{Store: engineStore{d.store, &d.failing}, Now: time.Now, Rand: rand.Reader, Log: d.log, Room: d.budget}, set); err != nil {
		return err
	}
	return d.install(pl)
}

// deps is what rails opened for pl are given.
func (d *daemon) deps(pl *plan) deps {
	return deps{
		handler: d.engine, budget: d.budget, max: int(pl.cfg.Limits.Message), now: time.Now, log: d.log, direct: d.direct, ocr: d.ocr,
	}
}

// install opens what pl has new or changed, keeps what did not change, and hands the engine the new setup. When anything cannot be
// opened nothing changes. Rooms that go are stopped before the engine forgets them, and before those that take over their ports start.
func (d *daemon) install(pl *plan) error {
	d.change.Lock()
	defer d.change.Unlock()
	if d.inPhase(ending) {
		return errEnding
	}
	direct, err := pl.direct.open(d.log)
	if err != nil {
		return err
	}
	dp := d.deps(pl)
	dp.direct = direct
	next, err := d.openRooms(pl, dp)
	if err != nil {
		return err
	}
	d.stopAll(d.retired(next), reloadDrain)
	d.engine.Use(setupOf(pl, next))
	d.mu.Lock()
	d.plan, d.rooms, d.direct = pl, next, direct
	d.mu.Unlock()
	if d.inPhase(running) {
		d.startAll()
	}
	return nil
}

var errEnding = errors.New("the daemon is stopping")

func (d *daemon) inPhase(p phase) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.phase == p
}

func (d *daemon) enter(p phase) {
	d.mu.Lock()
	d.phase = p
	d.mu.Unlock()
}

// setupOf is the engine's view of a plan and its rooms.
func setupOf(pl *plan, rooms map[string]*room) *engine.Setup {
	set := &engine.Setup{
		Hash: pl.cfg.Hash, Directory: pl.directory, Channels: map[string]engine.Channel{}, Senders: map[string]channels.Sender{},
		Notices: map[string]string{channels.Direct: noticeLane}, Wide: pl.wide, Retries: pl.retries, Routes: pl.routes, ProofWait: pl.direct.proofWait(),
	}
	for _, c := range pl.channels {
		set.Channels[c.name] = engine.Channel{Rail: rooms["channel/"+c.name].channel, Rules: c.rules}
	}
	for _, s := range pl.senders {
		set.Senders[s.lane] = rooms["lane/"+s.lane].sender
	}
	return set
}

// run starts everything, prints ready when every listener is open, and blocks until ctx ends. It then stops: listeners and deliveries
// take nothing new, what is in hand gets drain, the console and the store end last.
func (d *daemon) run(ctx context.Context, ready func()) error {
	holdMemory(d.budget.limit.Load())
	engineTake, stopEngine := context.WithCancel(context.Background())
	engineHold, letEngineGo := context.WithCancel(context.Background())
	defer letEngineGo()
	engineDone := make(chan error, 1)
	go func() { engineDone <- d.engine.Run(engineTake, engineHold) }()
	d.change.Lock()
	d.startAll()
	d.enter(running)
	d.change.Unlock()
	pages, err := d.openConsole()
	if err == nil {
		if err = d.awaitReady(ctx); err == nil && ctx.Err() == nil {
			ready()
			<-ctx.Done()
		}
	}
	d.log.Info("stopping")
	stopEngine()
	timer := time.AfterFunc(drain, letEngineGo)
	d.stopRooms()
	err = errors.Join(err, <-engineDone)
	timer.Stop()
	if pages != nil {
		err = errors.Join(err, pages.Close())
	}
	d.ocr.close()
	return errors.Join(err, d.store.Close())
}

// awaitReady waits until every channel is open for traffic, or one has failed.
func (d *daemon) awaitReady(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		waiting, err := d.waiting()
		if err != nil || waiting == "" {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// waiting names a channel that is not open yet; empty when all are.
func (d *daemon) waiting() (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for key, r := range d.rooms {
		if r.failed != nil {
			if err := r.failed(); err != nil {
				return "", fmt.Errorf("%s: %w", key, err)
			}
		}
		if rd, ok := r.channel.(channels.Ready); ok && rd.Ready() != nil {
			return key, nil
		}
	}
	return "", nil
}

// reload reads the configuration again. A wrong file keeps the old one running and says so.
func (d *daemon) reload() error {
	_, settings, pl, err := readPlan(d.path, d.flags)
	if err == nil {
		err = d.install(pl)
	}
	d.mu.Lock()
	d.reloaded = reloadState{at: time.Now(), err: err}
	d.mu.Unlock()
	if err != nil {
		d.log.Error("configuration not taken; the old one stays in use", "error", err)
		return err
	}
	d.budget.limit.Store(int64(pl.cfg.Limits.Memory))
	if settings != d.settings {
		d.log.Warn("changes of socket, store, console or log take effect at the next start")
	}
	d.log.Info("configuration reloaded", "hash", pl.cfg.Hash)
	return nil
}

// readPlan loads and compiles a configuration; its error lists every mistake.
func readPlan(path string, flags []config.Flag) (*config.Config, config.Daemon, *plan, error) {
	cfg, problems := config.Load(path)
	if cfg == nil {
		return nil, config.Daemon{}, nil, problems.Err()
	}
	if unreadable(path) {
		return nil, config.Daemon{}, nil, problems.Err()
	}
	settings := cfg.Daemon(flags, problems)
	pl := makePlan(cfg, problems)
	checkPlan(cfg, settings, problems)
	return cfg, settings, pl, problems.Err()
}
