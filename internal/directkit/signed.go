package directkit

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	_ "crypto/md5" // for messages that must be refused
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // for messages that must be refused
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// OID is an object identifier.
type OID = asn1.ObjectIdentifier

// Object identifiers of CMS.
var (
	Data       = OID{1, 2, 840, 113549, 1, 7, 1}
	signedData = OID{1, 2, 840, 113549, 1, 7, 2}
	enveloped  = OID{1, 2, 840, 113549, 1, 7, 3}
	authEnv    = OID{1, 2, 840, 113549, 1, 9, 16, 1, 23}

	attrContentType   = OID{1, 2, 840, 113549, 1, 9, 3}
	attrMessageDigest = OID{1, 2, 840, 113549, 1, 9, 4}
	attrSigningTime   = OID{1, 2, 840, 113549, 1, 9, 5}

	rsaEncryption = OID{1, 2, 840, 113549, 1, 1, 1}
	rsaPSS        = OID{1, 2, 840, 113549, 1, 1, 10}
	rsaOAEP       = OID{1, 2, 840, 113549, 1, 1, 7}
	mgf1          = OID{1, 2, 840, 113549, 1, 1, 8}
)

func digestOID(h crypto.Hash) OID {
	return map[crypto.Hash]OID{
		crypto.MD5: {1, 2, 840, 113549, 2, 5}, crypto.SHA1: {1, 3, 14, 3, 2, 26}, crypto.SHA256: {2, 16, 840, 1, 101, 3, 4, 2, 1},
		crypto.SHA384: {2, 16, 840, 1, 101, 3, 4, 2, 2}, crypto.SHA512: {2, 16, 840, 1, 101, 3, 4, 2, 3}, crypto.SHA224: {2, 16, 840, 1, 101, 3, 4, 2, 4},
	}[h]
}

func ecdsaOID(h crypto.Hash) OID {
	return map[crypto.Hash]OID{
		crypto.SHA1: {1, 2, 840, 10045, 4, 1}, crypto.SHA224: {1, 2, 840, 10045, 4, 3, 1}, crypto.SHA256: {1, 2, 840, 10045, 4, 3, 2},
		crypto.SHA384: {1, 2, 840, 10045, 4, 3, 3}, crypto.SHA512: {1, 2, 840, 10045, 4, 3, 4},
	}[h]
}

// Signer is one SignerInfo to write. The zero value of everything but the identity is what a good sender writes.
type Signer struct {
	Identity
	Hash         crypto.Hash         // zero: SHA-256
	PSS          bool                // RSASSA-PSS
	Salt         int                 // of PSS; zero: as long as the digest
	HashOID      bool                // sha256WithRSAEncryption in place of rsaEncryption
	KeyID        bool                // named by subject key identifier
	NoAttributes bool                // the content itself is signed
	Leave        []OID               // attributes left out
	Twice        []OID               // attributes written two times
	TwoValues    []OID               // attributes with two values
	ContentType  OID                 // value of the contentType attribute; nil: data
	Digest       []byte              // value of the messageDigest attribute; nil: the right one
	SigningTime  time.Time           // zero: now
	Unsorted     bool                // attributes signed and sent in an order that is not DER's
	Damage       func([]byte) []byte // of the signature value
}

// SignOptions are those of the whole structure.
type SignOptions struct {
	Opaque      bool                // the content inside
	ContentType OID                 // of the encapsulated content; nil: data
	NoCerts     bool                // the signers' certificates are not sent
	Carry       []*x509.Certificate // sent as well
	Version     int64               // zero: 1
	BER         bool                // indefinite lengths, the content in pieces
	Trailing    []byte              // after the structure
}

func explicit(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }

// Sign writes SignedData over content.
func Sign(t testing.TB, content []byte, o SignOptions, signers ...Signer) []byte {
	t.Helper()
	typ := o.ContentType
	if typ == nil {
		typ = Data
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(signedData)
		b.AddASN1(explicit(0), func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1Int64(max(o.Version, 1))
				b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
					for _, s := range signers {
						algorithm(b, digestOID(s.hash()), null)
					}
				})
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(typ)
					if o.Opaque {
						b.AddASN1(explicit(0), func(b *cryptobyte.Builder) { b.AddASN1OctetString(content) })
					}
				})
				addCertificates(b, o, signers)
				b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
					for _, s := range signers {
						s.write(t, b, content, typ)
					}
				})
			})
		})
	})
	der, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if o.BER {
		der = Indefinite(der)
	}
	return append(der, o.Trailing...)
}

func addCertificates(b *cryptobyte.Builder, o SignOptions, signers []Signer) {
	var certs []*x509.Certificate
	if !o.NoCerts {
		for _, s := range signers {
			certs = append(certs, s.Certificate)
		}
	}
	certs = append(certs, o.Carry...)
	if len(certs) == 0 {
		return
	}
	b.AddASN1(explicit(0), func(b *cryptobyte.Builder) {
		for _, c := range certs {
			b.AddBytes(c.Raw)
		}
	})
}

