package directkit

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"mime/quotedprintable"
	"strings"
	"testing"
)

// Mail is one message to make. Its zero value, with From and To, is what a good sender writes: wrapped, signed detached, encrypted.
type Mail struct {
	From, To, Cc string // header fields; To and Cc may hold several addresses
	ID           string // Message-ID with angle brackets; empty: none
	Fields       string // more header lines, each with its CRLF
	Body         string // MIME header of the content, empty line and content; empty: a short text
	Inner        string // the whole inner message, in place of all above

	NoWrap      bool                // the content is signed without message/rfc822
	WrapHeader  string              // header of the wrapper; empty: Content-Type: message/rfc822
	Sign        SignOptions         // Sign.Opaque: signed-data in application/pkcs7-mime
	Signers     []Signer            // none: not signed
	Second      []Signer            // signs the signed entity again
	Multipart   Multipart           // form of multipart/signed
	Opaque      string              // header of the opaque part; empty: the usual one
	OpaqueAs    string              // base64 (the default) or binary
	Signed      func([]byte) []byte // change after signing
	Encrypt     EncryptOptions
	Recipients  []*x509.Certificate // none: not encrypted
	Outer       string              // header lines outside, without Content-*; empty: From, To, Cc, Date, Message-ID, MIME-Version
	OuterType   string              // Content-Type and more outside; empty: the usual one
	OuterAs     string              // base64 (the default), binary, quoted-printable, oneline, shortlines
	OuterChange func([]byte) []byte
}

// Multipart is how multipart/signed is written; its zero value is the usual way.
type Multipart struct {
	Type     string // the Content-Type field, with %s for the boundary
	Boundary string
	Preamble string
	Epilogue string
	Part     string // header of the signature
	As       string // of the signature: base64 (the default) or binary
	NoEnd    bool   // the closing delimiter is missing
}

// Make writes the message.
func (m Mail) Make(t testing.TB) []byte {
	t.Helper()
	entity := []byte(m.content())
	if len(m.Signers) > 0 {
		entity = m.signed(t, entity, m.Signers)
	}
	if len(m.Second) > 0 {
		entity = m.signed(t, entity, m.Second)
	}
	if m.Signed != nil {
		entity = m.Signed(entity)
	}
	out := entity
	if len(m.Recipients) > 0 {
		out = m.encrypted(t, entity)
	} else {
		out = append([]byte(m.outer()), entity...)
	}
	if m.OuterChange != nil {
		out = m.OuterChange(out)
	}
	return out
}

func (m Mail) header() string {
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	line("From", m.From)
	line("To", m.To)
	line("Cc", m.Cc)
	line("Date", "Mon, 23 Nov 2026 08:00:00 +0000")
	line("Message-ID", m.ID)
	return b.String() + m.Fields + "MIME-Version: 1.0\r\n"
}

func (m Mail) outer() string {
	if m.Outer != "" {
		return m.Outer
	}
	fields := m.Fields
	m.Fields = ""
	defer func() { m.Fields = fields }()
	return m.header()
}

// content is what is signed.
func (m Mail) content() string {
	body := m.Body
	if body == "" {
		body = "Content-Type: text/plain; charset=us-ascii\r\n\r\nA synthetic note about nobody.\r\n"
	}
	inner := m.Inner
	if inner == "" {
		inner = m.header() + body
	}
	switch {
	case m.NoWrap && m.Inner == "":
		return body
	case m.NoWrap:
		return m.Inner
	case m.WrapHeader != "":
		return m.WrapHeader + "\r\n" + inner
	}
	return "Content-Type: message/rfc822\r\n\r\n" + inner
}

func (m Mail) signed(t testing.TB, content []byte, by []Signer) []byte {
	t.Helper()
	der := Sign(t, content, m.Sign, by...)
	if m.Sign.Opaque {
		head := m.Opaque
		if head == "" {
			head = "Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n"
		}
		if m.OpaqueAs == "binary" {
			return append([]byte(head+"Content-Transfer-Encoding: binary\r\n\r\n"), der...)
		}
		return []byte(head + "Content-Transfer-Encoding: base64\r\n\r\n" + Base64(der, 76, "\r\n"))
	}
	return m.Multipart.write(content, der)
}

func (p Multipart) write(content, signature []byte) []byte {
	mark := p.Boundary
	if mark == "" {
		mark = "signed-boundary"
	}
	typ := p.Type
	if typ == "" {
		typ = "multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256;\r\n boundary=\"%s\""
	}
	part := p.Part
	if part == "" {
		part = "Content-Type: application/pkcs7-signature; name=smime.p7s\r\n"
	}
	var b bytes.Buffer
	b.WriteString("Content-Type: " + strings.ReplaceAll(typ, "%s", mark) + "\r\n\r\n" + p.Preamble + "--" + mark + "\r\n")
	b.Write(content)
	b.WriteString("\r\n--" + mark + "\r\n" + part)
	if p.As == "binary" {
		b.WriteString("Content-Transfer-Encoding: binary\r\n\r\n")
		b.Write(signature)
		b.WriteString("\r\n")
	} else {
		b.WriteString("Content-Transfer-Encoding: base64\r\n\r\n" + Base64(signature, 76, "\r\n"))
	}
	if !p.NoEnd {
		b.WriteString("--" + mark + "--\r\n")
	}
	b.WriteString(p.Epilogue)
	return b.Bytes()
}

func (m Mail) encrypted(t testing.TB, entity []byte) []byte {
	t.Helper()
	der := Encrypt(t, entity, m.Encrypt, m.Recipients...)
	typ := m.OuterType
	if typ == "" {
		typ = "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=\"smime.p7m\"\r\nContent-Disposition: attachment; filename=\"smime.p7m\"\r\n"
	}
	head := m.outer() + typ
	switch m.OuterAs {
	case "binary":
		return append([]byte(head+"Content-Transfer-Encoding: binary\r\n\r\n"), der...)
	case "quoted-printable":
		var b bytes.Buffer
		w := quotedprintable.NewWriter(&b)
		w.Binary = true
		_, _ = w.Write(der)
		_ = w.Close()
		return []byte(head + "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b.String() + "\r\n")
	case "oneline":
		return []byte(head + "Content-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(der) + "\r\n")
	case "shortlines":
		return []byte(head + "Content-Transfer-Encoding: BASE64\r\n\r\n" + Base64(der, 60, " \r\n") + "\r\n\r\n")
	}
	return []byte(head + "Content-Transfer-Encoding: base64\r\n\r\n" + Base64(der, 76, "\r\n"))
}

// Base64 writes lines of n letters.
func Base64(b []byte, n int, end string) string {
	s := base64.StdEncoding.EncodeToString(b)
	var out strings.Builder
	for len(s) > 0 {
		k := min(n, len(s))
		out.WriteString(s[:k] + end)
		s = s[k:]
	}
	return out.String()
}
