package cms

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Negative vectors, made here from the rules of the standards: each is one thing wrong with something that is else right.

// rawRSA encrypts a block as it is.
func rawRSA(priv *rsa.PrivateKey, block []byte) []byte {
	c := new(big.Int).Exp(new(big.Int).SetBytes(block), big.NewInt(int64(priv.E)), priv.N)
	return c.FillBytes(make([]byte, priv.Size()))
}

// RSAES-PKCS1-v1_5 (RFC 8017 section 7.2.2): whatever is wrong with the padding, a key comes out that has nothing to do with the block, and
// it is the same one each time.
func TestVectorsV15(t *testing.T) {
	priv := identity(t, "rsa").Key.(*rsa.PrivateKey)
	key := bytes.Repeat([]byte{0x5a}, 32)
	block := func(first, kind byte, message []byte, change func([]byte)) []byte {
		b := bytes.Repeat([]byte{0xa7}, priv.Size())
		b[0], b[1] = first, kind
		b[len(b)-len(message)-1] = 0
		copy(b[len(b)-len(message):], message)
		if change != nil {
			change(b)
		}
		return b
	}
	if got := sessionKey(priv, rawRSA(priv, block(0, 2, key, nil)), 32); !bytes.Equal(got, key) {
		t.Fatal("the good block was not read")
	}
	for name, b := range map[string][]byte{
		"block type 1":               block(0, 1, key, nil),
		"block type 0":               block(0, 0, key, nil),
		"first octet 1":              block(1, 2, key, nil),
		"no separator":               block(0, 2, key, func(b []byte) { b[len(b)-33] = 1 }),
		"zero in the first padding":  block(0, 2, key, func(b []byte) { b[2] = 0 }),
		"zero in the eighth padding": block(0, 2, key, func(b []byte) { b[9] = 0 }),
		"separator too early":        block(0, 2, key, func(b []byte) { b[100] = 0 }),
		"key one octet short":        block(0, 2, key[1:], nil),
		"key one octet long":         block(0, 2, append([]byte{1}, key...), nil),
		"key of 16 octets":           block(0, 2, key[:16], nil),
		"empty message":              block(0, 2, nil, nil),
		"all padding":                block(0, 2, nil, func(b []byte) { b[len(b)-1] = 0xff }),
		"zero block":                 make([]byte, priv.Size()),
	} {
		c := rawRSA(priv, b)
		got, again := sessionKey(priv, c, 32), sessionKey(priv, c, 32)
		if len(got) != 32 || !bytes.Equal(got, again) || bytes.Equal(got, key) || bytes.Contains(b, got) {
			t.Errorf("%s: got %d octets, the same again: %v", name, len(got), bytes.Equal(got, again))
		}
	}
	good := rawRSA(priv, block(0, 2, key, nil))
	for name, c := range map[string][]byte{
		"ciphertext short": good[1:], "ciphertext long": append([]byte{0}, good...), "empty ciphertext": {},
		"ciphertext of the modulus": priv.N.Bytes(), "ciphertext above the modulus": bytes.Repeat([]byte{0xff}, priv.Size()),
	} {
		if got := sessionKey(priv, c, 32); bytes.Equal(got, key) {
			t.Errorf("%s: gave the key", name)
		}
	}
}

// oaepBlock encodes as RFC 8017 section 7.1.1 does, with a change before masking.
func oaepBlock(size int, message, label []byte, change func(y *byte, db []byte)) []byte {
	h := sha256.Sum256(label)
	db := make([]byte, size-1-sha256.Size)
	copy(db, h[:])
	db[len(db)-len(message)-1] = 1
	copy(db[len(db)-len(message):], message)
	var y byte
	if change != nil {
		change(&y, db)
	}
	seed := bytes.Repeat([]byte{0x33}, sha256.Size)
	mask := func(out, seed []byte) {
		for i := 0; i*sha256.Size < len(out); i++ {
			sum := sha256.Sum256(append(bytes.Clone(seed), 0, 0, 0, byte(i)))
			for j, c := range sum {
				if k := i*sha256.Size + j; k < len(out) {
					out[k] ^= c
				}
			}
		}
	}
	mask(db, seed)
	mask(seed, db)
	return append(append([]byte{y}, seed...), db...)
}

