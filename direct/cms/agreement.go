package cms

import (
	"crypto"
	"crypto/aes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/subtle"
	"encoding/asn1"
	"encoding/binary"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Key agreement schemes (RFC 5753 section 7.1.4) and key wraps (RFC 3565).
var (
	oidDHSHA1   = asn1.ObjectIdentifier{1, 3, 133, 16, 840, 63, 0, 2}
	oidDHSHA256 = asn1.ObjectIdentifier{1, 3, 132, 1, 11, 1}
	oidDHSHA384 = asn1.ObjectIdentifier{1, 3, 132, 1, 11, 2}
	oidDHSHA512 = asn1.ObjectIdentifier{1, 3, 132, 1, 11, 3}
	// The same with the cofactor, which is 1 on our curves.
	oidCofactorSHA1   = asn1.ObjectIdentifier{1, 3, 133, 16, 840, 63, 0, 3}
	oidCofactorSHA256 = asn1.ObjectIdentifier{1, 3, 132, 1, 14, 1}
	oidCofactorSHA384 = asn1.ObjectIdentifier{1, 3, 132, 1, 14, 2}
	oidCofactorSHA512 = asn1.ObjectIdentifier{1, 3, 132, 1, 14, 3}

	oidWrap128 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 5}
	oidWrap192 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 25}
	oidWrap256 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 45}
)

// agreement is what the keys of one KeyAgreeRecipientInfo share (RFC 5753 section 3.1.1).
type agreement struct {
	point  []byte // the sender's ephemeral public point
	ukm    []byte // whole OCTET STRING content; nil when absent
	hash   crypto.Hash
	wrap   []byte // AlgorithmIdentifier of the key wrap, whole element
	keyLen int    // of the key encryption key, in bytes
}

// parseAgreement reads a KeyAgreeRecipientInfo with an ephemeral originator key.
func (e *Enveloped) parseAgreement(infos *cryptobyte.String, lim Limits) error {
	bad := fail(ErrMalformed, "key agreement recipient", "want version, originator, algorithm and keys")
	var info, originator, keyField, keySeq cryptobyte.String
	var version int
	if !infos.ReadASN1(&info, explicit(1)) || !info.ReadASN1Integer(&version) ||
		!info.ReadASN1(&originator, explicit(0)) {
		return bad
	}
	a := &agreement{}
	if originator.PeekASN1Tag(explicit(1)) { // another choice (static keys) stays without a point: never ours
		if !originator.ReadASN1(&keyField, explicit(1)) {
			return bad
		}
		if _, ok := readAlgorithm(&keyField); !ok || !keyField.ReadASN1BitStringAsBytes(&a.point) {
			return bad
		}
	}
	var ukm, ukmOctets cryptobyte.String
	var has bool
	if !info.ReadOptionalASN1(&ukm, &has, explicit(1)) || has && !ukm.ReadASN1(&ukmOctets, cbasn1.OCTET_STRING) {
		return bad
	}
	if has {
		a.ukm = append([]byte{}, ukmOctets...)
	}
	alg, ok := readAlgorithm(&info)
	if !ok || !info.ReadASN1(&keySeq, cbasn1.SEQUENCE) || !info.Empty() {
		return bad
	}
	a.scheme(alg)
	return e.agreementKeys(keySeq, alg, a, lim)
}

// scheme notes hash and wrap of the key encryption algorithm; an unknown one leaves hash 0.
func (a *agreement) scheme(alg algorithm) {
	wrap := alg.params
	inner, ok := readAlgorithm(&wrap)
	if !ok {
		return
	}
	a.wrap = alg.params
	switch {
	case inner.oid.Equal(oidWrap128):
		a.keyLen = 16
	case inner.oid.Equal(oidWrap192):
		a.keyLen = 24
	case inner.oid.Equal(oidWrap256):
		a.keyLen = 32
	default:
		return
	}
	switch {
	case alg.oid.Equal(oidDHSHA1), alg.oid.Equal(oidCofactorSHA1):
		a.hash = crypto.SHA1
	case alg.oid.Equal(oidDHSHA256), alg.oid.Equal(oidCofactorSHA256):
		a.hash = crypto.SHA256
	case alg.oid.Equal(oidDHSHA384), alg.oid.Equal(oidCofactorSHA384):
		a.hash = crypto.SHA384
	case alg.oid.Equal(oidDHSHA512), alg.oid.Equal(oidCofactorSHA512):
		a.hash = crypto.SHA512
	}
}

