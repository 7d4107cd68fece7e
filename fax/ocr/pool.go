package ocr

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// Defaults of Config.
const (
	DefaultWorkers        = 1
	DefaultPageTime       = 60 * time.Second
	DefaultPageCPU        = 20 * time.Second // a page of dense text takes 2 or 3
	DefaultPagesPerWorker = 200
	DefaultMemory         = 3 << 30 // the Go runtime alone reserves 1.5 GiB of address space; resident are about 200 MB
)

// Kinds of PageError.
const (
	Timeout = "timeout" // the page took longer than Config.PageTime, or more processor time than Config.PageCPU
	Crash   = "crash"   // the child died, or sent something broken
	Refused = "refused" // the engine looked at the page and gave an error
)

// PageError is a page that could not be read. The next page gets a new child
// where needed; the same page would most likely fail again.
type PageError struct {
	Kind   string // Timeout, Crash or Refused
	Detail string // how the child ended, or the engine's word
}

func (e *PageError) Error() string {
	return fmt.Sprintf("ocr: page: %s: %s", e.Kind, e.Detail)
}

// ErrClosed: the pool was closed.
var ErrClosed = errors.New("ocr: pool is closed")

// Config is how a Pool runs its children. The zero value is usable by the
// refloop binary itself.
type Config struct {
	Command        []string      // program and arguments; empty: this executable with "ocr-worker"
	Env            []string      // more NAME=value pairs for the children
	Workers        int           // children at most at the same time, about 200 MB each; 0: DefaultWorkers
	PageTime       time.Duration // limit for one request, start-up of a child included; 0: DefaultPageTime
	PageCPU        time.Duration // processor time of a child for one request, rounded up to seconds (Linux); 0: DefaultPageCPU, negative: no limit
	PagesPerWorker int           // a child ends after this many requests; 0: DefaultPagesPerWorker
	Memory         int64         // address space of a child in bytes (Linux); 0: DefaultMemory, negative: no limit
	Language       string        // traineddata name; empty: eng
}

// Pool keeps children that read pages. Children start when first needed.
// All methods may be called from several goroutines.
type Pool struct {
	cfg   Config
	slots chan *child // one entry a worker; nil: none running in this slot
	done  chan struct{}
	once  sync.Once
}

// NewPool checks the settings. It starts nothing; Close must still be called.
func NewPool(cfg Config) (*Pool, error) {
	if len(cfg.Command) == 0 {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("ocr: own program: %w", err)
		}
		cfg.Command = []string{self, "ocr-worker"}
	}
	if cfg.Workers == 0 {
		cfg.Workers = DefaultWorkers
	}
	if cfg.PageTime == 0 {
		cfg.PageTime = DefaultPageTime
	}
	if cfg.PageCPU == 0 {
		cfg.PageCPU = DefaultPageCPU
	}
	if cfg.PagesPerWorker == 0 {
		cfg.PagesPerWorker = DefaultPagesPerWorker
	}
	if cfg.Memory == 0 {
		cfg.Memory = DefaultMemory
	}
	if cfg.Workers < 0 || cfg.Workers > 64 || cfg.PageTime < 0 || cfg.PagesPerWorker < 0 {
		return nil, fmt.Errorf("ocr: pool: got %d workers, %v a page, %d pages a worker; want 1 to 64 workers and positive limits", cfg.Workers, cfg.PageTime, cfg.PagesPerWorker)
	}
	p := &Pool{cfg: cfg, slots: make(chan *child, cfg.Workers), done: make(chan struct{})}
	for range cfg.Workers {
		p.slots <- nil
	}
	return p, nil
}

// Recognize reads one image. It waits for a free child, or until ctx ends.
// Errors: ErrWire (the request breaks a limit), ErrNoEngine (nothing can be
// read on this machine, with the remedy), ErrClosed, ctx's error, *PageError.
func (p *Pool) Recognize(ctx context.Context, req Request) (Reply, error) {
	if err := req.Check(); err != nil {
		return Reply{}, err
	}
	select {
	case <-p.done:
		return Reply{}, ErrClosed
	default:
	}
	var c *child
	select {
	case c = <-p.slots:
	case <-p.done:
		return Reply{}, ErrClosed
	case <-ctx.Done():
		return Reply{}, ctx.Err()
	}
	page, cancel := context.WithTimeout(ctx, p.cfg.PageTime)
	defer cancel()
	reply, c, err := p.onePage(page, c, req)
	p.slots <- c
	if err != nil && ctx.Err() != nil {
		return Reply{}, ctx.Err()
	}
	return reply, err
}

// onePage gives back the child when it may serve again, else nil.
func (p *Pool) onePage(ctx context.Context, c *child, req Request) (Reply, *child, error) {
	if c == nil {
		var err error
		if c, err = startChild(ctx, p.cfg); err != nil {
			return Reply{}, nil, err
		}
	}
	reply, refusal, err := c.ask(ctx, req)
	if err != nil {
		how := c.end()
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return Reply{}, nil, &PageError{Kind: Timeout, Detail: fmt.Sprintf("no answer within %v", p.cfg.PageTime)}
		}
		if c.usedUp() {
			return Reply{}, nil, &PageError{Kind: Timeout, Detail: fmt.Sprintf("more than %v of processor time", p.cfg.PageCPU)}
		}
		return Reply{}, nil, &PageError{Kind: Crash, Detail: how}
	}
	if c.pages >= p.cfg.PagesPerWorker {
		c.end()
		c = nil
	}
	if refusal != "" {
		return Reply{}, c, &PageError{Kind: Refused, Detail: refusal}
	}
	return reply, c, nil
}

// Run keeps the pool until ctx ends, then closes it. It returns nil.
func (p *Pool) Run(ctx context.Context) error {
	<-ctx.Done()
	return p.Close()
}

// Close waits for pages under way (each within PageTime), ends all children
// and returns when they are gone. It may be called more than once.
func (p *Pool) Close() error {
	p.once.Do(func() {
		close(p.done)
		for range p.cfg.Workers {
			if c := <-p.slots; c != nil {
				c.end()
			}
		}
	})
	return nil
}
