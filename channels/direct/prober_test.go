package direct

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"refloop/channels"
	"refloop/config"
)

// A prober of the SMTP server: what those do who want two messages of one, commands inside of TLS that came before it, or the server's
// time. hostile_test.go and server_test.go have the rest.

// talk sends everything at once and returns the codes of the answers until the server hangs up.
func talk(t *testing.T, s *server, text string) (codes []string) {
	t.Helper()
	c := dial(t, s)
	if _, err := io.WriteString(c, text); err != nil && !strings.Contains(err.Error(), "reset") && !strings.Contains(err.Error(), "broken pipe") {
		t.Fatal(err)
	}
	_ = c.(*net.TCPConn).CloseWrite()
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		if len(line) > 4 && line[3] == ' ' {
			codes = append(codes, line[:3])
		}
		if err != nil {
			return codes
		}
	}
}

func transaction(body string) string {
	return "EHLO x.example\r\nMAIL FROM:<" + lake + ">\r\nRCPT TO:<" + north + ">\r\nDATA\r\n" + body
}

// Every way to write the end of a message but the right one is refused, and what stands behind it is never a second message.
func TestSmuggling(t *testing.T) {
	s := serve(t, newWorld(t).north, 1<<20, nil)
	second := "MAIL FROM:<mallory@direct.elsewhere.example>\r\nRCPT TO:<" + north + ">\r\nDATA\r\nFrom: <m@e.example>\r\n\r\nsmuggled\r\n.\r\n"
	head := "From: <" + lake + ">\r\n\r\nfirst"
	for _, end := range []string{
		"\n.\n", "\r.\r", "\n.\r\n", "\r\n.\n", "\r\n.\r", "\r.\r\n", "\n\n.\r\n", "\r\r\n.\r\n", "\r\n.\r\r\n", "\r\n\x00.\r\n", "\r\n.\x00\r\n", "\n.\n\r\n", "\r\n\r.\r\n", "\r\n.\n\r\n", "\f\r.\f\r", "\v.\v",
		"\u2028.\u2028", "\x85.\x85", "\r\n..\r\n", "\r\n .\r\n", "\r\n. \r\n",
	} {
		before := s.handler.count()
		talk(t, s, transaction(head+end+second+"\r\n.\r\nQUIT\r\n"))
		for _, in := range s.handler.since(before) {
			if in.Sender != lake || !strings.Contains(string(in.Body), "smuggled") {
				t.Errorf("%q: got a message from %s with %d octets", end, in.Sender, len(in.Body))
			}
		}
		if got := s.handler.count() - before; got > 1 {
			t.Errorf("%q: got %d messages of one", end, got)
		}
	}
}

// Commands sent in the clear behind STARTTLS end the connection: nothing of them is done inside of TLS.
func TestStartTLSBehind(t *testing.T) {
	files := serverFiles(t)
	s := serve(t, newWorld(t).north, 1<<20, func(c *Config) { c.TLS = files })
	for _, behind := range []string{"EHLO evil.example\r\n", "MAIL FROM:<" + lake + ">\r\n", "RSET\r\nNOOP\r\n", "\r\n", "X"} {
		c := newClient(t, s)
		c.say(250, "EHLO x.example")
		if _, err := io.WriteString(c, "STARTTLS\r\n"+behind); err != nil {
			t.Fatal(err)
		}
		c.want(220)
		c.ended()
	}
	// A line that was begun in the clear is not ended inside of TLS.
	c := newClient(t, s)
	c.say(250, "EHLO x.example")
	c.say(250, "MAIL FROM:<%s>", lake)
	c.say(220, "STARTTLS")
	tc := tls.Client(c.Conn, &tls.Config{InsecureSkipVerify: true})
	must(t, tc.Handshake())
	c = &client{t: t, Conn: tc, r: textproto.NewReader(bufio.NewReader(tc))}
	c.say(503, "RCPT TO:<%s>", north)
	c.say(250, "EHLO x.example")
	c.say(502, "RCPT TO:<%s>", north)
	if s.handler.count() != 0 {
		t.Error("something was received")
	}
}

// A message that times out is not the beginning of commands: the connection ends, and what comes later is read by nobody.
func TestDataTimeout(t *testing.T) {
	s := serve(t, newWorld(t).north, 1<<20, func(c *Config) { c.Data = config.Duration(300 * time.Millisecond) })
	c := newClient(t, s)
	c.begin()
	if _, err := io.WriteString(c, "From: <a@b.example>\r\n\r\nhalf a message\r\n"); err != nil {
		t.Fatal(err)
	}
	c.want(421)
	_, _ = io.WriteString(c, "RSET\r\nMAIL FROM:<"+lake+">\r\nRCPT TO:<"+north+">\r\nDATA\r\nA: b\r\n\r\nx\r\n.\r\n")
	c.ended()
	if s.handler.count() != 0 {
		t.Error("something was received")
	}
}

