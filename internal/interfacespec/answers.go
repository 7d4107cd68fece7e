package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"refloop/channels"
	"refloop/channels/mllp"
	"refloop/hl7"
	"refloop/transform"
)

// answered is what a sender reads for a sample message.
func answered(message []byte) (string, error) {
	a, err := ask(settings(), receiver{}, message)
	if err != nil {
		return "", err
	}
	return shown(a)
}

// answeredRRI is the same on a channel with `reply: rri`.
func answeredRRI(message []byte) (string, error) {
	cfg := settings()
	cfg.Reply = "rri"
	a, err := ask(cfg, receiver{}, message)
	if err != nil {
		return "", err
	}
	return shown(a)
}

// ackModes shows which acknowledgement a message gets, by channel setting, MSH-15 and MSH-16, for each outcome.
func ackModes() (string, error) {
	var rows [][]string
	for _, c := range []struct{ ack, accept, application string }{
		{"auto", "", ""},
		{"auto", "AL", ""},
		{"auto", "AL", "NE"},
		{"auto", "AL", "AL"},
		{"auto", "AL", "ER"},
		{"auto", "ER", "NE"},
		{"auto", "SU", "NE"},
		{"auto", "NE", "AL"},
		{"auto", "NE", "ER"},
		{"auto", "NE", "NE"},
		{"original", "AL", "NE"},
		{"enhanced", "", ""},
	} {
		row := []string{"`" + c.ack + "`", or(c.accept, "empty"), or(c.application, "empty")}
		cfg := settings()
		cfg.Ack = c.ack
		message := refBase().with("MSH-15", c.accept).with("MSH-16", c.application).bytes()
		for _, v := range []channels.Verdict{channels.Taken, channels.Repair, channels.Reject} {
			got, err := answerCode(cfg, receiver{verdict: &v}, message)
			if err != nil {
				return "", err
			}
			row = append(row, got)
		}
		got, err := answerCode(cfg, receiver{fail: true}, message)
		if err != nil {
			return "", err
		}
		rows = append(rows, append(row, got))
	}
	return table([]string{"channel `ack:`", "MSH-15", "MSH-16", "taken up", "you must repair", "refused", "cannot be stored"}, rows), nil
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// answerCode is MSA-1 of the answer, or what happens instead.
func answerCode(cfg mllp.Config, h channels.Handler, message []byte) (string, error) {
	a, err := ask(cfg, h, message)
	switch {
	case errors.Is(err, errClosed):
		return "closed", nil
	case err != nil:
		return "", err
	case a == nil:
		return "none", nil
	}
	b, err := hl7.Split(a, hl7.Limits{})
	if err != nil {
		return "", err
	}
	var said []string
	for _, p := range b.Messages {
		info, err := hl7.ParseAck(p.Bytes, hl7.Limits{})
		if err != nil {
			return "", err
		}
		said = append(said, info.Code)
	}
	return strings.Join(said, ", then "), nil
}

// codeUse is what a code of table 0357 means between us. spoil makes a message that gets it, nil when none does.
type codeUse struct {
	code, means string
	spoil       func(lines) lines
	fail        bool // storage fails
	new         bool // only in the newer layout
}

// uses are the codes in their order.
func uses() []codeUse {
	return []codeUse{
		{code: hl7.CodeAccepted, means: "never in ERR: AA without errors says it"},
		{code: hl7.CodeSegmentSequence, means: "AE: a segment we need is missing", spoil: func(l lines) lines { return l.without("ORC", "OBR") }},
		{code: hl7.CodeRequired, means: "AE: a field we need is empty", spoil: func(l lines) lines { return l.with("PID-3", "") }},
		{code: hl7.CodeDataType, means: "AE: a date or time that is none; with severity W an embedded document that cannot be decoded", spoil: func(l lines) lines { return l.with("PID-7", "22/03/1961") }},
		{code: hl7.CodeTableValue, means: "AE: an order control that says nothing about a referral", spoil: func(l lines) lines { return l.with("ORC-1", "LI") }},
		{code: hl7.CodeMessageType, means: "AR: a message type we do not take; with an empty MSA-2 also: no HL7 at all, or too large", spoil: func(l lines) lines { return l.with("MSH-9", "ADT^A08") }},
		{code: hl7.CodeEvent, means: "AR: a trigger event of a type we take that we do not, or none at all", spoil: func(l lines) lines { return l.with("MSH-9", "ORM") }},
		{code: hl7.CodeProcessingID, means: "AR: MSH-11 is not one that the channel takes: P alone, unless a test installation says otherwise", spoil: func(l lines) lines { return l.with("MSH-11", "T") }},
		{code: hl7.CodeVersion, means: "AR: MSH-12 is not 2.x", spoil: func(l lines) lines { return l.with("MSH-12", "3.0") }, new: true},
		{code: hl7.CodeUnknownKey, means: "not sent: an unknown referral number is AA, and a person looks"},
		{code: hl7.CodeDuplicateKey, means: "not sent: a known number with other content is AA, and a person looks"},
		{code: hl7.CodeRecordLocked, means: "not sent"},
		{code: hl7.CodeInternal, means: "our fault. AE: kept, our staff see it, need not be sent again. AR or CR: not stored, send it again; AR with an empty MSA-2: a batch with too many messages, none of which was taken", spoil: func(l lines) lines { return l }, fail: true},
	}
}

// codes is table 0357 as it is used here, in both directions.
func codes() (string, error) {
	var rows [][]string
	for _, u := range uses() {
		row := []string{u.code, hl7.CodeText(u.code), u.means}
		for _, letter := range []string{"AE", "AR"} {
			got, err := reaction(letter, u.code)
			if err != nil {
				return "", err
			}
			row = append(row, got)
		}
		rows = append(rows, row)
	}
	return table([]string{"code", "table 0357", "from us", "your AE with it", "your AR with it"}, rows), nil
}

// reaction is what our sender does about an answer.
func reaction(letter, code string) (string, error) {
	m, err := hl7.Parse(orderBase("ORU^R01").bytes(), hl7.Limits{})
	if err != nil {
		return "", err
	}
	answer := hl7.Ack{Code: letter, ControlID: "1", Problems: []hl7.Problem{{Segment: "PID", Field: 3, Code: code}}}.Bytes(m)
	o, err := mllp.Open(channels.Archived{Body: answer}, hl7.Limits{})
	if err != nil || len(o.Receipts) != 1 {
		return "", fmt.Errorf("reaction to %s %s: got %d receipts (%w), want one", letter, code, len(o.Receipts), err)
	}
	if o.Receipts[0].Permanent {
		return "not sent again", nil
	}
	return "sent again", nil
}

// examples shows MSA and ERR for each code that we send; ERR first in the layout of 2.3, then in that of 2.5.1.
func examples() (string, error) {
	var out []string
	for _, u := range uses() {
		if u.spoil == nil {
			continue
		}
		out = append(out, "# "+u.code+" "+hl7.CodeText(u.code))
		for _, version := range []string{"2.3", "2.5.1"} {
			if version == "2.3" && u.new {
				continue
			}
			got, err := example(u, version)
			if err != nil {
				return "", err
			}
			for _, line := range got {
				if !slices.Contains(out, line) { // MSA is the same in both
					out = append(out, line)
				}
			}
		}
	}
	return block(strings.Join(out, "\n")), nil
}

// example is MSA and ERR of the answer to a spoiled message.
func example(u codeUse, version string) ([]string, error) {
	cfg := settings()
	cfg.Storage = "AR"
	message := u.spoil(orderBase("ORM^O01").with("MSH-12", version)).bytes()
	answer, err := ask(cfg, receiver{channel: transform.Channel{Validate: "lenient"}, fail: u.fail}, message)
	if err != nil {
		return nil, err
	}
	info, err := hl7.ParseAck(answer, hl7.Limits{})
	if err != nil {
		return nil, err
	}
	if len(info.Problems) == 0 || info.Problems[0].Code != u.code {
		return nil, fmt.Errorf("example of %s: got %s with %d problems, want that code first", u.code, info.Code, len(info.Problems))
	}
	var out []string
	for _, line := range strings.Split(string(answer), "\r") {
		if strings.HasPrefix(line, "MSA") || strings.HasPrefix(line, "ERR") {
			out = append(out, line)
		}
	}
	return out, nil
}
