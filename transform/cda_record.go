package transform

import (
	"slices"
	"strings"

	"refloop/ccda"
	"refloop/referral"
)

// clinicalRecord reads what the sections of a document say into the fields of a record. Narrative of sections that have no field of
// their own, or that say nothing but words, is kept as it is.
func clinicalRecord(sections []ccda.Section) referral.Referral {
	var r referral.Referral
	for _, s := range sections {
		kept := referral.Section{LOINC: s.LOINC, Title: s.Title, Text: sectionWords(s)}
		for _, e := range s.Entries {
			if !readEntry(&r, s, e) {
				kept.Items = append(kept.Items, itemsFrom(e)...)
			}
		}
		if s.LOINC == ccda.SectionReason && kept.Text != "" {
			reasonText42349(&r, kept.Text)
			kept.Text = ""
		}
		if kept.Text != "" || len(kept.Items) > 0 {
			r.Sections = append(r.Sections, kept)
		}
		inner := clinicalRecord(s.Sections)
		restrict(&r.Confidentiality, s.Confidentiality, "label")
		r = joinRecord(r, inner)
	}
	return r
}

// sectionWords is a section's narrative with the words of its notes, which our own documents write beside it. What this program itself
// writes of an empty section says nothing.
func sectionWords(s ccda.Section) string {
	text := strings.TrimSpace(s.Text)
	if s.NullFlavor != "" {
		for _, spec := range ccda.SectionSpecs() {
			if spec.LOINC == s.LOINC && text == spec.Nothing {
				return ""
			}
		}
	}
	for _, e := range s.Entries {
		if e.Kind == ccda.KindNote && !saidBy(e.Text, text) {
			text = strings.TrimSpace(text + "\n\n" + e.Text)
		}
	}
	return text
}

// reasonText42349 reads the words of Reason for Referral: the number and specialty that our own notes print there are taken out.
func reasonText42349(r *referral.Referral, text string) {
	var lines []string
	for _, l := range strings.Split(text, "\n") {
		l = strings.TrimSpace(l)
		if rest, ok := strings.CutPrefix(l, "Specialty: "); ok {
			r.Specialty = firstOf(r.Specialty, rest)
		} else if l != "" && !strings.HasPrefix(l, "Referral number ") {
			lines = append(lines, l)
		}
	}
	r.Reason = firstOf(r.Reason, strings.Join(lines, "\n"))
}

// readEntry takes one clinical statement into the field of the record that it has, and reports whether there is one.
func readEntry(r *referral.Referral, s ccda.Section, e ccda.Entry) bool {
	switch e.Kind {
	case ccda.KindProblem:
		if e.Negated || s.LOINC != ccda.SectionProblems {
			return false
		}
		r.Diagnoses = addCoded(r.Diagnoses, diagnosisFrom(e.Code))
	case ccda.KindAllergy:
		r.Allergies = append(r.Allergies, allergyFrom(e))
	case ccda.KindMedication:
		r.Medications = append(r.Medications, medicationFrom(e))
	case ccda.KindProcedure:
		if e.Negated {
			return false
		}
		r.Procedures = addCoded(r.Procedures, codedFrom(e.Code))
	case ccda.KindPanel, ccda.KindVitals:
		for _, p := range e.Parts {
			readEntry(r, s, p)
		}
	case ccda.KindResult:
		r.Results = append(r.Results, observationFrom(e))
	case ccda.KindVital:
		r.Vitals = append(r.Vitals, observationFrom(e))
	case ccda.KindCoverage:
		if e.Coverage != nil {
			r.Coverage = append(r.Coverage, coverageFrom(*e.Coverage))
		}
	case ccda.KindReferral:
		readReferralAct(r, e)
	case ccda.KindNote: // its words are those of the section
	default:
		return false
	}
	return true
}

