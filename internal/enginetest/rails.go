package enginetest

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"refloop/channels"
	"refloop/channels/mllp"
	"refloop/hl7"
)

// Line is a channel of HL7 v2 messages: the MLLP rail's reading without its socket.
type Line struct {
	OpenFunc func(channels.Archived) (channels.Opened, error) // nil: as the MLLP rail
}

// Run implements channels.Channel: there is nothing to serve.
func (l *Line) Run(take, _ context.Context) error { <-take.Done(); return nil }

// Open implements channels.Channel.
func (l *Line) Open(a channels.Archived) (channels.Opened, error) {
	if l.OpenFunc != nil {
		return l.OpenFunc(a)
	}
	return mllp.Open(a, hl7.Limits{})
}

// Mail is a channel that answers before it reads, prepares evidence and owes its senders notices.
type Mail struct {
	Line
	PrepareFunc func(context.Context, channels.Archived) ([]byte, error)
	NoticesFunc func(channels.Archived, channels.Opened, channels.Outcome) []channels.Notice
}

// Prepare implements channels.Preparer.
func (m *Mail) Prepare(ctx context.Context, a channels.Archived) ([]byte, error) {
	if m.PrepareFunc == nil {
		return []byte(`{}`), nil
	}
	return m.PrepareFunc(ctx, a)
}

// Notices implements channels.Notifier.
func (m *Mail) Notices(a channels.Archived, o channels.Opened, out channels.Outcome) []channels.Notice {
	if m.NoticesFunc == nil {
		return nil
	}
	return m.NoticesFunc(a, o, out)
}

// Sender is a rail that keeps what it sent. SendFunc answers; nil: AA.
type Sender struct {
	PackFunc func(channels.Shipment) (channels.Packed, error)
	SendFunc func(context.Context, channels.Outbound) (channels.Receipt, error)

	mu   sync.Mutex
	sent []channels.Outbound
}

// Pack implements channels.Sender: the parts one after the other.
func (s *Sender) Pack(_ context.Context, sh channels.Shipment) (channels.Packed, error) {
	if s.PackFunc != nil {
		return s.PackFunc(sh)
	}
	var b strings.Builder
	if sh.Notice != nil {
		fmt.Fprintf(&b, "%s about %s to %s\n", sh.Notice.Event, sh.Notice.About, sh.Notice.Address)
	}
	for _, p := range sh.Parts {
		fmt.Fprintf(&b, "%s\n", p.Body)
	}
	return channels.Packed{Type: "test/" + sh.Event, ContentType: "text/plain", ControlID: sh.ControlID, Recipient: sh.Address, Body: []byte(b.String())}, nil
}

// Send implements channels.Sender.
func (s *Sender) Send(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
	s.mu.Lock()
	s.sent = append(s.sent, o)
	s.mu.Unlock()
	if s.SendFunc != nil {
		return s.SendFunc(ctx, o)
	}
	return channels.Receipt{Level: channels.LevelDelivered, Code: "AA"}, nil
}

// Sent returns every attempt so far.
func (s *Sender) Sent() []channels.Outbound {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]channels.Outbound(nil), s.sent...)
}

// Events lists what was sent, by event.
func (s *Sender) Events() []string {
	var out []string
	for _, o := range s.Sent() {
		out = append(out, o.Event)
	}
	return out
}
