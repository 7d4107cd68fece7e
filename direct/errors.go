package direct

import (
	"errors"
	"fmt"
)

// Conditions a caller branches on. No error of this package quotes a header line or content.
var (
	// ErrLimit: a Limits field was exceeded.
	ErrLimit = errors.New("over the limit")
	// ErrMalformed: not a message of the standard.
	ErrMalformed = errors.New("malformed")
	// ErrNotEncrypted: not an enveloped message at all.
	ErrNotEncrypted = errors.New("not encrypted")
	// ErrUndecryptable: encrypted for somebody else, by a refused algorithm, or damaged.
	ErrUndecryptable = errors.New("cannot be decrypted")
	// ErrUnsigned: decrypted, but nothing inside is signed.
	ErrUnsigned = errors.New("not signed")
	// ErrSignature: the signature does not hold.
	ErrSignature = errors.New("signature not valid")
	// ErrTampered: envelope and protected headers disagree.
	ErrTampered = errors.New("envelope and protected headers disagree")
	// ErrUntrusted: no certificate passes the policy; see Reason.
	ErrUntrusted = errors.New("not trusted")
)

// fail makes an error that names what, the place and length, never the content.
func fail(kind error, what, format string, args ...any) error {
	return fmt.Errorf("direct: %s: %s: %w", what, fmt.Sprintf(format, args...), kind)
}
