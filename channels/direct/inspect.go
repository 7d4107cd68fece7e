package direct

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"refloop/channels"
	"refloop/channels/direct/trust"
	"refloop/direct"
)

// CertificateView is what people want to know of a certificate. Its keys are stable.
type CertificateView struct {
	For       []string  `json:"for"` // addresses and domains of its subject alternative names
	Issuer    string    `json:"issuer"`
	Serial    string    `json:"serial"`
	Key       string    `json:"key"` // RSA 2048, ECDSA P-256
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	SHA256    string    `json:"sha256"`
}

// View describes a certificate.
func View(c *x509.Certificate) CertificateView {
	v := CertificateView{
		For: slices.Concat(c.EmailAddresses, c.DNSNames), Issuer: c.Issuer.String(), Serial: c.SerialNumber.Text(16), Key: c.PublicKeyAlgorithm.String(),
		NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(), SHA256: fingerprint(c),
	}
	switch pub := c.PublicKey.(type) {
	case *rsa.PublicKey:
		v.Key = fmt.Sprintf("RSA %d", pub.N.BitLen())
	case *ecdsa.PublicKey:
		v.Key = "ECDSA " + pub.Curve.Params().Name
	}
	return v
}

// SignerView is one signature that holds.
type SignerView struct {
	Algorithm   string          `json:"algorithm"`
	Claimed     *time.Time      `json:"claimed_time,omitempty"` // signingTime: proves nothing
	Certificate CertificateView `json:"certificate"`
}

// RecipientView is the judgement for one recipient.
type RecipientView struct {
	Address    string            `json:"address"`
	Trusted    bool              `json:"trusted"`
	Reason     string            `json:"reason,omitempty"` // stable word
	Why        string            `json:"why,omitempty"`    // in words
	Bound      string            `json:"bound,omitempty"`
	Revocation string            `json:"revocation,omitempty"`
	Chain      []CertificateView `json:"chain,omitempty"` // the signer first, the anchor last
}

// PartView is one MIME part of the protected message, without its name: names may hold patients'.
type PartView struct {
	Path  string `json:"path"`
	Type  string `json:"type"`
	Bytes int    `json:"bytes"`
}

// Inspection is what is in a mail and what would become of it. Its keys are stable; it holds no content.
type Inspection struct {
	Verdict    string          `json:"verdict"` // accepted or refused
	Reason     string          `json:"reason,omitempty"`
	Why        string          `json:"why,omitempty"`
	Layers     []string        `json:"layers"`
	Sender     string          `json:"sender,omitempty"` // protected From
	MessageID  string          `json:"message_id,omitempty"`
	OpenedBy   string          `json:"opened_by,omitempty"` // SHA-256 of our certificate
	Signers    []SignerView    `json:"signers,omitempty"`
	Recipients []RecipientView `json:"recipients,omitempty"`
	Parts      []PartView      `json:"parts,omitempty"`
	Warnings   []string        `json:"warnings,omitempty"`
}

