package main

import (
	"encoding/json"
	"strings"

	"refloop/channels"
)

// sample is what comes of one message: the content of a NAME.want.json. Places in files are not in it, so that an edit of the
// configuration that changes nothing fails nothing.
type sample struct {
	Unreadable string          `json:"unreadable,omitempty"` // why it is no message; then nothing else is said
	Type       string          `json:"type,omitempty"`
	Partner    string          `json:"partner,omitempty"`
	Verdict    string          `json:"verdict,omitempty"` // AA, AE, AR
	Ignored    string          `json:"ignored,omitempty"` // by which rule
	Held       string          `json:"held,omitempty"`
	Problems   []tracedProblem `json:"problems,omitempty"`
	Answer     []string        `json:"answer,omitempty"`
	Events     []sampleEvent   `json:"events,omitempty"`
}

// sampleEvent is one event the message states.
type sampleEvent struct {
	Event   string            `json:"event"`
	Numbers []string          `json:"numbers,omitempty"`
	State   string            `json:"state,omitempty"` // empty: it speaks of a referral that must be known
	Refused string            `json:"refused,omitempty"`
	Record  map[string]string `json:"record,omitempty"` // path to value, of what the message itself says
	Holds   []string          `json:"holds,omitempty"`
	To      string            `json:"to,omitempty"`
	Outputs []sampleOutput    `json:"outputs,omitempty"`
}

// sampleOutput is what one rail of the receiver would carry.
type sampleOutput struct {
	Rail    string   `json:"rail"`
	Error   string   `json:"error,omitempty"`
	Parts   []string `json:"parts,omitempty"`
	HL7     []string `json:"hl7,omitempty"` // segments of the HL7 message among the parts
	Letter  any      `json:"letter,omitempty"`
	Missing []string `json:"missing,omitempty"` // what the HL7 message lacks by the standard
}

// sampleOf runs a message.
func sampleOf(room dryRoom, f sampleFile, update bool) sample {
	r, err := room.runSample(f, update)
	if err != nil {
		return sample{Unreadable: err.Error()}
	}
	rule, _, _ := strings.Cut(r.decoded.Ignore, " (")
	s := sample{
		Type: r.decoded.Type, Partner: r.decoded.Partner, Verdict: verdictWord(r.decoded.Verdict), Ignored: rule, Held: withoutPlace(r.decoded.Hold),
		Problems: tracedProblems(r.decoded.Problems), Answer: segmentLines(r.answer),
	}
	for _, f := range r.facts {
		s.Events = append(s.Events, sampleEventOf(f))
	}
	return s
}

// withoutPlace takes the place of a rule out of a reason: "rules: KEY (file:line:col): ...".
func withoutPlace(s string) string {
	rest, ok := strings.CutPrefix(s, "rules: ")
	if !ok {
		return s
	}
	key, tail, _ := strings.Cut(rest, " (")
	_, why, _ := strings.Cut(tail, "): ")
	return "rules: " + key + ": " + why
}

func sampleEventOf(f dryFact) sampleEvent {
	e := sampleEvent{Event: string(f.fact.Event.Type), State: string(f.state), Refused: f.refused, To: f.partner.ID}
	for _, id := range f.fact.Ref {
		e.Numbers = append(e.Numbers, id.Value+"^"+id.Authority)
	}
	record, payload := flat{}, f.fact.Event.Payload
	if payload.Record != nil {
		record.flatten("", *payload.Record)
	} else {
		record.flatten("", payload)
		record.flatten("reason", f.fact.Event.Reason)
		record.flatten("note", f.fact.Event.Note)
	}
	e.Record = record
	for _, h := range f.referral.Holds {
		e.Holds = append(e.Holds, string(h.Kind)+": "+h.Reason)
	}
	for _, o := range f.outputs {
		e.Outputs = append(e.Outputs, sampleOutputOf(o))
	}
	return e
}

func sampleOutputOf(o dryOutput) sampleOutput {
	out := sampleOutput{Rail: o.rail.Lane}
	if o.err != nil {
		out.Error = o.err.Error()
	}
	for _, p := range o.ship.Parts {
		out.Parts = append(out.Parts, strings.TrimSpace(p.Kind+" "+p.Title))
		switch p.Kind {
		case channels.KindHL7:
			out.HL7 = append(out.HL7, segmentLines(p.Body)...)
		case channels.KindLetter:
			if json.Unmarshal(p.Body, &out.Letter) != nil {
				out.Letter = "unreadable"
			}
		}
	}
	for _, p := range o.unfit {
		out.Missing = append(out.Missing, p.Text)
	}
	return out
}
