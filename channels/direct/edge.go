package direct

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"refloop/channels"
	"refloop/channels/mailbox"
	"refloop/config"
	"refloop/direct"
)

// EdgeChannel takes our mail out of a mailbox at a HISP. Ready is that of its Puller; Prepare, Open and Notices are those of
// its Agent.
type EdgeChannel struct {
	*Agent
	*mailbox.Puller

	name    string
	partner string
	handler channels.Handler
	watch   *channels.MailboxWatch
}

// NewEdge makes the channel of a decoded configuration. It connects to nothing.
func NewEdge(c config.Channel, cfg EdgeConfig, a *Agent, d Deps) (*EdgeChannel, error) {
	if d.Handler == nil || cfg.Mailbox == nil {
		return nil, fmt.Errorf("direct: channel %s: got no Handler or no mailbox, want both", c.Name)
	}
	ch := &EdgeChannel{Agent: a, name: c.Name, partner: c.Partner, handler: d.Handler}
	var err error
	ch.Puller, err = mailbox.New(*cfg.Mailbox, mailbox.Deps{
		Name: c.Name, Dir: a.Settings.Node.Resolve("var/mailbox"), Max: int64(d.Limit), Budget: d.Budget, Log: d.Log, Dial: a.Dial,
	}, ch.take)
	if err != nil {
		return nil, err
	}
	ch.watch = &channels.MailboxWatch{
		Channel: c.Name, Handler: d.Handler, Ready: ch.Ready, Note: "the mailbox at the HISP cannot be read, mail for us waits there",
		Now: ch.now, Log: d.Log, Kinds: []string{AlarmLogin}, More: ch.refusedLogin,
	}
	return ch, nil
}

// Run reads the mailbox until take ends, and tells people when it cannot.
func (ch *EdgeChannel) Run(take, hold context.Context) error {
	return ch.watch.Run(take, hold, ch.Puller.Run)
}

// AlarmLogin is the kind of the alarm of a site whose login for submission the HISP refuses.
const AlarmLogin = "hisp_login"

// refusedLogin is the alarm for mail that cannot go out.
func (ch *EdgeChannel) refusedLogin(scope string) []channels.Alarm {
	h := ch.Settings.HISP
	if h == nil || h.refusedSince().IsZero() {
		return nil
	}
	return []channels.Alarm{{Kind: AlarmLogin, Key: scope + h.refusedSince().Format(time.RFC3339), Note: "our mail cannot be submitted: " + errRefusedLogin.Error()}}
}

func (g *Agent) now() time.Time {
	if g.Now == nil {
		return time.Now().UTC()
	}
	return g.Now().UTC()
}

// vouched is who vouches for a mail in edge mode: the HISP, over the connection that the mail came by.
type vouched struct {
	mailbox.Via
	ID   string `json:"id"`             // in the mailbox: UIDVALIDITY/UID, or UIDL
	Why  string `json:"why,omitempty"`  // why the mail is not whole
	Size int64  `json:"size,omitempty"` // of the whole mail, then
}

// take archives one mail with the evidence of where it came from.
func (ch *EdgeChannel) take(ctx context.Context, m mailbox.Mail) error {
	e := evidence{Version: 1, At: ch.now(), Peer: m.Via.Server, Edge: &vouched{Via: m.Via, ID: m.ID}}
	if m.Why != "" {
		e.Edge.Why, e.Edge.Size = m.Why, m.Size
	}
	ch.headers(&e, m.Body)
	id := e.MessageID
	if id == "" { // a number of its own, so that it is known when it comes again
		sum := sha256.Sum256(m.Body)
		id = "sha256:" + hex.EncodeToString(sum[:16])
	}
	blob, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("direct: evidence: %w", err)
	}
	_, err = ch.handler.Receive(ctx, channels.Inbound{
		Channel: ch.name, Partner: ch.partner, Peer: m.Via.Server, Type: TypeMail, ContentType: "message/rfc822", ControlID: id,
		Sender: e.Sender, Recipient: joinRecipients(e.trusted()), Body: m.Body, Evidence: blob, Later: true,
	})
	return err
}

// headers fills what the header says. A mailbox keeps no envelope: our addresses in To and Cc stand for its recipients.
func (g *Agent) headers(e *evidence, body []byte) {
	if h, err := direct.ReadHeader(body, g.Limits); err == nil {
		m := direct.Mail{Header: h}
		e.Sender, _ = m.From()
		e.MessageID, e.NotifyTo, e.Final = m.MessageID(), m.NotifyTo(), m.WantsFinal()
		for _, to := range append(h.Addresses("To"), h.Addresses("Cc")...) {
			if g.Settings.local(to) && !strings.Contains(joinRecipients(e.trusted()), to) {
				e.Recipients = append(e.Recipients, judged{Address: to, Trusted: true, Bound: "hisp"})
			}
		}
	}
	if len(e.Recipients) == 0 {
		e.Recipients = []judged{{Address: g.Settings.Address, Trusted: true, Bound: "hisp"}}
	}
}

