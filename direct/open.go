package direct

import (
	"bytes"
	"crypto/x509"
	"errors"
	"strings"

	"refloop/direct/cms"
)

// Opened is an incoming message after decryption and verification of the
// signature's arithmetic. Nothing in it is trusted before Check and TrustSigners said so.
type Opened struct {
	Outer        Header              // of the message as it travelled; proves nothing
	Mail         Mail                // the protected message
	Signers      []cms.Signer        // valid signatures only, at least one
	Certificates []*x509.Certificate // carried along; candidates for the chain
	Wrapped      bool                // a message/rfc822 was signed; else only content was and Mail.Header's addresses are the outer ones
	Identity     cms.Identity        // which of ours opened it
	Layers       []string            // from outside in, for inspection: "enveloped-data aes-256-cbc rsa"
	Warnings     []string            // what was forgiven, in words without content
}

// MessageID is that of the protected header, else the one outside, which should be the same; empty when there is neither.
func (o *Opened) MessageID() string {
	if id := o.Mail.MessageID(); id != "" {
		return id
	}
	return o.Outer.MessageID()
}

// Open decrypts with the first of ids that is a recipient, verifies the
// signature over the exact octets received and unwraps.
//
// Errors: ErrLimit, ErrMalformed, ErrNotEncrypted, ErrUndecryptable, ErrUnsigned, ErrSignature.
// A decryption fault never says which it was. The sender must hear nothing of any of them.
func Open(raw []byte, ids []cms.Identity, lim Limits) (*Opened, error) {
	lim = lim.withDefaults()
	if len(raw) > lim.Bytes {
		return nil, fail(ErrLimit, "message", "got %d bytes, want at most %d", len(raw), lim.Bytes)
	}
	outer, body, err := splitHeader(raw, lim)
	if err != nil {
		return nil, err
	}
	o := &Opened{Outer: outer}
	entity, err := o.decrypt(outer, body, ids, lim)
	if err != nil {
		return nil, err
	}
	signed, err := o.verify(entity, lim)
	if err != nil {
		return nil, err
	}
	if err := o.unwrap(signed, lim); err != nil {
		return nil, err
	}
	return o, nil
}

// isPKCS7 reports whether an entity is application/pkcs7-mime in one of its spellings, or names a p7m file.
func isPKCS7(h Header) bool {
	typ, params := h.mediaType()
	if typ == "application/pkcs7-mime" || typ == "application/x-pkcs7-mime" {
		return true
	}
	name := strings.ToLower(params["name"] + h.Value("Content-Disposition"))
	return typ == "application/octet-stream" && strings.Contains(name, ".p7m")
}

func (o *Opened) decrypt(h Header, body []byte, ids []cms.Identity, lim Limits) ([]byte, error) {
	env, der, err := parseEnvelope(h, body, lim)
	if err != nil {
		return nil, err
	}
	o.Layers = append(o.Layers, envelopeLayer(env))
	decrypt := env.Decrypt
	if &der[0] != &body[0] {
		decrypt = env.DecryptInPlace // der is ours, not the caller's
	}
	text, id, err := decrypt(ids)
	if err != nil {
		return nil, fail(ErrUndecryptable, "envelope", "of %d bytes", len(der))
	}
	o.Identity = id
	return text, nil
}

func envelopeError(err error) error {
	switch {
	case errors.Is(err, cms.ErrLimit):
		return errors.Join(ErrLimit, err)
	case errors.Is(err, cms.ErrUnsupported):
		return errors.Join(ErrUndecryptable, err)
	}
	return errors.Join(ErrMalformed, err)
}

