package synth

import (
	"fmt"
	"image"
	"math/rand/v2"
	"strings"
	"time"
)

// paper is one document being printed: what is said on it goes into its truth.
type paper struct {
	*canvas
	f     *Facts
	r     *rand.Rand
	truth map[string]any
	dates string // Go layout of dates
	phone string // with a, b and c for the parts
	role  string // type face of values
	size  float64
}

func newPaper(fonts *Fonts, r *rand.Rand, f *Facts) *paper {
	return &paper{canvas: newCanvas(fonts), f: f, r: r, truth: map[string]any{}, role: "sans", size: 11,
		dates: pick(r, []string{"01/02/2006", "1/2/2006", "Jan 2, 2006", "01-02-2006", "2006-01-02", "January 2, 2006"}),
		phone: pick(r, []string{"(a) b-c", "a-b-c", "a.b.c"})}
}

// say gives a value as it is printed and notes it.
func (p *paper) say(key string) string {
	v := p.f.Values[key]
	p.truth[key] = v
	return p.print(key, v)
}

func (p *paper) print(key, v string) string {
	switch {
	case strings.HasSuffix(key, "_dob") || strings.HasSuffix(key, "_date"):
		t, err := time.Parse(time.DateOnly, v)
		if err != nil {
			return v
		}
		return t.Format(p.dates)
	case strings.HasSuffix(key, "phone") || strings.HasSuffix(key, "_fax"):
		return strings.NewReplacer("a", v[:3], "b", v[3:6], "c", v[6:]).Replace(p.phone)
	case key == "patient_sex":
		return map[string]string{"M": "Male", "F": "Female"}[v]
	case key == "priority":
		return map[string]string{"routine": "Routine", "urgent": "Urgent", "stat": "STAT"}[v]
	}
	return v
}

// list gives a list as it is printed and notes it.
func (p *paper) list(key string) []string {
	l := p.f.Lists[key]
	if len(l) > 0 {
		p.truth[key] = l
	}
	return l
}

// name is the patient's name: 0 "First M. Last", 1 "Last, First M", 2 "First Last", 3 "LAST, FIRST".
func (p *paper) name(style int) string {
	first, middle, last := p.f.Values["patient_first"], p.f.Values["patient_middle"], p.f.Values["patient_last"]
	p.truth["patient_first"], p.truth["patient_last"] = first, last
	if style < 2 {
		p.truth["patient_middle"] = middle
	}
	switch style {
	case 0:
		return first + " " + middle + ". " + last
	case 1:
		return last + ", " + first + " " + middle
	case 2:
		return first + " " + last
	}
	return strings.ToUpper(last + ", " + first)
}

func (p *paper) cityLine() string {
	return p.say("patient_city") + ", " + p.say("patient_state") + " " + p.say("patient_zip")
}

// diagnosis prints codes with their names.
func (p *paper) diagnosis(form string) []string {
	var out []string
	names := p.list("diagnosis_text")
	for i, code := range p.list("diagnosis_codes") {
		out = append(out, strings.NewReplacer("CODE", code, "NAME", names[i]).Replace(form))
	}
	return out
}

// doctor is a name with a title or credentials.
func (p *paper) doctor(key string) string {
	n := p.say(key)
	if key == "referred_to_name" {
		return "Dr. " + n
	}
	return n + pick(p.r, []string{", MD", ", DO", " MD", ", NP"})
}

// row is one label with its value.
type row struct{ label, value string }

// cells draws a row of boxed cells with small labels on top of their values.
func (p *paper) cells(x, y, h int, widths []int, rows []row) int {
	for i, w := range widths {
		p.frame(image.Rect(x, y, x+w, y+h), 2)
		p.text(x+8, y+22, "sans", 6.5, rows[i].label)
		p.text(x+12, y+h-14, p.role, p.size, rows[i].value)
		x += w
	}
	return y + h
}

// pairs draws labels with values in a column beside them.
func (p *paper) pairs(x, y, offset, lead int, role string, rows []row) int {
	for _, r := range rows {
		p.text(x, y, role, p.size, r.label)
		p.text(x+offset, y, p.role, p.size, r.value)
		y += lead
	}
	return y
}

// bar is a heading in white on black, or black on grey.
func (p *paper) bar(x, y, w int, shade uint8, s string) int {
	p.fill(image.Rect(x, y, x+w, y+44), shade)
	if shade < 100 {
		p.ink(x+12, y+33, "bold", 11, s, image.White)
	} else {
		p.text(x+12, y+33, "bold", 11, s)
	}
	return y + 44
}

// line is a label with a ruled line that its value is written on.
func (p *paper) line(x, y, end int, label, value string) {
	at := p.text(x, y, "sans", 10, label) + 14
	p.rule(at, y+6, end, y+6, 2)
	p.text(at+10, y-pick(p.r, []int{0, 2, 4}), p.role, p.size, value)
}

func (p *paper) headOf(x, y int, role string) int {
	p.text(x, y, role, 16, p.say("referring_practice"))
	p.text(x, y+44, "sans", 9.5, fmt.Sprintf("Tel %s    Fax %s", p.say("referring_phone"), p.say("referring_fax")))
	return y + 90
}
