package directkit

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"hash"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Transport is how a content key reaches an RSA recipient.
type Transport struct {
	OAEP      crypto.Hash // zero: RSA PKCS#1 v1.5
	MGF       crypto.Hash // zero: as OAEP
	Default   bool        // OAEP parameters left out: SHA-1
	NoParams  bool        // v1.5 without NULL
	Label     []byte      // of OAEP
	KeyID     bool        // the recipient is named by subject key identifier
	WrongKey  bool        // the key inside is not the content's
	KeyLength int         // of the key inside; zero: as the cipher asks
}

// Agreement is how a content key reaches an EC recipient.
type Agreement struct {
	Scheme OID         // zero: dhSinglePass-stdDH-sha256kdf
	Hash   crypto.Hash // of Scheme
	UKM    []byte
	Wrap   int                 // bytes of the key wrap; zero: as the content key
	Point  func([]byte) []byte // change of the ephemeral point
	KeyID  bool
	NULL   bool // the key wrap algorithm with NULL parameters, as some write
}

// EncryptOptions are those of the whole structure.
type EncryptOptions struct {
	Cipher    string // aes-128-cbc, aes-192-cbc, aes-256-cbc (the default), aes-128-gcm, aes-192-gcm, aes-256-gcm, 3des, des
	Transport Transport
	Agreement Agreement
	Tag       int                 // bytes of the GCM tag; zero: 16
	TagStated int64               // in the parameters; zero: as Tag
	Nonce     int                 // bytes of the GCM nonce; zero: 12
	NoTagSize bool                // parameters without the tag's length: 12
	Damage    func([]byte) []byte // of the encrypted content
	Content   OID                 // content type inside; nil: data
	Plain     bool                // AES-GCM inside of EnvelopedData, CBC inside of AuthEnvelopedData
	BER       bool
	Trailing  []byte
}

type contentCipher struct {
	oid    OID
	keyLen int
	gcm    bool
}

var ciphers = map[string]contentCipher{
	"aes-128-cbc": {OID{2, 16, 840, 1, 101, 3, 4, 1, 2}, 16, false}, "aes-192-cbc": {OID{2, 16, 840, 1, 101, 3, 4, 1, 22}, 24, false},
	"aes-256-cbc": {OID{2, 16, 840, 1, 101, 3, 4, 1, 42}, 32, false}, "": {OID{2, 16, 840, 1, 101, 3, 4, 1, 42}, 32, false},
	"aes-128-gcm": {OID{2, 16, 840, 1, 101, 3, 4, 1, 6}, 16, true}, "aes-192-gcm": {OID{2, 16, 840, 1, 101, 3, 4, 1, 26}, 24, true},
	"aes-256-gcm": {OID{2, 16, 840, 1, 101, 3, 4, 1, 46}, 32, true},
	"3des":        {OID{1, 2, 840, 113549, 3, 7}, 24, false}, "des": {OID{1, 3, 14, 3, 2, 7}, 8, false},
}

// Encrypt writes EnvelopedData, or AuthEnvelopedData for GCM.
func Encrypt(t testing.TB, content []byte, o EncryptOptions, to ...*x509.Certificate) []byte {
	t.Helper()
	form, ok := ciphers[o.Cipher]
	if !ok {
		t.Fatalf("no cipher %q", o.Cipher)
	}
	key := random(form.keyLen)
	text, iv, mac := o.encrypt(t, form, key, content)
	if o.Damage != nil {
		text = o.Damage(text)
	}
	typ, auth := enveloped, form.gcm != o.Plain
	if auth {
		typ = authEnv
	}
	inner := o.Content
	if inner == nil {
		inner = Data
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(typ)
		b.AddASN1(explicit(0), func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1Int64(0)
				b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
					for _, c := range to {
						o.recipient(t, b, c, key)
					}
				})
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(inner)
					algorithm(b, form.oid, func(b *cryptobyte.Builder) { o.parameters(b, form, iv) })
					b.AddASN1(cbasn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(text) })
				})
				if auth {
					b.AddASN1OctetString(mac)
				}
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

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

func (o EncryptOptions) parameters(b *cryptobyte.Builder, form contentCipher, iv []byte) {
	if !form.gcm {
		b.AddASN1OctetString(iv)
		return
	}
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1OctetString(iv)
		if n := orInt(int(o.TagStated), o.tag()); !o.NoTagSize {
			b.AddASN1Int64(int64(n))
		}
	})
}

func orInt(n, otherwise int) int {
	if n > 0 {
		return n
	}
	return otherwise
}

func (o EncryptOptions) tag() int {
	if o.NoTagSize {
		return orInt(o.Tag, 12)
	}
	return orInt(o.Tag, 16)
}

