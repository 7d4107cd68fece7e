package cms

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
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

// ContentCipher is how the content is encrypted.
type ContentCipher int

// Content ciphers.
const (
	AES256CBC ContentCipher = iota // EnvelopedData: every Direct peer reads it
	AES128CBC
	AES256GCM // AuthEnvelopedData (RFC 5083, 5084)
	AES128GCM
)

// EncryptOptions choose algorithms. The zero value is the common denominator: RSA v1.5 and AES-256-CBC. A
// recipient with an EC key always gets ECDH.
type EncryptOptions struct {
	KeyTransport KeyTransport
	Content      ContentCipher
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

// Encrypt writes EnvelopedData (RFC 5652 section 6), or AuthEnvelopedData (RFC 5083) for GCM, in DER for RSA
// recipients and for EC recipients on P-256 and P-384, each named by issuer and serial number. random gives content key and
// initialisation vector; padding and ephemeral keys may take theirs from the system.
func Encrypt(random io.Reader, content []byte, to []*x509.Certificate, o EncryptOptions) ([]byte, error) {
	if len(to) == 0 {
		return nil, errors.New("cms: encrypting: got no recipient, want at least one certificate")
	}
	form := forms[o.Content]
	secret := make([]byte, form.keyLen+form.nonceLen)
	if _, err := io.ReadFull(random, secret); err != nil {
		return nil, fmt.Errorf("cms: encrypting: reading randomness: %w", err)
	}
	key, iv := secret[:form.keyLen], secret[form.keyLen:]
	infos := make([]byte, 0, 512*len(to))
	version := int64(0)
	for i, c := range to {
		info, err := recipientInfo(random, c, key, o.KeyTransport)
		if err != nil {
			return nil, fmt.Errorf("cms: encrypting: recipient %d: %w", i, err)
		}
		infos = append(infos, info...)
		if _, ec := c.PublicKey.(*ecdsa.PublicKey); ec && !form.gcm {
			version = 2 // RFC 5652 section 6.1: a recipient info of another version than 0
		}
	}
	encrypt := encryptCBC
	if form.gcm {
		encrypt = encryptGCM
	}
	text, mac, err := encrypt(key, iv, content)
	if err != nil {
		return nil, fmt.Errorf("cms: encrypting: %w", err)
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(form.contentType)
		b.AddASN1(explicit(0), func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1Int64(version)
				b.AddBytes(setOf(infos))
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(oidData)
					addAlgorithm(b, form.cipher, func(b *cryptobyte.Builder) { form.addParameters(b, iv) })
					b.AddASN1(implicit(0), func(b *cryptobyte.Builder) { b.AddBytes(text) })
				})
				if form.gcm {
					b.AddASN1OctetString(mac)
				}
			})
		})
	})
	return b.Bytes()
}

// form is what a content cipher asks of the structure.
type form struct {
	contentType, cipher asn1.ObjectIdentifier
	keyLen, nonceLen    int
	gcm                 bool
}

var forms = map[ContentCipher]form{
	AES256CBC: {oidEnveloped, oidAES256CBC, 32, aes.BlockSize, false},
	AES128CBC: {oidEnveloped, oidAES128CBC, 16, aes.BlockSize, false},
	AES256GCM: {oidAuthEnveloped, oidAES256GCM, 32, gcmNonce, true},
	AES128GCM: {oidAuthEnveloped, oidAES128GCM, 16, gcmNonce, true},
}

// Sizes of GCM (RFC 5084 section 3.2); the tag is written with its full length.
const (
	gcmNonce = 12
	gcmTag   = 16
)

func (f form) addParameters(b *cryptobyte.Builder, iv []byte) {
	if !f.gcm {
		b.AddASN1OctetString(iv)
		return
	}
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1OctetString(iv)
		b.AddASN1Int64(gcmTag)
	})
}

// recipientInfo is how one recipient gets the content key: by agreement for an EC key, else by transport.
func recipientInfo(random io.Reader, c *x509.Certificate, key []byte, kt KeyTransport) ([]byte, error) {
	if pub, ec := c.PublicKey.(*ecdsa.PublicKey); ec {
		return agreementInfo(random, c, pub, key)
	}
	return transportInfo(random, c, key, kt)
}

func encryptGCM(key, nonce, content []byte) (text, mac []byte, err error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, nil, err
	}
	out := aead.Seal(make([]byte, 0, len(content)+gcmTag), nonce, content, nil)
	return out[:len(content)], out[len(content):], nil
}

// encryptCBC pads as RFC 5652 section 6.3 and encrypts.
func encryptCBC(key, iv, content []byte) (text, none []byte, err error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, nil, err
	}
	pad := aes.BlockSize - len(content)%aes.BlockSize
	out := make([]byte, len(content)+pad)
	for i := copy(out, content); i < len(out); i++ {
		out[i] = byte(pad)
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, out)
	return out, nil, nil
}

// transportInfo writes one KeyTransRecipientInfo.
func transportInfo(random io.Reader, c *x509.Certificate, key []byte, kt KeyTransport) ([]byte, error) {
	pub, ok := c.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, fail(ErrUnsupported, "recipient's key", "got %T, want RSA or ECDSA", c.PublicKey)
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