// Inspect says what is in a mail and what would become of it if it came now, for those of its recipients that are ours.
// The outer From and To stand for the envelope. It changes nothing.
func (g *Agent) Inspect(ctx context.Context, raw []byte) Inspection {
	if g.Settings.Edge() {
		return g.inspectEdge(raw)
	}
	a := channels.Archived{Body: raw, ReceivedAt: g.Now()}
	var local []string
	if h, err := direct.ReadHeader(raw, g.Limits); err == nil {
		if from := h.Addresses("From"); len(from) == 1 {
			a.Sender = from[0]
		}
		for _, to := range append(h.Addresses("To"), h.Addresses("Cc")...) {
			if g.Settings.local(to) && !slices.Contains(local, to) {
				local = append(local, to)
			}
		}
	}
	a.Recipient = joinRecipients(local)
	in := Inspection{Verdict: "refused"}
	o, err := direct.Open(raw, g.decrypting(local), g.Limits)
	if err != nil {
		in.Reason, in.Why = reasonOf(err), err.Error()
		in.Layers, _ = direct.Peek(raw, g.Limits)
		if len(local) == 0 {
			in.Why += "; no recipient is an address of ours"
		}
		return in
	}
	in.Layers, in.MessageID, in.OpenedBy, in.Warnings = o.Layers, o.MessageID(), fingerprint(o.Identity.Certificate), append(o.Warnings, o.Mail.Warnings...)
	in.Sender, _ = o.Mail.From()
	for _, s := range o.Signers {
		if s.Err != nil || s.Certificate == nil {
			continue
		}
		v := SignerView{Algorithm: s.Algorithm, Certificate: View(s.Certificate)}
		if !s.SigningTime.IsZero() {
			v.Claimed = &s.SigningTime
		}
		in.Signers = append(in.Signers, v)
	}
	for _, p := range o.Mail.Parts {
		in.Parts = append(in.Parts, PartView{p.Path, p.Type, len(p.Body)})
	}
	for _, r := range local {
		in.Recipients = append(in.Recipients, g.view(ctx, a.Sender, r, in.Sender, o))
	}
	for _, r := range in.Recipients {
		if r.Trusted {
			in.Verdict, in.Reason, in.Why = "accepted", "", ""
			break
		}
		in.Reason, in.Why = r.Reason, r.Why
	}
	return in
}

// view judges for one recipient as judgeOne does, and keeps the words.
func (g *Agent) view(ctx context.Context, from, to, sender string, o *direct.Opened) RecipientView {
	r := RecipientView{Address: to}
	err := o.Check(from, to)
	if err == nil {
		var v direct.Verdict
		policy := g.Network.Widen(ctx, sender, direct.ToSign, certificates(o.Signers), o.Certificates, g.Trust.Inbound(to, g.Now()))
		if v, err = direct.TrustSigners(sender, o.Signers, o.Certificates, policy); err == nil {
			r.Trusted, r.Bound, r.Revocation = true, v.Bound, v.Revocation
			for _, c := range v.Chain {
				r.Chain = append(r.Chain, View(c))
			}
			return r
		}
	}
	r.Reason, r.Why = reasonOf(err), err.Error()
	return r
}

// Candidate is a certificate that we know or found for an address.
type Candidate struct {
	Where       string          `json:"where"` // files, or the name in DNS
	Usable      bool            `json:"usable"`
	Reason      string          `json:"reason,omitempty"`
	Why         string          `json:"why,omitempty"`
	Bound       string          `json:"bound,omitempty"`
	Revocation  string          `json:"revocation,omitempty"`
	Certificate CertificateView `json:"certificate"` // empty when Reason is passed_over: what is published is no certificate for us
}

// Candidates lists every certificate for an address, in the order in which sending would try them, each with its
// verdict. The first usable one is what mail is encrypted to. The error is trust.ErrLookup when a name server failed.
func (g *Agent) Candidates(ctx context.Context, address string) (out []Candidate, err error) {
	judge := func(where string, certs []*x509.Certificate) {
		for _, c := range certs {
			one := []*x509.Certificate{c}
			v, err := direct.SelectRecipient(address, one, g.Network.Widen(ctx, address, direct.ToEncrypt, one, nil, g.Trust.Outbound(g.Settings.Address, g.Now())))
			found := Candidate{Where: where, Usable: err == nil, Bound: v.Bound, Revocation: v.Revocation, Certificate: View(c)}
			var u *direct.UntrustedError
			if errors.As(err, &u) {
				found.Reason, found.Why = u.Reason, u.Detail
			}
			out = append(out, found)
		}
	}
	judge("files", g.Trust.Certificates(address))
	err = g.Network.Discover(ctx, address, func(p trust.Published) bool {
		judge(p.Name, p.Certificates)
		for _, why := range p.Passed {
			out = append(out, Candidate{Where: p.Name, Reason: "passed_over", Why: why})
		}
		return false
	})
	return out, err
}
