package hl7

import "errors"

// ErrNoMSA is returned by [ParseAck] for a message without MSA.
var ErrNoMSA = errors.New("hl7: answer: got no MSA segment, want one; is this an acknowledgement?")

// AckInfo is what an answer says.
type AckInfo struct {
	Code      string    // MSA-1
	About     string    // MSA-2 as sent: the control ID it answers
	Text      string    // MSA-3
	ControlID string    // MSH-10 of the answer itself
	Type      string    // MSH-9: ACK^I12, RRI^I12, ORR^O02 ...
	Problems  []Problem // ERR of both layouts; Text from ERR-8, else ERR-7, else the words of the code. At most 100
	Status    string    // RF1-1 of an RRI: A accepted, P pending, R rejected; empty when there is none
}

// Positive tells whether the answer is AA or CA.
func (a AckInfo) Positive() bool { return a.Code == "AA" || a.Code == "CA" }

// Commit tells whether this is a commit acknowledgement (CA, CE, CR), which says nothing about the content.
func (a AckInfo) Commit() bool { return len(a.Code) == 2 && a.Code[0] == 'C' }

// ParseAck reads an answer of any form that holds MSA. Errors are those of [Parse], or ErrNoMSA.
func ParseAck(b []byte, l Limits) (AckInfo, error) {
	m, err := Parse(b, l)
	if err != nil {
		return AckInfo{}, err
	}
	return m.Ack()
}

// Ack reads the message as an answer; ErrNoMSA when it is none.
func (m *Message) Ack() (AckInfo, error) {
	msa := m.First("MSA")
	if !msa.Exists() {
		return AckInfo{}, ErrNoMSA
	}
	a := AckInfo{
		Code: msa.Field(1).String(), About: string(msa.Field(2).Raw()), Text: msa.Field(3).Text(),
		ControlID: m.ControlID(), Type: m.Type(), Status: m.Field("RF1", 1).String(),
	}
	for e := range m.Segments("ERR") {
		a.Problems = append(a.Problems, readError(e)...)
		if len(a.Problems) >= maxProblems {
			a.Problems = a.Problems[:maxProblems]
			break
		}
	}
	if len(a.Problems) == 0 && !msa.Field(6).Empty() { // MSA-6, the error condition of old versions
		c := msa.Field(6).Coded()
		a.Problems = []Problem{{Code: c.Code, Severity: SeverityError, Text: c.Label()}}
	}
	return a, nil
}

// readError reads one ERR, whichever layout its sender uses.
func readError(e Segment) []Problem {
	var out []Problem
	for r := range e.Field(1).All() {
		p := Problem{Segment: r.Comp(1), SegIndex: place(r.Comp(2)), Field: place(r.Comp(3)), Severity: SeverityError}
		p.Code, p.Text = r.Component(4).sub(1), r.Component(4).sub(2)
		if p.Text == "" {
			p.Text = CodeText(p.Code)
		}
		out = append(out, p)
		if len(out) == maxProblems {
			return out
		}
	}
	if len(out) > 0 && e.Field(3).Empty() {
		return out
	}
	loc := e.Field(2)
	p := Problem{
		Segment: loc.Comp(1), SegIndex: place(loc.Comp(2)), Field: place(loc.Comp(3)), Repetition: place(loc.Comp(4)),
		Component: place(loc.Comp(5)), Subcomponent: place(loc.Comp(6)),
		Code: e.Field(3).Comp(1), Severity: e.Field(4).String(),
	}
	for _, text := range []string{e.Field(8).Text(), e.Field(7).Text(), e.Field(3).Comp(2), CodeText(p.Code)} {
		if p.Text == "" {
			p.Text = text
		}
	}
	return []Problem{p}
}

// place reads a number of a location; what is none counts as not given.
func place(s string) int {
	if n := leadingDigits(s); n == 0 || n != len(s) || n > 5 {
		return 0
	}
	return atoi(s)
}
