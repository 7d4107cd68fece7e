package fax

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Limits of templates.
const (
	maxTemplate       = 256 << 10 // bytes of one file
	maxTemplateWords  = 40        // phrases by which a form is known
	maxTemplateFields = 80
	maxTemplateLabels = 500 // of one field
	maxPhrase         = 100
)

// Template is one form of a partner, taught: the words by which a page is known to be this form, and where its fields stand.
// Lengths are parts of the page's width, in both directions, from the top left corner: 0.5 is half way across.
type Template struct {
	Name    string
	Kind    string   // what the page is; one of the Kind constants, empty: general extraction decides
	Words   []Anchor // at least Least of them make a page this form
	Least   int
	Callers []string // numbers that send it, ten digits: with one of them one phrase less is enough
	Fields  []TemplateField
}

// Anchor is a phrase that is printed on every copy of a form, and where; X and Y are of its top left corner. Without a place it only tells
// the form.
type Anchor struct {
	Text   string
	X, Y   float64
	Placed bool
}

// TemplateField is where one field stands: beside or under labels of its own, or in a zone. Key is one of Keys, or patient_name for a
// whole name, or diagnosis for codes with words.
type TemplateField struct {
	Key    string
	Labels []string
	Zone   *Zone
}

// Zone is a box. Its corner is on the page as it was taught, moved and scaled to where the placed phrases stand now; with Near it is
// relative to that phrase, or to a corner of the page (top_left, top_right, bottom_left, bottom_right).
type Zone struct {
	X, Y, Width, Height float64
	Near                string
}

// Mistake is one thing wrong in a file of templates or rules. Line and Col count from 1; 0 is the file as a whole.
type Mistake struct {
	Line, Col int
	Key       string
	Text      string
}

// Mistakes are everything wrong in a file, in its order.
type Mistakes []Mistake

// Error lists them, one a line.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i, one := range m {
		lines[i] = fmt.Sprintf("%d:%d: %s: %s", one.Line, one.Col, one.Key, one.Text)
	}
	return strings.Join(lines, "\n")
}

// ParseTemplate reads a template from YAML, at most 256 KiB. The error is Mistakes.
func ParseTemplate(b []byte) (*Template, error) {
	root, err := yamlRoot(b, maxTemplate)
	if err != nil {
		return nil, err
	}
	r := templateReader{t: &Template{}}
	r.top(root)
	if len(r.wrong) > 0 {
		slices.SortStableFunc(r.wrong, func(a, b Mistake) int { return cmp.Or(a.Line-b.Line, a.Col-b.Col) })
		return nil, r.wrong
	}
	return r.t, nil
}

// yamlRoot parses one document of bounded size into nodes.
func yamlRoot(b []byte, most int) (*yaml.Node, error) {
	if len(b) > most {
		return nil, Mistakes{{Key: "file", Text: fmt.Sprintf("got %d bytes, want at most %d", len(b), most)}}
	}
	var doc yaml.Node
	if err := loadYAML(b, &doc); err != nil {
		m := Mistake{Line: 1, Col: 1, Key: "file", Text: "got text that is no YAML, want YAML"}
		var many *yaml.LoadErrors
		var one *yaml.LoadError
		if errors.As(err, &many) && len(many.Errors) > 0 {
			one = many.Errors[0]
		} else if !errors.As(err, &one) {
			return nil, Mistakes{m}
		}
		m.Line, m.Col = max(one.Mark.Line, 1), max(one.Mark.Column, 1)
		m.Text = "got text that is no YAML (" + clipped(one.Message) + "), want YAML"
		return nil, Mistakes{m}
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, Mistakes{{Line: 1, Col: 1, Key: "file", Text: "got no mapping, want one with keys"}}
	}
	return doc.Content[0], nil
}

// loadYAML keeps a panic of the parser to itself.
func loadYAML(b []byte, doc *yaml.Node) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the YAML parser gave up")
		}
	}()
	return yaml.Load(b, doc)
}

func clipped(s string) string {
	if len(s) > 100 {
		return s[:100]
	}
	return s
}

// templateReader gathers a template and what is wrong with it.
type templateReader struct {
	t     *Template
	wrong Mistakes
}

func (r *templateReader) bad(n *yaml.Node, key, format string, args ...any) {
	r.wrong = append(r.wrong, Mistake{Line: n.Line, Col: n.Column, Key: key, Text: fmt.Sprintf(format, args...)})
}

// pairs goes through a mapping; aliases and repeated keys are refused.
func (r *templateReader) pairs(n *yaml.Node, key string, known []string, each func(name string, k, v *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.bad(n, key, "got no mapping, want one with %s", strings.Join(known, ", "))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case k.Kind != yaml.ScalarNode || v.Kind == yaml.AliasNode:
			r.bad(k, key, "got an alias or a key that is no word, want plain values")
		case seen[k.Value]:
			r.bad(k, key, "got the key %q again, want it once", clipped(k.Value))
		case known != nil && !slices.Contains(known, k.Value):
			r.bad(k, key, "got the unknown key %q, want one of %s", clipped(k.Value), strings.Join(known, ", "))
		default:
			each(k.Value, k, v)
		}
		seen[k.Value] = true
	}
}

func (r *templateReader) top(n *yaml.Node) {
	t := r.t
	var least *yaml.Node
	r.pairs(n, "template", []string{"name", "kind", "match", "fields"}, func(name string, _, v *yaml.Node) {
		switch name {
		case "name":
			t.Name = r.phrase(v, "name")
		case "kind":
			kinds := []string{KindReferral, KindImaging, KindConsult, KindLab, KindRefill, KindAdvert, KindOther}
			if t.Kind = v.Value; !slices.Contains(kinds, t.Kind) {
				r.bad(v, "kind", "got %q, want one of %s", clipped(v.Value), strings.Join(kinds, ", "))
			}
		case "match":
			r.pairs(v, "match", []string{"words", "least", "callers"}, func(name string, _, v *yaml.Node) {
				switch name {
				case "words":
					r.words(v)
				case "callers":
					r.callers(v)
				default:
					least = v
				}
			})
		case "fields":
			r.fields(v)
		}
	})
	if t.Name == "" {
		r.bad(n, "name", "got nothing, want a name of the form")
	}
	if len(t.Words) == 0 {
		r.bad(n, "match.words", "got nothing, want phrases that stand on every copy of the form")
	}
	if len(t.Fields) == 0 {
		r.bad(n, "fields", "got nothing, want at least one field")
	}
	r.anchored(n)
	t.Least = (len(t.Words)*3 + 4) / 5 // three in five
	if least != nil {
		v := r.numbers(least, "match.least", 1)
		if len(v) == 1 && (v[0] < 1 || v[0] > float64(max(1, len(t.Words))) || v[0] != float64(int(v[0]))) {
			r.bad(least, "match.least", "got %s, want a whole number from 1 to the %d words", clipped(least.Value), len(t.Words))
		} else if len(v) == 1 {
			t.Least = int(v[0])
		}
	}
	if t.Least < 2 && len(t.Words) > 0 && len(plainTokens(t.Words[0].Text)) < 2 {
		r.bad(n, "match.words", "got one word to know the form by, want at least two phrases or one of several words")
	}
}
