package main

import (
	"fmt"
	"strings"

	"refloop/hl7"
)

// profileOf finds a profile by code and first event: REF I12.
func profileOf(code, event string) (hl7.Profile, error) {
	for _, p := range hl7.Profiles() {
		if p.Code == code && p.Events[0] == event {
			return p, nil
		}
	}
	return hl7.Profile{}, fmt.Errorf("profile %s %s: got none, want one of hl7.Profiles", code, event)
}

// required is the table of what is answered AE in lenient and strict mode alike, except what the family shares with all others.
func required(code, event string) (string, error) {
	p, err := profileOf(code, event)
	if err != nil {
		return "", err
	}
	var rows [][]string
	for _, r := range p.Rules {
		if !r.Strict && r.Places[0].Segment != "MSH" {
			rows = append(rows, []string{places(r), r.Name, wanted(r), r.Remedy})
		}
	}
	return table([]string{"where", "what", "must", "what to do"}, rows), nil
}

// strictOnly lists what is an error in strict mode and a warning in lenient, except what the family shares with all others.
func strictOnly(code, event string) (string, error) {
	p, err := profileOf(code, event)
	if err != nil {
		return "", err
	}
	var out []string
	for _, r := range p.Rules {
		if r.Strict && r.Places[0].Segment != "MSH" {
			out = append(out, places(r)+" "+wanted(r))
		}
	}
	return strings.Join(out, "; "), nil
}

// places writes where a rule looks; one of several is enough.
func places(r hl7.Rule) string {
	var out []string
	for _, p := range r.Places {
		s := p.String()
		if p.Field == 0 {
			s = p.Segment
		}
		out = append(out, "`"+s+"`")
	}
	s := strings.Join(out, " or ")
	switch r.Scope {
	case hl7.PerOrder:
		s += ", each order"
	case hl7.PerSegment:
		s += ", each"
	case hl7.PerMessage:
	}
	if r.Since > 0 {
		s += fmt.Sprintf(" (from 2.%d)", r.Since)
	}
	if r.Until > 0 {
		s += fmt.Sprintf(" (before 2.%d)", r.Until)
	}
	if r.Orders != nil {
		s += " (ORC-1 " + strings.Join(r.Orders, ", ") + ")"
	}
	return s
}

// wanted says what a rule asks, in words.
func wanted(r hl7.Rule) string {
	switch r.Check {
	case hl7.Filled:
		return "be filled"
	case hl7.IsTime:
		return "be a date or time, if sent"
	case hl7.IsDate:
		return "be a date, if sent"
	case hl7.InTable:
		return "be a code of table " + r.Table + ", if sent"
	case hl7.Fits:
		return fmt.Sprintf("have at most %d characters", r.Max)
	case hl7.Exists:
		return "be there"
	}
	return ""
}

// triggers lists the messages that are taken.
func triggers() string {
	var names []string
	events := map[string][]string{}
	for _, p := range hl7.Profiles() {
		if events[p.Code] == nil {
			names = append(names, p.Code)
		}
		events[p.Code] = append(events[p.Code], p.Events...)
	}
	for i, name := range names {
		names[i] = "**" + name + "** " + strings.Join(events[name], " ")
	}
	return strings.Join(names, ", ")
}
