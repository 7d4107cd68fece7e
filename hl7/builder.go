package hl7

import (
	"errors"
	"fmt"
	"time"
)

// Limits of what a Builder writes.
const (
	maxBuiltField = 1000   // highest field, component or subcomponent number
	maxBuiltReps  = 10_000 // highest repetition number
)

// ErrBuild is the reason of every error of [Builder.Bytes].
var ErrBuild = errors.New("cannot be written as HL7")

// Builder writes one message. What it writes is legal whatever it is given: delimiters in texts are escaped, line ends become \.br\,
// other control characters are dropped, segments end in CR, empty ends are trimmed. A wrong segment name or number is remembered and returned
// by Bytes. A Builder is for one goroutine; make it with [NewBuilder].
type Builder struct {
	d    Delimiters
	cs   Charset
	segs []*SegmentBuilder
	err  error
}

// NewBuilder starts an empty message. The zero Delimiters mean [DefaultDelimiters]; delimiters with which no message can be written
// are reported by Bytes. Characters that the set does not have are written as question marks.
func NewBuilder(d Delimiters, cs Charset) *Builder {
	if d == (Delimiters{}) {
		d = DefaultDelimiters()
	}
	b := &Builder{d: d, cs: cs}
	if !d.Valid() {
		b.fail("delimiters", "missing, equal or unusable characters", "five different punctuation characters")
	}
	return b
}

func (b *Builder) fail(what, got, want string) {
	if b.err == nil {
		b.err = fmt.Errorf("hl7: %s: got %s, want %s: %w", what, got, want, ErrBuild)
	}
}

// Header is what a message says of itself in MSH (2.14.9). Empty fields are left empty.
type Header struct {
	SendingApplication, SendingFacility     HD
	ReceivingApplication, ReceivingFacility HD

	Time         time.Time // MSH-7, written to the second with its zone; the zero time leaves it empty
	Type         [3]string // MSH-9: code, event, structure
	ControlID    string    // MSH-10
	ProcessingID string    // MSH-11
	Version      string    // MSH-12
	Accept       string    // MSH-15
	Application  string    // MSH-16
	Profile      string    // MSH-21, for instance 360X
}

// MSH writes the first segment. MSH-18 says the character set of the Builder.
func (b *Builder) MSH(h Header) *SegmentBuilder {
	s := b.header()
	s.Add(3, h.SendingApplication).Add(4, h.SendingFacility).Add(5, h.ReceivingApplication).Add(6, h.ReceivingFacility)
	if !h.Time.IsZero() {
		s.Set(7, FormatTime(h.Time, ToSecond, true))
	}
	s.Components(9, h.Type[0], h.Type[1], h.Type[2]).Set(10, h.ControlID).Set(11, h.ProcessingID).Set(12, h.Version)
	s.Set(15, h.Accept).Set(16, h.Application).Set(18, b.cs.Name()).Set(21, h.Profile)
	return s
}

func (b *Builder) header() *SegmentBuilder {
	if len(b.segs) > 0 {
		b.fail("MSH", "another segment before it", "MSH first and once")
	}
	s := &SegmentBuilder{b: b, name: "MSH"}
	b.segs = append(b.segs, s)
	return s
}

// Segment starts the next segment: three capitals or digits, beginning with a capital.
func (b *Builder) Segment(name string) *SegmentBuilder {
	s := &SegmentBuilder{b: b, name: name}
	switch {
	case name == "MSH" || len(name) != 3 || !isSegment([]byte(name), 0):
		b.fail("segment name", fmt.Sprintf("%q", name), "three capitals or digits, MSH by Builder.MSH only")
	case len(b.segs) == 0:
		b.fail("segment "+name, "no MSH before it", "MSH first")
	}
	b.segs = append(b.segs, s)
	return s
}

// Copy appends a segment as it was received, re-encoded with the delimiters and the character set of the Builder. MSH cannot be copied.
func (b *Builder) Copy(from Segment) *SegmentBuilder {
	s := b.Segment(from.Name())
	for n := 1; n <= from.Fields(); n++ {
		s.Copy(n, from.Field(n))
	}
	return s
}

// Bytes returns the message, or the first mistake made on the way. Segments that hold nothing but their name are written too: RGS may.
func (b *Builder) Bytes() ([]byte, error) {
	if b.err != nil {
		return nil, b.err
	}
	if len(b.segs) == 0 {
		return nil, fmt.Errorf("hl7: message: got no segment, want MSH: %w", ErrBuild)
	}
	out := make([]byte, 0, 1024)
	for _, s := range b.segs {
		out = s.append(out)
	}
	return out, nil
}
