package hl7

import (
	"bytes"
	"iter"
	"strconv"
)

// Message is one parsed message. It borrows the bytes given to [Parse]: it is valid while they are unchanged.
// A Message is never changed after Parse, so several goroutines may read it.
type Message struct {
	buf     []byte
	d       Delimiters
	cs      Charset
	segs    []span
	notes   notes
	reads   *Reads               // nil: nobody asks what is read
	builtin [inlineSegments]span // room for the spans of an ordinary message: saves an allocation
}

const inlineSegments = 40

type span struct{ lo, hi uint32 }

// notes counts what Parse forgave.
type notes struct {
	bom, leading, lf, crlf, continued, indented int
	doubled, unknownCharset                     bool
}

// Options are the settings of [ParseWith]. The zero value is what [Parse] uses.
type Options struct {
	Limits  Limits
	Charset string // name as in MSH-18 for messages whose MSH-18 is empty; empty: UNICODE UTF-8. An unknown name is taken as empty
	Reads   *Reads // notes what is read of the message; nil: nothing is noted and nothing is paid
}

// Parse reads one message. The result aliases b. Errors are a [*ParseError] with one of the Err values as reason; then the
// message is nil. Several messages in b (FHS, BHS or a second MSH) give ErrBatch: use [Split].
func Parse(b []byte, l Limits) (*Message, error) {
	return ParseWith(b, Options{Limits: l})
}

// ParseWith is [Parse] with a default character set.
func ParseWith(b []byte, o Options) (*Message, error) {
	l := o.Limits.withDefaults()
	if len(b) > l.Bytes || uint64(len(b)) > 1<<32-1 {
		return nil, parseError(ErrTooLarge, l.Bytes, 0, itoa(len(b))+" bytes", "at most "+itoa(l.Bytes))
	}
	m := &Message{buf: b, reads: o.Reads}
	at, err := m.start(b)
	if err != nil {
		return nil, err
	}
	m.segs = m.builtin[:0]
	if err := m.scan(at, l.Segments); err != nil {
		return nil, err
	}
	var doubled bool
	m.d, doubled, err = readDelimiters(m.seg(0))
	if err != nil {
		return nil, err
	}
	m.notes.doubled = doubled
	m.setCharset(o.Charset)
	return m, nil
}

// start skips a byte order mark and white space, and checks that MSH follows.
func (m *Message) start(b []byte) (int, error) {
	at := 0
	if bytes.HasPrefix(b, []byte("\xEF\xBB\xBF")) {
		at, m.notes.bom = 3, 1
	}
	for at < len(b) && (b[at] == '\r' || b[at] == '\n' || b[at] == ' ' || b[at] == '\t') {
		at++
		m.notes.leading++
	}
	rest := b[at:]
	switch {
	case len(rest) == 0:
		return 0, parseError(ErrEmpty, at, 0, "nothing", "a message beginning with MSH")
	case bytes.HasPrefix(rest, []byte("FHS")), bytes.HasPrefix(rest, []byte("BHS")):
		return 0, parseError(ErrBatch, at, 0, "a batch header", "MSH; use Split")
	case !bytes.HasPrefix(rest, []byte("MSH")) || len(rest) < 5:
		return 0, parseError(ErrNotHL7, at, 0, itoa(len(rest))+" other bytes", "MSH, MSH-1 and MSH-2")
	}
	return at, nil
}

// scan finds the segments from at on. MSH-1 is needed to tell a segment from a line that only continues one.
func (m *Message) scan(at, limit int) error {
	b, sep := m.buf, m.buf[at+3]
	ends := lineEnds{b: b, cr: -1, lf: -1}
	for at < len(b) {
		end := ends.next(at)
		line := b[at:end]
		switch {
		case len(line) == 0:
		case isSegment(line, sep):
			if len(m.segs) > 0 && len(line) > 3 && string(line[:3]) == "MSH" {
				return parseError(ErrBatch, at, len(m.segs), "a second MSH", "one message; use Split")
			}
			if len(m.segs) == limit {
				return parseError(ErrTooManySegments, at, len(m.segs), "more than "+itoa(limit), "at most "+itoa(limit))
			}
			m.segs = append(m.segs, span{uint32(at), uint32(end)})
		case m.indented(at, end, limit):
		case len(m.segs) == 0:
			return parseError(ErrNotHL7, at, 0, "a line that is no segment", "MSH")
		default:
			m.continues(end)
		}
		at = m.skipEnd(end)
	}
	return nil
}

// indented takes a line that is a segment but for blanks before its name. Only names of the structures count: any other may be text. The header
// segments are left out, as Split leaves them.
func (m *Message) indented(at, end, limit int) bool {
	line := m.buf[at:end]
	if line[0] != ' ' && line[0] != '\t' || len(m.segs) == 0 || len(m.segs) >= limit {
		return false
	}
	seg := bytes.TrimLeft(line, " \t")
	if len(seg) < 4 || !isSegment(seg, m.buf[m.segs[0].lo+3]) || !knownSegment(string(seg[:3])) {
		return false
	}
	m.segs = append(m.segs, span{uint32(end - len(seg)), uint32(end)})
	m.notes.indented++
	return true
}

