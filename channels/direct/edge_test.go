package direct

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"refloop/channels"
	"refloop/config"
	"refloop/direct"
	"refloop/internal/mailtest"
)

const edgeYAML = `
organization: {name: Northside, oid: 2.16.840.1.113883.3.72.5.9.1}
store: {seal_key: x}
direct:
  mode: edge
  address: %s
  hisp: {submission: %q, username: %q, password: %q, domains: [hisp.example], timeout: 5s%s}
channels:
  - {name: direct-in, type: direct, mailbox: {url: %q, username: %q, password: %q, every: 1s, timeout: 5s%s}}
partners:
  - {id: peer, rails: [{type: direct, address: %s}]}
`

// edgeSite is a site whose HISP does what an agent of ours would.
type edgeSite struct {
	agent *Agent
	cfg   *config.Config
	edge  EdgeConfig
}

// newEdge makes one; hisp and box are more keys of the two sections.
func newEdge(t testing.TB, submission, mailbox, hisp, box string) edgeSite {
	t.Helper()
	file := filepath.Join(t.TempDir(), "refloop.yaml")
	must(t, os.WriteFile(file, fmt.Appendf(nil, edgeYAML, north, submission, mailtest.User, mailtest.Password, hisp, mailbox, mailtest.User, mailtest.Password, box, lake), 0o600))
	cfg, p := config.Load(file)
	s := edgeSite{cfg: cfg}
	settings := DecodeSettings(cfg.Direct, p)
	s.edge = DecodeEdge(cfg.Channels[0], p)
	rail := DecodeRail(cfg.Partners[0].Rails[0], p)
	rail.CheckEdge(p)
	store := Load(settings, nil, p)
	must(t, p.Err())
	s.agent = &Agent{Settings: settings, Trust: store, Organization: Organization{Name: "Northside", OID: cfg.Organization.OID}, Now: time.Now}
	return s
}

// run runs the channel until the test ends.
func (s edgeSite) run(t testing.TB) (*EdgeChannel, *fakeHandler) {
	t.Helper()
	h := newHandler()
	ch, err := NewEdge(s.cfg.Channels[0], s.edge, s.agent, Deps{Handler: h, Budget: &fakeBudget{limit: 64 << 20}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Limit: 200 << 10})
	must(t, err)
	take, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- ch.Run(take, context.Background()) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return ch, h
}

func (h *fakeHandler) next(t testing.TB) channels.Inbound {
	t.Helper()
	select {
	case <-h.came:
	case <-time.After(20 * time.Second):
		t.Fatal("no mail within 20 s")
	}
	return h.last(t)
}

// opened is what the engine makes of an inbound message of a channel in edge mode: its evidence came with it.
func opened(t testing.TB, g *Agent, in channels.Inbound) (channels.Archived, channels.Opened, error) {
	t.Helper()
	if in.Evidence == nil || !in.Later {
		t.Errorf("got no evidence, or a message that is not for later: %+v", in.Later)
	}
	a := archived(in)
	a.Evidence = in.Evidence
	o, err := g.Open(a)
	return a, o, err
}

