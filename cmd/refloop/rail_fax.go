package main

import (
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"refloop/channels"
	"refloop/channels/fax"
	"refloop/channels/file"
	"refloop/config"
	"refloop/engine"
	"refloop/fax/ocr"
	"refloop/transform"
)

// ocrRoom is the pool of child processes that read pages; children start when the first page comes.
type ocrRoom struct {
	pool *ocr.Pool
	draw *fax.Drawer
}

func openOCR(_ *slog.Logger) (*ocrRoom, error) {
	pool, err := ocr.NewPool(ocr.Config{})
	if err != nil {
		return nil, err
	}
	self, err := executable()
	if err != nil {
		return nil, err
	}
	return &ocrRoom{pool: pool, draw: &fax.Drawer{Command: []string{self, "pdf-worker"}}}, nil
}

func (o *ocrRoom) close() {
	if o != nil {
		o.pool.Close()
	}
}

func faxChannel(pl *plan, c config.Channel, p *config.Problems) openChannel {
	cfg := fax.DecodeChannel(c, p)
	rules := fax.DecodeRules(c, p)
	return func(d deps) (channels.Channel, error) {
		return fax.New(cfg, fax.Deps{
			Name: c.Name, Partner: c.Partner, Dir: pl.cfg.Node.Resolve("var/fax"), Max: d.max, Handler: d.handler, Budget: d.budget, Reader: d.ocr.pool, Draw: d.ocr.draw, Rules: rules, Log: d.log,
		})
	}
}

// faxRetry is how faxes are repeated by a rail that does not say: a busy machine is not free again after seconds. [faxRetryKeys] says it to people.
func faxRetry() engine.Retry {
	return engine.Retry{First: 2 * time.Minute, Max: 30 * time.Minute, Attempts: 5}
}

// faxRetryKeys are the keys of `retry` whose defaults are others on a fax rail.
type faxRetryKeys struct {
	Retry struct {
		First    config.Duration `yaml:"first" default:"2m" doc:"fax: pause after the first failure; it doubles each time"`
		Longest  config.Duration `yaml:"longest" default:"30m" doc:"fax: the longest pause"`
		Attempts int             `yaml:"attempts" default:"5" doc:"fax: refusals (busy, no answer, line broke) after which a delivery is given up"`
	} `yaml:"retry" doc:"how failed faxes are repeated; other defaults than those of other rails"`
}

// retryOf is what a rail's key `retry` says; what it does not say of a fax rail is faxRetry.
func retryOf(r config.Rail) engine.Retry {
	t := r.Retry
	out := engine.Retry{First: t.First.D(), Max: t.Longest.D(), Attempts: t.Attempts, MaxAge: t.For.D()}
	if r.Type != channels.Fax {
		return out
	}
	base := faxRetry()
	if !t.Node.Field("first").Present() {
		out.First = base.First
	}
	if !t.Node.Field("longest").Present() {
		out.Max = max(base.Max, out.First)
	}
	if !t.Node.Field("attempts").Present() {
		out.Attempts = base.Attempts
	}
	return out
}

func faxRail(pl *plan, r config.Rail, lane string, p *config.Problems) (transform.Dialect, openSender) {
	cfg := fax.DecodeRail(r, p)
	pl.retries[lane] = faxRetry()
	dir := filepath.Join(pl.cfg.Node.Resolve("var/fax"), strings.ReplaceAll(lane, "/", "."))
	return transform.Dialect{Processing: cfg.Processing}, func(d deps) (channels.Sender, error) {
		return fax.NewSender(cfg, fax.SenderDeps{Name: lane, Dir: dir, Draw: d.ocr.draw, Now: d.now, Log: d.log})
	}
}

func fileChannel(_ *plan, c config.Channel, p *config.Problems) openChannel {
	cfg := file.DecodeChannel(c, p)
	return func(d deps) (channels.Channel, error) {
		return file.New(cfg, file.Deps{Name: c.Name, Partner: c.Partner, Max: d.max, Handler: d.handler, Budget: d.budget, Log: d.log}), nil
	}
}

func fileRail(_ *plan, r config.Rail, lane string, p *config.Problems) (transform.Dialect, openSender) {
	cfg := file.DecodeRail(r, p)
	return transform.Dialect{Body: cfg.Body, Processing: cfg.Processing}, func(d deps) (channels.Sender, error) {
		return file.NewSender(cfg, file.SenderDeps{Name: lane, Now: d.now, Log: d.log}), nil
	}
}
