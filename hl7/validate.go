package hl7

import (
	"bytes"
	"slices"
	"strings"
)

// Mode is how strictly a channel validates.
type Mode uint8

// Modes of [Validate].
const (
	Lenient Mode = iota // what we need to act must be there and readable; the rest is a warning
	Strict              // what the standard requires must be there too, and in its order
	Off                 // nothing is checked
)

// Check is what a [Rule] asks of a value.
type Check uint8

// Checks. All but Filled pass when nothing was sent.
const (
	Filled  Check = iota // something other than the null is there
	IsTime               // DTM, TS or DT that can be read
	IsDate               // the same, at least to the day
	InTable              // a code of the rule's Values
	Exists               // the segment is there
	Fits                 // at most Rule.Max characters
)

// Scope is how often a [Rule] is asked.
type Scope uint8

// Scopes.
const (
	PerMessage Scope = iota // once
	PerSegment              // for each segment of the first place's name
	PerOrder                // for each order group, see [Message.Orders]
)

// Rule is one requirement. The tables of rules are what the code uses and what the interface specification is written from.
type Rule struct {
	Places []Path   // the value; with several, one of them is enough and the first is reported
	Check  Check    // what is asked of it
	Scope  Scope    // how often
	Strict bool     // an error only in mode Strict; in Lenient a warning
	Since  int      // first minor version of 2.x it applies to; 0: all
	Until  int      // first minor version it no longer applies to; 0: none
	Orders []string // only when an order of the message has one of these ORC-1 codes; nil: always
	Table  string   // HL7 table of Values
	Values []string // codes for InTable
	Max    int      // characters for Fits
	Name   string   // what the field is called
	Remedy string   // what the sender should do, for ERR-8
}

// Profile is what we ask of one kind of message.
type Profile struct {
	Code   string   // MSH-9.1
	Events []string // MSH-9.2
	Title  string
	Rules  []Rule
}

// ProfileFor returns the profile of a message; false when we have no rules for its type and event, or it names no event.
func ProfileFor(m *Message) (Profile, bool) {
	code, event := m.Code(), m.Event()
	for _, p := range Profiles() {
		if p.Code == code && slices.Contains(p.Events, event) {
			return p, true
		}
	}
	return Profile{}, false
}

// Validate checks a message against its profile. A message of a type without one has no problems: whether to take it is not decided here. At most 100
// problems are listed, in the order of the rules. Warnings have severity W and are no reason to refuse.
func Validate(m *Message, mode Mode) []Problem {
	if mode == Off {
		return nil
	}
	p, ok := ProfileFor(m)
	if !ok {
		return nil
	}
	if m.reads != nil { // checking is not reading
		unseen := *m
		unseen.reads = nil
		m = &unseen
	}
	c := checker{m: m, mode: mode, version: m.Version()}
	for _, r := range p.Rules {
		c.rule(r)
	}
	if mode == Strict {
		if t, ok := m.Tree(); ok {
			t.sequence(&c, t.Name)
		}
	}
	c.forgiven()
	return c.out
}

// Errors tells whether a problem of severity E or F is among them.
func Errors(problems []Problem) bool {
	for _, p := range problems {
		if p.isError() {
			return true
		}
	}
	return false
}

func (p Problem) isError() bool {
	return p.Severity == "" || p.Severity == SeverityError || p.Severity == SeverityFatal
}

type checker struct {
	m       *Message
	mode    Mode
	version string
	out     []Problem
}

func (c *checker) rule(r Rule) {
	if r.Since > 0 && versionBefore(c.version, r.Since) || r.Until > 0 && !versionBefore(c.version, r.Until) {
		return
	}
	if r.Orders != nil && !c.ordered(r.Orders) {
		return
	}
	switch r.Scope {
	case PerSegment:
		for s := range c.m.Segments(r.Places[0].Segment) {
			c.one(r, func(p Path) Segment {
				if p.Segment == s.Name() {
					return s
				}
				return c.m.nth(p.Segment, 1)
			})
		}
	case PerOrder:
		for _, g := range c.m.Orders() {
			c.one(r, func(p Path) Segment { return g.nth(p.Segment, max(p.Occurrence, 1)) })
		}
	case PerMessage:
		c.one(r, func(p Path) Segment { return c.m.nth(p.Segment, max(p.Occurrence, 1)) })
	}
}

