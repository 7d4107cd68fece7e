package fax

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"

	"refloop/channels"
	"refloop/channels/folder"
	"refloop/fax"
)

// Deps is what a channel needs from outside. Handler and Log must be set, and Reader for Prepare.
type Deps struct {
	Name    string // channel in the YAML file
	Partner string // partner the channel is bound to
	Max     int    // limits.message in bytes; 0: 64 MiB
	Handler channels.Handler
	Budget  channels.Budget // limits.memory; nil: none
	Reader  fax.Recognizer  // the pool of OCR workers
	Draw    *Drawer         // draws PDF pages; nil: such pages are for a person
	Rules   *fax.Rules      // nil: those that come with the program
	Log     *slog.Logger
}

// Channel is a folder where faxes arrive. It implements channels.Channel, channels.Ready and channels.Preparer. Make it with [New].
type Channel struct {
	cfg Config
	d   Deps
	in  *folder.Watcher
}

// New makes a channel of a configuration. It touches nothing: Run does.
func New(cfg Config, d Deps) *Channel {
	if d.Rules == nil {
		d.Rules = fax.DefaultRules()
	}
	if d.Max <= 0 {
		d.Max = 64 << 20
	}
	c := &Channel{cfg: cfg, d: d}
	var budget folder.Budget
	if d.Budget != nil {
		budget = d.Budget
	}
	c.in = folder.New(folder.Config{
		Dir: string(cfg.Folder), Every: cfg.Scan.D(), Settle: cfg.Settle.D(), Max: int64(d.Max), Budget: budget,
		Log: d.Log.With("channel", d.Name), Subject: "fax",
	}, c.take)
	return c
}

// Run takes faxes out of the folder until take ends.
func (c *Channel) Run(take, hold context.Context) error { return c.in.Run(take, hold) }

// Ready tells whether the folder can be read.
func (c *Channel) Ready() error { return c.in.Ready() }

// take archives one file. Whatever it is, it is archived: what cannot be read goes to a person with the reason, not back into a folder.
func (c *Channel) take(ctx context.Context, f folder.File) error {
	out, err := c.d.Handler.Receive(ctx, channels.Inbound{
		Channel: c.d.Name, Partner: c.d.Partner, Peer: string(c.cfg.Folder), Type: "fax", ContentType: contentType(f.Body),
		Body: f.Body, Later: true,
	})
	if err != nil {
		return err // it stays in the folder and is tried again
	}
	c.d.Log.Info("fax archived", "channel", c.d.Name, "message", out.MessageID, "bytes", len(f.Body))
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

// evidence is what Prepare keeps: everything that was read off the pages, before any of it was given a meaning.
type evidence struct {
	Version int            `json:"version"`
	Failure string         `json:"failure,omitempty"` // why the file cannot be read at all
	Station string         `json:"station,omitempty"` // the sender's station ID as the receiver wrote it; a hint only
	Pages   []fax.PageText `json:"pages,omitempty"`
}

const evidenceVersion = 1

// Prepare reads all pages. A file that cannot be read gives evidence that says why; an error means that reading is not possible now.
func (c *Channel) Prepare(ctx context.Context, a channels.Archived) ([]byte, error) {
	e := evidence{Version: evidenceVersion}
	text, err := Read(ctx, c.d.Reader, c.d.Draw, a.Body, fax.Limits{Bytes: c.d.Max, Pages: c.cfg.Pages})
	var u *fax.Unreadable
	switch {
	case errors.As(err, &u):
		e.Failure = u.Error()
	case err != nil:
		return nil, err
	default:
		e.Station, e.Pages = text.Station, text.Pages
	}
	b, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("fax: keeping what was read: %w", err)
	}
	return b, nil
}

// errNotPrepared says that Prepare must run first.
var errNotPrepared = errors.New("fax: got no evidence, want what Prepare kept; reprocess the message with reading")

// Open finds the fields in what Prepare kept. It gives the fields as JSON (fax.Result) and the file itself. It is pure.
func (c *Channel) Open(a channels.Archived) (channels.Opened, error) {
	if len(a.Evidence) == 0 {
		return channels.Opened{}, errNotPrepared
	}
	var e evidence
	if err := json.Unmarshal(a.Evidence, &e); err != nil || e.Version != evidenceVersion {
		return channels.Opened{}, fmt.Errorf("fax: got evidence of %d bytes that cannot be used, want version %d; reprocess the message with reading", len(a.Evidence), evidenceVersion)
	}
	if e.Failure != "" {
		return channels.Opened{}, fmt.Errorf("%s; ask the sender for the pages in another way", e.Failure)
	}
	result := c.d.Rules.Extract(e.Pages)
	fields, err := json.Marshal(result)
	if err != nil {
		return channels.Opened{}, fmt.Errorf("fax: fields: %w", err)
	}
	attrs := map[string]string{"page_count": strconv.Itoa(len(e.Pages))}
	if e.Station != "" {
		attrs["station"] = e.Station
	}
	kind, extension := channels.KindImage, ".tif"
	switch a.ContentType {
	case "application/pdf":
		kind, extension = channels.KindPDF, ".pdf"
	case "image/png":
		extension = ".png"
	case "image/jpeg":
		extension = ".jpg"
	}
	o := channels.Opened{Type: channels.Fax, Parts: []channels.Part{
		{Kind: channels.KindFields, Name: "fields.json", ContentType: "application/json", Title: "Fields read from the fax", Body: fields, Attrs: attrs},
		{Kind: kind, Name: "fax" + extension, ContentType: a.ContentType, Title: "Fax as received", Body: a.Body, Attrs: attrs},
	}}
	for _, n := range result.Failed {
		o.Warnings = append(o.Warnings, fmt.Sprintf("page %d could not be read", n))
	}
	return o, nil
}
