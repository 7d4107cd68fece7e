package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"refloop/console"
	"refloop/referral"
)

func showCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "show ID", Short: "one referral: who, what, state, who owes what, timeline, deliveries, next actions", Args: cobra.ExactArgs(1),
		Example: "  refloop show 01JD\n  refloop show 01JD --json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if wantsJSON(cmd) {
				return askQuery(cmd, console.Query{Name: "show", ID: args[0]}, cmd.OutOrStdout())
			}
			s, err := oneOf[console.Story](cmd, console.Query{Name: "story", ID: args[0]})
			if err != nil {
				return err
			}
			return printReferral(cmd.OutOrStdout(), s)
		},
	}
	c.Flags().Bool("json", false, "one JSON object, stable keys")
	return c
}

// printReferral writes the page of one referral.
func printReferral(w io.Writer, s console.Story) error {
	if err := printTable(w, nil, facts(s)); err != nil {
		return err
	}
	sections := []struct {
		title string
		head  []string
		rows  [][]string
	}{
		{"What the record holds", nil, recordRows(s.Record)},
		{"Holds", []string{"KIND", "SINCE (UTC)", "WHY"}, holdRows(s.Referral.Holds)},
		{"Read from paper, to be looked at by a person", []string{"FIELD", "READ AS", "CONFIDENCE", "PAGE", "PLACE (x, y, width, height)"}, unsureRows(s.Record)},
		{"Read from paper, and in the record", []string{"FIELD", "HOW", "PAGE", "VALUE"}, settledRows(s)},
		{"Our own patients who may be meant; a person chooses: refloop act ID verify --patient PATIENT", candidateHead(), candidateRows(s.Candidates)},
		{"Documents, each with: refloop document ID", []string{"ID", "KIND", "TYPE", "SIGNED", "BYTES", "TITLE"}, documentRows(s.Referral.Documents)},
		{"Timeline", timelineHead(), timelineRows(s.Referral.Events)},
		{"Deliveries", deliveryHead(), deliveryRows(s.Deliveries)},
		{"Left out of what was sent, as its receiver was told", []string{"DELIVERY", "TO", "WHAT AND WHY"}, leftOutRows(s.Deliveries)},
		{"Open items", []string{"OPENED (UTC)", "KIND", "TIMES", "NOTE"}, workRows(s.Work)},
	}
	for _, sec := range sections {
		if len(sec.rows) == 0 {
			continue
		}
		if _, err := fmt.Fprintf(w, "\n%s\n", sec.title); err != nil {
			return err
		}
		if err := printTable(w, sec.head, sec.rows); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "\nNext: %s\n", nextLine(s.Referral.NextActions))
	return err
}

func nextLine(actions []string) string {
	if len(actions) == 0 {
		return "nothing may be done now"
	}
	return strings.Join(actions, ", ")
}

// facts is the head of the page.
func facts(s console.Story) [][]string {
	r := s.Referral
	p := r.Patient
	rows := [][]string{
		{"Referral", r.ID},
		{"State", words(stateLine(r), gradeNote(r.Grade))},
		{"Restricted", part2Line(s.Record.Confidentiality)},
		{"Our role", r.Role},
		{"Owed", owes(r.Clock)},
		{"Patient", strings.Join(nonEmpty(words(p.Given, p.Family), p.BirthDate, p.Sex, labelled("MRN", p.MRN), labelled("phone", p.Phone)), ", ")},
		{"From", partyLine(r.Initiator)},
		{"To", partyLine(r.Recipient)},
		{"Asked for", words(r.Service.Text, brackets(r.Service.Code))},
		{"Specialty", r.Specialty},
		{"Priority", orUnknown(r.Priority)},
		{"Reason", r.Reason},
	}
	for _, d := range r.Diagnoses {
		rows = append(rows, []string{"Diagnosis", words(d.Code, d.Text)})
	}
	for _, a := range r.Appointments {
		at := "at a time not known"
		if !a.Start.IsZero() {
			at = when(&a.Start) + " UTC"
		}
		rows = append(rows, []string{"Appointment", words(at, a.Status, a.Location)})
	}
	for _, id := range r.Identifiers {
		if id.Kind != referral.KindMRN {
			rows = append(rows, []string{"Number", words(id.Kind, id.Value, brackets(id.Authority))})
		}
	}
	return filled(rows)
}

