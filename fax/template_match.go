package fax

import (
	"cmp"
	"image"
	"math"
	"slices"
	"strings"
)

// How sure a value in a zone of a known form is that field, when the form's phrases fit closely, and when not. Both are below a printed
// label and keep a zone alone under a review line of 0.95: a person looks, unless the general extraction reads the same. Text and lists run
// over more lines on the next copy than on the one that was taught; what the general extraction found of them goes first.
const (
	zoneClose = 0.92
	zoneLoose = 0.85
	zoneText  = 0.8
)

// sureLabel is how sure a label must be for its value to stand beside a zone that says something else.
const sureLabel = 0.9

// formFit is how far, in parts of the page's width, a phrase may stand from where the others say it does: close, and at all.
const (
	formFit   = 0.008
	formReach = 0.04
)

// formWeight is how much a known form says about the kind of a page: more than any title.
const formWeight = 20

// form is a template with its labels compiled.
type form struct {
	t     *Template
	words []formWord
	label *Rules // the general rules with the template's labels; nil: it has none
}

type formWord struct {
	Anchor
	tokens []string
}

// WithTemplates returns rules that also know these forms. r stays as it is.
func (r *Rules) WithTemplates(list []*Template) *Rules {
	out := *r
	out.forms = nil
	for _, t := range list {
		f := form{t: t}
		for _, a := range t.Words {
			f.words = append(f.words, formWord{a, plainTokens(a.Text)})
		}
		own := map[string][]string{}
		for _, field := range t.Fields {
			if len(field.Labels) > 0 {
				own[field.Key] = append(own[field.Key], field.Labels...)
			}
		}
		if len(own) > 0 {
			f.label = r.withLabels(own)
		}
		out.forms = append(out.forms, f)
	}
	return &out
}

// withLabels is a copy of the rules in which these labels mean these fields, whatever they meant before.
func (r *Rules) withLabels(own map[string][]string) *Rules {
	out := *r
	out.forms = nil
	out.labels = nil
	taken := map[string]bool{}
	for key, texts := range own {
		for _, t := range texts {
			toks := plainTokens(t)
			taken[strings.Join(toks, " ")] = true
			out.labels = append(out.labels, phrase{key, toks})
		}
	}
	for _, p := range r.labels {
		if !taken[strings.Join(p.tokens, " ")] {
			out.labels = append(out.labels, p)
		}
	}
	slices.SortFunc(out.labels, longestFirst)
	return &out
}

// longestFirst orders phrases as phraseLike wants them, and the same way every time.
func longestFirst(a, b phrase) int {
	return cmp.Or(len(b.tokens)-len(a.tokens), strings.Compare(a.key+strings.Join(a.tokens, " "), b.key+strings.Join(b.tokens, " ")))
}

// From returns rules for a fax that came from this number; it helps to know a form, and decides nothing alone.
func (r *Rules) From(caller string) *Rules {
	out := *r
	d := digitsOf(caller)
	out.caller = d[max(0, len(d)-10):]
	return &out
}

// taught adds what the known form that this page is says, and weakens what the general extraction found without a sure label and reads otherwise.
func (r *Rules) taught(l *leaf) {
	var best *form
	var score int
	for i := range r.forms {
		f := &r.forms[i]
		n := 0
		for _, s := range l.sheets {
			n = max(n, f.known(s))
		}
		least := f.t.Least
		if r.sentBy(f.t, l.page) {
			least = max(1, least-1)
		}
		if n >= least && n > score {
			best, score = f, n
		}
	}
	if best == nil {
		return
	}
	var own []candidate
	for _, s := range l.sheets {
		own = append(own, best.read(r, s)...)
	}
	for i := range l.cands {
		if c := &l.cands[i]; c.label < sureLabel && contradicted(*c, own) {
			c.label *= 0.5
		}
	}
	l.cands = append(l.cands, own...)
	l.form = best.t
}

