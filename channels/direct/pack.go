package direct

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	"refloop/channels"
	"refloop/direct"
)

// Sender is the way out to one partner, or, with no RailConfig, for notices to anybody.
type Sender struct {
	agent   *Agent
	lane    string // partner and rail, for errors
	cfg     RailConfig
	notices bool // to anybody who wrote to us
	packed  packedFor
}

// NewSender makes the sender of a rail. lane names partner and rail in errors.
func NewSender(a *Agent, lane string, cfg RailConfig) *Sender {
	return &Sender{agent: a, lane: lane, cfg: cfg}
}

// ErrNoCertificate: no certificate of the recipient passes our trust policy, so nothing can be encrypted to it.
var ErrNoCertificate = errors.New("no usable certificate of the recipient")

// Pack turns a shipment into one signed and encrypted message. Its errors are permanent (the
// recipient has no trusted certificate, we have no identity, or the parts cannot be packed), except when a name server
// or a revocation list could not be reached.
func (s *Sender) Pack(ctx context.Context, ship channels.Shipment) (channels.Packed, error) {
	g := s.agent
	if ship.Notice != nil {
		return s.packNotice(ctx, ship)
	}
	from := g.Settings.Address
	d := direct.Draft{
		From: from, To: []string{ship.Address}, Date: ship.At, MessageID: messageID(ship, from), Notify: true,
		Subject: "Referral " + word(ship.Event), Text: text(ship, s.cfg.withoutPackage()),
	}
	kind := TypeMail
	if s.cfg.withoutPackage() {
		d.Files = attachments(ship, "")
	} else {
		file, err := g.packXDM(ship, d.MessageID)
		if err != nil {
			return channels.Packed{}, err
		}
		d.Subject, d.Files, kind = direct.XDMSubject, []direct.File{file}, Type360X
		if s.cfg.Dialect == "360x+cda" {
			d.Files = append(d.Files, attachments(ship, channels.KindCDA)...)
		}
	}
	return s.seal(ctx, d, kind, nil)
}

// packNotice makes a disposition notification.
func (s *Sender) packNotice(ctx context.Context, ship channels.Shipment) (channels.Packed, error) {
	n := *ship.Notice
	word, kind := direct.Processed, TypeProcessed
	switch n.Event {
	case "mdn.dispatched":
		word, kind = direct.Dispatched, TypeDispatched
	case "mdn.failed":
		word, kind = direct.Failed, TypeFailed
	}
	d := direct.Draft{
		From: n.From, To: []string{n.Address}, Date: ship.At, MessageID: messageID(ship, n.From), InReplyTo: n.About,
		Subject: strings.ToUpper(word[:1]) + word[1:] + ": your message", Text: noticeText(word, n.Detail),
		Report: &direct.Notification{
			Disposition: word, Recipient: n.From, OriginalMessageID: n.About, ReportingUA: direct.Domain(n.From) + "; refloop",
			Final: n.Final && word == direct.Dispatched, Reason: n.Detail,
		},
	}
	extra, err := x509.ParseCertificates(n.Evidence)
	if err != nil {
		extra = nil // ours, so never; the configured certificates may still do
	}
	return s.seal(ctx, d, kind, extra)
}

// seal composes, signs and encrypts for the one recipient of a draft. extra is the certificate of a verified signer with its issuers.
func (s *Sender) seal(ctx context.Context, d direct.Draft, kind string, extra []*x509.Certificate) (channels.Packed, error) {
	g := s.agent
	if g.Settings.Edge() {
		return s.plain(d, kind)
	}
	address := d.To[0]
	signer, err := g.Trust.Signing(d.From)
	if err != nil {
		return channels.Packed{}, fmt.Errorf("%s: %w", s.lane, err)
	}
	known, policy := g.Trust.Certificates(address), g.Trust.Outbound(d.From, g.Now())
	if len(extra) > 0 {
		known = append(known, extra[0])
		policy.Intermediates = append(slices.Clone(policy.Intermediates), extra[1:]...)
	}
	v, err := g.recipient(ctx, address, known, policy)
	if err != nil {
		return channels.Packed{}, s.noCertificate(err)
	}
	inner, err := direct.Compose(d)
	if err != nil {
		return channels.Packed{}, fmt.Errorf("%s: %w", s.lane, err)
	}
	body, err := direct.Seal(g.Rand, inner, signer, v.Certificate, direct.SealOptions{Chain: g.Trust.Chain(signer.Certificate), Encrypt: s.cfg.encryption()})
	if err != nil {
		return channels.Packed{}, fmt.Errorf("%s: %w", s.lane, err)
	}
	canonical, _ := direct.Canonical(address)
	s.packed.put(d.MessageID, v)
	return channels.Packed{Type: kind, ContentType: "message/rfc822", ControlID: d.MessageID, Recipient: canonical, Body: body}, nil
}

// messageID is the same for every attempt of a delivery and never used for another.
func messageID(ship channels.Shipment, from string) string {
	left := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '.', r == '_':
			return r
		}
		return -1
	}, orDefault(ship.ControlID, ship.DeliveryID))
	return "<" + left + "@" + direct.Domain(from) + ">"
}

// text is for the person who opens the mail in a mail program: for a receiver without 360X what the shipment's text
// parts say, else where to look.
func text(ship channels.Shipment, plain bool) string {
	var b strings.Builder
	b.WriteString("This message carries a referral update from an electronic referral system.\n")
	if len(ship.Parts) > 0 && !(plain && onlyText(ship)) {
		b.WriteString("The attached file holds the details for your records system.\n")
	}
	if ship.CopyOf != "" {
		b.WriteString("This is a copy: the first was sent by " + word(ship.CopyOf) + " and may have arrived.\n")
	}
	if ship.Restricted && !(plain && saysNotice(ship)) {
		b.WriteString("\n" + Redisclosure + "\n")
	}
	for _, p := range ship.Parts {
		if plain && p.Kind == channels.KindText {
			b.WriteString("\n" + string(p.Body) + "\n")
		}
	}
	return b.String()
}

// saysNotice reports whether a text of the shipment, which stands in the mail of a receiver without 360X, says the notice already.
func saysNotice(ship channels.Shipment) bool {
	return slices.ContainsFunc(ship.Parts, func(p channels.Part) bool {
		return p.Kind == channels.KindText && strings.Contains(string(p.Body), Redisclosure)
	})
}

func onlyText(ship channels.Shipment) bool {
	return !slices.ContainsFunc(ship.Parts, func(p channels.Part) bool { return p.Kind != channels.KindText && p.Kind != channels.KindHL7 })
}

func noticeText(word, detail string) string {
	switch word {
	case direct.Dispatched:
		return "Your message reached its final destination."
	case direct.Failed:
		return "Your message was received but could not be delivered: " + detail
	}
	return "Your message was received, decrypted and its signature verified."
}

// attachments are the parts of a plain message: what people and their systems can open. The HL7 v2 message stays out, texts are in the mail itself.
// kind: only parts of this kind; empty: all.
func attachments(ship channels.Shipment, kind string) []direct.File {
	var out []direct.File
	for i, p := range ship.Parts {
		if p.Kind == channels.KindHL7 || p.Kind == channels.KindText || kind != "" && p.Kind != kind {
			continue
		}
		name := p.Name
		if name == "" {
			name = fmt.Sprintf("document%d%s", i+1, map[string]string{channels.KindCDA: ".xml", channels.KindPDF: ".pdf"}[p.Kind])
		}
		out = append(out, direct.File{Name: name, ContentType: mimeOf(p), Body: p.Body})
	}
	return out
}
