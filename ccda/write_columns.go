package ccda

import "strings"

// columns gives the table for a kind of entries: everything the entry says stands in words. The first column is the
// entry's code.
func (e *encoder) columns(k Kind) []column {
	when := column{"When", func(it *item) string { return humanPeriod(it.Time) }}
	status := column{"Status", func(it *item) string { return it.statusWords() }}
	by := column{"Author", func(it *item) string { return it.By.words() }}
	performer := column{"By", func(it *item) string { return it.To.words() }}
	comment := column{"Comment", func(it *item) string { return it.Text }}
	value := column{"Value", func(it *item) string { return it.Value.words() }}
	reason := column{"Reason", func(it *item) string { return it.Reason.words() }}
	first := func(s string) column { return column{head: s} }
	switch k {
	case KindProblem:
		return []column{first("Problem"), {"Kind", category}, status, when, {"Severity", severity}, performer, by, comment}
	case KindFamily:
		return []column{first("Relative or condition"), {"Relationship", func(it *item) string { return it.Subject.words() }}, when, by, comment}
	case KindAllergy:
		return []column{first("Substance"), {"Kind", category}, {"Reaction", reactions}, {"Severity", severity}, status, when, by, comment}
	case KindMedication:
		return []column{first("Medication"), {"Dose", func(it *item) string { return it.Dose.words() }},
			{"Route", func(it *item) string { return it.Route.words() }}, {"Every", func(it *item) string { return it.Frequency.words() }},
			status, when, reason, performer, by, comment}
	case KindImmunization:
		return []column{first("Vaccine"), when, status, {"Dose", func(it *item) string { return it.Dose.words() }},
			{"Route", func(it *item) string { return it.Route.words() }}, {"Lot", func(it *item) string { return it.Lot }}, reason, performer, by, comment}
	case KindPanel, KindVitals:
		head := "Test"
		if k == KindVitals {
			head = "Vital sign"
		}
		return []column{first(head), value, {"Interpretation", func(it *item) string { return it.Interpretation.words() }},
			{"Reference range", func(it *item) string { return it.Range }}, status, when, performer, by, comment}
	case KindProcedure:
		return []column{first("Procedure"), when, status, {"Site", func(it *item) string { return it.Site.words() }}, reason, performer, by, comment}
	case KindEncounter:
		return []column{first("Encounter"), when, performer, {"Place", func(it *item) string { return it.Location.words() }}, by, comment}
	case KindPlanned:
		return []column{first("Planned"), when, status, {"Priority", priority}, reason, {"Site", func(it *item) string { return it.Site.words() }}, performer, by, comment}
	case KindReferral:
		return []column{first("Referral"), {"Number", func(it *item) string { return idWords(it.IDs, e.doc.ReferralID) }}, {"Asked for", func(it *item) string { return codeList(it.Services) }},
			{"Priority", priority}, {"Referred to", e.toWords}, {"Referred by", func(it *item) string { return it.By.words() }},
			{"Because of", func(it *item) string { return codeList(it.Reasons) }}, when, status, comment}
	case KindCoverage:
		return coverageColumns(status, when, comment)
	}
	return []column{first("Observation"), value, {"Kind", category}, {"Interpretation", func(it *item) string { return it.Interpretation.words() }},
		status, when, performer, by, comment}
}

func coverageColumns(status, when, comment column) []column {
	of := func(f func(*Coverage) string) func(*item) string {
		return func(it *item) string {
			if it.Coverage == nil {
				return ""
			}
			return f(it.Coverage)
		}
	}
	return []column{{head: "Insurance"},
		{"Payer", of(func(c *Coverage) string { return c.Payer.words() })},
		{"Type", of(func(c *Coverage) string { return c.Type.words() })},
		{"Policy or group", of(func(c *Coverage) string { return c.PolicyID.number() })},
		{"Plan", of(func(c *Coverage) string { return clean(c.Plan + " " + c.PlanID.number()) })},
		{"Member number", of(func(c *Coverage) string { return c.MemberID.number() })},
		{"Member", of(func(c *Coverage) string {
			return strings.TrimSpace(c.Member.words() + " " + human(c.MemberBirth))
		})},
		{"Relationship", of(func(c *Coverage) string { return c.Relationship.words() })},
		{"Holder", of(func(c *Coverage) string { return c.Holder.words() })},
		{"Guarantor", of(func(c *Coverage) string { return c.Guarantor.words() })},
		{"Valid", of(func(c *Coverage) string { return humanPeriod(c.Time) })},
		status, when, comment}
}

func category(it *item) string { return it.Category.words() }
func severity(it *item) string { return it.Severity.words() }
func priority(it *item) string { return priorityWords(it.Priority) }

func reactions(it *item) string { return codeList(it.Reactions) }

func codeList(list []Code) string {
	parts := make([]string, 0, len(list))
	for _, c := range list {
		if s := c.words(); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "; ")
}

// idWords lists what people call a number: not the UUIDs that programs make, but for the referral's own.
func idWords(ids []ID, of ID) string {
	parts := make([]string, 0, len(ids))
	for _, id := range ids {
		if id.usable() && (id.Extension != "" || id.Same(of)) {
			parts = append(parts, id.number())
		}
	}
	return strings.Join(parts, ", ")
}

// number is what people call an identifier: the extension, or the root when it is all there is.
func (id ID) number() string { return nonEmpty(clean(id.Extension), clean(id.Root)) }

// priorityWords turns an ActPriority code into a word when the sender gave none.
func priorityWords(c Code) string {
	if c.Text != "" || c.Display != "" {
		return c.words()
	}
	switch c.Code {
	case "R":
		return "routine"
	case "UR":
		return "urgent"
	case "A":
		return "as soon as possible"
	case "EL":
		return "elective"
	case "S":
		return "stat"
	}
	return c.words()
}

func (it *item) statusWords() string {
	s := clean(it.Status)
	if c := it.ClinicalStatus.words(); c != "" {
		if s == "" {
			return c
		}
		return c + " (" + s + ")"
	}
	return s
}

func (e *encoder) toWords(it *item) string {
	s := it.To.words()
	if it.To != nil {
		for _, t := range it.To.Telecoms {
			if u := telecomURL(t.Value); u != "" {
				s += ", " + u[strings.IndexByte(u, ':')+1:]
			}
		}
	}
	return strings.TrimPrefix(s, ", ")
}

func (o *Organization) words() string {
	if o == nil {
		return ""
	}
	return clean(o.Name)
}

// words gives the value as people read it.
func (v Value) words() string {
	switch {
	case v.Quantity.Value != "":
		return v.Quantity.words()
	case v.Low.Value != "" && v.High.Value != "":
		return v.Low.words() + " to " + v.High.words()
	case v.Low.Value != "":
		return "at least " + v.Low.words()
	case v.High.Value != "":
		return "at most " + v.High.words()
	case !v.Code.zero():
		s := v.Code.words()
		if c := v.Code.codings(s); c != "" {
			s += " (" + c + ")"
		}
		return s
	case v.Text != "":
		return clean(v.Text)
	case v.Time != "":
		return human(v.Time)
	}
	return clean(v.Other)
}
