package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"refloop/console"
	"refloop/referral"
)

// part2Line says in plain words that the referral is protected by 42 CFR Part 2, and who said so; empty: it is not known to be.
func part2Line(c referral.Confidentiality) string {
	if !c.Part2 {
		return ""
	}
	return words(console.Part2Words, brackets(labelled("said by", c.Source)))
}

// recordRows are what the record holds and the head of the page does not say: the person and the coverage in full, then what is asked for
// and what is known clinically. What stays empty is left out.
func recordRows(r referral.Referral) [][]string {
	p := r.Patient
	rows := [][]string{
		{"Patient's name", console.NameLine(p.Name)},
		{"Address", addressLine(p.Address)},
		{"Telephone", p.Phone},
		{"E-mail", p.Email},
		{"Language", p.Language},
	}
	for _, id := range p.IDs {
		rows = append(rows, []string{"Patient's number", words(id.Value, brackets(id.Authority))})
	}
	for _, c := range r.Coverage {
		rows = append(rows, []string{"Insurance", strings.Join(nonEmpty(c.Payer, c.Plan, labelled("member", c.MemberID), labelled("group", c.Group), labelled("holder", console.NameLine(c.Holder)), c.Relation), ", ")})
	}
	rows = append(rows, []string{"Authorization", r.Authorization}, []string{"Referring", clinicianLine(r.Initiator)}, []string{"Referred to", clinicianLine(r.Recipient)},
		[]string{"Service", words(r.Service.Text, brackets(r.Service.Code))}, []string{"Procedure codes", strings.Join(r.Service.Procedures, ", ")},
		[]string{"Priority", orUnknown(string(r.Priority))}, []string{"Written on", day(r.Requested)}, []string{"Needed by", day(r.NeededBy)})
	rows = append(rows, clinicalRows(r)...)
	for _, x := range r.Extra {
		rows = append(rows, []string{"extra." + x.Key, x.Value})
	}
	return filled(rows)
}

// clinicalRows are diagnoses, medicines, allergies, procedures and notes, one a row.
func clinicalRows(r referral.Referral) (rows [][]string) {
	for _, d := range r.Diagnoses {
		rows = append(rows, []string{"Diagnosis", words(d.Code, d.Text)})
	}
	for _, m := range r.Medications {
		line := strings.Join(nonEmpty(codedLine(m.Drug), m.Dose, m.Route, m.Sig), ", ")
		if m.None && line == "" {
			line = "none, says the source"
		}
		rows = append(rows, []string{"Medication", line})
	}
	for _, a := range r.Allergies {
		line := strings.Join(nonEmpty(codedLine(a.Substance), a.Reaction, a.Severity), ", ")
		if a.None && line == "" {
			line = "none known, says the source"
		}
		rows = append(rows, []string{"Allergy", line})
	}
	for _, c := range r.Procedures {
		rows = append(rows, []string{"Procedure", codedLine(c)})
	}
	for _, n := range r.Notes {
		rows = append(rows, []string{"Note", n})
	}
	return rows
}

func codedLine(c referral.Coded) string {
	if c.Text == "" {
		return c.Code
	}
	return words(c.Text, brackets(c.Code))
}

// clinicianLine is a party with its postal address, which the head of the page has no room for.
func clinicianLine(p referral.Party) string {
	return strings.Join(nonEmpty(partyLine(console.PartyView{Clinician: console.NameLine(p.Clinician), NPI: p.NPI, Organization: p.Organization, Phone: p.Phone, Fax: p.Fax}),
		p.Specialty, addressLine(p.Address)), ", ")
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// settledRows are the fields read from paper that stand in the record, in the order of the page: those taken as they were read, and those
// that a person confirmed or put right.
func settledRows(s console.Story) (out [][]string) {
	var set []string
	for _, e := range s.Events {
		if e.Type == referral.EventVerify {
			for _, f := range e.Payload.Fields {
				key, _ := referral.FieldKey(f.Key)
				set = append(set, key)
			}
		}
	}
	for _, f := range s.Record.Fields {
		if s.Record.Unsure(f) {
			continue
		}
		how := fmt.Sprintf("accepted as read, confidence %.2f", f.Confidence)
		switch {
		case slices.Contains(set, f.Key):
			how = "set by a person"
		case f.Confirmed:
			how = "confirmed by a person as read"
		}
		page := ""
		if f.Box[0] > 0 {
			page = fmt.Sprint(f.Box[0])
		}
		out = append(out, []string{f.Key, how, page, strings.ReplaceAll(f.Value, "\n", "; ")})
	}
	return out
}
