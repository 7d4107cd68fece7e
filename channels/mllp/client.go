package mllp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"refloop/hl7"
	codec "refloop/mllp"
)

// maxAnswer bounds an answer, and strays what is read while waiting for it.
const (
	maxAnswer = 1 << 20
	maxStrays = 1000
)

// Reasons an exchange failed; test with errors.Is.
var (
	ErrNoAnswer   = errors.New("mllp: no answer to the message in time")
	ErrUnreadable = errors.New("mllp: the answer cannot be read")
)

// Dial opens a connection.
type Dial func(ctx context.Context, address string) (net.Conn, error)

// client is one connection to one address with one message in flight. It is for one goroutine at a time.
type client struct {
	address string
	tls     *tls.Config
	timeout time.Duration
	dial    Dial

	nc     net.Conn // nil: not connected
	reader *codec.Reader
	resume func() // sets the deadline of the exchange again
	used   bool   // an exchange has worked on nc
	late   int    // answers to other messages that were passed over
}

func (c *client) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	nc, err := c.dial(ctx, c.address)
	if err != nil {
		return fmt.Errorf("mllp: cannot connect to %s: %w", c.address, err)
	}
	if c.tls != nil {
		t := tls.Client(nc, c.tls)
		if err := t.HandshakeContext(ctx); err != nil {
			_ = nc.Close()
			return fmt.Errorf("mllp: TLS with %s: %w", c.address, err)
		}
		nc = t
	}
	c.nc, c.used = nc, false
	c.reader = codec.NewReader(nc, codec.Config{Limits: codec.Limits{Message: maxAnswer}, WaitEnd: c.waitEnd})
	return nil
}

// waitEnd makes the wait for the last byte of an answer short: some receivers never send it.
func (c *client) waitEnd(begin bool) {
	if begin {
		_ = c.nc.SetReadDeadline(time.Now().Add(endWait))
		return
	}
	c.resume()
}

// close gives the connection up. A connection whose last exchange did not end well is never used again: a late answer to it must not be taken for
// the answer to the next message.
func (c *client) close() {
	if c.nc != nil {
		_ = c.nc.Close()
		c.nc, c.reader = nil, nil
	}
}

// exchange sends a message and waits for the answer to it. A kept connection that turns out to be dead is replaced once: the same bytes with the
// same control ID are recognised by the receiver.
func (c *client) exchange(ctx context.Context, message []byte, id string) (hl7.AckInfo, []byte, error) {
	for {
		if c.nc == nil {
			if err := c.connect(ctx); err != nil {
				return hl7.AckInfo{}, nil, err
			}
		}
		kept := c.used
		info, raw, err := c.once(ctx, message, id)
		if err == nil {
			c.used = true
			return info, raw, nil
		}
		c.close()
		if !kept || ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, ErrUnreadable) || errors.Is(err, codec.ErrBlock) {
			return hl7.AckInfo{}, raw, c.explain(ctx, err)
		}
	}
}

func (c *client) explain(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%w (%s); the connection was closed", ErrNoAnswer, c.timeout)
	}
	return err
}

// once writes the message and reads until an answer to it comes. The raw answer is returned beside ErrUnreadable too.
func (c *client) once(ctx context.Context, message []byte, id string) (hl7.AckInfo, []byte, error) {
	nc, until := c.nc, time.Now().Add(c.timeout)
	if err := nc.SetDeadline(until); err != nil {
		return hl7.AckInfo{}, nil, err
	}
	c.resume = func() {
		if ctx.Err() != nil {
			until = time.Unix(1, 0)
		}
		_ = nc.SetReadDeadline(until)
	}
	stop := context.AfterFunc(ctx, func() { _ = nc.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := codec.NewWriter(nc).WriteMessage(message); err != nil {
		return hl7.AckInfo{}, nil, err
	}
	for range maxStrays {
		f, err := c.reader.Next()
		if err != nil {
			return hl7.AckInfo{}, nil, err
		}
		m, err := hl7.Parse(f.Message, hl7.Limits{Bytes: maxAnswer})
		if err != nil {
			return hl7.AckInfo{}, f.Message, fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
		info, err := m.Ack()
		if err == nil && (info.About == id || info.About == "" && !info.Positive()) {
			return info, f.Message, nil
		}
		c.late++ // the answer to an earlier message, or a message of the peer's own
	}
	return hl7.AckInfo{}, nil, fmt.Errorf("%w: got %d other messages first", ErrNoAnswer, maxStrays)
}

// post sends a message that nobody answers.
func (c *client) post(ctx context.Context, message []byte) error {
	if c.nc == nil {
		if err := c.connect(ctx); err != nil {
			return err
		}
	}
	if err := c.nc.SetWriteDeadline(time.Now().Add(c.timeout)); err != nil {
		return err
	}
	return codec.NewWriter(c.nc).WriteMessage(message)
}

func plainDial(ctx context.Context, address string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "tcp", address)
}
