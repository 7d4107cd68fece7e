package cms

import (
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// explicit returns the context-specific constructed tag n.
func explicit(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }

// implicit returns the context-specific primitive tag n.
func implicit(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific() }

// algorithm is an AlgorithmIdentifier; params is the whole parameter element, nil when absent.
type algorithm struct {
	oid    asn1.ObjectIdentifier
	params cryptobyte.String
}

func readAlgorithm(s *cryptobyte.String) (a algorithm, ok bool) {
	var seq cryptobyte.String
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) {
		return a, false
	}
	return algorithmBody(seq)
}

// algorithmBody reads the content of an AlgorithmIdentifier.
func algorithmBody(seq cryptobyte.String) (a algorithm, ok bool) {
	if !seq.ReadASN1ObjectIdentifier(&a.oid) {
		return a, false
	}
	if !seq.Empty() {
		var tag cbasn1.Tag
		if !seq.ReadAnyASN1Element(&a.params, &tag) || !seq.Empty() {
			return a, false
		}
	}
	return a, true
}

// plain is true when parameters are absent or NULL.
func (a algorithm) plain() bool {
	return len(a.params) == 0 || len(a.params) == 2 && a.params[0] == byte(cbasn1.NULL) && a.params[1] == 0
}

// contentInfo opens the outer ContentInfo (RFC 5652 section 3) and returns
// the content type and the octets inside [0].
func contentInfo(der []byte) (oid asn1.ObjectIdentifier, content cryptobyte.String, err error) {
	s := cryptobyte.String(der)
	var seq cryptobyte.String
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !s.Empty() ||
		!seq.ReadASN1ObjectIdentifier(&oid) ||
		!seq.ReadASN1(&content, explicit(0)) || !seq.Empty() {
		return nil, nil, fail(ErrMalformed, "content info", "want SEQUENCE {type, [0] content}")
	}
	return oid, content, nil
}

// readImplicitOctets reads an IMPLICIT [n] OCTET STRING, primitive or, as BER
// senders write it, constructed from OCTET STRING pieces.
func readImplicitOctets(s *cryptobyte.String, n uint8) (out []byte, present, ok bool) {
	var body cryptobyte.String
	if s.PeekASN1Tag(implicit(n)) {
		ok = s.ReadASN1(&body, implicit(n))
		return body, true, ok
	}
	if !s.PeekASN1Tag(explicit(n)) {
		return nil, false, true
	}
	if !s.ReadASN1(&body, explicit(n)) {
		return nil, true, false
	}
	size := len(body)
	out = make([]byte, 0, size)
	for !body.Empty() {
		var piece cryptobyte.String
		if !body.ReadASN1(&piece, cbasn1.OCTET_STRING) {
			return nil, true, false
		}
		out = append(out, piece...)
	}
	return out, true, true
}

// issuerSerial is an IssuerAndSerialNumber as raw DER.
type issuerSerial struct {
	issuer []byte // Name, whole element
	serial []byte // INTEGER content octets
}

func readIssuerSerial(s *cryptobyte.String) (id issuerSerial, ok bool) {
	var seq, issuer, serial cryptobyte.String
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) ||
		!seq.ReadASN1Element(&issuer, cbasn1.SEQUENCE) ||
		!seq.ReadASN1(&serial, cbasn1.INTEGER) || !seq.Empty() {
		return id, false
	}
	return issuerSerial{issuer, serial}, true
}
