package cms

import (
	"crypto"
	"crypto/aes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"io"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// oidECPublicKey is id-ecPublicKey (RFC 5480 section 2.1.1).
var oidECPublicKey = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}

// agreementInfo writes one KeyAgreeRecipientInfo with an ephemeral key (RFC 5753 section 3.1): ECDH on the recipient's curve,
// the X9.63 derivation with SHA-256 (P-256) or SHA-384 (P-384), AES key wrap as long as the content key.
func agreementInfo(random io.Reader, c *x509.Certificate, pub *ecdsa.PublicKey, key []byte) ([]byte, error) {
	curve, scheme, a := ecdh.P256(), oidDHSHA256, &agreement{hash: crypto.SHA256, keyLen: len(key)}
	switch pub.Curve {
	case elliptic.P256():
	case elliptic.P384():
		curve, scheme, a.hash = ecdh.P384(), oidDHSHA384, crypto.SHA384
	default:
		return nil, fail(ErrUnsupported, "recipient's key", "got a curve that is neither P-256 nor P-384")
	}
	peer, err := pub.ECDH()
	if err != nil {
		return nil, err
	}
	own, err := curve.GenerateKey(random)
	if err != nil {
		return nil, err
	}
	shared, err := own.ECDH(peer)
	if err != nil {
		return nil, err
	}
	wrapOID := map[int]asn1.ObjectIdentifier{16: oidWrap128, 32: oidWrap256}[len(key)]
	var wrap cryptobyte.Builder
	addAlgorithm(&wrap, wrapOID, func(*cryptobyte.Builder) {})
	if a.wrap, err = wrap.Bytes(); err != nil {
		return nil, err
	}
	wrapped, err := wrapKey(a.derive(shared), key)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(explicit(1), func(b *cryptobyte.Builder) {
		b.AddASN1Int64(3)
		b.AddASN1(explicit(0), func(b *cryptobyte.Builder) {
			b.AddASN1(explicit(1), func(b *cryptobyte.Builder) {
				addAlgorithm(b, oidECPublicKey, func(*cryptobyte.Builder) {})
				b.AddASN1BitString(own.PublicKey().Bytes())
			})
		})
		addAlgorithm(b, scheme, func(b *cryptobyte.Builder) { b.AddBytes(a.wrap) })
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				addIssuerSerial(b, c.RawIssuer, c.SerialNumber)
				b.AddASN1OctetString(wrapped)
			})
		})
	})
	return b.Bytes()
}

// wrapKey is AES key wrap (RFC 3394 section 2.2.1).
func wrapKey(kek, key []byte) ([]byte, error) {
	block, err := aes.NewCipher(kek)
	if err != nil {
		return nil, err
	}
	n := len(key) / 8
	out := append([]byte{0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6}, key...)
	var buf [16]byte
	for j := range 6 {
		for i := 1; i <= n; i++ {
			copy(buf[:8], out[:8])
			copy(buf[8:], out[i*8:])
			block.Encrypt(buf[:], buf[:])
			binary.BigEndian.PutUint64(out[:8], binary.BigEndian.Uint64(buf[:8])^uint64(n*j+i))
			copy(out[i*8:i*8+8], buf[8:])
		}
	}
	return out, nil
}
