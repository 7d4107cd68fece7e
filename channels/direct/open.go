package direct

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"refloop/channels"
	"refloop/direct"
)

// Message types of this rail.
const (
	TypeMail       = "direct/mail"
	Type360X       = "direct/360x"
	TypeProcessed  = "direct/mdn.processed"
	TypeDispatched = "direct/mdn.dispatched"
	TypeFailed     = "direct/mdn.failed"
	TypeDSN        = "direct/dsn"
)

// Prepare decrypts, verifies and judges the trust of each recipient as of the time of receipt, with what the network
// says of issuers and revocation.
// The result is evidence for Open; a refusal is part of it and no error. The one error is a channels.LaterError: nobody trusts the message
// only because the revocation of its signer cannot be looked up now; it is judged again until direct.revocation.wait is over.
func (g *Agent) Prepare(ctx context.Context, a channels.Archived) ([]byte, error) {
	e := g.judge(ctx, a)
	until := a.ReceivedAt.Add(g.Settings.Revocation.Wait.D())
	if e.missed != nil && len(e.trusted()) == 0 && g.Now().Before(until) {
		return nil, &channels.LaterError{Until: until, Err: fmt.Errorf("%s: %w", e.refusal(), e.missed)}
	}
	return json.Marshal(e)
}

// Open unwraps an archived message: a pure function of its bytes, the evidence
// of Prepare and our keys. Untrusted mail comes back with Refused set.
func (g *Agent) Open(a channels.Archived) (channels.Opened, error) {
	e, err := readEvidence(a.Evidence)
	if err != nil {
		return channels.Opened{}, err
	}
	if e.Relay {
		return g.openRelay(a)
	}
	if e.Edge != nil {
		return g.openEdge(a, e)
	}
	trusted := e.trusted()
	if len(trusted) == 0 {
		return channels.Opened{Type: TypeMail, Refused: e.refusal()}, nil
	}
	o, err := g.open(a)
	if err != nil {
		return channels.Opened{Type: TypeMail, Refused: reasonOf(err)}, nil
	}
	out := channels.Opened{
		Type: TypeMail, ControlID: o.MessageID(), Sender: e.Sender, Recipient: joinRecipients(trusted),
		Warnings: append(append([]string{}, o.Warnings...), o.Mail.Warnings...),
	}
	for _, r := range e.Recipients {
		if !r.Trusted {
			out.Warnings = append(out.Warnings, "a recipient does not trust the sender and was left out: "+r.Reason)
		}
	}
	switch {
	case g.openNotification(&out, &o.Mail, e, o, a.ReceivedAt):
	case openStatus(&out, &o.Mail, a, func(recipient string) bool { return direct.Binding(speaker(e, o.Signers), recipient) != "" }):
	default:
		g.openParts(&out, &o.Mail)
	}
	return out, nil
}

// openRelay reads a plain delivery status of our own relay; everything else of it stays plain and refused.
func (g *Agent) openRelay(a channels.Archived) (channels.Opened, error) {
	refused := channels.Opened{Type: TypeMail, Refused: reasonPlain}
	m, err := direct.ReadMail(a.Body, g.Limits)
	if err != nil {
		return refused, nil
	}
	out := channels.Opened{Type: TypeDSN, ControlID: m.MessageID(), Warnings: m.Warnings}
	if !openStatus(&out, &m, a, func(string) bool { return true }) {
		return refused, nil
	}
	return out, nil
}

// openNotification turns a disposition notification into a receipt, when the signer speaks for the recipient it reports on.
func (g *Agent) openNotification(out *channels.Opened, m *direct.Mail, e evidence, o *direct.Opened, received time.Time) bool {
	n, ok := m.Notification()
	if !ok {
		return false
	}
	out.Type = notificationType(n)
	if n.Recipient == "" {
		n.Recipient = e.Sender
	}
	switch {
	case n.OriginalMessageID == "":
		out.Warnings = append(out.Warnings, "a notification that names no message")
	case direct.Binding(speaker(e, o.Signers), n.Recipient) == "":
		out.Warnings = append(out.Warnings, "a notification about a recipient that its signer does not speak for")
	default:
		if r, ok := receiptOf(n); ok {
			r.At = received // when it was judged does not matter
			out.Receipts = append(out.Receipts, r)
		} else {
			out.Warnings = append(out.Warnings, "a notification without a disposition that is known")
		}
	}
	return true
}

