package cms

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/big"

	"go.mozilla.org/pkcs7"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// KeyTransport is how the content key is encrypted for an RSA recipient.
type KeyTransport int

// Key transports.
const (
	RSAv15     KeyTransport = iota // RSAES-PKCS1-v1_5 with NULL parameters: every Direct peer reads it
	OAEPSHA256                     // RSAES-OAEP with SHA-256 for hash and mask
	OAEPSHA1                       // RSAES-OAEP with the defaults of RFC 4055
)

// EncryptOptions choose algorithms. The zero value is the common denominator: RSA v1.5 and AES-256-CBC.
type EncryptOptions struct {
	KeyTransport KeyTransport
}

// Sign writes a detached SignedData over content: SHA-256, signed attributes
// contentType, messageDigest and signingTime, the signer's certificate and chain
// included. key is an *rsa.PrivateKey or an *ecdsa.PrivateKey on P-256 or P-384.
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
	sd, err := pkcs7.NewSignedData(content)
	if err != nil {
		return nil, fmt.Errorf("cms: signing: %w", err)
	}
	sd.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	if err := sd.AddSigner(cert, key, pkcs7.SignerInfoConfig{}); err != nil {
		return nil, fmt.Errorf("cms: signing: %w", err)
	}
	for _, c := range chain {
		sd.AddCertificate(c)
	}
	sd.Detach()
	out, err := sd.Finish()
	if err != nil {
		return nil, fmt.Errorf("cms: signing: %w", err)
	}
	return out, nil
}

// Encrypt writes EnvelopedData (RFC 5652 section 6) in DER for RSA recipients,
// each named by issuer and serial number. random gives content key and
// initialisation vector; the RSA padding takes its own from the system.
func Encrypt(random io.Reader, content []byte, to []*x509.Certificate, o EncryptOptions) ([]byte, error) {
	if len(to) == 0 {
		return nil, errors.New("cms: encrypting: got no recipient, want at least one certificate")
	}
	secret := make([]byte, 32+aes.BlockSize)
	if _, err := io.ReadFull(random, secret); err != nil {
		return nil, fmt.Errorf("cms: encrypting: reading randomness: %w", err)
	}
	key, iv := secret[:32], secret[32:]
	infos := make([]byte, 0, 512*len(to))
	for i, c := range to {
		info, err := transportInfo(random, c, key, o.KeyTransport)
		if err != nil {
			return nil, fmt.Errorf("cms: encrypting: recipient %d: %w", i, err)
		}
		infos = append(infos, info...)
	}
	text, err := encryptCBC(key, iv, content)
	if err != nil {
		return nil, fmt.Errorf("cms: encrypting: %w", err)
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidEnveloped)
		b.AddASN1(explicit(0), func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1Int64(0)
				b.AddBytes(setOf(infos))
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(oidData)
					addAlgorithm(b, oidAES256CBC, func(b *cryptobyte.Builder) { b.AddASN1OctetString(iv) })
					b.AddASN1(implicit(0), func(b *cryptobyte.Builder) { b.AddBytes(text) })
				})
			})
		})
	})
	return b.Bytes()
}

// encryptCBC pads as RFC 5652 section 6.3 and encrypts.
func encryptCBC(key, iv, content []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	pad := aes.BlockSize - len(content)%aes.BlockSize
	out := make([]byte, len(content)+pad)
	for i := copy(out, content); i < len(out); i++ {
		out[i] = byte(pad)
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, out)
	return out, nil
}

// transportInfo writes one KeyTransRecipientInfo.
func transportInfo(random io.Reader, c *x509.Certificate, key []byte, kt KeyTransport) ([]byte, error) {
	pub, ok := c.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, fail(ErrUnsupported, "recipient's key", "got %T, want RSA", c.PublicKey)
	}
	var encrypted []byte
	var err error
	switch kt {
	case OAEPSHA256:
		encrypted, err = rsa.EncryptOAEP(sha256.New(), random, pub, key, nil)
	case OAEPSHA1:
		encrypted, err = rsa.EncryptOAEP(newSHA1(), random, pub, key, nil)
	default:
		//lint:ignore SA1019 the one key transport every Direct peer reads (RFC 8551 section 2.3)
		encrypted, err = rsa.EncryptPKCS1v15(random, pub, key)
	}
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		addIssuerSerial(b, c.RawIssuer, c.SerialNumber)
		addTransport(b, kt)
		b.AddASN1OctetString(encrypted)
	})
	return b.Bytes()
}

func newSHA1() hash.Hash { return crypto.SHA1.New() }

func addIssuerSerial(b *cryptobyte.Builder, issuer []byte, serial *big.Int) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(issuer)
		b.AddASN1BigInt(serial)
	})
}

func addAlgorithm(b *cryptobyte.Builder, oid asn1.ObjectIdentifier, params func(*cryptobyte.Builder)) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		params(b)
	})
}

// addTransport writes the key encryption AlgorithmIdentifier (RFC 3370 section 4.2.1, RFC 4055 section 4.1).
func addTransport(b *cryptobyte.Builder, kt KeyTransport) {
	null := func(b *cryptobyte.Builder) { b.AddASN1NULL() }
	switch kt {
	case OAEPSHA256:
		hash := func(b *cryptobyte.Builder) { addAlgorithm(b, oidSHA256, null) }
		addAlgorithm(b, oidOAEP, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(explicit(0), hash)
				b.AddASN1(explicit(1), func(b *cryptobyte.Builder) { addAlgorithm(b, oidMGF1, hash) })
			})
		})
	case OAEPSHA1:
		addAlgorithm(b, oidOAEP, func(b *cryptobyte.Builder) { b.AddASN1(cbasn1.SEQUENCE, func(*cryptobyte.Builder) {}) })
	default:
		addAlgorithm(b, oidRSA, null)
	}
}
