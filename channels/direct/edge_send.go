package direct

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"refloop/channels"
	"refloop/channels/mailbox"
	"refloop/direct"
)

// plain makes a message as it is submitted to a HISP, which signs and encrypts it: the inner message alone.
func (s *Sender) plain(d direct.Draft, kind string) (channels.Packed, error) {
	body, err := direct.Compose(d)
	if err != nil {
		return channels.Packed{}, fmt.Errorf("%s: %w", s.lane, err)
	}
	to, _ := direct.Canonical(d.To[0])
	return channels.Packed{Type: kind, ContentType: "message/rfc822", ControlID: d.MessageID, Recipient: to, Body: body}, nil
}

// errRefusedLogin: the HISP refuses name or password. Nothing is wrong with the message, so it is tried again.
var errRefusedLogin = errors.New("direct: submission: the HISP refuses the login; see direct.hisp.username and password")

// refusedEdge is refused, and waits longer when the login is at fault: repeating it soon locks accounts.
func (s *Sender) refusedEdge(o channels.Outbound, to string, err error) (channels.Receipt, error) {
	r, err := s.refused(o, to, err)
	var de *channels.DeliveryError
	if errors.As(err, &de) && errors.Is(err, errRefusedLogin) {
		de.After, de.Code = longRetry, "login"
	}
	return r, err
}

// submitEdge submits one mail to the HISP's edge.
func (s *Sender) submitEdge(ctx context.Context, from, to string, body []byte) error {
	g := s.agent
	c, err := g.submission(ctx)
	if err != nil {
		return err
	}
	defer c.end()
	if limit, has := c.MaxMessageSize(); has && limit > 0 && len(body) > limit {
		return &smtp.SMTPError{Code: 552, EnhancedCode: smtp.EnhancedCode{5, 3, 4}, Message: "the message is larger than the HISP takes"}
	}
	mail, rcpt := &smtp.MailOptions{Size: int64(len(body))}, (*smtp.RcptOptions)(nil)
	if dsn, _ := c.Extension("DSN"); dsn {
		mail.Return = smtp.DSNReturnHeaders // not the whole mail: a report is no place for it
		rcpt = &smtp.RcptOptions{Notify: []smtp.DSNNotify{smtp.DSNNotifyFailure}}
	}
	if err := c.Mail(from, mail); err != nil {
		return err
	}
	if err := c.Rcpt(to, rcpt); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(body); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	_ = c.Quit() // the message is taken: how the connection ends changes nothing
	return nil
}

// submissionClient is a connection to the HISP's edge that is logged in.
type submissionClient struct {
	*smtp.Client
	seen mailbox.Via // what TLS showed
	stop func() bool
}

func (c *submissionClient) end() {
	c.stop()
	_ = c.Close()
}

// submission connects, with TLS, and logs in. Nothing is said about any mail before that.
func (g *Agent) submission(ctx context.Context) (*submissionClient, error) {
	h := g.Settings.HISP
	t, err := parseSubmission(h.Submission)
	if err != nil || t.tls == tlsNever && !loopback(t.host) {
		return nil, errSubmission
	}
	if h.waits(g.now()) {
		return nil, fmt.Errorf("%w; it is tried again after %s", errRefusedLogin, longRetry)
	}
	tlsConfig, err := h.TLS.Client(t.host)
	if err != nil {
		return nil, fmt.Errorf("direct: submission: tls.ca: %w", err)
	}
	out := &submissionClient{seen: mailbox.Via{Protocol: "smtp", Server: t.address, User: h.Username}}
	tlsConfig.VerifyConnection = func(s tls.ConnectionState) error { // called after the chain and the name were verified
		out.seen.Secured(s)
		return nil
	}
	conn, err := g.dial(ctx, t.address)
	if err != nil {
		return nil, fmt.Errorf("direct: submission: connecting to %s: %w", t.address, err)
	}
	out.stop = context.AfterFunc(ctx, func() { conn.Close() })
	if out.Client, err = greet(conn, t, tlsConfig, h.Timeout.D(), g.Settings.Domains[0]); err != nil {
		out.stop()
		conn.Close()
		return nil, fmt.Errorf("direct: submission: greeting of %s: %w", t.address, plainly(err))
	}
	err = out.login(h)
	h.loggedIn(g.now(), err)
	if err != nil {
		out.end()
		return nil, err
	}
	return out, nil
}

// plainly is an answer of the server without its words: they may quote anything.
func plainly(err error) error {
	var answered *smtp.SMTPError
	if errors.As(err, &answered) {
		return fmt.Errorf("the server answered %s", code(answered))
	}
	return err
}

func (c *submissionClient) login(h *HISP) error {
	var mechanism sasl.Client = sasl.NewPlainClient("", h.Username, h.Password.Reveal())
	if h.Login == "login" || h.Login != "plain" && !c.SupportsAuth(sasl.Plain) && c.SupportsAuth(sasl.Login) {
		mechanism = sasl.NewLoginClient(h.Username, h.Password.Reveal())
	}
	err := c.Auth(mechanism)
	var answered *smtp.SMTPError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &answered) && answered.Code/100 == 5:
		return fmt.Errorf("%w (%s)", errRefusedLogin, code(answered))
	case errors.As(err, &answered):
		return fmt.Errorf("direct: submission: the login was answered %s", code(answered))
	}
	return fmt.Errorf("direct: submission: the connection ended during the login: %w", net.ErrClosed)
}

// greet begins a session as the server asks: TLS at once, or STARTTLS and nothing before it.
func greet(conn net.Conn, t relay, tlsConfig *tls.Config, timeout time.Duration, hello string) (*smtp.Client, error) {
	var c *smtp.Client
	switch t.tls {
	case tlsRequired:
		started, err := startTLS(conn, tlsConfig, timeout)
		if err != nil {
			return nil, err
		}
		c = started
	case tlsAtOnce:
		c = smtp.NewClient(tls.Client(conn, tlsConfig))
	default:
		c = smtp.NewClient(conn)
	}
	c.CommandTimeout, c.SubmissionTimeout = timeout, 5*timeout
	return c, c.Hello(hello)
}

// startTLS is bounded in time as a whole: the library's own limit is longer and cannot be set before it begins.
func startTLS(conn net.Conn, tlsConfig *tls.Config, timeout time.Duration) (*smtp.Client, error) {
	timer := time.AfterFunc(timeout, func() { conn.Close() })
	defer timer.Stop()
	return smtp.NewClientStartTLS(conn, tlsConfig)
}
