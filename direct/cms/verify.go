package cms

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Verify checks every signature over content, which must be nil for an opaque
// structure and the signed octets for a detached one. extra are certificates to
// look for the signer in when the structure does not carry it.
//
// It returns all signers, each with its own Err, and an error only when not one of
// them is valid: ErrUnsigned, or the first signer's error. It says nothing about trust.
func (s *Signed) Verify(content []byte, extra ...*x509.Certificate) ([]Signer, error) {
	switch {
	case len(s.signers) == 0:
		return nil, ErrUnsigned
	case s.Content == nil && content == nil:
		return nil, fail(ErrSignature, "content", "got a detached signature without the signed part")
	case s.Content != nil && content != nil:
		return nil, fail(ErrSignature, "content", "got content inside and beside the signature, want one of them")
	case content == nil:
		content = s.Content
	}
	if !s.contentType.Equal(oidData) {
		return nil, fail(ErrUnsupported, "signed content type", "got %s, want data", name(s.contentType))
	}
	digests := make(map[crypto.Hash][]byte, 1)
	out := make([]Signer, len(s.signers))
	valid := false
	for i := range s.signers {
		out[i] = s.verify(&s.signers[i], content, digests, extra)
		valid = valid || out[i].Err == nil
	}
	if !valid {
		return nil, out[0].Err
	}
	return out, nil
}

func (s *Signed) verify(si *signerInfo, content []byte, digests map[crypto.Hash][]byte, extra []*x509.Certificate) Signer {
	out := Signer{Certificate: find(si, s.Certificates)}
	if out.Certificate == nil {
		out.Certificate = find(si, extra)
	}
	hash := digest(si.digest.oid)
	if hash == 0 || !si.digest.plain() {
		out.Err = fail(ErrUnsupported, "digest", "got %s, want sha-256, sha-384 or sha-512", name(si.digest.oid))
		return out
	}
	sum := digests[hash]
	if sum == nil {
		h := hash.New()
		h.Write(content)
		sum = h.Sum(nil)
		digests[hash] = sum
	}
	attrs, err := readAttributes(si)
	if err == nil {
		err = attrs.check(s.contentType, sum)
	}
	if err != nil {
		out.Err = err
		return out
	}
	out.SigningTime = attrs.signingTime
	if out.Certificate == nil {
		out.Err = fail(ErrSignature, "signer", "its certificate is not in the structure")
		return out
	}
	if err := checkSignature(si, hash, out.Certificate.PublicKey); err != nil {
		out.Err = err
		return out
	}
	out.Digest, out.Algorithm = hash, sigName(si, hash)
	return out
}

func sigName(si *signerInfo, hash crypto.Hash) string {
	if !si.sigAlg.oid.Equal(oidRSA) {
		return name(si.sigAlg.oid)
	}
	switch hash {
	case crypto.SHA384:
		return "rsa-sha-384"
	case crypto.SHA512:
		return "rsa-sha-512"
	}
	return "rsa-sha-256"
}

// find returns the certificate a SignerIdentifier names.
func find(si *signerInfo, certs []*x509.Certificate) *x509.Certificate {
	r := recipient{id: si.id, ski: si.ski}
	for _, c := range certs {
		if r.names(c) {
			return c
		}
	}
	return nil
}

// attributes are the signed attributes that verification needs.
type attributes struct {
	contentType   asn1.ObjectIdentifier
	messageDigest []byte
	signingTime   time.Time
}

// readAttributes reads signedAttrs: each required attribute exactly once, with one value (RFC 5652 section 11).
func readAttributes(si *signerInfo) (a attributes, err error) {
	if !si.hasAttrs {
		return a, fail(ErrSignature, "signed attributes", "got none, want contentType and messageDigest")
	}
	bad := fail(ErrMalformed, "signed attributes", "not a set of attributes")
	for body := si.attrs; !body.Empty(); {
		var seq, values cryptobyte.String
		var oid asn1.ObjectIdentifier
		if !body.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1ObjectIdentifier(&oid) ||
			!seq.ReadASN1(&values, cbasn1.SET) || !seq.Empty() {
			return a, bad
		}
		if err := a.set(oid, values); err != nil {
			return a, err
		}
	}
	return a, nil
}

func (a *attributes) set(oid asn1.ObjectIdentifier, values cryptobyte.String) error {
	ok, twice := true, false
	switch {
	case oid.Equal(oidAttrContentType):
		twice = a.contentType != nil
		ok = values.ReadASN1ObjectIdentifier(&a.contentType) && values.Empty()
	case oid.Equal(oidAttrMessageDigest):
		var octets cryptobyte.String
		twice = a.messageDigest != nil
		ok = values.ReadASN1(&octets, cbasn1.OCTET_STRING) && values.Empty()
		a.messageDigest = append([]byte{}, octets...)
	case oid.Equal(oidAttrSigningTime):
		twice = !a.signingTime.IsZero()
		if values.PeekASN1Tag(cbasn1.UTCTime) {
			ok = values.ReadASN1UTCTime(&a.signingTime)
		} else {
			ok = values.ReadASN1GeneralizedTime(&a.signingTime)
		}
		ok = ok && values.Empty()
	}
	if twice || !ok {
		return fail(ErrSignature, "signed attributes", "got %s more than once or not as the standard writes it", oid)
	}
	return nil
}

