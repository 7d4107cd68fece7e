package referral

import "strings"

// NoneKnown reports whether a substance says that there are no allergies: NKA, NKDA, NKMA, "no known (drug) allergies", "no allergies",
// "none", "none known", as code or as text. Every source is read by it: HL7 AL1, paper, and what a person types.
func NoneKnown(c Coded) bool {
	for _, s := range []string{c.Code, c.Text} {
		s = strings.TrimRight(strings.ToLower(strings.TrimSpace(s)), ".")
		switch s {
		case "nka", "nkda", "nkma", "nkd", "none", "none known", "none reported", "no allergies", "no drug allergies":
			return true
		}
		if strings.HasPrefix(s, "no known") {
			return true
		}
	}
	return false
}

// allergiesOf makes allergies of a list as a person types it or as paper has it.
func allergiesOf(v string) []Allergy {
	var out []Allergy
	for _, a := range listOf(v) {
		c := Coded{Text: a}
		out = append(out, Allergy{Substance: c, None: NoneKnown(c)})
	}
	return out
}
