package transform

import (
	"strings"

	"refloop/ccda"
	"refloop/referral"
)

// referralNote writes the C-CDA Referral Note of a request.
func referralNote(r referral.Referral, t Target) ([]byte, error) {
	return ccda.Marshal(referralDocument(r, t))
}

// SummaryOfCare turns a Referral Note into a CCD: the same facts, about the patient and not about the question.
func SummaryOfCare(d ccda.Document) ccda.Document {
	d.Type, d.Code, d.Title = ccda.TypeCCD, ccda.Code{}, ""
	day := d.Time[:min(8, len(d.Time))]
	d.Service = &ccda.ServiceEvent{Class: "PCPR", Time: ccda.Period{Low: day, High: day}}
	return d
}

// referralDocument is the Referral Note before it is written.
func referralDocument(r referral.Referral, t Target) ccda.Document {
	d := header(r, t)
	d.Type = ccda.TypeReferral
	d.Authors = []ccda.Author{authorOf(r, t)}
	recipient := r.Recipient
	if recipient.Direct == "" && t.Rail.Type == "direct" {
		recipient.Direct = t.Rail.Address
	}
	d.Recipients = []ccda.Recipient{{Kind: "PRCP", Party: cdaParty(recipient, t.Own.OID)}}
	call := cdaParty(r.Initiator, t.Own.OID)
	if len(call.Telecoms) > 0 && (call.Name.Family != "" || call.Org != nil) {
		d.Participants = []ccda.Participant{{Type: "CALLBCK", Class: "ASSIGNED", Party: call}}
	}
	d.Sections = append(d.Sections, reasonSection(r, t), problemSection(r), allergySection(r), medicationSection(r))
	d.Sections = append(d.Sections, ccda.Section{LOINC: ccda.SectionAssessmentPlan, Text: planText(r)})
	d.Sections = append(d.Sections, optionalSections(r, t)...)
	d.Sections = append(d.Sections, receivedSections(r.Sections, d.Sections)...)
	d.Sections = append(d.Sections, leftOutSection(t.left)...)
	return d
}

// header is what both notes share.
func header(r referral.Referral, t Target) ccda.Document {
	ref := wireID(r)
	d := ccda.Document{
		ID: ccda.ID{Root: t.DeliveryID}, ReferralID: cdaID(ref, t.Own.OID), Time: ccda.Time(t.At), Patient: cdaPatient(r.Patient, t.Own.OID),
		Confidentiality: firstOf(r.Confidentiality.Code, "N"), Language: "en-US",
		Custodian: ccda.Organization{
			Name: t.Own.Name, Telecoms: cdaTelecoms(t.Own.Phone, t.Own.Fax, t.Own.Direct, "WP"), IDs: []ccda.ID{{Root: t.Own.OID}},
		},
	}
	if t.Own.NPI != "" {
		d.Custodian.IDs = append([]ccda.ID{{Root: ccda.NPI, Extension: t.Own.NPI}}, d.Custodian.IDs...)
	}
	d.Notice = strings.Join(notices(r.Confidentiality, t.Basis), "\n\n")
	return d
}

// authorOf is the referring clinician; a referral that came from paper, or names nobody, has this program as its author.
func authorOf(r referral.Referral, t Target) ccda.Author {
	a := ccda.Author{Time: ccda.Time(t.At), Party: cdaParty(r.Initiator, t.Own.OID)}
	if len(r.Fields) == 0 && r.Initiator.Clinician != (referral.Name{}) {
		return a
	}
	org := ccda.Organization{Name: t.Own.Name, IDs: []ccda.ID{{Root: t.Own.OID}}}
	return ccda.Author{Time: a.Time, Party: ccda.Party{IDs: []ccda.ID{{Root: t.Own.OID, Extension: "refloop"}}, Org: &org}, Device: &ccda.Device{Model: "refloop", Software: "refloop"}}
}