// check compares the attributes with what was signed (RFC 5652 section 5.6).
func (a *attributes) check(contentType asn1.ObjectIdentifier, sum []byte) error {
	if !a.contentType.Equal(contentType) {
		return fail(ErrSignature, "contentType attribute", "missing or not the type of the content")
	}
	if !bytes.Equal(a.messageDigest, sum) {
		return fail(ErrSignature, "messageDigest attribute", "missing or not the digest of the content")
	}
	return nil
}

// checkSignature verifies the signature over the attributes. The standard's form, the
// DER of the SET OF, is tried first; then the order in which they came, as some senders sign that.
func checkSignature(si *signerInfo, hash crypto.Hash, pub crypto.PublicKey) error {
	sorted, asSent := setOf(si.attrs), wrapSet(si.attrs)
	err := checkOne(si, hash, pub, sorted)
	if errors.Is(err, ErrSignature) && !bytes.Equal(sorted, asSent) {
		err = checkOne(si, hash, pub, asSent)
	}
	return err
}

func checkOne(si *signerInfo, hash crypto.Hash, pub crypto.PublicKey, signed []byte) error {
	h := hash.New()
	h.Write(signed)
	sum := h.Sum(nil)
	switch pub := pub.(type) {
	case *rsa.PublicKey:
		return checkRSA(si, hash, pub, sum)
	case *ecdsa.PublicKey:
		return checkECDSA(si, hash, pub, sum)
	}
	return fail(ErrUnsupported, "signer's key", "got %T, want RSA or ECDSA", pub)
}

func checkRSA(si *signerInfo, hash crypto.Hash, pub *rsa.PublicKey, sum []byte) error {
	if n := pub.N.BitLen(); n < minRSABits || n > maxRSABits {
		return fail(ErrUnsupported, "signer's key", "got RSA of %d bits, want %d to %d", n, minRSABits, maxRSABits)
	}
	oid := si.sigAlg.oid
	var err error
	switch {
	case oid.Equal(oidPSS):
		salt, ok := pssSalt(si.sigAlg.params, hash)
		if !ok {
			return fail(ErrUnsupported, "signature", "got RSA-PSS parameters that differ from the digest")
		}
		err = rsa.VerifyPSS(pub, hash, sum, si.signature, &rsa.PSSOptions{SaltLength: salt, Hash: hash})
	case oid.Equal(oidRSA), sameHash(oid, hash, oidRSASHA256, oidRSASHA384, oidRSASHA512):
		if !si.sigAlg.plain() {
			return fail(ErrMalformed, "signature algorithm", "got parameters, want none or NULL")
		}
		err = rsa.VerifyPKCS1v15(pub, hash, sum, si.signature)
	default:
		return fail(ErrUnsupported, "signature", "got %s for an RSA key", name(oid))
	}
	if err != nil {
		return fail(ErrSignature, "signature", "does not match the signed attributes")
	}
	return nil
}

func checkECDSA(si *signerInfo, hash crypto.Hash, pub *ecdsa.PublicKey, sum []byte) error {
	if pub.Curve != elliptic.P256() && pub.Curve != elliptic.P384() {
		return fail(ErrUnsupported, "signer's key", "got another curve, want P-256 or P-384")
	}
	if !sameHash(si.sigAlg.oid, hash, oidECDSASHA256, oidECDSASHA384, oidECDSASHA512) {
		return fail(ErrUnsupported, "signature", "got %s for an ECDSA key", name(si.sigAlg.oid))
	}
	if !ecdsa.VerifyASN1(pub, sum, si.signature) {
		return fail(ErrSignature, "signature", "does not match the signed attributes")
	}
	return nil
}

// sameHash reports whether oid is the signature algorithm for hash.
func sameHash(oid asn1.ObjectIdentifier, hash crypto.Hash, o256, o384, o512 asn1.ObjectIdentifier) bool {
	switch hash {
	case crypto.SHA256:
		return oid.Equal(o256)
	case crypto.SHA384:
		return oid.Equal(o384)
	case crypto.SHA512:
		return oid.Equal(o512)
	}
	return false
}

// pssSalt reads RSASSA-PSS-params (RFC 4055 section 3.1): hash and mask hash must be the
// digest, the trailer field its default.
func pssSalt(params cryptobyte.String, hash crypto.Hash) (salt int, ok bool) {
	var seq cryptobyte.String
	if !params.ReadASN1(&seq, cbasn1.SEQUENCE) {
		return 0, false
	}
	h, ok := hashParam(&seq, 0)
	if !ok || h != hash {
		return 0, false
	}
	m, ok := mgfParam(&seq, 1)
	if !ok || m != hash {
		return 0, false
	}
	if !seq.ReadOptionalASN1Integer(&salt, explicit(2), 20) || salt < 0 || salt > 512 {
		return 0, false
	}
	trailer := 1
	if !seq.ReadOptionalASN1Integer(&trailer, explicit(3), 1) || trailer != 1 || !seq.Empty() {
		return 0, false
	}
	return salt, true
}
