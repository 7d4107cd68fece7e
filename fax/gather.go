package fax

import (
	"slices"
	"strings"
)

// How sure a place relative to a label is.
const (
	besideClosed = 0.99 // behind "Label:"
	beside       = 0.97 // behind a label without a colon, or in the next column
	under        = 0.97 // below a label, left edges in line
	loosely      = 0.93 // below or beside, not quite in line
)

// gather collects candidates from the labels of one reading.
func (r *Rules) gather(s *sheet) []candidate {
	for _, g := range s.segs {
		findLabels(r, g)
	}
	hs := findHeadings(r, s)
	var out []candidate
	for _, g := range s.segs {
		for _, m := range g.marks {
			out = append(out, r.values(s, hs, g, m)...)
		}
	}
	out = append(out, r.partyBlocks(s, hs)...)
	out = append(out, r.banner(s)...)
	for i := range out {
		out[i].page, out[i].reading = s.page.Number, s.number
	}
	return out
}

// values reads what one label is about.
func (r *Rules) values(s *sheet, hs []heading, g *segment, m mark) []candidate {
	party, soft := s.partyAt(hs, g, m.from)
	key := resolve(m.key, party, soft)
	if key == "" || m.key == ".phone" && party == "" && g.box.Min.Y < s.page.Height/5 {
		return nil // a number in the letterhead is the practice's
	}
	if (key == "priority" || key == "patient_sex") && r.choices(s.rowWords(g.row), key) > 1 {
		return nil // all choices are printed: the tick decides
	}
	var out []candidate
	for _, p := range s.places(key, g, m) {
		out = r.parse(key, p.words)
		if len(out) == 0 {
			continue
		}
		for i := range out {
			out[i].label *= p.sure
			if m.key[0] == '.' && party == "" {
				out[i].label *= 0.9
			}
		}
		return out
	}
	return nil
}

// choices counts the different values that a row of words offers for a field.
func (r *Rules) choices(words []Word, key string) int {
	seen := map[string]bool{}
	for i := range words {
		for _, c := range r.choice(words[i : i+1]) {
			if c.key == key {
				seen[c.value] = true
			}
		}
	}
	return len(seen)
}

// resolve turns a label into a field, by whom this part of the page is about.
// "" means that its value is not looked for.
func resolve(key, party string, soft bool) string {
	byParty := map[string]map[string]string{
		".name":    {"patient": "patient_name", "from": "referring_name", "to": "referred_to_name", "": "patient_name"},
		".phone":   {"patient": "patient_phone", "from": "referring_phone", "payer": "", "": "patient_phone", "clinical": ""},
		".fax":     {"from": "referring_fax", "to": "referred_to_fax", "clinical": ""},
		".address": {"patient": "patient_address", "": "patient_address", "clinical": "patient_address", "payer": ""},
	}
	if m, ok := byParty[key]; ok {
		if key == ".address" && soft {
			return "patient_address"
		}
		return m[party]
	}
	switch {
	case key == "none", key == "other":
		return ""
	case party == "other" && (key == "patient_dob" || key == "patient_sex" || key == "patient_phone" || key == "patient_name"):
		return ""
	case party == "other" && !soft:
		return ""
	case party == "to":
		switch key {
		case "referring_npi", "referring_phone":
			return ""
		case "referring_practice":
			return "referred_to_practice"
		case "referring_fax":
			return "referred_to_fax"
		case "patient_city", "patient_state", "patient_zip", "patient_csz", "patient_address":
			if !soft {
				return ""
			}
		}
	case party == "from":
		switch key {
		case "patient_city", "patient_state", "patient_zip", "patient_csz", "patient_address":
			if !soft {
				return ""
			}
		case "referred_to_specialty", "referred_to_practice":
			if !soft {
				return ""
			}
		}
	}
	return key
}

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
func (s *sheet) places(key string, g *segment, m mark) []place {
	var out []place
	if in := trimEdges(m.inline(g)); len(in) > 0 {
		sure := beside
		if m.colon {
			sure = besideClosed
		}
		last := m.end == len(g.words)
		out = append(out, place{s.extend(key, g, in, last, g.words[m.from].Box.Min.X), sure})
		if !last || !shaped(key) {
			return out
		}
		// What stands behind the label may be a note: "Date of Birth (MM/DD/YYYY)".
		right, below := s.rightOf(key, g), s.below(key, g, m)
		right.sure, below.sure = min(right.sure, loosely), min(below.sure, loosely)
		return slices.DeleteFunc(append(out, right, below), func(p place) bool { return len(p.words) == 0 })
	}
	if m.end < len(g.words) {
		return nil // another label follows at once: this one has no value
	}
	right, below := s.rightOf(key, g), s.below(key, g, m)
	rightFirst := m.colon || len(below.words) == 0
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
func (s *sheet) rightOf(key string, g *segment) place {
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
	return place{s.extend(key, row[i], words, len(words) == len(row[i].words), row[i].box.Min.X), sure}
}

// startsLabel: a mark that was accepted only by its value's shape is still one.
func startsLabel(g *segment) bool { return len(g.marks) > 0 && g.marks[0].from == 0 }

// below is the nearest segment under a label that begins near its left edge.
func (s *sheet) below(key string, g *segment, m mark) place {
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
			if startsLabel(c) {
				return place{}
			}
			sure := under
			if off > s.height || off < -s.height {
				sure = loosely
			}
			words := c.words
			if len(c.marks) > 0 {
				words = words[:c.marks[0].from]
			}
			words = s.wrapped(c, words)
			return place{s.extend(key, c, words, len(words) == len(c.words), min(x, c.box.Min.X)), sure}
		}
	}
	return place{}
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

