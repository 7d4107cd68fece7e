package fax

import (
	"errors"
	"slices"

	"refloop/config"
	"refloop/fax"
)

// DecodeRules makes the rules of a channel: the built-in ones, the site's words and its partners' forms. Every mistake goes to p with its
// place in its own file; with mistakes the rules are those that come with the program.
func DecodeRules(c config.Channel, p *config.Problems) *fax.Rules {
	before := p.Len()
	var files [][]byte
	for _, f := range c.Words.Files {
		place(p, f.Name, fax.CheckRules(f.Bytes))
		files = append(files, f.Bytes)
	}
	var forms []*fax.Template
	for _, f := range c.Templates.Files {
		t, err := fax.ParseTemplate(f.Bytes)
		var wrong fax.Mistakes
		if errors.As(err, &wrong) {
			place(p, f.Name, wrong)
			continue
		}
		if slices.ContainsFunc(forms, func(o *fax.Template) bool { return o.Name == t.Name }) {
			p.AddAt(config.Position{File: f.Name, Line: 1, Col: 1}, "name", "got %q, which another file of the folder has, want names that differ", t.Name)
			continue
		}
		forms = append(forms, t)
	}
	if p.Len() > before {
		return fax.DefaultRules()
	}
	rules := fax.DefaultRules()
	if len(files) > 0 {
		var err error
		if rules, err = fax.WithRules(files...); err != nil {
			p.Add(c.Words.Node, "got files that do not fit together (%v), want ones that refloop check takes alone", err)
			return fax.DefaultRules()
		}
	}
	return rules.WithTemplates(forms)
}

// place reports mistakes of a file of the channel's folders.
func place(p *config.Problems, file string, wrong fax.Mistakes) {
	for _, m := range wrong {
		p.AddAt(config.Position{File: file, Line: max(m.Line, 1), Col: max(m.Col, 1)}, m.Key, "%s", m.Text)
	}
}
