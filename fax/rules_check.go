package fax

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxWeight bounds what one phrase may say about the kind of a page; a title of the built-in rules has 6.
const maxWeight = 10

// CheckRules finds every mistake in a site's rules file of the shape of rules/default.yaml; none means that ParseRules takes it.
func CheckRules(b []byte) Mistakes {
	root, err := yamlRoot(b, maxRules)
	if err != nil {
		m, _ := err.(Mistakes)
		return m
	}
	r := templateReader{t: &Template{}}
	r.pairs(root, "rules", []string{"labels", "sections", "types", "part2", "specialties", "practice_words", "payer_words", "doubts"}, func(name string, _, v *yaml.Node) {
		switch name {
		case "labels":
			r.phrases(v, name, knownLabel, "one of "+strings.Join(Keys, ", ")+", or patient_name, diagnosis, other, none")
		case "sections":
			r.phrases(v, name, func(s string) bool { return slices.Contains(sectionNames, s) }, "one of "+strings.Join(sectionNames, ", "))
		case "doubts":
			r.phrases(v, name, func(s string) bool { return slices.Contains(doubtNames, s) }, "one of "+strings.Join(doubtNames, ", "))
		case "specialties":
			r.phrases(v, name, func(s string) bool { return len(plainTokens(s)) > 0 }, "the name of a specialty")
		case "types":
			r.weights(v)
		default:
			r.labels(v, name)
		}
	})
	slices.SortStableFunc(r.wrong, func(a, b Mistake) int { return cmp.Or(a.Line-b.Line, a.Col-b.Col) })
	return r.wrong
}

// sectionNames are whom a part of a page may be about.
var sectionNames = []string{"patient", "from", "to", "payer", "clinical", "other"}

// phrases checks a mapping of known names to lists of phrases.
func (r *templateReader) phrases(n *yaml.Node, key string, known func(string) bool, want string) {
	r.pairs(n, key, nil, func(name string, k, v *yaml.Node) {
		if !known(name) {
			r.bad(k, key, "got %q, want %s", clipped(name), want)
			return
		}
		r.labels(v, key+"."+name)
	})
}

// weights checks the phrases that tell the kind of a page.
func (r *templateReader) weights(n *yaml.Node) {
	kinds := slices.Sorted(maps.Keys(kindsOfRules()))
	r.pairs(n, "types", nil, func(name string, k, v *yaml.Node) {
		if !slices.Contains(kinds, name) {
			r.bad(k, "types", "got %q, want one of %s", clipped(name), strings.Join(kinds, ", "))
			return
		}
		r.pairs(v, "types."+name, nil, func(text string, k, v *yaml.Node) {
			w, err := strconv.ParseFloat(v.Value, 64)
			switch {
			case len(plainTokens(text)) == 0 || len(text) > maxPhrase:
				r.bad(k, "types."+name, "got no words or more than %d characters, want a phrase", maxPhrase)
			case err != nil || !(w >= -maxWeight && w <= maxWeight):
				r.bad(v, "types."+name, "got no weight between -%d and %d, want one such as 3", maxWeight, maxWeight)
			}
		})
	})
}

// kindsOfRules are the kinds that the built-in rules weigh.
func kindsOfRules() map[string]bool {
	out := map[string]bool{}
	for _, p := range DefaultRules().typePhrases {
		out[p.kind] = true
	}
	return out
}

// WithRules returns the rules that come with the program together with a site's files, in order. Each must have passed CheckRules.
func WithRules(files ...[]byte) (*Rules, error) {
	return ParseRules(append([][]byte{defaultRules}, files...)...)
}
