package direct

import (
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"refloop/channels/direct/trust"
	"refloop/direct"
)

// Levels of a Finding.
const (
	FindingOK   = "ok"
	FindingWarn = "warn"
	FindingBad  = "bad"
)

// Finding is one thing that Check looked at.
type Finding struct {
	Level  string
	What   string
	Text   string
	Remedy string // empty when nothing is to be done
}

// Check looks at trust from end to end: may we sign, may others encrypt to us, is anybody trusted, and is there a usable
// certificate for each of the peers (Direct addresses), revocation and discovery included. It asks the network as sending would.
func (g *Agent) Check(ctx context.Context, peers []string) []Finding {
	if g.Settings.Edge() {
		return []Finding{{FindingOK, "mode edge", "the HISP holds keys and trust", "refloop doctor looks at the way there"}}
	}
	out := g.checkOwn(ctx)
	in, to := len(g.Trust.Inbound(g.Settings.Address, g.Now()).Anchors), len(g.Trust.Outbound(g.Settings.Address, g.Now()).Anchors)
	anchors := Finding{FindingOK, "trust anchors", fmt.Sprintf("%d in, %d out", in, to), ""}
	if in == 0 || to == 0 {
		anchors.Level, anchors.Remedy = FindingWarn, "put the anchors of your partners where direct.anchors says: without one in, every mail is refused, without one out, nothing is sent"
	}
	out = append(out, anchors)
	for _, peer := range peers {
		out = append(out, g.checkPeer(ctx, peer))
	}
	for _, e := range g.Trust.Endings(g.Now()) {
		f := Finding{FindingWarn, e.What + " " + e.Name, fmt.Sprintf("ends in %d days, on %s", e.Days, e.At.Format(time.DateOnly)), "order a new one"}
		if e.Days < 0 {
			f.Text = "ended on " + e.At.Format(time.DateOnly)
			if e.What == "identity" {
				f.Level = FindingBad
			}
		}
		out = append(out, f)
	}
	return out
}

// checkOwn looks at the identities for our address.
func (g *Agent) checkOwn(ctx context.Context) (out []Finding) {
	address := g.Settings.Address
	signer, err := g.Trust.Signing(address)
	if err != nil {
		return []Finding{{FindingBad, "signing", err.Error(), "refloop keys make"}}
	}
	out = append(out, g.checkIdentity(ctx, "signing", trust.Identity{Identity: signer}, direct.ToSign))
	opens := g.Trust.Decrypting(address)
	if len(opens) == 0 {
		return append(out, Finding{FindingBad, "decrypting", "no identity of " + address + " may decrypt: mail is not taken", "an identity with use: both or encrypt"})
	}
	for _, id := range opens {
		out = append(out, g.checkIdentity(ctx, "decrypting", trust.Identity{Identity: id}, direct.ToEncrypt))
	}
	return out
}

// checkIdentity judges a certificate of ours as a peer with its anchor would, revocation included. Whether its own anchor is among ours tells
// nothing.
func (g *Agent) checkIdentity(ctx context.Context, what string, id trust.Identity, use direct.Use) Finding {
	c := id.Certificate
	p := g.Trust.Outbound(g.Settings.Address, g.Now())
	chain := g.Trust.Chain(c)
	top := c
	if len(chain) > 0 {
		top = chain[len(chain)-1]
	}
	p.Anchors = append(p.Anchors[:len(p.Anchors):len(p.Anchors)], top)
	p = g.Network.Widen(ctx, g.Settings.Address, use, []*x509.Certificate{c}, nil, p)
	v, err := direct.Trust(c, g.Settings.Address, use, nil, p)
	var u *direct.UntrustedError
	if errors.As(err, &u) {
		f := Finding{FindingBad, what, fmt.Sprintf("%s: %s", u.Reason, u.Detail), "another certificate: refloop keys make writes a request"}
		switch u.Reason {
		case direct.ReasonUnnamed:
			f.Level, f.Remedy = FindingWarn, "peers that require it as we do (direct.revocation.required) refuse it: ask your certification authority"
		case direct.ReasonRevocation:
			f.Level, f.Remedy = FindingWarn, "peers that look it up as we do refuse it: ask your certification authority, or see direct.http_allow"
		}
		return f
	}
	view := View(c)
	return Finding{FindingOK, what, fmt.Sprintf("%s, %s, until %s, issued by %s, %d issuing certificates go along, revocation %s",
		strings.Join(view.For, " "), view.Key, c.NotAfter.UTC().Format(time.DateOnly), view.Issuer, len(chain), v.Revocation), ""}
}

// checkPeer looks for what mail to a peer would be encrypted to.
func (g *Agent) checkPeer(ctx context.Context, address string) Finding {
	what := "certificate of " + address
	v, err := g.recipient(ctx, address, g.Trust.Certificates(address), g.Trust.Outbound(g.Settings.Address, g.Now()))
	if err == nil {
		return Finding{FindingOK, what, fmt.Sprintf("bound by %s, revocation %s, until %s", v.Bound, v.Revocation, v.Certificate.NotAfter.UTC().Format(time.DateOnly)), ""}
	}
	var u *direct.UntrustedError
	switch {
	case errors.Is(err, trust.ErrLookup):
		return Finding{FindingBad, what, "it could not be looked up: no name server or directory answers", "give it under direct.certificates or the rail; without a name server set direct.dns: off"}
	case errors.As(err, &u):
		return Finding{FindingBad, what, fmt.Sprintf("%s: %s", u.Reason, u.Detail), "refloop direct discover " + address}
	}
	return Finding{FindingBad, what, err.Error(), "refloop direct discover " + address}
}

// Identities lists the identities of a configuration with what each may be used for.
func (g *Agent) Identities() (out []IdentityView) {
	for _, id := range g.Trust.Identities() {
		v := IdentityView{For: orDefault(id.Address, id.Domain), Use: [...]string{"both", "sign", "encrypt"}[id.Use], Certificate: View(id.Certificate)}
		address := orDefault(id.Address, "postmaster@"+id.Domain)
		for _, use := range []direct.Use{direct.ToSign, direct.ToEncrypt} {
			if use == direct.ToSign && id.Use == trust.Encrypt || use == direct.ToEncrypt && id.Use == trust.Sign {
				continue
			}
			p := direct.Policy{At: g.Now(), Anchors: append(g.Trust.Chain(id.Certificate), id.Certificate)}
			if _, err := direct.Trust(id.Certificate, address, use, nil, p); err != nil {
				var u *direct.UntrustedError
				if errors.As(err, &u) {
					v.Problems = append(v.Problems, u.Reason+": "+u.Detail)
				}
			}
		}
		if _, ec := id.Certificate.PublicKey.(*ecdsa.PublicKey); ec && id.Use != trust.Sign {
			v.Problems = append(v.Problems, "many peers encrypt to RSA keys only: keep an RSA identity with use: encrypt beside it")
		}
		out = append(out, v)
	}
	return out
}

// IdentityView is one identity of ours. Its keys are stable.
type IdentityView struct {
	For         string          `json:"for"` // address or domain as configured
	Use         string          `json:"use"` // both, sign, encrypt
	Certificate CertificateView `json:"certificate"`
	Problems    []string        `json:"problems,omitempty"`
}
