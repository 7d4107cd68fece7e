package referral

import (
	"slices"
	"strings"
)

// Match is how far two descriptions of a patient agree.
type Match int

// The matches.
const (
	MatchUnknown Match = iota // nothing to compare
	MatchSame                 // nothing that counts contradicts
	MatchOther                // another patient: freeze
)

// Differences that SamePatient names.
const (
	DiffMRN       = "mrn"
	DiffBirthDate = "birth_date"
	DiffLastName  = "last_name"
	DiffFirstName = "first_name"
	DiffSex       = "sex"
)

// SamePatient compares two descriptions that came under one referral ID (loop.md section 4, wrong patient). Another patient is: a
// number of the same authority that differs while none is shared; another birth date; another last name and another sex. What differs
// without making another patient (a married name, a nickname) is named all the same. Absent values never contradict.
func SamePatient(a, b Patient) (Match, []string) {
	var diff []string
	compared, shared, rival := compareIDs(a.IDs, b.IDs)
	if rival && !shared {
		diff = append(diff, DiffMRN)
	}
	birth, c1 := differ(bareDate(a.BirthDate), bareDate(b.BirthDate), datesDiffer)
	last, c2 := differ(FoldName(familyOf(a.Name)), FoldName(familyOf(b.Name)), plainDiffer)
	first, c3 := differ(FoldName(a.Name.Given), FoldName(b.Name.Given), plainDiffer)
	sex, c4 := differ(knownSex(a.Sex), knownSex(b.Sex), plainDiffer)
	for _, d := range []struct {
		is   bool
		code string
	}{{birth, DiffBirthDate}, {last, DiffLastName}, {first, DiffFirstName}, {sex, DiffSex}} {
		if d.is {
			diff = append(diff, d.code)
		}
	}
	switch {
	case rival && !shared, birth, last && sex:
		return MatchOther, diff
	case compared || c1 || c2 || c3 || c4:
		return MatchSame, diff
	}
	return MatchUnknown, diff
}

// compareIDs: shared when one number is in both, rival when one authority gave both a different one. Two numbers without any authority
// are rivals too; when only one has an authority they cannot be compared.
func compareIDs(a, b []Identifier) (compared, shared, rival bool) {
	for _, x := range a {
		for _, y := range b {
			switch {
			case x.Compatible(y):
				shared = true
			case x.rival(y):
				rival = true
			}
		}
	}
	return shared || rival, shared, rival
}

// differ compares when both are known.
func differ(a, b string, other func(a, b string) bool) (is, compared bool) {
	if a == "" || b == "" {
		return false, false
	}
	return other(a, b), true
}

func plainDiffer(a, b string) bool { return a != b }

// datesDiffer lets a shorter date agree with any that begins like it.
func datesDiffer(a, b string) bool { return !strings.HasPrefix(a, b) && !strings.HasPrefix(b, a) }

// bareDate keeps the digits of a date, at most the eight of a day.
func bareDate(s string) string {
	d := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
	return d[:min(len(d), 8)]
}

func knownSex(s string) string {
	if s = strings.ToUpper(strings.TrimSpace(s)); s == "M" || s == "F" {
		return s
	}
	return "" // U, O, A, N: says nothing against the other
}

// familyOf is the last name; of a name that is only text, what stands before a comma or last.
func familyOf(n Name) string {
	if n.Family != "" || n.Text == "" {
		return n.Family
	}
	return ParseName(n.Text).Family
}

// patientOf compares the patient that e names with the referral's; numbers the patient had before count as the patient's.
func patientOf(r Referral, e Event) (Match, string) {
	p := e.Payload.Patient
	if p == nil && e.Payload.Record != nil {
		p = &e.Payload.Record.Patient
	}
	if p == nil || e.Type == EventPatientUpdate || e.Type == EventAnomaly || r.State == StateDraft && e.Type == EventRequest {
		return MatchUnknown, ""
	}
	known := r.Patient
	for _, id := range r.Identifiers {
		if id.Kind == KindMRN {
			known.IDs = append(slices.Clip(known.IDs), id)
		}
	}
	m, diff := SamePatient(known, *p)
	return m, strings.Join(diff, ",")
}
