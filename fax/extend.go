package fax

import "slices"

// maxLines bounds how many lines a value is followed.
const maxLines = 14

// extend adds the lines that go on under the first one, for fields that may, up to the column that begins at bound.
// In lists and diagnoses the line ends stay marked.
func (s *sheet) extend(key string, g *segment, words []Word, last bool, x, bound int) []Word {
	if !isProse(key) {
		return words
	}
	out := slices.Clone(words)
	row := s.rows[g.row]
	at := slices.Index(row, g)
	if last && key != "patient_address" {
		out = s.appendRow(out, row[at+1:], x, bound)
	}
	first := words[0].Box.Min.X
	bottom := g.box.Max.Y
	for n := g.row + 1; n < len(s.rows) && n < g.row+maxLines && last; n++ {
		next := s.continues(s.rows[n], x, first, bottom)
		if next == elsewhere {
			continue
		}
		if next < 0 {
			break
		}
		line := s.rows[n][next]
		out = append(out, Word{Text: breakText, Conf: 1})
		out = append(out, line.words...)
		if key == "patient_address" {
			break
		}
		out = s.appendRow(out, s.rows[n][next+1:], x, bound)
		bottom = line.box.Max.Y
	}
	narrow := key == "allergies" && first > s.width*3/4 // lines there are wrapped, not items
	if key == "reason" || key == "service_text" || key == "patient_address" || narrow {
		return noBreaks(out)
	}
	return out
}

// appendRow adds the rest of a row up to the first label or the next column; the gaps between
// cells of a table row are small against the page, columns are not.
func (s *sheet) appendRow(out []Word, rest []*segment, x, bound int) []Word {
	for _, c := range rest {
		if len(c.marks) > 0 || c.box.Min.X >= bound || s.otherColumn(c, x) {
			return out
		}
		if len(out) > 0 {
			last := out[len(out)-1].Box
			if s.page.Rulings.between(last, c.box) {
				return out
			}
			if c.box.Min.X-last.Max.X > s.width/3 && lettersDigits(text(c.words)) < 3 {
				continue
			}
		}
		out = append(out, c.words...)
	}
	return out
}

// columnRows is how far up the label is looked for that a column begins with.
const columnRows = 10

// otherColumn tells whether a segment stands under a label that begins at its left edge, well to the right of x: it is that label's.
func (s *sheet) otherColumn(c *segment, x int) bool {
	if c.box.Min.X < x+6*s.height {
		return false
	}
	for n := c.row - 1; n >= 0 && n >= c.row-columnRows; n-- {
		for _, g := range s.rows[n] {
			if within1(g.box.Min.X, c.box.Min.X, s.height) && startsLabel(g) && g.marks[0].key != ".cell" {
				return true
			}
		}
	}
	return false
}

// continues finds the segment of a row that carries a value on, or -1.
func (s *sheet) continues(row []*segment, x, first, bottom int) int {
	for i, c := range row {
		near := within1(c.box.Min.X, x, s.height*3/2) || within1(c.box.Min.X, first, s.height*5/2) || c.box.Min.X > x && c.box.Min.X < x+4*s.height
		if !near {
			continue
		}
		if i > 0 && row[i-1].box.Min.X < x-2*s.height && labelOnly(row[i-1]) {
			return -1 // it is the value of the label before it
		}
		if startsLabel(c) || c.box.Min.Y-bottom > s.height*5/4 || s.page.Rulings.border(first, bottom, c.box.Min.Y) {
			return -1
		}
		return i
	}
	if len(row) > 0 && row[0].box.Min.Y-bottom <= s.height*5/4 {
		return elsewhere
	}
	return -1
}

// labelOnly tells whether a segment is a label without its value.
func labelOnly(g *segment) bool {
	n := len(g.marks)
	return n > 0 && g.marks[0].from == 0 && g.marks[n-1].to == len(g.words)
}

// elsewhere: a row of another column lies between the lines of this one.
const elsewhere = -2

func within1(a, b, d int) bool { return a-b <= d && b-a <= d }