// contradicted reports whether the form gives the field of c another value.
func contradicted(c candidate, own []candidate) bool {
	other := false
	for _, o := range own {
		if o.key == c.key {
			if o.same(c) {
				return false
			}
			other = true
		}
	}
	return other
}

// sentBy reports whether one of the numbers that send the form sent this page, by the call or by the line on top of the page.
func (r *Rules) sentBy(t *Template, p *PageText) bool {
	header := digitsOf(text(p.Header))
	return slices.ContainsFunc(t.Callers, func(n string) bool { return n == r.caller || strings.Contains(header, n) })
}

// known counts the phrases of the form that stand on a page.
func (f *form) known(s *sheet) int {
	n := 0
	for _, w := range f.words {
		if len(s.phrasePlaces(w.tokens)) > 0 {
			n++
		}
	}
	return n
}

// phrasePlaces finds a phrase on the page, with the slack that OCR needs; at most 20.
func (s *sheet) phrasePlaces(tokens []string) []image.Rectangle {
	var out []image.Rectangle
	for n := range s.rows {
		words := s.rowWords(n)
		toks := flatten(&segment{words: words})
		for i := 0; i+len(tokens) <= len(toks) && len(out) < 20; i++ {
			k := 0
			for k < len(tokens) && alike(toks[i+k].text, tokens[k]) {
				k++
			}
			if k == len(tokens) {
				out = append(out, spanBox(words[toks[i].word:toks[i+k-1].word+1]))
			}
		}
	}
	return out
}

// read gives what the form says of its fields on one reading of a page.
func (f *form) read(r *Rules, s *sheet) []candidate {
	var out []candidate
	if f.label != nil {
		keys := map[string]bool{}
		for _, field := range f.t.Fields {
			if len(field.Labels) > 0 {
				for _, k := range keysOf(field.Key) {
					keys[k] = true
				}
			}
		}
		for _, c := range values(f.label.gather(s)) {
			if keys[c.key] {
				out = append(out, c)
			}
		}
	}
	move, ok := f.fit(s)
	for _, field := range f.t.Fields {
		if field.Zone == nil {
			continue
		}
		box, sure := field.Zone.on(s, move, ok)
		if isProse(parseKey(field.Key)) && field.Key != "patient_address" {
			sure = min(sure, zoneText)
		}
		for _, c := range r.parse(parseKey(field.Key), s.inside(box, field.Key)) {
			c.label *= sure
			c.page, c.reading = s.page.Number, s.number
			out = append(out, c)
		}
	}
	return out
}

// values are the candidates of what a step of the extraction gives.
func values(found []candidate, _ ...any) []candidate { return found }

// keysOf are the fields that a key of a template gives.
func keysOf(key string) []string {
	switch key {
	case "patient_name":
		return []string{"patient_first", "patient_middle", "patient_last", "patient_suffix"}
	case "patient_csz":
		return []string{"patient_city", "patient_state", "patient_zip"}
	case "diagnosis", "diagnosis_codes", "diagnosis_text":
		return []string{"diagnosis_codes", "diagnosis_text"}
	}
	return []string{key}
}

// parseKey is the key under which values of a field are read.
func parseKey(key string) string {
	if key == "diagnosis_codes" || key == "diagnosis_text" {
		return "diagnosis"
	}
	return key
}

// motion takes a place of the template to the page: scale and shift of each direction, in parts of the page's width.
type motion struct {
	ax, bx, ay, by float64
	close          bool
}