// RSAES-OAEP (RFC 8017 section 7.1.2): every fault gives nothing.
func TestVectorsOAEP(t *testing.T) {
	priv := identity(t, "rsa").Key.(*rsa.PrivateKey)
	key := bytes.Repeat([]byte{0x5a}, 32)
	params := oaepParams(t)
	open := func(c []byte) []byte {
		return oaepKey(priv, &recipient{transport: algorithm{oidOAEP, params}, key: c}, 32)
	}
	if got := open(rawRSA(priv, oaepBlock(priv.Size(), key, nil, nil))); !bytes.Equal(got, key) {
		t.Fatal("the good block was not read")
	}
	good := rawRSA(priv, oaepBlock(priv.Size(), key, nil, nil))
	for name, c := range map[string][]byte{
		"first octet 1":    rawRSA(priv, oaepBlock(priv.Size(), key, nil, func(y *byte, _ []byte) { *y = 1 })),
		"another label":    rawRSA(priv, oaepBlock(priv.Size(), key, []byte("label"), nil)),
		"label changed":    rawRSA(priv, oaepBlock(priv.Size(), key, nil, func(_ *byte, db []byte) { db[5] ^= 1 })),
		"no separator":     rawRSA(priv, oaepBlock(priv.Size(), key, nil, func(_ *byte, db []byte) { db[len(db)-33] = 0; clear(db[len(db)-32:]) })),
		"separator 2":      rawRSA(priv, oaepBlock(priv.Size(), key, nil, func(_ *byte, db []byte) { db[len(db)-33] = 2 })),
		"padding not zero": rawRSA(priv, oaepBlock(priv.Size(), key, nil, func(_ *byte, db []byte) { db[sha256.Size] = 7 })),
		"key short":        rawRSA(priv, oaepBlock(priv.Size(), key[1:], nil, nil)),
		"key long":         rawRSA(priv, oaepBlock(priv.Size(), append([]byte{1}, key...), nil, nil)),
		"empty key":        rawRSA(priv, oaepBlock(priv.Size(), nil, nil, nil)),
		"zeros":            make([]byte, priv.Size()), "ciphertext short": good[1:], "ciphertext long": append([]byte{0}, good...), "no ciphertext": nil,
		"ciphertext above the modulus": bytes.Repeat([]byte{0xff}, priv.Size()),
	} {
		if got := open(c); got != nil {
			t.Errorf("%s: got %d octets", name, len(got))
		}
	}
}

func oaepParams(t *testing.T) cryptobyte.String {
	t.Helper()
	var b cryptobyte.Builder
	addTransport(&b, OAEPSHA256)
	s := cryptobyte.String(b.BytesOrPanic())
	a, ok := readAlgorithm(&s)
	if !ok {
		t.Fatal("parameters")
	}
	return a.params
}

