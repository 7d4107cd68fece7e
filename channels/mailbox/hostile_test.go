package mailbox

import (
	"bytes"
	"context"
	"errors"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"refloop/config"
	"refloop/internal/mailtest"
)

// raw serves every connection with f until the test ends.
func raw(t *testing.T, f func(c net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			wg.Go(func() { f(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return l.Addr().String()
}

// TestSilentServers: a server that says nothing, at whatever point, does not hold us for ever.
func TestSilentServers(t *testing.T) {
	ca := mailtest.NewAuthority(t)
	for _, c := range []struct{ scheme, says string }{
		{"imaps", ""}, {"pop3s", ""}, {"imap", ""}, {"imap", "* OK ready\r\n"}, {"pop3", ""}, {"pop3", "+OK ready\r\n"}, {"imap+insecure", ""}, {"imap+insecure", "* OK ready\r\n"},
		{"pop3+insecure", ""}, {"pop3+insecure", "+OK ready\r\n"},
	} {
		address := raw(t, func(conn net.Conn) {
			_, _ = conn.Write([]byte(c.says))
			_, _ = conn.Read(make([]byte, 1)) // and no more
		})
		cfg := conf(t, c.scheme+"://"+address, ", tls: {ca: "+ca.File+"}")
		cfg.Timeout = config.Duration(100 * time.Millisecond)
		if _, err := Probe(context.Background(), cfg); err == nil {
			t.Errorf("%s after %q: got no error, want one", c.scheme, c.says)
		}
	}
}

// TestFlood: a server that sends without end is left after a bounded number of bytes.
func TestFlood(t *testing.T) {
	for scheme, begin := range map[string]string{"imap+insecure": "* OK ", "pop3+insecure": "+OK "} {
		var mu sync.Mutex
		sent := 0
		address := raw(t, func(conn net.Conn) {
			_, err := conn.Write([]byte(begin))
			for block := bytes.Repeat([]byte("x"), 4096); err == nil; {
				var n int
				n, err = conn.Write(block)
				mu.Lock()
				sent += n
				mu.Unlock()
			}
			conn.Close()
		})
		if _, err := Probe(context.Background(), conf(t, scheme+"://"+address, "")); err == nil {
			t.Errorf("%s: got no error, want one", scheme)
		}
		mu.Lock()
		if sent > 16<<20 { // what was read, and what the system holds for us
			t.Errorf("%s: took %d bytes", scheme, sent)
		}
		mu.Unlock()
	}
}

// TestInjectedBeforeTLS: what somebody puts between the server's answer to STLS and the handshake counts for nothing.
func TestInjectedBeforeTLS(t *testing.T) {
	address := raw(t, func(conn net.Conn) {
		_, _ = conn.Write([]byte("+OK ready\r\n"))
		_, _ = conn.Read(make([]byte, 100))
		_, _ = conn.Write([]byte("+OK begin\r\n+OK logged in\r\n"))
		_, _ = conn.Read(make([]byte, 100))
	})
	ca := mailtest.NewAuthority(t)
	cfg := conf(t, "pop3://"+address, ", tls: {ca: "+ca.File+"}")
	cfg.Timeout = config.Duration(time.Second)
	if _, err := Probe(context.Background(), cfg); err == nil || !strings.Contains(err.Error(), "STARTTLS") && !strings.Contains(err.Error(), "TLS with") {
		t.Errorf("got %v, want a refusal at STARTTLS", err)
	}
}

// liar rewrites the sizes that an IMAP server gives, in place.
type liar struct{ net.Conn }

var sizes = regexp.MustCompile(`RFC822\.SIZE \d+`)

func (l liar) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	for _, at := range sizes.FindAllIndex(b[:n], -1) {
		number := b[at[0]+len("RFC822.SIZE ") : at[1]]
		copy(number, bytes.Repeat([]byte("0"), len(number)))
		number[len(number)-1] = '1'
	}
	return n, err
}

// TestSizesThatAreEstimates: the limit and the memory count what really comes.
func TestSizesThatAreEstimates(t *testing.T) {
	srv := mailtest.NewIMAP(t, mailtest.IMAPOptions{})
	srv.Put("INBOX", append([]byte("Message-ID: <big@b.example>\r\n\r\n"), bytes.Repeat([]byte("0123456789abcdef\r\n"), 10000)...))
	srv.Put("INBOX", mail(1))
	b := &counting{}
	r := newRig(t, conf(t, "imap+insecure://"+srv.Addr, ""), t.TempDir(), func(d *Deps) {
		dial := d.Dial
		d.Dial = func(ctx context.Context, address string) (net.Conn, error) {
			c, err := dial(ctx, address)
			return liar{c}, err
		}
		d.Budget = b
	}).start()
	if m := r.next(); m.Why != WhyTooLarge || !strings.Contains(string(m.Body), "<big@b.example>") || m.Size < 100<<10 {
		t.Errorf("got why %q, size %d, %d bytes", m.Why, m.Size, len(m.Body))
	}
	if m := r.next(); !bytes.Equal(m.Body, mail(1)) {
		t.Errorf("got %q, want mail 1", m.Body)
	}
	r.stop()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.now != 0 || b.peak < len(mail(1)) {
		t.Errorf("got %d bytes not given back, %d at most, want 0 and at least %d", b.now, b.peak, len(mail(1)))
	}
}

// counting counts memory.
type counting struct {
	mu        sync.Mutex
	now, peak int
}

func (c *counting) Take(n int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now += n; c.now < 0 {
		return errors.New("negative")
	}
	c.peak = max(c.peak, c.now)
	return nil
}

func (c *counting) Give(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now -= n
}
