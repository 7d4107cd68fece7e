package hl7

import (
	"bytes"
	"iter"
	"slices"
)

// Segment is one segment of a message. The zero Segment stands for one that is not there: all its values are empty.
type Segment struct {
	m *Message
	i int
}

// Exists tells whether the segment is there.
func (s Segment) Exists() bool { return s.m != nil }

// Index returns the place of the segment in its message, counted from 0 (MSH); -1 when it is not there.
func (s Segment) Index() int {
	if s.m == nil {
		return -1
	}
	return s.i
}

// Name returns the three characters that begin the segment, "" when it is not there.
func (s Segment) Name() string {
	if s.m == nil {
		return ""
	}
	return string(s.m.seg(s.i)[:3])
}

// Occurrence returns the how manieth segment of its name this is, counted from 1; 0 when it is not there. ERR-2.2 uses it.
func (s Segment) Occurrence() int {
	if s.m == nil {
		return 0
	}
	n := 1
	for i := range s.i {
		if bytes.Equal(s.m.seg(i)[:3], s.m.seg(s.i)[:3]) {
			n++
		}
	}
	return n
}

// Raw returns the bytes of the segment without its end. Lines that continue it are within, with their line ends.
func (s Segment) Raw() []byte {
	if s.m == nil {
		return nil
	}
	return s.m.seg(s.i)
}

// Offset returns the place of the first byte in [Message.Bytes].
func (s Segment) Offset() int {
	if s.m == nil {
		return -1
	}
	return int(s.m.segs[s.i].lo)
}

// Message returns the message the segment belongs to, nil for the zero Segment.
func (s Segment) Message() *Message { return s.m }

func (s Segment) is(names []string) bool {
	if len(names) == 0 {
		return true
	}
	for _, n := range names {
		if s.m.named(s.i, n) {
			return true
		}
	}
	return false
}

// Next returns the segment after this one, the zero Segment at the end.
func (s Segment) Next() Segment {
	if s.m == nil {
		return Segment{}
	}
	return s.m.Segment(s.i + 1)
}

// Notes iterates over the NTE segments that comment this one: those that follow it, with only PRT, TQ1, TQ2 and other NTE between.
func (s Segment) Notes() iter.Seq[Segment] {
	return func(yield func(Segment) bool) {
		for n := s.Next(); n.Exists(); n = n.Next() {
			switch name := n.Name(); {
			case name == "NTE":
				if !yield(n) {
					return
				}
			case !slices.Contains([]string{"PRT", "TQ1", "TQ2"}, name):
				return
			}
		}
	}
}

// header tells whether field numbering counts the separator itself: MSH, FHS and BHS (2.14.9.1).
func (s Segment) header() bool {
	b := s.m.seg(s.i)
	return b[1] == 'H' && b[2] == 'S' && (b[0] == 'F' || b[0] == 'B') || b[0] == 'M' && b[1] == 'S' && b[2] == 'H'
}

// Field returns field n, counted from 1, with all its repetitions.
func (s Segment) Field(n int) Value {
	if s.m == nil || n < 1 {
		return Value{}
	}
	b, sep := s.m.seg(s.i), s.m.d.Field
	skip, level := 4, atField // the name and its separator
	if s.header() {
		switch n {
		case 1:
			skip, level = 3, atLeaf
		case 2:
			n, level = 1, atLeaf
		default:
			n--
		}
	}
	if len(b) < 4 {
		return Value{}
	}
	at := s.m.segs[s.i].lo + uint32(skip)
	if skip == 3 {
		return Value{m: s.m, raw: b[3:4:4], at: at, level: level}
	}
	lo, hi := piece(b[4:], sep, n)
	if lo < 0 {
		return Value{m: s.m, level: level}
	}
	return Value{m: s.m, raw: b[4+lo : 4+hi : 4+hi], at: at + uint32(lo), level: level}
}

// Fields returns the number of the last field that is written, empty ones included.
func (s Segment) Fields() int {
	if s.m == nil {
		return 0
	}
	n := bytes.Count(s.m.seg(s.i), []byte{s.m.d.Field})
	if s.header() {
		n++
	}
	return n
}

// piece returns where the nth (from 1) part of b between separators begins and ends; lo is -1 when there are fewer.
func piece(b []byte, sep byte, n int) (lo, hi int) {
	for ; n > 1; n-- {
		i := bytes.IndexByte(b[lo:], sep)
		if i < 0 {
			return -1, -1
		}
		lo += i + 1
	}
	if i := bytes.IndexByte(b[lo:], sep); i >= 0 {
		return lo, lo + i
	}
	return lo, len(b)
}
