package fax

import "slices"

// heading starts a part of the page that is about one party.
type heading struct {
	party string
	seg   *segment
	soft  bool // a label such as "Referred by:" and not a heading of its own
}

// softParty is the party that a label's own words name.
func softParty(key string) string {
	switch key {
	case "patient_name", "patient_first", "patient_last":
		return "patient"
	case "referring_name", "referring_practice":
		return "from"
	case "referred_to_name", "referred_to_practice":
		return "to"
	case "other":
		return "other"
	}
	return ""
}

// findHeadings collects what names a party: whole segments that are section
// headings, and labels that do so in passing.
func findHeadings(r *Rules, s *sheet) []heading {
	var out []heading
	for _, g := range s.segs {
		toks := flatten(g)
		if len(toks) == 0 {
			continue
		}
		skip := numbering(toks)
		toks = toks[skip:]
		key, n := r.sectionAt(toks)
		_, to := 0, 0
		if n > 0 {
			to = toks[n-1].word + 1
		}
		colon := n > 0 && lastByte(g.words[to-1].Text) == ":"
		switch {
		case n > 0 && n == len(toks) && upperStart(g.words[0].Text):
			out = append(out, heading{key, g, colon || s.hasValue(g)})
		case n > 0 && colon:
			out = append(out, heading{key, g, true})
		default:
			for _, m := range g.marks {
				if p := softParty(m.key); p != "" {
					out = append(out, heading{p, &segment{words: g.words[m.from:m.to], box: spanBox(g.words[m.from:m.to]), row: g.row}, true})
				}
			}
		}
	}
	return out
}

// sectionAt is phraseAt for headings, except that a label printed as it is known is no misread heading: "Gender" is not "Sender".
func (r *Rules) sectionAt(toks []flatToken) (key string, n int) {
	same := func(got, want string) bool { return got == want }
	key, n = phraseAt(r.sections, toks, 0)
	if _, printed := phraseLike(r.sections, toks, 0, true, same); n == 0 || printed == n {
		return key, n
	}
	if _, label := phraseLike(r.labels, toks, 0, true, same); label >= n {
		return "", 0
	}
	return key, n
}

// numbering is the number of tokens such as "Section 2" or "B" that stand
// before a heading.
func numbering(toks []flatToken) int {
	n := 0
	if len(toks) > 2 && (toks[0].text == "section" || toks[0].text == "part") {
		n = 1
	}
	if len(toks) > n+1 && len(toks[n].text) <= 2 && toks[n].word != toks[n+1].word && (n == 1 || allDigits(toks[n].text)) {
		n++
	} else if n == 1 {
		n = 0
	}
	return n
}

// hasValue tells whether the next segment of the row is no label, so that a
// heading's words are a label themselves.
func (s *sheet) hasValue(g *segment) bool {
	row := s.rows[g.row]
	i := slices.Index(row, g) + 1
	return i < len(row) && !startsLabel(row[i]) && row[i].box.Min.X-g.box.Max.X < s.width/5
}

// partyAt tells whom a label at this place is about: the nearest heading
// above or to the left, within the same column when the page has columns.
func (s *sheet) partyAt(hs []heading, g *segment, at int) (party string, soft bool) {
	var best, column *heading
	x := g.words[at].Box.Min.X
	y := g.words[at].Box.Min.Y
	for i := range hs {
		h := &hs[i]
		above := h.seg.box.Max.Y <= y+s.height/3
		left := h.seg.row == g.row && h.seg.box.Min.X <= x
		if !above && !left || h.seg.box.Min.X > x+2*s.height {
			continue
		}
		if best == nil || h.seg.row > best.seg.row || h.seg.row == best.seg.row && h.seg.box.Min.X >= best.seg.box.Min.X {
			best = h
		}
		if h.seg.box.Min.X > s.width*3/10 && (column == nil || h.seg.row > column.seg.row || h.seg.row == column.seg.row && h.seg.box.Min.X >= column.seg.box.Min.X) {
			column = h
		}
	}
	switch {
	case best == nil:
		return "", false
	case column != nil && x > s.width*3/10 && (best.soft || best.seg.box.Dx() < s.width/3) && (!column.soft || best.soft) && aligned(column, x, s):
		return column.party, column.soft
	}
	return best.party, best.soft
}

// aligned tells whether x belongs to the column that a heading opens.
func aligned(h *heading, x int, s *sheet) bool {
	return x-h.seg.box.Min.X < s.width/3
}