// openEdge unwraps a mail for which a HISP vouches. A mail that cannot be read is an error: it ends failed, with its reason, for a person.
func (g *Agent) openEdge(a channels.Archived, e evidence) (channels.Opened, error) {
	out := channels.Opened{Type: TypeMail, ControlID: e.MessageID, Sender: e.Sender, Recipient: joinRecipients(e.trusted())}
	switch e.Edge.Why {
	case mailbox.WhyTooLarge:
		out.Hold = fmt.Sprintf("the mail has %d bytes, more than limits.message: it was left in the mailbox at the HISP, look at it there", e.Edge.Size)
		return out, nil
	case mailbox.WhyUnreadable:
		out.Hold = "the HISP lists this mail and does not give its content: look at it in the mailbox there"
		return out, nil
	}
	m, err := direct.ReadMail(a.Body, g.Limits)
	if err == nil && m.Type == "message/rfc822" && len(m.Parts) == 1 { // a wrapping that the HISP left
		m, err = direct.ReadMail(m.Parts[0].Body, g.Limits)
	}
	if err != nil {
		return channels.Opened{}, fmt.Errorf("%w; it is kept as it came, ask the sender to send it again", err)
	}
	out.Warnings = append(out.Warnings, m.Warnings...)
	if encrypted(m.Type) {
		out.Hold = "the mail is still encrypted: the HISP should decrypt mail for this mailbox; where we hold the keys it is mode: sta"
		return out, nil
	}
	dropSignature(&out, &m)
	from := direct.Domain(e.Sender)
	speaks := func(recipient string) bool { return g.Settings.reports(from, recipient) }
	switch {
	case openReport(&out, &m, e, speaks):
	case openStatus(&out, &m, a, speaks):
	case e.Sender == "":
		out.Hold = "the mail does not say who sent it: From is missing, or names several"
	default:
		g.openParts(&out, &m)
	}
	return out, nil
}

func encrypted(typ string) bool {
	return typ == "application/pkcs7-mime" || typ == "application/x-pkcs7-mime"
}

// dropSignature leaves out a signature that the HISP left on the mail: it judged it.
func dropSignature(out *channels.Opened, m *direct.Mail) {
	var rest []direct.Part
	for _, p := range m.Parts {
		if p.Type == "application/pkcs7-signature" || p.Type == "application/x-pkcs7-signature" {
			out.Warnings = append(out.Warnings, "a signature that the HISP left on the mail is not judged again")
			continue
		}
		rest = append(rest, p)
	}
	m.Parts = rest
}

// openReport is openNotification where the HISP, not a signature, says who speaks.
func openReport(out *channels.Opened, m *direct.Mail, e evidence, speaksFor func(recipient string) bool) bool {
	n, ok := m.Notification()
	if !ok {
		return false
	}
	out.Type = notificationType(n)
	if n.Recipient == "" {
		n.Recipient = e.Sender
	}
	r, known := receiptOf(n)
	r.At = e.At
	switch {
	case n.OriginalMessageID == "":
		out.Warnings = append(out.Warnings, "a notification that names no message")
	case !speaksFor(n.Recipient):
		out.Warnings = append(out.Warnings, "a notification about a recipient for whom its sender does not speak; direct.hisp.domains names who else may")
	case !known:
		out.Warnings = append(out.Warnings, "a notification without a disposition that is known")
	default:
		out.Receipts = append(out.Receipts, r)
	}
	return true
}

// edgeNotices says what we tell the sender of a mail that came by a HISP. The HISP sends processed, and dispatched too unless it is
// configured that it does not: two of one kind would confuse the sender, and after dispatched none may follow.
func (g *Agent) edgeNotices(e evidence, o channels.Opened, out channels.Outcome) []channels.Notice {
	h := g.Settings.HISP
	if h == nil || h.Notices != "dispatched" || e.NotifyTo == "" || e.MessageID == "" || o.Type != TypeMail && o.Type != Type360X && o.Type != "" {
		return nil
	}
	var list []channels.Notice
	for _, to := range e.trusted() {
		n := channels.Notice{Event: "mdn.dispatched", Rail: channels.Direct, Address: e.NotifyTo, From: to, About: e.MessageID, Final: true}
		switch {
		case out.State == "failed", out.State == "held" && o.Hold != "":
			n.Event, n.Final, n.Detail = "mdn.failed", false, "the content of the message could not be taken up"
			list = append(list, n)
		case e.Final && (out.State == "processed" || out.State == "ignored" || out.State == "held"):
			list = append(list, n)
		}
	}
	return list
}
