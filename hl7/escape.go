package hl7

import (
	"bytes"
	"unicode/utf8"
)

// maxLayout bounds the lines or spaces that one \.sp<n>\, \.sk<n>\ may ask for.
const maxLayout = 200

// decode turns raw bytes of a value into text: escapes once, then the character set.
func (m *Message) decode(raw []byte) string {
	esc := m.d.Escape
	if esc != 0 && bytes.IndexByte(raw, esc) >= 0 {
		raw = Unescape(make([]byte, 0, len(raw)), raw, m.d)
	}
	if isASCII(raw) {
		return string(raw)
	}
	return m.cs.toUTF8(raw)
}

// Unescape appends raw to dst with its escape sequences decoded (2.7), in one pass: the delimiters \F\ \S\ \T\ \R\ \E\ \P\, bytes \Xhh..\,
// layout \.br\ \.sp<n>\ \.ce\ (new lines), \.sk<n>\ (spaces), \.in..\ \.ti..\ \.fi\ \.nf\ and highlighting \H\ \N\ (nothing).
// \C..\ \M..\ \Z..\ and what is not known stay as they are, and so does an escape character without its partner.
func Unescape(dst, raw []byte, d Delimiters) []byte {
	if d.Escape == 0 {
		return append(dst, raw...)
	}
	for {
		i := bytes.IndexByte(raw, d.Escape)
		if i < 0 {
			return append(dst, raw...)
		}
		dst = append(dst, raw[:i]...)
		raw = raw[i+1:]
		j := -1
		if end := bytes.IndexByte(raw[:min(len(raw), maxSequence)], d.Escape); end > 0 {
			j = end
		}
		if j < 0 {
			if end := longHex(raw, d.Escape); end > 0 {
				j = end
			} else {
				dst = append(dst, d.Escape)
				continue
			}
		}
		out, known := sequence(dst, raw[:j], d)
		if !known {
			dst = append(dst, d.Escape) // the next escape character may begin a sequence of its own
			continue
		}
		dst, raw = out, raw[j+1:]
	}
}

// maxSequence bounds the search for the end of a sequence, so that many lone escape characters stay cheap. Only \X..\ may be longer.
const maxSequence = 64

// longHex finds the end of a long \X..\ or \Z..\ sequence; 0 when it is none. It stops at the first byte that cannot be in it.
func longHex(raw []byte, esc byte) int {
	if len(raw) < maxSequence || raw[0] != 'X' && raw[0] != 'x' {
		return 0
	}
	for i, c := range raw[1:] {
		if c == esc {
			return i + 1
		}
		if _, ok := hexDigit(c); !ok {
			return 0
		}
	}
	return 0
}

// sequence appends what one escape sequence stands for. It returns false for what is to stay as it is.
func sequence(dst, s []byte, d Delimiters) ([]byte, bool) {
	if len(s) == 1 {
		return single(dst, s[0], d)
	}
	switch s[0] {
	case 'X', 'x':
		return hexBytes(dst, s[1:])
	case '.':
		return layout(dst, s[1:])
	case 'C', 'M':
		if _, ok := hexBytes(nil, s[1:]); !ok {
			return dst, false
		}
		return keep(dst, s, d), true
	case 'Z':
		return keep(dst, s, d), true
	}
	return dst, false
}

func keep(dst, s []byte, d Delimiters) []byte {
	return append(append(append(dst, d.Escape), s...), d.Escape)
}

func single(dst []byte, c byte, d Delimiters) ([]byte, bool) {
	var out byte
	switch c {
	case 'H', 'N':
		return dst, true
	case 'F':
		out = d.Field
	case 'S':
		out = d.Component
	case 'T':
		out = d.Subcomponent
	case 'R':
		out = d.Repetition
	case 'E':
		out = d.Escape
	case 'P':
		if out = d.Truncation; out == 0 {
			out = '#'
		}
	}
	if out == 0 {
		return dst, false
	}
	return append(dst, out), true
}