// TestEdgeRoundTrip: what one site submits with TLS and a login is read by another, as the HISPs between them hand it on.
func TestEdgeRoundTrip(t *testing.T) {
	ca := mailtest.NewAuthority(t)
	tlsConfig := ca.Server(t, "edge.hisp.example", time.Time{})
	trust := ", tls: {ca: " + ca.File + ", server_name: edge.hisp.example}"
	for _, c := range []struct {
		name, scheme, box string
		start, noPlain    bool
	}{{"TLS at once, IMAP", "smtps", "imaps", false, false}, {"STARTTLS, LOGIN, POP3", "smtp", "pop3", true, true}} {
		t.Run(c.name, func(t *testing.T) {
			out := mailtest.NewSMTP(t, mailtest.SMTPOptions{TLS: tlsConfig, StartTLS: c.start, NoPlain: c.noPlain})
			imapServer, popServer := mailtest.NewIMAP(t, mailtest.IMAPOptions{TLS: tlsConfig}), mailtest.NewPOP3(t, mailtest.POP3Options{TLS: tlsConfig, StartTLS: true})
			address := map[string]string{"imaps": imapServer.Addr, "pop3": popServer.Addr}[c.box]
			s := newEdge(t, c.scheme+"://"+out.Addr, c.box+"://"+address, trust, trust)

			sender := NewSender(s.agent, "peer/direct", RailConfig{})
			packed, err := sender.Pack(context.Background(), shipment())
			must(t, err)
			r, err := sender.Send(context.Background(), channels.Outbound{DeliveryID: "d1", Address: lake, ControlID: packed.ControlID, Attempt: 1, Body: packed.Body})
			must(t, err)
			if r.Level != channels.LevelTransport || packed.Type != Type360X || packed.ControlID != "<c1@direct.northside.example>" {
				t.Errorf("got receipt %+v of %+v", r, packed.Type)
			}
			mails := out.Mails()
			if len(mails) != 1 || mails[0].From != north || mails[0].To[0] != lake || !bytes.Equal(mails[0].Body, packed.Body) {
				t.Fatalf("the HISP got %+v", mails)
			}
			for _, want := range []string{"Disposition-Notification-To: <" + north + ">", "X-DIRECT-FINAL-DESTINATION-DELIVERY=optional,true"} {
				if !strings.Contains(string(packed.Body), want) {
					t.Errorf("the mail lacks %q", want)
				}
			}

			imapServer.Put("INBOX", packed.Body)
			popServer.Put("one", packed.Body)
			_, h := s.run(t)
			in := h.next(t)
			if in.ControlID != packed.ControlID || in.Sender != north || in.Type != TypeMail || in.Peer != address {
				t.Errorf("got %q from %q as %q by %q", in.ControlID, in.Sender, in.Type, in.Peer)
			}
			a, o, err := opened(t, s.agent, in)
			must(t, err)
			if o.Type != Type360X || o.Sender != north || len(o.Parts) != 3 || o.Hold != "" || o.Refused != "" {
				t.Errorf("got %s of %s with %d parts, hold %q, refused %q", o.Type, o.Sender, len(o.Parts), o.Hold, o.Refused)
			}
			if !strings.Contains(string(a.Evidence), `"name":"edge.hisp.example"`) || !strings.Contains(string(a.Evidence), `"tls":"TLS 1.3"`) {
				t.Errorf("got evidence %s, want who vouched", a.Evidence)
			}
			if n := s.agent.Notices(a, o, channels.Outcome{State: "processed"}); n != nil {
				t.Errorf("got notices %+v, want none: the HISP sends them", n)
			}
		})
	}
}

// report is a notification or status as a HISP hands it on.
func report(t testing.TB, from string, n direct.Notification) []byte {
	t.Helper()
	b, err := direct.Compose(direct.Draft{From: from, To: []string{north}, Date: time.Now(), MessageID: "<r1@x.example>", Subject: "report", Text: "report", Report: &n})
	must(t, err)
	return b
}

const edgeDSN = "From: <mailer-daemon@%s>\r\nTo: <" + north + ">\r\nMessage-ID: <dsn1@hisp.example>\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nno\r\n" +
	"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; hisp.example\r\nX-Original-Message-ID: <c1@direct.northside.example>\r\n\r\n" +
	"Final-Recipient: rfc822; " + lake + "\r\nAction: failed\r\nStatus: 5.7.1\r\n\r\n--b--\r\n"

