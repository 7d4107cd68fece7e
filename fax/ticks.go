package fax

import (
	"image"
	"maps"
	"slices"
	"strings"
)

// option is one choice beside a check box.
type option struct {
	words []Word
	tick  bool
	sure  float64
}

// options pairs check boxes with the words to their right, up to the next
// box or a wide gap.
func (r *Rules) options(s *sheet) []option {
	var out []option
	var boxes []image.Rectangle
	for _, c := range s.page.Checks {
		boxes = append(boxes, c.Box)
	}
	for _, c := range s.page.Checks {
		words := s.beside(c.Box)
		if before, ok := r.boxBehind(s, boxes, c.Box); ok {
			words = before
		}
		if len(words) == 0 {
			continue
		}
		sure := 0.98
		if c.Ink > 0.06 && c.Ink < 0.18 {
			sure = 0.8
		}
		out = append(out, option{words, c.Tick, sure})
	}
	return out
}

func (s *sheet) beside(box image.Rectangle) []Word {
	y := middle(box)
	var out []Word
	for _, row := range s.rows {
		for _, g := range row {
			if g.box.Min.Y > y || g.box.Max.Y < y {
				continue
			}
			for _, w := range g.words {
				if w.Box.Min.Y > y || w.Box.Max.Y < y || w.Box.Max.X <= box.Max.X {
					continue
				}
				edge := box.Max.X
				if len(out) > 0 {
					edge = out[len(out)-1].Box.Max.X
				}
				gap := w.Box.Min.X - edge
				if gap > s.height*3/2 || gap < -s.height && (len(out) > 0 || w.Box.Min.X < box.Min.X-4) || len(out) > 0 && s.checkIn(edge, w.Box.Min.X, y) || len(out) >= 5 {
					return out
				}
				out = append(out, w)
			}
		}
	}
	return out
}

func (s *sheet) checkIn(lo, hi, y int) bool {
	for _, c := range s.page.Checks {
		if c.Box.Min.X >= lo-3 && c.Box.Max.X <= hi+3 && c.Box.Min.Y < y && c.Box.Max.Y > y {
			return true
		}
	}
	return false
}

// printedMarks reads "[x] Urgent" or "(X) Male" where no frame was found.
func (r *Rules) printedMarks(s *sheet, raw []Word) []option {
	var out []option
	var boxes []image.Rectangle // one a mark
	var first []int             // the word behind each mark
	var ticks []bool
	for i, w := range raw {
		t := strings.ToLower(strings.Trim(w.Text, " "))
		if len(t) > 4 {
			continue
		}
		tick := t == "[x]" || t == "(x)" || t == "[x" || t == "x]" || t == "[v]" || t == "☒" || t == "☑" || t == "[*]" || t == "[✓]"
		empty := t == "[]" || t == "[_]" || t == "()" || t == "☐" || t == "□" || t == "[" || t == "o" || t == "[j" || t == "(j" || t == "(_" || t == "[)" || t == "[|"
		if !tick && !empty {
			continue
		}
		box := w.Box
		if empty && i+1 < len(raw) && raw[i+1].Text == "]" {
			i++
			box = box.Union(raw[i].Box)
		}
		boxes, first, ticks = append(boxes, box), append(first, i+1), append(ticks, tick)
	}
	for n, i := range first {
		if word, ok := r.boxBehind(s, boxes, boxes[n]); ok {
			out = append(out, option{word, ticks[n], 0.9})
		} else if i < len(raw) && within1(middle(raw[i].Box), middle(boxes[n]), s.height) && raw[i].Box.Min.X >= boxes[n].Min.X {
			out = append(out, option{raw[i:min(len(raw), i+3)], ticks[n], 0.9})
		}
	}
	return out
}

// maxChoices bounds the boxes of one line that are taken for choices of one field.
const maxChoices = 12

// boxBehind is the word before a box on a line whose boxes stand behind their words ("Routine [x]   STAT [ ]"): each has the name of a
// choice directly before it, and nothing follows the last one.
func (r *Rules) boxBehind(s *sheet, boxes []image.Rectangle, box image.Rectangle) (word []Word, ok bool) {
	var line []image.Rectangle
	for _, b := range boxes {
		if within1(middle(b), middle(box), s.height) {
			line = append(line, b)
		}
	}
	if len(line) > maxChoices {
		return nil, false
	}
	var words []Word
	for _, g := range s.segs {
		for _, w := range g.words {
			if within1(middle(w.Box), middle(box), s.height) && !slices.ContainsFunc(line, w.Box.Overlaps) {
				words = append(words, w)
			}
		}
	}
	for _, b := range line {
		before := -1
		for i, w := range words {
			if w.Box.Max.X <= b.Min.X && (before < 0 || w.Box.Max.X > words[before].Box.Max.X) {
				before = i
			}
			last := !slices.ContainsFunc(line, func(c image.Rectangle) bool { return c.Min.X > b.Min.X })
			if last && w.Box.Min.X >= b.Max.X && w.Box.Min.X-b.Max.X < 6*s.height {
				return nil, false
			}
		}
		if before < 0 || b.Min.X-words[before].Box.Max.X > 3*s.height || len(r.choice(words[before:before+1])) == 0 {
			return nil, false
		}
		if b == box {
			word = words[before : before+1]
		}
	}
	return word, len(word) > 0
}

// ticked gives the fields that check boxes decide: priority, sex, specialty.
// With two boxes ticked in one group nothing is given.
func (r *Rules) ticked(s *sheet) []candidate {
	opts := r.options(s)
	marks := r.printedMarks(s, s.page.Readings[s.number])
	groups := map[string][]candidate{}
	seen := map[string]int{}
	add := func(o option, sure float64) {
		for _, c := range r.choice(o.words) {
			seen[c.key]++
			if o.tick {
				c.label = min(o.sure, sure)
				groups[c.key] = append(groups[c.key], c)
			}
		}
	}
	for _, o := range opts {
		add(o, 1)
	}
	framed := maps.Clone(groups)
	for _, o := range marks {
		if c := r.choice(o.words); len(c) > 0 && len(framed[c[0].key]) == 0 {
			add(o, 0.9)
		}
	}
	var out []candidate
	for key, list := range groups {
		if seen[key] < 2 || !agree(list) {
			continue
		}
		c := list[0]
		c.page, c.reading = s.page.Number, s.number
		out = append(out, c)
	}
	return out
}

// unticked tells whether an empty check box stands before a word: the word is an option that nobody chose.
func (s *sheet) unticked(w Word) bool {
	for _, c := range s.page.Checks {
		gap := w.Box.Min.X - c.Box.Max.X
		if !c.Tick && gap > -4 && gap < s.height*3/2 && c.Box.Min.Y < middle(w.Box) && c.Box.Max.Y > middle(w.Box) {
			return true
		}
	}
	return false
}

func agree(list []candidate) bool {
	for _, c := range list {
		if !c.same(list[0]) {
			return false
		}
	}
	return len(list) > 0
}

// choice tells which field a printed option belongs to. The first word
// decides: "Routine (2 weeks)", "Female".
func (r *Rules) choice(words []Word) []candidate {
	if len(words) == 0 {
		return nil
	}
	if c := parsePriority(words[:1]); len(c) > 0 {
		return c
	}
	if c := parseSex(words); len(c) > 0 {
		return c
	}
	toks := flatten(&segment{words: words})
	if key, n := phraseAt(r.specialties, toks, 0); n > 0 {
		return []candidate{found("referred_to_specialty", r.printedSpecialty(key, words[:toks[n-1].word+1]), words[:toks[n-1].word+1])}
	}
	return nil
}