func hexBytes(dst, s []byte) ([]byte, bool) {
	if len(s) == 0 || len(s)%2 != 0 {
		return dst, false
	}
	n := len(dst)
	for i := 0; i < len(s); i += 2 {
		hi, ok1 := hexDigit(s[i])
		lo, ok2 := hexDigit(s[i+1])
		if !ok1 || !ok2 {
			return dst[:n], false
		}
		dst = append(dst, hi<<4|lo)
	}
	return dst, true
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}

// layout decodes the formatting commands of FT (2.7.6). The number after them may have a sign and is optional.
func layout(dst, s []byte) ([]byte, bool) {
	if len(s) < 2 {
		return dst, false
	}
	n, ok := layoutCount(s[2:])
	if !ok {
		return dst, false
	}
	switch string(bytes.ToLower(s[:2])) {
	case "br", "ce":
		return append(dst, '\n'), true
	case "sp":
		return append(dst, bytes.Repeat([]byte{'\n'}, max(n, 1))...), true
	case "sk":
		return append(dst, bytes.Repeat([]byte{' '}, max(n, 1))...), true
	case "in", "ti", "fi", "nf":
		return dst, true
	}
	return dst, false
}

func layoutCount(s []byte) (int, bool) {
	s = bytes.TrimSpace(s)
	if len(s) > 0 && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	n := 0
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = min(n*10+int(c-'0'), maxLayout)
	}
	return n, true
}

// Escape appends text to dst so that it is legal within a value of a message with the delimiters d: delimiters and the escape
// character become sequences, line ends become \.br\, tabs become spaces, other control characters and what XML 1.0 does not allow are dropped. A text that would
// read as the HL7 null is written in hex. The text is UTF-8; invalid bytes become U+FFFD.
func Escape(dst []byte, text string, d Delimiters) []byte {
	return escape(dst, text, d, Charset{})
}

func escape(dst []byte, text string, d Delimiters, cs Charset) []byte {
	if text == `""` {
		return append(append(append(dst, d.Escape), "X2222"...), d.Escape)
	}
	clean := 0 // text[clean:i] needs no change
	for i, r := range text {
		n := 1
		if r >= utf8.RuneSelf {
			n = utf8.RuneLen(r)
			if r == utf8.RuneError {
				_, n = utf8.DecodeRuneInString(text[i:])
			}
		}
		rep, change := replacement(r, d, text[i:], n)
		if !change {
			continue
		}
		dst = append(cs.encode(dst, text[clean:i]), rep...)
		clean = i + n
	}
	return cs.encode(dst, text[clean:])
}

// replacement tells what a character becomes; rest begins with it. A CR LF pair is one line end.
func replacement(r rune, d Delimiters, rest string, n int) (string, bool) {
	if r < utf8.RuneSelf {
		if name := delimiterName(byte(r), d); name != 0 {
			return string([]byte{d.Escape, name, d.Escape}), true
		}
	}
	switch {
	case r == '\r' && len(rest) > 1 && rest[1] == '\n':
		return "", true
	case r == '\r' || r == '\n':
		return string([]byte{d.Escape, '.', 'b', 'r', d.Escape}), true
	case r == '\t':
		return " ", true
	case r < ' ' || r == 0x7F || r >= 0x80 && r < 0xA0 || r == 0xFFFE || r == 0xFFFF:
		return "", true
	case r == utf8.RuneError && n == 1:
		return "\uFFFD", true
	}
	return "", false
}

func delimiterName(c byte, d Delimiters) byte {
	if c == 0 {
		return 0
	}
	switch c {
	case d.Field:
		return 'F'
	case d.Component:
		return 'S'
	case d.Subcomponent:
		return 'T'
	case d.Repetition:
		return 'R'
	case d.Escape:
		return 'E'
	case d.Truncation:
		return 'P'
	}
	return 0
}
