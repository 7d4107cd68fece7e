package fax

import (
	"cmp"
	"errors"
	"fmt"
	"image"
	"maps"
	"slices"
	"strings"
)

// ErrTeach is returned when nothing can be learnt from a page.
var ErrTeach = errors.New("fax: teach: got no page on which the verified values stand")

// Verified is a value that a person confirmed or put right. List values are one a line. Page and Box tell where it was read, when that is known.
type Verified struct {
	Key, Value string
	Page       int
	Box        [4]int
}

// Teach makes a template of one fax whose values are verified: it looks for each value on the pages, takes the page with the most of them,
// and keeps where they stand relative to words that are no values. Missed are the keys whose value it found nowhere on that page.
// The template holds no value of the fax; a person should still look it through, because words that nobody verified may stand in it.
func (r *Rules) Teach(name, kind string, pages []PageText, values []Verified) (t *Template, missed []string, err error) {
	var best *lesson
	for i := range pages {
		if pages[i].Failure != "" || len(pages[i].Readings) == 0 {
			continue
		}
		l := newLesson(r, &pages[i])
		l.find(values)
		if best == nil || len(l.at) > len(best.at) {
			best = l
		}
	}
	if best == nil || len(best.at) == 0 {
		return nil, nil, ErrTeach
	}
	t = &Template{Name: name, Kind: kind}
	t.Words = best.anchors(values)
	if len(t.Words) < 3 {
		return nil, nil, fmt.Errorf("fax: teach: got %d phrases that stand once on page %d beside the values, want at least 3 to know the form by", len(t.Words), best.s.page.Number)
	}
	t.Least = (len(t.Words)*3 + 4) / 5
	for _, key := range slices.Sorted(maps.Keys(best.at)) {
		z := best.zone(key)
		t.Fields = append(t.Fields, TemplateField{Key: key, Zone: &z})
	}
	for _, v := range values {
		if !best.has(v.Key) && v.Value != "" && knownLabel(v.Key) {
			missed = append(missed, v.Key)
		}
	}
	return t, missed, nil
}

// lesson is one page with the places of the verified values on it.
type lesson struct {
	r  *Rules
	s  *sheet
	at map[string]image.Rectangle
}

func newLesson(r *Rules, p *PageText) *lesson {
	return &lesson{r: r, s: newSheet(p, 0), at: map[string]image.Rectangle{}}
}

// has reports whether a value of this key was found, also as part of a whole.
func (l *lesson) has(key string) bool {
	for k := range l.at {
		if slices.Contains(keysOf(k), key) {
			return true
		}
	}
	return false
}

// find looks for the values: first and last name together where they stand so, else each for itself.
func (l *lesson) find(values []Verified) {
	want := map[string]Verified{}
	for _, v := range values {
		if v.Value != "" {
			want[v.Key] = v
		}
	}
	first, last := want["patient_first"], want["patient_last"]
	if first.Value != "" && last.Value != "" {
		box, ok := l.locate("patient_name", first, func(c []candidate) bool {
			return says(c, "patient_first", first.Value) && says(c, "patient_last", last.Value)
		})
		if ok {
			l.at["patient_name"] = box
			delete(want, "patient_first")
			delete(want, "patient_last")
			delete(want, "patient_middle")
			delete(want, "patient_suffix")
		}
	}
	for _, key := range slices.SortedFunc(maps.Keys(want), func(a, b string) int { return cmp.Or(early(a)-early(b), cmp.Compare(a, b)) }) {
		v := want[key]
		if !knownLabel(key) {
			continue
		}
		if key == "reason" || key == "service_text" || strings.Contains(v.Value, "\n") {
			if box, ok := l.locateProse(v); ok {
				l.at[key] = box
			}
			continue
		}
		box, ok := l.locate(parseKey(key), v, func(c []candidate) bool { return says(c, key, v.Value) })
		if ok && !l.choice(key, box) {
			l.at[key] = box
		}
	}
}

// early is 0 for what stands once on a page, so that what may stand in several places (a city) is taken from beside it.
func early(key string) int {
	if key == "patient_dob" {
		return 0
	}
	return 1
}

// choice reports whether all choices of a field are printed in the row of a place: then a tick decides, and no zone.
func (l *lesson) choice(key string, box image.Rectangle) bool {
	if key != "priority" && key != "patient_sex" {
		return false
	}
	for i := range l.s.rows {
		words := l.s.rowWords(i)
		if spanBox(words).Overlaps(box) && l.r.choices(words, key) > 1 {
			return true
		}
	}
	return false
}

