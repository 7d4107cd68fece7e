package hl7

import (
	"bytes"
	"slices"
)

// forgiven tells the sender what was read differently than it may be meant: a character set that is not read, and lines that are no segment. Both
// are warnings; in mode Strict text of such a set, and a line within a field that holds no text, are errors.
func (c *checker) forgiven() {
	c.unreadText()
	if c.m.notes.continued > 0 {
		for i := range c.m.segs {
			c.continued(i)
		}
	}
}

func (c *checker) unreadText() {
	at, bad := c.m.Unreadable()
	p := Problem{Segment: "MSH", SegIndex: 1, Field: 18, Code: CodeTableValue, Text: "MSH-18 (character set): not a set of table 0211 that is read here; send UNICODE UTF-8"}
	switch {
	case c.m.unreadSets():
		if bad {
			p.Text += "; the text in " + at.Location() + " is not ASCII and cannot be known"
		}
	case bad:
		p = at
		p.Code, p.Text = CodeDataType, at.Location()+": holds escape sequences (ISO 2022) that switch to a character set that is not read; send UNICODE UTF-8"
	default:
		return
	}
	c.told(p, bad)
}

// continued reports segment i when lines follow it that are no segment. The first of them is what is reported.
func (c *checker) continued(i int) {
	at := bytes.IndexAny(c.m.seg(i), "\r\n")
	if at < 0 {
		return
	}
	p := c.m.placeOf(i, at)
	if seg := (Segment{c.m, i}); p.Segment == "OBX" && p.Field == 5 && seg.Field(2).String() == "ED" {
		return // line ends within encoded data mean nothing
	}
	p.Code = CodeSegmentSequence
	p.Text = p.Location() + ": a line follows that is no segment and was taken as part of this field; end segments with CR, begin each with its name, and write line ends in texts as \\.br\\"
	c.told(p, !isTextField(p))
}

// told adds a problem, an error only in mode Strict and when it is bad.
func (c *checker) told(p Problem, bad bool) {
	p.Severity = SeverityWarning
	if bad && c.mode == Strict {
		p.Severity = SeverityError
	}
	if len(c.out) < maxProblems {
		c.out = append(c.out, p)
	}
}

// isTextField tells whether lines are nothing odd in a field: comments, results and descriptions.
func isTextField(p Problem) bool {
	return slices.Contains([]string{"NTE-3", "OBX-5", "DG1-4", "PR1-4", "OBR-13"}, p.Segment+"-"+itoa(p.Field))
}