func unique(in []string) (out []string) {
	seen := map[string]bool{}
	for _, s := range in {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// verify finds the signed part of the decrypted entity and returns its octets.
func (o *Opened) verify(entity []byte, lim Limits) ([]byte, error) {
	h, body, err := splitHeader(entity, lim)
	if err != nil {
		return nil, err
	}
	typ, params := h.mediaType()
	switch {
	case typ == "multipart/signed":
		return o.verifyDetached(body, params["boundary"], lim)
	case isPKCS7(h):
		der, err := decodeBody(h.Value("Content-Transfer-Encoding"), body)
		if err != nil {
			return nil, err
		}
		sd, err := o.parseSigned(der, lim)
		if err != nil {
			return nil, err
		}
		if sd.Content == nil && sd.Signers() > 0 {
			return nil, fail(ErrSignature, "signed part", "got a signature without its content")
		}
		return sd.Content, o.checkSigners(sd, nil, "opaque")
	}
	return nil, fail(ErrUnsigned, "decrypted part", "want multipart/signed or signed-data")
}

func (o *Opened) verifyDetached(body []byte, boundary string, lim Limits) ([]byte, error) {
	signed, second, err := splitSigned(body, boundary)
	if err != nil {
		return nil, err
	}
	h, sigBody, err := splitHeader(second, lim)
	if err != nil {
		return nil, err
	}
	der, err := decodeBody(h.Value("Content-Transfer-Encoding"), sigBody)
	if err != nil {
		return nil, err
	}
	sd, err := o.parseSigned(der, lim)
	if err != nil {
		return nil, err
	}
	if signed == nil {
		signed = []byte{}
	}
	err = o.checkSigners(sd, signed, "detached")
	if err != nil && bytes.IndexByte(signed, '\n') >= 0 {
		// Forgiveness: a gateway on the sender's side cut CRLF to LF after signing (RFC 8551 section 3.1.1 signs CRLF).
		if canonical := toCRLF(signed); len(canonical) != len(signed) && o.checkSigners(sd, canonical, "detached") == nil {
			o.Warnings = append(o.Warnings, "the signed part had LF line ends")
			return canonical, nil
		}
	}
	return signed, err
}

func (o *Opened) parseSigned(der []byte, lim Limits) (*cms.Signed, error) {
	sd, err := cms.ParseSigned(der, lim.CMS)
	switch {
	case errors.Is(err, cms.ErrLimit):
		return nil, errors.Join(ErrLimit, err)
	case errors.Is(err, cms.ErrUnsupported):
		return nil, errors.Join(ErrUnsigned, err)
	case err != nil:
		return nil, errors.Join(ErrMalformed, err)
	}
	return sd, nil
}

// checkSigners keeps the valid signatures; the error is for when there is none.
func (o *Opened) checkSigners(sd *cms.Signed, content []byte, form string) error {
	all, err := sd.Verify(content)
	if errors.Is(err, cms.ErrUnsigned) {
		return errors.Join(ErrUnsigned, err)
	}
	if err != nil {
		return errors.Join(ErrSignature, err)
	}
	o.Signers, o.Certificates = nil, sd.Certificates
	var algorithms []string
	for _, s := range all {
		if s.Err == nil {
			o.Signers = append(o.Signers, s)
			algorithms = append(algorithms, s.Algorithm)
		}
	}
	o.Layers = append(o.Layers, "signed-data "+form+" "+strings.Join(algorithms, " "))
	return nil
}

// unwrap takes the message out of its message/rfc822 wrapper and reads its parts. Without a
// wrapper only the content is protected, and the addresses are those of the outer header.
func (o *Opened) unwrap(entity []byte, lim Limits) error {
	h, body, err := splitHeader(entity, lim)
	if err != nil {
		return err
	}
	typ, _ := h.mediaType()
	if typ == "message/rfc822" || typ == "message/global" {
		inner, err := decodeBody(h.Value("Content-Transfer-Encoding"), body)
		if err != nil {
			return err
		}
		o.Wrapped = true
		o.Layers = append(o.Layers, "message/rfc822")
		o.Mail, err = ReadMail(inner, lim)
		return err
	}
	o.Warnings = append(o.Warnings, "the message was signed without a message/rfc822 wrapper")
	if o.Mail, err = ReadMail(entity, lim); err != nil {
		return err
	}
	if h.Has("From") { // headers were signed in place
		return nil
	}
	for _, f := range o.Outer {
		if !strings.HasPrefix(strings.ToLower(f.Name), "content-") {
			o.Mail.Header = append(o.Mail.Header, f)
		}
	}
	return nil
}
