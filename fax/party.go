package fax

import "slices"

// banner reads the line that records repeat on top of each page: a name
// without a label beside a birth date or record number that has one.
func (r *Rules) banner(s *sheet) []candidate {
	var out []candidate
	for n := 0; n < len(s.rows) && n < 8; n++ {
		row := s.rows[n]
		for i := 1; i < len(row); i++ {
			if !startsLabel(row[i]) || row[i].marks[0].key != "patient_dob" && row[i].marks[0].key != "patient_mrn" || len(row[i-1].marks) > 0 {
				continue
			}
			if p, ok := parsePerson(row[i-1].words); ok && !p.credentials {
				for _, c := range p.patient() {
					c.label = 0.93
					out = append(out, c)
				}
				return out
			}
		}
	}
	return nil
}

// partyBlocks reads the unlabelled lines under a heading such as "Referred
// To": a person, a practice.
func (r *Rules) partyBlocks(s *sheet, hs []heading) []candidate {
	var out []candidate
	for i := range hs {
		h := &hs[i]
		name, practice := "referring_name", "referring_practice"
		if h.soft && s.under {
			continue // what is under a label is the next value
		}
		switch h.party {
		case "from":
		case "to":
			name, practice = "referred_to_name", "referred_to_practice"
		default:
			continue
		}
		out = append(out, r.blockUnder(s, hs, h, name, practice)...)
	}
	return out
}

// maxBlock bounds the lines of such a block.
const maxBlock = 6

func (r *Rules) blockUnder(s *sheet, hs []heading, h *heading, name, practice string) []candidate {
	var out []candidate
	got := map[string]bool{}
	bottom := h.seg.box.Max.Y
	for n := h.seg.row + 1; n < len(s.rows) && n <= h.seg.row+maxBlock; n++ {
		i := slices.IndexFunc(s.rows[n], func(g *segment) bool { return within1(g.box.Min.X, h.seg.box.Min.X, s.height*3/2) })
		if i < 0 {
			continue
		}
		g := s.rows[n][i]
		if g.box.Min.Y-bottom > s.height*2 || slices.ContainsFunc(hs, func(o heading) bool { return !o.soft && o.seg.row == g.row && o.seg.box == g.box }) {
			break
		}
		bottom = g.box.Max.Y
		if len(g.marks) > 0 || r.heading(g) {
			continue
		}
		sure := 0.95
		if h.soft {
			sure = 0.9
		}
		if p, ok := parsePerson(g.words); ok && !got[name] && !r.isPractice(g.words) {
			c := found(name, p.full(), p.words)
			c.label, got[name] = sure, true
			out = append(out, c)
		} else if c := r.parsePractice(practice, g.words); len(c) > 0 && !got[practice] {
			c[0].label, got[practice] = sure, true
			out = append(out, c[0])
		}
	}
	return out
}
