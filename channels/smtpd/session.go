package smtpd

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"slices"
	"sync/atomic"

	"github.com/emersion/go-smtp"
)

// session is one SMTP session. go-smtp calls its methods from one goroutine at a time.
type session struct {
	srv    *Server
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
func (s *Server) newSession(ctx context.Context, c *smtp.Conn) (smtp.Session, error) {
	n := &session{srv: s, ctx: ctx, peer: c.Conn().RemoteAddr().String()}
	n.conn, _ = c.Conn().(*conn)
	if n.conn == nil {
		return nil, answer(421, smtp.EnhancedCode{4, 3, 0}, "internal error")
	}
	return n, nil
}

// Mail begins a transaction.
func (s *session) Mail(from string, o *smtp.MailOptions) error {
	s.from, s.to = "", nil
	if s.srv.cfg.TLS != nil && !s.conn.dialogue.secure && !local(s.peer) {
		return answer(530, smtp.EnhancedCode{5, 7, 0}, "must issue STARTTLS first")
	}
	if o != nil && o.Size > int64(s.srv.cfg.Limit) {
		return answer(552, smtp.EnhancedCode{5, 3, 4}, "message too large")
	}
	kept, err := s.srv.policy.Sender(from)
	if err != nil {
		return err
	}
	s.from = kept
	return nil
}

// local tells whether a peer is this machine.
func local(peer string) bool {
	a, err := netip.ParseAddrPort(peer)
	return err == nil && a.Addr().Unmap().IsLoopback()
}

// Rcpt takes the recipients that the policy takes.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	kept, err := s.srv.policy.Recipient(to)
	if err != nil {
		return err
	}
	if !slices.Contains(s.to, kept) {
		s.to = append(s.to, kept)
	}
	return nil
}

// Data reads the message within its limits and hands it over. 250 goes out
// only after it is durable; any refusal here ends the connection.
func (s *session) Data(r io.Reader) (err error) {
	s.srv.begin()
	defer s.srv.finish()
	from, to := s.from, s.to // before the first read: the library may reset the session while Data runs
	s.conn.begin(s.srv.cfg.Data)
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
	in := &intake{budget: s.srv.cfg.Budget, limit: s.srv.cfg.Limit}
	defer in.release()
	body, err := in.read(r)
	if err != nil {
		return err
	}
	if err := s.srv.policy.Deliver(s.ctx, Mail{Peer: s.peer, From: from, To: to, Body: body}); err != nil {
		s.srv.cfg.Log.Error("storing", "channel", s.srv.cfg.Name, "bytes", len(body), "error", err)
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
