package smtpd

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// tlsTime is how long a TLS handshake may take.
const tlsTime = 30 * time.Second

// dialogue is what stands between the wire and the SMTP library, on one connection. The library gets one command line at a
// time, and in DATA nothing behind the end of the message, so that nothing it has read ahead outlives a change of
// state. STARTTLS is done here: with a parameter it is refused (RFC 3207 section 4), and what came in the clear
// behind it is lost. The answer to EHLO says what is true: no CHUNKING, and the exact SIZE.
type dialogue struct {
	tls   *tls.Config // nil: STARTTLS is not offered
	limit int         // of a message, for SIZE
	idle  time.Duration

	buf    []byte // read from the wire, not handed on yet
	data   bool   // between 354 and the end of the message
	end    int    // octets of CRLF.CRLF seen at the end of what was handed on
	secure bool
	stale  bool // TLS has begun and no EHLO came since: no transaction
}

// errHungUp ends a connection whose client may not go on.
var errHungUp = errors.New("smtpd: connection ended")

// endOfData is what ends a message (RFC 5321 section 4.1.1.4).
const endOfData = "\r\n.\r\n"

// next fills b with what the library may see now.
func (c *conn) next(b []byte) (int, error) {
	d := &c.dialogue
	for {
		if d.data && len(d.buf) > 0 {
			return d.message(b), nil
		}
		if !d.data {
			n, done, err := c.command(b)
			if done || err != nil {
				return n, err
			}
		}
		if d.data { // large reads go straight into the library's buffer
			n, err := c.wire().Read(b)
			if n > 0 {
				d.buf = append(d.buf[:0], b[:n]...)
				return d.message(b), nil
			}
			return 0, err
		}
		chunk := make([]byte, 2048)
		n, err := c.wire().Read(chunk)
		d.buf = append(d.buf, chunk[:n]...)
		if n == 0 && err != nil {
			return 0, err
		}
	}
}

// message hands on octets of a message, none behind its end.
func (d *dialogue) message(b []byte) int {
	n := min(len(b), len(d.buf))
	for i := range n {
		switch o := d.buf[i]; {
		case o == endOfData[d.end]:
			d.end++
		case o == '\r':
			d.end = 1
		default:
			d.end = 0
		}
		if d.end == len(endOfData) {
			d.data, n = false, i+1
			break
		}
	}
	copy(b, d.buf[:n])
	d.buf = d.buf[n:]
	return n
}

// command hands on one line. done is false when more must be read from the wire.
func (c *conn) command(b []byte) (n int, done bool, err error) {
	d := &c.dialogue
	for {
		i := bytes.IndexByte(d.buf, '\n')
		if i < 0 && len(d.buf) < maxLine {
			return 0, false, nil
		}
		if i < 0 || i >= len(b) { // too long for a command: the library says so
			n = copy(b, d.buf)
			d.buf = d.buf[n:]
			return n, true, nil
		}
		verb, argument, _ := bytes.Cut(bytes.TrimRight(d.buf[:i], "\r"), []byte(" "))
		switch verb := string(bytes.ToUpper(verb)); {
		case verb == "STARTTLS" && d.tls != nil && !d.secure:
			d.buf = d.buf[i+1:]
			if err := c.startTLS(len(argument) > 0); err != nil {
				return 0, true, err
			}
			if d.secure {
				return 0, false, nil
			}
			continue
		case verb == "BDAT": // chunks would follow that are no commands
			_, _ = io.WriteString(c.wire(), "502 5.5.1 CHUNKING is not offered\r\n")
			return 0, true, io.EOF
		case verb == "EHLO" || verb == "HELO":
			d.stale = false
		case d.stale && verb != "QUIT": // whatever was said before TLS does not count (RFC 3207 section 4.2)
			d.buf = d.buf[i+1:]
			if _, err := io.WriteString(c.wire(), "503 5.5.1 send EHLO first\r\n"); err != nil {
				return 0, true, err
			}
			continue
		}
		n = copy(b, d.buf[:i+1])
		d.buf = d.buf[n:]
		return n, true, nil
	}
}

// startTLS goes over to TLS, or refuses a parameter.
func (c *conn) startTLS(parameter bool) error {
	d := &c.dialogue
	if parameter {
		_, err := io.WriteString(c.wire(), "501 5.5.4 STARTTLS takes no parameter\r\n")
		return err
	}
	if _, err := io.WriteString(c.wire(), "220 2.0.0 ready to start TLS\r\n"); err != nil {
		return err
	}
	if len(d.buf) > 0 { // sent in the clear behind STARTTLS: an attack, or a client that will not understand what follows
		return errHungUp
	}
	_ = c.raw.SetDeadline(time.Now().Add(tlsTime))
	t := tls.Server(c.raw, d.tls)
	if err := t.Handshake(); err != nil {
		return errHungUp
	}
	_ = c.raw.SetDeadline(time.Time{})
	c.mu.Lock()
	c.Conn = t
	c.mu.Unlock()
	d.buf, d.secure, d.stale = nil, true, true
	return c.SetReadDeadline(time.Now().Add(d.idle))
}

// answered corrects what the library says. It is called with whole lines.
func (d *dialogue) answered(b []byte) []byte {
	switch {
	case bytes.HasPrefix(b, []byte("354 ")):
		d.data, d.end = true, 2 // a dot at once ends an empty message
	case bytes.HasPrefix(b, []byte("250-CHUNKING\r\n")):
		if d.tls != nil && !d.secure {
			return []byte("250-STARTTLS\r\n")
		}
		return nil
	case bytes.HasPrefix(b, []byte("250-SIZE ")):
		return fmt.Appendf(nil, "250-SIZE %d\r\n", d.limit)
	}
	return b
}

// wire is the connection as it is now: in the clear or in TLS.
func (c *conn) wire() net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Conn
}
