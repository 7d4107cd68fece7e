package directkit

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"strings"
	"time"
)

// signatures are the cases of sections 3 and 4 about SignedData.
func (k *Kit) signatures() {
	const row = "3 signature"
	const invalid, unsigned = "signature_not_valid", "not_signed"
	leaf := func(name, key string) Identity { return Leaf(k.t, domain(name), key, &k.Anchor, nil) }
	sign := func(name, key string, change func(*Signer)) Mail {
		s := Signer{Identity: leaf(name, key)}
		change(&s)
		return k.signedBy(name, s)
	}
	k.good("RSA SHA-256", row, k.plain("RSA SHA-256"))
	k.good("RSA SHA-384", row, sign("RSA SHA-384", "rsa2048b", func(s *Signer) { s.Hash = crypto.SHA384 }))
	k.good("RSA SHA-512", row, sign("RSA SHA-512", "rsa2048b", func(s *Signer) { s.Hash = crypto.SHA512 }))
	k.good("sha256WithRSAEncryption", row, sign("sha256WithRSAEncryption", "rsa2048b", func(s *Signer) { s.HashOID = true }))
	k.good("sha512WithRSAEncryption", row, sign("sha512WithRSAEncryption", "rsa2048b", func(s *Signer) { s.HashOID, s.Hash = true, crypto.SHA512 }))
	k.good("PSS SHA-256", row, sign("PSS SHA-256", "rsa2048b", func(s *Signer) { s.PSS = true }))
	k.good("PSS SHA-512", row, sign("PSS SHA-512", "rsa2048b", func(s *Signer) { s.PSS, s.Hash = true, crypto.SHA512 }))
	k.good("PSS with a short salt", row, sign("PSS with a short salt", "rsa2048b", func(s *Signer) { s.PSS, s.Salt = true, 20 }))
	k.good("P-256 SHA-256", row, sign("P-256 SHA-256", "p-256", func(*Signer) {}))
	k.good("P-256 SHA-384", row, sign("P-256 SHA-384", "p-256", func(s *Signer) { s.Hash = crypto.SHA384 }))
	k.good("P-384 SHA-384", row, sign("P-384 SHA-384", "p-384", func(s *Signer) { s.Hash = crypto.SHA384 }))
	k.good("P-384 SHA-256", row, sign("P-384 SHA-256", "p-384", func(*Signer) {}))
	k.good("P-384 SHA-512", row, sign("P-384 SHA-512", "p-384", func(s *Signer) { s.Hash = crypto.SHA512 }))
	k.good("signer by key identifier", row, sign("signer by key identifier", "rsa2048b", func(s *Signer) { s.KeyID = true }))
	k.good("no signing time", row, sign("no signing time", "rsa2048b", func(s *Signer) { s.Leave = []OID{attrSigningTime} }))
	k.good("signing time of last year", row, sign("signing time of last year", "rsa2048b", func(s *Signer) { s.SigningTime = time.Now().AddDate(-1, 0, 0) }))
	k.good("attributes in another order", row, sign("attributes in another order", "rsa2048b", func(s *Signer) { s.Unsorted = true }))
	opaque := func(name string, change func(*Mail)) Mail {
		return k.changed(name, func(m *Mail) { m.Sign.Opaque = true; change(m) })
	}
	k.good("opaque", "4 opaque or detached", opaque("opaque", func(*Mail) {}))
	k.good("opaque x-pkcs7-mime", "4 opaque or detached", opaque("opaque x-pkcs7-mime", func(m *Mail) {
		m.Opaque = "Content-Type: application/x-pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n"
	}))
	k.good("opaque without smime-type", "4 opaque or detached", opaque("opaque without smime-type", func(m *Mail) { m.Opaque = "Content-Type: application/pkcs7-mime\r\n" }))
	k.good("opaque binary", "4 opaque or detached", opaque("opaque binary", func(m *Mail) { m.OpaqueAs = "binary" }))
	k.good("opaque indefinite lengths", "4 BER", opaque("opaque indefinite lengths", func(m *Mail) { m.Sign.BER = true }))
	k.good("detached indefinite lengths", "4 BER", k.changed("detached indefinite lengths", func(m *Mail) { m.Sign.BER = true }))
	k.good("detached binary", "4 detached", k.changed("detached binary", func(m *Mail) { m.Multipart.As = "binary" }))
	two := k.plain("two signers, both good")
	two.Signers = append(two.Signers, Signer{Identity: Leaf(k.t, sender("two signers, both good"), "p-256", &k.Anchor, nil)})
	k.good("two signers, both good", "2 one valid signature is enough", two)
	two = k.plain("two signers, the second is trusted")
	two.Signers = append([]Signer{{Identity: Leaf(k.t, domain("two signers, the second is trusted"), "p-256", &k.Stranger, nil)}}, two.Signers...)
	k.good("two signers, the second is trusted", "2 one valid signature is enough", two)
	two = k.plain("two signers, one damaged")
	two.Signers = append([]Signer{{Identity: leaf("two signers, one damaged", "p-256"), Damage: flip}}, two.Signers...)
	k.good("two signers, one damaged", "2 one valid signature is enough", two)
	two = k.plain("two signers, one for another domain")
	two.Signers = append([]Signer{{Identity: Leaf(k.t, "direct.other.example", "p-256", &k.Anchor, nil)}}, two.Signers...)
	k.good("two signers, one for another domain", "2 one valid signature is enough", two)

	k.bad("SHA-1", row, invalid, sign("SHA-1", "rsa2048b", func(s *Signer) { s.Hash = crypto.SHA1 }))
	k.bad("SHA-1 in the algorithm", row, invalid, sign("SHA-1 in the algorithm", "rsa2048b", func(s *Signer) { s.Hash, s.HashOID = crypto.SHA1, true }))
	k.bad("ECDSA SHA-1", row, invalid, sign("ECDSA SHA-1", "p-256", func(s *Signer) { s.Hash = crypto.SHA1 }))
	k.bad("ECDSA SHA-224", row, invalid, sign("ECDSA SHA-224", "p-256", func(s *Signer) { s.Hash = crypto.SHA224 }))
	k.bad("PSS SHA-1", row, invalid, sign("PSS SHA-1", "rsa2048b", func(s *Signer) { s.Hash, s.PSS = crypto.SHA1, true }))
	k.bad("MD5", row, invalid, sign("MD5", "rsa2048b", func(s *Signer) { s.Hash = crypto.MD5 }))
	k.bad("two signers, the good one for another domain", "2 signer names the sender", "untrusted: ", func() Mail {
		m := k.signedBy("two signers, the good one for another domain", Signer{Identity: Leaf(k.t, "direct.other.example", "p-256", &k.Anchor, nil)})
		m.Signers = append(m.Signers, Signer{Identity: leaf("two signers, the good one for another domain", "rsa2048b"), Damage: flip})
		return m
	}())
	for _, c := range []struct {
		name   string
		change func(*Signer)
	}{
		{"no signed attributes", func(s *Signer) { s.NoAttributes = true }},
		{"no content type attribute", func(s *Signer) { s.Leave = []OID{attrContentType} }},
		{"no message digest attribute", func(s *Signer) { s.Leave = []OID{attrMessageDigest} }},
		{"content type attribute twice", func(s *Signer) { s.Twice = []OID{attrContentType} }},
		{"message digest attribute twice", func(s *Signer) { s.Twice = []OID{attrMessageDigest} }},
		{"signing time attribute twice", func(s *Signer) { s.Twice = []OID{attrSigningTime} }},
		{"content type attribute with two values", func(s *Signer) { s.TwoValues = []OID{attrContentType} }},
		{"message digest attribute with two values", func(s *Signer) { s.TwoValues = []OID{attrMessageDigest} }},
		{"content type attribute of another type", func(s *Signer) { s.ContentType = enveloped }},
		{"digest of other content", func(s *Signer) { s.Digest = make([]byte, 32) }},
		{"digest that is cut", func(s *Signer) { s.Digest = make([]byte, 16) }},
		{"empty digest", func(s *Signer) { s.Digest = []byte{} }},
		{"signature changed", func(s *Signer) { s.Damage = flip }},
		{"signature of nothing", func(s *Signer) { s.Damage = func([]byte) []byte { return nil } }},
		{"signature of zeros", func(s *Signer) { s.Damage = func(b []byte) []byte { return make([]byte, len(b)) } }},
	} {
		k.bad(c.name, "3 signed attributes", invalid, sign(c.name, "rsa2048b", c.change))
	}
	k.bad("content of another type", "3 signed attributes", invalid, k.changed("content of another type", func(m *Mail) { m.Sign.ContentType = enveloped }))
	k.bad("no certificate of the signer", "3 certificates included", invalid, k.changed("no certificate of the signer", func(m *Mail) { m.Sign.NoCerts = true }))
	k.bad("no signer", "4 require a signature", unsigned, k.changed("no signer", func(m *Mail) {
		m.Signers, m.Inner = nil, ""
		m.NoWrap, m.Body = true, string(Multipart{}.write([]byte("Content-Type: text/plain\r\n\r\nwords\r\n"), Sign(k.t, nil, SignOptions{})))
	}))
	k.bad("certificates without a signature", "4 require a signature", unsigned, k.changed("certificates without a signature", func(m *Mail) {
		carry := m.Signers[0].Certificate
		m.Signers, m.NoWrap = nil, true
		m.Body = "Content-Type: application/pkcs7-mime; smime-type=certs-only; name=smime.p7c\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
			Base64(Sign(k.t, nil, SignOptions{Carry: []*x509.Certificate{carry}}), 76, "\r\n")
	}))
	k.bad("content changed after signing", "4 verify", invalid, k.changed("content changed after signing", func(m *Mail) { m.Signed = replace("A synthetic note", "A synthetic vote") }))
	k.bad("header changed after signing", "4 verify", invalid, k.changed("header changed after signing", func(m *Mail) { m.Signed = replace("\r\nDate: Mon", "\r\nDate: Tue") }))
	k.bad("opaque content changed", "4 verify", invalid, func() Mail {
		m := opaque("opaque content changed", func(m *Mail) { m.OpaqueAs = "binary" })
		m.Signed = replace("A synthetic note", "A synthetic vote")
		return m
	}())
	k.bad("opaque without its content", "4 verify", invalid, k.changed("opaque without its content", func(m *Mail) {
		m.NoWrap, m.Body = true, "Content-Type: application/pkcs7-mime; smime-type=signed-data\r\nContent-Transfer-Encoding: base64\r\n\r\n"+
			Base64(Sign(k.t, []byte("x"), SignOptions{}, m.Signers...), 76, "\r\n")
		m.Signers = nil
	}))
	k.bad("detached with content inside", "4 verify", invalid, k.changed("detached with content inside", func(m *Mail) {
		inside := Sign(k.t, []byte("Content-Type: text/plain\r\n\r\nother\r\n"), SignOptions{Opaque: true}, m.Signers...)
		m.Body, m.NoWrap, m.Signers = string(Multipart{}.write([]byte("Content-Type: text/plain\r\n\r\nwords\r\n"), inside)), true, nil
	}))
	k.bad("signature with bytes behind it", "4 verify", "malformed", k.changed("signature with bytes behind it", func(m *Mail) { m.Sign.Trailing = []byte{0, 0, 1, 2} }))
	k.bad("signature that is no CMS", "4 verify", "malformed", k.changed("signature that is no CMS", func(m *Mail) {
		m.Signers, m.NoWrap = nil, true
		m.Body = string(Multipart{}.write([]byte("Content-Type: text/plain\r\n\r\nwords\r\n"), []byte("not a signature")))
	}))
}

