package direct

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"

	"github.com/emersion/go-smtp"

	"refloop/channels"
	"refloop/direct"
)

// session is one SMTP session. go-smtp calls its methods from one goroutine at a time.
type session struct {
	ch     *Channel
	ctx    context.Context
	conn   *conn
	peer   string
	from   string
	to     []string
	failed atomic.Bool // with BDAT the library calls Data and Reset from two goroutines
}

func answer(code int, enhanced smtp.EnhancedCode, text string) *smtp.SMTPError {
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}
}

// newSession is called after the first EHLO.
func (ch *Channel) newSession(ctx context.Context, c *smtp.Conn) (smtp.Session, error) {
	s := &session{ch: ch, ctx: ctx, peer: c.Conn().RemoteAddr().String()}
	s.conn, _ = c.Conn().(*conn)
	if s.conn == nil {
		return nil, answer(421, smtp.EnhancedCode{4, 3, 0}, "internal error")
	}
	return s, nil
}

// Mail begins a transaction.
func (s *session) Mail(from string, o *smtp.MailOptions) error {
	s.from, s.to = "", nil
	if s.ch.tls != nil && !s.conn.dialogue.secure && !loopback(hostOf(s.peer)) {
		return answer(530, smtp.EnhancedCode{5, 7, 0}, "must issue STARTTLS first")
	}
	if o != nil && o.Size > int64(s.ch.limit) {
		return answer(552, smtp.EnhancedCode{5, 3, 4}, "message too large")
	}
	if from != "" {
		canonical, ok := direct.Canonical(from)
		if !ok {
			return answer(553, smtp.EnhancedCode{5, 1, 7}, "sender is not an address")
		}
		from = canonical
	}
	s.from = from
	return nil
}

// Rcpt takes recipients in our domains for which we hold a key.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	address, ok := direct.Canonical(to)
	switch {
	case !ok:
		return answer(553, smtp.EnhancedCode{5, 1, 3}, "recipient is not an address")
	case !s.ch.Agent.Settings.local(address):
		return answer(550, smtp.EnhancedCode{5, 7, 1}, "not one of our domains")
	case len(s.ch.Agent.Trust.Decrypting(address)) == 0:
		return answer(550, smtp.EnhancedCode{5, 1, 1}, "no such address here")
	}
	for _, have := range s.to {
		if have == address {
			return nil
		}
	}
	s.to = append(s.to, address)
	return nil
}

// Data reads the message within its limits and hands it over. 250 goes out
// only after it is durable; any refusal here ends the connection.
func (s *session) Data(r io.Reader) (err error) {
	s.ch.begin()
	defer s.ch.finish()
	from, to := s.from, s.to // before the first read: the library may reset the session while Data runs
	s.conn.begin(s.ch.cfg.Data.D())
	defer func() {
		if err == nil {
			s.conn.end()
			return
		}
		s.failed.Store(true)
		if errors.Is(err, errSlow) || errors.Is(err, errBroken) {
			s.conn.hangUp()
		} else {
			s.conn.refuseData()
		}
	}()
	in := &intake{budget: s.ch.budget, limit: s.ch.limit}
	defer in.release()
	body, err := in.read(r)
	if err != nil {
		return err
	}
	_, err = s.ch.handler.Receive(s.ctx, channels.Inbound{
		Channel: s.ch.name, Partner: s.ch.partner, Peer: s.peer, Type: TypeMail, ContentType: "message/rfc822", ControlID: outerMessageID(body),
		Sender: from, Recipient: joinRecipients(to), Body: body, Later: true,
	})
	if err != nil {
		s.ch.log.Error("storing", "channel", s.ch.name, "bytes", len(body), "error", err)
		return answer(451, smtp.EnhancedCode{4, 3, 0}, "the message could not be stored, try again later")
	}
	return nil
}

// Reset ends a transaction; after a refused DATA it ends the connection too.
func (s *session) Reset() {
	s.from, s.to = "", nil
	if s.failed.Load() {
		s.conn.hangUp()
	}
}

// Logout ends the session.
func (s *session) Logout() error { return nil }

// outerMessageID is the Message-ID of the header as it travelled; the protected one replaces it after opening.
func outerMessageID(body []byte) string {
	h, err := direct.ReadHeader(body, direct.Limits{})
	if err != nil {
		return ""
	}
	return h.MessageID()
}

// intake reads one message against the limit and the memory budget.
type intake struct {
	budget channels.Budget
	limit  int
	taken  int
}

// chunk is how much the buffer grows at first.
const chunk = 64 << 10

func (in *intake) read(r io.Reader) ([]byte, error) {
	var buf []byte
	for {
		if len(buf) == cap(buf) {
			grown, err := in.grow(buf)
			if err != nil {
				return nil, err
			}
			buf = grown
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		if err != nil && err != io.EOF {
			return nil, readFault(err)
		}
		if !strictLines(buf, n) {
			return nil, answer(554, smtp.EnhancedCode{5, 6, 0}, "bare CR or LF in the message")
		}
		buf = buf[:len(buf)+n]
		if len(buf) > in.limit {
			return nil, answer(552, smtp.EnhancedCode{5, 3, 4}, "message too large")
		}
		if err == io.EOF {
			if len(buf) > 0 && buf[len(buf)-1] == '\r' {
				return nil, answer(554, smtp.EnhancedCode{5, 6, 0}, "bare CR or LF in the message")
			}
			return buf, nil
		}
	}
}

// grow doubles the buffer up to the limit, if the budget allows. While it copies, both buffers are paid for.
func (in *intake) grow(buf []byte) ([]byte, error) {
	size := min(max(2*cap(buf), chunk), in.limit+1)
	if size <= cap(buf) {
		return nil, answer(552, smtp.EnhancedCode{5, 3, 4}, "message too large")
	}
	if err := in.budget.Take(size); err != nil {
		return nil, answer(452, smtp.EnhancedCode{4, 3, 1}, "no memory for your message now, try again later")
	}
	out := make([]byte, len(buf), size)
	copy(out, buf)
	in.budget.Give(in.taken)
	in.taken = size
	return out, nil
}

func (in *intake) release() {
	in.budget.Give(in.taken)
	in.taken = 0
}

// strictLines reports whether every CR of the n octets after buf is followed by LF and every LF comes after
// CR (RFC 5321 section 2.3.8). A CR at the very end is judged with the next octets.
func strictLines(buf []byte, n int) bool {
	start := len(buf)
	b := buf[:start+n]
	for i := start; i < len(b); i++ {
		after := i > 0 && b[i-1] == '\r'
		if (b[i] == '\n') != after {
			return false
		}
	}
	return true
}

// readFault is the answer to a stream that broke.
func readFault(err error) error {
	var n net.Error
	switch {
	case errors.Is(err, smtp.ErrDataTooLarge):
		return answer(552, smtp.EnhancedCode{5, 3, 4}, "message too large")
	case errors.Is(err, smtp.ErrTooLongLine):
		return answer(554, smtp.EnhancedCode{5, 6, 0}, "line too long")
	case errors.As(err, &n) && n.Timeout():
		return errSlow
	}
	return errBroken
}

// Answers after which the client gets no more time.
var (
	errSlow   = answer(421, smtp.EnhancedCode{4, 4, 2}, "too slow")
	errBroken = answer(451, smtp.EnhancedCode{4, 4, 2}, "connection broken")
)