// ECDSA (FIPS 186-5 section 6.4.2, RFC 3279 section 2.2.3): signatures that no signer makes.
func TestVectorsECDSA(t *testing.T) {
	for _, name := range []string{"p256", "p384"} {
		priv := identity(t, name).Key.(*ecdsa.PrivateKey)
		pub, n := &priv.PublicKey, priv.Params().N
		sum := sha256.Sum256([]byte("signed"))
		good, err := ecdsa.SignASN1(rand.Reader, priv, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		var r, s big.Int
		in := cryptobyte.String(good)
		var seq cryptobyte.String
		if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1Integer(&r) || !seq.ReadASN1Integer(&s) {
			t.Fatal("a signature that cannot be read")
		}
		pair := func(r, s *big.Int) []byte {
			var b cryptobyte.Builder
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1BigInt(r); b.AddASN1BigInt(s) })
			return b.BytesOrPanic()
		}
		check := func(signature []byte) error {
			si := &signerInfo{sigAlg: algorithm{oid: oidECDSASHA256}, signature: signature}
			return checkECDSA(si, crypto.SHA256, pub, sum[:])
		}
		if err := check(pair(&r, &s)); err != nil {
			t.Fatalf("%s: the good one: %v", name, err)
		}
		zero, one := new(big.Int), big.NewInt(1)
		neg := func(x *big.Int) *big.Int { return new(big.Int).Neg(x) }
		add := func(x, y *big.Int) *big.Int { return new(big.Int).Add(x, y) }
		for what, signature := range map[string][]byte{
			"r 0": pair(zero, &s), "s 0": pair(&r, zero), "both 0": pair(zero, zero), "both 1": pair(one, one), "r n": pair(n, &s), "s n": pair(&r, n),
			"r + n": pair(add(&r, n), &s), "s + n": pair(&r, add(&s, n)), "-r": pair(neg(&r), &s), "-s": pair(&r, neg(&s)), "n-1 and n-1": pair(add(n, neg(one)), add(n, neg(one))),
			"swapped": pair(&s, &r), "r of the field": pair(priv.Params().P, &s), "empty": {}, "null": {5, 0}, "empty sequence": {0x30, 0}, "cut": good[:len(good)-1],
			"trailing octet": append(bytes.Clone(good), 0), "long length": append([]byte{0x30, 0x81, good[1]}, good[2:]...), "indefinite": append(append([]byte{0x30, 0x80}, good[2:]...), 0, 0),
			"r padded": append([]byte{0x30, good[1] + 1, 2, good[3] + 1, 0}, good[4:]...), "third integer": append(append([]byte{0x30, good[1] + 3}, good[2:]...), 2, 1, 0),
		} {
			if check(signature) == nil {
				t.Errorf("%s: %s: verified", name, what)
			}
		}
	}
}

// ECDH (RFC 5753, SP 800-56A section 5.6.2.3): points that are no public keys of the curve.
func TestVectorsECDH(t *testing.T) {
	for _, name := range []string{"p256", "p384"} {
		priv := identity(t, name).Key.(*ecdsa.PrivateKey)
		own, err := priv.ECDH()
		if err != nil {
			t.Fatal(err)
		}
		peer, err := own.Curve().GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		shared, err := peer.ECDH(own.PublicKey())
		if err != nil {
			t.Fatal(err)
		}
		a := agreement{point: peer.PublicKey().Bytes(), hash: crypto.SHA256, keyLen: 32}
		key := bytes.Repeat([]byte{0x5a}, 32)
		wrapped, err := wrapKey(a.derive(shared), key)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.unwrap(priv, wrapped, 32); !bytes.Equal(got, key) {
			t.Fatalf("%s: the good one was not read", name)
		}
		good := a.point
		coordinate := (len(good) - 1) / 2
		other := ecdh.P384()
		if name == "p384" {
			other = ecdh.P256()
		}
		stranger, err := other.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		change := func(f func([]byte)) []byte { b := bytes.Clone(good); f(b); return b }
		prime := priv.Params().P.FillBytes(make([]byte, coordinate))
		for what, point := range map[string][]byte{
			"off the curve": change(func(b []byte) { b[len(b)-1] ^= 1 }), "x changed": change(func(b []byte) { b[1] ^= 1 }), "infinity": {0},
			"zeros": append([]byte{4}, make([]byte, 2*coordinate)...), "empty": {}, "compressed": append([]byte{2}, good[1:coordinate+1]...), "hybrid": change(func(b []byte) { b[0] = 6 }),
			"short": good[:len(good)-1], "long": append(bytes.Clone(good), 0), "another curve": stranger.PublicKey().Bytes(),
			"x of the prime": append(append([]byte{4}, prime...), good[coordinate+1:]...), "all ones": append([]byte{4}, bytes.Repeat([]byte{0xff}, 2*coordinate)...),
			"tag 5": change(func(b []byte) { b[0] = 5 }),
		} {
			b := a
			b.point = point
			if got := b.unwrap(priv, wrapped, 32); got != nil {
				t.Errorf("%s: %s: got %d octets", name, what, len(got))
			}
		}
		vectorsWrap(t, &a, priv, wrapped)
	}
	if p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader); err != nil || (&agreement{hash: crypto.SHA256, point: []byte{4}}).unwrap(p521, nil, 32) != nil {
		t.Error("a curve that is not ours")
	}
}

