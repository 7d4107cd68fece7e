package fax

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"refloop/channels"
	"refloop/channels/fax/gateway"
	"refloop/channels/mailbox"
	"refloop/channels/smtpd"
)

// patterns compiles what check has seen.
func (r *MailRules) patterns() (gateway.Patterns, error) {
	var p gateway.Patterns
	for _, one := range []struct {
		from []string
		to   *[]*regexp.Regexp
	}{{r.Caller, &p.Caller}, {r.Station, &p.Station}, {r.Pages, &p.Pages}, {r.Done, &p.Done}, {r.Failed, &p.Failed}} {
		for _, s := range one.from {
			re, err := regexp.Compile(s)
			if err != nil {
				return gateway.Patterns{}, fmt.Errorf("fax: mail: got a pattern that cannot be used, want a regular expression")
			}
			*one.to = append(*one.to, re)
		}
	}
	return p, nil
}

// believed reports whether a From address is one of the gateway's.
func (r *MailRules) believed(from string) bool {
	_, domain, _ := strings.Cut(from, "@")
	return len(r.Senders) == 0 || slices.Contains(r.Senders, from) || domain != "" && slices.Contains(r.Senders, "@"+domain)
}

// smtp makes the source that listens for mail.
func (c *Channel) smtp() (source, error) {
	s := c.cfg.SMTP
	tls, err := s.TLS.server()
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	return smtpd.New(smtpd.Config{
		Name: c.d.Name, Listen: s.Listen, Domain: "refloop", TLS: tls, Allow: s.Allow, Connections: s.Connections, Recipients: 10,
		Idle: s.Idle.D(), Data: s.Data.D(), Limit: c.d.Max, Budget: c.d.Budget, Log: c.d.Log,
	}, smtpd.Policy{
		Sender: func(from string) (string, error) {
			if from != "" && !plainAddress(from) {
				return "", smtpd.Answer(553, [3]int{5, 1, 7}, "sender is not an address")
			}
			return strings.ToLower(from), nil
		},
		Recipient: func(to string) (string, error) {
			to = strings.ToLower(to)
			if !plainAddress(to) || len(s.Recipients) > 0 && !slices.Contains(s.Recipients, to) {
				return "", smtpd.Answer(550, [3]int{5, 1, 1}, "no such address here")
			}
			return to, nil
		},
		Deliver: func(ctx context.Context, m smtpd.Mail) error {
			return c.takeMail(ctx, m.Body, m.Peer, &Call{Source: "smtp", Peer: m.Peer})
		},
	})
}

// boxSource reads a mailbox, and tells people when it cannot.
type boxSource struct {
	*mailbox.Puller
	watch *channels.MailboxWatch
}

// Run reads the mailbox until take ends.
func (b *boxSource) Run(take, hold context.Context) error {
	return b.watch.Run(take, hold, b.Puller.Run)
}

// mailbox makes the source that reads a mailbox.
func (c *Channel) mailbox() (source, error) {
	p, err := mailbox.New(*c.cfg.Mailbox, mailbox.Deps{Name: c.d.Name, Dir: c.d.Dir, Max: int64(c.d.Max), Budget: c.d.Budget, Log: c.d.Log}, c.takeBoxed)
	if err != nil {
		return nil, err
	}
	return &boxSource{p, &channels.MailboxWatch{
		Channel: c.d.Name, Handler: c.d.Handler, Ready: p.Ready, Note: "the mailbox that the fax gateway fills cannot be read, faxes wait there", Now: c.d.Now, Log: c.d.Log,
	}}, nil
}

// takeBoxed takes one mail of the mailbox.
func (c *Channel) takeBoxed(ctx context.Context, m mailbox.Mail) error {
	call := &Call{Source: "mailbox", Via: &m.Via}
	switch m.Why {
	case "":
	case mailbox.WhyTooLarge:
		call.Failure = fmt.Sprintf("a mail of %d bytes, want at most %d; it is still in the mailbox", m.Size, c.d.Max)
	default:
		call.Failure = "a mail that the server does not hand over; it is still in the mailbox"
	}
	return c.takeMail(ctx, m.Body, m.Via.Server, call)
}

// takeMail archives a whole mail; its attachment is taken out of it whenever it is opened. One of somebody else is archived as refused.
func (c *Channel) takeMail(ctx context.Context, body []byte, peer string, call *Call) error {
	n, from, err := gateway.ParseMail(body, c.patterns, gateway.Limits{File: c.d.Max})
	in := channels.Inbound{Peer: peer, ContentType: mailType, Sender: from, ControlID: n.ID, Body: body}
	if err == nil && call.Failure == "" {
		call.ID, call.Number, call.Station, call.Pages = n.ID, n.From, n.Station, n.Pages
		if n.Partial {
			call.Partial = "the gateway says that the fax is not complete"
		}
	}
	if in.ControlID == "" { // mails without a Message-ID are told apart by their bytes
		sum := sha256.Sum256(body)
		in.ControlID = "sha256:" + hex.EncodeToString(sum[:8])
	}
	if !c.cfg.Mail.believed(from) {
		in.Refused = "fax: a mail of an address that is not one of mail.senders"
	}
	err = c.receive(ctx, in, call)
	if err == nil && in.Refused != "" {
		c.strangers.tell(ctx, c)
	}
	return err
}
