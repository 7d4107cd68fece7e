package hl7

import "strings"

// Type returns message code and trigger event, [Message.Code] and [Message.Event], as "REF^I12"; only the code when there is no event. The message
// structure (MSH-9.3) is left out: senders disagree about it.
func (m *Message) Type() string {
	code, event := m.Code(), m.Event()
	if event == "" {
		return code
	}
	return code + "^" + event
}

// Code returns MSH-9.1, for instance "REF".
func (m *Message) Code() string { return m.Segment(0).Field(9).Comp(1) }

// Event returns MSH-9.2, for instance "I12". Version 2.1 had no events in MSH-9: an ORM or ORU of that version without one has the only one
// that its type ever had, O01 or R01.
func (m *Message) Event() string {
	event := m.Segment(0).Field(9).Comp(2)
	if event == "" && m.Version() == "2.1" {
		switch m.Code() {
		case "ORM":
			return "O01"
		case "ORU":
			return "R01"
		}
	}
	return event
}

// ControlID returns MSH-10 decoded. An answer echoes the raw bytes instead: see [Ack].
func (m *Message) ControlID() string { return m.Segment(0).Field(10).String() }

// ProcessingID returns MSH-11.1: P production, T training, D debugging.
func (m *Message) ProcessingID() string { return m.Segment(0).Field(11).String() }

// Version returns MSH-12.1 without blanks around it, for instance "2.5.1".
func (m *Message) Version() string { return strings.Trim(m.Segment(0).Field(12).String(), " \t") }

// before tells whether version v is older than major.minor (2.5.1 counts as 2.5). An empty or unreadable version counts as new.
func versionBefore(v string, minor int) bool {
	if len(v) < 3 || v[:2] != "2." {
		return false
	}
	n := 0
	for _, c := range v[2:] {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + int(c-'0')
	}
	return n < minor
}

// AckMode is what the sender asked for in MSH-15 and MSH-16 (2.9.2).
type AckMode struct {
	Enhanced    bool   // either field is filled
	Accept      string // MSH-15 of table 0155: AL, NE, ER, SU; empty means NE when Enhanced
	Application string // MSH-16, the same
}

// AckMode reads MSH-15 and MSH-16.
func (m *Message) AckMode() AckMode {
	h := m.Segment(0)
	a := AckMode{Accept: h.Field(15).String(), Application: h.Field(16).String()}
	a.Enhanced = a.Accept != "" || a.Application != ""
	return a
}

// Wanted tells whether a condition of table 0155 asks for an answer that is positive or not. Unknown codes count as AL, empty as NE.
func Wanted(condition string, positive bool) bool {
	switch condition {
	case "", "NE":
		return false
	case "ER":
		return !positive
	case "SU":
		return positive
	}
	return true
}

// IsAck tells whether the message is an acknowledgement as such (ACK or MCF), which is never answered. RRI, ORR and ORG also hold an MSA,
// but may come unasked as messages of their own and then want an answer: see [Message.IsResponse].
func (m *Message) IsAck() bool {
	code := m.Code()
	return code == "ACK" || code == "MCF"
}

// IsResponse tells whether the message is nothing but the application's answer to another one: ACK, MCF, or ORR or ORG with an MSA. An RRI is
// more than that: it may accept or refuse a referral.
func (m *Message) IsResponse() bool {
	code := m.Code()
	return m.IsAck() || (code == "ORR" || code == "ORG") && m.First("MSA").Exists()
}
