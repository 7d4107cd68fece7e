package ccda

import (
	"encoding/base64"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

const flushAt = 32 << 10 // bytes gathered before they go to the underlying writer

// writer streams XML 1.0. It escapes, and drops the characters that XML forbids (OCR and HL7 v2 text hold them).
// The first error sticks; close reports it.
type writer struct {
	out   io.Writer
	buf   []byte
	depth int
	mixed int // over 0: inside mixed content, where white space counts
	leaf  bool
	err   error
}

func newWriter(out io.Writer) *writer {
	return &writer{out: out, buf: make([]byte, 0, flushAt+4096)}
}

func (w *writer) flush() error {
	if w.err == nil && len(w.buf) > 0 {
		_, w.err = w.out.Write(w.buf)
	}
	w.buf = w.buf[:0]
	return w.err
}

func (w *writer) indent() {
	if w.mixed > 0 {
		return
	}
	w.buf = append(w.buf, '\n')
	for range w.depth {
		w.buf = append(w.buf, ' ')
	}
}

// tag writes a start tag; attrs are name and value pairs, a pair with an empty value is left out.
func (w *writer) tag(name string, attrs []string) {
	if len(w.buf) > flushAt {
		_ = w.flush() // the error sticks in w.err
	}
	w.indent()
	w.buf = append(w.buf, '<')
	w.buf = append(w.buf, name...)
	for i := 0; i+1 < len(attrs); i += 2 {
		if attrs[i+1] == "" {
			continue
		}
		w.buf = append(w.buf, ' ')
		w.buf = append(w.buf, attrs[i]...)
		w.buf = append(w.buf, '=', '"')
		w.buf = appendEscaped(w.buf, attrs[i+1], true)
		w.buf = append(w.buf, '"')
	}
}

// open starts an element with element content.
func (w *writer) open(name string, attrs ...string) {
	w.tag(name, attrs)
	w.buf = append(w.buf, '>')
	w.depth++
	if w.mixed > 0 {
		w.mixed++
	}
	w.leaf = false
}

// openMixed starts an element in which white space counts: names, narrative.
func (w *writer) openMixed(name string, attrs ...string) {
	w.tag(name, attrs)
	w.buf = append(w.buf, '>')
	w.depth++
	w.mixed++
}

// end closes the innermost element, which must be name.
func (w *writer) end(name string) {
	w.depth--
	switch {
	case w.mixed > 0:
		w.mixed--
	case !w.leaf:
		w.indent()
	}
	w.leaf = false
	w.buf = append(w.buf, '<', '/')
	w.buf = append(w.buf, name...)
	w.buf = append(w.buf, '>')
}

// empty writes an element without content.
func (w *writer) empty(name string, attrs ...string) {
	w.tag(name, attrs)
	w.buf = append(w.buf, '/', '>')
}

// text writes character data.
func (w *writer) text(s string) { w.buf = appendEscaped(w.buf, s, false) }

// element writes <name attrs>s</name> without adding white space.
func (w *writer) element(name, s string, attrs ...string) {
	w.openMixed(name, attrs...)
	w.text(s)
	w.end(name)
}

// base64 writes data in lines of 76 characters, without building the text first.
func (w *writer) base64(data []byte) {
	const line = 57 // bytes that give 76 characters
	for len(data) > 0 {
		n := min(line, len(data))
		w.buf = append(w.buf, '\n')
		w.buf = base64.StdEncoding.AppendEncode(w.buf, data[:n])
		data = data[n:]
		if len(w.buf) > flushAt {
			_ = w.flush()
		}
	}
}

// appendEscaped appends s as character data, or as an attribute value.
func appendEscaped(dst []byte, s string, attr bool) []byte {
	last := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 || !xmlChar(r) {
				dst = append(dst, s[last:i]...)
				last = i + n
			}
			i += n
			continue
		}
		esc := ""
		switch {
		case c == '<':
			esc = "&lt;"
		case c == '>':
			esc = "&gt;"
		case c == '&':
			esc = "&amp;"
		case c == '"' && attr:
			esc = "&quot;"
		case attr && (c == '\n' || c == '\t' || c == '\r'):
			esc = " "
		case c == '\r':
			esc = "&#13;"
		case !xmlChar(rune(c)):
		default:
			i++
			continue
		}
		dst = append(dst, s[last:i]...)
		dst = append(dst, esc...)
		i++
		last = i
	}
	return append(dst, s[last:]...)
}

// xmlChar says whether XML 1.0 allows r (production 2).
func xmlChar(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000
}

// clean drops forbidden characters and invalid UTF-8, makes every run of white space one blank and trims.
func clean(s string) string {
	if !dirty(s) {
		return s
	}
	var b strings.Builder
	gap := false
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				continue
			}
		}
		switch {
		case unicode.IsSpace(r):
			gap = b.Len() > 0
		case !xmlChar(r) || r < 0x20:
		default:
			if gap {
				b.WriteByte(' ')
			}
			gap = false
			b.WriteRune(r)
		}
	}
	return b.String()
}

// dirty says whether clean would change s; nearly all words are clean, and then nothing is copied.
func dirty(s string) bool {
	gap := true // a leading blank is dirty
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < 0x20 || c >= utf8.RuneSelf || c == ' ' && gap {
			return true
		}
		gap = c == ' '
	}
	return gap && s != ""
}
