package fax

import (
	"image"
	"slices"
	"strings"
)

// place is where a value may stand.
type place struct {
	words []Word
	sure  float64
}

// isProse tells the fields whose value may run over several lines.
func isProse(key string) bool {
	return slices.Contains([]string{"reason", "diagnosis", "medications", "allergies", "service_text", "patient_address"}, key)
}

// shaped tells the fields whose value has a shape of its own.
func shaped(key string) bool {
	switch key {
	case "patient_dob", "referral_date", "referring_npi", "patient_phone", "referring_phone", "referring_fax", "referred_to_fax", "patient_csz", "patient_zip":
		return true
	}
	return false
}

// places lists where the value of a label may stand, most likely first.
func (s *sheet) places(key string, hs []heading, g *segment, m mark) []place {
	var out []place
	if in := trimValue(key, m.inline(g)); len(in) > 0 {
		sure := beside
		if m.colon {
			sure = besideClosed
		}
		last := m.end == len(g.words)
		out = append(out, place{s.extend(key, g, in, last, g.words[m.from].Box.Min.X, s.bound(g, m)), sure})
		if !last || !shaped(key) {
			return out
		}
		// What stands behind the label may be a note: "Date of Birth (MM/DD/YYYY)".
		right, below := s.rightOf(key, g, m), s.below(key, g, m, hs)
		right.sure, below.sure = min(right.sure, loosely), min(below.sure, loosely)
		return slices.DeleteFunc(append(out, right, below), func(p place) bool { return len(p.words) == 0 })
	}
	if m.end < len(g.words) {
		return nil // another label follows at once: this one has no value
	}
	if p := s.above(key, g, m); len(p.words) > 0 {
		return []place{p}
	}
	right, below := s.rightOf(key, g, m), s.below(key, g, m, hs)
	rightFirst := m.colon || len(below.words) == 0 || len(right.words) > 0 && s.keyColumn(g, m)
	if !rightFirst && below.sure < under && len(right.words) > 0 {
		rightFirst = true
	}
	if rightFirst {
		out = append(out, right, below)
	} else {
		out = append(out, below, right)
	}
	return slices.DeleteFunc(out, func(p place) bool { return len(p.words) == 0 })
}

// rightOf is the next segment in the row, unless it is a label itself.
func (s *sheet) rightOf(key string, g *segment, m mark) place {
	row := s.rows[g.row]
	i := slices.Index(row, g) + 1
	if i >= len(row) || startsLabel(row[i]) || row[i].box.Min.X-g.box.Max.X > s.width*45/100 {
		return place{}
	}
	sure := beside
	if row[i].box.Min.X-g.box.Max.X > s.width/4 {
		sure = loosely
	}
	words := row[i].words
	if len(row[i].marks) > 0 {
		words = words[:row[i].marks[0].from]
	}
	if k := len(words); isName(key) && k > 0 && k < 4 && len(row[i].marks) == 0 && i+1 < len(row) && row[i+1].box.Min.X-row[i].box.Max.X < 4*s.height && !startsLabel(row[i+1]) {
		end := len(row[i+1].words)
		if len(row[i+1].marks) > 0 {
			end = row[i+1].marks[0].from
		}
		words = append(slices.Clone(words), row[i+1].words[:end]...)
	}
	return place{s.extend(key, row[i], words, len(words) == len(row[i].words), row[i].box.Min.X, s.bound(g, m)), sure}
}

// startsLabel: a mark that was accepted only by its value's shape is still one.
func startsLabel(g *segment) bool { return len(g.marks) > 0 && g.marks[0].from == 0 }

// below is the nearest segment under a label that begins near its left edge.
func (s *sheet) below(key string, g *segment, m mark, hs []heading) place {
	x := g.words[m.from].Box.Min.X
	bottom := g.words[m.from].Box.Max.Y
	right := g.words[m.to-1].Box.Max.X
	for row := g.row + 1; row < len(s.rows) && row <= g.row+5; row++ {
		for _, c := range s.rows[row] {
			gap := c.box.Min.Y - bottom
			if gap > s.height*5/2 {
				return place{}
			}
			off := c.box.Min.X - x
			overlaps := c.box.Min.X < right && c.box.Max.X > x
			if off < -2*s.height || !overlaps || gap < -s.height/3 || off > 6*s.height && off > right-x {
				continue
			}
			if startsLabel(c) || isHeading(hs, c) {
				return place{}
			}
			sure := under
			if s.closerAbove(g, m, gap) {
				sure = doubtful // labels may stand under their values here
			}
			if off > s.height || off < -s.height {
				sure = min(sure, loosely)
			}
			words := c.words
			if len(c.marks) > 0 {
				words = words[:c.marks[0].from]
			}
			words = s.wrapped(c, words)
			return place{s.extend(key, c, words, len(words) == len(c.words), min(x, c.box.Min.X), s.bound(g, m)), sure}
		}
	}
	return place{}
}

