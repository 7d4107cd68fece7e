package hl7

import (
	"fmt"
	"strconv"
)

// Error codes of table 0357.
const (
	CodeAccepted        = "0"
	CodeSegmentSequence = "100"
	CodeRequired        = "101"
	CodeDataType        = "102"
	CodeTableValue      = "103"
	CodeMessageType     = "200"
	CodeEvent           = "201"
	CodeProcessingID    = "202"
	CodeVersion         = "203"
	CodeUnknownKey      = "204"
	CodeDuplicateKey    = "205"
	CodeRecordLocked    = "206"
	CodeInternal        = "207"
	errorTable          = "HL70357"
	SeverityError       = "E" // table 0516
	SeverityFatal       = "F"
	SeverityInformation = "I"
	SeverityWarning     = "W"
	maxProblems         = 100 // problems that Validate lists and an ACK tells
)

// CodeText returns the words of table 0357 for a code, "" for an unknown one.
func CodeText(code string) string {
	switch code {
	case CodeAccepted:
		return "Message accepted"
	case CodeSegmentSequence:
		return "Segment sequence error"
	case CodeRequired:
		return "Required field missing"
	case CodeDataType:
		return "Data type error"
	case CodeTableValue:
		return "Table value not found"
	case CodeMessageType:
		return "Unsupported message type"
	case CodeEvent:
		return "Unsupported event code"
	case CodeProcessingID:
		return "Unsupported processing id"
	case CodeVersion:
		return "Unsupported version id"
	case CodeUnknownKey:
		return "Unknown key identifier"
	case CodeDuplicateKey:
		return "Duplicate key identifier"
	case CodeRecordLocked:
		return "Application record locked"
	case CodeInternal:
		return "Application internal error"
	}
	return ""
}

// Problem is one thing wrong with a message: the place, the code, and plain words for the person who repairs it. Text never quotes
// what was in the message. Zero numbers are left out; an empty Segment means the message as a whole.
type Problem struct {
	Segment      string // name
	SegIndex     int    // which segment of that name, from 1
	Field        int
	Repetition   int
	Component    int
	Subcomponent int
	Code         string // table 0357
	Severity     string // table 0516; empty means E
	Text         string
}

// Location writes the place as SEG[index]-field(repetition).component.
func (p Problem) Location() string {
	if p.Segment == "" {
		return ""
	}
	s := fmt.Sprintf("%s[%d]", p.Segment, max(p.SegIndex, 1))
	if p.Field == 0 {
		return s
	}
	s += "-" + strconv.Itoa(p.Field)
	if p.Repetition > 1 {
		s += "(" + strconv.Itoa(p.Repetition) + ")"
	}
	if p.Component > 0 {
		s += "." + strconv.Itoa(p.Component)
		if p.Subcomponent > 0 {
			s += "." + strconv.Itoa(p.Subcomponent)
		}
	}
	return s
}

// ParseLocation reads what Location writes (PID[1]-3.1, ORC[2]-2) and what [Path] writes into the place of a Problem. What it
// cannot read gives a Problem of the message as a whole.
func ParseLocation(s string) Problem {
	var p Problem
	if len(s) < 3 || !isSegment([]byte(s[:3]), 0) {
		return p
	}
	rest := s[3:]
	at := [...]*int{&p.SegIndex, &p.Field, &p.Repetition, &p.Component, &p.Subcomponent}
	next := 0
	for rest != "" {
		switch c := rest[0]; {
		case (c == '[' || c == '(') && next == 0:
			next = 0
		case c == '-' && next <= 1:
			next = 1
		case c == '(' && next == 2:
		case c == '.' && next >= 2 && next <= 4:
			next = max(next, 3)
		case c == ']' || c == ')':
			rest = rest[1:]
			continue
		default:
			return Problem{}
		}
		n := leadingDigits(rest[1:])
		if n == 0 || n > 5 {
			return Problem{}
		}
		*at[next] = atoi(rest[1 : 1+n])
		next++
		rest = rest[1+n:]
	}
	p.Segment = s[:3]
	p.SegIndex = max(p.SegIndex, 1)
	return p
}
