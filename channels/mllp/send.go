package mllp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"refloop/hl7"
	codec "refloop/mllp"
)

// SendConfig is how [SendFile] reaches a receiver. Rail gives TLS; its zero value means TLS unless the address is this machine.
type SendConfig struct {
	Address string        // host:port
	Timeout time.Duration // for connecting and for each answer, 0: 30 s
	Rail    RailConfig    // TLS settings only
	Limits  hl7.Limits
	CR      bool // make CR of other segment ends, for receivers that need it; else the bytes go out as they are
	Dial    Dial // nil: TCP
}

// Exchange is one message that was sent and what came back.
type Exchange struct {
	ControlID string // MSH-10
	Type      string // MSH-9
	Answer    []byte // as it came, without the frame; nil when the message wants none
	Info      hl7.AckInfo
}

// SendFile sends each message of a file over one connection and gives each answer to done as it comes. The file holds one message, several, a batch
// with FHS and BHS, or MLLP frames. It stops at the first message without an answer, or when done returns an error. A message with NE in both
// MSH-15 and MSH-16 is not waited for.
func SendFile(ctx context.Context, c SendConfig, file []byte, done func(Exchange) error) error {
	messages, err := messagesOf(file, c.Limits)
	if err != nil {
		return err
	}
	t, err := keepClientTLS(c.Address, c.Rail)
	if err != nil {
		return fmt.Errorf("mllp: %w", err)
	}
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	if c.Dial == nil {
		c.Dial = plainDial
	}
	cl := &client{address: c.Address, tls: t, timeout: c.Timeout, dial: c.Dial}
	defer cl.close()
	for i, b := range messages {
		x, err := cl.send(ctx, b, c)
		if err != nil {
			return fmt.Errorf("mllp: message %d of %d: %w", i+1, len(messages), err)
		}
		if err := done(x); err != nil {
			return err
		}
	}
	return nil
}

// messagesOf cuts a file. One message without wrappers stays whole, a byte order mark included.
func messagesOf(file []byte, l hl7.Limits) ([][]byte, error) {
	var out [][]byte
	if len(file) > 0 && file[0] == codec.StartBlock {
		for rest := file; len(rest) > 0; {
			m, n, err := codec.Unwrap(rest)
			if err != nil {
				if len(out) > 0 && errors.Is(err, codec.ErrNoStart) {
					break
				}
				return nil, err
			}
			out, rest = append(out, m), rest[n:]
		}
		return out, nil
	}
	b, err := hl7.Split(file, l)
	if err != nil {
		return nil, err
	}
	if len(b.Messages) == 1 && b.File == nil && len(b.Batches) == 0 {
		return [][]byte{file}, nil
	}
	for _, p := range b.Messages {
		out = append(out, p.Bytes)
	}
	return out, nil
}

func (c *client) send(ctx context.Context, b []byte, cfg SendConfig) (Exchange, error) {
	m, err := hl7.Parse(b, cfg.Limits)
	if err != nil {
		return Exchange{}, err
	}
	if cfg.CR {
		b = m.CRBytes()
	}
	x := Exchange{ControlID: string(m.Segment(0).Field(10).Raw()), Type: m.Type()}
	if a := m.AckMode(); a.Accept == "NE" && a.Application == "NE" {
		return x, c.post(ctx, b)
	}
	x.Info, x.Answer, err = c.exchange(ctx, b, x.ControlID)
	return x, err
}
