package cms

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Signed is a parsed SignedData (RFC 5652 section 5). It is made by ParseSigned and read-only.
type Signed struct {
	// Content is the encapsulated content of an opaque signature; nil when detached.
	Content []byte
	// Certificates are those carried along that parse, in their order. They are
	// whatever the sender put there: trusted by nobody.
	Certificates []*x509.Certificate
	contentType  asn1.ObjectIdentifier
	signers      []signerInfo
}

// Signers is how many signatures there are, before any of them is looked at.
func (s *Signed) Signers() int { return len(s.signers) }

// Signer is one verified, or refused, signature.
type Signer struct {
	Certificate *x509.Certificate // nil when the structure does not carry it and Verify was not given it
	Digest      crypto.Hash       // 0 when refused
	Algorithm   string            // rsa-sha-256, ecdsa-sha-384, rsa-pss
	SigningTime time.Time         // as the signer claims; zero when absent; proves nothing
	Err         error             // nil: the signature is valid over the content; else ErrSignature, ErrUnsupported or ErrMalformed
}

// signerInfo is a SignerInfo (RFC 5652 section 5.3) before verification.
type signerInfo struct {
	id        issuerSerial
	ski       []byte
	digest    algorithm
	attrs     cryptobyte.String // content octets of signedAttrs
	hasAttrs  bool
	sigAlg    algorithm
	signature []byte
}

// ParseSigned reads SignedData in BER or DER, opaque, detached or certs-only
// (p7b: no signers). The result may alias b. Errors: ErrLimit, ErrMalformed, ErrUnsupported.
func ParseSigned(b []byte, lim Limits) (*Signed, error) {
	lim = lim.withDefaults()
	der, err := Normalize(b, lim)
	if err != nil {
		return nil, err
	}
	oid, body, err := contentInfo(der)
	if err != nil {
		return nil, err
	}
	if !oid.Equal(oidSigned) {
		return nil, fail(ErrUnsupported, "content type", "got %s, want signed-data", name(oid))
	}
	s := &Signed{}
	if err := s.parse(body, lim); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Signed) parse(body cryptobyte.String, lim Limits) error {
	var seq, digests, certs, infos cryptobyte.String
	var version int
	var has bool
	if !body.ReadASN1(&seq, cbasn1.SEQUENCE) || !body.Empty() ||
		!seq.ReadASN1Integer(&version) || !seq.ReadASN1(&digests, cbasn1.SET) {
		return fail(ErrMalformed, "signed data", "want version and digest algorithms")
	}
	if err := s.parseContent(&seq); err != nil {
		return err
	}
	if !seq.ReadOptionalASN1(&certs, &has, explicit(0)) ||
		!seq.SkipOptionalASN1(explicit(1)) || // CRLs: fetched from where the certificate says
		!seq.ReadASN1(&infos, cbasn1.SET) || !seq.Empty() {
		return fail(ErrMalformed, "signed data", "want certificates and signers")
	}
	if err := s.parseCertificates(certs, lim); err != nil {
		return err
	}
	for !infos.Empty() {
		if len(s.signers) >= lim.Signers {
			return fail(ErrLimit, "signers", "got more than %d", lim.Signers)
		}
		info, ok := readSignerInfo(&infos)
		if !ok {
			return fail(ErrMalformed, "signer info", "at %d", len(s.signers))
		}
		s.signers = append(s.signers, info)
	}
	return nil
}

func (s *Signed) parseContent(seq *cryptobyte.String) error {
	var encap, content cryptobyte.String
	var has bool
	if !seq.ReadASN1(&encap, cbasn1.SEQUENCE) || !encap.ReadASN1ObjectIdentifier(&s.contentType) ||
		!encap.ReadOptionalASN1(&content, &has, explicit(0)) || !encap.Empty() {
		return fail(ErrMalformed, "encapsulated content", "want type and content")
	}
	if !has {
		return nil
	}
	var octets cryptobyte.String
	if !content.ReadASN1(&octets, cbasn1.OCTET_STRING) || !content.Empty() {
		return fail(ErrMalformed, "encapsulated content", "want an octet string")
	}
	s.Content = append([]byte{}, octets...) // never nil: an empty content is not a detached one
	return nil
}

// parseCertificates keeps the X.509 certificates; attribute certificates and
// what crypto/x509 cannot read are passed over.
func (s *Signed) parseCertificates(certs cryptobyte.String, lim Limits) error {
	for n := 0; !certs.Empty(); n++ {
		if n >= lim.Certificates {
			return fail(ErrLimit, "certificates", "got more than %d", lim.Certificates)
		}
		var element cryptobyte.String
		var tag cbasn1.Tag
		if !certs.ReadAnyASN1Element(&element, &tag) {
			return fail(ErrMalformed, "certificates", "at %d", n)
		}
		if tag != cbasn1.SEQUENCE {
			continue
		}
		if c, err := x509.ParseCertificate(element); err == nil {
			s.Certificates = append(s.Certificates, c)
		}
	}
	return nil
}

func readSignerInfo(infos *cryptobyte.String) (si signerInfo, ok bool) {
	var info, signature cryptobyte.String
	var version int
	if !infos.ReadASN1(&info, cbasn1.SEQUENCE) || !info.ReadASN1Integer(&version) {
		return si, false
	}
	if info.PeekASN1Tag(cbasn1.SEQUENCE) {
		si.id, ok = readIssuerSerial(&info)
	} else {
		var has bool
		si.ski, has, ok = readImplicitOctets(&info, 0)
		ok = ok && has
	}
	if !ok {
		return si, false
	}
	if si.digest, ok = readAlgorithm(&info); !ok {
		return si, false
	}
	if !info.ReadOptionalASN1(&si.attrs, &si.hasAttrs, explicit(0)) {
		return si, false
	}
	if si.sigAlg, ok = readAlgorithm(&info); !ok {
		return si, false
	}
	if !info.ReadASN1(&signature, cbasn1.OCTET_STRING) ||
		!info.SkipOptionalASN1(explicit(1)) || !info.Empty() {
		return si, false
	}
	si.signature = signature
	return si, true
}
