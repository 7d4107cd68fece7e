package fax

import (
	"context"
	"image"
	"slices"

	"refloop/fax/ocr"
)

// Again is a part of a page that was read once more by itself, larger and without the lines of the form, because the readings of the
// whole page left a doubt there. It is one more vote, and no more than that.
type Again struct {
	Key   string          `json:"k"` // what is looked for: a key of the labels
	Sure  float64         `json:"s"` // how sure the place is, 0..1
	Box   image.Rectangle `json:"b"`
	Words []Word          `json:"w,omitempty"`
}

const (
	// maxAgain bounds the parts of one page that are read again.
	maxAgain = 24
	// againBelow is the confidence under which a field is read again.
	againBelow = 0.95
	// againReading is the number of the reading that these parts make together.
	againReading = 8
	// againScale is how much larger they are read.
	againScale = 2
	againGap   = 36 // pixels between two parts
)

// digitKeys are read with an alphabet of digits; what stands for them is in digitMarks.
var digitKeys = []string{"patient_phone", "referring_phone", "referring_fax", "referred_to_fax", "referring_npi", "patient_zip"}

const digitMarks = "0123456789()-./ "

// againKeys are the fields worth another look: short, and wrong when one character is.
var againKeys = append([]string{"patient_first", "patient_last", "patient_dob", "referral_date", "patient_mrn", "member_id", "group_number", "auth_number",
	"referral_id", "referring_name", "referred_to_name", "payer_name", "patient_address", "patient_city", "diagnosis_codes", "patient_sex"}, digitKeys...)

// voted gives the candidates of the parts that were read again.
func (r *Rules) voted(p *PageText) []candidate {
	var out []candidate
	for _, a := range p.Again {
		clean, _ := tidy(a.Words, nil, usualHeight(a.Words))
		for _, c := range r.parse(a.Key, clean) {
			c.label *= a.Sure
			c.page, c.reading, c.box, c.region = p.Number, againReading, a.Box, image.Rectangle{}
			out = append(out, c)
		}
	}
	return out
}

// doubts lists what should be read again: where a field is not sure, and where a label has no value that makes sense.
func (r *Rules) doubts(p *PageText) []Again {
	l := r.leaf(p)
	fields := merge(slices.Clone(l.cands), map[int]facts{p.Number: {weight: 1, readings: len(l.sheets), exact: p.Exact}})
	var out []Again
	add := func(a Again) {
		for _, o := range out {
			if in := o.Box.Intersect(a.Box); o.Key == a.Key && in.Dx()*in.Dy()*2 > min(o.Box.Dx()*o.Box.Dy(), a.Box.Dx()*a.Box.Dy()) {
				return
			}
		}
		if len(out) < maxAgain && !a.Box.Empty() {
			out = append(out, a)
		}
	}
	for _, c := range l.cands {
		f, ok := fields[c.key]
		if !ok || f.Confidence >= againBelow || c.label < 0.8 || !slices.Contains(againKeys, c.key) {
			continue
		}
		add(Again{Key: askedAs(c, l.cands), Sure: c.label, Box: c.box})
	}
	for _, m := range l.missed {
		if _, ok := fields[m.Key]; !ok {
			add(m)
		}
	}
	return out
}

// askedAs is the key to parse a candidate's place with: several fields may have been read out of it together.
func askedAs(c candidate, all []candidate) string {
	together := func(key string) bool {
		return slices.ContainsFunc(all, func(o candidate) bool { return o.key == key && o.reading == c.reading && o.box == c.box })
	}
	switch {
	case c.key == "patient_first" && together("patient_last"), c.key == "patient_last" && together("patient_first"):
		return "patient_name"
	case c.key == "diagnosis_codes":
		return "diagnosis"
	case c.key == "patient_city":
		return "patient_city"
	}
	return c.key
}

