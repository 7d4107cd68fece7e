package direct

import (
	"strings"

	"refloop/direct/cms"
)

// Peek says what can be seen of a message without a key, from outside in as Opened.Layers: "enveloped-data aes-256-cbc
// rsa". Its errors are those of Open before the decryption: ErrLimit, ErrMalformed, ErrNotEncrypted, ErrUndecryptable
// for algorithms that are refused.
func Peek(raw []byte, lim Limits) ([]string, error) {
	env, err := envelope(raw, lim)
	if err != nil {
		return nil, err
	}
	return []string{envelopeLayer(env)}, nil
}

// envelopeLayer names content encryption and key algorithms, each once.
func envelopeLayer(env *cms.Enveloped) string {
	content, keys := env.Algorithms()
	kind := "enveloped-data "
	if strings.HasSuffix(content, "-gcm") {
		kind = "authEnveloped-data "
	}
	return kind + content + " " + strings.Join(unique(keys), " ")
}
