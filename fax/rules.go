package fax

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v4"
)

//go:embed rules/default.yaml
var defaultRules []byte

// Rules is what Extract knows of labels, headings and document types. It is
// data, so that a site can add the words its partners print. A *Rules is
// never written to after ParseRules and may be shared.
type Rules struct {
	labels      []phrase // longest first
	sections    []phrase
	typePhrases []typePhrase
	part2       [][]string
	specialties []phrase
	practice    map[string]bool
	payer       map[string]bool
	doubtful    []phrase // words that put a value under the review line
	forms       []form   // templates of partners
	caller      string   // number the fax came from, ten digits; a hint
}

type phrase struct {
	key    string
	tokens []string
}

type typePhrase struct {
	kind   string
	text   string // tokens joined by single spaces
	weight float64
}

type rulesFile struct {
	Labels      map[string][]string           `yaml:"labels"`
	Sections    map[string][]string           `yaml:"sections"`
	Types       map[string]map[string]float64 `yaml:"types"`
	Part2       []string                      `yaml:"part2"`
	Specialties map[string][]string           `yaml:"specialties"`
	Practice    []string                      `yaml:"practice_words"`
	Payer       []string                      `yaml:"payer_words"`
	Doubts      map[string][]string           `yaml:"doubts"`
}

// maxRules bounds the size of a rules file in bytes.
const maxRules = 1 << 20

// DefaultRules returns the rules that come with the program.
func DefaultRules() *Rules { return builtIn() }

var builtIn = sync.OnceValue(func() *Rules {
	r, err := ParseRules(defaultRules)
	if err != nil {
		panic(err) // the embedded file is part of the program; a test reads it
	}
	return r
})

// ParseRules reads one or more rules files of the shape of rules/default.yaml;
// later files add to earlier ones. At most 1 MiB each.
func ParseRules(files ...[]byte) (*Rules, error) {
	r := &Rules{practice: map[string]bool{}, payer: map[string]bool{}}
	for i, b := range files {
		if len(b) > maxRules {
			return nil, fmt.Errorf("fax: rules file %d: got %d bytes, want at most %d", i+1, len(b), maxRules)
		}
		var f rulesFile
		if err := yaml.Load(b, &f, yaml.WithKnownFields()); err != nil {
			return nil, fmt.Errorf("fax: rules file %d: %w", i+1, err)
		}
		if err := r.add(f); err != nil {
			return nil, fmt.Errorf("fax: rules file %d: %w", i+1, err)
		}
	}
	for _, list := range [][]phrase{r.labels, r.sections, r.specialties} {
		slices.SortFunc(list, longestFirst)
	}
	slices.SortFunc(r.typePhrases, func(a, b typePhrase) int { return strings.Compare(a.kind+a.text, b.kind+b.text) })
	return r, nil
}

func (r *Rules) add(f rulesFile) error {
	var err error
	list := func(to *[]phrase, from map[string][]string, ok func(string) bool) {
		for key, texts := range from {
			if !ok(key) {
				err = fmt.Errorf("key: got %q, want one of the known ones", key)
			}
			for _, t := range texts {
				if toks := plainTokens(t); len(toks) > 0 {
					*to = append(*to, phrase{key, toks})
				}
			}
		}
	}
	list(&r.labels, f.Labels, knownLabel)
	list(&r.sections, f.Sections, func(s string) bool {
		return slices.Contains([]string{"patient", "from", "to", "payer", "clinical", "other"}, s)
	})
	list(&r.doubtful, f.Doubts, func(s string) bool { return slices.Contains(doubtNames, s) })
	list(&r.specialties, f.Specialties, func(string) bool { return true })
	for kind, m := range f.Types {
		for t, w := range m {
			r.typePhrases = append(r.typePhrases, typePhrase{kind, " " + strings.Join(plainTokens(t), " ") + " ", w})
		}
	}
	for _, t := range f.Part2 {
		r.part2 = append(r.part2, plainTokens(t))
	}
	for _, w := range f.Practice {
		r.practice[strings.ToLower(w)] = true
	}
	for _, w := range f.Payer {
		r.payer[strings.ToLower(w)] = true
	}
	return err
}

// knownLabel tells whether a label key leads anywhere.
func knownLabel(key string) bool {
	switch key {
	case "none", "other", ".cell", "diagnosis", "patient_name", "patient_csz", ".name", ".provider", ".phone", ".fax", ".address":
		return true
	}
	return slices.Contains(Keys, key)
}

// plurals takes out what stands in a label for "one or more", and apostrophes.
var plurals = strings.NewReplacer("'", "", "’", "", "(s)", "", "(S)", "", "(es)", "", "(ES)", "")

// plainTokens are the words of a text in lower case without punctuation.
func plainTokens(s string) []string {
	return strings.FieldsFunc(strings.ToLower(plurals.Replace(s)), func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r > 127)
	})
}