// says reports whether one of the candidates is this field with this value, as far as case and punctuation go; letters behind a clinician's
// name may be missing.
func says(list []candidate, key, value string) bool {
	want := strings.Join(plainTokens(value), "")
	return slices.ContainsFunc(list, func(c candidate) bool {
		got := strings.ReplaceAll(c.plain(), " ", "")
		degree := strings.HasSuffix(key, "_name") && len(plainTokens(c.value)) > 1 && strings.HasPrefix(want, got)
		return c.key == key && (got == want || degree)
	})
}

// maxWindow is the most words of one line that a value of a field may have.
const maxWindow = 12

// locate finds the fewest words of one line that are read as the value, nearest to where it was read before.
func (l *lesson) locate(key string, v Verified, ok func([]candidate) bool) (image.Rectangle, bool) {
	type hit struct {
		box   image.Rectangle
		words int
	}
	var hits []hit
	digit := strings.ContainsAny(v.Value, "0123456789")
	for i := range l.s.rows {
		words := l.s.rowWords(i)
		for from := range words {
			for to := from + 1; to <= len(words) && to-from <= maxWindow; to++ {
				w := words[from:to]
				if digit && !strings.ContainsAny(text(w), "0123456789") || !ok(l.r.parse(key, w)) {
					continue
				}
				hits = append(hits, hit{spanBox(w), to - from})
				break
			}
		}
	}
	if len(hits) == 0 {
		return image.Rectangle{}, false
	}
	before := image.Rect(v.Box[0], v.Box[1], v.Box[0]+v.Box[2], v.Box[1]+v.Box[3])
	near := func(h hit) int {
		if v.Page == l.s.page.Number && h.box.Overlaps(before) {
			return 0
		}
		return 1
	}
	far := func(h hit) int { // from the patient's other values, for the patient's
		for _, k := range []string{"patient_name", "patient_dob"} {
			if at, ok := l.at[k]; ok && strings.HasPrefix(v.Key, "patient_") {
				return max(at.Min.Y-h.box.Min.Y, h.box.Min.Y-at.Min.Y)
			}
		}
		return 0
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Or(near(a)-near(b), far(a)-far(b), a.words-b.words) })
	return hits[0].box, true
}

// locateProse finds a value of several words or lines: where its first words stand, and the lines below that are made of its words.
func (l *lesson) locateProse(v Verified) (image.Rectangle, bool) {
	toks := plainTokens(v.Value)
	if len(toks) == 0 {
		return image.Rectangle{}, false
	}
	places := l.s.phrasePlaces(toks[:min(3, len(toks))])
	if len(places) == 0 {
		return image.Rectangle{}, false
	}
	box, left := places[0], places[0].Min.X
	for i := range l.s.rows {
		var in, out int
		var line image.Rectangle
		for _, w := range l.s.rowWords(i) {
			if middle(w.Box) < box.Min.Y || w.Box.Min.X < left-l.s.height {
				continue
			}
			if t := plainTokens(w.Text); len(t) > 0 && slices.Contains(toks, t[0]) {
				in++
				line = line.Union(w.Box)
			} else {
				out++
			}
		}
		if in > out && line.Min.Y-box.Max.Y < 2*l.s.height {
			box = box.Union(line)
		}
	}
	return box, true
}

// taken reports whether a word belongs to a verified value.
func (l *lesson) taken(w image.Rectangle) bool {
	for _, b := range l.at {
		if w.Overlaps(b) {
			return true
		}
	}
	return false
}

// phrases of the page that are no values, with how well they would tell the form.
type mooring struct {
	text  string
	box   image.Rectangle
	score int
}

// anchors chooses the phrases by which the form is known: labels beside the values and titles, each once on the page, none with a digit.
func (l *lesson) anchors(values []Verified) []Anchor {
	const most = 14
	said := map[string]bool{}
	for _, v := range values {
		for _, t := range plainTokens(v.Value) {
			if len(t) > 2 {
				said[t] = true
			}
		}
	}
	var found []mooring
	for _, g := range l.s.segs {
		m, ok := l.mooring(g, said)
		if ok && len(l.s.phrasePlaces(plainTokens(m.text))) == 1 {
			found = append(found, m)
		}
	}
	slices.SortStableFunc(found, func(a, b mooring) int { return b.score - a.score })
	found = found[:min(most, len(found))]
	slices.SortStableFunc(found, func(a, b mooring) int {
		return cmp.Or(a.box.Min.Y-b.box.Min.Y, a.box.Min.X-b.box.Min.X)
	})
	w := float64(l.s.width)
	var out []Anchor
	for _, m := range found {
		out = append(out, Anchor{Text: m.text, X: float64(m.box.Min.X) / w, Y: float64(m.box.Min.Y) / w, Placed: true})
	}
	return out
}