func (o EncryptOptions) encrypt(t testing.TB, form contentCipher, key, content []byte) (text, iv, mac []byte) {
	t.Helper()
	var block cipher.Block
	var err error
	switch o.Cipher {
	case "3des":
		block, err = des.NewTripleDESCipher(key)
	case "des":
		block, err = des.NewCipher(key)
	default:
		block, err = aes.NewCipher(key)
	}
	if err != nil {
		t.Fatal(err)
	}
	if form.gcm {
		nonce := random(orInt(o.Nonce, 12))
		aead, err := cipher.NewGCMWithNonceSize(block, len(nonce))
		if err != nil {
			t.Fatal(err)
		}
		out := aead.Seal(nil, nonce, content, nil)
		n := len(out) - 16
		return out[:n], nonce, out[n : n+o.tag()] // a shorter tag is the beginning of the whole (SP 800-38D)
	}
	iv = random(block.BlockSize())
	pad := block.BlockSize() - len(content)%block.BlockSize()
	text = append([]byte{}, content...)
	for range pad {
		text = append(text, byte(pad))
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(text, text)
	return text, iv, random(16)
}

func (o EncryptOptions) recipient(t testing.TB, b *cryptobyte.Builder, c *x509.Certificate, key []byte) {
	t.Helper()
	switch pub := c.PublicKey.(type) {
	case *rsa.PublicKey:
		o.Transport.write(t, b, c, pub, key)
	case *ecdsa.PublicKey:
		o.Agreement.write(t, b, c, pub, key)
	}
}

func (tr Transport) write(t testing.TB, b *cryptobyte.Builder, c *x509.Certificate, pub *rsa.PublicKey, key []byte) {
	t.Helper()
	if tr.WrongKey {
		key = random(len(key))
	}
	if tr.KeyLength > 0 {
		key = random(tr.KeyLength)
	}
	var encrypted []byte
	var err error
	switch {
	case tr.OAEP != 0:
		mgf := tr.MGF
		if mgf == 0 {
			mgf = tr.OAEP
		}
		encrypted, err = rsa.EncryptOAEPWithOptions(rand.Reader, pub, key, &rsa.OAEPOptions{Hash: tr.OAEP, MGFHash: mgf, Label: tr.Label})
	default:
		//lint:ignore SA1019 what most peers write (RFC 8551 section 2.3)
		encrypted, err = rsa.EncryptPKCS1v15(rand.Reader, pub, key)
	}
	if err != nil {
		t.Fatal(err)
	}
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		if tr.KeyID {
			b.AddASN1Int64(2)
			b.AddASN1(cbasn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(c.SubjectKeyId) })
		} else {
			b.AddASN1Int64(0)
			issuerSerial(b, c)
		}
		tr.algorithm(b)
		b.AddASN1OctetString(encrypted)
	})
}

func (tr Transport) algorithm(b *cryptobyte.Builder) {
	switch {
	case tr.OAEP == 0 && tr.NoParams:
		algorithm(b, rsaEncryption, nothing)
	case tr.OAEP == 0:
		algorithm(b, rsaEncryption, null)
	case tr.Default:
		algorithm(b, rsaOAEP, func(b *cryptobyte.Builder) { b.AddASN1(cbasn1.SEQUENCE, nothing) })
	default:
		hash := func(h crypto.Hash) func(*cryptobyte.Builder) {
			return func(b *cryptobyte.Builder) { algorithm(b, digestOID(h), null) }
		}
		algorithm(b, rsaOAEP, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(explicit(0), hash(tr.OAEP))
				if tr.MGF == 0 || tr.MGF != crypto.SHA1 {
					b.AddASN1(explicit(1), func(b *cryptobyte.Builder) { algorithm(b, mgf1, hash(orHash(tr.MGF, tr.OAEP))) })
				}
				if tr.Label != nil {
					b.AddASN1(explicit(2), func(b *cryptobyte.Builder) {
						algorithm(b, OID{1, 2, 840, 113549, 1, 1, 9}, func(b *cryptobyte.Builder) { b.AddASN1OctetString(tr.Label) })
					})
				}
			})
		})
	}
}

func orHash(h, otherwise crypto.Hash) crypto.Hash {
	if h != 0 {
		return h
	}
	return otherwise
}

// Schemes of RFC 5753 section 7.1.4, by name.
var Schemes = map[string]Agreement{
	"std-sha1":        {Scheme: OID{1, 3, 133, 16, 840, 63, 0, 2}, Hash: crypto.SHA1},
	"std-sha256":      {Scheme: OID{1, 3, 132, 1, 11, 1}, Hash: crypto.SHA256},
	"std-sha384":      {Scheme: OID{1, 3, 132, 1, 11, 2}, Hash: crypto.SHA384},
	"std-sha512":      {Scheme: OID{1, 3, 132, 1, 11, 3}, Hash: crypto.SHA512},
	"cofactor-sha1":   {Scheme: OID{1, 3, 133, 16, 840, 63, 0, 3}, Hash: crypto.SHA1},
	"cofactor-sha256": {Scheme: OID{1, 3, 132, 1, 14, 1}, Hash: crypto.SHA256},
	"cofactor-sha384": {Scheme: OID{1, 3, 132, 1, 14, 2}, Hash: crypto.SHA384},
	"cofactor-sha512": {Scheme: OID{1, 3, 132, 1, 14, 3}, Hash: crypto.SHA512},
}

