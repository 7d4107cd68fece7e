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
	for i := range out {
		out[i].head = true
	}
	out = append(out, r.addressee(s)...)
	out = append(out, r.signature(s)...)
	out = append(out, r.coverageLine(s)...)
	out = append(out, r.titleSpecialty(s)...)
	out = append(out, looseNPI(s)...)
	for i := range out {
		out[i].page, out[i].reading, out[i].placed = s.page.Number, s.number, true
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
		if i > 0 && (dear.MatchString(text(row[0].words)) || letterDate(row) || r.addressed(row[0])) {
			break
		}
		if startsLabel(row[0]) && (row[0].marks[0].key == ".name" || strings.HasPrefix(row[0].marks[0].key, "patient_")) {
			break // the form begins
		}
		if startsLabel(row[0]) && len(row) > 1 && row[0].marks[0].key[0] != '.' {
			continue // what follows is its value
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

// letterDate tells whether a row is nothing but a date.
func letterDate(row []*segment) bool {
	return len(row) == 1 && len(row[0].words) <= 4 && len(row[0].marks) == 0 && findDate(text(row[0].words), pivotOther) >= "2000"
}

// addressed tells whether a segment is a doctor's name with a title, as the first line of an address is.
func (r *Rules) addressed(g *segment) bool {
	p, ok := parsePerson(g.words)
	return ok && p.titled && len(g.marks) == 0 && !r.isPractice(g.words)
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
		if named < 0 && !strings.Contains(strings.ToLower(text(words)), "dob") {
			dated := false
			for _, c := range s.rows[i] {
				if d := findDate(text(c.words), pivotOther); d >= "2000" && len(c.words) <= 4 && len(c.marks) == 0 {
					f := found("referral_date", d, c.words)
					f.label = 0.96
					out, dated = append(out, f), true
				}
			}
			if dated && len(s.rows[i]) == 1 {
				continue
			}
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
		if named < 0 && headed(s, i) {
			continue
		}
		if c := r.parsePractice("referred_to_practice", g.words); len(c) > 0 && !r.heading(g) {
			c[0].label = 0.96
			if named < 0 {
				c[0].label = 0.93
			}
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

// headed tells whether row i may still belong to the letterhead: nothing but a date parts them.
func headed(s *sheet, i int) bool {
	for n := 0; n < i; n++ {
		for _, c := range s.rows[n] {
			if findDate(text(c.words), pivotOther) != "" && len(c.words) <= 4 {
				return false
			}
		}
	}
	for _, c := range s.rows[i] {
		if findDate(text(c.words), pivotOther) != "" {
			return false
		}
	}
	return true
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

// coverage is a line such as "Blue Plus, ID 12345678".
var coverage = regexp.MustCompile(`^([A-Z][A-Za-z .&'-]{3,50}?)[,;.]?\s+\(?(?i:(?:member|subscriber|policy|plan|insurance)?\s?(?:id|no|number|policy|#)[.:#]*)\s*#?\s*([A-Z0-9-]{6,16})\)?$`)

// coverageLine reads a payer with its number where neither has a label of its own. A word of the payer's name must be one that payers have.
func (r *Rules) coverageLine(s *sheet) []candidate {
	var out []candidate
	for _, g := range s.segs {
		j := join(g.words)
		m := coverage.FindStringSubmatchIndex(j.text)
		if m == nil || !strings.ContainsAny(j.text[m[4]:m[5]], "0123456789") {
			continue
		}
		name := j.span(m[2], m[3])
		if len(name) > 6 || !r.isPayer(name) || !titleCase(name) {
			continue
		}
		for _, c := range append(parsePayer(name), parseIdentifier("member_id", j.span(m[4], m[5]))...) {
			c.label = 0.93
			out = append(out, c)
		}
	}
	return out
}

// titleSpecialty reads the specialty out of the title of a form: "Referral to Cardiology".
func (r *Rules) titleSpecialty(s *sheet) []candidate {
	for i := 0; i < len(s.rows) && i < 8; i++ {
		words := s.rowWords(i)
		t := " " + strings.Join(plainTokens(text(words)), " ") + " "
		if len(words) > 9 || len(s.rows[i]) > 2 || len(s.rows[i][0].marks) > 0 || !strings.Contains(t, " referral ") && !strings.Contains(t, " consult") {
			continue
		}
		toks := flatten(&segment{words: words})
		for k := range toks {
			if key, n := phraseAt(r.specialties, toks, k); n > 0 && len(toks[k].text) > 3 && (k == 0 || toks[k].word != toks[k-1].word) {
				c := found("referred_to_specialty", r.printedSpecialty(key, words[toks[k].word:toks[k+n-1].word+1]), words[toks[k].word:toks[k+n-1].word+1])
				c.label = 0.6 // better said elsewhere
				return []candidate{c}
			}
		}
	}
	return nil
}

// looseNPI takes a ten-digit word with a right check digit for an NPI where no label says so. It never passes a review line.
func looseNPI(s *sheet) []candidate {
	var out []candidate
	for _, g := range s.segs {
		for i, w := range g.words {
			if t := strings.Trim(w.Text, ".,;:()"); len(t) == 10 && ValidNPI(t) {
				c := found("referring_npi", t, g.words[i:i+1])
				c.label = 0.7
				out = append(out, c)
			}
		}
	}
	return out
}
