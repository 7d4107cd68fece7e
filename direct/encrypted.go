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
	env, _, err := parseEnvelope(h, body, lim)
	return env, err
}

// parseEnvelope parses an entity that must be an envelope, and returns its octets too. They are body's own unless a transfer encoding was undone.
func parseEnvelope(h Header, body []byte, lim Limits) (env *cms.Enveloped, der []byte, err error) {
	if !isPKCS7(h) {
		return nil, nil, fail(ErrNotEncrypted, "message", "want application/pkcs7-mime")
	}
	if der, err = decodeBody(h.Value("Content-Transfer-Encoding"), body); err != nil {
		return nil, nil, err
	}
	if env, err = cms.ParseEnveloped(der, lim.CMS); err != nil {
		return nil, nil, envelopeError(err)
	}
	return env, der, nil
}
