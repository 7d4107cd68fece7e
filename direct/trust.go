package direct

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"refloop/direct/cms"
)

// Use is what a certificate is wanted for.
type Use int

// Uses.
const (
	ToSign    Use = iota // it signed what came: digitalSignature
	ToEncrypt            // we encrypt to it: keyEncipherment (RSA) or keyAgreement (EC)
)

// DefaultChain is how many certificates a path may have, leaf and anchor included.
const DefaultChain = 6

// minRSABits is the smallest key trusted (Applicability Statement; smaller ones are ignored, not warned about).
const minRSABits = 2048

// Policy is everything a judgement depends on: the same policy always gives
// the same verdict. No anchors trust nobody.
type Policy struct {
	Anchors       []*x509.Certificate // compared as whole certificates
	Intermediates []*x509.Certificate // beside those the message carries
	At            time.Time           // time of receipt or of sending; never a time the signer claims
	CRLs          []*x509.RevocationList
	Statuses      []Status
	NeedCRL       bool          // refuse when nothing current is known of a certificate; false records "unknown"
	NeedNamed     bool          // refuse so when the certificate names where its revocation is published, or only outdated lists of its issuer are here
	Grace         time.Duration // how long a list still counts after its nextUpdate
	Chain         int           // longest path; zero: DefaultChain
}

// Reasons of a refusal, stable words for listings.
const (
	ReasonBinding    = "certificate_not_for_address"
	ReasonKey        = "key_too_weak"
	ReasonUsage      = "wrong_key_usage"
	ReasonExpired    = "certificate_expired"
	ReasonNotYet     = "certificate_not_yet_valid"
	ReasonChain      = "no_path_to_anchor"
	ReasonRevoked    = "certificate_revoked"
	ReasonRevocation = "revocation_unknown"
	ReasonUnnamed    = "revocation_not_published" // the policy needs it, and the certificate names neither lists nor a responder
	ReasonNone       = "no_certificate"
)

// Verdict is the outcome for one certificate and one address.
type Verdict struct {
	Certificate *x509.Certificate
	Chain       []*x509.Certificate // leaf first, anchor last
	Bound       string              // "address" or "domain"
	Revocation  string              // "good" (a current list or answer was looked at for every certificate of the path) or "unknown"
}

// UntrustedError says why; it matches ErrUntrusted.
type UntrustedError struct {
	Reason string // one of the Reason constants
	Detail string // in words; certificate facts only
}

// Error is one line without names of people.
func (e *UntrustedError) Error() string {
	return fmt.Sprintf("direct: certificate: %s: %s", e.Reason, e.Detail)
}

// Is makes errors.Is(err, ErrUntrusted) true.
func (e *UntrustedError) Is(target error) bool { return target == ErrUntrusted }

