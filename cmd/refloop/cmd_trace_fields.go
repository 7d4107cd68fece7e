package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"refloop/hl7"
)

// Uses of a value.
const (
	useRecord  = "record"  // it became something in the record or decides what the message is
	useChecked = "checked" // it is only looked at by the validation
	useAnswer  = "answer"  // it only comes back in the acknowledgement
	useOther   = "spare"   // it is read, but changes nothing: another value stands above it, or says the same
	useIgnored = "ignored" // nothing reads it
)

// tracedField is one value, or a run of values nothing was made of.
type tracedField struct {
	Path   string   `json:"path"`
	Class  string   `json:"class"`
	Value  string   `json:"value,omitempty"` // only when values were asked for
	Use    string   `json:"use"`
	Became []string `json:"became,omitempty"` // paths of the record; `answer` and a place in the ACK; or what it decides
}

// traceFields follows each value of a message by changing it and looking at what changes: so the report says what the code does, and not
// what a table of it says. reads is what the channel took of the message in the first run.
func traceFields(d dryRoom, body []byte, base dryResult, reads *hl7.Reads, values bool) ([]tracedField, error) {
	m, err := hl7.ParseWith(body, hl7.Options{Charset: d.rules.Charset})
	if err != nil {
		return nil, err
	}
	before := flatOf(base)
	var out []tracedField
	n := 0
	for l := range leavesOf(m) {
		if n++; n > maxLeaves {
			return nil, fmt.Errorf("trace: got more than %d values in the message, want fewer; take a shorter message of the same kind", maxLeaves)
		}
		f := tracedField{Path: l.path.String(), Class: classOf(l.value), Use: useIgnored}
		if values {
			f.Value = l.value.String()
		}
		f.Became = effect(d, before, base, altered(m, l.value))
		if f.Became == nil {
			f.Became = effect(d, before, base, blanked(m, l.value))
		}
		f.Use = useOf(f.Became)
		if f.Use == useIgnored && reads != nil && reads.Has(l.value) {
			f.Use = useOther
		}
		out = append(out, f)
	}
	return out, nil
}

func useOf(became []string) string {
	use := useIgnored
	for _, b := range became {
		switch {
		case !strings.HasPrefix(b, "answer ") && !strings.HasPrefix(b, "problems["):
			return useRecord
		case strings.HasPrefix(b, "problems["):
			use = useChecked
		case use == useIgnored:
			use = useAnswer
		}
	}
	return use
}

// effect is what a change of the message changes; nil when nothing.
func effect(d dryRoom, before flat, base dryResult, body []byte) []string {
	res, err := d.run(body)
	if err != nil {
		return []string{"whether it can be read"}
	}
	if what := decisive(base, res); what != nil {
		return what
	}
	all := before.changed(flatOf(res))
	own := slices.DeleteFunc(slices.Clone(all), func(s string) bool { return strings.HasPrefix(s, "answer ") })
	if len(own) > 0 {
		return own
	}
	return all
}

// becameWords is a cell of the table.
func (f tracedField) becameWords() string {
	const most = 4
	became := slices.DeleteFunc(slices.Clone(f.Became), func(s string) bool { return f.Use == useRecord && strings.HasPrefix(s, "problems[") })
	if slices.Contains(became, "answer MSA-1") {
		return "which answer is sent"
	}
	switch {
	case f.Use == useOther:
		return "(read; here it changes nothing)"
	case f.Use == useChecked:
		return "(only checked)"
	case len(became) <= most:
		return strings.Join(became, ", ")
	}
	heads := map[string]int{}
	for _, s := range became {
		head, _, _ := strings.Cut(s, ".")
		heads[head]++
	}
	var out []string
	for _, head := range slices.Sorted(maps.Keys(heads)) {
		if heads[head] > 1 {
			head += ".*"
		}
		out = append(out, head)
	}
	if len(out) > most {
		out = append(out[:most], fmt.Sprintf("and %d more", len(out)-most))
	}
	return strings.Join(out, ", ")
}

// unread lists the values that nothing reads, a line a segment: RF1 1, 2.2, 2.3. A segment of which nothing is read is named alone.
func unread(fields []tracedField) [][]string {
	total, lines, order := map[string]int{}, map[string][]string{}, []string(nil)
	for _, f := range fields {
		segment, place, _ := strings.Cut(f.Path, "-")
		if total[segment]++; f.Use != useIgnored {
			continue
		}
		if lines[segment] == nil {
			order = append(order, segment)
		}
		lines[segment] = append(lines[segment], place)
	}
	var out [][]string
	for _, segment := range order {
		places := strings.Join(lines[segment], ", ")
		if len(lines[segment]) == total[segment] {
			places = fmt.Sprintf("all of it (%d values)", total[segment])
		}
		out = append(out, []string{segment, places})
	}
	return out
}