func nonEmpty(parts ...string) []string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return out
}

func labelled(label, v string) string {
	if v == "" {
		return ""
	}
	return label + " " + v
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

func gradeNote(g string) string {
	if g == "" {
		return ""
	}
	return "- grade " + g + ": " + gradeWords(referral.Grade(g))
}

// gradeWords says what a grade of evidence means.
func gradeWords(g referral.Grade) string {
	switch g {
	case referral.GradeA:
		return "an authenticated system or our own staff said so"
	case referral.GradeB:
		return "a person of the other side said so, by a secret link or signed paper"
	case referral.GradeC:
		return "told by telephone"
	case referral.GradeD:
		return "inferred by a machine"
	}
	return "no evidence"
}

func partyLine(p console.PartyView) string {
	line := strings.Join(nonEmpty(p.Clinician, labelled("NPI", p.NPI), p.Organization, p.Direct, labelled("phone", p.Phone), labelled("fax", p.Fax)), ", ")
	return words(line, brackets(p.Partner))
}

func holdRows(holds []referral.Hold) (out [][]string) {
	for _, h := range holds {
		out = append(out, []string{string(h.Kind), when(&h.Since), h.Reason})
	}
	return out
}

// unsureRows are the fields below the line, with what was read and where it stands.
func unsureRows(r referral.Referral) (out [][]string) {
	for _, f := range r.Fields {
		if !r.Unsure(f) {
			continue
		}
		page, place := "", ""
		if b := f.Box; b[0] > 0 {
			page = fmt.Sprint(b[0])
			if b[3] > 0 {
				place = fmt.Sprintf("%d, %d, %d, %d", b[1], b[2], b[3], b[4])
			}
		}
		out = append(out, []string{f.Key, short(f.Value), fmt.Sprintf("%.2f", f.Confidence), page, place})
	}
	return out
}

func documentRows(docs []referral.Document) (out [][]string) {
	for _, d := range docs {
		signed := "no"
		if d.Signed {
			signed = "yes"
		}
		title := d.Title
		if title == "" {
			title = d.Name
		}
		out = append(out, []string{d.ID, d.Kind, d.ContentType, signed, fmt.Sprint(d.Bytes), short(title)})
	}
	return out
}

func timelineHead() []string {
	return []string{"STATE", "TIME (UTC)", "WHAT", "EVIDENCE", "GRADE", "WHO", "NOTE"}
}

// timelineRows are the steps of the loop: the state after each, when it happened, what says so, how good that is, and who said it.
func timelineRows(events []console.EventView) (out [][]string) {
	for _, e := range events {
		what := e.Type
		if e.Implied {
			what += " (implied)"
		}
		note := words(e.Reason, dashIfBoth(e.Reason, e.Note))
		out = append(out, []string{e.To, when(e.EventTime), what, words(e.Origin, e.EvidenceRef), e.Grade, e.Actor, short(note)})
	}
	return out
}

func dashIfBoth(a, b string) string {
	if a == "" {
		return b
	}
	return dash(b)
}

func deliveryRows(list []console.DeliveryView) (out [][]string) {
	for _, d := range list {
		out = append(out, deliveryRow(d))
	}
	return out
}

// leftOutRows are the manifests of deliveries: what the payload agreed with the receiver kept back.
func leftOutRows(list []console.DeliveryView) (out [][]string) {
	for _, d := range list {
		for _, what := range d.LeftOut {
			out = append(out, []string{d.ID, d.Partner, what})
		}
	}
	return out
}

func workRows(list []console.WorkView) (out [][]string) {
	for _, v := range list {
		if v.Resolved == nil {
			out = append(out, []string{when(v.Opened), v.Kind, fmt.Sprint(v.Count), v.Note})
		}
	}
	return out
}