// vectorsWrap are wrapped keys (RFC 3394 section 2.2.3) that do not open.
func vectorsWrap(t *testing.T, a *agreement, priv *ecdsa.PrivateKey, wrapped []byte) {
	t.Helper()
	for i := range wrapped {
		b := bytes.Clone(wrapped)
		b[i] ^= 0x80
		if a.unwrap(priv, b, 32) != nil {
			t.Errorf("a wrapped key with octet %d changed was opened", i)
		}
	}
	for what, b := range map[string][]byte{"empty": nil, "eight octets": wrapped[:8], "one short": wrapped[1:], "a block short": wrapped[:32], "a block long": append(bytes.Clone(wrapped), make([]byte, 8)...)} {
		if a.unwrap(priv, b, 32) != nil {
			t.Errorf("a wrapped key was opened: %s", what)
		}
	}
	if a.unwrap(priv, wrapped, 16) != nil {
		t.Error("a wrapped key of another length than the cipher's was taken")
	}
}

// AES-GCM (RFC 5084 section 3.2): sizes of nonce and tag, and a tag that does not fit.
func TestVectorsGCM(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 32)
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	content := []byte("authenticated content")
	for nonceLen := range 20 {
		for tagLen := range 18 {
			nonce := bytes.Repeat([]byte{9}, nonceLen)
			var b cryptobyte.Builder
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1OctetString(nonce)
				b.AddASN1Int64(int64(tagLen))
			})
			sealed := make([]byte, len(content)+16)
			if nonceLen > 0 {
				aead, err := cipher.NewGCMWithNonceSize(block, nonceLen)
				if err != nil {
					t.Fatal(err)
				}
				sealed = aead.Seal(nil, nonce, content, nil)
			}
			mac := sealed[len(content):]
			if tagLen <= 16 {
				mac = mac[:tagLen]
			}
			e := &Enveloped{gcm: true, content: algorithm{oidAES256GCM, b.BytesOrPanic()}, ciphertext: sealed[:len(content)], mac: mac}
			got := e.open(key, false)
			if good := nonceLen == gcmNonce && tagLen >= 12 && tagLen <= 16; good != bytes.Equal(got, content) || !good && got != nil {
				t.Errorf("nonce of %d, tag of %d: got %d octets", nonceLen, tagLen, len(got))
			}
			if len(mac) == 0 {
				continue
			}
			for what, change := range map[string]func(*Enveloped){
				"tag changed": func(e *Enveloped) { e.mac = append([]byte{e.mac[0] ^ 1}, e.mac[1:]...) }, "tag cut": func(e *Enveloped) { e.mac = e.mac[1:] },
				"content changed": func(e *Enveloped) { e.ciphertext = append([]byte{e.ciphertext[0] ^ 1}, e.ciphertext[1:]...) }, "attributes added": func(e *Enveloped) { e.authAttrs = []byte{0x31, 0} },
			} {
				changed := *e
				change(&changed)
				if changed.open(key, false) != nil {
					t.Errorf("nonce of %d, tag of %d: %s and opened", nonceLen, tagLen, what)
				}
			}
		}
	}
}
