package cms

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// names reports whether the recipient info names the certificate, by issuer and
// serial number or by subject key identifier.
func (r *recipient) names(c *x509.Certificate) bool {
	if r.ski != nil {
		return len(c.SubjectKeyId) > 0 && bytes.Equal(r.ski, c.SubjectKeyId)
	}
	serial, err := asn1.Marshal(c.SerialNumber)
	if err != nil || len(serial) < 2 || r.id.serial == nil {
		return false
	}
	return bytes.Equal(r.id.issuer, c.RawIssuer) && bytes.Equal(serial[2:], r.id.serial)
}

// Decrypt returns the content for the first identity that opens the
// envelope, and that identity. Identities are tried in their order.
// Errors: ErrNotRecipient when none is named, else only ErrDecrypt.
func (e *Enveloped) Decrypt(ids []Identity) ([]byte, Identity, error) { return e.decrypt(ids, false) }

// DecryptInPlace is Decrypt that may put the content where the ciphertext was, in the octets that ParseEnveloped was given, when
// nothing but one attempt can be made. The envelope cannot be used again.
func (e *Enveloped) DecryptInPlace(ids []Identity) ([]byte, Identity, error) {
	return e.decrypt(ids, e.attempts(ids) == 1)
}

// attempts counts the pairs of an identity and a recipient info that names it.
func (e *Enveloped) attempts(ids []Identity) (n int) {
	for _, id := range ids {
		for i := range e.recipients {
			if e.recipients[i].names(id.Certificate) {
				n++
			}
		}
	}
	return n
}

func (e *Enveloped) decrypt(ids []Identity, inPlace bool) ([]byte, Identity, error) {
	named, attempts := false, 0
	for _, id := range ids {
		for i := range e.recipients {
			r := &e.recipients[i]
			if !r.names(id.Certificate) {
				continue
			}
			named = true
			if attempts++; attempts > maxAttempts {
				return nil, Identity{}, ErrDecrypt
			}
			key := e.contentKey(r, id)
			if key == nil {
				continue
			}
			if content := e.open(key, inPlace); content != nil {
				return content, id, nil
			}
		}
	}
	if !named {
		return nil, Identity{}, ErrNotRecipient
	}
	return nil, Identity{}, ErrDecrypt
}

// contentKey is the content encryption key, nil when it cannot be had.
func (e *Enveloped) contentKey(r *recipient, id Identity) []byte {
	switch key := id.Key.(type) {
	case *rsa.PrivateKey:
		if r.agreement != nil {
			return nil
		}
		if r.transport.oid.Equal(oidRSA) {
			return sessionKey(key, r.key, e.keyLen)
		}
		if r.transport.oid.Equal(oidOAEP) {
			return oaepKey(key, r, e.keyLen)
		}
	case *ecdsa.PrivateKey:
		if r.agreement != nil {
			return r.agreement.unwrap(key, r.key, e.keyLen)
		}
	}
	return nil
}

// sessionKey opens RSAES-PKCS1-v1_5 with implicit rejection: bad padding
// gives a key that depends on nothing but our secret and the ciphertext, so a
// repeated query learns nothing and decoding the same bytes again gives the same result.
func sessionKey(priv *rsa.PrivateKey, ciphertext []byte, n int) []byte {
	secret := sha256.Sum256(priv.D.Bytes())
	mac := hmac.New(sha256.New, secret[:])
	mac.Write(ciphertext)
	key := mac.Sum(nil)[:n]
	//lint:ignore SA1019 RFC 8551 section 2.3 makes v1.5 a must; the constant-time form is used as RFC 3218 asks
	if err := rsa.DecryptPKCS1v15SessionKey(nil, priv, ciphertext, key); err != nil {
		return nil // wrong length of the ciphertext: no secret in that
	}
	return key
}

// oaepKey opens RSAES-OAEP (RFC 4055 section 4.1) with the recipient's parameters.
func oaepKey(priv *rsa.PrivateKey, r *recipient, n int) []byte {
	opts, ok := oaepOptions(r.transport.params)
	if !ok {
		return nil
	}
	key, err := priv.Decrypt(nil, r.key, opts)
	if err != nil || len(key) != n {
		return nil
	}
	return key
}

// oaepHash is the hash of an OAEP parameter. SHA-1 is allowed here: it
// carries no signature and is what peers write by default.
func oaepHash(oid asn1.ObjectIdentifier) crypto.Hash {
	if oid.Equal(oidSHA1) {
		return crypto.SHA1
	}
	return digest(oid)
}

