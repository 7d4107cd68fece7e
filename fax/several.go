package fax

import (
	"slices"
	"strings"
)

// several tells whether one page names more than one patient behind labels, and where on the page the second one begins (0: beside the
// first). A text layer says names exactly; on a scan a name that differs by a letter may be misread, so that the date of birth or the
// record number must differ, too. Another number or date by itself is no other patient: settleDoubts puts it under the line.
func (l *leaf) several() (below int, yes bool) {
	apart := severalValues(l.cands, "patient_dob") || severalValues(l.cands, "patient_mrn")
	for i, a := range l.cands {
		for _, b := range l.cands[:i] {
			if a.key != b.key || a.key != "patient_last" && a.key != "patient_first" || !a.beside(b) || a.label < beside*0.9 || b.label < beside*0.9 {
				continue
			}
			x, y := strings.ToLower(a.value), strings.ToLower(b.value)
			if x == y || abbreviates(x, y) || abbreviates(y, x) {
				continue
			}
			if !(l.page.Exact && a.reading == 0) && similar(x, y) && !apart {
				continue
			}
			upper, lower := a.box, b.box
			if lower.Min.Y < upper.Min.Y {
				upper, lower = lower, upper
			}
			if lower.Min.Y < upper.Max.Y {
				return 0, true
			}
			return lower.Min.Y, true
		}
	}
	return 0, false
}

// abbreviates tells whether a name is the beginning or a part of another: "Rob", "Ann" of "Ann Lee".
func abbreviates(short, long string) bool {
	return strings.HasPrefix(long, strings.TrimRight(short, ".")) || slices.Contains(strings.FieldsFunc(long, func(r rune) bool { return r == ' ' || r == '-' }), short)
}

// firstPatient leaves what says who the patient is of the upper one of several on a page, so that one's number never stands with
// another's name; nothing of it when they stand side by side.
func (l *leaf) firstPatient(cands []candidate) []candidate {
	below, yes := l.several()
	if !yes {
		return cands
	}
	return slices.DeleteFunc(slices.Clone(cands), func(c candidate) bool {
		return strings.HasPrefix(c.key, "patient_") && c.page == l.page.Number && (!c.labelled || c.box.Max.Y > below)
	})
}
