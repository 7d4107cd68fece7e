package fax

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"refloop/channels"
	"refloop/channels/fax/gateway"
	"refloop/channels/folder"
	"refloop/fax"
)

// Deps is what a channel needs from outside. Handler and Log must be set, and Reader for Prepare.
type Deps struct {
	Name    string // channel in the YAML file
	Partner string // partner the channel is bound to
	Dir     string // folder for what a source must remember; "" for a folder, an smtp or a webhook source
	Max     int    // limits.message in bytes; 0: 64 MiB
	Handler channels.Handler
	Budget  channels.Budget  // limits.memory; nil: none, which an smtp source does not take
	Reader  fax.Recognizer   // the pool of OCR workers
	Draw    *Drawer          // draws PDF pages; nil: such pages are for a person
	Rules   *fax.Rules       // nil: those that come with the program
	Now     func() time.Time // nil: the system's clock
	Log     *slog.Logger
}

// source is where faxes come from.
type source interface {
	Run(take, hold context.Context) error
	Ready() error
}

// Channel is one way in for faxes. It implements channels.Channel, channels.Ready, channels.Preparer and channels.Staged. Make it with [New].
type Channel struct {
	cfg      Config
	d        Deps
	in       source
	patterns gateway.Patterns

	strangers strangers
}

// New makes a channel of a configuration. It opens and touches nothing but the files that the configuration names: Run does.
func New(cfg Config, d Deps) (*Channel, error) {
	if d.Rules == nil {
		d.Rules = fax.DefaultRules()
	}
	if d.Max <= 0 {
		d.Max = 64 << 20
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	c := &Channel{cfg: cfg, d: d}
	var err error
	if c.patterns, err = cfg.Mail.patterns(); err != nil {
		return nil, err
	}
	switch {
	case cfg.Hyla != nil:
		c.in, err = c.hylafax()
	case cfg.SMTP != nil:
		c.in, err = c.smtp()
	case cfg.Mailbox != nil:
		c.in, err = c.mailbox()
	case cfg.Webhook != nil:
		c.in, err = c.webhook()
	default:
		in := c.folder(string(cfg.Folder))
		in.Refused = func(ctx context.Context, files int, newest time.Time) error {
			return channels.TellAside(ctx, d.Handler, d.Name, filepath.Join(in.Dir, folder.RefusedDir), files, newest, c.d.Now())
		}
		c.in = folder.New(in, c.take)
	}
	if err != nil {
		return nil, fmt.Errorf("fax: channel %s: %w", d.Name, err)
	}
	return c, nil
}

// folder is what all folders have in common.
func (c *Channel) folder(dir string) folder.Config {
	cfg := folder.Config{Dir: dir, Every: c.cfg.Scan.D(), Settle: c.cfg.Settle.D(), Max: int64(c.d.Max), Log: c.d.Log.With("channel", c.d.Name), Subject: "fax"}
	if c.d.Budget != nil {
		cfg.Budget = c.d.Budget
	}
	return cfg
}

// Run takes faxes in until take ends.
func (c *Channel) Run(take, hold context.Context) error { return c.in.Run(take, hold) }

// Ready tells whether faxes can come in.
func (c *Channel) Ready() error { return c.in.Ready() }

// take archives one file. Whatever it is, it is archived: what cannot be read goes to a person with the reason, not back into a folder.
func (c *Channel) take(ctx context.Context, f folder.File) error {
	return c.receive(ctx, channels.Inbound{Peer: string(c.cfg.Folder), ContentType: contentType(f.Body), Body: f.Body}, nil)
}

// receive archives what a source brings, with what it knows of the call.
func (c *Channel) receive(ctx context.Context, in channels.Inbound, call *Call) error {
	in.Channel, in.Partner, in.Type, in.Later = c.d.Name, c.d.Partner, channels.Fax, true
	if call != nil {
		b, err := json.Marshal(evidence{Version: evidenceVersion, Call: call, Unread: true})
		if err != nil {
			return fmt.Errorf("fax: keeping what is known of the call: %w", err)
		}
		in.Evidence = b
	}
	out, err := c.d.Handler.Receive(ctx, in)
	if err != nil {
		return err // it stays where it is and is tried again
	}
	c.d.Log.Info("fax archived", "channel", c.d.Name, "message", out.MessageID, "state", out.State, "bytes", len(in.Body))
	return nil
}

// contentType goes by the first bytes, never by the name.
func contentType(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("II")) || bytes.HasPrefix(b, []byte("MM")):
		return "image/tiff"
	case bytes.Contains(b[:min(len(b), 1024)], []byte("%PDF-")):
		return "application/pdf"
	case bytes.HasPrefix(b, []byte("\x89PNG")):
		return "image/png"
	case bytes.HasPrefix(b, []byte{0xff, 0xd8, 0xff}):
		return "image/jpeg"
	}
	return "application/octet-stream"
}
