package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"refloop/channels"
	"refloop/config"
	"refloop/transform"
)

// tracedRule is one rule of the channel and what it did to this message.
type tracedRule struct {
	Rule   string   `json:"rule"`   // when, or set and its target
	Place  string   `json:"place"`  // file:line:col
	Result string   `json:"result"` // true, false, gave, nothing, failed
	Gave   []string `json:"gave,omitempty"`
	Tables []string `json:"tables,omitempty"` // look-up tables whose rows decided: name (file)
}

// traceRules finds what each rule does by leaving it out: the record without the line tells what the line gives.
func traceRules(d dryRoom, body []byte, base dryResult) []tracedRule {
	var out []tracedRule
	if d.cfg.When.Text != "" {
		r := tracedRule{Rule: "when", Place: d.cfg.When.At(0).String(), Result: "true: it counts"}
		switch {
		case base.decoded.Ignore != "":
			r.Result = "false: acknowledged, kept, ignored"
		case base.decoded.Hold != "" && d.heldBy(body, base, func(c *config.Channel) { c.When = config.Expr{} }):
			r.Result = ruleHolds
		case base.decoded.Verdict == channels.Reject:
			r.Result = "true, but the message is refused"
		}
		out = append(out, r)
	}
	if base.decoded.Hold != "" {
		return append(out, heldSets(d, body, base)...)
	}
	if len(base.facts) == 0 {
		return out // set is asked of records only
	}
	for i, s := range d.cfg.Set {
		r := tracedRule{Rule: "set." + s.Target, Place: s.Expr.At(0).String(), Result: "leaves it as it is"}
		without := d
		c := d.cfg
		c.Set = slices.Delete(slices.Clone(c.Set), i, i+1)
		without.rules.Rules = compileRules(d.pl.cfg, c, &config.Problems{})
		if got, err := without.run(body); err == nil {
			r.Gave = recordOf(base).changed(recordOf(got))
		}
		if len(r.Gave) > 0 {
			r.Result = "gave"
			r.Tables = tablesOf(d, s.Expr.Text, body, base)
		}
		out = append(out, r)
	}
	return out
}

// ruleHolds is the result of a rule that could not be evaluated.
const ruleHolds = "failed: the message is held"

// heldSets finds which set cannot be evaluated: without it the message is not held, or by another one.
func heldSets(d dryRoom, body []byte, base dryResult) []tracedRule {
	var out []tracedRule
	for i, s := range d.cfg.Set {
		if d.heldBy(body, base, func(c *config.Channel) { c.Set = slices.Delete(slices.Clone(c.Set), i, i+1) }) {
			out = append(out, tracedRule{Rule: "set." + s.Target, Place: s.Expr.At(0).String(), Result: ruleHolds})
		}
	}
	return out
}

// heldBy tells whether a message is held otherwise when the channel is without one of its rules.
func (d dryRoom) heldBy(body []byte, base dryResult, without func(*config.Channel)) bool {
	c := d.cfg
	without(&c)
	d.rules.Rules = compileRules(d.pl.cfg, c, &config.Problems{})
	got, err := d.run(body)
	return err == nil && got.decoded.Hold != base.decoded.Hold
}

// recordOf is flatOf without the answer.
func recordOf(r dryResult) flat {
	r.answer = nil
	return flatOf(r)
}

// tablesOf are the look-up tables that an expression asks and whose rows matter: with an empty table the record is another.
func tablesOf(d dryRoom, text string, body []byte, base dryResult) []string {
	used := map[string]bool{}
	for i, l := range d.cfg.Lookup {
		if !strings.Contains(text, `"`+l.Name+`"`) && !strings.Contains(text, `'`+l.Name+`'`) {
			continue
		}
		empty := d
		c := d.cfg
		c.Lookup = slices.Clone(c.Lookup)
		c.Lookup[i].Bytes = []byte("refloop-no-such-key,\n")
		empty.rules.Rules = compileRules(d.pl.cfg, c, &config.Problems{})
		if got, err := empty.run(body); err == nil && len(recordOf(base).changed(recordOf(got))) > 0 {
			used[l.Name+" ("+l.Path+")"] = true
		}
	}
	return slices.Sorted(maps.Keys(used))
}

// tracedLookup is one question of a rule to a look-up table.
type tracedLookup struct {
	Table string `json:"table"`
	File  string `json:"file,omitempty"`
	Found bool   `json:"found"`           // it has a row for the key, or a row for every other one
	Key   string `json:"key,omitempty"`   // only when values were asked for
	Value string `json:"value,omitempty"` // the same
}

func tracedLookups(d dryRoom, asked []transform.Lookup, values bool) []tracedLookup {
	var out []tracedLookup
	for _, a := range asked {
		l := tracedLookup{Table: a.Table, Found: a.Value != ""}
		for _, c := range d.cfg.Lookup {
			if c.Name == a.Table {
				l.File = c.Path
			}
		}
		if values {
			l.Key, l.Value = a.Key, a.Value
		}
		if !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	return out
}

func (t trace) printLookups(w io.Writer) error {
	if len(t.Lookups) == 0 {
		return nil
	}
	var rows [][]string
	for _, l := range t.Lookups {
		row := "no row"
		if l.Found {
			row = "found"
		}
		rows = append(rows, []string{l.Table, l.File, row, l.Key, l.Value})
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return printTable(w, []string{"TABLE", "FILE", "ROW", "KEY", "VALUE"}, rows)
}
