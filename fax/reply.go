package fax

import "slices"

// OwnPage is a page that carries a code of ours with right check characters, or codes that contradict each other.
type OwnPage struct {
	Page     int    `json:"page"`               // within this fax, from 1
	Referral string `json:"referral,omitempty"` // empty: its codes name different referrals
	Of       int    `json:"of,omitempty"`       // which page of the letter it was

	// Reply: the reply area of the letter is on the page. Ticked and Unclear hold what its boxes mean (see Ticks), in their order;
	// Unclear are those of which nobody but a person can say whether they are ticked.
	Reply   bool     `json:"reply,omitempty"`
	Ticked  []string `json:"ticked,omitempty"`
	Unclear []string `json:"unclear,omitempty"`
}

// ownPages lists the pages of ours among pages.
func ownPages(pages []PageText) []OwnPage {
	var out []OwnPage
	for i := range pages {
		p := &pages[i]
		c, ok := p.OwnCode()
		unclear := p.contradicts()
		if !ok && !unclear && len(p.Reply) == 0 {
			continue
		}
		o := OwnPage{Page: p.Number, Reply: len(p.Reply) > 0}
		if ok && !unclear {
			o.Referral, o.Of = c.Referral, c.Page
		}
		for _, t := range p.Reply {
			switch ticked, sure := t.Ticked(); {
			case !sure:
				o.Unclear = append(o.Unclear, t.Means)
			case ticked:
				o.Ticked = append(o.Ticked, t.Means)
			}
		}
		out = append(out, o)
	}
	return out
}

// contradicts reports whether bar codes or typed codes of ours on the page say different things.
func (p *PageText) contradicts() bool {
	var seen []Code
	for _, text := range p.Codes {
		if c, err := ParseCode(text); err == nil && !slices.Contains(seen, c) {
			seen = append(seen, c)
		}
	}
	for _, reading := range p.Readings {
		for _, c := range FindCodes(linesOf(reading)) {
			if !slices.Contains(seen, c) {
				seen = append(seen, c)
			}
		}
	}
	return len(seen) > 1
}
