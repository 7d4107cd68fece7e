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

// Encrypt writes EnvelopedData (RFC 5652 section 6), or AuthEnvelopedData (RFC 5083) for GCM, in DER for RSA
// recipients and for EC recipients on P-256 and P-384, each named by issuer and serial number. random gives content key and
// initialisation vector; padding and ephemeral keys may take theirs from the system.
func Encrypt(random io.Reader, content []byte, to []*x509.Certificate, o EncryptOptions) ([]byte, error) {
	return EncryptIn(random, nil, content, to, o)
}

// EncryptIn is Encrypt for content at the end of buf, which it overwrites: when buf has room enough before the content (about 600 octets
// a recipient) and capacity behind it (48 octets), the structure is made there, else in new memory.
func EncryptIn(random io.Reader, buf, content []byte, to []*x509.Certificate, o EncryptOptions) ([]byte, error) {
	if len(to) == 0 {
		return nil, errors.New("cms: encrypting: got no recipient, want at least one certificate")
	}
	form := forms[o.Content]
	secret := make([]byte, form.keyLen+form.nonceLen)
	if _, err := io.ReadFull(random, secret); err != nil {
		return nil, fmt.Errorf("cms: encrypting: reading randomness: %w", err)
	}
	key, iv := secret[:form.keyLen], secret[form.keyLen:]
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("cms: encrypting: %w", err)
	}
	infos, version, err := recipientInfos(random, to, key, o.KeyTransport)
	if err != nil {
		return nil, err
	}
	if form.gcm {
		version = 0 // RFC 5083 section 2.1
	}
	var head cryptobyte.Builder
	head.AddASN1ObjectIdentifier(oidData)
	addAlgorithm(&head, form.cipher, func(b *cryptobyte.Builder) { form.addParameters(b, iv) })
	algorithm, err := head.Bytes()
	if err != nil {
		return nil, fmt.Errorf("cms: encrypting: %w", err)
	}
	return form.write(buf, block, iv, content, version, setOf(infos), algorithm)
}

// recipientInfos writes one info for each certificate, and says the version of the structure.
func recipientInfos(random io.Reader, to []*x509.Certificate, key []byte, kt KeyTransport) (infos []byte, version byte, err error) {
	for i, c := range to {
		info, err := recipientInfo(random, c, key, kt)
		if err != nil {
			return nil, 0, fmt.Errorf("cms: encrypting: recipient %d: %w", i, err)
		}
		infos = append(infos, info...)
		if _, ec := c.PublicKey.(*ecdsa.PublicKey); ec {
			version = 2 // RFC 5652 section 6.1: a recipient info of another version than 0
		}
	}
	return infos, version, nil
}

// write puts the structure together with its lengths counted before, so that the content is touched once, by the cipher.
func (f form) write(buf []byte, block cipher.Block, iv, content []byte, version byte, infos, algorithm []byte) ([]byte, error) {
	size := len(content)/aes.BlockSize*aes.BlockSize + aes.BlockSize
	var tail int
	if f.gcm {
		size, tail = len(content), 2+gcmTag
	}
	typ, err := asn1.Marshal(f.contentType)
	if err != nil {
		return nil, fmt.Errorf("cms: encrypting: %w", err)
	}
	info := len(algorithm) + elementSize(size)
	data := 3 + len(infos) + elementSize(info) + tail
	whole := len(typ) + elementSize(elementSize(data))
	out := place(buf, elementSize(whole), elementSize(whole)-size-tail, content)
	out = appendHeader(out, byte(cbasn1.SEQUENCE), whole)
	out = append(out, typ...)
	out = appendHeader(out, byte(explicit(0)), elementSize(data))
	out = appendHeader(out, byte(cbasn1.SEQUENCE), data)
	out = append(append(out, byte(cbasn1.INTEGER), 1, version), infos...)
	out = appendHeader(out, byte(cbasn1.SEQUENCE), info)
	out = append(out, algorithm...)
	out = appendHeader(out, byte(implicit(0)), size)
	if f.gcm {
		return sealGCM(out, block, iv, content)
	}
	return append(out, sealCBC(out[len(out):len(out)+size], block, iv, content)...), nil
}

// place returns empty memory for size octets of which head come before the content: in buf such that the content, when it is in buf,
// is encrypted where it stands, or new.
func place(buf []byte, size, head int, content []byte) []byte {
	if at := len(buf) - len(content) - head; at >= 0 && cap(buf)-at >= size && len(content) > 0 && &buf[len(buf)-len(content)] == &content[0] {
		return buf[at:at:cap(buf)]
	}
	return make([]byte, 0, size)
}

// elementSize is the size of an element with n octets of content.
func elementSize(n int) int { return 2 + lengthOctets(n) + n }

func appendHeader(out []byte, tag byte, n int) []byte { return appendLength(append(out, tag), n) }

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

// sealGCM appends the encrypted content and the MAC as its element.
func sealGCM(out []byte, block cipher.Block, nonce, content []byte) ([]byte, error) {
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("cms: encrypting: %w", err)
	}
	out = aead.Seal(out, nonce, content, nil)
	mac := [gcmTag]byte(out[len(out)-gcmTag:])
	out = append(out[:len(out)-gcmTag], byte(cbasn1.OCTET_STRING), gcmTag)
	return append(out, mac[:]...), nil
}

// sealCBC encrypts into out, with the padding of RFC 5652 section 6.3.
func sealCBC(out []byte, block cipher.Block, iv, content []byte) []byte {
	whole := len(content) / aes.BlockSize * aes.BlockSize
	var last [aes.BlockSize]byte
	n := copy(last[:], content[whole:])
	for i := n; i < len(last); i++ {
		last[i] = byte(len(last) - n)
	}
	mode := cipher.NewCBCEncrypter(block, iv)
	mode.CryptBlocks(out, content[:whole])
	mode.CryptBlocks(out[whole:], last[:])
	return out
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
