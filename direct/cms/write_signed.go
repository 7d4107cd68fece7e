package cms

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Sign writes a detached SignedData (RFC 5652 section 5) over content: SHA-256, signed attributes
// contentType, messageDigest and signingTime, the signer's certificate and chain
// included. key is an *rsa.PrivateKey or an *ecdsa.PrivateKey on P-256 or P-384. The content is read once and not copied.
//
// signingTime is the time of the call; nobody may rely on it (RFC 5652 section 11.3).
func Sign(content []byte, cert *x509.Certificate, key crypto.PrivateKey, chain []*x509.Certificate) ([]byte, error) {
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("cms: signing key: got %T, want an RSA or ECDSA private key", key)
	}
	if pub, ok := cert.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); !ok || !pub.Equal(signer.Public()) {
		return nil, errors.New("cms: signing key: does not belong to the certificate; configure the pair that was issued together")
	}
	attrs, err := signedAttributes(sha256.Sum256(content), time.Now())
	if err != nil {
		return nil, fmt.Errorf("cms: signing: %w", err)
	}
	set := setOf(attrs)
	sum := sha256.Sum256(set)
	signature, err := signer.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("cms: signing: %w", err)
	}
	algorithm := func(b *cryptobyte.Builder) { addAlgorithm(b, oidRSA, (*cryptobyte.Builder).AddASN1NULL) }
	switch key.(type) {
	case *rsa.PrivateKey:
	case *ecdsa.PrivateKey:
		algorithm = func(b *cryptobyte.Builder) { addAlgorithm(b, oidECDSASHA256, func(*cryptobyte.Builder) {}) }
	default:
		return nil, fmt.Errorf("cms: signing key: got %T, want an RSA or ECDSA private key", key)
	}
	set[0] = byte(explicit(0)) // signedAttrs is [0] IMPLICIT; the signature is over the SET (section 5.4)
	out, err := signedData(append([]*x509.Certificate{cert}, chain...), set, algorithm, signature)
	if err != nil {
		return nil, fmt.Errorf("cms: signing: %w", err)
	}
	return out, nil
}

// signedAttributes are the attributes as a run of elements.
func signedAttributes(digest [sha256.Size]byte, at time.Time) ([]byte, error) {
	var b cryptobyte.Builder
	attribute := func(oid asn1.ObjectIdentifier, value func(*cryptobyte.Builder)) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oid)
			b.AddASN1(cbasn1.SET, value)
		})
	}
	attribute(oidAttrContentType, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidData) })
	attribute(oidAttrMessageDigest, func(b *cryptobyte.Builder) { b.AddASN1OctetString(digest[:]) })
	attribute(oidAttrSigningTime, func(b *cryptobyte.Builder) {
		if at = at.UTC(); at.Year() < 2050 { // RFC 5652 section 11.3
			b.AddASN1UTCTime(at)
		} else {
			b.AddASN1GeneralizedTime(at)
		}
	})
	return b.Bytes()
}

// signedData writes the structure around one signature.
func signedData(certs []*x509.Certificate, attrs []byte, algorithm func(*cryptobyte.Builder), signature []byte) ([]byte, error) {
	sha := func(b *cryptobyte.Builder) { addAlgorithm(b, oidSHA256, (*cryptobyte.Builder).AddASN1NULL) }
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidSigned)
		b.AddASN1(explicit(0), func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1Int64(1)
				b.AddASN1(cbasn1.SET, sha)
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidData) })
				b.AddASN1(explicit(0), func(b *cryptobyte.Builder) {
					for _, c := range certs {
						b.AddBytes(c.Raw)
					}
				})
				b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1Int64(1)
						addIssuerSerial(b, certs[0].RawIssuer, certs[0].SerialNumber)
						sha(b)
						b.AddBytes(attrs)
						algorithm(b)
						b.AddASN1OctetString(signature)
					})
				})
			})
		})
	})
	return b.Bytes()
}
