package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
)

// timelines prints the timeline of every loop and checks where it ended.
func (d *demo) timelines() error {
	for _, l := range d.loops {
		row, err := d.one(l.site, l.id)
		if err != nil {
			return err
		}
		state := text(row, "state")
		d.check(state == l.want, "%s (%s): got state %s, want %s", l.id, l.title, state, l.want)
		fmt.Fprintf(d.out, "\n%s  %s: %s\n", l.id, l.site.name, l.title)
		w := tabwriter.NewWriter(d.out, 2, 4, 2, ' ', 0)
		fmt.Fprintln(w, "  state\ttime\tevidence\tgrade\twho")
		events, _ := row["events"].([]any)
		for _, e := range events {
			m, _ := e.(map[string]any)
			fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\n", moved(m), clock(text(m, "event_time")), evidence(m), text(m, "grade"), text(m, "actor"))
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// moved is the state after an event; one that moved nothing is named by its type.
func moved(e map[string]any) string {
	to, from := text(e, "to"), text(e, "from")
	if to == from {
		return "(" + text(e, "type") + ")"
	}
	if e["implied"] == true {
		return to + " (implied)"
	}
	return to
}

// evidence is where an event comes from.
func evidence(e map[string]any) string {
	ref := text(e, "evidence_ref")
	if ref == "" {
		return text(e, "origin")
	}
	return text(e, "origin") + " " + ref
}

// summary prints one line a loop.
func (d *demo) summary(took time.Duration) {
	fmt.Fprintln(d.out, "\nSummary")
	w := tabwriter.NewWriter(d.out, 2, 4, 2, ' ', 0)
	fmt.Fprintln(w, "  referral\tsite\tloop\tended as\tproof")
	for _, l := range d.loops {
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\n", l.id, l.site.name, l.title, l.want, l.proof)
	}
	if err := w.Flush(); err != nil {
		d.fails = append(d.fails, "the summary could not be printed")
	}
	verdict := "all loops ended as they must"
	if len(d.fails) > 0 {
		verdict = strings.TrimSpace(fmt.Sprintf("%d checks failed", len(d.fails)))
	}
	fmt.Fprintf(d.out, "\n%s, in %s; the sites stay in %s\n", verdict, took.Round(100*time.Millisecond), d.dir)
}
