package direct

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"refloop/channels"
	"refloop/channels/direct/trust"
	"refloop/direct"
)

// recipient chooses the certificate to encrypt to for an address: the first that passes, of those in files, then
// of what is published in DNS under the address, then under its domain, then in LDAP likewise (direct.md section 8).
func (g *Agent) recipient(ctx context.Context, address string, known []*x509.Certificate, p direct.Policy) (direct.Verdict, error) {
	try := func(certs []*x509.Certificate) (direct.Verdict, error) {
		return direct.SelectRecipient(address, certs, g.Network.Widen(ctx, address, direct.ToEncrypt, certs, nil, p))
	}
	v, refused := try(known)
	if refused == nil {
		return v, nil
	}
	none := len(known) == 0
	var passed []string
	failed := g.Network.Discover(ctx, address, func(found trust.Published) bool {
		passed = append(passed, found.Passed...)
		if len(found.Certificates) == 0 {
			return false
		}
		w, err := try(found.Certificates)
		if err == nil {
			v, refused = w, nil
			return true
		}
		if none {
			refused, none = err, false
		}
		return false
	})
	if refused == nil {
		return v, nil
	}
	if len(known) > 0 {
		return direct.Verdict{}, refused // a configured certificate that ended takes the next rail at once
	}
	if none && len(passed) > 0 {
		refused = fmt.Errorf("%w (published is only %s)", refused, strings.Join(passed, "; "))
	}
	return direct.Verdict{}, errors.Join(refused, failed)
}

// noCertificate is the error of a delivery that cannot be encrypted: to be tried again when a server did not
// answer, else permanent.
func (s *Sender) noCertificate(err error) error {
	if passing(err) {
		hint := "its revocation cannot be looked up now"
		if errors.Is(err, trust.ErrLookup) {
			hint = "no name server or directory answers now; without one, give its certificate under direct.certificates or the rail and set direct.dns: off"
		}
		return &channels.DeliveryError{Rail: s.lane, Err: fmt.Errorf("%w: %w (%s)", ErrNoCertificate, err, hint)}
	}
	s.agent.nudge() // its lane may be red from now on
	return fmt.Errorf("%s: %w: %w; configure it under direct.certificates or the rail, and its anchor under direct.anchors", s.lane, ErrNoCertificate, err)
}

// passing reports whether choosing a certificate may go well later.
func passing(err error) bool {
	var u *direct.UntrustedError
	return errors.Is(err, trust.ErrLookup) || errors.As(err, &u) && u.Reason == direct.ReasonRevocation
}