func untrusted(reason, format string, args ...any) error {
	return &UntrustedError{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

// Trust judges one certificate for one address (direct.md sections 1 and 2). carried are more
// candidates for intermediates, from the message itself.
func Trust(c *x509.Certificate, address string, use Use, carried []*x509.Certificate, p Policy) (Verdict, error) {
	v := Verdict{Certificate: c, Bound: Binding(c, address)}
	if v.Bound == "" {
		return Verdict{}, untrusted(ReasonBinding, "no subject alternative name is the address or its domain")
	}
	if err := checkLeaf(c, use, p.At); err != nil {
		return Verdict{}, err
	}
	chains, err := paths(c, carried, p)
	if err != nil {
		return Verdict{}, err
	}
	var refused error
	for _, chain := range chains {
		v.Revocation, err = revocation(chain, p)
		if err == nil {
			v.Chain = chain
			return v, nil
		}
		if refused == nil {
			refused = err
		}
	}
	return Verdict{}, refused
}

// TrustSigners returns the verdict for the first signer that may speak for address: bound by
// address before bound by domain. Without one, the error is that of the first signer tried.
func TrustSigners(address string, signers []cms.Signer, carried []*x509.Certificate, p Policy) (Verdict, error) {
	certs := make([]*x509.Certificate, 0, len(signers))
	for _, s := range signers {
		if s.Err == nil && s.Certificate != nil {
			certs = append(certs, s.Certificate)
		}
	}
	return first(address, certs, ToSign, carried, p)
}

// SelectRecipient returns the certificate to encrypt to for address: the first that
// passes the policy, bound by address before bound by domain.
func SelectRecipient(address string, certs []*x509.Certificate, p Policy) (Verdict, error) {
	return first(address, certs, ToEncrypt, nil, p)
}

// SelectCarried is SelectRecipient for certificates that came with a message, which may be each other's issuers.
func SelectCarried(address string, carried []*x509.Certificate, p Policy) (Verdict, error) {
	return first(address, carried, ToEncrypt, carried, p)
}

func first(address string, certs []*x509.Certificate, use Use, carried []*x509.Certificate, p Policy) (Verdict, error) {
	ordered := slices.Clone(certs)
	slices.SortStableFunc(ordered, func(a, b *x509.Certificate) int {
		return rank(Binding(a, address)) - rank(Binding(b, address))
	})
	refused := untrusted(ReasonNone, "none is known")
	for i, c := range ordered {
		v, err := Trust(c, address, use, carried, p)
		if err == nil {
			return v, nil
		}
		if i == 0 {
			refused = err
		}
	}
	return Verdict{}, refused
}

func rank(bound string) int {
	switch bound {
	case "address":
		return 0
	case "domain":
		return 1
	}
	return 2
}

// Binding says how a certificate speaks for an address: "address" (rfc822Name),
// "domain" (dNSName, exactly the domain; no wildcard, no parent) or not at all.
func Binding(c *x509.Certificate, address string) string {
	address, ok := Canonical(address)
	if !ok || c == nil {
		return ""
	}
	for _, a := range c.EmailAddresses {
		if strings.EqualFold(a, address) {
			return "address"
		}
	}
	for _, d := range c.DNSNames {
		if strings.EqualFold(d, Domain(address)) {
			return "domain"
		}
	}
	return ""
}

// checkLeaf checks key, usages and time of the end certificate.
func checkLeaf(c *x509.Certificate, use Use, at time.Time) error {
	if err := checkKey(c); err != nil {
		return err
	}
	want, word := x509.KeyUsageDigitalSignature, "digitalSignature"
	if use == ToEncrypt {
		want, word = x509.KeyUsageKeyEncipherment, "keyEncipherment"
		if _, ec := c.PublicKey.(*ecdsa.PublicKey); ec {
			want, word = x509.KeyUsageKeyAgreement, "keyAgreement" // RFC 5753 section 9
		}
	}
	if c.KeyUsage != 0 && c.KeyUsage&want == 0 {
		return untrusted(ReasonUsage, "key usage lacks %s", word)
	}
	if len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) > 0 &&
		!slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageEmailProtection) && !slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny) {
		return untrusted(ReasonUsage, "extended key usage lacks emailProtection")
	}
	if at.Before(c.NotBefore) {
		return untrusted(ReasonNotYet, "valid from %s", c.NotBefore.UTC().Format(time.RFC3339))
	}
	if at.After(c.NotAfter) {
		return untrusted(ReasonExpired, "valid to %s", c.NotAfter.UTC().Format(time.RFC3339))
	}
	return nil
}

func checkKey(c *x509.Certificate) error {
	switch pub := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if pub.N.BitLen() < minRSABits {
			return untrusted(ReasonKey, "got RSA of %d bits, want %d or more", pub.N.BitLen(), minRSABits)
		}
		return nil
	case *ecdsa.PublicKey:
		if pub.Curve == elliptic.P256() || pub.Curve == elliptic.P384() {
			return nil
		}
	}
	return untrusted(ReasonKey, "got %s, want RSA, or ECDSA on P-256 or P-384", c.PublicKeyAlgorithm)
}

// paths are the chains from c to an anchor that are short enough and have no weak key.
func paths(c *x509.Certificate, carried []*x509.Certificate, p Policy) ([][]*x509.Certificate, error) {
	if len(p.Anchors) == 0 {
		return nil, untrusted(ReasonChain, "no anchors are configured for this domain")
	}
	roots, middle := x509.NewCertPool(), x509.NewCertPool()
	for _, a := range p.Anchors {
		roots.AddCert(a)
	}
	for _, list := range [][]*x509.Certificate{p.Intermediates, carried} {
		for _, m := range list {
			if m.IsCA {
				middle.AddCert(m)
			}
		}
	}
	chains, err := c.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: middle, CurrentTime: p.At,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection},
	})
	if err != nil {
		return nil, pathError(err)
	}
	limit := p.Chain
	if limit <= 0 {
		limit = DefaultChain
	}
	kept := chains[:0]
	for _, chain := range chains {
		if len(chain) <= limit && !slices.ContainsFunc(chain, func(c *x509.Certificate) bool { return checkKey(c) != nil }) {
			kept = append(kept, chain)
		}
	}
	if len(kept) == 0 {
		return nil, untrusted(ReasonChain, "every path is longer than %d certificates or has a weak key", limit)
	}
	return kept, nil
}

// pathError turns the library's errors, which name subjects, into a reason.
func pathError(err error) error {
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) {
		switch invalid.Reason {
		case x509.Expired:
			return untrusted(ReasonExpired, "a certificate of the path is not valid at this time")
		case x509.IncompatibleUsage:
			return untrusted(ReasonUsage, "the path is not for e-mail protection")
		}
		return untrusted(ReasonChain, "a certificate of the path breaks its constraints (%d)", invalid.Reason)
	}
	return untrusted(ReasonChain, "its issuer is not known or did not sign it")
}
