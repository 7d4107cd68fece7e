package mllp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"refloop/hl7"
)

// maxFollowing is how many answers are kept that come after the first.
const maxFollowing = 16

// When an answer comes.
type when uint8

const (
	never   when = iota
	onError      // ER: silence is the good news
	surely       // AL and, when all is well, SU: silence is a failure
)

func whenOf(condition string) when {
	switch good, bad := hl7.Wanted(condition, true), hl7.Wanted(condition, false); {
	case good:
		return surely
	case bad:
		return onError
	}
	return never
}

// due is which answers a message still waits for.
type due struct{ accept, application when }

// dueOf reads MSH-9, MSH-15 and MSH-16. An acknowledgement is never answered; a response is by a commit at most, and when it asks for one. In
// original mode one answer comes, of whichever kind.
func dueOf(m *hl7.Message) due {
	asked := m.AckMode()
	switch {
	case m.IsAck() || m.IsResponse() && !asked.Enhanced:
		return due{}
	case m.IsResponse():
		return due{accept: whenOf(asked.Accept)}
	case !asked.Enhanced:
		return due{application: surely}
	}
	return due{whenOf(asked.Accept), whenOf(asked.Application)}
}

func (d due) any() bool { return d != due{} }

// wait is how long the next answer may take.
func (d due) wait(c SendConfig) time.Duration {
	if d.accept == surely || d.application == surely {
		return c.Timeout
	}
	return c.Grace
}

// silence is what it means that nothing came: nil when only errors are answered.
func (d due) silence() error {
	switch {
	case d.accept == surely:
		return ErrNoAnswer
	case d.application == surely:
		return fmt.Errorf("%w: no application acknowledgement", ErrNoAnswer)
	}
	return nil
}

// after is what is due after an answer. A receiver that answers for the application at once has taken the message; after CE and CR it has not, and the
// application says nothing. Of a message in original mode one answer is all.
func (d due) after(info hl7.AckInfo, enhanced bool) due {
	if !enhanced || !info.Commit() || !info.Positive() {
		return due{}
	}
	return due{application: d.application}
}

// keepFollowing puts answers that come after the first where send finds them; too many are dropped.
func keepFollowing(to chan<- Reply) func(hl7.AckInfo, []byte) {
	return func(info hl7.AckInfo, raw []byte) {
		select {
		case to <- Reply{raw, info}:
		default:
		}
	}
}

// send sends one message and collects the answers to it.
func (c *client) send(ctx context.Context, b []byte, cfg SendConfig, more <-chan Reply) (Exchange, error) {
	m, err := hl7.Parse(b, cfg.Limits)
	if err != nil {
		return Exchange{}, err
	}
	if cfg.CR {
		b = m.CRBytes()
	}
	x := Exchange{ControlID: string(m.Segment(0).Field(10).Raw()), Type: m.Type()}
	want, enhanced := dueOf(m), m.AckMode().Enhanced
	if !want.any() {
		return x, c.post(ctx, b)
	}
	c.wait = want.wait(cfg)
	info, raw, err := c.exchange(ctx, b, x.ControlID)
	if errors.Is(err, ErrNoAnswer) && want.silence() == nil && c.came == "" {
		return x, nil
	}
	if err != nil {
		return x, err
	}
	x.Answers = append(x.Answers, Reply{raw, info})
	for want = want.after(info, enhanced); want.any(); want = want.after(info, enhanced) {
		a, err := c.next(ctx, want.wait(cfg), x.ControlID, more)
		if errors.Is(err, ErrNoAnswer) {
			if err = want.silence(); err != nil {
				c.close()
				err = fmt.Errorf("%w (%s) after %s", err, want.wait(cfg), info.Code)
			}
			return x, err
		}
		if err != nil {
			return x, err
		}
		x.Answers, info = append(x.Answers, a), a.Info
	}
	return x, nil
}

// next waits for one more answer to a message.
func (c *client) next(ctx context.Context, wait time.Duration, id string, more <-chan Reply) (Reply, error) {
	limit := time.NewTimer(wait)
	defer limit.Stop()
	ended := c.link.ended
	for {
		select {
		case a := <-more:
			if a.Info.About == id || a.Info.About == "" && !a.Info.Positive() {
				return a, nil
			}
		case <-ctx.Done():
			return Reply{}, ctx.Err()
		case <-ended:
			ended = nil
			if len(more) == 0 { // nothing came just before the end
				return Reply{}, ErrNoAnswer
			}
		case <-limit.C:
			return Reply{}, ErrNoAnswer
		}
	}
}
