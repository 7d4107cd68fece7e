package transform

import (
	"errors"
	"slices"

	"refloop/channels"
	"refloop/hl7"
)

// messagesOf are the HL7 v2 messages among the parts: usually one. A batch file (2.10.3) is cut into its messages, but not on a line,
// where each message has an answer of its own.
func messagesOf(s Source) [][]byte {
	var out [][]byte
	for _, p := range s.Opened.Parts {
		if p.Kind != channels.KindHL7 {
			continue
		}
		if s.Channel.Type == channels.MLLP {
			return [][]byte{p.Body}
		}
		out = append(out, split(p.Body)...)
	}
	return out
}

// split cuts a batch; anything else, and a batch that breaks the rules, stays whole.
func split(body []byte) [][]byte {
	if _, err := hl7.Parse(body, hl7.Limits{}); !errors.Is(err, hl7.ErrBatch) {
		return [][]byte{body}
	}
	b, err := hl7.Split(body, hl7.Limits{})
	if err != nil || len(b.Messages) == 0 {
		return [][]byte{body}
	}
	var out [][]byte
	for _, m := range b.Messages {
		out = append(out, m.Bytes)
	}
	return out
}

// decodeMessages reads every message of a file or package: all or none.
func decodeMessages(s Source, list [][]byte, out *Decoded) {
	if len(list) == 1 {
		decodeMessage(s, list[0], out)
		return
	}
	single := s
	single.Opened.Parts = slices.DeleteFunc(slices.Clone(s.Opened.Parts), func(p channels.Part) bool { return p.Kind == channels.KindHL7 })
	if len(single.Opened.Parts) > 0 {
		out.Partner = senderPartner(s)
		out.Hold = "several messages with documents beside them; a person must tell which belong together"
		return
	}
	ignored := 0
	for _, body := range list {
		var d Decoded
		decodeMessage(single, body, &d)
		out.Type, out.Partner, out.Hold = firstOf(out.Type, d.Type), firstOf(out.Partner, d.Partner), firstOf(out.Hold, d.Hold)
		out.Verdict = max(out.Verdict, d.Verdict)
		out.Problems = append(out.Problems, d.Problems...)
		if d.Ignore != "" {
			ignored++
			out.Ignore = d.Ignore
		}
		for _, b := range d.Documents {
			b.Fact += len(out.Facts)
			out.Documents = append(out.Documents, b)
		}
		out.Facts = append(out.Facts, d.Facts...)
	}
	if ignored < len(list) {
		out.Ignore = ""
	}
	if out.Verdict != channels.Taken {
		out.Facts, out.Documents = nil, nil
	}
}