func flip(b []byte) []byte {
	b = bytes.Clone(b)
	b[len(b)/2] ^= 4
	return b
}

func replace(old, new string) func([]byte) []byte {
	return func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(new), 1) }
}

// envelopes are the cases of section 3 about EnvelopedData.
func (k *Kit) envelopes() {
	const row = "3 encryption"
	const no, malformed = "cannot_be_decrypted", "malformed"
	north := func(name string, o EncryptOptions) Mail {
		return k.changed(name, func(m *Mail) { m.Encrypt = o })
	}
	for _, c := range []string{"aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "aes-128-gcm", "aes-192-gcm", "aes-256-gcm"} {
		k.good(c, row, north(c, EncryptOptions{Cipher: c}))
	}
	v := crypto.SHA256
	for name, t := range map[string]Transport{
		"v1.5 without parameters": {NoParams: true}, "v1.5 by key identifier": {KeyID: true},
		"OAEP default": {OAEP: crypto.SHA1, Default: true}, "OAEP SHA-1 written out": {OAEP: crypto.SHA1}, "OAEP SHA-256": {OAEP: v}, "OAEP SHA-384": {OAEP: crypto.SHA384},
		"OAEP SHA-512": {OAEP: crypto.SHA512}, "OAEP SHA-256 with MGF SHA-1": {OAEP: v, MGF: crypto.SHA1}, "OAEP SHA-512 with MGF SHA-256": {OAEP: crypto.SHA512, MGF: v},
		"OAEP by key identifier": {OAEP: v, KeyID: true},
	} {
		k.good(name, row, north(name, EncryptOptions{Transport: t}))
	}
	k.good("OAEP with GCM", row, north("OAEP with GCM", EncryptOptions{Cipher: "aes-256-gcm", Transport: Transport{OAEP: v}}))
	for _, address := range []string{NorthEC, North38} {
		curve := map[string]string{NorthEC: "P-256", North38: "P-384"}[address]
		for scheme, a := range Schemes {
			name := "ECDH " + curve + " " + scheme
			m, to := k.to(name, address, EncryptOptions{Agreement: a})
			k.good(name, row, m, to)
		}
	}
	std := Schemes["std-sha256"]
	for name, o := range map[string]EncryptOptions{
		"ECDH with UKM":                      {Agreement: Agreement{UKM: []byte("sixteen octets..")}},
		"ECDH by key identifier":             {Agreement: Agreement{KeyID: true}},
		"ECDH wraps with AES-128":            {Agreement: Agreement{Wrap: 16}},
		"ECDH for AES-128":                   {Cipher: "aes-128-cbc"},
		"ECDH for AES-192":                   {Cipher: "aes-192-cbc"},
		"ECDH wrap with NULL":                {Agreement: Agreement{NULL: true}},
		"ECDH with GCM":                      {Cipher: "aes-256-gcm"},
		"ECDH indefinite lengths":            {BER: true, Agreement: std},
		"ECDH with GCM and AES-128 for both": {Cipher: "aes-128-gcm", Agreement: Agreement{Wrap: 16}},
	} {
		m, to := k.to(name, NorthEC, o)
		k.good(name, row, m, to)
	}
	k.good("envelope with indefinite lengths", "4 BER", north("envelope with indefinite lengths", EncryptOptions{BER: true}))
	k.good("GCM with indefinite lengths", "4 BER", north("GCM with indefinite lengths", EncryptOptions{BER: true, Cipher: "aes-128-gcm"}))
	k.good("GCM with a tag of 12", row, north("GCM with a tag of 12", EncryptOptions{Cipher: "aes-256-gcm", Tag: 12}))
	k.good("GCM with the default tag", row, north("GCM with the default tag", EncryptOptions{Cipher: "aes-256-gcm", NoTagSize: true}))
	m := k.plain("several recipients")
	m.Recipients = []*x509.Certificate{k.Ours[NorthEC].Certificate, Leaf(k.t, "direct.third.example", "rsa2048c", &k.Anchor, nil).Certificate, k.Ours[North].Certificate}
	k.good("several recipients", row, m)

	k.bad("3DES", row, no, north("3DES", EncryptOptions{Cipher: "3des"}))
	k.bad("DES", row, no, north("DES", EncryptOptions{Cipher: "des"}))
	k.bad("CBC in AuthEnvelopedData", row, no, north("CBC in AuthEnvelopedData", EncryptOptions{Plain: true}))
	k.bad("GCM in EnvelopedData", row, no, north("GCM in EnvelopedData", EncryptOptions{Plain: true, Cipher: "aes-256-gcm"}))
	k.bad("wrong recipient", row, no, k.changed("wrong recipient", func(m *Mail) {
		m.Recipients = []*x509.Certificate{Leaf(k.t, "direct.third.example", "rsa2048c", &k.Anchor, nil).Certificate}
	}))
	k.bad("wrong key of ours", row, no, k.changed("wrong key of ours", func(m *Mail) { m.Recipients = []*x509.Certificate{k.Ours[South].Certificate} }))
	k.bad("no recipient", row, no, k.changed("no recipient", func(m *Mail) {
		m.OuterChange, m.Recipients = nil, []*x509.Certificate{{PublicKey: nil}}
	}))
	k.bad("another content key", row, "", north("another content key", EncryptOptions{Transport: Transport{WrongKey: true}}))
	k.bad("content key of another length", row, no, north("content key of another length", EncryptOptions{Transport: Transport{KeyLength: 16}}))
	k.bad("OAEP with another content key", row, no, north("OAEP with another content key", EncryptOptions{Transport: Transport{OAEP: v, WrongKey: true}}))
	k.bad("GCM changed", row, no, north("GCM changed", EncryptOptions{Cipher: "aes-256-gcm", Damage: flip}))
	k.bad("CBC changed", row, "", north("CBC changed", EncryptOptions{Damage: flip}))
	k.bad("CBC cut", row, no, north("CBC cut", EncryptOptions{Damage: func(b []byte) []byte { return b[:len(b)-3] }}))
	k.bad("CBC empty", row, no, north("CBC empty", EncryptOptions{Damage: func([]byte) []byte { return nil }}))
	k.bad("GCM with a tag of 4", row, no, north("GCM with a tag of 4", EncryptOptions{Cipher: "aes-256-gcm", Tag: 4}))
	k.bad("GCM with a tag shorter than said", row, no, north("GCM with a tag shorter than said", EncryptOptions{Cipher: "aes-256-gcm", Tag: 12, TagStated: 16}))
	k.bad("GCM with a nonce of 8", row, no, north("GCM with a nonce of 8", EncryptOptions{Cipher: "aes-256-gcm", Nonce: 8}))
	for name, point := range map[string]func([]byte) []byte{
		"ECDH point off the curve": flip, "ECDH point at infinity": func([]byte) []byte { return []byte{0} }, "ECDH no point": func([]byte) []byte { return nil },
		"ECDH point of zeros": func(b []byte) []byte { return append([]byte{4}, make([]byte, len(b)-1)...) },
	} {
		m, to := k.to(name, NorthEC, EncryptOptions{Agreement: Agreement{Point: point}})
		k.bad(name, row, no, m, to)
	}
	k.bad("envelope with bytes behind it", "4 BER", malformed, north("envelope with bytes behind it", EncryptOptions{Trailing: []byte{1, 2, 3}}))
	nested := k.plain("nested BER")
	nested.OuterChange = func(b []byte) []byte {
		head, _, _ := strings.Cut(string(b), "\r\n\r\n")
		return []byte(head + "\r\n\r\n" + Base64(bytes.Repeat([]byte{0x30, 0x80}, 200_000), 76, "\r\n"))
	}
	k.bad("nested BER", "limits", "over_limit", nested)
}
