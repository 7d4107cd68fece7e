package ccda

import (
	"bytes"
	"fmt"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"strconv"
	"strings"
	"unicode/utf8"
)

// toUTF8 decodes by byte order mark or XML declaration. Bytes that are not UTF-8 in a document that says nothing else
// are taken for Windows-1252, which is what they are in practice.
func toUTF8(b []byte) (string, error) {
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		return strings.ToValidUTF8(string(b[3:]), "\uFFFD"), nil
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("<\x00")):
		return fromUTF16(b, unicode.LittleEndian)
	case bytes.HasPrefix(b, []byte("\xfe\xff")), bytes.HasPrefix(b, []byte("\x00<")): // without a mark by its first bytes (XML 1.0 appendix F)
		return fromUTF16(b, unicode.BigEndian)
	}
	name := declared(b)
	if name == "" || strings.EqualFold(name, "utf-8") || strings.EqualFold(name, "utf8") {
		if utf8.Valid(b) {
			return string(b), nil
		}
		name = "windows-1252"
	}
	enc, err := htmlindex.Get(name)
	if err != nil {
		return "", fmt.Errorf("%w: unknown character set in the XML declaration", ErrNotXML)
	}
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		return "", fmt.Errorf("%w: bytes that its character set does not have", ErrNotXML)
	}
	return strings.ToValidUTF8(string(out), "\uFFFD"), nil
}

func fromUTF16(b []byte, order unicode.Endianness) (string, error) {
	out, err := unicode.UTF16(order, unicode.UseBOM).NewDecoder().Bytes(b)
	if err != nil {
		return "", fmt.Errorf("%w: broken UTF-16", ErrNotXML)
	}
	return string(out), nil
}

// declared gives the encoding of the XML declaration.
func declared(b []byte) string {
	if !bytes.HasPrefix(b, []byte("<?xml")) {
		return ""
	}
	end := bytes.Index(b[:min(len(b), 200)], []byte("?>"))
	if end < 0 {
		return ""
	}
	_, rest, ok := strings.Cut(string(b[:end]), "encoding")
	if !ok {
		return ""
	}
	rest = strings.TrimLeft(rest, " \t\r\n=")
	if rest == "" {
		return ""
	}
	if i := strings.IndexByte(rest[1:], rest[0]); i >= 0 {
		return strings.TrimSpace(rest[1 : i+1])
	}
	return ""
}

// unescapeXML resolves the five entities and character references; any other entity is an error.
func unescapeXML(s string) (string, bool) {
	i := strings.IndexByte(s, '&')
	if i < 0 {
		return s, true
	}
	var b strings.Builder
	for i >= 0 {
		b.WriteString(s[:i])
		s = s[i:]
		end := strings.IndexByte(s[:min(len(s), 12)], ';')
		if end < 0 {
			return "", false
		}
		switch name := s[1:end]; {
		case name == "lt":
			b.WriteByte('<')
		case name == "gt":
			b.WriteByte('>')
		case name == "amp":
			b.WriteByte('&')
		case name == "quot":
			b.WriteByte('"')
		case name == "apos":
			b.WriteByte('\'')
		case strings.HasPrefix(name, "#"):
			r, ok := charReference(name[1:])
			if !ok {
				return "", false
			}
			b.WriteRune(r)
		default:
			return "", false
		}
		s = s[end+1:]
		i = strings.IndexByte(s, '&')
	}
	b.WriteString(s)
	return b.String(), true
}

func charReference(s string) (rune, bool) {
	base := 10
	if strings.HasPrefix(s, "x") || strings.HasPrefix(s, "X") {
		s, base = s[1:], 16
	}
	n, err := strconv.ParseUint(s, base, 32)
	if err != nil || n > utf8.MaxRune {
		return 0, false
	}
	if !xmlChar(rune(n)) {
		return utf8.RuneError, true
	}
	return rune(n), true
}
