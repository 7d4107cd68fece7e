package hl7

import "fmt"

// SegmentBuilder fills one segment of a [Builder]. Its methods return it, so that calls can be chained. Empty texts write nothing.
type SegmentBuilder struct {
	b      *Builder
	name   string
	fields []fieldBuilder // fields[0] is field 1 (of MSH: field 3)

	verbatim []byte // a whole segment echoed as it came; fields are not used then
}

type fieldBuilder []repBuilder // repetitions
type repBuilder []compBuilder  // components
type compBuilder []leaf        // subcomponents

// leaf is a text still to be escaped, or bytes that are legal already.
type leaf struct {
	text string
	raw  []byte
}

// empty tells that nothing would be written: no text, or one of control characters only.
func (l leaf) empty() bool {
	if len(l.raw) > 0 {
		return false
	}
	for i, r := range l.text {
		if rep, change := replacement(r, Delimiters{}, l.text[i:], 1); !change || rep != "" {
			return false
		}
	}
	return true
}

// Composite is a value with components and subcomponents, outer and inner index from 0.
type Composite interface{ Components() [][]string }

// Set writes a text as the first repetition, component and subcomponent of a field.
func (s *SegmentBuilder) Set(field int, text string) *SegmentBuilder {
	return s.SetAt(field, 1, 1, 1, text)
}

// SetAt writes a text at a place, all numbers from 1.
func (s *SegmentBuilder) SetAt(field, rep, comp, sub int, text string) *SegmentBuilder {
	s.put(field, rep, comp, sub, leaf{text: text})
	return s
}

// Null writes the two quotation marks that mean "delete what you have".
func (s *SegmentBuilder) Null(field int) *SegmentBuilder {
	s.put(field, 1, 1, 1, leaf{raw: []byte(`""`)})
	return s
}

// Components writes texts as the components of one more repetition of a field.
func (s *SegmentBuilder) Components(field int, comps ...string) *SegmentBuilder {
	rep := s.Repetitions(field) + 1
	for i, c := range comps {
		s.SetAt(field, rep, i+1, 1, c)
	}
	return s
}

// Add writes a composite (CX, EI, XPN ...) as one more repetition of a field. An empty one adds nothing.
func (s *SegmentBuilder) Add(field int, c Composite) *SegmentBuilder {
	rep := s.Repetitions(field) + 1
	for i, comp := range c.Components() {
		for j, sub := range comp {
			s.SetAt(field, rep, i+1, j+1, sub)
		}
	}
	return s
}

// Copy writes a received value as the whole field: repetitions, components and nulls stay, texts are decoded and encoded anew, or taken as
// they are when the delimiters are the same (so that \Z..\ and other sequences survive).
func (s *SegmentBuilder) Copy(field int, v Value) *SegmentBuilder {
	for r := 1; r <= v.Repetitions(); r++ {
		rep := v.Repetition(r)
		for c := 1; c <= rep.parts(rep.delims().Component); c++ {
			comp := rep.Component(c)
			for t := 1; t <= comp.parts(comp.delims().Subcomponent); t++ {
				s.put(field, r, c, t, s.copied(comp.Subcomponent(t)))
			}
		}
	}
	return s
}

// Repetitions returns how many repetitions of a field hold something.
func (s *SegmentBuilder) Repetitions(field int) int {
	i := s.index(field)
	if i < 0 || i >= len(s.fields) {
		return 0
	}
	return len(s.fields[i])
}

func (v Value) delims() Delimiters {
	if v.m == nil {
		return Delimiters{}
	}
	return v.m.d
}

// parts counts the pieces of v between separators.
func (v Value) parts(sep byte) int {
	if len(v.raw) == 0 {
		return 0
	}
	n := 1
	for _, c := range v.raw {
		if c == sep && sep != 0 {
			n++
		}
	}
	return n
}

func (s *SegmentBuilder) copied(v Value) leaf {
	switch {
	case v.Null():
		return leaf{raw: v.raw}
	case v.m != nil && v.m.d == s.b.d && isASCII(v.raw) && printable(v.raw) && !loneEscape(v.raw, s.b.d):
		return leaf{raw: v.raw}
	}
	return leaf{text: v.decoded()}
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c == 0x7F {
			return false
		}
	}
	return true
}

// loneEscape tells whether an escape character in b begins no sequence: such a text is to be written anew.
func loneEscape(b []byte, d Delimiters) bool {
	n := 0
	for _, c := range b {
		if c == d.Escape {
			n++
		}
	}
	return n%2 != 0
}

func (s *SegmentBuilder) index(field int) int {
	if s.name == "MSH" {
		return field - 3
	}
	return field - 1
}

func (s *SegmentBuilder) put(field, rep, comp, sub int, l leaf) {
	if l.empty() {
		return
	}
	i := s.index(field)
	if i < 0 || i >= maxBuiltField || rep < 1 || rep > maxBuiltReps || comp < 1 || comp > maxBuiltField || sub < 1 || sub > maxBuiltField {
		s.b.fail("a place in "+s.name, fmt.Sprintf("%d(%d).%d.%d", field, rep, comp, sub), "numbers from 1 (in MSH from 3) within the limits")
		return
	}
	f := slot(&s.fields, i)
	*slot(slot(slot(f, rep-1), comp-1), sub-1) = l
}

// slot returns element i of a slice, made longer when needed.
func slot[S ~[]E, E any](p *S, i int) *E {
	for len(*p) <= i {
		var zero E
		*p = append(*p, zero)
	}
	return &(*p)[i]
}

// append writes the segment. Trailing empties do not exist in the slices, since put never stores an empty leaf.
func (s *SegmentBuilder) append(dst []byte) []byte {
	d := s.b.d
	if s.verbatim != nil {
		return append(append(dst, s.verbatim...), '\r')
	}
	dst = append(dst, s.name...)
	if s.name == "MSH" {
		dst = append(append(dst, d.Field), d.Encoding()...)
	}
	for _, f := range s.fields {
		dst = append(dst, d.Field)
		for r, rep := range f {
			dst = sep(dst, r, d.Repetition)
			for c, comp := range rep {
				dst = sep(dst, c, d.Component)
				for t, l := range comp {
					dst = sep(dst, t, d.Subcomponent)
					dst = s.leaf(dst, l)
				}
			}
		}
	}
	return append(dst, '\r')
}

func sep(dst []byte, i int, c byte) []byte {
	if i == 0 {
		return dst
	}
	return append(dst, c)
}

func (s *SegmentBuilder) leaf(dst []byte, l leaf) []byte {
	if len(l.raw) > 0 {
		return append(dst, l.raw...)
	}
	return escape(dst, l.text, s.b.d, s.b.cs)
}
