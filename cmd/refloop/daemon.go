package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
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
	engine   *engine.Engine
	budget   *budget
	ocr      *ocrRoom
	direct   *directRoom

	mu       sync.Mutex // guards what a reload changes
	plan     *plan
	rooms    map[string]*room // by kind and name: channel/ehr-orders, lane/lakeside/direct
	reloaded reloadState
}

// reloadState is how the last reload went, for health and the command line.
type reloadState struct {
	at  time.Time
	err error
}

// room is one opened channel or sender and its running work.
type room struct {
	print   string
	channel channels.Channel
	sender  channels.Sender
	stop    func() // ends its work and waits for it; nil when it has none
	failed  func() error
}

// open reads the configuration, opens the store and every room, and returns a daemon that is ready to run.
func open(ctx context.Context, path string, flags []config.Flag, log *slog.Logger) (*daemon, error) {
	cfg, settings, pl, err := readPlan(path, flags)
	if err != nil {
		return nil, err
	}
	if err := makeDemoKeys(pl, log); err != nil {
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
	if d.engine, err = engine.New(engine.Config{Store: engineStore{d.store}, Now: time.Now, Rand: rand.Reader, Log: d.log}, set); err != nil {
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
// opened nothing changes.
func (d *daemon) install(pl *plan) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	room, err := pl.direct.open(d.log)
	if err != nil {
		return err
	}
	d.direct = room
	next, err := d.openRooms(pl)
	if err != nil {
		return err
	}
	d.engine.Use(setupOf(pl, next))
	d.plan = pl
	d.retire(next)
	return nil
}

// openRooms returns the rooms of pl: those that did not change are the running ones.
func (d *daemon) openRooms(pl *plan) (map[string]*room, error) {
	next := map[string]*room{}
	dp := d.deps(pl)
	for _, c := range pl.channels {
		key := "channel/" + c.name
		if have := d.rooms[key]; have != nil && have.print == c.print {
			next[key] = have
			continue
		}
		ch, err := c.open(dp)
		if err != nil {
			return nil, err
		}
		next[key] = &room{print: c.print, channel: ch}
	}
	for _, s := range pl.senders {
		key := "lane/" + s.lane
		if have := d.rooms[key]; have != nil && have.print == s.print {
			next[key] = have
			continue
		}
		sender, err := s.open(dp)
		if err != nil {
			return nil, err
		}
		next[key] = &room{print: s.print, sender: sender}
	}
	return next, nil
}

// retire stops rooms that are no longer wanted, then starts the new ones when the daemon runs already.
func (d *daemon) retire(next map[string]*room) {
	for key, old := range d.rooms {
		if next[key] != old && old.stop != nil {
			old.stop()
		}
	}
	running := d.rooms
	d.rooms = next
	for key, r := range next {
		if r.stop == nil && len(running) > 0 {
			d.start(key, r)
		}
	}
}

// setupOf is the engine's view of a plan and its rooms.
func setupOf(pl *plan, rooms map[string]*room) *engine.Setup {
	set := &engine.Setup{
		Hash: pl.cfg.Hash, Directory: pl.directory, Channels: map[string]engine.Channel{}, Senders: map[string]channels.Sender{},
		Notices: map[string]string{channels.Direct: noticeLane}, Wide: pl.wide, Routes: pl.routes, ProofWait: pl.direct.proofWait(),
	}
	for _, c := range pl.channels {
		set.Channels[c.name] = engine.Channel{Rail: rooms["channel/"+c.name].channel, Rules: c.rules}
	}
	for _, s := range pl.senders {
		set.Senders[s.lane] = rooms["lane/"+s.lane].sender
	}
	return set
}

// drain is how long work in hand may go on after the daemon was told to stop.
const drain = 20 * time.Second

// start runs a room's work in the background until its stop is called.
func (d *daemon) start(key string, r *room) {
	run := func(take, hold context.Context) error { return nil }
	switch {
	case r.channel != nil:
		run = r.channel.Run
	case r.sender != nil:
		if w := watcherOf(r.sender, d.engine); w != nil {
			run = w
		}
	}
	take, stopTaking := context.WithCancel(context.Background())
	hold, letGo := context.WithCancel(context.Background())
	done := make(chan struct{})
	var failure error
	go func() {
		defer close(done)
		if failure = run(take, hold); failure != nil {
			d.log.Error("stopped", "room", key, "error", failure)
		}
	}()
	r.failed = func() error {
		select {
		case <-done:
			return failure
		default:
			return nil
		}
	}
	r.stop = func() {
		stopTaking()
		timer := time.AfterFunc(drain, letGo)
		<-done
		timer.Stop()
		letGo()
	}
}

// run starts everything, prints ready when every listener is open, and blocks until ctx ends. It then stops in the reverse order:
// listeners first, deliveries last.
func (d *daemon) run(ctx context.Context, ready func()) error {
	engineTake, stopEngine := context.WithCancel(context.Background())
	engineHold, letEngineGo := context.WithCancel(context.Background())
	defer letEngineGo()
	engineDone := make(chan error, 1)
	go func() { engineDone <- d.engine.Run(engineTake, engineHold) }()
	d.mu.Lock()
	for key, r := range d.rooms {
		d.start(key, r)
	}
	d.mu.Unlock()
	pages, err := d.openConsole()
	if err == nil {
		if err = d.awaitReady(ctx); err == nil && ctx.Err() == nil {
			ready()
			<-ctx.Done()
		}
	}
	d.log.Info("stopping")
	d.stopRooms()
	stopEngine()
	timer := time.AfterFunc(drain, letEngineGo)
	err = errors.Join(err, <-engineDone)
	timer.Stop()
	if pages != nil {
		err = errors.Join(err, pages.Close())
	}
	d.ocr.close()
	return errors.Join(err, d.store.Close())
}

// stopRooms ends every channel and sender, all at once, and waits for them.
func (d *daemon) stopRooms() {
	d.mu.Lock()
	rooms := d.rooms
	d.rooms = map[string]*room{}
	d.mu.Unlock()
	var wg sync.WaitGroup
	for _, r := range rooms {
		if r.stop != nil {
			wg.Go(r.stop)
		}
	}
	wg.Wait()
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
	_, _, pl, err := readPlan(d.path, d.flags)
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
	d.log.Info("configuration reloaded", "hash", pl.cfg.Hash)
	return nil
}

// readPlan loads and compiles a configuration; its error lists every mistake.
func readPlan(path string, flags []config.Flag) (*config.Config, config.Daemon, *plan, error) {
	cfg, problems := config.Load(path)
	if cfg == nil {
		return nil, config.Daemon{}, nil, problems.Err()
	}
	settings := cfg.Daemon(flags, problems)
	pl := makePlan(cfg, problems)
	return cfg, settings, pl, problems.Err()
}
