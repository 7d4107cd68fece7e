package file

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"time"
	"unicode/utf8"

	"refloop/channels"
	"refloop/channels/folder"
	"refloop/hl7"
)

// Deps is what a channel needs from outside. Handler and Log must be set.
type Deps struct {
	Name    string // channel in the YAML file
	Partner string // partner the channel is bound to
	Max     int    // limits.message in bytes; 0: 64 MiB
	Handler channels.Handler
	Budget  channels.Budget // limits.memory; nil: none
	Log     *slog.Logger
}

// Channel is a folder where files arrive. It implements channels.Channel and channels.Ready. Make it with [New].
type Channel struct {
	cfg Config
	d   Deps
	in  *folder.Watcher
}

// New makes a channel of a configuration. It touches nothing: Run does.
func New(cfg Config, d Deps) *Channel {
	c := &Channel{cfg: cfg, d: d}
	var budget folder.Budget
	if d.Budget != nil {
		budget = d.Budget
	}
	c.in = folder.New(folder.Config{
		Dir: string(cfg.Folder), Every: cfg.Scan.D(), Settle: cfg.Settle.D(), Max: int64(d.Max), Budget: budget,
		Log: d.Log.With("channel", d.Name), Subject: "file",
		Refused: func(ctx context.Context, files int, newest time.Time) error {
			return channels.TellAside(ctx, d.Handler, d.Name, filepath.Join(string(cfg.Folder), folder.RefusedDir), files, newest, time.Now())
		},
	}, c.take)
	return c
}

// Run takes files out of the folder until take ends.
func (c *Channel) Run(take, hold context.Context) error { return c.in.Run(take, hold) }

// Ready tells whether the folder can be read.
func (c *Channel) Ready() error { return c.in.Ready() }

func (c *Channel) take(ctx context.Context, f folder.File) error {
	kind, contentType := kindOf(f.Body)
	if kind == channels.KindHL7 {
		messages, batch := messagesOf(f.Body, hl7.Limits{Bytes: c.d.Max})
		if messages == nil && c.cfg.Answers != "" {
			messages = [][]byte{f.Body}
		}
		if messages != nil {
			return c.takeMessages(ctx, f.Name, messages, batch)
		}
	}
	out, err := c.d.Handler.Receive(ctx, channels.Inbound{
		Channel: c.d.Name, Partner: c.d.Partner, Peer: string(c.cfg.Folder), Type: channels.File, ContentType: contentType, Body: f.Body, Later: true,
	})
	if err != nil {
		return err // it stays in the folder and is tried again
	}
	c.d.Log.Info("file archived", "channel", c.d.Name, "message", out.MessageID, "bytes", len(f.Body))
	return nil
}

// Open gives the file as one part. It is pure.
func (c *Channel) Open(a channels.Archived) (channels.Opened, error) {
	kind, contentType := kindOf(a.Body)
	return channels.Opened{Type: channels.File, Parts: []channels.Part{{Kind: kind, ContentType: contentType, Body: a.Body}}}, nil
}

// kindOf goes by the first bytes, never by a name.
func kindOf(b []byte) (kind, contentType string) {
	head := bytes.TrimLeft(bytes.TrimPrefix(b[:min(len(b), 4096)], []byte("\xef\xbb\xbf")), "\x0b \t\r\n")
	switch {
	case len(head) > 8 && (bytes.HasPrefix(head, []byte("MSH")) || bytes.HasPrefix(head, []byte("FHS")) || bytes.HasPrefix(head, []byte("BHS"))):
		return channels.KindHL7, contentHL7
	case bytes.HasPrefix(head, []byte("<")) && bytes.Contains(head, []byte("ClinicalDocument")):
		return channels.KindCDA, "application/cda+xml"
	case bytes.HasPrefix(head, []byte("%PDF-")):
		return channels.KindPDF, "application/pdf"
	case bytes.HasPrefix(b, []byte("II*\x00")) || bytes.HasPrefix(b, []byte("MM\x00*")):
		return channels.KindImage, "image/tiff"
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n")):
		return channels.KindImage, "image/png"
	case bytes.HasPrefix(b, []byte{0xff, 0xd8, 0xff}):
		return channels.KindImage, "image/jpeg"
	case bytes.HasPrefix(head, []byte("{")) && json.Valid(b):
		return channels.KindJSON, "application/json"
	case len(b) > 0 && utf8.Valid(b) && !bytes.ContainsRune(b, 0):
		return channels.KindText, "text/plain; charset=utf-8"
	}
	return channels.KindOther, "application/octet-stream"
}