// reasonSection is Reason for Referral with the Patient Referral Act that carries the referral ID.
func reasonSection(r referral.Referral, t Target) ccda.Section {
	to := cdaParty(r.Recipient, t.Own.OID)
	by := authorOf(r, t)
	e := ccda.Entry{
		Kind: ccda.KindReferral, IDs: []ccda.ID{cdaID(wireID(r), t.Own.OID)}, Mood: "RQO", Code: ccda.Code{Code: "3457005", System: ccda.SNOMED, Display: "Patient referral"},
		Priority: cdaPriority(r.Priority), To: &to, By: &by, Time: ccda.Period{Point: ccda.Time(firstTime(r.Requested, t.At))},
	}
	if r.Service.Coded != (referral.Coded{}) {
		e.Services = []ccda.Code{cdaCode(r.Service.Coded)}
	}
	for _, d := range r.Diagnoses {
		e.Reasons = append(e.Reasons, cdaCode(d))
	}
	lines := nonEmpty(r.Reason)
	if r.Specialty != "" {
		lines = append(lines, "Specialty: "+r.Specialty)
	}
	return ccda.Section{LOINC: ccda.SectionReason, Text: strings.Join(append(lines, r.Notes...), "\n"), Entries: []ccda.Entry{e}}
}

func cdaPriority(p referral.Priority) ccda.Code {
	switch p {
	case referral.Routine:
		return ccda.Code{Code: "R", System: ccda.ActPriority, Display: "routine"}
	case referral.Urgent:
		return ccda.Code{Code: "UR", System: ccda.ActPriority, Display: "urgent"}
	case referral.Stat:
		return ccda.Code{Code: "S", System: ccda.ActPriority, Display: "stat"}
	}
	return ccda.Code{}
}

// problemSection lists the diagnoses. An ICD-10 code travels as translation, as C-CDA asks.
func problemSection(r referral.Referral) ccda.Section {
	s := ccda.Section{LOINC: ccda.SectionProblems}
	for _, d := range r.Diagnoses {
		e := ccda.Entry{Kind: ccda.KindProblem, Code: cdaCode(d)}
		if e.Code.System == ccda.ICD10 || e.Code.System == ccda.ICD9 {
			e.Code = ccda.Code{NullFlavor: "UNK", Text: firstOf(d.Text, d.Code), Translations: []ccda.Code{{Code: d.Code, System: e.Code.System, Display: d.Text}}}
		}
		s.Entries = append(s.Entries, e)
	}
	return s
}

func allergySection(r referral.Referral) ccda.Section {
	s := ccda.Section{LOINC: ccda.SectionAllergies}
	for _, a := range r.Allergies {
		e := ccda.Entry{Kind: ccda.KindAllergy, Code: cdaCode(a.Substance), Category: wholeCode(a.Kind), Negated: a.None}
		if a.None {
			e.Code, e.Category = ccda.Code{}, ccda.Code{}
			s.Text = firstOf(a.Substance.Text, "No known allergies")
		}
		if a.Reaction != "" {
			e.Reactions = []ccda.Code{{NullFlavor: "UNK", Text: a.Reaction}}
		}
		if a.Severity != "" {
			e.Text = "Severity: " + a.Severity
		}
		s.Entries = append(s.Entries, e)
	}
	return s
}

func medicationSection(r referral.Referral) ccda.Section {
	s := ccda.Section{LOINC: ccda.SectionMedications}
	for _, m := range r.Medications {
		e := ccda.Entry{Kind: ccda.KindMedication, Code: cdaCode(m.Drug), Text: m.Sig, Negated: m.None}
		if q, ok := doseOf(m.Dose); ok {
			e.Dose = q
		} else {
			e.Text = strings.Join(nonEmpty(m.Dose, m.Sig), " ")
		}
		if m.Route != "" {
			e.Route = ccda.Code{NullFlavor: "UNK", Text: m.Route}
		}
		if m.Start != "" {
			e.Time = ccda.Period{Low: date8(m.Start)}
		}
		s.Entries = append(s.Entries, e)
	}
	return s
}

// doseOf reads a dose that is a number with a unit of UCUM; any other is words.
func doseOf(s string) (ccda.Quantity, bool) {
	value, unit, _ := strings.Cut(strings.TrimSpace(s), " ")
	switch unit {
	case "mg", "g", "ug", "mL", "L", "mmol", "meq", "[iU]", "%":
		return ccda.Quantity{Value: value, Unit: unit}, numeric(value)
	}
	return ccda.Quantity{}, false
}