func (s Signer) hash() crypto.Hash {
	if s.Hash == 0 {
		return crypto.SHA256
	}
	return s.Hash
}

func null(b *cryptobyte.Builder) { b.AddASN1NULL() }

func nothing(*cryptobyte.Builder) {}

func algorithm(b *cryptobyte.Builder, oid OID, params func(*cryptobyte.Builder)) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		params(b)
	})
}

// write adds the SignerInfo.
func (s Signer) write(t testing.TB, b *cryptobyte.Builder, content []byte, typ OID) {
	attrs := s.attributes(t, content, typ)
	signed := content
	if !s.NoAttributes {
		signed = wrap(byte(cbasn1.SET), attrs)
	}
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		if s.KeyID {
			b.AddASN1Int64(3)
			b.AddASN1(cbasn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(s.Certificate.SubjectKeyId) })
		} else {
			b.AddASN1Int64(1)
			issuerSerial(b, s.Certificate)
		}
		algorithm(b, digestOID(s.hash()), null)
		if !s.NoAttributes {
			b.AddBytes(wrap(byte(explicit(0)), attrs))
		}
		s.algorithm(b)
		value := s.value(t, signed)
		if s.Damage != nil {
			value = s.Damage(value)
		}
		b.AddASN1OctetString(value)
	})
}

func issuerSerial(b *cryptobyte.Builder, c *x509.Certificate) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(c.RawIssuer)
		b.AddASN1BigInt(c.SerialNumber)
	})
}

// attributes are the signed attributes, in the order of DER unless they are to be unsorted.
func (s Signer) attributes(t testing.TB, content []byte, typ OID) []byte {
	t.Helper()
	if s.ContentType != nil {
		typ = s.ContentType
	}
	sum := s.Digest
	if sum == nil {
		h := s.hash().New()
		h.Write(content)
		sum = h.Sum(nil)
	}
	at := s.SigningTime
	if at.IsZero() {
		at = time.Now()
	}
	var list [][]byte
	add := func(oid OID, value func(*cryptobyte.Builder)) {
		if slices.ContainsFunc(s.Leave, oid.Equal) {
			return
		}
		var b cryptobyte.Builder
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oid)
			b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
				value(b)
				if slices.ContainsFunc(s.TwoValues, oid.Equal) {
					value(b)
				}
			})
		})
		der, err := b.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, der)
		if slices.ContainsFunc(s.Twice, oid.Equal) {
			list = append(list, der)
		}
	}
	add(attrMessageDigest, func(b *cryptobyte.Builder) { b.AddASN1OctetString(sum) })
	add(attrSigningTime, func(b *cryptobyte.Builder) { b.AddASN1UTCTime(at.UTC()) })
	add(attrContentType, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(typ) })
	if !s.Unsorted {
		slices.SortFunc(list, bytes.Compare)
	}
	return bytes.Join(list, nil)
}

// algorithm is the signature algorithm.
func (s Signer) algorithm(b *cryptobyte.Builder) {
	if _, ec := s.Key.(*ecdsa.PrivateKey); ec {
		algorithm(b, ecdsaOID(s.hash()), nothing)
		return
	}
	switch {
	case s.PSS:
		hash := func(b *cryptobyte.Builder) { algorithm(b, digestOID(s.hash()), null) }
		algorithm(b, rsaPSS, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(explicit(0), hash)
				b.AddASN1(explicit(1), func(b *cryptobyte.Builder) { algorithm(b, mgf1, hash) })
				b.AddASN1(explicit(2), func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(s.salt())) })
			})
		})
	case s.HashOID:
		algorithm(b, map[crypto.Hash]OID{
			crypto.SHA1: {1, 2, 840, 113549, 1, 1, 5}, crypto.SHA256: {1, 2, 840, 113549, 1, 1, 11}, crypto.SHA384: {1, 2, 840, 113549, 1, 1, 12}, crypto.SHA512: {1, 2, 840, 113549, 1, 1, 13},
		}[s.hash()], null)
	default:
		algorithm(b, rsaEncryption, null)
	}
}

func (s Signer) salt() int {
	if s.Salt > 0 {
		return s.Salt
	}
	return s.hash().Size()
}

func (s Signer) value(t testing.TB, signed []byte) []byte {
	t.Helper()
	h := s.hash().New()
	h.Write(signed)
	var opts crypto.SignerOpts = s.hash()
	if s.PSS {
		opts = &rsa.PSSOptions{SaltLength: s.salt(), Hash: s.hash()}
	}
	out, err := s.Key.Sign(rand.Reader, h.Sum(nil), opts)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// wrap puts body under a tag.
func wrap(tag byte, body []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.Tag(tag), func(b *cryptobyte.Builder) { b.AddBytes(body) })
	return b.BytesOrPanic()
}
