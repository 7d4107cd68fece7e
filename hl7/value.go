package hl7

import (
	"bytes"
	"iter"
)

// level is how deep in a field a value sits, and so which separators can be in it.
type level uint8

const (
	atField level = iota
	atRepetition
	atComponent
	atLeaf // a subcomponent, MSH-1 or MSH-2: nothing below
)

// Value is a part of a message: a field, a repetition, a component or a subcomponent. It is a view: no copy is made
// before a text is asked for. The zero Value is one that is not there; everything below it is not there either.
type Value struct {
	m     *Message
	raw   []byte
	at    uint32 // place of raw in the message
	level level
}

// Raw returns the bytes as they came, escapes and all; nil or empty when there are none. They alias the message.
func (v Value) Raw() []byte {
	if v.m != nil && v.m.reads != nil {
		v.m.reads.note(v)
	}
	return v.raw
}

// Offset returns the place of the first byte in [Message.Bytes]; 0 for a value that is not there.
func (v Value) Offset() int { return int(v.at) }

// Empty tells that nothing was sent here ("no news", 2.5.3.2). A null is not empty.
func (v Value) Empty() bool { return len(v.raw) == 0 }

// Null tells that two quotation marks were sent: "delete what you have" (2.5.3.4).
func (v Value) Null() bool { return string(v.raw) == `""` }

// Repetitions returns how many times the field repeats: 0 when it is empty.
func (v Value) Repetitions() int {
	if len(v.raw) == 0 {
		return 0
	}
	if v.level != atField || v.m.d.Repetition == 0 {
		return 1
	}
	return 1 + bytes.Count(v.raw, []byte{v.m.d.Repetition})
}

// Repetition returns repetition n, counted from 1.
func (v Value) Repetition(n int) Value {
	if v.m == nil {
		return v
	}
	return v.down(atRepetition, v.m.d.Repetition, n)
}

// Component returns component n, counted from 1, of the first repetition.
func (v Value) Component(n int) Value {
	if v.level < atRepetition {
		v = v.Repetition(1)
	}
	if v.m == nil {
		return v
	}
	return v.down(atComponent, v.m.d.Component, n)
}

// Subcomponent returns subcomponent n, counted from 1, of the first component.
func (v Value) Subcomponent(n int) Value {
	if v.level < atComponent {
		v = v.Component(1)
	}
	if v.m == nil {
		return v
	}
	return v.down(atLeaf, v.m.d.Subcomponent, n)
}

// down takes part n one level further down. A value already below that level is its own part 1.
func (v Value) down(to level, sep byte, n int) Value {
	if v.m == nil || n < 1 {
		return Value{}
	}
	if v.level >= to || sep == 0 {
		if n > 1 {
			return Value{}
		}
		v.level = max(v.level, to)
		return v
	}
	lo, hi := piece(v.raw, sep, n)
	if lo < 0 {
		return Value{}
	}
	return Value{m: v.m, raw: v.raw[lo:hi:hi], at: v.at + uint32(lo), level: to}
}

// All iterates over the repetitions of a field that are not empty.
func (v Value) All() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.m == nil || v.level != atField || v.m.d.Repetition == 0 {
			if r := v.Repetition(1); !r.Empty() {
				yield(r)
			}
			return
		}
		for lo := 0; lo <= len(v.raw); {
			hi := len(v.raw)
			if n := bytes.IndexByte(v.raw[lo:], v.m.d.Repetition); n >= 0 {
				hi = lo + n
			}
			r := Value{m: v.m, raw: v.raw[lo:hi:hi], at: v.at + uint32(lo), level: atRepetition}
			if !r.Empty() && !yield(r) {
				return
			}
			lo = hi + 1
		}
	}
}

// String returns the decoded text of the first leaf: repetition 1, component 1, subcomponent 1 of what v holds. So a sender who
// adds components later changes nothing: PID-8 is "M" for M and for M^Male^HL70001. A null gives "".
func (v Value) String() string {
	if v.m == nil {
		return ""
	}
	return v.Subcomponent(1).decoded()
}

// Text returns the decoded text of all that v holds, with separators in it taken as plain characters: for free text
// (TX, FT, NTE-3) whose senders do not escape. Repetitions are put on lines of their own. A null gives "".
func (v Value) Text() string {
	if v.m == nil {
		return ""
	}
	if v.Repetitions() > 1 {
		var b []byte
		for n := range v.Repetitions() {
			if n > 0 {
				b = append(b, '\n')
			}
			b = append(b, v.Repetition(n+1).decoded()...)
		}
		return string(b)
	}
	return v.decoded()
}

// Comp returns the decoded text of component n of the first repetition: short for Component(n).String().
func (v Value) Comp(n int) string { return v.Component(n).String() }

func (v Value) decoded() string {
	if len(v.raw) == 0 || v.m == nil {
		return ""
	}
	if v.m.reads != nil {
		v.m.reads.note(v)
	}
	if v.Null() {
		return ""
	}
	return v.m.decode(v.raw)
}