// missing notes the place where a label's value should be but could not be made out.
func (s *sheet) missing(key string, places []place, g *segment, m mark) []Again {
	known := key == "patient_name" || key == "diagnosis" || key == "patient_csz" || slices.Contains(againKeys, key)
	if !known || m.typed {
		return nil
	}
	for _, p := range places {
		if box := spanBox(p.words); len(p.words) <= 8 && box.Dy() < 3*s.height {
			return []Again{{Key: key, Sure: p.sure, Box: box}}
		}
	}
	label := spanBox(g.words[m.from:m.to])
	edge := min(s.bound(g, m), label.Max.X+s.width*2/5)
	if m.to < len(g.words) {
		edge = min(edge, g.words[m.to].Box.Min.X)
	}
	out := []Again{{Key: key, Sure: loosely, Box: image.Rect(label.Max.X+s.height/3, label.Min.Y-s.height/2, edge, label.Max.Y+s.height/3)}}
	if !m.colon {
		out = append(out, Again{Key: key, Sure: loosely, Box: image.Rect(label.Min.X-s.height/3, label.Max.Y+2, max(edge, label.Max.X), label.Max.Y+s.height*5/2)})
	}
	return out
}

// again reads the doubtful parts of a page. clear is the page without the lines of its form.
func (s *scan) again(ctx context.Context, rec Recognizer, clear *image.Gray, out *PageText) error {
	var digits, free []Again
	for _, a := range DefaultRules().doubts(out) {
		h := max(6, min(a.Box.Dy(), 40)/4)
		a.Box = a.Box.Inset(-h).Intersect(clear.Rect)
		if a.Box.Dx() < 16 || a.Box.Dy() < 12 || a.Box.Dy() > s.dpi || blank(clear, a.Box) {
			continue
		}
		if slices.Contains(digitKeys, a.Key) {
			digits = append(digits, a)
		} else {
			free = append(free, a)
		}
	}
	for _, part := range []struct {
		list  []Again
		allow string
	}{{digits, digitMarks}, {free, ""}} {
		if err := s.readParts(ctx, rec, clear, part.list, part.allow, out); err != nil {
			return err
		}
	}
	return nil
}

// minInk is the number of dark pixels of a part worth reading.
const minInk = 40

func blank(g *image.Gray, r image.Rectangle) bool {
	n := 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for _, v := range g.Pix[y*g.Stride+r.Min.X : y*g.Stride+r.Max.X] {
			if v < 128 {
				n++
			}
		}
	}
	return n < minInk
}

// readParts draws the parts under each other, larger, on one picture, and asks the engine once.
func (s *scan) readParts(ctx context.Context, rec Recognizer, g *image.Gray, parts []Again, allow string, out *PageText) error {
	if len(parts) == 0 {
		return nil
	}
	w, h := 0, againGap
	top := make([]int, len(parts))
	for i, a := range parts {
		top[i] = h
		w, h = max(w, a.Box.Dx()*againScale+2*againGap), h+a.Box.Dy()*againScale+againGap
	}
	if w > ocr.MaxSide || h > ocr.MaxSide || w*h > ocr.MaxPixels {
		return nil
	}
	sheet := image.NewGray(image.Rect(0, 0, w, h))
	for i := range sheet.Pix {
		sheet.Pix[i] = 255
	}
	for i, a := range parts {
		for y := range a.Box.Dy() * againScale {
			for x := range a.Box.Dx() * againScale {
				sheet.Pix[(top[i]+y)*sheet.Stride+againGap+x] = sample(g, float64(a.Box.Min.X)+float64(x)/againScale, float64(a.Box.Min.Y)+float64(y)/againScale)
			}
		}
	}
	r, err := rec.Recognize(ctx, ocr.Request{Width: w, Height: h, DPI: s.dpi * againScale, Modes: []int{ocr.ModeBlock}, Allow: allow, Pix: sheet.Pix})
	if err != nil || len(r.Readings) == 0 {
		return err
	}
	for _, word := range r.Readings[0] {
		for i := range parts {
			if y := middle(word.Box); y < top[i]-againGap/2 || y >= top[i]+parts[i].Box.Dy()*againScale+againGap/2 {
				continue
			}
			b := word.Box.Sub(image.Pt(againGap, top[i]))
			word.Box = image.Rect(b.Min.X/againScale, b.Min.Y/againScale, b.Max.X/againScale, b.Max.Y/againScale).Add(parts[i].Box.Min)
			parts[i].Words = append(parts[i].Words, word)
			break
		}
	}
	for _, a := range parts {
		if lettersDigits(text(a.Words)) > 0 {
			out.Again = append(out.Again, a)
		}
	}
	return nil
}