func (c *checker) ordered(codes []string) bool {
	for s := range c.m.Segments("ORC") {
		if slices.Contains(codes, s.Field(1).String()) {
			return true
		}
	}
	return false
}

// one asks one rule of the places that find gives.
func (c *checker) one(r Rule, find func(Path) Segment) {
	code := CodeRequired
	for _, p := range r.Places {
		s := find(p)
		if r.Check == Exists {
			if s.Exists() {
				return
			}
			continue
		}
		if bad := r.test(p.in(s)); bad == "" {
			return
		} else if bad != CodeRequired {
			code = bad
		}
	}
	at := find(r.Places[0])
	if !at.Exists() && code == CodeRequired {
		code = CodeSegmentSequence
	}
	c.add(r, at, code)
}

// test returns the code of table 0357 for what is wrong with a value, "" for nothing.
func (r Rule) test(v Value) string {
	switch r.Check {
	case Filled:
		if leaf := v.Subcomponent(1); leaf.Null() || len(bytes.TrimSpace(leaf.Raw())) == 0 {
			return CodeRequired
		}
	case IsTime, IsDate:
		t, err := v.Time(nil)
		if err != nil || r.Check == IsDate && !t.IsZero() && t.Precision < ToDay {
			return CodeDataType
		}
	case InTable:
		if s := v.String(); s != "" && !slices.Contains(r.Values, s) {
			return CodeTableValue
		}
	case Fits:
		if leaf := v.Subcomponent(1); len(leaf.Raw()) > r.Max && len([]rune(leaf.String())) > r.Max {
			return CodeDataType
		}
	case Exists:
	}
	return ""
}

func (c *checker) add(r Rule, at Segment, code string) {
	if len(c.out) >= maxProblems {
		return
	}
	p := r.Places[0]
	problem := Problem{
		Segment: p.Segment, SegIndex: max(at.Occurrence(), 1), Field: p.Field, Repetition: p.Repetition,
		Component: p.Component, Subcomponent: p.Subcomponent, Code: code, Severity: SeverityError, Text: r.words(code),
	}
	if r.Strict && c.mode != Strict {
		problem.Severity = SeverityWarning
	}
	c.out = append(c.out, problem)
}

// structural adds a mistake in the order of the segments, unless a rule said already that the segment is missing.
func (c *checker) structural(name string, occurrence int, text string) {
	for _, p := range c.out {
		if p.Segment == name && p.Code == CodeSegmentSequence {
			return
		}
	}
	if len(c.out) < maxProblems {
		c.out = append(c.out, Problem{Segment: name, SegIndex: occurrence, Code: CodeSegmentSequence, Severity: SeverityError, Text: text})
	}
}

// words says in plain words what is wrong and what to do.
func (r Rule) words(code string) string {
	place := r.Places[0].String()
	if r.Check == Exists {
		place = r.Places[0].Segment
	}
	var got string
	switch {
	case r.Check == Fits:
		got = "longer than the " + itoa(r.Max) + " characters of this version"
	case code == CodeSegmentSequence:
		got = "the segment is missing"
	case code == CodeDataType:
		got = "not a valid date or time, YYYYMMDD[HHMM[SS]][+/-ZZZZ]"
	case code == CodeTableValue:
		got = "not a code of table " + r.Table + " (" + strings.Join(r.Values, " ") + ")"
	default:
		got = "empty"
	}
	text := place + " (" + r.Name + "): " + got
	if r.Remedy != "" {
		text += "; " + r.Remedy
	}
	return text
}
