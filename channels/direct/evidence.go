package direct

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"refloop/channels"
	"refloop/channels/direct/trust"
	"refloop/direct"
	"refloop/direct/cms"
)

// evidence is what was judged at receipt. It is archived with the message and handed to Open.
type evidence struct {
	Version    int       `json:"version"`
	At         time.Time `json:"at"` // of every check: the time of receipt, or later when it could not be judged then
	Peer       string    `json:"peer"`
	From       string    `json:"from"` // envelope sender; empty: null
	Recipients []judged  `json:"recipients"`
	Fault      string    `json:"fault,omitempty"`  // reason when the message could not be opened or nobody trusts it
	Relay      bool      `json:"relay,omitempty"`  // a plain delivery status of our own relay
	Signer     string    `json:"signer,omitempty"` // SHA-256 of the trusted certificate, hex
	Cipher     []byte    `json:"cipher,omitempty"` // the signer's certificate, or one it sent along, that may encipher, and its issuers below the anchor, in DER: notices can go to it
	Sender     string    `json:"sender,omitempty"` // protected From
	MessageID  string    `json:"message_id,omitempty"`
	NotifyTo   string    `json:"notify_to,omitempty"`
	Final      bool      `json:"final,omitempty"` // X-DIRECT-FINAL-DESTINATION-DELIVERY was asked for
	Report     bool      `json:"report,omitempty"`
	Edge       *vouched  `json:"edge,omitempty"` // mode edge: the HISP's connection it came by, which is the trust
	Layers     []string  `json:"layers,omitempty"`

	missed error // why the revocation of a signer could not be looked up for now
}

// judged is the verdict for one recipient.
type judged struct {
	Address    string `json:"address"`
	Trusted    bool   `json:"trusted"`
	Reason     string `json:"reason,omitempty"`
	Bound      string `json:"bound,omitempty"`
	Anchor     string `json:"anchor,omitempty"` // SHA-256, hex
	Revocation string `json:"revocation,omitempty"`
}

// Reasons of refused mail, besides those of package direct for certificates. They are stable words.
const (
	reasonMalformed   = "malformed"
	reasonLimit       = "over_limit"
	reasonPlain       = "not_encrypted"
	reasonUndecrypted = "cannot_be_decrypted"
	reasonUnsigned    = "not_signed"
	reasonSignature   = "signature_not_valid"
	reasonTampered    = "envelope_and_headers_disagree"
	reasonUnjudged    = "not_judged_at_receipt"
)

// reasonOf is the word for an error of package direct.
func reasonOf(err error) string {
	var u *direct.UntrustedError
	switch {
	case errors.As(err, &u):
		return "untrusted: " + u.Reason
	case errors.Is(err, direct.ErrLimit):
		return reasonLimit
	case errors.Is(err, direct.ErrNotEncrypted):
		return reasonPlain
	case errors.Is(err, direct.ErrUndecryptable):
		return reasonUndecrypted
	case errors.Is(err, direct.ErrUnsigned):
		return reasonUnsigned
	case errors.Is(err, direct.ErrSignature):
		return reasonSignature
	case errors.Is(err, direct.ErrTampered):
		return reasonTampered
	}
	return reasonMalformed
}

// trusted lists the recipients that trust the message.
func (e *evidence) trusted() (out []string) {
	for _, r := range e.Recipients {
		if r.Trusted {
			out = append(out, r.Address)
		}
	}
	return out
}

// refusal is the reason when no recipient is left.
func (e *evidence) refusal() string {
	if e.Fault != "" {
		return e.Fault
	}
	for _, r := range e.Recipients {
		if r.Reason != "" {
			return r.Reason
		}
	}
	return reasonUnjudged
}

// joinRecipients and splitRecipients are how several envelope recipients stand in one message row.
func joinRecipients(list []string) string { return strings.Join(list, ", ") }

func splitRecipients(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ", ")
}

func fingerprint(c *x509.Certificate) string {
	if c == nil {
		return ""
	}
	return trust.Fingerprint(c)
}

