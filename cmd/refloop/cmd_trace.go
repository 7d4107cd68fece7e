package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"refloop/channels"
	"refloop/hl7"
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
			body, err := readFile(args[0], cmd.InOrStdin())
			if err != nil {
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
	c.Flags().Bool("values", false, "show the values too; they are a patient's")
	c.Flags().Bool("json", false, "one JSON object")
	return c
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

// print writes the report for people.
func (t trace) print(w io.Writer) error {
	lines := []string{fmt.Sprintf("%s on channel %s: %s", t.Type, t.Channel, t.Verdict)}
	add := func(label, text string) {
		if text != "" {
			lines = append(lines, label+": "+text)
		}
	}
	add("partner", t.Partner)
	add("ignored by", t.Ignored)
	add("held", t.Held)
	add("forgiven", strings.Join(t.Forgiven, ", "))
	for _, p := range t.Problems {
		add("problem", words(p.Severity, p.Code, p.Location, p.Text))
	}
	if err := writeLines(w, append(lines, "")); err != nil {
		return err
	}
	if err := t.printFields(w); err != nil {
		return err
	}
	if err := t.printRules(w); err != nil {
		return err
	}
	if err := t.printLookups(w); err != nil {
		return err
	}
	return t.printEvents(w)
}

func (t trace) printFields(w io.Writer) error {
	values := slices.ContainsFunc(t.Fields, func(f tracedField) bool { return f.Value != "" })
	head := []string{"FIELD", "KIND", "BECAME"}
	if values {
		head = []string{"FIELD", "KIND", "VALUE", "BECAME"}
	}
	var rows [][]string
	for _, f := range t.Fields {
		switch {
		case f.Use == useIgnored:
		case values:
			rows = append(rows, []string{f.Path, f.Class, short(f.Value), f.becameWords()})
		default:
			rows = append(rows, []string{f.Path, f.Class, f.becameWords()})
		}
	}
	if err := printTable(w, head, rows); err != nil {
		return err
	}
	left := unread(t.Fields)
	if len(left) == 0 {
		return nil
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return printTable(w, []string{"IGNORED", "NOTHING READS"}, left)
}

func (t trace) printRules(w io.Writer) error {
	if len(t.Rules) == 0 {
		return nil
	}
	var rows [][]string
	for _, r := range t.Rules {
		rows = append(rows, []string{r.Rule, r.Result, strings.Join(r.Gave, ", "), strings.Join(r.Tables, ", "), r.Place})
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return printTable(w, []string{"RULE", "RESULT", "GAVE", "TABLE", "PLACE"}, rows)
}

func (t trace) printEvents(w io.Writer) error {
	var lines []string
	for _, e := range t.Events {
		lines = append(lines, "", fmt.Sprintf("event %s of referral %s", e.Event, orUnknown(strings.Join(e.Numbers, ", "))))
		if e.State == "" && e.Refused == "" {
			lines = append(lines, "  it speaks of a referral that must be known; nothing more can be said without the store")
			continue
		}
		if e.Refused != "" {
			lines = append(lines, "  not applied: "+e.Refused)
			continue
		}
		lines = append(lines, "  state "+e.State)
		for _, h := range e.Holds {
			lines = append(lines, "  waits for a person: "+h)
		}
		lines = append(lines, fmt.Sprintf("  to %s: %s", orUnknown(e.To), e.Why))
		for _, r := range e.Rails {
			lines = append(lines, fmt.Sprintf("  %s (%s) carries %s", r.Rail, orUnknown(r.Address), orUnknown(strings.Join(r.Carries, ", "))))
			for _, miss := range r.Missing {
				lines = append(lines, "    missing: "+miss)
			}
		}
	}
	if len(t.Answer) > 0 {
		lines = append(lines, "", "answer")
		for _, s := range t.Answer {
			lines = append(lines, "  "+s)
		}
	}
	return writeLines(w, lines)
}
