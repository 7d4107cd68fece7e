package hylafax

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// Config says which server is spoken to. Zero values mean the defaults given.
type Config struct {
	Address  string // host:port; the port of hfaxd is 4559
	User     string // as whom jobs are submitted
	Password string // empty: the server must ask for none
	Timeout  time.Duration
	Dial     func(ctx context.Context, address string) (net.Conn, error) // nil: TCP
}

// Client is one session. It is used by one goroutine at a time.
type Client struct {
	cfg  Config
	host string
	conn net.Conn
	r    *bufio.Reader
	stop func() bool
}

// Reply is what the server said instead of what was wanted. Its text is the server's and may quote what it was sent: it is not kept.
type Reply struct {
	Command string // the first word of what was asked
	Code    int
}

// Error names the command and the code.
func (r *Reply) Error() string {
	return fmt.Sprintf("hylafax: %s: the server answered %d", r.Command, r.Code)
}

// Temporary reports whether the same command may succeed later.
func (r *Reply) Temporary() bool { return r.Code/100 == 4 }

// ErrNoJob says that the server knows no such job (any more).
var ErrNoJob = errors.New("hylafax: the server knows no such job")

const (
	defaultTimeout = time.Minute
	maxReplyLine   = 1024
	maxReplyLines  = 200
	maxListing     = 4 << 20 // of a queue
)

var errText = errors.New("hylafax: got a value with a line break or control character, want plain text")

// Dial connects and logs in. The session ends with ctx.
func Dial(ctx context.Context, cfg Config) (*Client, error) {
	if cfg.Timeout <= 0 {
		cfg.Timeout = defaultTimeout
	}
	if cfg.Dial == nil {
		d := net.Dialer{Timeout: cfg.Timeout}
		cfg.Dial = func(ctx context.Context, address string) (net.Conn, error) { return d.DialContext(ctx, "tcp", address) }
	}
	host, _, err := net.SplitHostPort(cfg.Address)
	if err != nil {
		return nil, fmt.Errorf("hylafax: got address %q, want host:port", cfg.Address)
	}
	conn, err := cfg.Dial(ctx, cfg.Address)
	if err != nil {
		return nil, fmt.Errorf("hylafax: connecting to %s: %w", cfg.Address, err)
	}
	c := &Client{cfg: cfg, host: host, conn: conn, r: bufio.NewReaderSize(conn, maxReplyLine)}
	c.stop = context.AfterFunc(ctx, func() { conn.Close() })
	if err := c.login(); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Close ends the session. A job that was not submitted is gone.
func (c *Client) Close() {
	c.stop()
	_ = c.conn.SetDeadline(time.Now().Add(time.Second))
	_, _ = c.conn.Write([]byte("QUIT\r\n"))
	_ = c.conn.Close() // how a session ends changes nothing
}

func (c *Client) login() error {
	if err := c.conn.SetDeadline(time.Now().Add(c.cfg.Timeout)); err != nil {
		return err
	}
	if code, _, err := c.reply(); err != nil || code != 220 {
		return refused("greeting", code, err)
	}
	code, _, err := c.say("USER", c.cfg.User)
	if err == nil && code == 331 {
		code, _, err = c.say("PASS", c.cfg.Password)
	}
	if err != nil || code != 230 {
		return refused("USER", code, err)
	}
	for _, set := range [][2]string{{"TYPE", "I"}, {"MODE", "S"}, {"FORM", "TIFF"}} {
		if _, err := c.want(200, set[0], set[1]); err != nil {
			return err
		}
	}
	return nil
}

func refused(command string, code int, err error) error {
	if err != nil {
		return err
	}
	return &Reply{Command: command, Code: code}
}

// want sends a command and insists on a code.
func (c *Client) want(code int, command string, args ...string) (string, error) {
	got, text, err := c.say(command, args...)
	if err != nil || got != code {
		return "", refused(command, got, err)
	}
	return text, nil
}

// say sends a command and reads its answer.
func (c *Client) say(command string, args ...string) (int, string, error) {
	line := strings.Join(append([]string{command}, args...), " ")
	if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return 0, "", errText
	}
	if err := c.conn.SetDeadline(time.Now().Add(c.cfg.Timeout)); err != nil {
		return 0, "", fmt.Errorf("hylafax: %s: %w", command, err)
	}
	if _, err := c.conn.Write([]byte(line + "\r\n")); err != nil {
		return 0, "", fmt.Errorf("hylafax: %s: %w", command, err)
	}
	return c.reply()
}

// reply reads one answer, which may have several lines (RFC 959 section 4.2). An answer may be a code alone: an empty value.
func (c *Client) reply() (int, string, error) {
	for range maxReplyLines {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return 0, "", fmt.Errorf("hylafax: reading an answer: %w", err)
		}
		s := strings.TrimRight(string(line), "\r\n")
		if len(s) < 3 || len(s) > 3 && s[3] != ' ' {
			continue // 214-..., or a line inside such an answer
		}
		code, err := strconv.Atoi(s[:3])
		if err != nil || code < 100 {
			continue
		}
		return code, strings.TrimSpace(s[3:]), nil
	}
	return 0, "", fmt.Errorf("hylafax: reading an answer: got more than %d lines, want an end", maxReplyLines)
}
