package mailbox

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// popSession is one POP3 connection: login, list, fetch, quit. A mailbox changes between connections only.
type popSession struct {
	p    *Puller
	conn *connection
	in   *popReader
	via  Via
	caps map[string]string // what CAPA names, upper case, with its arguments; nil: no CAPA
}

// listed is one mail of the maildrop.
type listed struct {
	number int
	id     string // UIDL
	size   int64
}

// savedOften is how many mails may stand in the position before it is saved for every 64th mail only: it is written whole.
const savedOften = 2000

// pop3 reads the maildrop once.
func (p *Puller) pop3(take, hold context.Context) error {
	s, err := p.openPOP3(take)
	if err != nil {
		return err
	}
	defer s.close()
	list, err := s.list(take)
	if err != nil {
		return err
	}
	if p.pos.begin(time.Now()) && p.cfg.Start == "new" {
		for _, m := range list {
			p.pos.Taken, p.pos.Left = append(p.pos.Taken, m.id), append(p.pos.Left, m.id) // what was there before is not ours to delete
		}
		slices.Sort(p.pos.Taken)
		slices.Sort(p.pos.Left)
		p.dirty = true
	}
	s.forget(list)
	err = s.pass(take, hold, list)
	if err != nil && !errors.Is(err, errNotStored) {
		return err
	}
	if p.dirty {
		if saving := p.save(); saving != nil {
			return errors.Join(err, saving)
		}
	}
	if quit := s.quit(hold); err == nil && quit == nil {
		p.fine()
		return nil
	} else if err == nil {
		return quit
	}
	return err
}

func (s *popSession) close() { _ = s.conn.wire.Close() }

// errNotStored says that the taker refused a mail: the connection is in order.
var errNotStored = errors.New("a mail could not be stored")

// forget drops from the position what is no longer in the maildrop.
func (s *popSession) forget(list []listed) {
	there := make(map[string]bool, len(list))
	for _, m := range list {
		there[m.id] = true
	}
	gone := func(id string) bool { return !there[id] }
	before := len(s.p.pos.Taken)
	s.p.pos.Taken = slices.DeleteFunc(s.p.pos.Taken, gone)
	s.p.pos.Left = slices.DeleteFunc(s.p.pos.Left, gone)
	s.p.dirty = s.p.dirty || len(s.p.pos.Taken) != before
}

// pass takes what is new and deletes, when so configured, what was taken.
func (s *popSession) pass(take, hold context.Context, list []listed) error {
	for _, m := range list {
		if take.Err() != nil {
			return nil
		}
		if !has(s.p.pos.Taken, m.id) {
			if err := s.one(hold, m); err != nil {
				return err
			}
		}
		if s.p.cfg.After == "delete" && has(s.p.pos.Taken, m.id) && !has(s.p.pos.Left, m.id) {
			if _, err := s.command(hold, "deleting", "DELE "+strconv.Itoa(m.number)); err != nil {
				return err
			}
		}
	}
	return nil
}

// one fetches a mail, hands it over and keeps that in the position.
func (s *popSession) one(ctx context.Context, l listed) error {
	m := Mail{Size: l.size, ID: l.id, Via: s.via}
	var broken error // the connection is of no more use
	if l.size > s.p.d.Max {
		m.Why, m.Body = WhyTooLarge, s.top(ctx, l.number)
	} else {
		give, err := s.p.reserve(l.size)
		if err != nil {
			return fmt.Errorf("mailbox: %w: %w", errNotStored, err)
		}
		defer give()
		m.Body, err = s.retrieve(ctx, l)
		var refused *popError
		switch {
		case errors.As(err, &refused) && !refused.temporary():
			m.Why = WhyUnreadable
		case errors.Is(err, errTooLong): // the size in the list was wrong
			m.Why, m.Size, broken = WhyTooLarge, s.p.d.Max+1, err
		case err != nil:
			return err
		case len(m.Body) == 0:
			m.Why = WhyUnreadable
		}
	}
	if err := s.p.hand(ctx, m); err != nil {
		return fmt.Errorf("mailbox: %w: %w", errNotStored, err)
	}
	pos := &s.p.pos
	pos.Taken, s.p.dirty = add(pos.Taken, l.id), true
	if m.Why != "" {
		pos.Left = add(pos.Left, l.id)
	}
	if len(pos.Taken) < savedOften || len(pos.Taken)%64 == 0 || s.p.cfg.After == "delete" || broken != nil {
		return errors.Join(broken, s.p.save())
	}
	return nil
}

