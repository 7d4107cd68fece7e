package fax

import (
	"image"
	"regexp"
	"slices"
	"strings"
)

// segment is a run of words on one line without a wide gap: a label, a value,
// a label with its value, or a line of prose.
type segment struct {
	words []Word
	box   image.Rectangle
	row   int
	marks []mark // labels in it, filled in by findLabels
}

// sheet is one reading of one page, arranged for looking things up by place.
type sheet struct {
	page   *PageText
	number int // which reading of the page
	height int // usual height of a word, pixels
	pitch  int // usual width of a letter, pixels
	width  int
	segs   []*segment   // by row, then from left to right
	rows   [][]*segment // the same, by row
	under  bool         // labels stand under their values on this page
	missed []Again      // where labels have no value that makes sense; gather fills it in
}

// maxSheetWords bounds the words of one reading that extraction looks at; a
// dense page of text has about a thousand.
const maxSheetWords = 6000

func newSheet(p *PageText, reading int) *sheet {
	words := p.Readings[reading]
	if len(words) > maxSheetWords {
		words = words[:maxSheetWords]
	}
	s := &sheet{page: p, number: reading, width: p.Width}
	s.height, s.pitch = usualHeight(words), usualPitch(words)
	if s.width == 0 {
		s.width = 1728
	}
	clean, bars := tidy(words, p.Checks, s.height)
	s.arrange(clean, bars)
	return s
}

// usualHeight is the median height of words with a few letters.
func usualHeight(words []Word) int {
	var hs []int
	for _, w := range words {
		if len(w.Text) >= 3 && w.Box.Dy() > 3 {
			hs = append(hs, w.Box.Dy())
		}
	}
	if len(hs) == 0 {
		return 22
	}
	slices.Sort(hs)
	return max(8, hs[len(hs)/2])
}

// usualPitch is the median width of a letter in words of a few.
func usualPitch(words []Word) int {
	var ws []int
	for _, w := range words {
		if len(w.Text) >= 4 {
			ws = append(ws, w.Box.Dx()/len(w.Text))
		}
	}
	if len(ws) == 0 {
		return 0
	}
	slices.Sort(ws)
	return ws[len(ws)/2]
}

// plainLetters undoes what the engine makes of a speck over or in a letter.
var plainLetters = strings.NewReplacer("é", "e", "è", "e", "á", "a", "à", "a", "í", "i", "ì", "i", "ó", "o", "ò", "o", "ú", "u", "£", "E", "€", "E",
	"’", "'", "‘", "'", "“", "", "”", "", "§", "S", "ﬁ", "fi", "ﬂ", "fl", "ç", "c", "¢", "c")

// boxMark is a check box that was read as the beginning of its option.
var boxMark = regexp.MustCompile(`^[\[({|][xX_*]?[\])}|]`)

// leader is a label with the dots that lead to its value, and what the engine makes of their end; leaderJunk is what it makes of dots alone.
var (
	leader     = regexp.MustCompile(`^([A-Za-z#/]*)(?:\.{3,}|[.:]{4,})[0-9.:-]*$`)
	leaderJunk = regexp.MustCompile(`^[ecotds.:]*(?:[eco]{2,}|\.\.)[ecotds.:0-9]*$`)
)

// runTogether is a word with a telephone number joined to it.
var runTogether = regexp.MustCompile(`^([A-Za-z]{3,})(\(?\d{3}\)?[-.]\d{3}[-.]\d{4})$`)

var glued = regexp.MustCompile(`^([A-Za-z][A-Za-z#./]*[:#])([A-Za-z0-9(+].*)$`)

// tidy drops what is not text: specks, streaks, rules, and what the engine
// made of check boxes. Upright bars come back apart: they part cells. A label
// that was joined to its value ("DOB:1/2/1980") is cut from it.
func tidy(words []Word, checks []CheckBox, h int) (clean []Word, bars []image.Rectangle) {
	for _, w := range words {
		if m := boxMark.FindString(w.Text); m != "" && lettersDigits(w.Text) > 3 {
			_, w = splitWord(w, m, w.Text[len(m):])
		}
		if leader.MatchString(w.Text) {
			w.Text, w.Conf = leader.FindStringSubmatch(w.Text)[1]+":", max(w.Conf, 0.3)
		}
		if w.Conf < 0.5 && leaderJunk.MatchString(w.Text) {
			continue
		}
		w.Text = strings.Trim(plainLetters.Replace(w.Text), "|[]{}_~=\\<>«»\"*")
		n := lettersDigits(w.Text)
		switch {
		case n == 0:
			if w.Box.Dx()*3 < w.Box.Dy() {
				bars = append(bars, w.Box)
			}
			if !slices.Contains([]string{"#", "&", "-", "--", "/", ":", "(", ")", "–", "—", "?", "??"}, w.Text) || w.Conf < 0.3 {
				continue
			}
		case w.Box.Dy() > 4*h && n <= 2, w.Box.Dy() < h/4, w.Conf < 0.05 && n < 4:
			continue
		case onCheck(w, checks):
			continue
		}
		w.Text = mendWord(w.Text)
		if m := runTogether.FindStringSubmatch(w.Text); m != nil {
			a, b := splitWord(w, m[1], m[2])
			clean = append(clean, a, b)
			continue
		}
		if m := glued.FindStringSubmatch(w.Text); m != nil && lettersDigits(m[2]) > 0 {
			a, b := splitWord(w, m[1], m[2])
			clean = append(clean, a, b)
			continue
		}
		clean = append(clean, w)
	}
	return clean, bars
}

