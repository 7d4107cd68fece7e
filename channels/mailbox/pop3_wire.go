package mailbox

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Limits of what a POP3 server may send.
const (
	maxPOPLine = 1000    // octets of a status line or a line of a list, with its end; RFC 2449 section 4 says 512
	maxListed  = 1 << 20 // mails of one mailbox
	maxUIDL    = 70      // characters of a unique-id, RFC 1939 section 7
)

// popError is an -ERR answer: its response code alone (RFC 2449 section 8), because the text may quote anything.
type popError struct{ code string }

// Error names the code.
func (e *popError) Error() string {
	if e.code == "" {
		return "the server answered -ERR"
	}
	return "the server answered -ERR [" + e.code + "]"
}

// popReader reads the answers of a POP3 server.
type popReader struct{ br *bufio.Reader }

func newPOPReader(r io.Reader) *popReader { return &popReader{bufio.NewReaderSize(r, 4096)} }

// line reads one line of at most maxPOPLine octets and gives it without its end.
func (r *popReader) line() (string, error) {
	b, err := r.br.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) || len(b) > maxPOPLine {
		return "", fmt.Errorf("%w: got a line of more than %d octets", errAnswer, maxPOPLine)
	}
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(string(b[:len(b)-1]), "\r"), nil
}

// status reads a status line: its text after +OK, a *popError after -ERR.
func (r *popReader) status() (string, error) {
	l, err := r.line()
	if err != nil {
		return "", err
	}
	word, text, _ := strings.Cut(l, " ")
	switch {
	case strings.EqualFold(word, "+OK"):
		return text, nil
	case strings.EqualFold(word, "-ERR"):
		return "", &popError{code: responseCode(text)}
	}
	return "", fmt.Errorf("%w: got neither +OK nor -ERR", errAnswer)
}

// responseCode reads a code such as [AUTH] or [SYS/TEMP]: upper-case letters, digits, slashes and dashes.
func responseCode(text string) string {
	rest, ok := strings.CutPrefix(text, "[")
	code, _, end := strings.Cut(rest, "]")
	if !ok || !end || len(code) > 40 {
		return ""
	}
	code = strings.ToUpper(code)
	if strings.IndexFunc(code, func(c rune) bool {
		return !(c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '/' || c == '-')
	}) >= 0 {
		return ""
	}
	return code
}

// list reads the lines of a multi-line answer up to the single dot, at most max of them.
func (r *popReader) list(max int, each func(line string) error) error {
	for n := 0; ; n++ {
		l, err := r.line()
		switch {
		case err != nil:
			return err
		case l == ".":
			return nil
		case n == max:
			return fmt.Errorf("%w: got more than %d lines", errAnswer, max)
		}
		if err := each(strings.TrimPrefix(l, ".")); err != nil {
			return err
		}
	}
}

// errTooLong says that a mail is longer than was allowed.
var errTooLong = errors.New("longer than the limit")

// body reads a mail up to the line with a single dot and undoes the doubled dots (RFC 1939 section 3). Lines may have any length. Over
// limit bytes it gives errTooLong, and the connection is of no more use.
func (r *popReader) body(limit int64) ([]byte, error) { return r.sized(0, limit) }

// sized is body for a mail of about so many bytes.
func (r *popReader) sized(about, limit int64) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(int(min(max(about, 0)+512, limit+1)))
	start := true // at the beginning of a line
	for {
		b, err := r.br.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
		}
		whole := err == nil
		if start && len(b) > 0 && b[0] == '.' {
			if b = b[1:]; whole && (string(b) == "\r\n" || string(b) == "\n") {
				return out.Bytes(), nil
			}
		}
		if int64(out.Len()+len(b)) > limit {
			return nil, errTooLong
		}
		out.Write(b)
		start = whole
	}
}

// numbered reads "n rest".
func numbered(line string) (n int, rest string, err error) {
	word, rest, _ := strings.Cut(line, " ")
	n, err = strconv.Atoi(word)
	if err != nil || n <= 0 || n > maxListed {
		return 0, "", fmt.Errorf("%w: got a list without numbers", errAnswer)
	}
	return n, strings.TrimSpace(rest), nil
}

// uniqueID accepts 1 to 70 printable characters without spaces.
func uniqueID(s string) bool {
	return len(s) > 0 && len(s) <= maxUIDL && strings.IndexFunc(s, func(c rune) bool { return c < 0x21 || c > 0x7e }) < 0
}
