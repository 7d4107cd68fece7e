package fax

type grouping struct {
	lists  [][]*leaf
	unsure bool
}

// split parts the pages by patient: a page that names another patient, born
// on another day, and asks for something of its own, begins a new document. Where only one of the two differs
// the fax is flagged for a person.
func split(leaves []*leaf) grouping {
	var g grouping
	var curName, curDOB string
	main := false // a page that asks for something was seen for this patient
	for _, l := range leaves {
		name, dob := l.identity()
		named := len(name) > 3
		other := named && len(curName) > 3 && !similar(name, curName)
		born := dob != "" && curDOB != "" && differs(dob, curDOB)
		switch {
		case len(g.lists) == 0:
			g.lists = append(g.lists, nil)
		case born && (other || !named || len(curName) <= 3) && l.asks() && main:
			g.lists = append(g.lists, nil)
			curName, curDOB, main = "", "", false
		case (born || other) && l.asks() && main:
			g.unsure = true // only one of the two differs, or may be misread
		case born && other && l.kind != kindCover:
			g.unsure = true
		}
		main = main || l.asks()
		n := len(g.lists) - 1
		g.lists[n] = append(g.lists[n], l)
		if curDOB == "" {
			curDOB = dob
		}
		if len(curName) <= 3 {
			curName = name
		}
	}
	if len(g.lists) == 0 {
		g.lists = append(g.lists, nil)
	}
	return g
}

// similar compares names with the slack of OCR; differs compares dates that
// are apart in more than one digit.
func similar(a, b string) bool {
	if a == b {
		return true
	}
	return within(a, b, max(2, len(b)/4))
}

func differs(a, b string) bool { return !within(a, b, 1) }

// sheets lists the pages of each patient without cover sheets. It is nil when any of them does not name its patient by name and birth
// date, or names one that another group has: pages must never travel with another patient's.
func (g grouping) sheets() [][]int {
	type who struct{ name, dob string }
	var people []who
	for _, list := range g.lists {
		var w who
		for _, l := range list {
			if name, dob := l.identity(); w.dob == "" && len(name) > 3 && dob != "" {
				w = who{name, dob}
			}
		}
		if w.dob == "" {
			return nil
		}
		people = append(people, w)
	}
	var out [][]int
	for i, list := range g.lists {
		var pages []int
		for _, l := range list {
			if l.kind == kindCover {
				continue
			}
			name, dob := l.identity()
			for k, w := range people {
				same := similar(name, w.name) && dob != "" && !differs(dob, w.dob)
				if k == i && !same || k != i && (len(name) > 3 && similar(name, w.name) || dob != "" && !differs(dob, w.dob)) {
					return nil
				}
			}
			pages = append(pages, l.page.Number)
		}
		if len(pages) == 0 {
			return nil
		}
		out = append(out, pages)
	}
	return out
}
