package mllp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// Config is how a [Reader] works. The zero value has the default limits and no budget.
type Config struct {
	Limits Limits

	// Take is asked before memory for n more bytes of a message is used. It may wait; an error ends the Reader and is returned by
	// Next. Nil: no budget.
	Take func(n int) error
	// Give gets back what Take gave for frames that did not come to their end. What a returned frame holds ([Frame.Taken]) is the caller's to give back.
	Give func(n int)

	// WaitEnd is called with true before the Reader must wait for the byte after 0x1C, and with false after it: a stream with deadlines
	// sets a short one between the two. A read that ends with os.ErrDeadlineExceeded then ends the frame. Nil: wait as long as the stream does.
	WaitEnd func(begin bool)
}

// Frame is one message off the wire.
type Frame struct {
	Message  []byte // without block characters; owned by the caller
	Taken    int    // bytes of Config.Take it still holds
	Skipped  int    // bytes outside of frames before it, line ends after the last frame not counted
	Restarts int    // partial frames dropped because the sender started anew
	NoCR     bool   // the end block had no 0x0D
}

// headBytes is how much of what is not MLLP a Reader keeps for the log.
const headBytes = 16

// looseBytes is how many line ends after an end block are not worth counting.
const looseBytes = 4

// readSize is what an idle connection costs.
const readSize = 8 << 10

// Reader takes frames off a stream. It is for one goroutine. After an error it only returns that error.
type Reader struct {
	r   io.Reader
	c   Config
	lim Limits

	buf    []byte // read and not yet used
	chunk  []byte
	err    error
	at     int64 // bytes used
	loose  int   // how many CR, LF or 0x1C may still follow the last end block
	head   []byte
	strays int64

	inFrame bool

	msg   []byte
	taken int
}

// NewReader makes a Reader on r.
func NewReader(r io.Reader, c Config) *Reader {
	return &Reader{r: r, c: c, lim: c.Limits.withDefaults(), chunk: make([]byte, readSize)}
}

// Skipped returns how many bytes outside of frames were read so far, and the first of them (at most 16): what else talks to this port.
// They may be anything: show them in hex or by length only.
func (r *Reader) Skipped() (int64, []byte) { return r.strays, r.head }

// InFrame tells whether the Reader is within a frame: a start block was read and its end was not.
func (r *Reader) InFrame() bool { return r.inFrame }

// Buffered tells whether bytes beyond the last frame are read already.
func (r *Reader) Buffered() bool { return len(r.buf) > 0 }

// Next returns the next frame. io.EOF: the stream ended between frames. Else an [*Error] (ErrTooLarge, ErrNoEnd, ErrNoStart), the error of
// Take, or the error of the stream; then the frame is zero and its budget is given back.
func (r *Reader) Next() (Frame, error) {
	if r.err != nil {
		return Frame{}, r.err
	}
	f, err := r.next()
	if err != nil {
		r.err = err
		r.drop()
		return Frame{}, err
	}
	return f, nil
}

func (r *Reader) next() (Frame, error) {
	var f Frame
	skipped, err := r.skip()
	if err != nil {
		return Frame{}, err
	}
	f.Skipped, r.inFrame = skipped, true
	for {
		if len(r.buf) == 0 {
			if err := r.fill(); err != nil {
				return Frame{}, r.within(err)
			}
		}
		end := bytes.IndexByte(r.buf, EndBlock)
		part := r.buf
		if end >= 0 {
			part = r.buf[:end]
		}
		if i := bytes.IndexByte(part, StartBlock); i >= 0 {
			if err := r.fits(len(r.msg) + i); err != nil { // also of what is dropped: how the stream is cut must not matter
				return Frame{}, err
			}
			f.Restarts++
			r.use(i + 1)
			r.msg = r.msg[:0]
			continue
		}
		if err := r.keep(part); err != nil {
			return Frame{}, err
		}
		r.use(len(part))
		if end < 0 {
			continue
		}
		r.use(1)
		done, err := r.ended(&f)
		if err != nil {
			return Frame{}, err
		}
		if done {
			f.Message, f.Taken = r.msg, r.taken
			r.msg, r.taken, r.inFrame = nil, 0, false
			return f, nil
		}
		if err := r.keep([]byte{EndBlock}); err != nil {
			return Frame{}, err
		}
	}
}

