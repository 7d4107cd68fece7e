package direct

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Status is what a responder said about one certificate (OCSP, RFC 6960), verified by whoever asked.
type Status struct {
	Certificate            *x509.Certificate
	Revoked                bool
	RevokedAt              time.Time
	ThisUpdate, NextUpdate time.Time
}

// skew is how far ahead of the time of judgement a list or answer may begin: it may have been made for the asking.
const skew = time.Hour

// reasonRemoved is the CRL reason removeFromCRL (RFC 5280 section 5.3.1).
const reasonRemoved = 8

// revocation looks for every certificate below the anchor in a current list of its issuer or a current OCSP answer.
func revocation(chain []*x509.Certificate, p Policy) (string, error) {
	state := "good"
	for i := 0; i+1 < len(chain); i++ {
		c, issuer := chain[i], chain[i+1]
		checked, listed, err := p.revoked(c, issuer)
		if err != nil {
			return "", err
		}
		if checked {
			continue
		}
		named := len(c.CRLDistributionPoints)+len(c.OCSPServer) > 0
		if p.NeedCRL && !named && !listed {
			return "", untrusted(ReasonUnnamed, "a certificate of the path names neither revocation lists nor a responder")
		}
		if p.NeedCRL || p.NeedNamed && (listed || named) {
			return "", untrusted(ReasonRevocation, "no current revocation list or answer of an issuer is known")
		}
		state = "unknown"
	}
	return state, nil
}

// revoked reports whether something current was looked at, and whether its issuer has lists at all; its error says that c is revoked.
func (p Policy) revoked(c, issuer *x509.Certificate) (checked, listed bool, err error) {
	for _, crl := range p.CRLs {
		if !bytes.Equal(crl.RawIssuer, issuer.RawSubject) || crl.CheckSignatureFrom(issuer) != nil {
			continue
		}
		listed = true
		for _, e := range crl.RevokedCertificateEntries {
			if e.SerialNumber.Cmp(c.SerialNumber) == 0 && e.ReasonCode != reasonRemoved && !e.RevocationTime.After(p.At) {
				return false, true, untrusted(ReasonRevoked, "at %s", e.RevocationTime.UTC().Format(time.RFC3339))
			}
		}
		checked = checked || p.covers(crl, c)
	}
	for _, s := range p.Statuses {
		if !s.Certificate.Equal(c) {
			continue
		}
		if s.Revoked && !s.RevokedAt.After(p.At) {
			return false, true, untrusted(ReasonRevoked, "at %s", s.RevokedAt.UTC().Format(time.RFC3339))
		}
		checked = checked || p.timely(s.ThisUpdate, s.NextUpdate)
	}
	return checked, listed, nil
}

// Current reports whether a list of the issuer counts for c at the policy's time.
func Current(crl *x509.RevocationList, c, issuer *x509.Certificate, p Policy) bool {
	return bytes.Equal(crl.RawIssuer, issuer.RawSubject) && crl.CheckSignatureFrom(issuer) == nil && p.covers(crl, c)
}

func (p Policy) timely(this, next time.Time) bool {
	return !p.At.Add(skew).Before(this) && (next.IsZero() || !p.At.After(next.Add(p.Grace)))
}

// covers reports whether a list is current and complete for c: no delta, no list of some reasons, of other
// kinds of certificates or of other issuers (RFC 5280 sections 5.2.4 and 5.2.5).
func (p Policy) covers(crl *x509.RevocationList, c *x509.Certificate) bool {
	return p.timely(crl.ThisUpdate, crl.NextUpdate) && !slices.ContainsFunc(crl.Extensions, func(e pkix.Extension) bool {
		return e.Critical && !(e.Id.Equal(oidDistributionPoint) && wholeFor(e.Value, c))
	})
}

var oidDistributionPoint = asn1.ObjectIdentifier{2, 5, 29, 28}

// wholeFor reads an IssuingDistributionPoint.
func wholeFor(der []byte, c *x509.Certificate) bool {
	s := cryptobyte.String(der)
	var seq cryptobyte.String
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !s.Empty() {
		return false
	}
	for !seq.Empty() {
		var field cryptobyte.String
		var tag cbasn1.Tag
		if !seq.ReadAnyASN1(&field, &tag) {
			return false
		}
		on := len(field) == 1 && field[0] != 0
		switch tag & 0x1f {
		case 0: // distributionPoint: where the list is
		case 1: // onlyContainsUserCerts
			if on && c.IsCA {
				return false
			}
		case 2: // onlyContainsCACerts
			if on && !c.IsCA {
				return false
			}
		case 4: // indirectCRL
			if on {
				return false
			}
		default: // onlySomeReasons, onlyContainsAttributeCerts
			return false
		}
	}
	return true
}
