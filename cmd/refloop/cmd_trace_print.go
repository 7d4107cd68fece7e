package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

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
