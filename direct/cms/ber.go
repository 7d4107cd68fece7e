package cms

import (
	"bytes"
	"math"
)

// Identifier octets this file cares about (X.690 section 8.1.2).
const (
	tagOctets       = 0x04
	tagConstructed  = 0x20
	tagHighNumber   = 0x1f
	lenIndefinite   = 0x80
	maxLengthOctets = 4
)

// element is one BER element found by scan. Offsets are into the input.
type element struct {
	start   int  // first content octet
	end     int  // past the last content octet (without end-of-contents octets)
	parent  int  // index of the element it is in; -1 at the top
	size    int  // content octets after normalising
	tag     byte // identifier octet
	flatten bool // constructed OCTET STRING, written as a primitive one
}

// open is a constructed element whose end scan has not reached.
type open struct {
	index int
	end   int // -1: until end-of-contents octets
}

// Normalize checks that b is exactly one BER element within the limits and
// returns it with definite, minimal lengths and primitive octet strings. Octets of
// primitive elements are never changed. The result aliases b when nothing had to change. Line ends behind the element, which
// mail adds where the transfer encoding is not base64, are passed over.
// Errors: ErrLimit, ErrMalformed, ErrUnsupported (tag numbers above 30).
func Normalize(b []byte, lim Limits) ([]byte, error) {
	lim = lim.withDefaults()
	if len(b) > lim.Bytes || len(b) > math.MaxInt32 {
		return nil, fail(ErrLimit, "structure", "got %d bytes, want at most %d", len(b), lim.Bytes)
	}
	elements, changed, err := scan(b, lim)
	if err != nil {
		return nil, err
	}
	if !changed {
		return b[:elements[0].end], nil
	}
	return rewrite(b, elements), nil
}

// scan lists the elements of b in the order they appear, without recursion.
func scan(b []byte, lim Limits) (list []element, changed bool, err error) {
	list = make([]element, 0, 64)
	stack := make([]open, 0, lim.Depth)
	for pos := 0; ; {
		// Close what ends here.
		for n := len(stack); n > 0; n = len(stack) {
			top := stack[n-1]
			if top.end == pos {
				list[top.index].end = pos
				stack = stack[:n-1]
				continue
			}
			if top.end == -1 && pos+1 < len(b) && b[pos] == 0 && b[pos+1] == 0 {
				list[top.index].end = pos
				pos += 2
				stack = stack[:n-1]
				continue
			}
			break
		}
		if len(stack) == 0 && len(list) > 0 {
			if len(bytes.Trim(b[pos:], "\r\n")) > 0 {
				return nil, false, fail(ErrMalformed, "BER", "got %d bytes after the element, want none", len(b)-pos)
			}
			return list, changed, nil
		}
		if len(list) >= lim.Elements {
			return nil, false, fail(ErrLimit, "BER", "got more than %d elements", lim.Elements)
		}
		e, indefinite, minimal, err := header(b, pos, bound(stack, len(b)))
		if err != nil {
			return nil, false, err
		}
		e.parent = -1
		if n := len(stack); n > 0 {
			e.parent = stack[n-1].index
			if list[e.parent].flatten && e.tag&^tagConstructed != tagOctets {
				return nil, false, fail(ErrMalformed, "BER", "piece of an octet string at byte %d has another tag", pos)
			}
		}
		e.flatten = e.tag == tagOctets|tagConstructed
		changed = changed || indefinite || !minimal || e.flatten
		list = append(list, e)
		if e.tag&tagConstructed == 0 {
			pos = e.end
			continue
		}
		if len(stack) >= lim.Depth {
			return nil, false, fail(ErrLimit, "BER", "got nesting deeper than %d at byte %d", lim.Depth, pos)
		}
		o := open{index: len(list) - 1, end: e.end}
		if indefinite {
			o.end = -1
		}
		stack = append(stack, o)
		pos = e.start
	}
}

// bound is the offset the next element may not pass.
func bound(stack []open, end int) int {
	for i := len(stack) - 1; i >= 0; i-- {
		if stack[i].end >= 0 {
			return stack[i].end
		}
	}
	return end
}

// header reads the identifier and length octets at pos.
func header(b []byte, pos, limit int) (e element, indefinite, minimal bool, err error) {
	at := pos
	if limit-pos < 2 {
		return e, false, false, fail(ErrMalformed, "BER", "got an end at byte %d, want an element", at)
	}
	e.tag = b[pos]
	if e.tag&tagHighNumber == tagHighNumber {
		return e, false, false, fail(ErrUnsupported, "BER", "tag number above 30 at byte %d", at)
	}
	if e.tag == 0 {
		return e, false, false, fail(ErrMalformed, "BER", "stray end-of-contents octets at byte %d", at)
	}
	length, first := 0, b[pos+1]
	pos += 2
	minimal = true
	switch {
	case first < 0x80:
		length = int(first)
	case first == lenIndefinite:
		if e.tag&tagConstructed == 0 {
			return e, false, false, fail(ErrMalformed, "BER", "indefinite length of a primitive element at byte %d", at)
		}
		e.start, e.end = pos, -1
		return e, true, false, nil
	default:
		octets := int(first & 0x7f)
		if octets > maxLengthOctets || limit-pos < octets {
			return e, false, false, fail(ErrMalformed, "BER", "length of %d octets at byte %d", octets, at)
		}
		for _, c := range b[pos : pos+octets] {
			length = length<<8 | int(c)
		}
		pos += octets
		minimal = octets == lengthOctets(length)
	}
	if length < 0 || length > limit-pos {
		return e, false, false, fail(ErrMalformed, "BER", "element at byte %d is longer than what holds it", at)
	}
	e.start, e.end = pos, pos+length
	return e, false, minimal, nil
}

// lengthOctets counts the octets after the first one of a minimal length.
func lengthOctets(n int) int {
	switch {
	case n < 0x80:
		return 0
	case n < 1<<8:
		return 1
	case n < 1<<16:
		return 2
	case n < 1<<24:
		return 3
	}
	return 4
}

// rewrite writes the elements with definite minimal lengths.
func rewrite(b []byte, list []element) []byte {
	// Children come after their parent, so sizes add up from the back.
	for i := len(list) - 1; i >= 0; i-- {
		e := &list[i]
		if e.tag&tagConstructed == 0 {
			e.size = e.end - e.start
		}
		if e.parent < 0 {
			continue
		}
		p := &list[e.parent]
		p.size += e.size
		if !p.flatten {
			p.size += 2 + lengthOctets(e.size)
		}
	}
	out := make([]byte, 0, list[0].size+6)
	for i := range list {
		e := &list[i]
		if e.parent < 0 || !list[e.parent].flatten {
			tag := e.tag
			if e.flatten {
				tag = tagOctets
			}
			out = append(out, tag)
			out = appendLength(out, e.size)
		}
		if e.tag&tagConstructed == 0 {
			out = append(out, b[e.start:e.end]...)
		}
	}
	return out
}

func appendLength(out []byte, n int) []byte {
	octets := lengthOctets(n)
	if octets == 0 {
		return append(out, byte(n))
	}
	out = append(out, 0x80|byte(octets))
	for i := octets - 1; i >= 0; i-- {
		out = append(out, byte(n>>(8*i)))
	}
	return out
}