// mendWord undoes a capital I read as l: no word begins with l and such a consonant.
func mendWord(s string) string {
	if len(s) > 2 && s[0] == 'l' && strings.IndexByte("bcdfghjkmnpqrstvwxz", s[1]) >= 0 {
		return "I" + s[1:]
	}
	return s
}

func splitWord(w Word, left, right string) (a, b Word) {
	a, b = w, w
	at := w.Box.Min.X + w.Box.Dx()*len(left)/(len(left)+len(right))
	a.Text, b.Text = left, right
	a.Box.Max.X, b.Box.Min.X = at, at
	return a, b
}

func lettersDigits(s string) int {
	n := 0
	for _, r := range s {
		if isLetterDigit(r) {
			n++
		}
	}
	return n
}

// onCheck tells whether a word is what the engine read where a check box is.
func onCheck(w Word, checks []CheckBox) bool {
	if lettersDigits(w.Text) > 2 {
		return false
	}
	for _, c := range checks {
		in := c.Box.Intersect(w.Box)
		if a := w.Box.Dx() * w.Box.Dy(); a > 0 && in.Dx()*in.Dy()*2 > a && c.Box.Dy()*10 > w.Box.Dy()*6 && w.Box.Dy() > c.Box.Dy()*6/10 {
			return true
		}
	}
	return false
}

func middle(r image.Rectangle) int { return (r.Min.Y + r.Max.Y) / 2 }

// arrange puts words into rows by their middle, and rows into segments at
// wide gaps and upright bars.
func (s *sheet) arrange(words []Word, bars []image.Rectangle) {
	words = slices.Clone(words)
	slices.SortStableFunc(words, func(a, b Word) int { return middle(a.Box) - middle(b.Box) })
	var rows [][]Word
	at := 0.0
	for _, w := range words {
		m := float64(middle(w.Box))
		if n := len(rows); n > 0 && m-at <= 0.45*float64(s.height) {
			k := float64(len(rows[n-1]))
			rows[n-1] = append(rows[n-1], w)
			at = (at*k + m) / (k + 1)
			continue
		}
		rows, at = append(rows, []Word{w}), m
	}
	for i, row := range rows {
		slices.SortStableFunc(row, func(a, b Word) int { return a.Box.Min.X - b.Box.Min.X })
		segs := s.cut(row, bars)
		for _, g := range segs {
			g.row = i
		}
		s.rows = append(s.rows, segs)
		s.segs = append(s.segs, segs...)
	}
}

func (s *sheet) cut(row []Word, bars []image.Rectangle) []*segment {
	var out []*segment
	for i, w := range row {
		if i > 0 {
			last := row[i-1].Box
			gap := w.Box.Min.X - last.Max.X
			// In the type of a printer all letters are as wide as a space.
			usual := max(max(s.height, min(last.Dy(), w.Box.Dy(), 3*s.height))*11/10, min(s.pitch, s.height)*17/10)
			if gap <= usual && !barBetween(last, w.Box, bars, s.height) && !s.page.Rulings.between(last, w.Box) && !checkBetween(last, w.Box, s.page.Checks) {
				g := out[len(out)-1]
				g.words, g.box = append(g.words, w), g.box.Union(w.Box)
				continue
			}
		}
		out = append(out, &segment{words: []Word{w}, box: w.Box})
	}
	return out
}

func barBetween(a, b image.Rectangle, bars []image.Rectangle, h int) bool {
	for _, r := range bars {
		if r.Dy() > h/2 && r.Min.X >= a.Max.X-2 && r.Max.X <= b.Min.X+2 && r.Min.Y < b.Max.Y && r.Max.Y > b.Min.Y {
			return true
		}
	}
	return false
}

func checkBetween(a, b image.Rectangle, checks []CheckBox) bool {
	for _, c := range checks {
		if c.Box.Min.X >= a.Max.X-4 && c.Box.Max.X <= b.Min.X+4 && c.Box.Min.Y < b.Max.Y && c.Box.Max.Y > b.Min.Y {
			return true
		}
	}
	return false
}

func text(words []Word) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w.Text)
	}
	return b.String()
}
