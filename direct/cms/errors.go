package cms

import (
	"errors"
	"fmt"
)

// Conditions a caller branches on. Every error of this package matches one of them.
var (
	// ErrLimit: a Limits field was exceeded.
	ErrLimit = errors.New("over the limit")
	// ErrMalformed: not the BER or not the structure of the standard.
	ErrMalformed = errors.New("malformed")
	// ErrUnsupported: an algorithm or choice this package refuses; the error names it.
	ErrUnsupported = errors.New("unsupported")
	// ErrNotRecipient: none of the given identities is a recipient of the envelope.
	ErrNotRecipient = errors.New("no recipient of the envelope is ours")
	// ErrDecrypt is the only error of a decryption, whatever its cause.
	ErrDecrypt = errors.New("cannot be decrypted")
	// ErrUnsigned: the structure has no signer.
	ErrUnsigned = errors.New("no signature")
	// ErrSignature: a signature does not verify or breaks a rule of verification.
	ErrSignature = errors.New("signature not valid")
)

func fail(kind error, what, format string, args ...any) error {
	return fmt.Errorf("cms: %s: %s: %w", what, fmt.Sprintf(format, args...), kind)
}
