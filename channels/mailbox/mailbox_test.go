package mailbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"refloop/config"
	"refloop/internal/mailtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mail makes a small mail; n makes it another one.
func mail(n int) []byte {
	return fmt.Appendf(nil, "From: <a@b.example>\r\nMessage-ID: <m%d@b.example>\r\n\r\ntext %d\r\n.dot\r\n..dots\r\n", n, n)
}

// decode reads the keys of a mailbox as a channel does.
func decode(t testing.TB, yaml string) (Config, *config.Problems) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "refloop.yaml")
	must(t, os.WriteFile(file, []byte(yaml), 0o600))
	cfg, _ := config.Load(file)
	if cfg == nil || len(cfg.Channels) != 1 {
		t.Fatal("no channel in the test's configuration")
	}
	var c struct {
		Mailbox Config `yaml:"mailbox"`
	}
	p := new(config.Problems)
	cfg.Channels[0].Decode(&c, p)
	c.Mailbox.Check(p)
	return c.Mailbox, p
}

// conf is the configuration of a test with some keys changed.
func conf(t testing.TB, url, more string) Config {
	t.Helper()
	c, p := decode(t, fmt.Sprintf("channels:\n  - name: in\n    type: direct\n    mailbox: {url: %q, username: %q, password: %q, every: 1s, timeout: 5s%s}\n", url, mailtest.User, mailtest.Password, more))
	must(t, p.Err())
	c.Every = config.Duration(20 * time.Millisecond)
	return c
}

// rig runs a puller and keeps what it hands over.
type rig struct {
	t     *testing.T
	p     *Puller
	dir   string
	stop  func()
	mails chan Mail

	mu   sync.Mutex
	last net.Conn                      // the newest connection
	cut  func(n int, line []byte) bool // whether the client's bytes end the connection instead of being sent; n counts connections
	took func(m Mail) error            // nil: takes all
	n    int
}

// newRig makes a rig; start runs it. dir is where the position is.
func newRig(t *testing.T, cfg Config, dir string, change func(*Deps)) *rig {
	t.Helper()
	r := &rig{t: t, dir: dir, mails: make(chan Mail, 1000)}
	d := Deps{Name: "mail-in", Dir: dir, Log: slog.New(slog.DiscardHandler), Max: 100 << 10, Dial: func(ctx context.Context, address string) (net.Conn, error) {
		var d net.Dialer
		c, err := d.DialContext(ctx, "tcp", cfg.server.address)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.n++
		r.last = &tap{c, r, r.n}
		return r.last, err
	}}
	if change != nil {
		change(&d)
	}
	var err error
	r.p, err = New(cfg, d, func(_ context.Context, m Mail) error {
		r.mu.Lock()
		took := r.took
		r.mu.Unlock()
		if took != nil {
			if err := took(m); err != nil {
				return err
			}
		}
		r.mails <- m
		return nil
	})
	must(t, err)
	r.p.first = 10 * time.Millisecond
	return r
}

func (r *rig) start() *rig {
	take, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.p.Run(take, context.Background()) }()
	once := sync.OnceFunc(func() {
		stop()
		if err := <-done; err != nil {
			r.t.Errorf("Run: %v", err)
		}
	})
	r.stop = once
	r.t.Cleanup(once)
	return r
}

// hangUp ends the newest connection.
func (r *rig) hangUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last.Close()
}

// tap sees what the client says.
type tap struct {
	net.Conn
	r *rig
	n int
}

func (c *tap) Write(b []byte) (int, error) {
	c.r.mu.Lock()
	cut := c.r.cut
	c.r.mu.Unlock()
	if cut != nil && cut(c.n, b) {
		c.Conn.Close()
		return 0, errors.New("cut")
	}
	return c.Conn.Write(b)
}

func (r *rig) next() Mail {
	r.t.Helper()
	select {
	case m := <-r.mails:
		return m
	case <-time.After(20 * time.Second):
		r.t.Fatalf("no mail within 20 s; %v", r.p.Ready())
	}
	return Mail{}
}

// idle waits until the mailbox was read to its end and nothing is left to hand over.
func (r *rig) none() {
	r.t.Helper()
	select {
	case m := <-r.mails:
		r.t.Errorf("got mail %s once more", m.ID)
	default:
	}
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: not within 20 s", what)
		}
	}
}

