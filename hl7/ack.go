package hl7

import (
	"bytes"
	"strings"
	"time"
)

// Reply is the form of an answer.
type Reply uint8

// Forms of an answer. Only RRI with RF1-1 A means that a referral was accepted; every form written here says "received" at most.
const (
	ReplyACK Reply = iota // general acknowledgement, 2.13
	ReplyRRI              // RRI^Ixx with the sender's RF1-6, PRD and PID, chapter 11
	ReplyORR              // ORR^O02, chapter 4
	ReplyORG              // ORG^O20, chapter 4
)

// Ack is an answer to a message. It is written from these values and the message alone, so the same values give the same bytes.
type Ack struct {
	Code      string    // MSA-1, table 0008: AA AE AR, CA CE CR
	ControlID string    // MSH-10 of the answer
	Time      time.Time // MSH-7 of the answer
	Text      string    // MSA-3, written to version 2.6; empty: the text of the first error, never that of a warning
	Problems  []Problem // ERR, errors first; at most 100 are written
	Reply     Reply     // a form that does not fit the message (RRI to an ORM) and CA, CE, CR fall back to ACK
	Referral  EI        // our own number of the referral for RF1-11 of an RRI; empty: none
}

// Bytes writes the answer to m: delimiters, version, processing ID and character set are the sender's, MSH-3 to 6 change sides, MSA-2 is MSH-10
// byte for byte. ERR has the layout of the sender's version: one ERR-1 to 2.4, one ERR with ERR-2, 3, 4 and 8 for each problem from 2.5 on.
// Errors come before warnings; ERR-1 knows no severity and holds errors alone, or an AA would read as a refusal.
// A message whose delimiters cannot carry an answer gets it with the usual ones. The result ends in CR.
func (a Ack) Bytes(m *Message) []byte {
	d := m.d
	if !d.Valid() {
		d = DefaultDelimiters()
	}
	b := NewBuilder(d, m.cs)
	form := a.form(m)
	a.header(b, m, form)
	msa := b.Segment("MSA").Set(1, a.Code)
	msa.echo(2, m.Segment(0).Field(10))
	version := m.Version()
	if versionBefore(version, 7) {
		msa.Set(3, a.text())
	}
	writeErrors(b, a.Problems, version)
	if form == ReplyRRI {
		a.referral(b, m)
	}
	return b.legal()
}

// Bare writes an answer when MSH could not be read: usual delimiters, version 2.5.1, an empty MSA-2. Whether to send it is a setting;
// closing the connection is the other way.
func (a Ack) Bare() []byte {
	b := NewBuilder(Delimiters{}, asciiSet)
	b.MSH(Header{Time: a.Time, Type: [3]string{"ACK"}, ControlID: a.ControlID, ProcessingID: "P", Version: "2.5.1"})
	b.Segment("MSA").Set(1, a.Code).Set(3, a.text())
	writeErrors(b, a.Problems, "2.5.1")
	return b.legal()
}

func (a Ack) text() string {
	if a.Text != "" {
		return a.Text
	}
	if errs, _ := bySeverity(a.Problems); len(errs) > 0 {
		return errs[0].Text
	}
	return ""
}

// bySeverity parts errors (E, F and without a severity) from warnings and information, each in their order.
func bySeverity(problems []Problem) (errs, rest []Problem) {
	for _, p := range problems {
		if p.isError() {
			errs = append(errs, p)
		} else {
			rest = append(rest, p)
		}
	}
	return errs, rest
}

// form falls back to ACK where the asked form makes no sense.
func (a Ack) form(m *Message) Reply {
	code := m.Code()
	switch {
	case strings.HasPrefix(a.Code, "C"), m.Event() == "": // a reply without its event is none
		return ReplyACK
	case a.Reply == ReplyRRI && code == "REF", a.Reply == ReplyORR && code == "ORM", a.Reply == ReplyORG && code == "OMG":
		return a.Reply
	}
	return ReplyACK
}

