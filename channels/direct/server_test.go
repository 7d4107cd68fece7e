package direct

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"runtime"
	"strings"
	"testing"
	"time"

	"refloop/channels"
	"refloop/config"
)

// client speaks SMTP line by line.
type client struct {
	t testing.TB
	net.Conn
	r *textproto.Reader
}

func newClient(t testing.TB, s *server) *client {
	t.Helper()
	conn := dial(t, s)
	c := &client{t, conn, textproto.NewReader(bufio.NewReader(conn))}
	c.want(220)
	return c
}

func (c *client) want(code int) string {
	c.t.Helper()
	_, msg, err := c.r.ReadResponse(code)
	if err != nil {
		c.t.Fatalf("want %d: %v", code, err)
	}
	return msg
}

func (c *client) say(code int, format string, args ...any) string {
	c.t.Helper()
	if _, err := fmt.Fprintf(c, format+"\r\n", args...); err != nil {
		c.t.Fatal(err)
	}
	return c.want(code)
}

// begin goes as far as DATA.
func (c *client) begin() {
	c.t.Helper()
	c.say(250, "EHLO x.example")
	c.say(250, "MAIL FROM:<%s>", lake)
	c.say(250, "RCPT TO:<%s>", north)
	c.say(354, "DATA")
}

// ended reports that the server hung up.
func (c *client) ended() {
	c.t.Helper()
	for {
		line, err := c.r.ReadLine()
		if err != nil {
			var n net.Error
			if errors.As(err, &n) && n.Timeout() {
				c.t.Fatal("the connection is still open")
			}
			return
		}
		if !strings.HasPrefix(line, "421") {
			c.t.Fatalf("got %q after the end", line)
		}
	}
}

func TestSizeIsExact(t *testing.T) {
	const limit = 100_000
	s := serve(t, newWorld(t).north, limit, nil)
	for _, extra := range []int{0, 1} {
		c := newClient(t, s)
		c.begin()
		body := strings.Repeat(strings.Repeat("x", 98)+"\r\n", (limit-100)/100)
		body += strings.Repeat("y", limit-len(body)-2+extra) + "\r\n"
		io.WriteString(c, body+".\r\n")
		if extra == 0 {
			c.want(250)
			if got := s.handler.last(t); string(got.Body) != body {
				t.Errorf("got %d bytes, want %d", len(got.Body), len(body))
			}
			c.say(221, "QUIT")
		} else {
			c.want(552)
			c.ended()
		}
	}
	c := newClient(t, s)
	c.say(250, "EHLO x.example")
	c.say(552, "MAIL FROM:<%s> SIZE=%d", lake, limit+2)
}

func TestEnvelope(t *testing.T) {
	s := serve(t, newWorld(t).north, 1<<20, func(c *Config) { c.Recipients = 2 })
	c := newClient(t, s)
	c.say(502, "MAIL FROM:<%s>", lake)
	c.say(250, "EHLO x.example")
	c.say(502, "RCPT TO:<%s>", north)
	c.say(502, "DATA")
	c.say(250, "MAIL FROM:<%s>", lake)
	c.say(550, "RCPT TO:<someone@elsewhere.example>")
	c.say(550, "RCPT TO:<someone@sub.direct.northside.example>")
	c.say(250, "RCPT TO:<%s>", strings.ToUpper(north))
	c.say(250, "RCPT TO:<second@direct.northside.example>")
	c.say(452, "RCPT TO:<third@direct.northside.example>")
	c.say(354, "DATA")
	c.say(250, "Message-ID: <a@b.example>\r\nFrom: <%s>\r\n\r\n..dot\r\n.", lake)
	got := s.handler.last(t)
	if got.Recipient != north+", second@direct.northside.example" || got.Sender != lake || got.ControlID != "<a@b.example>" || !got.Later || !strings.HasSuffix(string(got.Body), "\r\n.dot\r\n") {
		t.Errorf("got %+v", got)
	}
	c.say(250, "MAIL FROM:<>")
	c.say(250, "RCPT TO:<%s>", north)
	c.say(250, "RSET")
	c.say(502, "DATA")
	c.say(221, "QUIT")
}

func TestBareLineEnds(t *testing.T) {
	s := serve(t, newWorld(t).north, 1<<20, nil)
	for name, body := range map[string]string{
		"bare LF": "a\nb\r\n.\r\n", "bare CR": "a\rb\r\n.\r\n", "smuggled end": "a\r\n\n.\r\nMAIL FROM:<x@y.example>\r\n.\r\n",
		"LF dot LF": "a\n.\nMAIL FROM:<x@y.example>\r\n.\r\n", "CR dot CR": "a\r.\rb\r\n.\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, s)
			c.begin()
			io.WriteString(c, body)
			c.want(554)
			c.ended()
		})
	}
	if len(s.handler.got) != 0 {
		t.Errorf("%d were received", len(s.handler.got))
	}
}

