package mllp

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"time"

	"refloop/channels"
	"refloop/hl7"
)

// ContentType is the media type of archived messages.
const ContentType = "x-application/hl7-v2+er7"

// answerer renders the answers of one channel. It is a pure function of the configuration, the message and the outcome.
type answerer struct {
	mode  string // auto, original, enhanced
	both  bool   // an application acknowledgement follows the accept acknowledgement when both are asked for
	reply hl7.Reply
}

func newAnswerer(c Config) answerer {
	forms := map[string]hl7.Reply{"rri": hl7.ReplyRRI, "orr": hl7.ReplyORR, "org": hl7.ReplyORG}
	return answerer{mode: c.Ack, both: c.Application != "none" || c.Return != "", reply: forms[c.Reply]}
}

// kind is which acknowledgement a message gets.
type kind uint8

const (
	none kind = iota
	application
	accept
)

// kindFor decides by MSH-15 and MSH-16 (2.9.2) which answer comes first.
func (a answerer) kindFor(m *hl7.Message, positive bool) kind {
	asked := m.AckMode()
	if m.IsAck() || m.IsResponse() && !asked.Enhanced {
		return none
	}
	if m.IsResponse() { // an answer is answered by a commit at most, and when it asks for one
		if hl7.Wanted(asked.Accept, positive) {
			return accept
		}
		return none
	}
	switch a.mode {
	case "original":
		return application
	case "enhanced":
		if !asked.Enhanced || hl7.Wanted(asked.Accept, positive) {
			return accept
		}
	}
	switch {
	case !asked.Enhanced:
		return application
	case hl7.Wanted(asked.Accept, positive):
		return accept
	case hl7.Wanted(asked.Application, positive):
		return application
	}
	return none
}

// answer renders the answers to a message one after the other, nil when none is wanted. They are kept as one, so that a duplicate gets all of
// them again; [separate] takes them apart.
func (a answerer) answer(m *hl7.Message, o channels.Outcome) []byte {
	k := a.kindFor(m, o.Verdict == channels.Taken)
	if k != accept || !a.follows(m, o) {
		return a.one(m, o, k, controlID(o.MessageID))
	}
	stored := o
	stored.Verdict, stored.Problems = channels.Taken, nil // what is wrong with the content is the application's word
	out := a.one(m, stored, accept, controlID(o.MessageID))
	return append(out, a.one(m, o, application, controlID(o.MessageID+"/application"))...)
}

// follows tells whether an application acknowledgement comes after the accept acknowledgement. After CR there is none: the message was not taken.
func (a answerer) follows(m *hl7.Message, o channels.Outcome) bool {
	asked := m.AckMode()
	return a.both && asked.Enhanced && !m.IsResponse() && o.Verdict != channels.Reject && hl7.Wanted(asked.Application, o.Verdict == channels.Taken)
}

func (a answerer) one(m *hl7.Message, o channels.Outcome, k kind, id string) []byte {
	if k == none {
		return nil
	}
	return hl7.Ack{Code: codes(k)[o.Verdict], ControlID: id, Time: o.ReceivedAt.UTC(), Problems: problems(o), Reply: a.reply}.Bytes(m)
}

// separate takes the answers of one message apart.
func separate(answer []byte) [][]byte {
	if answer == nil {
		return nil
	}
	b, err := hl7.Split(answer, hl7.Limits{})
	if err != nil || len(b.Messages) < 2 {
		return [][]byte{answer}
	}
	var out [][]byte
	for _, p := range b.Messages {
		out = append(out, p.Bytes)
	}
	return out
}

func codes(k kind) map[channels.Verdict]string {
	if k == accept {
		return map[channels.Verdict]string{channels.Taken: "CA", channels.Repair: "CE", channels.Reject: "CR"}
	}
	return map[channels.Verdict]string{channels.Taken: "AA", channels.Repair: "AE", channels.Reject: "AR"}
}

// problems turns the outcome into ERR entries. A refusal always says something.
func problems(o channels.Outcome) []hl7.Problem {
	var out []hl7.Problem
	for _, p := range o.Problems {
		h := hl7.ParseLocation(p.Location)
		h.Code, h.Severity, h.Text = p.Code, p.Severity, p.Text
		out = append(out, h)
	}
	if len(out) == 0 && o.Verdict != channels.Taken {
		out = []hl7.Problem{{Code: hl7.CodeInternal, Severity: hl7.SeverityError, Text: o.Reason}}
	}
	return out
}

// stored is the answer when a message could not be stored; nil: say nothing and close, so that the sender retries.
func (a answerer) stored(m *hl7.Message, now time.Time, onFailure string) []byte {
	k := a.kindFor(m, false)
	code := "CR"
	if k == application {
		code = "AR"
	}
	if k == none || k == application && onFailure != "AR" {
		return nil
	}
	return hl7.Ack{
		Code: code, ControlID: controlID(now.Format(time.RFC3339Nano) + m.ControlID()), Time: now.UTC(),
		Problems: []hl7.Problem{{Code: hl7.CodeInternal, Severity: hl7.SeverityError, Text: "the message could not be stored; send it again"}},
	}.Bytes(m)
}

// accepts leaves the accept acknowledgements of several answers.
func accepts(answers [][]byte) [][]byte {
	here, _ := sorted(answers)
	return here
}

// sorted parts accept acknowledgements from those of the application.
func sorted(answers [][]byte) (accepts, applications [][]byte) {
	for _, a := range answers {
		if info, err := hl7.ParseAck(a, hl7.Limits{}); err == nil && !info.Commit() {
			applications = append(applications, a)
		} else {
			accepts = append(accepts, a)
		}
	}
	return accepts, applications
}

// says is MSA-1 of what is answered: AA, or CA AE for two answers; empty: nothing is.
func says(answer []byte) string {
	var codes []string
	for _, a := range separate(answer) {
		if info, err := hl7.ParseAck(a, hl7.Limits{}); err == nil {
			codes = append(codes, info.Code)
		}
	}
	return strings.Join(codes, " ")
}

// unreadable is the answer to a frame without a readable MSH, or to a batch as a whole.
func unreadable(now time.Time, code, text string) []byte {
	return hl7.Ack{
		Code: "AR", ControlID: controlID(now.Format(time.RFC3339Nano)), Time: now.UTC(),
		Problems: []hl7.Problem{{Code: code, Severity: hl7.SeverityError, Text: text}},
	}.Bare()
}

// maxControlID is the length of MSH-10 in versions before 2.7.
const maxControlID = 20

// controlID makes an MSH-10 of a message ID: the ID itself when it fits, else a digest of it.
func controlID(id string) string {
	if id != "" && len(id) <= maxControlID {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return base32.StdEncoding.EncodeToString(sum[:])[:maxControlID]
}

// Answer renders what a channel with this configuration would answer to m at once; nil: nothing. It is what [Server] sends, for tools that try a
// configuration without a network.
func Answer(c Config, m *hl7.Message, o channels.Outcome) []byte { return newAnswerer(c).answer(m, o) }
