package transform

import (
	"encoding/json"
	"strings"

	"refloop/channels"
	"refloop/fax"
	"refloop/referral"
)

// renderFax writes a letter: a cover page that names no patient, then for a request the form with codes and tick boxes and the
// summary, for anything else what happened. The rail draws it, with the papers behind it.
func renderFax(ship *channels.Shipment, r referral.Referral, ev referral.Event, t Target, docs map[string][]byte) error {
	l := letterOf(r, ev, t, docs)
	body, err := json.Marshal(l)
	if err != nil {
		return err
	}
	ship.Parts = append([]channels.Part{{Kind: channels.KindLetter, ContentType: "application/json", Title: l.Title, Body: body}}, filesOf(r, ev, docs, channels.KindPDF, channels.KindImage)...)
	return nil
}

// letterOf is an event on paper. The referral ID is printed as a code only where it fits one: foreign numbers may not.
func letterOf(r referral.Referral, ev referral.Event, t Target, docs map[string][]byte) fax.Letter {
	id := wireID(r)
	l := fax.Letter{
		CopyOf: t.CopyOf, Part2: r.Confidentiality.Part2, Consent: basisLine(r.Confidentiality, t.Basis),
		Cover: fax.Cover{
			To:   fax.Party{Organization: t.Partner.Name, Fax: faxNumberOf(t.Rail)},
			From: fax.Party{Organization: t.Own.Name, Phone: t.Own.Phone, Fax: t.Own.Fax},
			Date: t.At.Format("January 2, 2006"),
		},
	}
	if (fax.Code{Referral: id.Value, Page: 1, Pages: 1}).Valid() == nil {
		l.Referral = id.Value
	}
	w := newWriter(r, ev, t)
	number := fax.Section{Title: "Referral", Lines: line("Referral number", id.Value, false)}
	switch ev.Type {
	case referral.EventRequest, referral.EventChange:
		l.Title, l.Reply = "Referral", true
		if ev.Type == referral.EventChange {
			number.Paragraphs = w.words()
		}
		l.Form = append([]fax.Section{number}, requestForm(r)...)
		l.Heading, l.Summary = "Clinical summary", summary(r)
	default:
		l.Title = "Referral update"
		l.Form = []fax.Section{number, {Title: "Patient", Lines: patientLines(r.Patient)}, {Title: "What happened", Paragraphs: w.words()}}
		if lines := noteLines(ev.Payload.Documents, docs); len(lines) > 0 {
			l.Heading, l.Summary = "Consultation note", []fax.Section{{Paragraphs: lines}}
		}
	}
	for _, n := range notices(r.Confidentiality, "") {
		if n != Part2Statement1 { // the letter prints that one itself, with the basis
			l.Summary = append([]fax.Section{{Title: "Notice that came with this record", Paragraphs: []string{n}}}, l.Summary...)
		}
	}
	return l
}

// faxNumberOf is the number on the cover: the address of a fax rail only.
func faxNumberOf(rail Rail) string {
	if rail.Type == channels.Fax {
		return rail.Address
	}
	return ""
}

func line(label, value string, half bool) []fax.Line {
	if value == "" {
		return nil
	}
	return []fax.Line{{Label: label, Value: value, Half: half}}
}

func lines(groups ...[]fax.Line) []fax.Line {
	var out []fax.Line
	for _, g := range groups {
		out = append(out, g...)
	}
	return out
}

func patientLines(p referral.Patient) []fax.Line {
	mrn := ""
	if len(p.IDs) > 0 {
		mrn = p.IDs[0].Value
	}
	a := p.Address
	return lines(line("Patient name", displayName(p.Name), false), line("Date of birth", p.BirthDate, true), line("Sex", p.Sex, true),
		line("MRN", mrn, true), line("Phone", p.Phone, true), line("Address", strings.Join(nonEmpty(a.Line1, a.Line2, a.City, strings.TrimSpace(a.State+" "+a.Zip)), ", "), false))
}

func partyLines(who string, p referral.Party) []fax.Line {
	return lines(line(who, displayName(p.Clinician), false), line("NPI", p.NPI, true), line("Practice", p.Organization, true), line("Phone", p.Phone, true), line("Fax", p.Fax, true))
}

// requestForm is the one-page form: large labels that people and OCR can read.
func requestForm(r referral.Referral) []fax.Section {
	var diagnoses []string
	for _, d := range r.Diagnoses {
		diagnoses = append(diagnoses, strings.TrimSpace(d.Code+" "+d.Text))
	}
	out := []fax.Section{
		{Title: "Patient", Lines: patientLines(r.Patient)},
		{Title: "Referred by", Lines: partyLines("Referring provider", r.Initiator)},
		{Title: "Referred to", Lines: lines(partyLines("Provider", r.Recipient), line("Specialty", r.Specialty, true))},
		{Title: "Request", Lines: lines(line("Priority", string(r.Priority), true), line("Date", day(r), true), line("Service", firstOf(r.Service.Text, r.Service.Code), false),
			line("Reason for referral", r.Reason, false), line("Diagnoses", strings.Join(diagnoses, "; "), false))},
	}
	for _, c := range r.Coverage {
		out = append(out, fax.Section{Title: "Insurance", Lines: lines(line("Payer", c.Payer, true), line("Plan", c.Plan, true), line("Member ID", c.MemberID, true), line("Group", c.Group, true))})
	}
	return out
}

func day(r referral.Referral) string {
	if t := firstTime(r.Requested, r.Created); !t.IsZero() {
		return t.Format("2006-01-02")
	}
	return ""
}

// summary is the clinical part as a letter.
func summary(r referral.Referral) []fax.Section {
	var out []fax.Section
	add := func(title string, items []string) {
		if len(items) > 0 {
			out = append(out, fax.Section{Title: title, Paragraphs: items})
		}
	}
	var list []string
	for _, a := range r.Allergies {
		list = append(list, strings.Join(nonEmpty(firstOf(a.Substance.Text, a.Substance.Code), a.Reaction, a.Severity), ", "))
	}
	add("Allergies", list)
	list = nil
	for _, m := range r.Medications {
		list = append(list, strings.Join(nonEmpty(firstOf(m.Drug.Text, m.Drug.Code), m.Dose, m.Route, m.Sig), " "))
	}
	add("Medications", list)
	list = nil
	for _, o := range r.Results {
		list = append(list, strings.Join(nonEmpty(firstOf(o.Test.Text, o.Test.Code)+":", o.Value, o.Unit, o.Flag, o.Time), " "))
	}
	add("Results", list)
	add("Notes", r.Notes)
	for _, s := range r.Sections {
		add(s.Title, nonEmpty(s.Text))
	}
	return out
}