// skip reads up to and with the next start block.
func (r *Reader) skip() (int, error) {
	n := 0
	for {
		if len(r.buf) == 0 {
			if err := r.fill(); err != nil {
				return 0, err
			}
		}
		if r.loose > 0 {
			if c := r.buf[0]; c == CR || c == lineFeed || c == EndBlock {
				r.use(1)
				r.loose--
				continue
			}
			r.loose = 0
		}
		i := bytes.IndexByte(r.buf, StartBlock)
		stray := r.buf
		if i >= 0 {
			stray = r.buf[:i]
		}
		n += len(stray)
		r.strays += int64(len(stray))
		r.head = append(r.head, stray[:min(len(stray), headBytes-len(r.head))]...)
		r.use(len(stray))
		if n > r.lim.Skipped {
			return 0, &Error{ErrNoStart, r.at, fmt.Sprintf("%d bytes outside of frames", n), fmt.Sprintf("0x0B within %d", r.lim.Skipped)}
		}
		if i >= 0 {
			r.use(1)
			return n, nil
		}
	}
}

// ended decides with the byte after 0x1C whether the frame is at its end. A byte of text means that the 0x1C was one too.
func (r *Reader) ended(f *Frame) (bool, error) {
	if len(r.buf) == 0 {
		err := r.fillShortly()
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, os.ErrDeadlineExceeded) {
				return false, err
			}
			f.NoCR, r.loose = true, looseBytes
			return true, nil
		}
	}
	switch c := r.buf[0]; {
	case c == CR:
		r.use(1)
	case endsFrame(c):
		f.NoCR = true
	default:
		return false, nil
	}
	r.loose = looseBytes
	return true, nil
}

func (r *Reader) fillShortly() error {
	if r.c.WaitEnd != nil {
		r.c.WaitEnd(true)
		defer r.c.WaitEnd(false)
	}
	return r.fill()
}

// fill reads more bytes; it returns only with some or an error.
func (r *Reader) fill() error {
	for range 100 {
		n, err := r.r.Read(r.chunk)
		if n > 0 {
			r.buf = r.chunk[:n]
			return nil // an error beside bytes comes again
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

func (r *Reader) use(n int) {
	r.buf = r.buf[n:]
	r.at += int64(n)
}

func (r *Reader) within(err error) error {
	if errors.Is(err, io.EOF) {
		return &Error{ErrNoEnd, r.at, fmt.Sprintf("%d bytes of a message", len(r.msg)), "0x1C 0x0D"}
	}
	return err
}

// keep appends to the message within the limit and the budget. Memory doubles, so that growing costs little, but never past the limit.
func (r *Reader) keep(part []byte) error {
	need := len(r.msg) + len(part)
	if err := r.fits(need); err != nil {
		return err
	}
	if need > cap(r.msg) {
		size := min(max(2*cap(r.msg), need, 4<<10), r.lim.Message)
		if r.c.Take != nil {
			if err := r.c.Take(size); err != nil {
				return err
			}
		}
		grown := make([]byte, len(r.msg), size)
		copy(grown, r.msg)
		old := r.taken
		r.msg, r.taken = grown, size
		r.give(old)
	}
	r.msg = append(r.msg, part...)
	return nil
}

func (r *Reader) fits(n int) error {
	if n > r.lim.Message {
		return &Error{ErrTooLarge, r.at, fmt.Sprintf("more than %d bytes", r.lim.Message), fmt.Sprintf("at most %d", r.lim.Message)}
	}
	return nil
}

func (r *Reader) drop() {
	r.give(r.taken)
	r.msg, r.taken = nil, 0
}

func (r *Reader) give(n int) {
	if r.c.Give != nil && n > 0 {
		r.c.Give(n)
	}
}
