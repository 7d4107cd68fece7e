package hl7

import (
	"errors"
	"fmt"
)

// Defaults of [Limits].
const (
	DefaultMaxBytes    = 64 << 20 // bytes in a message
	DefaultMaxSegments = 100_000  // segments in a message
	DefaultMaxMessages = 100_000  // messages in a batch file
)

// Limits bounds what [Parse] and [Split] take from outside. A zero field means its default; there is no "unlimited".
// A message over a limit is refused whole, never cut.
type Limits struct {
	Bytes    int // length of the input in bytes, default DefaultMaxBytes
	Segments int // segments in one message, default DefaultMaxSegments
	Messages int // messages in one batch file ([Split] only), default DefaultMaxMessages
}

func (l Limits) withDefaults() Limits {
	if l.Bytes <= 0 {
		l.Bytes = DefaultMaxBytes
	}
	if l.Segments <= 0 {
		l.Segments = DefaultMaxSegments
	}
	if l.Messages <= 0 {
		l.Messages = DefaultMaxMessages
	}
	return l
}

// Reasons a message cannot be read. They come wrapped in a [*ParseError]; test with errors.Is.
var (
	ErrEmpty           = errors.New("no bytes")
	ErrNotHL7          = errors.New("not an HL7 version 2 message")
	ErrDelimiters      = errors.New("unusable delimiters in MSH-1 or MSH-2")
	ErrTooLarge        = errors.New("too many bytes")
	ErrTooManySegments = errors.New("too many segments")
	ErrTooManyMessages = errors.New("too many messages")
	ErrBatch           = errors.New("a batch where one message was expected")
	ErrBadBatch        = errors.New("a batch that breaks the FHS BHS MSH BTS FTS order")
)

// ParseError says where and why reading stopped. It never quotes the message.
type ParseError struct {
	Reason  error  // one of the Err values of this package
	At      int    // byte offset from the start of the input
	Segment int    // segments read before it
	Got     string // kind or length of what was there
	Want    string // what would have been accepted
}

func (e *ParseError) Error() string {
	return fmt.Sprintf("hl7: %v at byte %d, segment %d: got %s, want %s", e.Reason, e.At, e.Segment+1, e.Got, e.Want)
}

// Unwrap returns the reason.
func (e *ParseError) Unwrap() error { return e.Reason }

func parseError(reason error, at, seg int, got, want string) error {
	return &ParseError{Reason: reason, At: at, Segment: seg, Got: got, Want: want}
}
