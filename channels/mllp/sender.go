package mllp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"refloop/channels"
	"refloop/hl7"
	codec "refloop/mllp"
)

// SenderDeps is what a sender needs from outside. Lane, Address, Now and Log must be set.
type SenderDeps struct {
	Lane    string // partner and rail as in the YAML file: northside-ehr/mllp
	Address string // host:port
	Max     int    // bytes in a message, 0: 64 MiB
	Dial    Dial   // nil: TCP
	Now     func() time.Time
	Log     *slog.Logger
}

// Sender delivers messages to one partner over one connection, one at a time. It implements channels.Sender and channels.Watcher. Make it with
// [NewSender].
type Sender struct {
	cfg  RailConfig
	d    SenderDeps
	c    *client
	slot chan struct{} // holds a token while a message is in flight
	late lateAnswers
}

// NewSender makes a sender. It loads certificates and opens no connection: Send does.
func NewSender(cfg RailConfig, d SenderDeps) (*Sender, error) {
	t, err := keepClientTLS(d.Address, cfg)
	if err != nil {
		return nil, fmt.Errorf("mllp: rail %s: %w", d.Lane, err)
	}
	if d.Dial == nil {
		d.Dial = plainDial
	}
	if t != nil {
		t.fail = func(err error) {
			d.Log.Error("changed TLS files cannot be used; the old ones stay in use", "rail", d.Lane, "error", err)
		}
	}
	s := &Sender{cfg: cfg, d: d, slot: make(chan struct{}, 1)}
	s.c = &client{address: d.Address, tls: t, timeout: cfg.AckTimeout.D(), dial: d.Dial, late: s.lateAnswer}
	return s, nil
}

// Pack takes the one HL7 part of a shipment as it is: the frame is put on at sending. Errors are permanent.
func (s *Sender) Pack(_ context.Context, sh channels.Shipment) (channels.Packed, error) {
	var body []byte
	for _, p := range sh.Parts {
		if p.Kind != channels.KindHL7 {
			continue
		}
		if body != nil {
			return channels.Packed{}, s.unsendable("got two HL7 parts, want one")
		}
		body = p.Body
	}
	if body == nil {
		return channels.Packed{}, s.unsendable("got no HL7 part, want one")
	}
	m, err := hl7.Parse(body, hl7.Limits{Bytes: s.d.Max})
	if err != nil {
		return channels.Packed{}, s.unsendable(err.Error())
	}
	id := string(m.Segment(0).Field(10).Raw())
	if id == "" {
		return channels.Packed{}, s.unsendable("got an empty MSH-10, want the control ID of the delivery")
	}
	return channels.Packed{
		Type: m.Type(), ContentType: ContentType, ControlID: id, Recipient: party(m, 5), Body: body,
	}, nil
}

func (s *Sender) unsendable(what string) error {
	return &channels.DeliveryError{Rail: s.d.Lane, Permanent: true, Err: errors.New("mllp: message: " + what)}
}

// Send makes one attempt: it writes the message and waits for the answer with our control ID in MSA-2; other answers are taken by themselves. AA and CA
// give a receipt; AE, AR, CE and CR a receipt beside a *channels.DeliveryError that says whether to try again.
func (s *Sender) Send(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
	select {
	case s.slot <- struct{}{}:
		defer func() { <-s.slot }()
	case <-ctx.Done():
		return channels.Receipt{}, ctx.Err()
	}
	info, raw, err := s.c.exchange(ctx, o.Body, o.ControlID)
	if s.cfg.Connection == "each" {
		s.c.close()
	}
	if err != nil {
		return s.failed(raw, err)
	}
	s.late.seen(info)
	r := receipt(info)
	r.DeliveryID, r.ControlID, r.At, r.Raw = o.DeliveryID, o.ControlID, s.d.Now().UTC(), raw
	if r.Level == channels.LevelFailed {
		de := &channels.DeliveryError{Rail: s.d.Lane, Code: r.Code, Err: errors.New(r.Text)}
		r.Permanent, de.Park = s.cfg.policy(r)
		de.Permanent = r.Permanent
		return r, de
	}
	return r, nil
}

// failed explains an attempt without a readable answer. All but a message that no frame can carry may work later.
func (s *Sender) failed(raw []byte, err error) (channels.Receipt, error) {
	var r channels.Receipt
	if raw != nil {
		r = channels.Receipt{Level: channels.LevelSent, Code: "unreadable", Raw: raw, Type: "unknown", RawType: "application/octet-stream", At: s.d.Now().UTC()}
	}
	return r, &channels.DeliveryError{Rail: s.d.Lane, Permanent: errors.Is(err, codec.ErrBlock), Err: err}
}

// Watch hands answers that come late (the application acknowledgement after a commit acknowledgement) to h. It closes the connection when take ends
// and the message in flight is answered, or when hold ends.
func (s *Sender) Watch(take, hold context.Context, h channels.Handler) error {
	if h != nil {
		s.late.to(func(r channels.Receipt) error { return h.Confirm(hold, r) })
		defer s.late.to(nil)
	}
	<-take.Done()
	select {
	case s.slot <- struct{}{}:
		s.c.close()
		<-s.slot
	case <-hold.Done():
	}
	return nil
}

// Plain tells whether messages of this rail travel unencrypted beyond this machine.
func (s *Sender) Plain() bool {
	host, _, err := net.SplitHostPort(s.d.Address)
	return s.c.tls == nil && err == nil && !loopback(host)
}
