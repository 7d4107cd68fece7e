package fax

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"

	"refloop/channels/fax/hylafax"
	"refloop/channels/mailbox"
)

// Probe looks whether the source can be reached, and changes nothing. target names it; empty: there is nothing to look at besides folders
// and ports of ours.
func (c Config) Probe(ctx context.Context) (target string, err error) {
	switch {
	case c.Hyla != nil:
		spool := string(c.Hyla.Spool)
		if _, err := os.ReadDir(filepath.Join(spool, "recvq")); err != nil {
			return spool, fmt.Errorf("its recvq cannot be read: %w", errors.Unwrap(err))
		}
		if _, err := tail(filepath.Join(spool, "log", "xferfaxlog"), 1); err != nil && !errors.Is(err, fs.ErrNotExist) { // a new server has none
			return spool, fmt.Errorf("its log/xferfaxlog cannot be read, who called stays unknown: %w", errors.Unwrap(err))
		}
		return spool, nil
	case c.Mailbox != nil:
		_, err := mailbox.Probe(ctx, *c.Mailbox)
		return c.Mailbox.URL, err
	}
	return "", nil
}

// Probe looks whether faxes can be handed over, and changes nothing: it logs in where there is a login. target and its empty value are as
// those of Config.Probe.
func (c RailConfig) Probe(ctx context.Context) (target string, err error) {
	switch {
	case c.Hyla != nil:
		h, err := hylafax.Dial(ctx, hylafax.Config{Address: c.Hyla.Server, User: c.Hyla.User, Password: c.Hyla.Password.Reveal()})
		if err == nil {
			h.Close()
		}
		return c.Hyla.Server, err
	case c.Mail != nil:
		m, stop, err := c.Mail.connect(ctx)
		if err == nil {
			_ = m.Quit() // nothing was sent
			stop()
		}
		return c.Mail.Relay, err
	case c.HTTP != nil:
		return c.HTTP.URL, c.HTTP.probe(ctx)
	}
	return "", nil
}

// probe connects and, for https, checks the certificate. No request is made: it might be counted as a fax.
func (g *HTTPGateway) probe(ctx context.Context) error {
	u, err := url.Parse(g.URL)
	if err != nil {
		return errors.New("fax: http.url cannot be used")
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	address := net.JoinHostPort(u.Hostname(), port)
	var conn net.Conn
	if u.Scheme == "https" {
		t, terr := mailbox.TLS{CA: g.CA}.Client(u.Hostname())
		if terr != nil {
			return terr
		}
		conn, err = (&tls.Dialer{Config: t}).DialContext(ctx, "tcp", address)
	} else {
		conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", address)
	}
	if err != nil {
		return err
	}
	return conn.Close()
}
