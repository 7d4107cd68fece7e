package xdm

import (
	"slices"
	"strings"
)

// Patient is who the metadata says a document is about: sourcePatientInfo (ITI TF-3 4.2.3.2.23). The zero value says nothing.
type Patient struct {
	IDs    []ID   // PID-3
	Family string // PID-5.1
	Given  string // PID-5.2
	Birth  string // PID-7, its first eight characters: YYYYMMDD
	Sex    string // PID-8
}

// Patient reads the document's PatientInfo.
func (d *Document) Patient() Patient {
	var p Patient
	for _, v := range d.PatientInfo {
		field, value, ok := strings.Cut(v, "|")
		value = strings.TrimSpace(strings.ReplaceAll(value, "&amp;", "&"))
		if !ok || value == "" {
			continue
		}
		parts := append(strings.Split(value, "^"), "")
		switch strings.TrimSpace(field) {
		case "PID-3":
			for one := range strings.SplitSeq(value, "~") {
				if id := ParseID(one); id.Value != "" {
					p.IDs = append(p.IDs, id)
				}
			}
		case "PID-5":
			if p.Family == "" {
				p.Family, p.Given = unescape(parts[0]), unescape(parts[1])
			}
		case "PID-7":
			p.Birth = value[:min(8, len(value))]
		case "PID-8":
			p.Sex = strings.ToUpper(value)
		}
	}
	return p
}

func (p Patient) empty() bool {
	return len(p.IDs) == 0 && p.Family == "" && p.Given == "" && p.Birth == "" && p.Sex == ""
}

// Differs names the fields in which two descriptions contradict each other: PID-3, PID-5, PID-7, PID-8; nil when none does. What one of
// them does not say contradicts nothing. Names are compared without regard to case and marks, given names by their first word, dates as
// far as both go, and numbers only when one authority gave both.
//
// A C-CDA's record target is compared by making a Patient of it: its ids, family and given name, birthTime and gender.
func (p Patient) Differs(q Patient) []string {
	var out []string
	if idsDiffer(p.IDs, q.IDs) {
		out = append(out, "PID-3")
	}
	if wordsDiffer(p.Family, q.Family) || wordsDiffer(firstWord(p.Given), firstWord(q.Given)) {
		out = append(out, "PID-5")
	}
	if n := min(len(p.Birth), len(q.Birth)); n >= 4 && p.Birth[:n] != q.Birth[:n] {
		out = append(out, "PID-7")
	}
	if known(p.Sex) && known(q.Sex) && p.Sex[:1] != q.Sex[:1] {
		out = append(out, "PID-8")
	}
	return out
}

// known says whether a sex is one of the two that systems do not translate into each other's unknown.
func known(sex string) bool { return strings.HasPrefix(sex, "M") || strings.HasPrefix(sex, "F") }

func firstWord(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), " ")
	return s
}

func wordsDiffer(a, b string) bool {
	a, b = folded(a), folded(b)
	return a != "" && b != "" && a != b
}

// folded keeps letters and digits, in lower case.
func folded(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -'.,`’", r) {
			return -1
		}
		return r
	}, strings.ToLower(s))
}

// idsDiffer says whether an authority gave both numbers and no number of it is in both lists.
func idsDiffer(a, b []ID) bool {
	shared := false
	for _, x := range a {
		if x.Authority == "" {
			continue
		}
		if slices.Contains(b, x) {
			return false
		}
		shared = shared || slices.ContainsFunc(b, func(y ID) bool { return y.Authority == x.Authority })
	}
	return shared
}
