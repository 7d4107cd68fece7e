package hylafax

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"time"
)

var (
	extended = regexp.MustCompile(`\(\|\|\|([0-9]{1,5})\|\)`)
	passive  = regexp.MustCompile(`\([0-9]{1,3},[0-9]{1,3},[0-9]{1,3},[0-9]{1,3},([0-9]{1,3}),([0-9]{1,3})\)`)
)

// openData opens the connection over which the next file travels, to the host that is spoken to: whatever address the server names,
// nobody else gets pages or is asked for any.
func (c *Client) openData(ctx context.Context) (net.Conn, error) {
	port, err := c.dataPort()
	if err != nil {
		return nil, err
	}
	conn, err := c.cfg.Dial(ctx, net.JoinHostPort(c.host, strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("hylafax: data connection: %w", err)
	}
	return conn, conn.SetDeadline(time.Now().Add(10 * c.cfg.Timeout))
}

// dataPort asks for a port (RFC 2428, and for servers without it RFC 959).
func (c *Client) dataPort() (int, error) {
	code, text, err := c.say("EPSV")
	if err != nil {
		return 0, err
	}
	if m := extended.FindStringSubmatch(text); code == 229 && m != nil {
		return validPort(strconv.Atoi(m[1]))
	}
	if text, err = c.want(227, "PASV"); err != nil {
		return 0, err
	}
	m := passive.FindStringSubmatch(text)
	if m == nil {
		return 0, errPort
	}
	high, err := strconv.Atoi(m[1])
	if err != nil {
		return 0, errPort
	}
	low, err := strconv.Atoi(m[2])
	return validPort(high<<8+low, err)
}

var errPort = errors.New("hylafax: PASV: got no port, want one from 1 to 65535")

func validPort(n int, err error) (int, error) {
	if err != nil || n < 1 || n > 65535 {
		return 0, errPort
	}
	return n, nil
}
