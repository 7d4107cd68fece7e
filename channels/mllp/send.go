package mllp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"refloop/hl7"
	codec "refloop/mllp"
)

// SendConfig is how [SendFile] reaches a receiver. Rail gives TLS; its zero value means TLS unless the address is this machine.
type SendConfig struct {
	Address string        // host:port
	Timeout time.Duration // for connecting and for each answer that is due, 0: 30 s
	Grace   time.Duration // for an answer that comes on an error only (ER in MSH-15 or MSH-16), 0: 3 s
	Rail    RailConfig    // TLS settings only
	Limits  hl7.Limits
	CR      bool // make CR of other segment ends, for receivers that need it; else the bytes go out as they are
	Dial    Dial // nil: TCP
}

// Reply is one answer to a message.
type Reply struct {
	Raw  []byte // as it came, without the frame
	Info hl7.AckInfo
}

// Exchange is one message that was sent and what came back.
type Exchange struct {
	ControlID string  // MSH-10
	Type      string  // MSH-9
	Answers   []Reply // in the order they came; none when the message wants none, or wants one on an error only and none came
}

// Refused tells whether an answer is other than AA and CA.
func (x Exchange) Refused() bool {
	return slices.ContainsFunc(x.Answers, func(a Reply) bool { return !a.Info.Positive() })
}

// SendFile sends each message of a file over one connection and gives each exchange to done. The file holds one message, several, a batch with
// FHS and BHS, or MLLP frames. Which answers are waited for is what MSH-9, MSH-15 and MSH-16 ask for (HL7 v2 section 2.9). It stops when an answer
// that is due does not come, after giving done those that came, and when done returns an error.
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
	if c.Grace <= 0 {
		c.Grace = 3 * time.Second
	}
	if c.Dial == nil {
		c.Dial = plainDial
	}
	more := make(chan Reply, maxFollowing)
	cl := &client{address: c.Address, tls: t, timeout: c.Timeout, dial: c.Dial, late: keepFollowing(more)}
	defer cl.close()
	for i, b := range messages {
		x, err := cl.send(ctx, b, c, more)
		if len(x.Answers) > 0 || err == nil {
			err = errors.Join(done(x), err)
		}
		if err != nil {
			return fmt.Errorf("mllp: message %d of %d: %w", i+1, len(messages), err)
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
	if len(b.Messages) == 0 {
		return nil, errors.New("mllp: file: got a batch without messages, want at least one")
	}
	if len(b.Messages) == 1 && b.File == nil && len(b.Batches) == 0 {
		return [][]byte{file}, nil
	}
	for _, p := range b.Messages {
		out = append(out, p.Bytes)
	}
	return out, nil
}