// readReferralAct reads the Patient Referral Act: its number, urgency, services, reasons and the two parties.
func readReferralAct(r *referral.Referral, e ccda.Entry) {
	for _, id := range e.IDs {
		r.Identifiers = addID(r.Identifiers, referralID(id, referral.KindPlacer))
	}
	if p := priorityCode(strings.ToUpper(strings.TrimSpace(e.Priority.Code))); r.Priority == "" {
		r.Priority = p
	}
	for _, c := range e.Services {
		if r.Service.Coded == (referral.Coded{}) {
			r.Service.Coded = codedFrom(c)
		}
	}
	for _, c := range e.Reasons {
		r.Diagnoses = addCoded(r.Diagnoses, diagnosisFrom(c))
	}
	if e.To != nil {
		r.Recipient = fillParty(r.Recipient, partyFrom(*e.To))
	}
	if e.By != nil && e.By.Device == nil {
		r.Initiator = fillParty(r.Initiator, partyFrom(e.By.Party))
	}
	r.Requested = firstTime(r.Requested, momentFrom(firstOf(e.Time.Point, e.Time.Low)))
}

func allergyFrom(e ccda.Entry) referral.Allergy {
	a := referral.Allergy{Substance: codedFrom(e.Code), Severity: codedFrom(e.Severity).Text, Kind: codedFrom(e.Category)}
	a.None = e.Negated || referral.NoneKnown(a.Substance)
	var reactions []string
	for _, c := range e.Reactions {
		reactions = append(reactions, nonEmpty(codedFrom(c).Text)...)
	}
	a.Reaction = strings.Join(reactions, ", ")
	if a.Severity == "" {
		a.Severity, _ = strings.CutPrefix(e.Text, "Severity: ")
	}
	if a.None {
		a.Substance.Text, a.Kind = firstOf(a.Substance.Text, "No known allergies"), referral.Coded{}
	}
	return a
}

func medicationFrom(e ccda.Entry) referral.Medication {
	sig := e.Text
	if f := strings.TrimSpace(e.Frequency.Value + " " + e.Frequency.Unit); f != "" && !strings.Contains(sig, f) {
		sig = strings.TrimSpace(sig + " every " + f)
	}
	return referral.Medication{
		Drug: codedFrom(e.Code), Sig: sig, Dose: strings.TrimSpace(e.Dose.Value + " " + e.Dose.Unit), Route: codedFrom(e.Route).Text,
		Start: periodStart(e.Time), None: e.Negated,
	}
}

func observationFrom(e ccda.Entry) referral.Observation {
	o := referral.Observation{Test: codedFrom(e.Code), Range: e.Range, Flag: e.Interpretation.Code, Time: periodStart(e.Time)}
	switch v := e.Value; {
	case v.Quantity.Value != "":
		o.Value, o.Unit = v.Quantity.Value, v.Quantity.Unit
	case v.Low.Value != "" || v.High.Value != "":
		o.Value, o.Unit = strings.Trim(v.Low.Value+" - "+v.High.Value, " "), firstOf(v.Low.Unit, v.High.Unit)
	case v.Code.Code != "" || v.Code.Text != "" || v.Code.Display != "":
		c := codedFrom(v.Code)
		o.Value = firstOf(c.Text, c.Code)
	default:
		o.Value = firstOf(v.Text, stampFrom(v.Time), v.Other)
	}
	return o
}

func coverageFrom(c ccda.Coverage) referral.Coverage {
	out := referral.Coverage{Payer: c.Payer.Name, Plan: c.Plan, MemberID: c.MemberID.Extension, Group: c.PolicyID.Extension}
	rel := codedFrom(c.Relationship)
	out.Relation = firstOf(rel.Code, rel.Text)
	for _, id := range c.Payer.IDs {
		out.PayerID = firstOf(out.PayerID, id.Extension)
	}
	if c.Holder != nil {
		out.Holder = nameFrom(c.Holder.Name)
	}
	return out
}