// TestEdgeReports: notifications that the HISP passes through, and its own, become receipts of our deliveries; those of others do not.
func TestEdgeReports(t *testing.T) {
	s := newEdge(t, "smtp+insecure://127.0.0.1:25", "imap+insecure://127.0.0.1:143", "", "")
	about := func(disposition string, final bool) direct.Notification {
		return direct.Notification{Disposition: disposition, Recipient: lake, OriginalMessageID: "<c1@direct.northside.example>", Final: final}
	}
	for _, c := range []struct {
		name  string
		body  []byte
		typ   string
		level string // empty: no receipt
	}{
		{"processed", report(t, lake, about(direct.Processed, false)), TypeProcessed, channels.LevelTransport},
		{"dispatched", report(t, lake, about(direct.Dispatched, true)), TypeDispatched, channels.LevelDelivered},
		{"dispatched without the field", report(t, lake, about(direct.Dispatched, false)), TypeDispatched, channels.LevelTransport},
		{"failed by our HISP", report(t, "postmaster@hisp.example", about(direct.Failed, false)), TypeFailed, channels.LevelFailed},
		{"failed in our own name", report(t, "postmaster@direct.northside.example", about(direct.Failed, false)), TypeFailed, channels.LevelFailed},
		{"dispatched by somebody else", report(t, evil, about(direct.Dispatched, true)), TypeDispatched, ""},
		{"status of our HISP", fmt.Appendf(nil, edgeDSN, "hisp.example"), TypeDSN, channels.LevelFailed},
		{"status of somebody else", fmt.Appendf(nil, edgeDSN, "direct.elsewhere.example"), TypeDSN, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHandler()
			ch := &EdgeChannel{Agent: s.agent, name: "direct-in", handler: h}
			must(t, ch.take(context.Background(), mailboxMail(c.body)))
			a, o, err := opened(t, s.agent, h.last(t))
			must(t, err)
			if o.Type != c.typ || o.Refused != "" || len(o.Parts) != 0 {
				t.Errorf("got %s, refused %q, %d parts, want %s alone", o.Type, o.Refused, len(o.Parts), c.typ)
			}
			switch {
			case c.level == "" && (len(o.Receipts) != 0 || len(o.Warnings) == 0):
				t.Errorf("got receipts %+v, want none and a warning", o.Receipts)
			case c.level != "" && (len(o.Receipts) != 1 || o.Receipts[0].Level != c.level || o.Receipts[0].ControlID != "<c1@direct.northside.example>" || o.Receipts[0].Recipient != lake):
				t.Errorf("got receipts %+v, want %s", o.Receipts, c.level)
			}
			if n := s.agent.Notices(a, o, channels.Outcome{State: "processed"}); n != nil {
				t.Errorf("got %+v about a report", n)
			}
		})
	}
}

// TestEdgeDispatched: where the HISP sends processed alone, we say dispatched, or failed, as a plain report that it signs and encrypts.
func TestEdgeDispatched(t *testing.T) {
	out := mailtest.NewSMTP(t, mailtest.SMTPOptions{})
	s := newEdge(t, "smtp+insecure://"+out.Addr, "imap+insecure://127.0.0.1:143", ", notices: dispatched", "")
	body := "From: <" + lake + ">\r\nTo: <" + north + ">\r\nMessage-ID: <m1@direct.lakeside.example>\r\nDisposition-Notification-To: <" + lake + ">\r\n" +
		"Disposition-Notification-Options: X-DIRECT-FINAL-DESTINATION-DELIVERY=optional,true\r\n\r\ntext\r\n"
	h := newHandler()
	must(t, (&EdgeChannel{Agent: s.agent, name: "direct-in", handler: h}).take(context.Background(), mailboxMail([]byte(body))))
	a, o, err := opened(t, s.agent, h.last(t))
	must(t, err)
	for state, want := range map[string]string{"processed": "mdn.dispatched", "held": "mdn.dispatched", "failed": "mdn.failed"} {
		list := s.agent.Notices(a, o, channels.Outcome{State: state})
		if len(list) != 1 || list[0].Event != want || list[0].Address != lake || list[0].From != north {
			t.Fatalf("%s: got %+v, want one %s", state, list, want)
		}
		sender := NewNotices(s.agent, "direct/notices")
		packed, err := sender.Pack(context.Background(), channels.Shipment{DeliveryID: "n1", Event: want, Address: lake, ControlID: "n1", At: time.Now(), Notice: &list[0]})
		must(t, err)
		_, err = sender.Send(context.Background(), channels.Outbound{DeliveryID: "n1", Address: lake, Attempt: 1, Body: packed.Body})
		must(t, err)
		m, err := direct.ReadMail(packed.Body, direct.Limits{})
		must(t, err)
		if n, ok := m.Notification(); !ok || "mdn."+n.Disposition != want || n.OriginalMessageID != "<m1@direct.lakeside.example>" || n.Final != (want == "mdn.dispatched") {
			t.Errorf("got %+v", n)
		}
	}
}

