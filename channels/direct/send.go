package direct

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"refloop/channels"
	"refloop/direct"
)

// Limits of one attempt.
const (
	maxMX          = 5
	commandTimeout = time.Minute
	submitTimeout  = 5 * time.Minute
	longRetry      = 15 * time.Minute // after a 4xx: the peer asked us to wait
)

// Send submits a packed message to the relay, or to the recipient's MX hosts in their order. 4xx and
// connections that fail are to be tried again, 5xx is permanent. The receipt says transport_ok: the
// processed notification is the proof of more.
func (s *Sender) Send(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
	to, ok := direct.Canonical(o.Address)
	from, fromOK := sender(o.Body)
	if !ok || !fromOK {
		return channels.Receipt{}, &channels.DeliveryError{Rail: s.lane, Permanent: true, Err: errors.New("direct: sending: the archived message has no sender or the delivery no address")}
	}
	if err := s.mayLeave(ctx, o, to); err != nil {
		return channels.Receipt{}, err
	}
	if s.agent.Settings.Edge() {
		if err := s.submitEdge(ctx, from, to, o.Body); err != nil {
			return s.refusedEdge(o, to, err)
		}
		return s.taken(o, to), nil
	}
	targets, err := s.targets(ctx, to)
	if err != nil {
		return channels.Receipt{}, &channels.DeliveryError{Rail: s.lane, Permanent: errors.Is(err, errNullMX), Err: err}
	}
	var last error
	for _, t := range targets {
		last = s.submit(ctx, t, from, to, o.Body)
		if last == nil {
			return s.taken(o, to), nil
		}
		var answered *smtp.SMTPError
		if errors.As(last, &answered) && answered.Code/100 == 5 {
			break // another host of the same domain would say the same
		}
	}
	return s.refused(o, to, last)
}

// taken is the receipt for a message that a mail server took.
func (s *Sender) taken(o channels.Outbound, to string) channels.Receipt {
	return channels.Receipt{DeliveryID: o.DeliveryID, ControlID: o.ControlID, Recipient: to, Level: channels.LevelTransport, Code: "250", At: s.agent.Now()}
}

// sender is the envelope sender: the From of the message, also for notices, because receivers compare the two.
func sender(body []byte) (string, bool) {
	h, err := direct.ReadHeader(body, direct.Limits{})
	if err != nil {
		return "", false
	}
	from := h.Addresses("From")
	if len(from) != 1 {
		return "", false
	}
	return from[0], true
}

func (s *Sender) targets(ctx context.Context, to string) ([]relay, error) {
	if r := s.agent.Settings.Relay; r != "" {
		t, err := parseRelay(r)
		return []relay{t}, err
	}
	hosts, err := s.agent.mx(ctx, direct.Domain(to))
	if err != nil {
		return nil, fmt.Errorf("direct: sending: looking up the mail host of %s: %w", direct.Domain(to), err)
	}
	var out []relay
	for _, h := range hosts {
		out = append(out, relay{address: net.JoinHostPort(h, "25"), host: h, tls: tlsAnyName})
	}
	return out, nil
}

// connect greets a mail server, with TLS as the target asks. The caller closes the connection.
func (s *Sender) connect(ctx context.Context, t relay) (net.Conn, *smtp.Client, error) {
	conn, err := s.agent.dial(ctx, t.address)
	if err != nil {
		return nil, nil, fmt.Errorf("direct: sending: connecting to %s: %w", t.address, err)
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	c, err := s.client(conn, t)
	if err == nil {
		return conn, c, nil
	}
	conn.Close()
	if errors.Is(err, errOffered) {
		t.tls = tlsAnyName
		return s.connect(ctx, t)
	}
	return nil, nil, fmt.Errorf("direct: sending: greeting of %s: %w", t.address, err)
}

// submit makes one SMTP transaction.
func (s *Sender) submit(ctx context.Context, t relay, from, to string, body []byte) error {
	conn, c, err := s.connect(ctx, t)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if limit, has := c.MaxMessageSize(); has && limit > 0 && len(body) > limit {
		return &smtp.SMTPError{Code: 552, Message: fmt.Sprintf("the message has %d bytes, the server takes %d", len(body), limit)}
	}
	if err := c.Mail(from, &smtp.MailOptions{Size: int64(len(body))}); err != nil {
		return err
	}
	if err := c.Rcpt(to, nil); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if err := conn.SetWriteDeadline(time.Now().Add(submitTimeout)); err != nil {
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

// errOffered says that a server on this machine offers STARTTLS: the library starts TLS on fresh connections only.
var errOffered = errors.New("direct: sending: STARTTLS is offered")

// client greets, with TLS as the target asks.
func (s *Sender) client(conn net.Conn, t relay) (*smtp.Client, error) {
	tlsConfig := &tls.Config{ServerName: t.host, MinVersion: tls.VersionTLS12}
	if t.tls == tlsAnyName {
		// MX hosts rarely hold a certificate of the recipient's domain (RFC 7435). The message itself is signed and encrypted.
		tlsConfig.InsecureSkipVerify = true
	}
	if t.tls == tlsAtOnce {
		conn = tls.Client(conn, tlsConfig)
	}
	hello := s.agent.Settings.Domains[0]
	c := smtp.NewClient(conn)
	c.CommandTimeout, c.SubmissionTimeout = commandTimeout, submitTimeout
	if t.tls == tlsNever || t.tls == tlsAtOnce {
		return c, c.Hello(hello)
	}
	if t.tls == tlsOffered {
		if err := c.Hello(hello); err != nil {
			return nil, err
		}
		if offered, _ := c.Extension("STARTTLS"); !offered {
			return c, nil
		}
		return nil, errOffered
	}
	c, err := smtp.NewClientStartTLS(conn, tlsConfig)
	if err != nil {
		return nil, err
	}
	return c, c.Hello(hello)
}

// refused turns the last error into a receipt and a DeliveryError.
func (s *Sender) refused(o channels.Outbound, to string, err error) (channels.Receipt, error) {
	de := &channels.DeliveryError{Rail: s.lane, Err: err}
	var answered *smtp.SMTPError
	if !errors.As(err, &answered) {
		return channels.Receipt{}, de
	}
	de.Code = code(answered)
	de.Permanent = answered.Code/100 == 5
	if !de.Permanent && o.Attempt > 3 {
		de.After = longRetry
	}
	// The peer's words may quote the message: only its code is kept.
	de.Err = fmt.Errorf("direct: sending: the mail server answered %s", de.Code)
	return channels.Receipt{DeliveryID: o.DeliveryID, ControlID: o.ControlID, Recipient: to, Level: channels.LevelFailed, Code: de.Code, Permanent: de.Permanent, At: s.agent.Now(), Text: de.Err.Error()}, de
}

func code(e *smtp.SMTPError) string {
	s := strconv.Itoa(e.Code)
	if x := e.EnhancedCode; x[0] > 0 {
		s += fmt.Sprintf(" %d.%d.%d", x[0], x[1], x[2])
	}
	return s
}

func trimDot(s string) string { return strings.TrimSuffix(s, ".") }

func hostOf(peer string) string {
	host, _, err := net.SplitHostPort(peer)
	if err != nil {
		return ""
	}
	return host
}
