package fax

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"refloop/channels"
	"refloop/channels/fax/hylafax"
)

// jobLife is how long the server surely still knows a job: within it a job that it does not know was never submitted. Debian's server
// cleans its queue of finished jobs once an hour at most.
const jobLife = 10 * time.Minute

// lostAfter is how long a submitted job may be unknown to the server before it counts as lost.
const lostAfter = 10 * time.Minute

func (s *Sender) dialHyla(ctx context.Context) (*hylafax.Client, error) {
	h := s.cfg.Hyla
	return hylafax.Dial(ctx, hylafax.Config{Address: h.Server, User: h.User, Password: h.Password.Reveal()})
}

// sendHyla submits a job. The job carries the reference as its tag, and its number is kept before it is submitted: whatever breaks, a job
// that the server has is found again and no second one is made.
func (s *Sender) sendHyla(ctx context.Context, o channels.Outbound, pages int) (channels.Receipt, error) {
	was, known, err := s.ledger.get(o.DeliveryID)
	if err != nil {
		return channels.Receipt{}, s.refuse(false, "", err)
	}
	c, err := s.dialHyla(ctx)
	if err != nil {
		return channels.Receipt{}, s.hylaRefusal(err)
	}
	defer c.Close()
	job, found, err := s.earlierJob(ctx, c, o)
	if err != nil {
		return channels.Receipt{}, s.hylaRefusal(err)
	}
	if found {
		return s.adopt(o, job, pages)
	}
	if known && o.Unsure && was.State != markBegun && s.d.Now().Sub(was.At) > jobLife {
		return channels.Receipt{}, s.refuse(true, "unknown", errors.New("fax: the server was given this fax and knows nothing of it any more; it may have been sent"))
	}
	m := mark{Delivery: o.DeliveryID, Reference: referenceOf(o), Attempt: o.Attempt, Pages: pages, State: markHanded, At: s.d.Now().UTC()}
	if err := s.submitHyla(ctx, c, o, &m); err != nil {
		return channels.Receipt{}, s.hylaRefusal(err)
	}
	return s.out(o, fmt.Sprintf("%d pages handed to HylaFAX as job %s", pages, m.Job)), nil
}

// earlierJob looks for a job of this delivery that is under way or done. One that failed is over.
func (s *Sender) earlierJob(ctx context.Context, c *hylafax.Client, o channels.Outbound) (hylafax.Job, bool, error) {
	ids, err := c.Find(ctx, func(tag string) bool { return tag == o.DeliveryID || strings.HasPrefix(tag, o.DeliveryID+"_") })
	if err != nil {
		return hylafax.Job{}, false, err
	}
	for _, id := range ids {
		job, err := c.Job(ctx, id)
		if errors.Is(err, hylafax.ErrNoJob) {
			continue
		}
		if err != nil {
			return hylafax.Job{}, false, err
		}
		if job.State != hylafax.Failed {
			return job, true, nil
		}
	}
	return hylafax.Job{}, false, nil
}

// submitHyla brings the pages and submits the job.
func (s *Sender) submitHyla(ctx context.Context, c *hylafax.Client, o channels.Outbound, m *mark) error {
	document, err := c.Put(ctx, o.Body)
	if err != nil {
		return err
	}
	h := s.cfg.Hyla
	m.Job, err = c.NewJob(hylafax.Params{Number: dialled(o.Address), Tag: m.Reference, Dials: h.Dials, Tries: h.Tries, KillTime: h.Kill.D()}, document)
	if err != nil {
		return err
	}
	if err := s.ledger.put(*m); err != nil {
		return err
	}
	if err := c.Submit(); err != nil {
		return err
	}
	m.State = markSent
	return s.ledger.put(*m)
}

// adopt goes on with a job that is there already.
func (s *Sender) adopt(o channels.Outbound, job hylafax.Job, pages int) (channels.Receipt, error) {
	m := mark{Delivery: o.DeliveryID, Reference: job.Tag, Attempt: o.Attempt, Pages: pages, State: markSent, Job: job.ID, At: s.d.Now().UTC()}
	if err := s.ledger.put(m); err != nil {
		return channels.Receipt{}, s.refuse(false, "", err)
	}
	return s.out(o, "it was handed to HylaFAX before, as job "+job.ID), nil
}

// dialled is a number as the server dials it: digits, with + before them when the address has it.
func dialled(address string) string {
	if strings.HasPrefix(strings.TrimSpace(address), "+") {
		return "+" + digitsOf(address)
	}
	return digitsOf(address)
}

// hylaRefusal turns what went wrong into a refusal that is worth another attempt: a job that was submitted all the same is found by it.
func (s *Sender) hylaRefusal(err error) error {
	code := ""
	var r *hylafax.Reply
	if errors.As(err, &r) {
		code = fmt.Sprint(r.Code)
	}
	return s.refuse(false, code, err)
}

// pollHyla asks for the state of every job under way and hands over what is final.
func (s *Sender) pollHyla(ctx context.Context, marks []mark, h channels.Handler) error {
	c, err := s.dialHyla(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	for _, m := range marks {
		if m.Job == "" {
			continue
		}
		job, err := c.Job(ctx, m.Job)
		switch {
		case errors.Is(err, hylafax.ErrNoJob) || err == nil && job.Tag != m.Reference: // numbers begin anew when a server is set up anew
			if m.State != markSent || s.d.Now().Sub(m.At) < lostAfter {
				continue
			}
			job = hylafax.Job{State: hylafax.Failed}
		case err != nil:
			return err
		case !job.State.Final():
			continue
		}
		if err := s.settle(ctx, h, m, s.jobReceipt(m, job)); err != nil {
			return err
		}
	}
	return nil
}

// jobReceipt says delivered only when the other machine confirmed every page.
func (s *Sender) jobReceipt(m mark, job hylafax.Job) channels.Receipt {
	r := channels.Receipt{DeliveryID: m.Delivery, Pages: job.Pages, Grade: "D", At: s.d.Now().UTC(), Raw: job.Raw, Type: "fax/status", RawType: "text/plain", Level: channels.LevelFailed}
	switch {
	case job.Proven(m.Pages):
		r.Level, r.Code, r.Text = channels.LevelDelivered, "done", fmt.Sprintf("%d of %d pages confirmed", job.Pages, m.Pages)
	case job.ID == "":
		r.Code, r.Permanent, r.Text = "lost", true, "HylaFAX knows nothing of the job any more; the fax may have been sent"
	case job.State == hylafax.Done:
		r.Code, r.Permanent, r.Text = partial, true, fmt.Sprintf("only %d of %d pages confirmed", job.Pages, m.Pages)
	default:
		r.Code = job.Cause()
		r.Permanent = permanent(r.Code)
		r.Text = fmt.Sprintf("HylaFAX gave up after %d calls and %d of %d pages", job.Dials, job.Pages, m.Pages)
	}
	return r
}