// judge opens a message and judges it for each of its recipients, as of now.
func (g *Agent) judge(ctx context.Context, a channels.Archived) evidence {
	e := evidence{Version: 1, At: a.ReceivedAt.UTC(), Peer: a.Peer, From: a.Sender}
	if now := g.Now().UTC(); now.After(e.At) {
		e.At = now // tried again, or read again: what is known by now counts
	}
	recipients := splitRecipients(a.Recipient)
	for _, r := range recipients {
		e.Recipients = append(e.Recipients, judged{Address: r})
	}
	o, err := g.open(a)
	if err != nil {
		if errors.Is(err, direct.ErrNotEncrypted) && g.fromRelay(a) {
			e.Relay = true
			return e
		}
		e.Fault = reasonOf(err)
		return e
	}
	defer g.Memo.put(a, o)
	e.Layers, e.MessageID, e.Report = o.Layers, o.MessageID(), o.Mail.IsReport()
	e.Sender, _ = o.Mail.From()
	e.NotifyTo, e.Final = o.Mail.NotifyTo(), o.Mail.WantsFinal()
	for i := range e.Recipients {
		g.judgeOne(ctx, &e, &e.Recipients[i], o)
	}
	return e
}

// judgeOne fills the verdict for one recipient.
func (g *Agent) judgeOne(ctx context.Context, e *evidence, r *judged, o *direct.Opened) {
	if err := o.Check(e.From, r.Address); err != nil {
		r.Reason = reasonOf(err)
		return
	}
	policy, missed := g.Network.Look(ctx, e.Sender, direct.ToSign, certificates(o.Signers), o.Certificates, g.Trust.Inbound(r.Address, e.At))
	v, err := direct.TrustSigners(e.Sender, o.Signers, o.Certificates, policy)
	if err != nil {
		r.Reason = reasonOf(err)
		var u *direct.UntrustedError
		if missed != nil && errors.As(err, &u) && u.Reason == direct.ReasonRevocation {
			e.missed = missed
		}
		return
	}
	r.Trusted, r.Bound, r.Revocation = true, v.Bound, v.Revocation
	r.Anchor = fingerprint(v.Chain[len(v.Chain)-1])
	e.Signer = fingerprint(v.Certificate)
	c, err := direct.Trust(v.Certificate, e.Sender, direct.ToEncrypt, o.Certificates, policy)
	if err != nil { // senders with one certificate to sign and one to encrypt send both along
		policy = g.Network.Widen(ctx, e.Sender, direct.ToEncrypt, o.Certificates, o.Certificates, g.Trust.Inbound(r.Address, e.At))
		c, err = direct.SelectCarried(e.Sender, o.Certificates, policy)
	}
	if err == nil {
		e.Cipher = nil
		for _, link := range c.Chain[:max(len(c.Chain)-1, 1)] { // all but the anchor, which we have
			e.Cipher = append(e.Cipher, link.Raw...)
		}
	}
}

// certificates are those of valid signatures.
func certificates(signers []cms.Signer) (out []*x509.Certificate) {
	for _, s := range signers {
		if s.Err == nil && s.Certificate != nil {
			out = append(out, s.Certificate)
		}
	}
	return out
}

// fromRelay reports whether a message with a null sender came from the relay we
// send through: only its plain delivery status notifications are believed.
func (g *Agent) fromRelay(a channels.Archived) bool {
	r, err := parseRelay(g.Settings.Relay)
	if err != nil || a.Sender != "" {
		return false
	}
	host := hostOf(a.Peer)
	return host != "" && (host == r.host || loopback(host) && loopback(r.host))
}

func readEvidence(b []byte) (evidence, error) {
	var e evidence
	if len(b) == 0 {
		return e, fmt.Errorf("direct: evidence: got none, want the judgement made at receipt")
	}
	if err := json.Unmarshal(b, &e); err != nil || e.Version != 1 {
		return evidence{}, fmt.Errorf("direct: evidence: got %d bytes that are not of version 1", len(b))
	}
	return e, nil
}

// speaker is the verified signer that was trusted at receipt.
func speaker(e evidence, signers []cms.Signer) *x509.Certificate {
	for _, s := range signers {
		if fingerprint(s.Certificate) == e.Signer {
			return s.Certificate
		}
	}
	return nil
}