// planText says what is asked for; the plan of a referral is the referral itself.
func planText(r referral.Referral) string {
	service := firstOf(r.Service.Text, r.Service.Code, r.Specialty, "consultation")
	text := "Referred for " + service
	if to := firstOf(r.Recipient.Organization, displayName(r.Recipient.Clinician)); to != "" {
		text += " to " + to
	}
	if !r.NeededBy.IsZero() {
		text += ", needed by " + r.NeededBy.Format("2006-01-02")
	}
	text += "."
	for _, p := range r.CopiesTo { // a Referral Note has one recipient (CONF:1198-31590)
		if who := strings.Join(nonEmpty(displayName(p.Clinician), p.Organization, p.Fax), ", "); who != "" {
			text += "\nCopy to " + who + "."
		}
	}
	return text
}

// displayName writes a name for people.
func displayName(n referral.Name) string {
	if n.Text != "" && n.Family == "" {
		return n.Text
	}
	return strings.Join(nonEmpty(n.Prefix, n.Given, n.Middle, n.Family, n.Suffix, n.Degree), " ")
}

// optionalSections are those that have something to say.
func optionalSections(r referral.Referral, t Target) []ccda.Section {
	var out []ccda.Section
	if len(r.Results) > 0 {
		panel := ccda.Entry{Kind: ccda.KindPanel, Code: ccda.Code{NullFlavor: "UNK", Text: "Results"}}
		for _, o := range r.Results {
			panel.Parts = append(panel.Parts, observationEntry(o, ccda.KindResult))
		}
		out = append(out, ccda.Section{LOINC: ccda.SectionResults, Entries: []ccda.Entry{panel}})
	}
	if len(r.Vitals) > 0 {
		panel := ccda.Entry{Kind: ccda.KindVitals}
		for _, o := range r.Vitals {
			panel.Parts = append(panel.Parts, observationEntry(o, ccda.KindVital))
		}
		out = append(out, ccda.Section{LOINC: ccda.SectionVitals, Entries: []ccda.Entry{panel}})
	}
	if len(r.Procedures) > 0 {
		s := ccda.Section{LOINC: ccda.SectionProcedures}
		for _, p := range r.Procedures {
			s.Entries = append(s.Entries, ccda.Entry{Kind: ccda.KindProcedure, Code: cdaCode(p)})
		}
		out = append(out, s)
	}
	if len(r.Coverage) > 0 {
		s := ccda.Section{LOINC: ccda.SectionPayers}
		for _, c := range r.Coverage {
			s.Entries = append(s.Entries, coverageEntry(c, t.Own.OID))
		}
		out = append(out, s)
	}
	return out
}

func observationEntry(o referral.Observation, kind ccda.Kind) ccda.Entry {
	e := ccda.Entry{Kind: kind, Code: cdaCode(o.Test), Range: o.Range, Value: ccda.Value{Text: strings.TrimSpace(o.Value + " " + o.Unit)}}
	if o.Unit != "" && numeric(o.Value) {
		e.Value = ccda.Value{Quantity: ccda.Quantity{Value: o.Value, Unit: o.Unit}}
	}
	if o.Time != "" {
		e.Time = ccda.Period{Point: cdaStamp(o.Time)}
	}
	switch o.Flag {
	case "H", "L", "A", "N", "HH", "LL", "AA":
		e.Interpretation = ccda.Code{Code: o.Flag, System: ccda.Interpretation}
	}
	return e
}

func numeric(s string) bool {
	dots := 0
	for i, c := range s {
		switch {
		case c == '-' && i == 0:
		case c == '.':
			dots++
		case c < '0' || c > '9':
			return false
		}
	}
	return s != "" && s != "-" && dots <= 1
}

// cdaStamp turns YYYY-MM-DD or RFC 3339 in UTC into an HL7 time.
func cdaStamp(s string) string {
	day, clock, ok := strings.Cut(s, "T")
	out := date8(day)
	if ok {
		out += strings.ReplaceAll(strings.TrimSuffix(clock, "Z"), ":", "") + "+0000"
	}
	return out
}