// mooring is the printed part of a segment: its words up to the first one that is a value or has a digit, at most five.
func (l *lesson) mooring(g *segment, said map[string]bool) (m mooring, ok bool) {
	var words []Word
	colon := false
	for _, w := range g.words {
		toks := plainTokens(w.Text)
		value := slices.ContainsFunc(toks, func(t string) bool { return said[t] })
		if len(words) == 5 || value || l.taken(w.Box) || strings.ContainsAny(w.Text, "0123456789@") || w.Conf < 0.6 || lettersDigits(w.Text) == 1 {
			break
		}
		if words = append(words, w); strings.HasSuffix(w.Text, ":") {
			colon = true
			break
		}
	}
	toks := plainTokens(text(words))
	if len(toks) == 0 || len(strings.Join(toks, "")) < 4 {
		return m, false
	}
	m = mooring{text: strings.Join(toks, " "), box: spanBox(words)}
	if colon {
		m.score++
	}
	if tall(words) > l.s.height*12/10 && m.box.Min.Y < l.s.width/3 {
		m.score += 2
	}
	for _, b := range l.at {
		beside := m.box.Max.X <= b.Min.X && b.Min.X-m.box.Max.X < l.s.width*3/10 && m.box.Min.Y < b.Max.Y && b.Min.Y < m.box.Max.Y
		above := m.box.Max.Y <= b.Min.Y+l.s.height/2 && b.Min.Y-m.box.Max.Y < 5*l.s.height/2 && m.box.Min.X < b.Max.X && b.Min.X < m.box.Max.X
		if beside || above {
			m.score += 2
		}
	}
	return m, true
}

// zone is the room of a value: its own box, and to the right as far as nothing printed stands there, because other values are longer.
func (l *lesson) zone(key string) Zone {
	b := l.at[key]
	room := b
	room.Max.X = min(l.s.width-l.s.width/50, max(b.Max.X+b.Dx()*3/2, b.Min.X+l.s.width/4))
	if key == "reason" || key == "service_text" {
		room.Max.X = max(room.Max.X, b.Max.X)
	}
	for _, g := range l.s.segs {
		for _, w := range g.words {
			if w.Box.Min.X >= b.Max.X && w.Box.Min.X < room.Max.X && w.Box.Min.Y < b.Max.Y && b.Min.Y < w.Box.Max.Y && !w.Box.Overlaps(b) && w.Box.Min.X-b.Max.X > l.s.height/2 {
				room.Max.X = w.Box.Min.X - l.s.height/4
			}
		}
	}
	grow := l.s.height * 4 / 10
	room = image.Rect(b.Min.X-grow, b.Min.Y-grow, max(room.Max.X, b.Max.X), b.Max.Y+grow)
	w := float64(l.s.width)
	return Zone{X: float64(room.Min.X) / w, Y: float64(room.Min.Y) / w, Width: float64(room.Dx()) / w, Height: float64(room.Dy()) / w}
}

// YAML writes a template as ParseTemplate reads it.
func (t *Template) YAML() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "name: %s\n", quoted(t.Name))
	if t.Kind != "" {
		fmt.Fprintf(&b, "kind: %s\n", t.Kind)
	}
	fmt.Fprintf(&b, "match:\n  least: %d # of the words below, to know the form by\n  words: # on every copy of the form; take out what is not\n", t.Least)
	for _, a := range t.Words {
		if !a.Placed {
			fmt.Fprintf(&b, "    - %s\n", quoted(a.Text))
			continue
		}
		fmt.Fprintf(&b, "    - {text: %s, at: [%.4f, %.4f]}\n", quoted(a.Text), a.X, a.Y)
	}
	if len(t.Callers) > 0 {
		fmt.Fprintf(&b, "  callers: [\"%s\"]\n", strings.Join(t.Callers, `", "`))
	}
	b.WriteString("fields: # zone: x, y, width, height in parts of the page's width\n")
	for _, f := range t.Fields {
		var parts []string
		if len(f.Labels) > 0 {
			var labels []string
			for _, l := range f.Labels {
				labels = append(labels, quoted(l))
			}
			parts = append(parts, "labels: ["+strings.Join(labels, ", ")+"]")
		}
		if z := f.Zone; z != nil {
			parts = append(parts, fmt.Sprintf("zone: [%.4f, %.4f, %.4f, %.4f]", z.X, z.Y, z.Width, z.Height))
			if z.Near != "" {
				parts = append(parts, "near: "+quoted(z.Near))
			}
		}
		fmt.Fprintf(&b, "  %s: {%s}\n", f.Key, strings.Join(parts, ", "))
	}
	return []byte(b.String())
}

// quoted is a text in YAML's double quotes.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ").Replace(s) + `"`
}