// fit finds where the page's placed phrases say that the form lies. A phrase that stands elsewhere than the others say is left out;
// false: fewer than two are left, or they are no such page.
func (f *form) fit(s *sheet) (motion, bool) {
	var pairs [][4]float64 // template x, y, page x, y
	for _, w := range f.words {
		if places := s.phrasePlaces(w.tokens); w.Placed && len(places) == 1 {
			p := places[0].Min
			pairs = append(pairs, [4]float64{w.X, w.Y, float64(p.X) / float64(s.width), float64(p.Y) / float64(s.width)})
		}
	}
	for len(pairs) >= 2 {
		var m motion
		m.ax, m.ay = slope(pairs, 0, 2), slope(pairs, 1, 3)
		switch { // a page is scaled alike in both directions, as far as one of them cannot tell
		case m.ax == 0 && m.ay == 0:
			m.ax, m.ay = 1, 1
		case m.ax == 0:
			m.ax = m.ay
		case m.ay == 0:
			m.ay = m.ax
		}
		m.bx, m.by = shift(pairs, m.ax, 0, 2), shift(pairs, m.ay, 1, 3)
		worst, at := 0.0, 0
		for i, p := range pairs {
			if d := max(math.Abs(m.ax*p[0]+m.bx-p[2]), math.Abs(m.ay*p[1]+m.by-p[3])); d > worst {
				worst, at = d, i
			}
		}
		if worst <= formReach && (worst <= formFit || len(pairs) <= 3) {
			m.close = worst <= formFit && len(pairs) >= 3
			return m, m.ax > 0.6 && m.ax < 1.6 && m.ay > 0.6 && m.ay < 1.6
		}
		pairs = slices.Delete(pairs, at, at+1)
	}
	return motion{}, false
}

// slope is the scale between two columns of pairs by least squares; 0 where they lie too close together to tell one.
func slope(pairs [][4]float64, from, to int) float64 {
	n := float64(len(pairs))
	var x, y, xx, xy float64
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, p := range pairs {
		x, y = x+p[from], y+p[to]
		xx, xy = xx+p[from]*p[from], xy+p[from]*p[to]
		lo, hi = min(lo, p[from]), max(hi, p[from])
	}
	if d := n*xx - x*x; hi-lo > 0.15 && d > 0 {
		return (n*xy - x*y) / d
	}
	return 0
}

// shift is how far the pairs lie apart once they are scaled.
func shift(pairs [][4]float64, scale float64, from, to int) float64 {
	sum := 0.0
	for _, p := range pairs {
		sum += p[to] - scale*p[from]
	}
	return sum / float64(len(pairs))
}

// on is the zone's box on a page in pixels, and how sure it is; an empty box when nothing ties it there.
func (z *Zone) on(s *sheet, m motion, fits bool) (image.Rectangle, float64) {
	w := float64(s.width)
	x, y, width, height, sure := z.X, z.Y, z.Width, z.Height, zoneLoose
	switch {
	case slices.Contains(pageCorners, z.Near):
		if strings.HasSuffix(z.Near, "right") {
			x += 1
		}
		if strings.HasPrefix(z.Near, "bottom") {
			y += float64(s.page.Height) / w
		}
	case z.Near != "":
		places := s.phrasePlaces(plainTokens(z.Near))
		if len(places) != 1 {
			return image.Rectangle{}, 0 // on no place, or on several: nothing is guessed
		}
		x, y = x+float64(places[0].Min.X)/w, y+float64(places[0].Min.Y)/w
		sure = zoneClose
	case !fits:
		return image.Rectangle{}, 0
	default:
		x, y, width, height = m.ax*x+m.bx, m.ay*y+m.by, m.ax*width, m.ay*height
		if m.close {
			sure = zoneClose
		}
	}
	return image.Rect(int(x*w), int(y*w), int((x+width)*w), int((y+height)*w)), sure
}

// inside are the words whose middle lies in a box, in reading order; line ends stay marked where they part the items of a list.
func (s *sheet) inside(box image.Rectangle, key string) []Word {
	var out []Word
	for i := range s.rows {
		first := true
		for _, w := range s.rowWords(i) {
			if !image.Pt((w.Box.Min.X+w.Box.Max.X)/2, middle(w.Box)).In(box) {
				continue
			}
			if first && len(out) > 0 && slices.Contains([]string{"diagnosis", "medications", "allergies"}, parseKey(key)) {
				out = append(out, Word{Text: breakText, Conf: 1})
			}
			first = false
			out = append(out, w)
		}
	}
	return out
}