// openPOP3 connects and logs in.
func (p *Puller) openPOP3(ctx context.Context) (*popSession, error) {
	conn, err := p.dial(ctx)
	if err != nil {
		return nil, err
	}
	s := &popSession{p: p, conn: conn, in: newPOPReader(conn.wire)}
	err = s.do(ctx, "greeting", 0, p.cfg.Timeout.D(), func() error { _, err := s.in.status(); return err })
	if err == nil && p.cfg.server.security == tlsStart {
		err = s.startTLS(ctx)
	}
	if err == nil {
		err = s.login(ctx)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	s.via = conn.seen()
	return s, nil
}

// startTLS begins TLS (RFC 2595). What the server sent before the handshake beyond its answer is refused: somebody put it there.
func (s *popSession) startTLS(ctx context.Context) error {
	if _, err := s.command(ctx, "STARTTLS", "STLS"); err != nil {
		var refused *popError
		if errors.As(err, &refused) {
			return fmt.Errorf("mailbox: STARTTLS with %s: %w", s.p.cfg.server.address, ErrPlain)
		}
		return err
	}
	if s.in.br.Buffered() > 0 {
		return &failure{"STARTTLS", errFlood}
	}
	t := tls.Client(s.conn.wire.Conn, s.conn.tls)
	within, cancel := context.WithTimeout(ctx, s.p.cfg.Timeout.D())
	defer cancel()
	if err := t.HandshakeContext(within); err != nil {
		return fmt.Errorf("mailbox: TLS with %s: %w", s.p.cfg.server.address, err)
	}
	s.conn.wire = &wire{Conn: t}
	s.in = newPOPReader(s.conn.wire)
	return nil
}

// login uses USER and PASS, or AUTH PLAIN where only that is offered.
func (s *popSession) login(ctx context.Context) error {
	s.capabilities(ctx)
	cfg := s.p.cfg
	name, password := cfg.Username, cfg.Password.Reveal()
	if strings.ContainsAny(name+password, "\r\n") {
		return &failure{"login", fmt.Errorf("%w: a line end in the name or the password", ErrLogin)}
	}
	_, user := s.caps["USER"]
	var err error
	if slices.Contains(strings.Fields(s.caps["SASL"]), "PLAIN") && !user {
		_, err = s.command(ctx, "login", "AUTH PLAIN "+base64.StdEncoding.EncodeToString([]byte("\x00"+name+"\x00"+password)))
	} else if _, err = s.command(ctx, "login", "USER "+name); err == nil {
		_, err = s.command(ctx, "login", "PASS "+password)
	}
	var refused *popError
	if errors.As(err, &refused) && !refused.temporary() {
		return &failure{"login", fmt.Errorf("%w (%w)", ErrLogin, refused)}
	}
	return err
}

// temporary reports a code that says to come back later (RFC 2449, RFC 3206).
func (e *popError) temporary() bool {
	return e.code == "IN-USE" || e.code == "LOGIN-DELAY" || e.code == "SYS/TEMP"
}

// capabilities asks for what the server can; servers without CAPA have USER and UIDL, or fail there.
func (s *popSession) capabilities(ctx context.Context) {
	s.caps = nil
	_ = s.do(ctx, "CAPA", 0, s.p.cfg.Timeout.D(), func() error {
		if err := s.send("CAPA"); err != nil {
			return err
		}
		if _, err := s.in.status(); err != nil {
			return err
		}
		caps := map[string]string{}
		err := s.in.list(100, func(l string) error {
			name, args, _ := strings.Cut(strings.ToUpper(l), " ")
			caps[name] = args
			return nil
		})
		if err == nil {
			s.caps = caps
		}
		return err
	})
}

// list asks for the unique-ids and the sizes.
func (s *popSession) list(ctx context.Context) ([]listed, error) {
	var out []listed
	at := map[int]int{}
	err := s.lines(ctx, "UIDL", func(n int, id string) error {
		if !uniqueID(id) {
			return fmt.Errorf("%w: got a unique-id that is none", errAnswer)
		}
		if _, twice := at[n]; twice {
			return fmt.Errorf("%w: got a number twice", errAnswer)
		}
		at[n] = len(out)
		out = append(out, listed{number: n, id: id})
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = s.lines(ctx, "LIST", func(n int, size string) error {
		octets, _, _ := strings.Cut(size, " ")
		bytes, err := strconv.ParseInt(octets, 10, 64)
		if err != nil || bytes < 0 {
			return fmt.Errorf("%w: got a size that is none", errAnswer)
		}
		if i, ok := at[n]; ok {
			out[i].size = bytes
		}
		return nil
	})
	return out, err
}

// lines runs a command whose answer is a list of numbers with something behind each.
func (s *popSession) lines(ctx context.Context, command string, each func(n int, rest string) error) error {
	return s.do(ctx, command, maxListed*100, s.p.cfg.Timeout.D(), func() error {
		if err := s.send(command); err != nil {
			return err
		}
		if _, err := s.in.status(); err != nil {
			return err
		}
		return s.in.list(maxListed, func(l string) error {
			n, rest, err := numbered(l)
			if err != nil {
				return err
			}
			return each(n, rest)
		})
	})
}

// retrieve fetches a whole mail.
func (s *popSession) retrieve(ctx context.Context, l listed) (body []byte, err error) {
	err = s.do(ctx, "fetching", s.p.d.Max, patience*s.p.cfg.Timeout.D(), func() error {
		if err := s.send("RETR " + strconv.Itoa(l.number)); err != nil {
			return err
		}
		if _, err := s.in.status(); err != nil {
			return err
		}
		body, err = s.in.sized(l.size, s.p.d.Max)
		return err
	})
	return body, err
}

// top fetches the header of a mail that is too large; nil when the server cannot.
func (s *popSession) top(ctx context.Context, n int) (header []byte) {
	if _, can := s.caps["TOP"]; !can {
		return nil
	}
	_ = s.do(ctx, "fetching a header", maxHeader, s.p.cfg.Timeout.D(), func() error {
		if err := s.send("TOP " + strconv.Itoa(n) + " 0"); err != nil {
			return err
		}
		if _, err := s.in.status(); err != nil {
			return err
		}
		var err error
		header, err = s.in.body(maxHeader)
		return err
	})
	return header
}

// quit makes the deletions happen.
func (s *popSession) quit(ctx context.Context) error {
	_, err := s.command(ctx, "closing", "QUIT")
	return err
}

// command sends a line and reads a status line.
func (s *popSession) command(ctx context.Context, what, line string) (text string, err error) {
	err = s.do(ctx, what, 0, s.p.cfg.Timeout.D(), func() error {
		if err := s.send(line); err != nil {
			return err
		}
		text, err = s.in.status()
		return err
	})
	return text, err
}

func (s *popSession) send(line string) error {
	_, err := io.WriteString(s.conn.wire.Conn, line+"\r\n")
	return err
}

// do runs one step within its time and the bytes that its answer may have.
func (s *popSession) do(ctx context.Context, what string, bytes int64, d time.Duration, f func() error) error {
	s.conn.wire.allow(bytes)
	release := s.conn.wire.guard(ctx, d)
	defer release()
	err := f()
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errAnswer), errors.Is(err, errFlood), errors.Is(err, errTooLong), errors.As(err, new(*popError)):
	default:
		err = errEnded
	}
	return &failure{what: what, err: err}
}
