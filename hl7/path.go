package hl7

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrPath is the reason of every [ParsePath] error.
var ErrPath = errors.New("not a path such as PID-5, PID-3(2).4.2 or OBX(3)-5")

// Path names a place in a message. Numbers count from 1; a zero Occurrence, Repetition, Component or Subcomponent means
// the first when a text is read, and "the whole" when the value is taken. A zero Field means the segment's name.
type Path struct {
	Segment      string // three characters
	Occurrence   int    // which segment of that name
	Field        int
	Repetition   int
	Component    int
	Subcomponent int
}

// At makes a Path of the first segment of a name from up to four numbers: field, repetition, component, subcomponent.
// More are ignored.
func At(segment string, place ...int) Path {
	p := Path{Segment: segment}
	for i, to := range [...]*int{&p.Field, &p.Repetition, &p.Component, &p.Subcomponent} {
		if i < len(place) {
			*to = place[i]
		}
	}
	return p
}

// ParsePath reads SEG[(occurrence)]-field[(repetition)][.component[.subcomponent]], for instance PID-5(1).2.1 or OBX(2)-5.
// Numbers are 1 to 65535. Parse a path once and use it for many messages with [Message.Value].
func ParsePath(s string) (Path, error) {
	var p Path
	head, rest, ok := strings.Cut(s, "-")
	if !ok {
		return Path{}, pathError(s, "no hyphen")
	}
	name, occ, err := counted(head)
	if err != nil || !isSegment([]byte(name), 0) || len(name) != 3 {
		return Path{}, pathError(s, "a wrong segment name")
	}
	p.Segment, p.Occurrence = name, occ
	parts := strings.Split(rest, ".")
	if len(parts) > 3 {
		return Path{}, pathError(s, "more than field, component and subcomponent")
	}
	field, rep, err := counted(parts[0])
	if err == nil {
		p.Repetition = rep
		p.Field, err = number(field)
	}
	if err == nil && len(parts) > 1 {
		p.Component, err = number(parts[1])
	}
	if err == nil && len(parts) > 2 {
		p.Subcomponent, err = number(parts[2])
	}
	if err != nil {
		return Path{}, pathError(s, "a wrong number")
	}
	return p, nil
}

// counted splits "OBX(2)" into "OBX" and 2; without brackets the number is 0.
func counted(s string) (string, int, error) {
	name, rest, ok := strings.Cut(s, "(")
	if !ok {
		return s, 0, nil
	}
	inner, tail, ok := strings.Cut(rest, ")")
	if !ok || tail != "" {
		return "", 0, ErrPath
	}
	n, err := number(inner)
	return name, n, err
}

func number(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 || s[0] == '+' {
		return 0, ErrPath
	}
	return int(n), nil
}

func pathError(s, got string) error {
	return fmt.Errorf("hl7: path %q: got %s, want %w", s, got, ErrPath)
}

// String writes the path as ParsePath reads it.
func (p Path) String() string {
	b := []byte(p.Segment)
	paren := func(n int) {
		if n > 0 {
			b = append(strconv.AppendInt(append(b, '('), int64(n), 10), ')')
		}
	}
	paren(p.Occurrence)
	if p.Field > 0 {
		b = strconv.AppendInt(append(b, '-'), int64(p.Field), 10)
	}
	paren(p.Repetition)
	if p.Component > 0 {
		b = strconv.AppendInt(append(b, '.'), int64(p.Component), 10)
		if p.Subcomponent > 0 {
			b = strconv.AppendInt(append(b, '.'), int64(p.Subcomponent), 10)
		}
	}
	return string(b)
}

// in takes the part of a segment that the path names below the segment.
func (p Path) in(s Segment) Value {
	v := s.Field(p.Field)
	if p.Repetition > 0 {
		v = v.Repetition(p.Repetition)
	}
	if p.Component > 0 {
		v = v.Component(p.Component)
	}
	if p.Subcomponent > 0 {
		v = v.Subcomponent(p.Subcomponent)
	}
	return v
}

// Value returns what the path names, the zero Value when it is not there.
func (m *Message) Value(p Path) Value {
	return p.in(m.nth(p.Segment, max(p.Occurrence, 1)))
}

// Field returns field n of the first segment of that name: the short way to one field.
func (m *Message) Field(segment string, n int) Value { return m.nth(segment, 1).Field(n) }

// Get returns the decoded text at a path (see [Value.String] for what a short path means). A path that is not there or is
// not one gives "": check paths from outside with [ParsePath].
func (m *Message) Get(path string) string {
	p, err := ParsePath(path)
	if err != nil {
		return ""
	}
	return m.Value(p).String()
}

// Raw returns the bytes at a path as they came; nil when there are none or the path is not one.
func (m *Message) Raw(path string) []byte {
	p, err := ParsePath(path)
	if err != nil {
		return nil
	}
	return m.Value(p).Raw()
}
