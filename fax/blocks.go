package fax

import (
	"regexp"
	"strings"
)

var (
	phoneMark = regexp.MustCompile(`(?i)\b(phone|ph|tel|telephone|t|p|office|voice)\b[.:#]*\s*(\+?1?[-. ]?\(?\d{3}\)?[-. ]{0,2}\d{3}[-. ]\d{4})`)
	faxMark   = regexp.MustCompile(`(?i)\b(fax|fx|f|facsimile)\b[.:#]*\s*(\+?1?[-. ]?\(?\d{3}\)?[-. ]{0,2}\d{3}[-. ]\d{4})`)
	dear      = regexp.MustCompile(`(?i)^(?:dear|to whom)\b`)
	closing   = regexp.MustCompile(`(?i)^(?:sincerely|regards|kind regards|best regards|warm regards|respectfully|yours|with thanks|thank you,|many thanks|thank you (?:again )?for (?:allowing|the opp|this|the ref|ref))`)
)

// blocks reads what only its place on the page explains: the letterhead on
// top, the addressee before "Dear", the signature after "Sincerely".
func (r *Rules) blocks(s *sheet) []candidate {
	var out []candidate
	out = append(out, r.letterhead(s)...)
	out = append(out, r.addressee(s)...)
	out = append(out, r.signature(s)...)
	for i := range out {
		out[i].page, out[i].reading = s.page.Number, s.number
	}
	return out
}

func (s *sheet) rowWords(i int) []Word {
	var out []Word
	for _, g := range s.rows[i] {
		out = append(out, g.words...)
	}
	return out
}

// letterhead: a practice's name in the top fifth of the page, and the phone
// and fax numbers printed under it, before anything that is labelled.
func (r *Rules) letterhead(s *sheet) []candidate {
	var out []candidate
	limit := max(s.page.Height/5, 12*s.height)
	named := false
	for i := 0; i < len(s.rows) && i < 12; i++ {
		row := s.rows[i]
		if row[0].box.Min.Y > limit {
			break
		}
		for _, g := range row {
			if len(g.marks) > 0 && g.marks[0].key != ".phone" && g.marks[0].key != ".fax" && !strings.HasPrefix(g.marks[0].key, ".") {
				if named {
					return out
				}
				continue
			}
			if !named && !r.heading(g) {
				if c := r.parsePractice("referring_practice", g.words); len(c) > 0 && len(g.words) <= 8 && !strings.ContainsAny(text(g.words), ":@") {
					c[0].label = 0.95
					if proper(text(g.words)) != text(g.words) {
						c[0].value = proper(c[0].value)
					}
					out, named = append(out, c...), true
				}
			}
		}
		out = append(out, contacts(s.rowWords(i), named)...)
	}
	return out
}

// heading tells whether a segment says what kind of paper this is.
func (r *Rules) heading(g *segment) bool {
	t := " " + strings.Join(plainTokens(text(g.words)), " ") + " "
	for _, p := range r.typePhrases {
		if p.weight >= 3 && strings.Contains(t, p.text) {
			return true
		}
	}
	return false
}

func contacts(words []Word, named bool) []candidate {
	if !named {
		return nil
	}
	j := join(words)
	fixed := digitFix(j.text)
	var out []candidate
	if m := phoneMark.FindStringSubmatchIndex(fixed); m != nil {
		out = append(out, found("referring_phone", findPhone(fixed[m[4]:m[5]]), numberWords(j.span(m[4], m[5]))))
	}
	if m := faxMark.FindStringSubmatchIndex(fixed); m != nil {
		out = append(out, found("referring_fax", findPhone(fixed[m[4]:m[5]]), numberWords(j.span(m[4], m[5]))))
	}
	kept := out[:0]
	for _, c := range out {
		if c.value != "" {
			c.label = 0.97
			kept = append(kept, c)
		}
	}
	return kept
}

// addressee: between the date and the salutation of a letter.
func (r *Rules) addressee(s *sheet) []candidate {
	var out []candidate
	named, end := -1, -1
	for i := range s.rows {
		t := text(s.rowWords(i))
		if dear.MatchString(t) {
			end = i
			if p, ok := leadingPerson(trimEdges(s.rowWords(i)[min(1, len(s.rowWords(i))):])); ok {
				c := found("referred_to_name", p.full(), p.words)
				c.label = 0.9
				out = append(out, c)
			}
			break
		}
	}
	if end < 0 {
		return nil
	}
	for i := max(0, end-12); i < end; i++ {
		words := s.rowWords(i)
		g := s.rows[i][0]
		if d := findDate(text(g.words), pivotOther); d >= "2000" && len(g.words) <= 4 && named < 0 && !strings.Contains(strings.ToLower(text(words)), "dob") {
			c := found("referral_date", d, g.words)
			c.label = 0.96
			out = append(out, c)
			continue
		}
		if len(g.marks) > 0 && g.marks[0].key == "patient_name" {
			break
		}
		p, ok := parsePerson(g.words)
		if named < 0 && ok && (p.titled || p.credentials) {
			named = i
			c := found("referred_to_name", p.full(), p.words)
			c.label = 0.97
			out = append(out, c)
			continue
		}
		if named < 0 {
			continue
		}
		if c := r.parsePractice("referred_to_practice", g.words); len(c) > 0 && !r.heading(g) {
			c[0].label = 0.96
			out = append(out, c...)
		}
		if m := faxMark.FindStringSubmatch(digitFix(text(words))); m != nil {
			c := found("referred_to_fax", findPhone(m[2]), numberWords(words))
			c.label = 0.97
			out = append(out, c)
		}
	}
	return out
}

// signature: the first person named after the closing words, or on the last
// lines with credentials.
func (r *Rules) signature(s *sheet) []candidate {
	from := -1
	for i := range s.rows {
		if closing.MatchString(text(s.rows[i][0].words)) {
			from = i
		}
	}
	if from < 0 {
		return nil
	}
	var out []candidate
	for i := from + 1; i < len(s.rows) && i <= from+10; i++ {
		g := s.rows[i][0]
		if len(g.words) > 8 {
			continue
		}
		p, ok := parsePerson(g.words)
		if !ok {
			continue
		}
		c := found("referring_name", p.full(), p.words)
		c.label = 0.85
		if p.credentials || p.titled {
			c.label = 0.97
		}
		out = append(out, c)
		if p.credentials {
			break
		}
	}
	return out
}