// header writes MSH. The structure component came with 2.3.1; the general ACK had no event before that.
func (a Ack) header(b *Builder, m *Message, form Reply) {
	in, s := m.Segment(0), b.header()
	for to, from := range [...]int{3: 5, 4: 6, 5: 3, 6: 4} {
		if from > 0 {
			s.echo(to, in.Field(from))
		}
	}
	if !a.Time.IsZero() {
		s.Set(7, FormatTime(a.Time, ToSecond, true))
	}
	version, event := m.Version(), m.Event()
	structured := !versionBefore(version, 3) && version != "2.3"
	kind := [3]string{"ACK", event, "ACK"}
	switch form {
	case ReplyRRI:
		kind = [3]string{"RRI", event, "RRI_I12"}
	case ReplyORR:
		kind = [3]string{"ORR", "O02", "ORR_O02"}
	case ReplyORG:
		kind = [3]string{"ORG", "O20", "ORG_O20"}
	case ReplyACK:
		if !structured || event == "" {
			kind = [3]string{"ACK"}
		}
	}
	if !structured {
		kind[2] = ""
	}
	s.Components(9, kind[:]...).Set(10, a.ControlID)
	s.echo(11, in.Field(11))
	s.echo(12, in.Field(12))
	s.echo(18, in.Field(18))
}

// writeErrors writes ERR in the layout of a version.
func writeErrors(b *Builder, problems []Problem, version string) {
	problems, warnings := bySeverity(problems)
	old := versionBefore(version, 5)
	if !old {
		problems = append(problems, warnings...)
	}
	problems = problems[:min(len(problems), maxProblems)]
	if old {
		if len(problems) == 0 {
			return
		}
		s := b.Segment("ERR")
		for i, p := range problems {
			s.SetAt(1, i+1, 1, 1, p.Segment).SetAt(1, i+1, 2, 1, num(p.SegIndex)).SetAt(1, i+1, 3, 1, num(p.Field))
			for j, t := range [...]string{p.Code, CodeText(p.Code), errorTable} {
				s.SetAt(1, i+1, 4, j+1, t)
			}
		}
		return
	}
	for _, p := range problems {
		s := b.Segment("ERR")
		if p.Segment != "" {
			rep := p.Repetition
			if p.Field > 0 {
				rep = max(rep, 1)
			}
			s.Components(2, p.Segment, num(max(p.SegIndex, 1)), num(p.Field), num(rep), num(p.Component), num(p.Subcomponent))
		}
		severity := p.Severity
		if severity == "" {
			severity = SeverityError
		}
		s.Components(3, p.Code, CodeText(p.Code), errorTable).Set(4, severity).Set(8, p.Text)
	}
}

func num(n int) string {
	if n <= 0 {
		return ""
	}
	return itoa(n)
}

// referral echoes what an RRI must hold: RF1-6 (and our number), the providers and the patient.
func (a Ack) referral(b *Builder, m *Message) {
	if f := m.Field("RF1", 6); !f.Empty() {
		s := b.Segment("RF1")
		s.echo(6, f)
		s.Add(11, a.Referral)
	}
	for s := range m.Segments("PRD", "CTD", "PID") {
		if s.is([]string{"CTD"}) && !afterProvider(s) {
			continue
		}
		b.echoSegment(s)
	}
}

// afterProvider tells whether a CTD belongs to a PRD: those of AUT are not echoed.
func afterProvider(s Segment) bool {
	for i := s.i - 1; i > 0; i-- {
		if !s.m.named(i, "CTD") {
			return s.m.named(i, "PRD")
		}
	}
	return false
}

// echo writes a received field byte for byte when the delimiters are the same. A line end within it (a continued line) ends it.
func (s *SegmentBuilder) echo(field int, v Value) {
	if v.delims() != s.b.d {
		s.Copy(field, v)
		return
	}
	s.put(field, 1, 1, 1, leaf{raw: cutLine(v.raw)})
}

func (b *Builder) echoSegment(from Segment) {
	if from.m.d != b.d {
		b.Copy(from)
		return
	}
	s := b.Segment(from.Name())
	s.verbatim = cutLine(from.Raw())
}

func cutLine(b []byte) []byte {
	if i := bytes.IndexAny(b, "\r\n"); i >= 0 {
		return b[:i]
	}
	return b
}

// legal is Bytes for our own writers, whose names and numbers are right by construction.
func (b *Builder) legal() []byte {
	out, err := b.Bytes()
	if err != nil {
		return nil
	}
	return out
}