// agreementKeys reads RecipientEncryptedKeys.
func (e *Enveloped) agreementKeys(keys cryptobyte.String, alg algorithm, a *agreement, lim Limits) error {
	for !keys.Empty() {
		var seq, rid, encrypted cryptobyte.String
		r := recipient{transport: alg, agreement: a}
		ok := keys.ReadASN1(&seq, cbasn1.SEQUENCE)
		if ok && seq.PeekASN1Tag(cbasn1.SEQUENCE) {
			r.id, ok = readIssuerSerial(&seq)
		} else if ok {
			var ski cryptobyte.String
			ok = seq.ReadASN1(&rid, explicit(0)) && rid.ReadASN1(&ski, cbasn1.OCTET_STRING)
			r.ski = ski
		}
		if !ok || !seq.ReadASN1(&encrypted, cbasn1.OCTET_STRING) || !seq.Empty() {
			return fail(ErrMalformed, "key agreement recipient", "want identifier and key")
		}
		r.key = encrypted
		e.recipients = append(e.recipients, r)
		if len(e.recipients) > lim.Recipients {
			return fail(ErrLimit, "recipients", "got more than %d", lim.Recipients)
		}
	}
	return nil
}

// unwrap derives the key encryption key by ECDH and opens the wrapped key; nil on any fault.
func (a *agreement) unwrap(priv *ecdsa.PrivateKey, wrapped []byte, n int) []byte {
	if a.hash == 0 || a.point == nil || priv.Curve != elliptic.P256() && priv.Curve != elliptic.P384() {
		return nil
	}
	own, err := priv.ECDH()
	if err != nil {
		return nil
	}
	peer, err := own.Curve().NewPublicKey(a.point)
	if err != nil {
		return nil
	}
	shared, err := own.ECDH(peer)
	if err != nil {
		return nil
	}
	key := unwrapKey(a.derive(shared), wrapped)
	if len(key) != n {
		return nil
	}
	return key
}

// derive is the ANSI X9.63 key derivation with ECC-CMS-SharedInfo (RFC 5753 section 7.2).
func (a *agreement) derive(shared []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(a.wrap)
		if a.ukm != nil {
			b.AddASN1(explicit(0), func(b *cryptobyte.Builder) { b.AddASN1OctetString(a.ukm) })
		}
		b.AddASN1(explicit(2), func(b *cryptobyte.Builder) {
			b.AddASN1OctetString(binary.BigEndian.AppendUint32(nil, uint32(a.keyLen*8)))
		})
	})
	info, err := b.Bytes()
	if err != nil {
		return nil
	}
	var out []byte
	for counter := uint32(1); len(out) < a.keyLen; counter++ {
		h := a.hash.New()
		h.Write(shared)
		h.Write(binary.BigEndian.AppendUint32(nil, counter))
		h.Write(info)
		out = h.Sum(out)
	}
	return out[:a.keyLen]
}

// unwrapKey opens AES key wrap (RFC 3394 section 2.2.2); nil when the check value is wrong.
func unwrapKey(kek, wrapped []byte) []byte {
	if len(wrapped) < 24 || len(wrapped) > 72 || len(wrapped)%8 != 0 {
		return nil
	}
	block, err := aes.NewCipher(kek)
	if err != nil {
		return nil
	}
	n := len(wrapped)/8 - 1
	var a, buf [16]byte
	copy(a[:8], wrapped)
	r := append([]byte{}, wrapped[8:]...)
	for j := 5; j >= 0; j-- {
		for i := n; i >= 1; i-- {
			t := binary.BigEndian.Uint64(a[:8]) ^ uint64(n*j+i)
			binary.BigEndian.PutUint64(buf[:8], t)
			copy(buf[8:], r[(i-1)*8:i*8])
			block.Decrypt(buf[:], buf[:])
			copy(a[:8], buf[:8])
			copy(r[(i-1)*8:], buf[8:])
		}
	}
	check := []byte{0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6}
	if subtle.ConstantTimeCompare(a[:8], check) != 1 {
		return nil
	}
	return r
}