func notificationType(n direct.Notification) string {
	switch {
	case n.Disposition == direct.Dispatched && n.Positive():
		return TypeDispatched
	case n.Positive(), n.Disposition == "":
		return TypeProcessed
	}
	return TypeFailed
}

// receiptOf says what a notification proves (direct.md section 6): dispatched without the
// extension field does not complete. A disposition that no standard knows proves nothing.
func receiptOf(n direct.Notification) (channels.Receipt, bool) {
	r := channels.Receipt{ControlID: n.OriginalMessageID, Recipient: n.Recipient, Code: n.Disposition, Level: channels.LevelTransport}
	switch n.Disposition {
	case direct.Processed, direct.Deleted:
	case direct.Dispatched:
		if n.Final {
			r.Level = channels.LevelDelivered
		}
	case direct.Displayed:
		r.Level = channels.LevelRead
	case direct.Failed, direct.Denied, "error":
	default:
		return channels.Receipt{}, false
	}
	if !n.Positive() {
		r.Level, r.Permanent = channels.LevelFailed, true
		r.Text = "the recipient's system reported " + n.Disposition
	}
	return r, true
}

// word keeps lower-case letters and dashes of a short word of ours.
func word(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r == '-' {
			return r
		}
		return -1
	}, s)
	return s[:min(len(s), 30)]
}

// openStatus turns a delivery status notification into receipts, one for each recipient that failed and
// that its sender may speak of.
func openStatus(out *channels.Opened, m *direct.Mail, a channels.Archived, speaksFor func(recipient string) bool) bool {
	d, ok := m.DeliveryStatus()
	if !ok {
		return false
	}
	out.Type = TypeDSN
	for _, r := range d.Recipients {
		if d.OriginalMessageID == "" || r.Action != "failed" {
			continue
		}
		if !speaksFor(r.Recipient) {
			out.Warnings = append(out.Warnings, "a delivery status about a recipient that its signer does not speak for")
			continue
		}
		out.Receipts = append(out.Receipts, channels.Receipt{
			ControlID: d.OriginalMessageID, Recipient: r.Recipient, Level: channels.LevelFailed, Permanent: true,
			Code: "dsn " + status(r.Status), Text: "not delivered, says the mail system (" + status(r.Status) + ")", At: a.ReceivedAt,
		})
	}
	if d.OriginalMessageID == "" {
		out.Warnings = append(out.Warnings, "a delivery status that names no message")
	}
	return true
}

// status keeps a status code such as 5.1.1.
func status(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '.' {
			return r
		}
		return -1
	}, s)
	return s[:min(len(s), 12)]
}

// Notices says what the sender of a message is told: processed once it is
// trusted and stored, dispatched when asked for and the content was taken up or waits for a
// person, failed when it cannot be used or its package is broken. Notifications and refused mail get nothing.
func (g *Agent) Notices(a channels.Archived, o channels.Opened, out channels.Outcome) []channels.Notice {
	e, err := readEvidence(a.Evidence)
	if err != nil || o.Refused != "" || e.Report || e.Relay || e.NotifyTo == "" {
		return nil
	}
	if e.Edge != nil {
		return g.edgeNotices(e, o, out)
	}
	var list []channels.Notice
	for _, to := range e.trusted() {
		n := channels.Notice{Event: "mdn.processed", Rail: channels.Direct, Address: e.NotifyTo, From: to, About: e.MessageID, Evidence: e.Cipher}
		list = append(list, n)
		switch {
		case out.State == "failed", out.State == "held" && o.Hold != "":
			n.Event, n.Detail = "mdn.failed", orDefault(o.Hold, "the content of the message could not be taken up")
			list = append(list, n)
		case e.Final && (out.State == "processed" || out.State == "ignored" || out.State == "held"):
			n.Event, n.Final = "mdn.dispatched", true
			list = append(list, n)
		}
	}
	return list
}
