package mailbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
)

// Limits of one IMAP connection.
const (
	maxHeader   = 64 << 10 // of a mail whose content is not fetched
	maxUIDs     = 1 << 20  // of one search: bytes allowed are twelve times that
	patience    = 10       // a whole mail may take so many times Timeout
	idleRenewal = 25 * time.Minute
)

// imapSession is one connection.
type imapSession struct {
	p    *Puller
	conn *connection
	c    *imapclient.Client
	via  Via
	news chan struct{} // a hint that something came
}

// imap reads the folder again and again over one connection.
func (p *Puller) imap(take, hold context.Context) error {
	s, err := p.openIMAP(take)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.open(take); err != nil {
		return err
	}
	for {
		if err := s.pass(take, hold); err != nil || take.Err() != nil {
			return err
		}
		p.fine()
		if err := s.wait(take); err != nil || take.Err() != nil {
			s.logout(take)
			return err
		}
	}
}

// openIMAP connects and logs in.
func (p *Puller) openIMAP(ctx context.Context) (*imapSession, error) {
	conn, err := p.dial(ctx)
	if err != nil {
		return nil, err
	}
	s := &imapSession{p: p, conn: conn, news: make(chan struct{}, 1)}
	options := &imapclient.Options{TLSConfig: conn.tls, UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				select {
				case s.news <- struct{}{}:
				default:
				}
			}
		},
	}}
	release := conn.wire.guard(ctx, p.cfg.Timeout.D())
	if p.cfg.server.security == tlsStart {
		s.c, err = imapclient.NewStartTLS(conn.wire, options)
		if release(); err != nil {
			conn.wire.Close()
			return nil, p.startFault(err)
		}
	} else {
		s.c = imapclient.New(conn.wire, options)
		err = s.c.WaitGreeting()
		release()
	}
	if err == nil {
		err = s.login(ctx)
	}
	if err != nil {
		s.close()
		return nil, s.said("greeting", err)
	}
	s.via = conn.seen()
	s.via.Folder = p.cfg.Folder
	return s, nil
}

// startFault tells a server without STARTTLS from TLS that failed.
func (p *Puller) startFault(err error) error {
	var answer *imap.Error
	if errors.As(err, &answer) {
		err = ErrPlain
	}
	return fmt.Errorf("mailbox: STARTTLS with %s: %w", p.cfg.server.address, err)
}

// do runs one command within the time for it and the bytes that its answer may have.
func (s *imapSession) do(ctx context.Context, what string, bytes int64, d time.Duration, f func() error) error {
	s.conn.wire.allow(bytes)
	release := s.conn.wire.guard(ctx, d)
	defer release()
	return s.said(what, f())
}

// said is an error of the library without the server's words: they may quote anything. Only its code stays.
func (s *imapSession) said(what string, err error) error {
	var answer *imap.Error
	var ours *failure
	switch {
	case err == nil:
		return nil
	case errors.As(err, &ours):
		return err
	case errors.As(err, &answer):
		err = fmt.Errorf("the server answered %s %s", answer.Type, answer.Code)
	case errors.Is(err, errFlood):
		err = errFlood
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		err = errEnded
	default:
		err = fmt.Errorf("%w or %w", errEnded, errAnswer) // the library's words may quote what came
	}
	return &failure{what: what, err: err}
}

// failure is a step that failed, in words of ours.
type failure struct {
	what string
	err  error
}

