package direct

import (
	"context"
	"fmt"
	"log/slog"

	"refloop/channels"
	"refloop/channels/smtpd"
	"refloop/config"
	"refloop/direct"
)

// Channel is one SMTP server for our domains. Listen, Addr, Ready and Run are those of its Server; Prepare, Open and Notices are those of
// its Agent.
type Channel struct {
	*Agent
	*smtpd.Server

	name    string
	partner string
	handler channels.Handler
}

// Deps are what a channel needs of the house.
type Deps struct {
	Handler channels.Handler
	Budget  channels.Budget
	Log     *slog.Logger
	Limit   int // bytes of one message, limits.message
}

// New makes the channel of a decoded configuration. It opens no port.
func New(c config.Channel, cfg Config, a *Agent, d Deps) (*Channel, error) {
	ch := &Channel{Agent: a, name: c.Name, partner: c.Partner, handler: d.Handler}
	if d.Handler == nil {
		return nil, fmt.Errorf("direct: channel %s: got no Handler, want one", c.Name)
	}
	server := smtpd.Config{
		Name: c.Name, Listen: cfg.Listen, Domain: a.Settings.Domains[0], Allow: cfg.Allow, Connections: cfg.Connections, Recipients: cfg.Recipients,
		Idle: cfg.Idle.D(), Data: cfg.Data.D(), Limit: d.Limit, Budget: d.Budget, Log: d.Log,
	}
	if cfg.TLS != nil {
		t, err := serverTLS(cfg.TLS)
		if err != nil {
			return nil, fmt.Errorf("direct: channel %s: %w", c.Name, err)
		}
		server.TLS = t
	}
	var err error
	ch.Server, err = smtpd.New(server, smtpd.Policy{Sender: ch.sender, Recipient: ch.recipient, Deliver: ch.deliver})
	return ch, err
}

// sender takes any address, and none, as notices have.
func (ch *Channel) sender(from string) (string, error) {
	if from == "" {
		return "", nil
	}
	canonical, ok := direct.Canonical(from)
	if !ok {
		return "", smtpd.Answer(553, [3]int{5, 1, 7}, "sender is not an address")
	}
	return canonical, nil
}

// recipient takes those in our domains for which we hold a key.
func (ch *Channel) recipient(to string) (string, error) {
	address, ok := direct.Canonical(to)
	switch {
	case !ok:
		return "", smtpd.Answer(553, [3]int{5, 1, 3}, "recipient is not an address")
	case !ch.Agent.Settings.local(address):
		return "", smtpd.Answer(550, [3]int{5, 7, 1}, "not one of our domains")
	case len(ch.Agent.Trust.Decrypting(address)) == 0:
		return "", smtpd.Answer(550, [3]int{5, 1, 1}, "no such address here")
	}
	return address, nil
}

// deliver archives one mail.
func (ch *Channel) deliver(ctx context.Context, m smtpd.Mail) error {
	_, err := ch.handler.Receive(ctx, channels.Inbound{
		Channel: ch.name, Partner: ch.partner, Peer: m.Peer, Type: TypeMail, ContentType: "message/rfc822", ControlID: outerMessageID(m.Body),
		Sender: m.From, Recipient: joinRecipients(m.To), Body: m.Body, Later: true,
	})
	return err
}

// outerMessageID is the Message-ID of the header as it travelled; the protected one replaces it after opening.
func outerMessageID(body []byte) string {
	h, err := direct.ReadHeader(body, direct.Limits{})
	if err != nil {
		return ""
	}
	return h.MessageID()
}