// TestEdgeRefusals: what a HISP's edge answers to a submission, and what becomes of the delivery.
func TestEdgeRefusals(t *testing.T) {
	ca := mailtest.NewAuthority(t)
	good, expired := ca.Server(t, "edge.hisp.example", time.Time{}), ca.Server(t, "edge.hisp.example", time.Now().Add(-time.Hour))
	trust := ", tls: {ca: " + ca.File + ", server_name: edge.hisp.example}"
	answer := func(code int, x smtp.EnhancedCode) func(string) error {
		return func(string) error { return &smtp.SMTPError{Code: code, EnhancedCode: x, Message: "secret words"} }
	}
	for _, c := range []struct {
		name, scheme, hisp string
		o                  mailtest.SMTPOptions
		password           string
		permanent          bool
		want               string
	}{
		{"no such recipient", "smtps", trust, mailtest.SMTPOptions{TLS: good, Rcpt: answer(550, smtp.EnhancedCode{5, 1, 1})}, "", true, "550 5.1.1"},
		{"not now", "smtps", trust, mailtest.SMTPOptions{TLS: good, Rcpt: answer(451, smtp.EnhancedCode{4, 3, 0})}, "", false, "451 4.3.0"},
		{"refused after DATA", "smtps", trust, mailtest.SMTPOptions{TLS: good, Deliver: func(mailtest.Submitted) error { return answer(554, smtp.EnhancedCode{5, 7, 1})("") }}, "", true, "554 5.7.1"},
		{"too large", "smtps", trust, mailtest.SMTPOptions{TLS: good, MaxBytes: 100}, "", true, "552 5.3.4"},
		{"wrong password", "smtps", trust, mailtest.SMTPOptions{TLS: good}, "hunter2", false, "refuses the login"},
		{"expired certificate", "smtps", trust, mailtest.SMTPOptions{TLS: expired}, "", false, "expired"},
		{"wrong host name", "smtps", ", tls: {ca: " + ca.File + "}", mailtest.SMTPOptions{TLS: good}, "", false, "127.0.0.1"},
		{"unknown authority", "smtp", ", tls: {server_name: edge.hisp.example}", mailtest.SMTPOptions{TLS: good, StartTLS: true}, "", false, "unknown authority"},
		{"no STARTTLS", "smtp", trust, mailtest.SMTPOptions{}, "", false, "STARTTLS"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := mailtest.NewSMTP(t, c.o)
			s := newEdge(t, c.scheme+"://"+out.Addr, "imap+insecure://127.0.0.1:143", c.hisp, "")
			if c.password != "" {
				s.agent.Settings.HISP.Password = config.NewSecret(c.password)
			}
			sender := NewSender(s.agent, "peer/direct", RailConfig{})
			packed, err := sender.Pack(context.Background(), shipment())
			must(t, err)
			_, err = sender.Send(context.Background(), channels.Outbound{DeliveryID: "d1", Address: lake, Attempt: 1, Body: packed.Body})
			var de *channels.DeliveryError
			if !errors.As(err, &de) || de.Permanent != c.permanent || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q, permanent %t", err, c.want, c.permanent)
			}
			for _, secret := range []string{"secret words", "hunter2", mailtest.Password} {
				if err != nil && strings.Contains(err.Error(), secret) {
					t.Errorf("got %v with %q", err, secret)
				}
			}
			if len(out.Mails()) != 0 {
				t.Error("a mail went out")
			}
			if c.password == "" {
				return
			}
			if de != nil && de.After < time.Minute {
				t.Errorf("got %s until the next login, want minutes", de.After)
			}
			for range 3 { // other mails that wait do not log in again
				_, err = sender.Send(context.Background(), channels.Outbound{DeliveryID: "d2", Address: lake, Attempt: 1, Body: packed.Body})
				if !errors.Is(err, errRefusedLogin) {
					t.Errorf("got %v", err)
				}
			}
			if n := out.Logins(); n != 1 {
				t.Errorf("got %d logins, want 1", n)
			}
		})
	}
}

