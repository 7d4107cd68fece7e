// Package mllp frames messages on byte streams: HL7 v2 Transport Specification, MLLP Release 1 (start block 0x0B, message, end
// block 0x1C 0x0D).
//
// A [Reader] takes frames off a stream and forgives what is seen in the field: bytes between frames, a sender that starts anew
// within a frame, an end block without its 0x0D. Each forgiveness is counted. A [Writer] writes frames by the book. The package does not
// look into messages, opens no connection and starts no goroutine.
//
// Left out: the commit acknowledgements of MLLP Release 2 (0x06, 0x15) and other block characters.
package mllp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// The block characters of Release 1.
const (
	StartBlock = 0x0B
	EndBlock   = 0x1C
	CR         = 0x0D
)

const lineFeed = 0x0A

// Defaults of [Limits].
const (
	DefaultMaxMessage = 64 << 20 // bytes in one message
	DefaultMaxSkipped = 64 << 10 // bytes between two frames
)

// Limits bounds what a Reader takes. A zero field means its default; there is no "unlimited".
type Limits struct {
	Message int // bytes in one message, default DefaultMaxMessage
	Skipped int // bytes in a row outside of any frame, default DefaultMaxSkipped
}

func (l Limits) withDefaults() Limits {
	if l.Message <= 0 {
		l.Message = DefaultMaxMessage
	}
	if l.Skipped <= 0 {
		l.Skipped = DefaultMaxSkipped
	}
	return l
}

// Reasons of errors, wrapped in an [*Error]; test with errors.Is.
var (
	ErrTooLarge = errors.New("message over the limit")
	ErrNoEnd    = errors.New("end of stream within a frame")
	ErrNoStart  = errors.New("no start block")
	ErrBlock    = errors.New("block character within a message")
)

// Error says where a stream stopped making sense. It holds no bytes of the stream.
type Error struct {
	Reason error
	At     int64  // bytes read from the stream before it
	Got    string // kind or count of what was there
	Want   string // what would have been accepted
}

func (e *Error) Error() string {
	return fmt.Sprintf("mllp: %v at byte %d: got %s, want %s", e.Reason, e.At, e.Got, e.Want)
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Reason }

// Append appends the frame of a message to dst. The message is not checked: see [Writer].
func Append(dst, message []byte) []byte {
	dst = append(dst, StartBlock)
	dst = append(dst, message...)
	return append(dst, EndBlock, CR)
}

// Unwrap returns the message of the first frame in b and how many bytes the frame and what was before it take, the end block included. The
// message aliases b and is not limited beyond it. ErrNoStart: no start block; ErrNoEnd: no end block. Of a frame that starts anew the last start counts.
func Unwrap(b []byte) (message []byte, n int, err error) {
	start := bytes.IndexByte(b, StartBlock)
	if start < 0 {
		return nil, 0, &Error{ErrNoStart, int64(len(b)), fmt.Sprintf("%d bytes without one", len(b)), "0x0B"}
	}
	for i := start + 1; i < len(b); i++ {
		switch {
		case b[i] == StartBlock:
			start = i
		case b[i] == EndBlock && (i+1 == len(b) || endsFrame(b[i+1])):
			n = i + 1
			if n < len(b) && b[n] == CR {
				n++
			}
			return b[start+1 : i : i], n, nil
		}
	}
	return nil, 0, &Error{ErrNoEnd, int64(len(b)), fmt.Sprintf("%d bytes after the start block", len(b)-start-1), "0x1C 0x0D"}
}

// endsFrame tells whether the byte after 0x1C shows that it was an end block, and not a stray byte in a text.
func endsFrame(c byte) bool { return c == CR || c == lineFeed || c == StartBlock || c == EndBlock }

// Writer writes frames. It is for one goroutine.
type Writer struct {
	w   io.Writer
	buf []byte
}

// NewWriter makes a Writer on w. Each frame up to 64 KiB is one Write of w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

const oneWrite = 64 << 10

// WriteMessage writes one frame. A message with a start or end block character in it is refused with ErrBlock before anything is written:
// no receiver could read it. Other errors are those of the stream.
func (w *Writer) WriteMessage(message []byte) error {
	if i := bytes.IndexByte(message, StartBlock); i >= 0 {
		return &Error{ErrBlock, int64(i), "0x0B", "a message without 0x0B and 0x1C"}
	}
	if i := bytes.IndexByte(message, EndBlock); i >= 0 {
		return &Error{ErrBlock, int64(i), "0x1C", "a message without 0x0B and 0x1C"}
	}
	if len(message) <= oneWrite {
		w.buf = Append(w.buf[:0], message)
		return w.write(w.buf)
	}
	if err := w.write([]byte{StartBlock}); err != nil {
		return err
	}
	if err := w.write(message); err != nil {
		return err
	}
	return w.write([]byte{EndBlock, CR})
}

func (w *Writer) write(b []byte) error {
	n, err := w.w.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return err
}
