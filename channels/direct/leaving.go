package direct

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"

	"refloop/channels"
	"refloop/channels/direct/trust"
	"refloop/direct"
)

// maxRemembered bounds how many certificates of packed mail a sender remembers.
const maxRemembered = 1000

// packedFor remembers to which certificate a message was encrypted, from packing until it is sent. After a restart the certificate is looked
// for where packing found it. It is safe for concurrent use.
type packedFor struct {
	mu    sync.Mutex
	certs map[string]direct.Verdict
	order []string
}

func (p *packedFor) put(controlID string, v direct.Verdict) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.certs == nil {
		p.certs = map[string]direct.Verdict{}
	}
	if _, have := p.certs[controlID]; !have {
		p.order = append(p.order, controlID)
	}
	p.certs[controlID] = v
	if len(p.order) > maxRemembered {
		delete(p.certs, p.order[0])
		p.order = p.order[1:]
	}
}

func (p *packedFor) get(controlID string) (direct.Verdict, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	v, ok := p.certs[controlID]
	return v, ok
}

// mayLeave judges once more, at the moment of sending, what a message was encrypted to when it was packed: a certificate may have been revoked
// or have ended since. Then the message is to be packed anew. What is not encrypted never leaves.
func (s *Sender) mayLeave(ctx context.Context, o channels.Outbound, to string) error {
	if s.agent.Settings.Mode == "edge" {
		return nil // the HISP encrypts
	}
	names, err := direct.EncryptedTo(o.Body, direct.Limits{})
	if err != nil {
		return &channels.DeliveryError{Rail: s.lane, Permanent: true, Err: fmt.Errorf("direct: sending: the archived message is not encrypted: %w", err)}
	}
	certs, issuers, err := s.encryptedTo(ctx, o.ControlID, to, names)
	switch {
	case err != nil:
		return &channels.DeliveryError{Rail: s.lane, Err: err}
	case len(certs) == 0 && s.notices:
		return nil // a notice to a sender whose certificate came with the mail; it holds nothing of a patient
	case len(certs) == 0:
		return s.repack(errors.New("the certificate that it is encrypted to is neither configured nor published any more"))
	}
	from := s.agent.Settings.Address
	if a, ok := sender(o.Body); ok {
		from = a
	}
	policy := s.agent.Trust.Outbound(from, s.agent.Now())
	policy.Intermediates = append(policy.Intermediates[:len(policy.Intermediates):len(policy.Intermediates)], issuers...)
	_, err = direct.SelectRecipient(to, certs, s.agent.Network.Widen(ctx, to, direct.ToEncrypt, certs, nil, policy))
	switch {
	case err == nil:
		return nil
	case passing(err):
		return &channels.DeliveryError{Rail: s.lane, Err: err}
	}
	s.agent.nudge()
	return s.repack(err)
}

func (s *Sender) repack(err error) error {
	return &channels.DeliveryError{Rail: s.lane, Repack: true, Err: fmt.Errorf("direct: sending: not with these bytes: %w", err)}
}

// encryptedTo finds the certificates that a message names as its recipients', with the issuers that are known beside them.
func (s *Sender) encryptedTo(ctx context.Context, controlID, to string, names func(*x509.Certificate) bool) (certs, issuers []*x509.Certificate, err error) {
	if v, ok := s.packed.get(controlID); ok && names(v.Certificate) {
		return []*x509.Certificate{v.Certificate}, v.Chain[1:], nil
	}
	add := func(list []*x509.Certificate) {
		for _, c := range list {
			if names(c) {
				certs = append(certs, c)
			}
		}
	}
	if add(s.agent.Trust.Certificates(to)); len(certs) > 0 || s.notices {
		return certs, nil, nil
	}
	err = s.agent.Network.Discover(ctx, to, func(found trust.Published) bool {
		add(found.Certificates)
		return len(certs) > 0
	})
	return certs, nil, err
}
