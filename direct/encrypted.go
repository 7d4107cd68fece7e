package direct

import (
	"crypto/x509"

	"refloop/direct/cms"
)

// EncryptedTo says of certificates whether a message is encrypted to them, without a key. Its errors are those of Peek.
func EncryptedTo(raw []byte, lim Limits) (names func(*x509.Certificate) bool, err error) {
	env, err := envelope(raw, lim)
	if err != nil {
		return nil, err
	}
	return env.Names, nil
}

// envelope parses the encrypted layer of a message.
func envelope(raw []byte, lim Limits) (*cms.Enveloped, error) {
	lim = lim.withDefaults()
	if len(raw) > lim.Bytes {
		return nil, fail(ErrLimit, "message", "got %d bytes, want at most %d", len(raw), lim.Bytes)
	}
	h, body, err := splitHeader(raw, lim)
	if err != nil {
		return nil, err
	}
	if !isPKCS7(h) {
		return nil, fail(ErrNotEncrypted, "message", "want application/pkcs7-mime")
	}
	der, err := decodeBody(h.Value("Content-Transfer-Encoding"), body)
	if err != nil {
		return nil, err
	}
	env, err := cms.ParseEnveloped(der, lim.CMS)
	if err != nil {
		return nil, envelopeError(err)
	}
	return env, nil
}