// TestTakesMailOverTLS goes over every way of beginning TLS, in both protocols, with mail that is there and mail that comes.
func TestTakesMailOverTLS(t *testing.T) {
	ca := mailtest.NewAuthority(t)
	tlsConfig := ca.Server(t, "edge.hisp.example", time.Time{})
	for _, scheme := range []string{"imaps", "imap", "pop3s", "pop3"} {
		t.Run(scheme, func(t *testing.T) {
			start := !strings.HasSuffix(scheme, "s")
			var address string
			var put func(n int)
			if strings.HasPrefix(scheme, "imap") {
				srv := mailtest.NewIMAP(t, mailtest.IMAPOptions{TLS: tlsConfig, StartTLS: start})
				address, put = srv.Addr, func(n int) { srv.Put("INBOX", mail(n)) }
			} else {
				srv := mailtest.NewPOP3(t, mailtest.POP3Options{TLS: tlsConfig, StartTLS: start})
				address, put = srv.Addr, func(n int) { srv.Put(fmt.Sprint("uid", n), mail(n)) }
			}
			put(1)
			put(2)
			cfg := conf(t, scheme+"://"+address, ", tls: {ca: "+ca.File+", server_name: edge.hisp.example}")
			r := newRig(t, cfg, t.TempDir(), nil).start()
			for n := 1; n <= 3; n++ {
				m := r.next()
				if !bytes.Equal(m.Body, mail(n)) || m.Why != "" {
					t.Errorf("mail %d: got %q (%s), want %q", n, m.Body, m.Why, mail(n))
				}
				if m.Via.Name != "edge.hisp.example" || m.Via.TLS != "TLS 1.3" || len(m.Via.Certificate) != 64 || m.Via.User != mailtest.User {
					t.Errorf("got evidence %+v", m.Via)
				}
				if n == 2 {
					put(3)
				}
			}
			waitFor(t, "ready", func() bool { return r.p.Ready() == nil })
			r.stop()
			r.none()

			again := newRig(t, cfg, r.dir, nil) // a restart takes only what is new
			put(4)
			again.start()
			if m := again.next(); !bytes.Equal(m.Body, mail(4)) {
				t.Errorf("after a restart: got %q, want mail 4", m.Body)
			}
			again.stop()
			again.none()
			report, err := Probe(context.Background(), cfg)
			if err != nil || report.Mails != 4 || report.Via.Certificate == "" {
				t.Errorf("Probe: got %+v, %v, want 4 mails", report, err)
			}
		})
	}
}

// TestRefusesServers: nothing is said, above all no password, to a server that is not who it should be or that offers no TLS.
func TestRefusesServers(t *testing.T) {
	ca := mailtest.NewAuthority(t)
	good := ca.Server(t, "edge.hisp.example", time.Time{})
	expired := ca.Server(t, "edge.hisp.example", time.Now().Add(-time.Hour))
	trust := ", tls: {ca: " + ca.File + ", server_name: edge.hisp.example}"
	imapAt := func(o mailtest.IMAPOptions) string { return mailtest.NewIMAP(t, o).Addr }
	popAt := func(o mailtest.POP3Options) string { return mailtest.NewPOP3(t, o).Addr }
	for _, c := range []struct{ name, url, more, want string }{
		{"IMAP expired", "imaps://" + imapAt(mailtest.IMAPOptions{TLS: expired}), trust, "expired"},
		{"IMAP other name", "imaps://" + imapAt(mailtest.IMAPOptions{TLS: good}), ", tls: {ca: " + ca.File + "}", "127.0.0.1"},
		{"IMAP unknown authority", "imaps://" + imapAt(mailtest.IMAPOptions{TLS: good}), ", tls: {server_name: edge.hisp.example}", "unknown authority"},
		{"IMAP STARTTLS expired", "imap://" + imapAt(mailtest.IMAPOptions{TLS: expired, StartTLS: true}), trust, "expired"},
		{"IMAP no STARTTLS", "imap://" + imapAt(mailtest.IMAPOptions{}), trust, ErrPlain.Error()},
		{"POP3 expired", "pop3s://" + popAt(mailtest.POP3Options{TLS: expired}), trust, "expired"},
		{"POP3 STLS other name", "pop3://" + popAt(mailtest.POP3Options{TLS: good, StartTLS: true}), ", tls: {ca: " + ca.File + "}", "127.0.0.1"},
		{"POP3 no STLS", "pop3://" + popAt(mailtest.POP3Options{}), trust, ErrPlain.Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Probe(context.Background(), conf(t, c.url, c.more))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// TestRefusedLogin: it shows, it is tried again only after minutes, and the password is in no error.
func TestRefusedLogin(t *testing.T) {
	imapServer, popServer := mailtest.NewIMAP(t, mailtest.IMAPOptions{}), mailtest.NewPOP3(t, mailtest.POP3Options{})
	for _, url := range []string{"imap+insecure://" + imapServer.Addr, "pop3+insecure://" + popServer.Addr} {
		cfg := conf(t, url, "")
		cfg.Password = config.NewSecret("hunter2")
		r := newRig(t, cfg, t.TempDir(), nil)
		r.start()
		waitFor(t, "the login to be refused", func() bool { return errors.Is(r.p.Ready(), ErrLogin) })
		if s := r.p.Ready().Error(); strings.Contains(s, "hunter2") || strings.Contains(s, mailtest.User) {
			t.Errorf("got %q with a name or a password", s)
		}
		r.stop()
	}
	p := &Puller{d: Deps{Log: slog.New(slog.DiscardHandler)}, err: errNever}
	for n, least := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 450 * time.Second, 450 * time.Second} {
		if pause := p.fault(&failure{"login", ErrLogin}); pause < least || pause > loginLast {
			t.Errorf("refusal %d: got a pause of %s, want at least %s and at most %s", n+1, pause, least, loginLast)
		}
	}
	if n := popServer.Count("USER " + mailtest.User); n != 1 {
		t.Errorf("got %d logins, want 1", n)
	}
}
