package mailtest

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// SMTPOptions say what the server offers.
type SMTPOptions struct {
	TLS      *tls.Config
	StartTLS bool
	NoPlain  bool  // AUTH LOGIN alone
	MaxBytes int64 // SIZE; 0: none

	// Rcpt answers each recipient; nil takes all.
	Rcpt func(to string) error
	// Deliver takes a mail before it is answered; nil keeps it alone.
	Deliver func(Submitted) error
}

// Submitted is one mail for one or several recipients.
type Submitted struct {
	From string
	To   []string
	Body []byte
}

// SMTP is a submission server: nothing is taken without a login.
type SMTP struct {
	Addr string

	o      SMTPOptions
	mu     sync.Mutex
	mails  []Submitted
	logins int
}

// Logins says how often a login was tried.
func (s *SMTP) Logins() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logins
}

// NewSMTP starts a server that ends with the test.
func NewSMTP(t testing.TB, o SMTPOptions) *SMTP {
	t.Helper()
	s := &SMTP{o: o}
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &submission{s: s}, nil }))
	srv.Domain, srv.AllowInsecureAuth, srv.MaxMessageBytes = "edge.hisp.example", o.TLS == nil, o.MaxBytes
	srv.EnableDSN = true
	srv.ErrorLog = log.New(io.Discard, "", 0)
	l := listen(t)
	s.Addr = l.Addr().String()
	if o.TLS != nil && o.StartTLS {
		srv.TLSConfig = o.TLS
	} else if o.TLS != nil {
		l = tls.NewListener(l, o.TLS)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	t.Cleanup(func() {
		if err := srv.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Log(err)
		}
		<-done
	})
	return s
}

// Mails lists what was taken.
func (s *SMTP) Mails() []Submitted {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Submitted{}, s.mails...)
}

type submission struct {
	s  *SMTP
	in bool
	m  Submitted
}

func (x *submission) AuthMechanisms() []string {
	if x.s.o.NoPlain {
		return []string{sasl.Login}
	}
	return []string{sasl.Plain, sasl.Login}
}

func (x *submission) Auth(mech string) (sasl.Server, error) {
	check := func(user, password string) error {
		x.s.mu.Lock()
		x.s.logins++
		x.s.mu.Unlock()
		if user != User || password != Password {
			return smtp.ErrAuthFailed
		}
		x.in = true
		return nil
	}
	switch {
	case mech == sasl.Login:
		return &loginServer{check: check}, nil
	case mech == sasl.Plain && !x.s.o.NoPlain:
		return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

func (x *submission) Mail(from string, _ *smtp.MailOptions) error {
	if !x.in {
		return smtp.ErrAuthRequired
	}
	x.m = Submitted{From: from}
	return nil
}

func (x *submission) Rcpt(to string, _ *smtp.RcptOptions) error {
	if x.s.o.Rcpt != nil {
		if err := x.s.o.Rcpt(to); err != nil {
			return err
		}
	}
	x.m.To = append(x.m.To, to)
	return nil
}

func (x *submission) Data(r io.Reader) (err error) {
	if x.m.Body, err = io.ReadAll(r); err != nil {
		return err
	}
	if x.s.o.Deliver != nil {
		if err := x.s.o.Deliver(x.m); err != nil {
			return err
		}
	}
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.s.mails = append(x.s.mails, x.m)
	return nil
}

func (x *submission) Reset()        { x.m = Submitted{} }
func (x *submission) Logout() error { return nil }

// loginServer is AUTH LOGIN, of which go-sasl has the client alone.
type loginServer struct {
	user  string
	step  int
	check func(user, password string) error
}

func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if l.step == 0 && response == nil {
		l.step = 1
		return []byte("Username:"), false, nil
	}
	if l.step <= 1 {
		l.user, l.step = string(response), 2
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.user, string(response))
}
