package fax

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// pageCorners are the words of Zone.Near that are no phrase.
var pageCorners = []string{"top_left", "top_right", "bottom_left", "bottom_right"}

// phrase reads one text of a few words.
func (r *templateReader) phrase(n *yaml.Node, key string) string {
	s := strings.TrimSpace(n.Value)
	if n.Kind != yaml.ScalarNode || s == "" || len(s) > maxPhrase || len(plainTokens(s)) == 0 {
		r.bad(n, key, "got %d characters or no text, want words of at most %d characters", len(s), maxPhrase)
		return ""
	}
	return s
}

// words reads match.words: phrases, or {text: ..., at: [x, y]}.
func (r *templateReader) words(n *yaml.Node) {
	const key = "match.words"
	if n.Kind != yaml.SequenceNode || len(n.Content) > maxTemplateWords {
		r.bad(n, key, "got no list or more than %d, want a list of phrases", maxTemplateWords)
		return
	}
	for _, item := range n.Content {
		if item.Kind != yaml.MappingNode {
			if s := r.phrase(item, key); s != "" {
				r.t.Words = append(r.t.Words, Anchor{Text: s})
			}
			continue
		}
		var a Anchor
		r.pairs(item, key, []string{"text", "at"}, func(name string, _, v *yaml.Node) {
			if name == "text" {
				a.Text = r.phrase(v, key)
			} else if at := r.numbers(v, key+".at", 2); at != nil {
				a.X, a.Y, a.Placed = at[0], at[1], true
			}
		})
		if a.Text == "" {
			r.bad(item, key, "got no text, want {text: words, at: [x, y]}")
			continue
		}
		r.t.Words = append(r.t.Words, a)
	}
}

// callers reads the numbers that send the form.
func (r *templateReader) callers(n *yaml.Node) {
	if n.Kind != yaml.SequenceNode || len(n.Content) > maxTemplateWords {
		r.bad(n, "match.callers", "got no list or more than %d, want a list of numbers", maxTemplateWords)
		return
	}
	for _, item := range n.Content {
		d := digitsOf(item.Value)
		if d = d[max(0, len(d)-10):]; len(d) != 10 {
			r.bad(item, "match.callers", "got a number of %d digits, want 10, in quotes", len(d))
			continue
		}
		r.t.Callers = append(r.t.Callers, d)
	}
}

func (r *templateReader) fields(n *yaml.Node) {
	if len(n.Content) > 2*maxTemplateFields {
		r.bad(n, "fields", "got more than %d, want fewer", maxTemplateFields)
		return
	}
	r.pairs(n, "fields", nil, func(name string, k, v *yaml.Node) {
		if strings.HasPrefix(name, ".") || name == "none" || name == "other" || !knownLabel(name) {
			r.bad(k, "fields", "got %q, want patient_name, diagnosis, or one of %s", clipped(name), strings.Join(Keys, ", "))
			return
		}
		f := TemplateField{Key: name}
		zoned := false
		r.pairs(v, "fields."+name, []string{"labels", "zone", "near"}, func(part string, _, v *yaml.Node) {
			switch part {
			case "labels":
				f.Labels = r.labels(v, "fields."+name+".labels")
			case "zone":
				zoned = true
				if z := r.numbers(v, "fields."+name+".zone", 4); z != nil {
					f.Zone = &Zone{X: z[0], Y: z[1], Width: z[2], Height: z[3], Near: near(f.Zone)}
					if z[2] <= 0 || z[3] <= 0 {
						r.bad(v, "fields."+name+".zone", "got a box without room, want [x, y, width, height]")
					}
				}
			case "near":
				if f.Zone == nil {
					f.Zone = &Zone{}
				}
				f.Zone.Near = r.phrase(v, "fields."+name+".near")
			}
		})
		switch {
		case zoned && (f.Zone == nil || f.Zone.Width == 0): // said above
		case len(f.Labels) == 0 && f.Zone == nil:
			r.bad(k, "fields."+name, "got neither labels nor a zone, want one of them")
		case f.Zone != nil && f.Zone.Width == 0:
			r.bad(k, "fields."+name, "got near without a zone, want zone: [x, y, width, height]")
		default:
			r.t.Fields = append(r.t.Fields, f)
		}
	})
}

func near(z *Zone) string {
	if z == nil {
		return ""
	}
	return z.Near
}

// anchored refuses zones that nothing ties to the page.
func (r *templateReader) anchored(n *yaml.Node) {
	placed := slices.ContainsFunc(r.t.Words, func(a Anchor) bool { return a.Placed })
	for _, f := range r.t.Fields {
		if f.Zone != nil && f.Zone.Near == "" && !placed {
			r.bad(n, "fields."+f.Key+".zone", "got a zone that nothing ties to the page, want near:, or at: [x, y] on some of match.words")
		}
	}
}

func (r *templateReader) labels(n *yaml.Node, key string) (out []string) {
	if n.Kind != yaml.SequenceNode || len(n.Content) > maxTemplateLabels {
		r.bad(n, key, "got no list or more than %d, want a list of labels", maxTemplateLabels)
		return nil
	}
	for _, item := range n.Content {
		if s := r.phrase(item, key); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// numbers reads so many numbers, each between -3 and 3; one alone need not be a list and may be larger.
func (r *templateReader) numbers(n *yaml.Node, key string, count int) []float64 {
	items := []*yaml.Node{n}
	limit := 1000.0
	if count > 1 {
		items, limit = n.Content, 3
	}
	var out []float64
	for _, item := range items {
		v, err := strconv.ParseFloat(item.Value, 64)
		if item.Kind != yaml.ScalarNode || err != nil || math.IsNaN(v) || v < -limit || v > limit {
			r.bad(item, key, "got no number between %g and %g, want %d, in parts of the page's width", -limit, limit, count)
			return nil
		}
		out = append(out, v)
	}
	if len(out) != count {
		r.bad(n, key, "got %d numbers, want %d", len(out), count)
		return nil
	}
	return out
}