// oaepOptions reads RSAES-OAEP-params; absent fields mean SHA-1 and an empty label.
func oaepOptions(params cryptobyte.String) (*rsa.OAEPOptions, bool) {
	opts := &rsa.OAEPOptions{Hash: crypto.SHA1, MGFHash: crypto.SHA1}
	if len(params) == 0 || (algorithm{params: params}).plain() {
		return opts, true
	}
	var seq cryptobyte.String
	if !params.ReadASN1(&seq, cbasn1.SEQUENCE) {
		return nil, false
	}
	var ok bool
	if opts.Hash, ok = hashParam(&seq, 0); !ok {
		return nil, false
	}
	if opts.MGFHash, ok = mgfParam(&seq, 1); !ok {
		return nil, false
	}
	var source cryptobyte.String
	var has bool
	if !seq.ReadOptionalASN1(&source, &has, explicit(2)) || !seq.Empty() {
		return nil, false
	}
	if has {
		a, ok := readAlgorithm(&source)
		var label cryptobyte.String
		if !ok || !a.oid.Equal(oidSpecified) || !a.params.ReadASN1(&label, cbasn1.OCTET_STRING) {
			return nil, false
		}
		opts.Label = label
	}
	return opts, true
}

// hashParam reads [n] HashAlgorithm DEFAULT sha1.
func hashParam(seq *cryptobyte.String, n uint8) (crypto.Hash, bool) {
	var field cryptobyte.String
	var has bool
	if !seq.ReadOptionalASN1(&field, &has, explicit(n)) {
		return 0, false
	}
	if !has {
		return crypto.SHA1, true
	}
	a, ok := readAlgorithm(&field)
	h := oaepHash(a.oid)
	return h, ok && h != 0 && a.plain()
}

// mgfParam reads [n] MaskGenAlgorithm DEFAULT mgf1SHA1.
func mgfParam(seq *cryptobyte.String, n uint8) (crypto.Hash, bool) {
	var field cryptobyte.String
	var has bool
	if !seq.ReadOptionalASN1(&field, &has, explicit(n)) {
		return 0, false
	}
	if !has {
		return crypto.SHA1, true
	}
	a, ok := readAlgorithm(&field)
	if !ok || !a.oid.Equal(oidMGF1) {
		return 0, false
	}
	inner, ok := readAlgorithm(&a.params)
	h := oaepHash(inner.oid)
	return h, ok && h != 0 && inner.plain()
}

// open decrypts the content; nil on any fault.
func (e *Enveloped) open(key []byte, inPlace bool) []byte {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil
	}
	if e.gcm {
		return e.openGCM(block)
	}
	params := e.content.params
	var iv cryptobyte.String
	if !params.ReadASN1(&iv, cbasn1.OCTET_STRING) || !params.Empty() || len(iv) != aes.BlockSize ||
		len(e.ciphertext) == 0 || len(e.ciphertext)%aes.BlockSize != 0 {
		return nil
	}
	out := e.ciphertext
	if !inPlace {
		out = make([]byte, len(e.ciphertext))
	}
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, e.ciphertext)
	n, ok := unpad(out)
	if !ok {
		return nil
	}
	return out[:n]
}

// unpad checks the padding of RFC 5652 section 6.3 without branching on its octets.
func unpad(b []byte) (int, bool) {
	last := int(b[len(b)-1])
	good := subtle.ConstantTimeLessOrEq(1, last) & subtle.ConstantTimeLessOrEq(last, aes.BlockSize)
	for i := 1; i <= aes.BlockSize; i++ {
		in := subtle.ConstantTimeLessOrEq(i, last)
		same := subtle.ConstantTimeByteEq(b[len(b)-i], byte(last))
		good &= same | (1 - in)
	}
	return len(b) - last, good == 1
}

// openGCM decrypts AES-GCM content (RFC 5084 section 3.2).
func (e *Enveloped) openGCM(block cipher.Block) []byte {
	params := e.content.params
	var seq, nonce cryptobyte.String
	tagLen := 12
	if !params.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1(&nonce, cbasn1.OCTET_STRING) ||
		!seq.Empty() && !seq.ReadASN1Integer(&tagLen) || !seq.Empty() {
		return nil
	}
	if len(nonce) != 12 || tagLen < 12 || tagLen > 16 || len(e.mac) != tagLen {
		return nil
	}
	aead, err := cipher.NewGCMWithTagSize(block, tagLen)
	if err != nil {
		return nil
	}
	sealed := make([]byte, 0, len(e.ciphertext)+tagLen)
	sealed = append(append(sealed, e.ciphertext...), e.mac...)
	out, err := aead.Open(sealed[:0], nonce, sealed, e.authAttrs)
	if err != nil {
		return nil
	}
	if out == nil {
		out = []byte{}
	}
	return out
}