func (f *failure) Error() string { return "mailbox: " + f.what + ": " + f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// login uses AUTHENTICATE PLAIN where it is offered, else LOGIN.
func (s *imapSession) login(ctx context.Context) error {
	cfg := s.p.cfg
	return s.do(ctx, "login", 0, cfg.Timeout.D(), func() error {
		caps := s.c.Caps()
		var err error
		switch {
		case caps.Has(imap.AuthCap(sasl.Plain)):
			err = s.c.Authenticate(sasl.NewPlainClient("", cfg.Username, cfg.Password.Reveal()))
		case caps.Has(imap.CapLoginDisabled):
			return &failure{"login", fmt.Errorf("%w: the server offers no way of logging in with a password", ErrLogin)}
		default:
			err = s.c.Login(cfg.Username, cfg.Password.Reveal()).Wait()
		}
		var answer *imap.Error
		if errors.As(err, &answer) && answer.Code != imap.ResponseCodeUnavailable && answer.Code != imap.ResponseCodeInUse {
			return &failure{"login", fmt.Errorf("%w (%s %s)", ErrLogin, answer.Type, answer.Code)}
		}
		return err
	})
}

// open opens the folder and makes the position fit it.
func (s *imapSession) open(ctx context.Context) error {
	var data *imap.SelectData
	err := s.do(ctx, "opening the folder", 0, s.p.cfg.Timeout.D(), func() (err error) {
		data, err = s.c.Select(s.p.cfg.Folder, &imap.SelectOptions{ReadOnly: s.p.cfg.After == "keep"}).Wait()
		return err
	})
	if err != nil {
		return err
	}
	pos := &s.p.pos
	first := pos.begin(time.Now())
	if pos.Validity != data.UIDValidity {
		if !first {
			s.p.d.Log.Warn("the mailbox was renumbered (UIDVALIDITY): it is read from its beginning, known mail ends as duplicate", "channel", s.p.d.Name)
		}
		pos.Validity, pos.Last, pos.Pending, s.p.dirty = data.UIDValidity, 0, nil, true
	}
	if first && s.p.cfg.Start == "new" && data.UIDNext > 0 {
		pos.Last = uint32(data.UIDNext) - 1
	}
	if s.p.dirty || first {
		return s.p.save()
	}
	return nil
}

// pass takes what is new, each mail to its end before the next.
func (s *imapSession) pass(take, hold context.Context) error {
	s.settle(hold)
	uids, err := s.search(take)
	if err != nil {
		return err
	}
	for _, uid := range uids {
		if take.Err() != nil {
			return nil
		}
		if err := s.one(hold, uid); err != nil {
			return err
		}
	}
	if s.p.dirty {
		return s.p.save()
	}
	return nil
}

// search lists the UIDs behind the position, ascending.
func (s *imapSession) search(ctx context.Context) ([]imap.UID, error) {
	pos := s.p.pos
	criteria := &imap.SearchCriteria{UID: []imap.UIDSet{{imap.UIDRange{Start: imap.UID(pos.Last) + 1}}}}
	if s.p.cfg.Start == "new" {
		criteria.Since = pos.First.Add(-24 * time.Hour) // matters after a renumbering; a day more, for time zones
	}
	var list []imap.UID
	err := s.do(ctx, "searching", 12*maxUIDs, s.p.cfg.Timeout.D(), func() error {
		data, err := s.c.UIDSearch(criteria, nil).Wait()
		if err == nil {
			list = data.AllUIDs()
		}
		return err
	})
	list = slices.DeleteFunc(list, func(u imap.UID) bool { return uint32(u) <= pos.Last }) // n:* names the last mail even when it is below n
	slices.Sort(list)
	return slices.Compact(list), err
}

// one fetches a mail, hands it over, and only then lets the mailbox know.
func (s *imapSession) one(ctx context.Context, uid imap.UID) error {
	m, give, err := s.fetch(ctx, uid)
	if err != nil {
		return err
	}
	defer give()
	if m != nil {
		if err := s.p.hand(ctx, *m); err != nil {
			return fmt.Errorf("mailbox: a mail could not be stored: %w", err)
		}
	}
	s.p.pos.Last, s.p.dirty = uint32(uid), true
	marks := m != nil && m.Why == "" && s.p.cfg.After != "keep"
	if marks {
		s.p.pos.Pending = append(s.p.pos.Pending, uint32(uid))
		if n := len(s.p.pos.Pending); n > maxPending {
			s.p.pos.Pending = s.p.pos.Pending[n-maxPending:]
		}
	}
	if err := s.p.save(); err != nil {
		return err
	}
	if marks {
		s.settle(ctx)
	}
	return nil
}

// fetch gets one mail; nil when somebody removed it meanwhile. give returns its memory.
func (s *imapSession) fetch(ctx context.Context, uid imap.UID) (m *Mail, give func(), err error) {
	size, found, err := s.size(ctx, uid)
	if err != nil || !found {
		return nil, func() {}, err
	}
	header := &imap.FetchItemBodySection{Specifier: imap.PartSpecifierHeader, Peek: true, Partial: &imap.SectionPartial{Size: maxHeader}}
	m = &Mail{Size: size, ID: strconv.FormatUint(uint64(s.p.pos.Validity), 10) + "/" + strconv.FormatUint(uint64(uid), 10), Via: s.via}
	if size > s.p.d.Max {
		m.Why = WhyTooLarge
		m.Body, _, err = s.section(ctx, uid, header, maxHeader)
		return m, func() {}, err
	}
	if m.Body, m.Size, give, err = s.whole(ctx, uid, size); err != nil {
		return nil, nil, err
	}
	switch {
	case m.Size > s.p.d.Max:
		m.Why = WhyTooLarge
		m.Body, _, err = s.section(ctx, uid, header, maxHeader)
	case len(m.Body) == 0:
		m.Why = WhyUnreadable
	}
	return m, give, err
}

// whole fetches a whole mail of about size bytes, and reserves memory for what really comes: some servers only estimate sizes. Over Max
// it gives no body.
func (s *imapSession) whole(ctx context.Context, uid imap.UID, size int64) (body []byte, actual int64, give func(), err error) {
	for {
		if give, err = s.p.reserve(size); err != nil {
			return nil, 0, nil, err
		}
		body, actual, err = s.section(ctx, uid, &imap.FetchItemBodySection{Peek: true}, size)
		if err == nil && actual <= size {
			return body, actual, give, nil
		}
		give()
		if err != nil || actual > s.p.d.Max {
			return nil, actual, func() {}, err
		}
		size = actual
	}
}

// size asks for the size of a mail.
func (s *imapSession) size(ctx context.Context, uid imap.UID) (size int64, found bool, err error) {
	err = s.do(ctx, "asking for a size", 0, s.p.cfg.Timeout.D(), func() error {
		list, err := s.c.Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{UID: true, RFC822Size: true}).Collect()
		for _, m := range list {
			if m.UID == uid {
				size, found = m.RFC822Size, true
			}
		}
		return err
	})
	return size, found, err
}

// section fetches a part of a mail of at most limit bytes. actual is its length as the server announced it; over limit nothing is kept.
func (s *imapSession) section(ctx context.Context, uid imap.UID, item *imap.FetchItemBodySection, limit int64) (body []byte, actual int64, err error) {
	found := false
	err = s.do(ctx, "fetching", limit, patience*s.p.cfg.Timeout.D(), func() error {
		cmd := s.c.Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{item}})
		var reading error
		for m := cmd.Next(); m != nil; m = cmd.Next() {
			for data := m.Next(); data != nil; data = m.Next() {
				part, ok := data.(imapclient.FetchItemDataBodySection)
				if !ok || found {
					continue
				}
				found = true
				if part.Literal == nil {
					continue
				}
				if actual = part.Literal.Size(); actual > limit {
					continue // the library discards it
				}
				body = make([]byte, actual)
				if _, reading = io.ReadFull(part.Literal, body); reading != nil {
					body = nil
				}
			}
		}
		return errors.Join(cmd.Close(), reading)
	})
	if err == nil && !found {
		err = &failure{"fetching", fmt.Errorf("%w: no content and no reason", errAnswer)}
	}
	if err != nil {
		return nil, 0, err
	}
	return body, actual, nil
}