func coverageEntry(c referral.Coverage, own string) ccda.Entry {
	cov := ccda.Coverage{Payer: ccda.Organization{Name: c.Payer}, Plan: c.Plan, Relationship: relationOf(c.Relation)}
	if c.PayerID != "" {
		cov.Payer.IDs = []ccda.ID{{Root: own + ".102", Extension: c.PayerID}}
	}
	if c.MemberID != "" {
		cov.MemberID = ccda.ID{Root: own + ".100", Extension: c.MemberID}
	}
	if c.Group != "" {
		cov.PolicyID = ccda.ID{Root: own + ".101", Extension: c.Group}
	}
	if c.Holder != (referral.Name{}) {
		cov.Holder = &ccda.Party{Name: cdaName(c.Holder)}
	}
	return ccda.Entry{Kind: ccda.KindCoverage, Coverage: &cov}
}

// relationOf writes the patient's relation to the policy's holder: the self of HL7 (table 0063) and of X12 has a code, any other its word.
func relationOf(s string) ccda.Code {
	switch strings.ToUpper(s) {
	case "":
		return ccda.Code{}
	case "SELF", "SEL", "18":
		return ccda.Code{Code: "SELF", System: ccda.RoleCode, Display: "Self"}
	}
	return ccda.Code{NullFlavor: "UNK", Text: s}
}

// consultNote wraps the clinician's own note; nothing clinical is added to it.
func consultNote(r referral.Referral, ev referral.Event, t Target, docs map[string][]byte) ([]byte, error) {
	d := header(r, t)
	author := r.Recipient
	body := ccda.Body{MediaType: "text/plain", Data: []byte(firstOf(ev.Note, "No note was attached."))}
	for _, doc := range ev.Payload.Documents {
		if len(docs[doc.ID]) == 0 {
			continue
		}
		media, _, _ := strings.Cut(doc.ContentType, ";")
		body = ccda.Body{MediaType: strings.TrimSpace(media), Data: docs[doc.ID], Description: doc.Title}
		if doc.AuthorNPI != "" || doc.Author != (referral.Name{}) {
			author.NPI, author.Clinician = doc.AuthorNPI, doc.Author
		}
		break
	}
	if author.Organization == "" {
		author.Organization = t.Own.Name
	}
	by := ccda.Author{Time: ccda.Time(ev.EventTime), Party: cdaParty(author, t.Own.OID)}
	d.Authors = []ccda.Author{by}
	d.Recipients = []ccda.Recipient{{Kind: "PRCP", Party: cdaParty(r.Initiator, t.Own.OID)}}
	if call := cdaParty(author, t.Own.OID); len(call.Telecoms) > 0 {
		d.Participants = []ccda.Participant{{Type: "CALLBCK", Class: "ASSIGNED", Party: call}}
	}
	d.Encounter = encounterOf(r, ev, t)
	if signedNote(ev) {
		d.LegalAuthenticator = &ccda.Authenticator{Time: ccda.Time(ev.EventTime), Party: by.Party}
	}
	return ccda.Marshal(ccda.WrapNote(d, body, &by))
}

// signedNote reports whether the clinician signed: only then is there a legal authenticator.
func signedNote(ev referral.Event) bool {
	for _, d := range ev.Payload.Documents {
		if d.Signed {
			return true
		}
	}
	return false
}

// encounterOf is the visit the note is about: the last appointment that was kept, else the time of the event.
func encounterOf(r referral.Referral, ev referral.Event, t Target) *ccda.Encounter {
	e := &ccda.Encounter{IDs: []ccda.ID{{Root: t.DeliveryID, Extension: "visit"}}, Time: ccda.Period{Low: ccda.Time(ev.EventTime)}}
	if n := len(r.Appointments); n > 0 && !r.Appointments[n-1].Start.IsZero() {
		a := r.Appointments[n-1]
		e.Time = ccda.Period{Low: ccda.Time(a.Start)}
		if a.ID.Value != "" {
			e.IDs = []ccda.ID{cdaID(a.ID, t.Own.OID)}
		}
	}
	return e
}
