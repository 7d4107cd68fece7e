package hl7

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Charset is a character set of table 0211 that this package can decode. The zero Charset is UTF-8.
type Charset struct {
	name string
	cm   *charmap.Charmap // nil: UTF-8 or ASCII
}

// Name returns the name as table 0211 writes it.
func (c Charset) Name() string {
	if c.name == "" {
		return "UNICODE UTF-8"
	}
	return c.name
}

var (
	utf8Set  = Charset{name: "UNICODE UTF-8"}
	asciiSet = Charset{name: "ASCII"}
)

// LookupCharset finds a character set by its name in MSH-18: ASCII, 8859/1 to 8859/11 and 8859/13 to 8859/16, UNICODE UTF-8. It also
// knows the spellings seen in the field (8859, ISO-8859-1, UTF-8, WINDOWS-1252).
func LookupCharset(name string) (Charset, bool) {
	n := strings.ToUpper(strings.NewReplacer("-", "", "_", "", " ", "", "/", "").Replace(name))
	n = strings.TrimPrefix(strings.TrimPrefix(n, "ISO"), "IR")
	switch n {
	case "ASCII", "USASCII", "646":
		return asciiSet, true
	case "UNICODEUTF8", "UTF8", "UNICODE":
		return utf8Set, true
	case "WINDOWS1252", "CP1252", "8859", "88591":
		return Charset{"8859/1", charmap.Windows1252}, true
	}
	part, ok := strings.CutPrefix(n, "8859")
	if !ok {
		return Charset{}, false
	}
	cm := latin(part)
	return Charset{"8859/" + part, cm}, cm != nil
}

func latin(part string) *charmap.Charmap {
	switch part {
	case "2":
		return charmap.ISO8859_2
	case "3":
		return charmap.ISO8859_3
	case "4":
		return charmap.ISO8859_4
	case "5":
		return charmap.ISO8859_5
	case "6":
		return charmap.ISO8859_6
	case "7":
		return charmap.ISO8859_7
	case "8":
		return charmap.ISO8859_8
	case "9":
		return charmap.ISO8859_9
	case "10":
		return charmap.ISO8859_10
	case "11":
		return charmap.Windows874 // TIS-620 with the no-break space of 8859/11; its bytes below 0xA0 do not count, see fits
	case "13":
		return charmap.ISO8859_13
	case "14":
		return charmap.ISO8859_14
	case "15":
		return charmap.ISO8859_15
	case "16":
		return charmap.ISO8859_16
	}
	return nil
}

// setCharset takes the first repetition of MSH-18, or the given default when it is empty.
func (m *Message) setCharset(fallback string) {
	m.cs = utf8Set
	raw := m.Segment(0).Field(18).Repetition(1).Component(1).Raw()
	switch string(raw) { // the usual ones without an allocation
	case "UNICODE UTF-8":
		return
	case "ASCII":
		m.cs = asciiSet
		return
	case "":
		if fallback == "" {
			return
		}
		if cs, ok := LookupCharset(fallback); ok {
			m.cs = cs
		}
		return
	}
	cs, ok := LookupCharset(string(raw))
	if ok {
		m.cs = cs
	}
	m.notes.unknownCharset = !ok
}

// unreadSets tells whether MSH-18 names a set that is not read, as its first repetition or as one that ESC sequences switch to.
func (m *Message) unreadSets() bool {
	if m.notes.unknownCharset {
		return true
	}
	n := 0
	for rep := range m.Segment(0).Field(18).All() {
		if n++; n == 1 {
			continue // the one above
		}
		if name := rep.Component(1).Raw(); len(name) > 0 {
			if _, ok := LookupCharset(string(name)); !ok {
				return true
			}
		}
	}
	return false
}

// Unreadable finds the first field whose text cannot be known: it holds bytes beyond ASCII in a character set that is not read (MSH-18), or ESC
// sequences (ISO 2022), which are never read. Whatever such a field seems to say, a name for one, is wrong. Z segments are not looked at.
// False: there is none.
func (m *Message) Unreadable() (Problem, bool) {
	unread := m.unreadSets()
	if !unread && bytes.IndexByte(m.buf, escByte) < 0 {
		return Problem{}, false
	}
	for i := range m.segs {
		seg := m.seg(i)
		if seg[0] == 'Z' {
			continue
		}
		for at, c := range seg {
			if c == escByte || unread && c >= utf8.RuneSelf {
				return m.placeOf(i, at), true
			}
		}
	}
	return Problem{}, false
}

// escByte begins an ISO 2022 escape sequence.
const escByte = 0x1B

// placeOf is the field of segment i that holds the byte at offset at of it.
func (m *Message) placeOf(i, at int) Problem {
	seg := m.seg(i)
	n := bytes.Count(seg[:at], []byte{m.d.Field})
	if (Segment{m, i}).header() {
		n++
	}
	return Problem{Segment: string(seg[:3]), SegIndex: (Segment{m, i}).Occurrence(), Field: n}
}

// Charset returns the set that values are decoded with: MSH-18, else the default of [ParseWith], else UTF-8.
func (m *Message) Charset() Charset { return m.cs }

// toUTF8 decodes bytes that are not plain ASCII. Bytes that do not fit are read as Windows-1252, value by value.
func (c Charset) toUTF8(b []byte) string {
	if c.cm == nil {
		if utf8.Valid(b) {
			return string(b)
		}
		return decodeMap(charmap.Windows1252, b)
	}
	if !c.fits(b) {
		return decodeMap(charmap.Windows1252, b)
	}
	return decodeMap(c.cm, b)
}

// fits tells whether every byte has a meaning in the set. Bytes above 0x7F in a message declared as ASCII do not fit, though toUTF8
// reads them as UTF-8 when they are that.
func (c Charset) fits(b []byte) bool {
	switch {
	case c.cm == nil && c.name == asciiSet.name:
		return isASCII(b)
	case c.cm == nil:
		return utf8.Valid(b)
	case c.cm == charmap.Windows1252:
		return true
	}
	for _, x := range b {
		if x >= 0x80 && (x < 0xA0 || c.cm.DecodeByte(x) == utf8.RuneError) {
			return false
		}
	}
	return true
}

func decodeMap(cm *charmap.Charmap, b []byte) string {
	out := make([]byte, 0, len(b)+len(b)/8+8)
	for _, x := range b {
		out = utf8.AppendRune(out, cm.DecodeByte(x))
	}
	return string(out)
}

// encode writes text in the set; a character it does not have becomes a question mark.
func (c Charset) encode(dst []byte, s string) []byte {
	if c.cm == nil && c.name != asciiSet.name {
		return append(dst, s...)
	}
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			dst = append(dst, byte(r))
		case c.cm == nil:
			dst = append(dst, '?')
		default:
			x, ok := c.cm.EncodeRune(r)
			if !ok || (c.cm == charmap.Windows1252 || c.cm == charmap.Windows874) && x < 0xA0 {
				x = '?' // 8859/1 on the wire is not Windows-1252, nor 8859/11 Windows-874
			}
			dst = append(dst, x)
		}
	}
	return dst
}

func isASCII(b []byte) bool {
	for _, x := range b {
		if x >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
