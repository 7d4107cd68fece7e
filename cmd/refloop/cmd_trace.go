package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"refloop/channels"
	"refloop/hl7"
	codec "refloop/mllp"
	"refloop/transform"
)

func traceCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "trace FILE --channel NAME", Short: "field by field, what a channel makes of a message; without daemon or network", Args: cobra.ExactArgs(1),
		Long: "trace takes one HL7 v2 message through a channel of the configuration, as far as what would be sent, and stores and sends\n" +
			"nothing. It prints what each value of the message became, what nothing reads, which rules fired, what is wrong with the\n" +
			"message, the answer, the receiver and why it is that one, and what is missing for each of its rails. `-` is standard input.\n" +
			"Values themselves are only shown with --values.",
		Example: "  refloop trace referral.hl7 --channel ehr-orders\n  refloop trace referral.hl7 --channel ehr-orders --json",
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := cmd.Flags().GetString("channel")
			if err != nil {
				return err
			}
			values, err := cmd.Flags().GetBool("values")
			if err != nil {
				return err
			}
			nth, err := cmd.Flags().GetInt("message")
			if err != nil {
				return err
			}
			body, err := readFile(args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			if body, err = oneMessage(body, nth); err != nil {
				return err
			}
			_, _, pl, err := readPlan(configPath(cmd), nil)
			if err != nil {
				return err
			}
			room, err := dryRoomNamed(pl, name)
			if err != nil {
				return err
			}
			if err := traceable(room, body); err != nil {
				return err
			}
			t, err := traceMessage(room, body, values)
			if err != nil {
				return err
			}
			if wantsJSON(cmd) {
				return writeJSON(cmd.OutOrStdout(), t)
			}
			return t.print(cmd.OutOrStdout())
		},
	}
	c.Flags().String("channel", "", "the `name` of the channel it comes in by (required)")
	c.Flags().Int("message", 0, "which message of a file that holds several, `N` from 1")
	c.Flags().Bool("values", false, "show the values too; they are a patient's")
	c.Flags().Bool("json", false, "one JSON object")
	return c
}

// oneMessage takes one message out of a file: the only one, or the nth of a batch. An MLLP frame around it is taken off.
func oneMessage(b []byte, nth int) ([]byte, error) {
	if len(b) > 0 && b[0] == codec.StartBlock {
		m, _, err := codec.Unwrap(b)
		if err != nil {
			return nil, fmt.Errorf("trace: %w", err)
		}
		b = m
	}
	batch, err := hl7.Split(b, hl7.Limits{})
	if err != nil || len(batch.Messages) == 0 || len(batch.Messages) == 1 && batch.File == nil && len(batch.Batches) == 0 {
		return b, nil // reading it says what is wrong
	}
	n := len(batch.Messages)
	if nth == 0 && n == 1 {
		nth = 1
	}
	if nth < 1 || nth > n {
		return nil, usageError{fmt.Errorf("trace: got a file of %d messages, want --message 1 to %[1]d", n)}
	}
	return batch.Messages[nth-1].Bytes, nil
}

// trace is what a channel makes of a message. Its JSON keys are stable.
type trace struct {
	Channel  string          `json:"channel"`
	Type     string          `json:"type"`
	Partner  string          `json:"partner,omitempty"`
	Verdict  string          `json:"verdict"` // AA, AE, AR
	Ignored  string          `json:"ignored,omitempty"`
	Held     string          `json:"held,omitempty"`
	Forgiven []string        `json:"forgiven,omitempty"` // odd things in its form: names of hl7.Warning
	Problems []tracedProblem `json:"problems,omitempty"`
	Answer   []string        `json:"answer,omitempty"` // segments of the ACK
	Fields   []tracedField   `json:"fields"`
	Rules    []tracedRule    `json:"rules,omitempty"`
	Lookups  []tracedLookup  `json:"lookups,omitempty"`
	Events   []tracedEvent   `json:"events,omitempty"`
}

// tracedProblem is one thing wrong with the message, as ERR says it.
type tracedProblem struct {
	Location string `json:"location,omitempty"`
	Code     string `json:"code"`
	Severity string `json:"severity"`
	Text     string `json:"text"`
}

func tracedProblems(list []channels.Problem) []tracedProblem {
	var out []tracedProblem
	for _, p := range list {
		out = append(out, tracedProblem(p))
	}
	return out
}

// tracedEvent is one event the message states.
type tracedEvent struct {
	Event   string       `json:"event"`
	Numbers []string     `json:"numbers,omitempty"` // by which it names the referral
	State   string       `json:"state,omitempty"`
	Refused string       `json:"refused,omitempty"`
	Holds   []string     `json:"holds,omitempty"`
	To      string       `json:"to,omitempty"`
	Why     string       `json:"why,omitempty"`
	Rails   []tracedRail `json:"rails,omitempty"`
}

// tracedRail is one rail of the receiver.
type tracedRail struct {
	Rail    string   `json:"rail"`
	Address string   `json:"address,omitempty"`
	Carries []string `json:"carries,omitempty"`
	Missing []string `json:"missing,omitempty"`
}

// traceMessage makes the whole report.
func traceMessage(d dryRoom, body []byte, values bool) (trace, error) {
	m, err := hl7.ParseWith(body, hl7.Options{Charset: d.rules.Charset})
	if err != nil {
		return trace{}, err
	}
	watched := d
	watched.watch = new(transform.Watch)
	base, err := watched.run(body)
	if err != nil {
		return trace{}, err
	}
	t := trace{
		Channel: d.cfg.Name, Type: base.decoded.Type, Partner: base.decoded.Partner, Verdict: verdictWord(base.decoded.Verdict), Ignored: base.decoded.Ignore,
		Held: base.decoded.Hold, Problems: tracedProblems(base.decoded.Problems), Answer: segmentLines(base.answer), Rules: traceRules(d, body, base),
	}
	t.Lookups = tracedLookups(d, watched.watch.Lookups, values)
	for _, w := range m.Warnings() {
		t.Forgiven = append(t.Forgiven, w.Name)
	}
	if t.Fields, err = traceFields(d, body, base, &watched.watch.Reads, values); err != nil {
		return trace{}, err
	}
	for _, f := range base.facts {
		t.Events = append(t.Events, tracedEventOf(f))
	}
	return t, nil
}

func tracedEventOf(f dryFact) tracedEvent {
	e := tracedEvent{Event: string(f.fact.Event.Type), State: string(f.state), Refused: f.refused, To: f.partner.ID, Why: f.why}
	for _, id := range f.fact.Ref {
		e.Numbers = append(e.Numbers, id.Value+" of "+id.Authority)
	}
	for _, h := range f.referral.Holds {
		e.Holds = append(e.Holds, string(h.Kind)+": "+h.Reason)
	}
	for _, o := range f.outputs {
		e.Rails = append(e.Rails, tracedRailOf(o))
	}
	return e
}

func tracedRailOf(o dryOutput) tracedRail {
	r := tracedRail{Rail: o.rail.Lane, Address: o.rail.Address}
	if o.err != nil {
		r.Missing = append(r.Missing, o.err.Error())
	}
	for _, p := range o.ship.Parts {
		r.Carries = append(r.Carries, strings.TrimSpace(p.Kind+" "+p.Title))
	}
	for _, p := range o.unfit {
		r.Missing = append(r.Missing, p.Text)
	}
	return r
}
