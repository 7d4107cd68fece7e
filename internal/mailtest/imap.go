package mailtest

import (
	"bytes"
	"crypto/tls"
	"io"
	"log"
	"net"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// IMAPOptions say what the server offers.
type IMAPOptions struct {
	TLS      *tls.Config // nil: none
	StartTLS bool        // with TLS: after STARTTLS, else at once
	Caps     imap.CapSet // nil: IMAP4rev1 with IDLE, MOVE and UIDPLUS
}

// IMAP is a server with one user and an INBOX.
type IMAP struct {
	Addr string

	t     testing.TB
	user  *imapmemserver.User
	plain string // a second port without TLS, for the test itself
}

// Held is a mail in a folder.
type Held struct {
	UID     uint32
	Seen    bool
	Deleted bool
	Body    []byte
}

// NewIMAP starts a server that ends with the test.
func NewIMAP(t testing.TB, o IMAPOptions) *IMAP {
	t.Helper()
	s := &IMAP{t: t, user: imapmemserver.NewUser(User, Password)}
	must(t, s.user.Create("INBOX", nil))
	if o.Caps == nil {
		o.Caps = imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIdle: {}, imap.CapMove: {}, imap.CapUIDPlus: {}}
	}
	mem := imapmemserver.New()
	mem.AddUser(s.user)
	serve := func(tlsConfig *tls.Config, l net.Listener) string {
		address := l.Addr().String()
		if tlsConfig != nil && !o.StartTLS {
			l, tlsConfig = tls.NewListener(l, tlsConfig), nil
		}
		srv := imapserver.New(&imapserver.Options{
			NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
				return mem.NewSession(), nil, nil
			},
			Caps: o.Caps, TLSConfig: tlsConfig, InsecureAuth: o.TLS == nil || !o.StartTLS || tlsConfig == nil, Logger: log.New(io.Discard, "", 0),
		})
		done := make(chan struct{})
		go func() { defer close(done); _ = srv.Serve(l) }()
		t.Cleanup(func() { srv.Close(); <-done })
		return address
	}
	s.Addr = serve(o.TLS, listen(t))
	s.plain = serve(nil, listen(t))
	return s
}

// admin runs commands as the user, besides whoever is tested.
func (s *IMAP) admin(f func(c *imapclient.Client) error) {
	s.t.Helper()
	c, err := imapclient.DialInsecure(s.plain, nil)
	must(s.t, err)
	defer c.Close()
	must(s.t, c.Login(User, Password).Wait())
	must(s.t, f(c))
}

// Put delivers a mail into a folder.
func (s *IMAP) Put(folder string, mail []byte) {
	s.t.Helper()
	_, err := s.user.Append(folder, literal{bytes.NewReader(mail), int64(len(mail))}, &imap.AppendOptions{})
	must(s.t, err)
}

// Make makes a folder.
func (s *IMAP) Make(folder string) { s.t.Helper(); must(s.t, s.user.Create(folder, nil)) }

// Drop removes a folder with everything in it; made again, it has another UIDVALIDITY.
func (s *IMAP) Drop(folder string) { s.t.Helper(); must(s.t, s.user.Delete(folder)) }

// List lists a folder; nil when there is none.
func (s *IMAP) List(folder string) (out []Held) {
	s.t.Helper()
	s.admin(func(c *imapclient.Client) error {
		data, err := c.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
		if err != nil || data.NumMessages == 0 {
			return nil
		}
		all := imap.SeqSet{imap.SeqRange{Start: 1}}
		list, err := c.Fetch(all, &imap.FetchOptions{UID: true, Flags: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}}).Collect()
		for _, m := range list {
			if len(m.BodySection) == 0 { // deleted meanwhile, or news of its flags alone
				continue
			}
			h := Held{UID: uint32(m.UID), Body: m.BodySection[0].Bytes}
			for _, f := range m.Flags {
				h.Seen, h.Deleted = h.Seen || f == imap.FlagSeen, h.Deleted || f == imap.FlagDeleted
			}
			out = append(out, h)
		}
		return err
	})
	return out
}

type literal struct {
	*bytes.Reader
	size int64
}

func (l literal) Size() int64 { return l.size }
