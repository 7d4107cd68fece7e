package smtpd

import (
	"errors"
	"io"
	"net"

	"github.com/emersion/go-smtp"

	"refloop/channels"
)

// intake reads one message against the limit and the memory budget.
type intake struct {
	budget channels.Budget
	limit  int
	taken  int
}

// chunk is how much the buffer grows at first.
const chunk = 64 << 10

func (in *intake) read(r io.Reader) ([]byte, error) {
	var buf []byte
	for {
		if len(buf) == cap(buf) {
			grown, err := in.grow(buf)
			if err != nil {
				return nil, err
			}
			buf = grown
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		if err != nil && err != io.EOF {
			return nil, readFault(err)
		}
		if !strictLines(buf, n) {
			return nil, answer(554, smtp.EnhancedCode{5, 6, 0}, "bare CR or LF in the message")
		}
		buf = buf[:len(buf)+n]
		if len(buf) > in.limit {
			return nil, answer(552, smtp.EnhancedCode{5, 3, 4}, "message too large")
		}
		if err == io.EOF {
			if len(buf) > 0 && buf[len(buf)-1] == '\r' {
				return nil, answer(554, smtp.EnhancedCode{5, 6, 0}, "bare CR or LF in the message")
			}
			return buf, nil
		}
	}
}

// grow doubles the buffer up to the limit, if the budget allows. While it copies, both buffers are paid for.
func (in *intake) grow(buf []byte) ([]byte, error) {
	size := min(max(2*cap(buf), chunk), in.limit+1)
	if size <= cap(buf) {
		return nil, answer(552, smtp.EnhancedCode{5, 3, 4}, "message too large")
	}
	if err := in.budget.Take(size); err != nil {
		return nil, answer(452, smtp.EnhancedCode{4, 3, 1}, "no memory for your message now, try again later")
	}
	out := make([]byte, len(buf), size)
	copy(out, buf)
	in.budget.Give(in.taken)
	in.taken = size
	return out, nil
}

func (in *intake) release() {
	in.budget.Give(in.taken)
	in.taken = 0
}

// strictLines reports whether every CR of the n octets after buf is followed by LF and every LF comes after
// CR (RFC 5321 section 2.3.8). A CR at the very end is judged with the next octets.
func strictLines(buf []byte, n int) bool {
	start := len(buf)
	b := buf[:start+n]
	for i := start; i < len(b); i++ {
		after := i > 0 && b[i-1] == '\r'
		if (b[i] == '\n') != after {
			return false
		}
	}
	return true
}

// readFault is the answer to a stream that broke.
func readFault(err error) error {
	var n net.Error
	switch {
	case errors.Is(err, smtp.ErrDataTooLarge):
		return answer(552, smtp.EnhancedCode{5, 3, 4}, "message too large")
	case errors.Is(err, smtp.ErrTooLongLine):
		return answer(554, smtp.EnhancedCode{5, 6, 0}, "line too long")
	case errors.As(err, &n) && n.Timeout():
		return errSlow
	}
	return errBroken
}

// Answers after which the client gets no more time.
var (
	errSlow   = answer(421, smtp.EnhancedCode{4, 4, 2}, "too slow")
	errBroken = answer(451, smtp.EnhancedCode{4, 4, 2}, "connection broken")
)