// joinRecord adds to have what more says besides: single values where have has none, list items that it does not hold.
func joinRecord(have, more referral.Referral) referral.Referral {
	have.Reason, have.Specialty = firstOf(have.Reason, more.Reason), firstOf(have.Specialty, more.Specialty)
	have.Priority = moreUrgent(have.Priority, more.Priority)
	if have.Service.Coded == (referral.Coded{}) {
		have.Service.Coded = more.Service.Coded
	}
	have.Requested, have.NeededBy = firstTime(have.Requested, more.Requested), firstTime(have.NeededBy, more.NeededBy)
	have.Initiator, have.Recipient = fillParty(have.Initiator, more.Initiator), fillParty(have.Recipient, more.Recipient)
	have.Diagnoses = joined(have.Diagnoses, more.Diagnoses, codedKey)
	have.Procedures = joined(have.Procedures, more.Procedures, codedKey)
	have.Allergies = joined(have.Allergies, more.Allergies, func(a referral.Allergy) string { return codedKey(a.Substance) })
	have.Medications = joined(have.Medications, more.Medications, func(m referral.Medication) string { return codedKey(m.Drug) + m.Sig })
	have.Results, have.Vitals = joined(have.Results, more.Results, observationKey), joined(have.Vitals, more.Vitals, observationKey)
	have.Coverage = joined(have.Coverage, more.Coverage, func(c referral.Coverage) string { return firstOf(c.MemberID, c.Payer+c.Plan) })
	have.Sections = append(slices.Clip(have.Sections), more.Sections...)
	for _, id := range more.Identifiers {
		have.Identifiers = addID(have.Identifiers, id)
	}
	restrict(&have.Confidentiality, more.Confidentiality.Code, more.Confidentiality.Source)
	noticeFound(&have.Confidentiality, more.Confidentiality.Notice)
	return have
}

func codedKey(c referral.Coded) string {
	if c.Code != "" {
		return c.System + "|" + c.Code
	}
	return strings.ToLower(c.Text)
}

func observationKey(o referral.Observation) string { return codedKey(o.Test) + o.Time + o.Value }

// joined appends the items of more whose key have does not hold.
func joined[T any](have, more []T, key func(T) string) []T {
	out := slices.Clip(have)
	for _, m := range more {
		if !slices.ContainsFunc(out, func(h T) bool { return key(h) == key(m) }) {
			out = append(out, m)
		}
	}
	return out
}

// moreUrgent takes the more urgent of two priorities that are known: a document may raise the urgency of an order that says routine or
// nothing, never lower it. An unknown code stays one for a person.
func moreUrgent(a, b referral.Priority) referral.Priority {
	rank := func(p referral.Priority) int {
		return slices.Index([]referral.Priority{"", referral.Routine, referral.Urgent, referral.Stat, unknownPriority}, p)
	}
	if rank(b) > rank(a) {
		return b
	}
	return a
}

// fillParty completes what is known of a party with what a document says: what names the person only when it is the same person, what
// names the organisation wherever it is missing.
func fillParty(have, more referral.Party) referral.Party {
	if samePerson(have, more) {
		if have.Clinician == (referral.Name{}) {
			have.Clinician = more.Clinician
		}
		have.NPI, have.Direct, have.Specialty = firstOf(have.NPI, more.NPI), firstOf(have.Direct, more.Direct), firstOf(have.Specialty, more.Specialty)
		for _, id := range more.ClinicianIDs {
			have.ClinicianIDs = addID(have.ClinicianIDs, id)
		}
	}
	have.Organization = firstOf(have.Organization, more.Organization)
	have.OrgNPI, have.OrgOID = firstOf(have.OrgNPI, more.OrgNPI), firstOf(have.OrgOID, more.OrgOID)
	have.Phone, have.Fax = firstOf(have.Phone, more.Phone), firstOf(have.Fax, more.Fax)
	if have.Address == (referral.Address{}) {
		have.Address = more.Address
	}
	return have
}

// samePerson reports whether nothing known says that these are two clinicians.
func samePerson(a, b referral.Party) bool {
	if a.NPI != "" && b.NPI != "" {
		return a.NPI == b.NPI
	}
	fa, fb := referral.FoldName(a.Clinician.Family), referral.FoldName(b.Clinician.Family)
	return fa == "" || fb == "" || fa == fb
}