func (a Agreement) write(t testing.TB, b *cryptobyte.Builder, c *x509.Certificate, pub *ecdsa.PublicKey, key []byte) {
	t.Helper()
	if a.Scheme == nil {
		ukm, wrapLen, point, keyID, withNull := a.UKM, a.Wrap, a.Point, a.KeyID, a.NULL
		a = Schemes["std-sha256"]
		a.UKM, a.Wrap, a.Point, a.KeyID, a.NULL = ukm, wrapLen, point, keyID, withNull
	}
	curve := map[int]ecdh.Curve{256: ecdh.P256(), 384: ecdh.P384(), 521: ecdh.P521()}[pub.Curve.Params().BitSize]
	own, err := curve.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	peer, err := pub.ECDH()
	if err != nil {
		t.Fatal(err)
	}
	shared, err := own.ECDH(peer)
	if err != nil {
		t.Fatal(err)
	}
	n := orInt(a.Wrap, len(key))
	var wb cryptobyte.Builder
	params := nothing
	if a.NULL {
		params = null
	}
	algorithm(&wb, map[int]OID{16: {2, 16, 840, 1, 101, 3, 4, 1, 5}, 24: {2, 16, 840, 1, 101, 3, 4, 1, 25}, 32: {2, 16, 840, 1, 101, 3, 4, 1, 45}}[n], params)
	wrapAlg := wb.BytesOrPanic()
	kek := a.derive(shared, wrapAlg, n)
	point := own.PublicKey().Bytes()
	if a.Point != nil {
		point = a.Point(point)
	}
	b.AddASN1(explicit(1), func(b *cryptobyte.Builder) {
		b.AddASN1Int64(3)
		b.AddASN1(explicit(0), func(b *cryptobyte.Builder) {
			b.AddASN1(explicit(1), func(b *cryptobyte.Builder) {
				algorithm(b, OID{1, 2, 840, 10045, 2, 1}, nothing)
				b.AddASN1BitString(point)
			})
		})
		if a.UKM != nil {
			b.AddASN1(explicit(1), func(b *cryptobyte.Builder) { b.AddASN1OctetString(a.UKM) })
		}
		algorithm(b, a.Scheme, func(b *cryptobyte.Builder) { b.AddBytes(wrapAlg) })
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				if a.KeyID {
					b.AddASN1(explicit(0), func(b *cryptobyte.Builder) { b.AddASN1OctetString(c.SubjectKeyId) })
				} else {
					issuerSerial(b, c)
				}
				b.AddASN1OctetString(wrapKey(t, kek, key))
			})
		})
	})
}

// derive is the ANSI X9.63 derivation over ECC-CMS-SharedInfo (RFC 5753 section 7.2).
func (a Agreement) derive(shared, wrapAlg []byte, n int) (out []byte) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(wrapAlg)
		if a.UKM != nil {
			b.AddASN1(explicit(0), func(b *cryptobyte.Builder) { b.AddASN1OctetString(a.UKM) })
		}
		b.AddASN1(explicit(2), func(b *cryptobyte.Builder) { b.AddASN1OctetString(binary.BigEndian.AppendUint32(nil, uint32(8*n))) })
	})
	info := b.BytesOrPanic()
	for i := uint32(1); len(out) < n; i++ {
		var h hash.Hash = a.Hash.New()
		h.Write(shared)
		h.Write(binary.BigEndian.AppendUint32(nil, i))
		h.Write(info)
		out = h.Sum(out)
	}
	return out[:n]
}

// wrapKey is AES key wrap (RFC 3394 section 2.2.1).
func wrapKey(t testing.TB, kek, key []byte) []byte {
	t.Helper()
	block, err := aes.NewCipher(kek)
	if err != nil {
		t.Fatal(err)
	}
	n := len(key) / 8
	a := uint64(0xa6a6a6a6a6a6a6a6)
	r := append([]byte{}, key...)
	var buf [16]byte
	for j := range 6 {
		for i := range n {
			binary.BigEndian.PutUint64(buf[:8], a)
			copy(buf[8:], r[8*i:])
			block.Encrypt(buf[:], buf[:])
			a = binary.BigEndian.Uint64(buf[:8]) ^ uint64(n*j+i+1)
			copy(r[8*i:], buf[8:])
		}
	}
	return append(binary.BigEndian.AppendUint64(nil, a), r...)
}