// What is no use to anybody costs an answer, or the connection.
func TestProber(t *testing.T) {
	s := serve(t, newWorld(t).north, 1<<20, func(c *Config) { c.Recipients = 5 })
	for name, c := range map[string]struct {
		text string
		last string // code of the last answer
		took int    // messages received
	}{
		"pipelined":                {transaction("A: b\r\n\r\nx\r\n.\r\nQUIT\r\n"), "221", 1},
		"two pipelined":            {transaction("A: b\r\n\r\nx\r\n.\r\n" + strings.TrimPrefix(transaction("A: b\r\n\r\ny\r\n.\r\nQUIT\r\n"), "EHLO x.example\r\n")), "221", 2},
		"before the greeting":      {"DATA\r\nRCPT TO:<" + north + ">\r\nMAIL FROM:<" + lake + ">\r\nQUIT\r\n", "221", 0},
		"recipient before sender":  {"EHLO x\r\nRCPT TO:<" + north + ">\r\nDATA\r\nQUIT\r\n", "221", 0},
		"8-bit octets":             {transaction("Subject: gr\xc3\xbc\xc3\x9fe\r\n\r\n\xff\xfe\x00\x01\r\n.\r\nQUIT\r\n"), "221", 1},
		"8BITMIME":                 {strings.Replace(transaction("A: b\r\n\r\nx\r\n.\r\nQUIT\r\n"), lake+">", lake+"> BODY=8BITMIME", 1), "221", 1},
		"BINARYMIME":               {strings.Replace("EHLO x\r\nMAIL FROM:<"+lake+">\r\nQUIT\r\n", lake+">", lake+"> BODY=BINARYMIME", 1), "221", 0},
		"SMTPUTF8 address":         {"EHLO x\r\nMAIL FROM:<gr\xc3\xbc\xc3\x9fe@direct.lakeside.example> SMTPUTF8\r\nQUIT\r\n", "221", 0},
		"unknown parameter":        {"EHLO x\r\nMAIL FROM:<" + lake + "> NOTHING=1\r\nQUIT\r\n", "221", 0},
		"AUTH":                     {"EHLO x\r\n" + strings.Repeat("AUTH PLAIN AGEAYg==\r\n", 3) + "QUIT\r\n", "221", 0},
		"VRFY and EXPN":            {"EHLO x\r\nVRFY " + north + "\r\nEXPN all\r\nHELP\r\nQUIT\r\n", "221", 0},
		"ETRN, TURN, XCLIENT":      {"EHLO x\r\nETRN x\r\nTURN\r\nXCLIENT ADDR=127.0.0.1\r\nPROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\nQUIT\r\n", "", 0},
		"many RSET and NOOP":       {"EHLO x\r\n" + strings.Repeat("NOOP\r\nRSET\r\n", 2000) + "QUIT\r\n", "221", 0},
		"many greetings":           {strings.Repeat("EHLO x\r\n", 500) + "QUIT\r\n", "221", 0},
		"a long greeting":          {"EHLO " + strings.Repeat("x", 100_000) + "\r\nQUIT\r\n", "", 0},
		"a greeting without end":   {"EHLO " + strings.Repeat("x", 1<<20), "", 0},
		"empty lines":              {strings.Repeat("\r\n", 1000), "", 0},
		"a long line in a message": {transaction("A: " + strings.Repeat("x", 100_000) + "\r\n\r\nx\r\n.\r\nQUIT\r\n"), "", 0},
		"many recipients":          {"EHLO x\r\nMAIL FROM:<" + lake + ">\r\n" + manyRecipients(1000) + "QUIT\r\n", "221", 0},
		"source route":             {"EHLO x\r\nMAIL FROM:<" + lake + ">\r\nRCPT TO:<@a.example,@b.example:" + north + ">\r\nDATA\r\nQUIT\r\n", "", 0},
		"two senders":              {"EHLO x\r\nMAIL FROM:<" + lake + ">\r\nMAIL FROM:<" + evil + ">\r\nRCPT TO:<" + north + ">\r\nDATA\r\nA: b\r\n\r\nx\r\n.\r\nQUIT\r\n", "221", 1},
		"commands with a bare LF":  {"EHLO x\nMAIL FROM:<" + lake + ">\nQUIT\n", "", 0},
		"a NUL in a command":       {"EHLO x\r\nMAIL FROM:<" + lake + "\x00>\r\nQUIT\r\n", "221", 0},
		"a line end in an address": {"EHLO x\r\nMAIL FROM:<\"a\rb\"@direct.lakeside.example>\r\nQUIT\r\n", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			before := s.handler.count()
			codes := talk(t, s, c.text)
			if len(codes) == 0 || c.last != "" && codes[len(codes)-1] != c.last {
				t.Errorf("answers: %s, want %s at the end", strings.Join(codes[max(0, len(codes)-5):], " "), c.last)
			}
			if got := s.handler.count() - before; got != c.took {
				t.Errorf("received %d messages, want %d", got, c.took)
			}
		})
	}
	c := newClient(t, s) // and the server still serves
	c.begin()
	c.say(250, "A: b\r\n\r\nx\r\n.")
}

func manyRecipients(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "RCPT TO:<r%d@direct.northside.example>\r\n", i)
	}
	return b.String()
}

// count is how many messages were received.
func (h *fakeHandler) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.got)
}

// since are the messages after the first n.
func (h *fakeHandler) since(n int) []channels.Inbound {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.got[n:]
}
