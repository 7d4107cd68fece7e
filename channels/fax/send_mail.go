package fax

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"refloop/channels"
	"refloop/channels/mailbox"
)

const (
	smtpTimeout   = time.Minute
	submitTimeout = 5 * time.Minute
)

// mailRelay is where mail to a gateway is submitted.
type mailRelay struct {
	host, address string
	atOnce, plain bool // TLS at once; none: this machine alone
}

var errRelay = errors.New("fax: mail: got an address of a mail server that is none")

func (m *MailGateway) relay() (mailRelay, error) {
	u, err := url.Parse(m.Relay)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Path != "" && u.Path != "/" {
		return mailRelay{}, errRelay
	}
	r := mailRelay{host: u.Hostname()}
	port := "587"
	switch u.Scheme {
	case "smtps":
		r.atOnce, port = true, "465"
	case "smtp":
		r.plain = mailbox.Loopback(r.host)
	default:
		return mailRelay{}, errRelay
	}
	r.address = net.JoinHostPort(r.host, firstOf(u.Port(), port))
	return r, nil
}

// sendMail submits one mail with the fax attached. When the connection breaks while the server takes it, nobody knows whether it did: the
// same mail is not sent again.
func (s *Sender) sendMail(ctx context.Context, o channels.Outbound, pages int) (channels.Receipt, error) {
	was, known, err := s.ledger.get(o.DeliveryID)
	if err != nil {
		return channels.Receipt{}, s.refuse(false, "", err)
	}
	if known && o.Unsure {
		switch was.State {
		case markSent:
			return s.out(o, "it was handed to the mail server before"), nil
		case markHanded:
			return channels.Receipt{}, s.refuse(true, "unknown", errUnknownMail)
		}
	}
	m := mark{Delivery: o.DeliveryID, Reference: referenceOf(o), Attempt: o.Attempt, Pages: pages, State: markBegun, At: s.d.Now().UTC()}
	if err := s.ledger.put(m); err != nil {
		return channels.Receipt{}, s.refuse(false, "", err)
	}
	if err := s.submitMail(ctx, o, &m); err != nil {
		return channels.Receipt{}, s.mailRefusal(err, m)
	}
	m.State = markSent
	if err := s.ledger.put(m); err != nil {
		s.d.Log.Error("what was sent cannot be remembered", "rail", s.d.Name, "delivery", o.DeliveryID, "error", err)
	}
	return s.out(o, fmt.Sprintf("%d pages handed to the mail server", pages)), nil
}

var errUnknownMail = errors.New("fax: the connection ended while the mail server took the mail; it may have been sent")

func (s *Sender) mailRefusal(err error, m mark) error {
	var said *smtp.SMTPError
	switch {
	case errors.As(err, &said): // its words may quote the mail: only the code is kept
		return s.refuse(said.Code/100 == 5 && said.Code != 530 && said.Code != 535, fmt.Sprint(said.Code), fmt.Errorf("fax: the mail server answered %d", said.Code))
	case m.State == markHanded:
		return s.refuse(true, "unknown", errUnknownMail)
	}
	return s.refuse(false, "", err)
}

// submitMail makes one SMTP transaction.
func (s *Sender) submitMail(ctx context.Context, o channels.Outbound, m *mark) error {
	g := s.cfg.Mail
	to := strings.NewReplacer("{number}", digitsOf(o.Address), "{plus}", "+"+digitsOf(o.Address)).Replace(g.To)
	c, stop, err := g.connect(ctx)
	if err != nil {
		return err
	}
	defer stop()
	if err := c.Mail(g.From, nil); err != nil {
		return err
	}
	if err := c.Rcpt(to, nil); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if err := writeMail(w, g, to, o, m.Reference, s.d.Now()); err != nil {
		return err
	}
	m.State = markHanded // from the dot on it may be on its way
	if err := s.ledger.put(*m); err != nil {
		m.State = markBegun
		return err
	}
	return w.Close()
}

// connect greets and logs in, with TLS but on this machine.
func (m *MailGateway) connect(ctx context.Context) (*smtp.Client, func(), error) {
	r, err := m.relay()
	if err != nil {
		return nil, nil, err
	}
	t, err := m.TLS.Client(r.host)
	if err != nil {
		return nil, nil, fmt.Errorf("fax: mail: tls.ca: %w", err)
	}
	d := net.Dialer{Timeout: smtpTimeout}
	conn, err := d.DialContext(ctx, "tcp", r.address)
	if err != nil {
		return nil, nil, fmt.Errorf("fax: connecting to %s: %w", r.address, err)
	}
	cut := context.AfterFunc(ctx, func() { conn.Close() })
	stop := func() { cut(); conn.Close() }
	if err := conn.SetDeadline(time.Now().Add(submitTimeout)); err != nil {
		stop()
		return nil, nil, err
	}
	c, err := m.greet(conn, r, t)
	if err != nil {
		stop()
		return nil, nil, fmt.Errorf("fax: greeting of %s: %w", r.address, err)
	}
	return c, stop, nil
}

func (m *MailGateway) greet(conn net.Conn, r mailRelay, t *tls.Config) (c *smtp.Client, err error) {
	switch {
	case r.atOnce:
		c = smtp.NewClient(tls.Client(conn, t))
	case r.plain:
		c = smtp.NewClient(conn)
	default:
		if c, err = smtp.NewClientStartTLS(conn, t); err != nil {
			return nil, err
		}
	}
	c.CommandTimeout, c.SubmissionTimeout = smtpTimeout, submitTimeout
	if m.User != "" {
		return c, c.Auth(sasl.NewPlainClient("", m.User, m.Password.Reveal()))
	}
	return c, c.Hello("refloop")
}

// writeMail writes the mail of an attempt. Nothing in it names a patient but the pages.
func writeMail(w io.Writer, g *MailGateway, to string, o channels.Outbound, reference string, at time.Time) error {
	_, domain, _ := strings.Cut(g.From, "@")
	boundary := "refloop-" + reference
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: <%s>\r\nTo: <%s>\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%s@%s>\r\nMIME-Version: 1.0\r\n", g.From, to,
		strings.ReplaceAll(g.Subject, "{reference}", reference), at.Format(time.RFC1123Z), reference, domain)
	fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n--%s\r\n", boundary, boundary)
	fmt.Fprintf(&b, "Content-Type: image/tiff; name=\"%s.tif\"\r\nContent-Disposition: attachment; filename=\"%s.tif\"\r\nContent-Transfer-Encoding: base64\r\n\r\n", reference, reference)
	text := base64.StdEncoding.EncodeToString(o.Body)
	for len(text) > 0 {
		n := min(76, len(text))
		b.WriteString(text[:n] + "\r\n")
		text = text[n:]
	}
	fmt.Fprintf(&b, "--%s--\r\n", boundary)
	_, err := w.Write(b.Bytes())
	return err
}