// continues adds a line that is no segment to the one before. A name that stands alone on its line ("PRN", then "as needed") was
// no segment then but text too: nothing could tell it from its continuation once they are joined.
func (m *Message) continues(end int) {
	last := len(m.segs) - 1
	for last > 0 && m.segs[last].hi-m.segs[last].lo == 3 {
		last--
		m.notes.continued++
	}
	m.segs = m.segs[:last+1]
	m.segs[last].hi = uint32(end)
	m.notes.continued++
}

// skipEnd steps over one segment end and counts the kinds that the standard does not allow.
func (m *Message) skipEnd(at int) int {
	b := m.buf
	switch {
	case at >= len(b):
		return at
	case b[at] == '\n':
		m.notes.lf++
		return at + 1
	case at+1 < len(b) && b[at+1] == '\n':
		m.notes.crlf++
		return at + 2
	}
	return at + 1
}

// lineEnds finds CR or LF, whichever is next, and looks at each byte at most twice however they are mixed.
type lineEnds struct {
	b      []byte
	cr, lf int
}

func (e *lineEnds) next(at int) int {
	if e.cr < at {
		e.cr = nextByte(e.b, at, '\r')
	}
	if e.lf < at {
		e.lf = nextByte(e.b, at, '\n')
	}
	return min(e.cr, e.lf)
}

func nextByte(b []byte, at int, c byte) int {
	if i := bytes.IndexByte(b[at:], c); i >= 0 {
		return at + i
	}
	return len(b)
}

// isSegment tells whether a line begins a segment: a name of three capitals or digits (2.5.2), then MSH-1 or nothing.
func isSegment(line []byte, sep byte) bool {
	if len(line) < 3 || line[0] < 'A' || line[0] > 'Z' || !nameByte(line[1]) || !nameByte(line[2]) {
		return false
	}
	return len(line) == 3 || line[3] == sep
}

func nameByte(c byte) bool { return c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' }

// Bytes returns the whole input of Parse, unchanged and not copied.
func (m *Message) Bytes() []byte { return m.buf }

// CRBytes returns the message as it goes over a wire: segments ended with CR, nothing before MSH; lines that continue a segment are joined to it. The
// values stay byte for byte. It returns the input itself when that is already so.
func (m *Message) CRBytes() []byte {
	n := m.notes
	if n == (notes{doubled: n.doubled, unknownCharset: n.unknownCharset}) && len(m.buf) > 0 && m.buf[len(m.buf)-1] == '\r' {
		return m.buf
	}
	out := make([]byte, 0, len(m.buf))
	for i := range m.segs {
		for _, c := range m.seg(i) {
			if c != '\r' && c != '\n' {
				out = append(out, c)
			}
		}
		out = append(out, '\r')
	}
	return out
}

// Delimiters returns the separators of this message.
func (m *Message) Delimiters() Delimiters { return m.d }

// Len returns the number of segments.
func (m *Message) Len() int { return len(m.segs) }

func (m *Message) seg(i int) []byte {
	s := m.segs[i]
	return m.buf[s.lo:s.hi:s.hi]
}

// Segment returns segment i, counted from 0 (MSH). Outside the message it returns the zero Segment.
func (m *Message) Segment(i int) Segment {
	if i < 0 || i >= len(m.segs) {
		return Segment{}
	}
	return Segment{m: m, i: i}
}

// Segments iterates over the segments with one of the given names, in message order; without names over all.
func (m *Message) Segments(names ...string) iter.Seq[Segment] {
	return func(yield func(Segment) bool) {
		for i := range m.segs {
			s := Segment{m, i}
			if s.is(names) && !yield(s) {
				return
			}
		}
	}
}

// First returns the first segment of that name, or the zero Segment.
func (m *Message) First(name string) Segment { return m.nth(name, 1) }

// Count returns how many segments have that name.
func (m *Message) Count(name string) int {
	n := 0
	for i := range m.segs {
		if m.named(i, name) {
			n++
		}
	}
	return n
}

func (m *Message) nth(name string, occurrence int) Segment {
	for i := range m.segs {
		if m.named(i, name) {
			if occurrence--; occurrence <= 0 {
				return Segment{m, i}
			}
		}
	}
	return Segment{}
}

func (m *Message) named(i int, name string) bool {
	lo := m.segs[i].lo
	return len(name) == 3 && m.buf[lo] == name[0] && m.buf[lo+1] == name[1] && m.buf[lo+2] == name[2]
}

func indexByte(b []byte, c byte) int { return bytes.IndexByte(b, c) }

func itoa(n int) string { return strconv.Itoa(n) }
