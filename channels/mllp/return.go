package mllp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"refloop/channels"
	"refloop/hl7"
)

// EventApplicationAck is the event of a delivery that carries an application acknowledgement over a return connection.
const EventApplicationAck = "ack.application"

// ReturnLane names the lane of a channel's return connection (ack_return): its application acknowledgements leave in order.
func ReturnLane(channel string) string { return channel + "/ack_return" }

// Notices implements channels.Notifier: with a return connection, the application acknowledgement of a message in enhanced mode is a message of its
// own to the initiating system (2.9.3). As a delivery it is in the commit of the message it answers, survives a crash, is tried again until the
// sender takes it, and opens an item when it never does.
func (s *Server) Notices(a channels.Archived, _ channels.Opened, out channels.Outcome) []channels.Notice {
	if s.cfg.Return == "" {
		return nil
	}
	m, err := hl7.ParseWith(a.Body, s.opts)
	if err != nil || m.IsAck() || !m.AckMode().Enhanced {
		return nil
	}
	answer := out.Answer // of a duplicate: the one it had before
	if answer == nil {
		answer = s.answerer.answer(m, out)
	}
	_, late := sorted(separate(answer))
	var list []channels.Notice
	for _, b := range late {
		list = append(list, channels.Notice{
			Event: EventApplicationAck, Rail: channels.MLLP, Lane: ReturnLane(s.d.Name), Address: s.cfg.Return, About: a.ControlID, Evidence: b,
		})
	}
	return list
}

// ReturnSender carries application acknowledgements to the return connection of a channel. Nobody answers them: what the peer's machine took is sent.
// It implements channels.Sender. Make it with [NewReturnSender].
type ReturnSender struct {
	d    SenderDeps
	slot chan struct{} // holds a token while one is being written
	c    *client
	used time.Time // when something was written last
}

// freshReturn is how long a return connection without traffic is trusted: nobody answers on it, so that one which a firewall has dropped in
// silence would not be noticed.
const freshReturn = time.Minute

// NewReturnSender makes the sender for ack_return of a channel; d.Address is not used. It opens no connection: Send does.
func NewReturnSender(cfg Config, d SenderDeps) (*ReturnSender, error) {
	t, err := keepClientTLS(cfg.Return, RailConfig{TLS: cfg.ReturnTLS, CA: cfg.ReturnCA})
	if err != nil {
		return nil, fmt.Errorf("mllp: %s: %w", d.Lane, err)
	}
	if d.Dial == nil {
		d.Dial = plainDial
	}
	if t != nil {
		t.fail = func(err error) {
			d.Log.Error("changed TLS files cannot be used; the old ones stay in use", "rail", d.Lane, "error", err)
		}
	}
	return &ReturnSender{d: d, slot: make(chan struct{}, 1), c: &client{address: cfg.Return, tls: t, timeout: cfg.Read.D(), dial: d.Dial}}, nil
}

// Pack takes the acknowledgement as it was rendered when its message was taken.
func (s *ReturnSender) Pack(_ context.Context, sh channels.Shipment) (channels.Packed, error) {
	if sh.Notice == nil || sh.Notice.Event != EventApplicationAck {
		return channels.Packed{}, s.unsendable("got something else, want an application acknowledgement")
	}
	m, err := hl7.Parse(sh.Notice.Evidence, hl7.Limits{})
	if err != nil {
		return channels.Packed{}, s.unsendable(err.Error())
	}
	return channels.Packed{Type: m.Type(), ContentType: ContentType, ControlID: m.ControlID(), Recipient: party(m, 5), Body: sh.Notice.Evidence}, nil
}

func (s *ReturnSender) unsendable(what string) error {
	return &channels.DeliveryError{Rail: s.d.Lane, Permanent: true, Err: errors.New("mllp: return connection: " + what)}
}

// Send writes one acknowledgement. A kept connection that the peer has closed, or that was silent for a minute, is opened anew.
func (s *ReturnSender) Send(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
	select {
	case s.slot <- struct{}{}:
		defer func() { <-s.slot }()
	case <-ctx.Done():
		return channels.Receipt{}, ctx.Err()
	}
	now := s.d.Now()
	if now.Sub(s.used) > freshReturn {
		s.c.close()
	}
	s.used = now
	if err := s.c.post(ctx, o.Body); err != nil {
		return channels.Receipt{}, &channels.DeliveryError{Rail: s.d.Lane, Err: err}
	}
	return channels.Receipt{DeliveryID: o.DeliveryID, Level: channels.LevelSent, Code: "sent", At: now.UTC()}, nil
}

// Watch closes the connection when take ends. It implements channels.Watcher.
func (s *ReturnSender) Watch(take, hold context.Context, _ channels.Handler) error {
	<-take.Done()
	select {
	case s.slot <- struct{}{}:
		s.c.close()
		<-s.slot
	case <-hold.Done():
	}
	return nil
}
