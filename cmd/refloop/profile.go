package main

import (
	"slices"
	"strings"

	"refloop/config"
	"refloop/transform"
)

// profileOf is the payload profile of a rail: its own, else its partner's, else the zero one. Words that nothing knows are mistakes.
func profileOf(partner, rail *config.Profile, p *config.Problems) transform.Profile {
	c := rail
	if c == nil {
		c = partner
	}
	if c == nil {
		return transform.Profile{}
	}
	sectionWords(c.Node, c.Sections, p)
	out := transform.Profile{Sections: c.Sections, LookBack: c.LookBack.D(), Attachments: c.Attachments, Basis: c.Basis, Strict: true}
	for _, s := range c.Services {
		sectionWords(s.Node, s.Sections, p)
		out.Services = append(out.Services, transform.ServiceProfile{For: s.For, Sections: s.Sections, LookBack: s.LookBack.D(), Attachments: s.Attachments})
	}
	return out
}

// sectionWords reports the names of sections that nothing knows.
func sectionWords(n config.Node, names []string, p *config.Problems) {
	for _, name := range names {
		if !slices.Contains(transform.ProfileSections(), name) && !loincLike(name) {
			p.Add(n.Field("sections"), "got %q, want LOINC codes or some of %s", name, strings.Join(transform.ProfileSections(), ", "))
		}
	}
}

// loincLike reports whether a word has the form of a LOINC code, such as 30954-2.
func loincLike(s string) bool {
	return len(s) >= 3 && s[len(s)-2] == '-' && strings.Trim(s, "0123456789-") == ""
}