// above is the text on the writing line over a label, where forms have their labels under the lines.
func (s *sheet) above(key string, g *segment, m mark) place {
	label := spanBox(g.words[m.from:m.to])
	line, ok := s.page.Rulings.writingLine(label, s.height)
	if !ok && s.under && s.closerAbove(g, m, 4*s.height) {
		line, ok = image.Rect(label.Min.X-s.height/2, label.Min.Y-s.height/3, s.bound(g, m), label.Min.Y), true
	}
	if !ok || m.colon {
		return place{}
	}
	for n := g.row - 1; n >= 0 && n >= g.row-3; n-- {
		var words []Word
		for _, c := range s.rows[n] {
			if c.box.Max.Y > line.Min.Y+s.height/2 || line.Min.Y-c.box.Max.Y > s.height || c.box.Min.X < line.Min.X-s.height || middle(c.box) > line.Min.Y || len(c.marks) > 0 && startsLabel(c) {
				continue
			}
			for _, w := range c.words {
				if w.Box.Min.X < line.Max.X {
					words = append(words, w)
				}
			}
		}
		if len(words) > 0 {
			return place{s.linesAbove(key, n, line, words), loosely}
		}
	}
	return place{}
}

// linesAbove adds the lines over the last one of a text that stands on a line.
func (s *sheet) linesAbove(key string, row int, line image.Rectangle, words []Word) []Word {
	if key != "reason" && key != "service_text" {
		return words
	}
	top := spanBox(words).Min.Y
	for n := row - 1; n >= 0 && n >= row-6; n-- {
		c := s.rows[n][0]
		if len(s.rows[n]) > 1 || len(c.marks) > 0 || top-c.box.Max.Y > s.height*5/4 || !within1(c.box.Min.X, words[0].Box.Min.X, s.height) {
			break
		}
		words, top = append(slices.Clone(c.words), words...), c.box.Min.Y
	}
	return words
}

// minUnder is the number of labels that must stand closer to what is above them before a page is taken for one with labels under the values.
const minUnder = 3

func (s *sheet) labelsUnder() bool {
	n, all := 0, 0
	for _, g := range s.segs {
		if !labelOnly(g) || lastByte(g.words[len(g.words)-1].Text) == ":" {
			continue
		}
		gap := 4 * s.height
		for row := g.row + 1; row < len(s.rows) && row <= g.row+2; row++ {
			for _, c := range s.rows[row] {
				if d := c.box.Min.Y - g.box.Max.Y; within1(c.box.Min.X, g.box.Min.X, s.height) && d >= 0 {
					gap = min(gap, d)
				}
			}
		}
		all++
		if s.closerAbove(g, g.marks[0], gap) {
			n++
		}
	}
	return n >= minUnder && n*3 > all*2
}

// closerAbove tells whether a label stands much closer to a text above it than to the one below, gap pixels away.
func (s *sheet) closerAbove(g *segment, m mark, gap int) bool {
	label := spanBox(g.words[m.from:m.to])
	for n := g.row - 1; n >= 0 && n >= g.row-2; n-- {
		for _, c := range s.rows[n] {
			up := label.Min.Y - c.box.Max.Y
			if !startsLabel(c) && within1(c.box.Min.X, label.Min.X, s.height) && up >= 0 && up*2 < gap && !s.page.Rulings.border(label.Min.X, c.box.Max.Y, label.Min.Y) {
				return true
			}
		}
	}
	return false
}

// isHeading tells whether a segment is a heading of its own and not a label.
func isHeading(hs []heading, g *segment) bool {
	return slices.ContainsFunc(hs, func(h heading) bool { return !h.soft && h.seg == g })
}

// keyColumn tells whether labels stand in a column with their values in the next: the row above or below begins
// with a label at the same edge, and its value at the edge of this one's.
func (s *sheet) keyColumn(g *segment, m mark) bool {
	row := s.rows[g.row]
	i := slices.Index(row, g)
	if i+1 >= len(row) || m.from != 0 {
		return false
	}
	value := row[i+1].box.Min.X
	for n := max(0, g.row-2); n <= min(len(s.rows)-1, g.row+2); n++ {
		if n == g.row {
			continue
		}
		for k, c := range s.rows[n] {
			if k+1 < len(s.rows[n]) && startsLabel(c) && within1(c.box.Min.X, g.box.Min.X, s.height/2) && within1(s.rows[n][k+1].box.Min.X, value, s.height/2) && !startsLabel(s.rows[n][k+1]) {
				return true
			}
		}
	}
	return false
}

func isName(key string) bool {
	return key == "patient_name" || key == "referring_name" || key == "referred_to_name"
}

// wrapped joins a number that a narrow cell breaks at its hyphens.
func (s *sheet) wrapped(g *segment, words []Word) []Word {
	if len(words) != 1 || !strings.HasSuffix(words[0].Text, "-") || !strings.ContainsAny(words[0].Text, "0123456789") {
		return words
	}
	out := words[0]
	for n := g.row + 1; n < len(s.rows) && n < g.row+8 && strings.HasSuffix(out.Text, "-"); n++ {
		for _, c := range s.rows[n] {
			if within1(c.box.Min.X, g.box.Min.X, s.height/2) && c.box.Min.Y-out.Box.Max.Y < s.height && len(c.words) == 1 {
				out.Text += c.words[0].Text
				out.Conf = min(out.Conf, c.words[0].Conf)
				out.Box = out.Box.Union(c.box)
			}
		}
	}
	return []Word{out}
}

// bound is where the column of a label ends: at the next label of its row.
func (s *sheet) bound(g *segment, m mark) int {
	row := s.rows[g.row]
	for _, c := range row[slices.Index(row, g)+1:] {
		if startsLabel(c) && c.marks[0].key != ".cell" {
			return c.box.Min.X - s.height/2
		}
	}
	return s.width
}