// maxLines bounds how many lines a value is followed.
const maxLines = 14

// extend adds the lines that go on under the first one, for fields that may.
// In lists and diagnoses the line ends stay marked.
func (s *sheet) extend(key string, g *segment, words []Word, last bool, x int) []Word {
	if !isProse(key) {
		return words
	}
	out := slices.Clone(words)
	row := s.rows[g.row]
	at := slices.Index(row, g)
	if last && key != "patient_address" {
		out, last = appendRow(out, row[at+1:], s.width)
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
		out, last = appendRow(out, s.rows[n][next+1:], s.width)
		bottom = line.box.Max.Y
	}
	narrow := key == "allergies" && first > s.width*3/4 // lines there are wrapped, not items
	if key == "reason" || key == "service_text" || key == "patient_address" || narrow {
		return noBreaks(out)
	}
	return out
}

// appendRow adds the rest of a row up to the first label; the gaps between
// cells of a table row are small against the page, columns are not.
func appendRow(out []Word, rest []*segment, width int) ([]Word, bool) {
	for _, c := range rest {
		if len(c.marks) > 0 {
			return out, true
		}
		if len(out) > 0 && c.box.Min.X-out[len(out)-1].Box.Max.X > width/3 && lettersDigits(text(c.words)) < 3 {
			continue
		}
		out = append(out, c.words...)
	}
	return out, true
}

// continues finds the segment of a row that carries a value on, or -1.
func (s *sheet) continues(row []*segment, x, first, bottom int) int {
	for i, c := range row {
		near := within1(c.box.Min.X, x, s.height*3/2) || within1(c.box.Min.X, first, s.height*5/2) || c.box.Min.X > x && c.box.Min.X < x+4*s.height
		if !near {
			continue
		}
		if startsLabel(c) || c.box.Min.Y-bottom > s.height*5/4 {
			return -1
		}
		return i
	}
	if len(row) > 0 && row[0].box.Min.Y-bottom <= s.height*5/4 {
		return elsewhere
	}
	return -1
}

// elsewhere: a row of another column lies between the lines of this one.
const elsewhere = -2

func within1(a, b, d int) bool { return a-b <= d && b-a <= d }