func TestStorageAndMemory(t *testing.T) {
	s := serve(t, newWorld(t).north, 1<<20, nil)
	s.handler.fail = errDisk
	c := newClient(t, s)
	c.begin()
	c.say(451, "From: <a@b.example>\r\n\r\nx\r\n.")
	c.ended()
	s.handler.fail = nil
	s.budget.limit = 100_000
	c = newClient(t, s)
	c.begin()
	io.WriteString(c, strings.Repeat("0123456789abcdef\r\n", 20_000)+".\r\n")
	c.want(452)
	c.ended()
	c = newClient(t, s)
	c.begin()
	c.say(250, "From: <a@b.example>\r\n\r\nx\r\n.")
}

// A DATA of 100 MB costs the limit, not 100 MB, and ends with an answer or a closed connection.
func TestEndlessData(t *testing.T) {
	s := serve(t, newWorld(t).north, 1<<20, nil)
	c := newClient(t, s)
	c.begin()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	line := bytes.Repeat([]byte(strings.Repeat("x", 78)+"\r\n"), 1000)
	sent := 0
	for sent < 100<<20 {
		n, err := c.Write(line)
		sent += n
		if err != nil {
			break
		}
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 32<<20 {
		t.Errorf("allocated %d bytes", grown)
	}
	if sent >= 100<<20 {
		t.Error("the server read all of it")
	}
	if s.budget.peak > 3<<20 {
		t.Errorf("budget peak: %d", s.budget.peak)
	}
}

func TestSlowClients(t *testing.T) {
	s := serve(t, newWorld(t).north, 1<<20, func(c *Config) {
		c.Idle, c.Data = config.Duration(300*time.Millisecond), config.Duration(300*time.Millisecond)
	})
	idle := newClient(t, s)
	idle.want(421)
	idle.ended()
	// A message that stops in the middle, and one whose end is written with form feeds (ETT SMTP 10).
	for _, body := range []string{"From: a", "From: a\f\r\f\rbody\f\r.\f\r"} {
		slow := newClient(t, s)
		slow.begin()
		io.WriteString(slow, body)
		slow.want(421)
		slow.ended()
	}
	if len(s.handler.got) != 0 {
		t.Error("half a message was received")
	}
}

func TestManyConnections(t *testing.T) {
	s := serve(t, newWorld(t).north, 1<<20, nil) // 20 at a time
	busy := newClient(t, s)
	busy.begin()
	var rest []net.Conn
	for range 1000 {
		c, err := net.Dial("tcp", s.Addr().String())
		must(t, err)
		rest = append(rest, c)
	}
	defer func() {
		for _, c := range rest {
			c.Close()
		}
	}()
	busy.say(250, "From: <a@b.example>\r\n\r\nx\r\n.") // the one at work was not touched
	last := newClient(t, s)
	last.begin()
	last.say(250, "From: <a@b.example>\r\n\r\nx\r\n.")
}

func TestNoise(t *testing.T) {
	s := serve(t, newWorld(t).north, 1<<20, nil)
	for name, noise := range map[string]string{
		"random": "\x00\x01\xff\xfe\r\n\x80\r\n", "http": "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "tls": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n",
		"long line": strings.Repeat("x", 10_000) + "\r\n", "words": strings.Repeat("NONSENSE\r\n", 50),
	} {
		c := dial(t, s)
		io.WriteString(c, noise)
		c.(*net.TCPConn).CloseWrite()
		if _, err := io.Copy(io.Discard, c); err != nil && !errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "reset") {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := newClient(t, s)
	c.say(250, "EHLO x.example")
	if len(s.handler.got) != 0 {
		t.Error("noise was received")
	}
}

// EHLO offers what is true; chunks are refused and end the connection, because what follows is no command.
func TestOffers(t *testing.T) {
	files := serverFiles(t)
	for name, change := range map[string]func(*Config){"plain": nil, "tls": func(c *Config) { c.TLS = files }} {
		s := serve(t, newWorld(t).north, 1000, change)
		c := newClient(t, s)
		offers := c.say(250, "EHLO x.example")
		if strings.Contains(offers, "CHUNKING") || !strings.Contains(offers, "SIZE 1000\n") || strings.Contains(offers, "STARTTLS") != (name == "tls") {
			t.Errorf("%s: got %q", name, offers)
		}
		c.say(250, "MAIL FROM:<%s> SIZE=1000", lake)
		c.say(250, "RCPT TO:<%s>", north)
		io.WriteString(c, "BDAT 20 LAST\r\nRSET\r\nRCPT TO:<x@y>\r\n")
		c.want(502)
		c.ended()
	}
}

// STARTTLS with a parameter is refused, the transaction before TLS is forgotten, and TLS is offered once.
func TestStartTLSRules(t *testing.T) {
	files := serverFiles(t)
	s := serve(t, newWorld(t).north, 1<<20, func(c *Config) { c.TLS = files })
	c := newClient(t, s)
	c.say(250, "EHLO x.example")
	c.say(501, "STARTTLS now")
	c.say(501, "starttls  ")
	c.say(250, "MAIL FROM:<%s>", lake)
	c.say(250, "RCPT TO:<%s>", north)
	c.say(220, "StartTLS")
	tc := tls.Client(c.Conn, &tls.Config{InsecureSkipVerify: true})
	must(t, tc.Handshake())
	c = &client{t: t, Conn: tc, r: textproto.NewReader(bufio.NewReader(tc))}
	c.say(503, "DATA")
	c.say(503, "RCPT TO:<%s>", north)
	c.say(503, "MAIL FROM:<%s>", lake)
	if offers := c.say(250, "EHLO x.example"); strings.Contains(offers, "STARTTLS") || strings.Contains(offers, "CHUNKING") || !strings.Contains(offers, "SIZE 1048576\n") {
		t.Errorf("in TLS: got %q", offers)
	}
	c.say(502, "DATA")
	c.say(502, "STARTTLS")
	c.say(250, "MAIL FROM:<%s>", lake)
	c.say(250, "RCPT TO:<%s>", north)
	c.say(354, "DATA")
	// Commands behind the end of the message wait for the answer; a line of the message that looks like one is left alone.
	io.WriteString(tc, "A: b\r\n\r\nSTARTTLS now\r\nBDAT 7\r\n.\r\nNOOP\r\nQUIT\r\n")
	c.want(250)
	c.want(250)
	c.want(221)
	if got := string(s.handler.last(t).Body); got != "A: b\r\n\r\nSTARTTLS now\r\nBDAT 7\r\n" {
		t.Errorf("got %q", got)
	}
}

func TestShutdown(t *testing.T) {
	w := newWorld(t)
	s := serve(t, w.north, 1<<20, nil)
	s.handler.stall = make(chan struct{})
	idle, working := newClient(t, s), newClient(t, s)
	working.begin()
	io.WriteString(working, "From: <a@b.example>\r\n\r\nx\r\n.\r\n")
	for s.gateBusy() == 0 {
		runtime.Gosched()
	}
	s.drain()
	idle.want(421)
	idle.ended()
	close(s.handler.stall)
	working.want(250)
	working.ended()
	<-s.done
	if err := s.Ready(); err == nil {
		t.Error("ready after the end")
	}
}

// What the peer says decides whether an attempt is repeated.
func TestSendRefused(t *testing.T) {
	w := newWorld(t)
	packed, err := NewSender(w.north.agent, "peer/direct", RailConfig{}).Pack(t.Context(), shipment())
	must(t, err)
	for line, want := range map[string]channels.DeliveryError{
		"550 5.1.1 no such user":  {Permanent: true, Code: "550 5.1.1"},
		"451 4.3.0 try later":     {Code: "451 4.3.0"},
		"421 4.3.2 shutting down": {Code: "421 4.3.2"},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		done := make(chan struct{})
		go func() {
			defer close(done)
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			r := bufio.NewReader(c)
			io.WriteString(c, "220 x\r\n")
			for _, answer := range []string{"250 x", "250 ok", line} {
				if _, err := r.ReadString('\n'); err != nil {
					return
				}
				io.WriteString(c, answer+"\r\n")
			}
		}()
		a := *w.north.agent
		a.Settings.Relay = "smtp://" + l.Addr().String()
		r, err := NewSender(&a, "peer/direct", RailConfig{}).Send(context.Background(), channels.Outbound{Address: lake, Attempt: 1, Body: packed.Body})
		var de *channels.DeliveryError
		if !errors.As(err, &de) || de.Permanent != want.Permanent || de.Code != want.Code || r.Code != want.Code || r.Level != channels.LevelFailed {
			t.Errorf("%s: got %+v %v", line, r, err)
		}
		l.Close()
		<-done
	}
	a := *w.north.agent
	a.Settings.Relay = "smtp://127.0.0.1:1"
	_, err = NewSender(&a, "peer/direct", RailConfig{}).Send(context.Background(), channels.Outbound{Address: lake, Body: packed.Body})
	if err == nil || channels.IsPermanent(err) {
		t.Errorf("nobody there: got %v, want a transient error", err)
	}
}

// A channel that is told to stop while it starts does: a reload may come at once after another.
func TestServerStopsWhileItStarts(t *testing.T) {
	w := newWorld(t)
	for range 50 {
		srv := serve(t, w.north, 1<<20, nil)
		srv.drain()
		select {
		case <-srv.done:
		case <-time.After(10 * time.Second):
			t.Fatal("the channel does not stop")
		}
	}
}