// watcher is a handler that is told things.
type watcher struct {
	*fakeHandler
	told chan channels.Observation
}

func (w watcher) Observe(_ context.Context, o channels.Observation) error {
	w.told <- o
	return nil
}

// TestEdgeLoginAlarm: a refused submission is an alarm until a login is taken.
func TestEdgeLoginAlarm(t *testing.T) {
	s := newEdge(t, "smtp+insecure://"+mailtest.NewSMTP(t, mailtest.SMTPOptions{}).Addr, "imap+insecure://127.0.0.1:143", "", "")
	ch, err := NewEdge(s.cfg.Channels[0], s.edge, s.agent, Deps{Handler: newHandler(), Log: slog.New(slog.DiscardHandler), Limit: 1 << 20})
	must(t, err)
	ch.watch.See() // closed, as it never was open
	kinds := func() (out []string) {
		o, _ := ch.watch.See()
		for _, a := range o.Alarms {
			out = append(out, a.Kind)
		}
		return out
	}
	h := s.agent.Settings.HISP
	for _, step := range []struct {
		err  error
		want string
	}{{nil, "[mailbox_closed]"}, {errRefusedLogin, "[mailbox_closed hisp_login]"}, {errors.New("down"), "[mailbox_closed hisp_login]"}, {nil, "[mailbox_closed]"}} {
		h.loggedIn(time.Now(), step.err)
		if got := fmt.Sprint(kinds()); got != step.want {
			t.Errorf("after %v: got %s, want %s", step.err, got, step.want)
		}
	}
}

// TestEdgeAlarm: while the mailbox cannot be read there is one alarm; it is over when it can.
func TestEdgeAlarm(t *testing.T) {
	box := mailtest.NewIMAP(t, mailtest.IMAPOptions{})
	s := newEdge(t, "smtp+insecure://127.0.0.1:25", "imap+insecure://"+box.Addr, "", "")
	for _, password := range []string{"hunter2", mailtest.Password} {
		s.edge.Mailbox.Password = config.NewSecret(password)
		w := watcher{newHandler(), make(chan channels.Observation, 100)}
		ch, err := NewEdge(s.cfg.Channels[0], s.edge, s.agent, Deps{Handler: w, Log: slog.New(slog.DiscardHandler), Limit: 1 << 20})
		must(t, err)
		ch.watch.Every = 10 * time.Millisecond
		take, stop := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- ch.Run(take, context.Background()) }()
		closed := password == "hunter2"
		for o := range w.told { // the first may come before the login
			if len(o.Alarms) == 1 == closed {
				if closed && (o.Alarms[0].Kind != channels.AlarmMailbox || !strings.HasPrefix(o.Alarms[0].Key, o.Scope) || !strings.Contains(o.Alarms[0].Note, "mail for us waits there")) {
					t.Errorf("got %+v", o)
				}
				break
			}
		}
		stop()
		must(t, <-done)
	}
}
