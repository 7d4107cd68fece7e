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
	tls     *keptTLS // nil: plain TCP
	timeout time.Duration
	wait    time.Duration // for the first answer; 0: timeout
	dial    Dial
	late    func(hl7.AckInfo, []byte) // answers nobody waits for; called by another goroutine; nil: dropped

	link *link // nil: not connected
	used bool  // an exchange has worked on it

	came string // what came in place of the last answer, "; " in front; empty: nothing
}

func (c *client) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	nc, err := c.dial(ctx, c.address)
	if err != nil {
		return fmt.Errorf("mllp: cannot connect to %s: %w", c.address, err)
	}
	if c.tls != nil {
		t := tls.Client(nc, c.tls.current())
		if err := t.HandshakeContext(ctx); err != nil {
			_ = nc.Close()
			return fmt.Errorf("mllp: TLS with %s: %w", c.address, err)
		}
		nc = t
	}
	c.link, c.used = newLink(nc, c.late), false
	return nil
}

// close gives the connection up. A connection whose last exchange did not end well is never used again: a late answer to it must not be taken for
// the answer to the next message.
func (c *client) close() {
	if c.link != nil {
		c.link.close()
		c.link = nil
	}
}

// ready connects unless there is a connection that still works.
func (c *client) ready(ctx context.Context) error {
	if c.link != nil && !c.link.alive() {
		c.close()
	}
	if c.link != nil {
		return nil
	}
	return c.connect(ctx)
}

// exchange sends a message and waits for the answer to it. A kept connection that turns out to be dead is replaced once: the same bytes with the
// same control ID are recognised by the receiver.
func (c *client) exchange(ctx context.Context, message []byte, id string) (hl7.AckInfo, []byte, error) {
	for {
		if err := c.ready(ctx); err != nil {
			return hl7.AckInfo{}, nil, err
		}
		kept := c.used
		info, raw, err := c.once(ctx, message, id)
		if err == nil {
			c.used = true
			return info, raw, nil
		}
		c.close()
		if !kept || ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, ErrUnreadable) || errors.Is(err, ErrNoAnswer) || errors.Is(err, codec.ErrBlock) {
			return hl7.AckInfo{}, raw, c.explain(ctx, err)
		}
	}
}

func (c *client) explain(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%w (%s%s); the connection was closed", ErrNoAnswer, c.patience(), c.came)
	case c.came != "" && !errors.Is(err, ErrUnreadable) && !errors.Is(err, ErrNoAnswer):
		return fmt.Errorf("%w%s", err, c.came)
	}
	return err
}

// patience is how long an answer is waited for.
func (c *client) patience() time.Duration {
	if c.wait > 0 {
		return c.wait
	}
	return c.timeout
}

// once writes the message and waits until an answer to it comes. The raw answer is returned beside ErrUnreadable too.
func (c *client) once(ctx context.Context, message []byte, id string) (hl7.AckInfo, []byte, error) {
	l := c.link
	answer := l.expect(id)
	defer l.forget()
	c.came = ""
	limit := time.NewTimer(c.patience())
	defer limit.Stop()
	stop := context.AfterFunc(ctx, func() { _ = l.nc.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := l.write(message, c.timeout); err != nil {
		return hl7.AckInfo{}, nil, err
	}
	var a arrival
	select {
	case a = <-answer:
	case <-ctx.Done():
		a.err = ctx.Err()
	case <-limit.C:
		a.err = os.ErrDeadlineExceeded
	case <-l.ended:
		select {
		case a = <-answer: // it came just before the end
		default:
			a.err = l.lost()
		}
	}
	if what := l.instead(); a.err != nil && what != "" {
		c.came = "; " + what
	}
	return a.info, a.raw, a.err
}

// post sends a message that nobody answers.
func (c *client) post(ctx context.Context, message []byte) error {
	if err := c.ready(ctx); err != nil {
		return err
	}
	if err := c.link.write(message, c.timeout); err != nil {
		c.close()
		return err
	}
	return nil
}

func plainDial(ctx context.Context, address string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "tcp", address)
}
