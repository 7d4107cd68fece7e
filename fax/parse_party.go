package fax

import (
	"slices"
	"strings"
)

func parseNamePart(key string, words []Word) []candidate {
	var parts []string
	for _, w := range words[:min(len(words), 3)] {
		t := strings.Trim(w.Text, ".,;:")
		if !nameLike(t) || slices.Contains(notNames, strings.ToLower(t)) {
			return nil
		}
		parts = append(parts, proper(t))
	}
	if key != "patient_middle" && lettersDigits(strings.Join(parts, "")) < 2 {
		return nil
	}
	return []candidate{found(key, strings.Join(parts, " "), words[:len(parts)])}
}

func (r *Rules) parseProvider(key string, words []Word) []candidate {
	practiceKey := strings.TrimSuffix(key, "_name") + "_practice"
	if i := slices.IndexFunc(words, func(w Word) bool { return strings.HasSuffix(w.Text, ",") }); i > 0 && i+1 < len(words) {
		// "Dr. Ann Lee, Lakeside Cardiology": the rest may name the practice.
		if p, ok := parsePerson(words[:i+1]); ok && !r.isPractice(words[:i+1]) {
			if c := r.parsePractice(practiceKey, words[i+1:]); len(c) > 0 {
				return append(c, found(key, p.full(), p.words))
			}
		}
	}
	if p, ok := leadingPerson(words); ok && !r.isPractice(words) {
		return []candidate{found(key, p.full(), p.words)}
	}
	practice := "referring_practice"
	if key == "referred_to_name" {
		practice = "referred_to_practice"
		if c := r.parsePractice(practice, words); len(c) > 0 {
			return c
		}
		if c := r.parseSpecialty(words); len(c) > 0 && len(words) <= 3 {
			return c
		}
	}
	return r.parsePractice(practice, words)
}

func (r *Rules) isPractice(words []Word) bool {
	for _, w := range words {
		if r.practice[strings.ToLower(strings.Trim(w.Text, ".,;:()"))] {
			return true
		}
	}
	return false
}

// isPayer tells whether one of the words is one that payers' names have.
func (r *Rules) isPayer(words []Word) bool {
	for _, w := range words {
		if r.payer[strings.ToLower(strings.Trim(w.Text, ".,;:()"))] {
			return true
		}
	}
	return false
}

// notPractice are words of titles and labels that a practice's name does not have.
var notPractice = []string{"referral", "referrals", "request", "order", "orders", "form", "consultation", "report", "requisition", "summary", "notice", "sheet", "attn", "attention", "patient", "summary", "fax", "results", "prescription", "authorization", "insurance", "specialty", "visit", "note"}

func (r *Rules) parsePractice(key string, words []Word) []candidate {
	end := len(words)
	for i, w := range words {
		if strings.ContainsAny(w.Text, "0123456789") || i > 0 && strings.EqualFold(strings.Trim(w.Text, ":."), "fax") || i > 0 && strings.EqualFold(strings.Trim(w.Text, ":."), "phone") {
			end = i
			break
		}
		if strings.HasSuffix(w.Text, ":") || slices.Contains(notPractice, strings.ToLower(strings.Trim(w.Text, ".,"))) {
			return nil
		}
		if strings.HasSuffix(w.Text, ",") || strings.HasSuffix(w.Text, ";") {
			end = i + 1
			break
		}
	}
	words = trimEdges(words[:end])
	if len(words) < 2 || len(words) > 9 || !r.isPractice(words) || !titleCase(words) {
		return nil
	}
	return []candidate{found(key, strings.Trim(text(words), " ,;.|"), words)}
}

// titleCase tells whether words are written as a name is: every word begins
// with a capital, but for the small ones between.
func titleCase(words []Word) bool {
	for i, w := range words {
		switch strings.ToLower(strings.Trim(w.Text, ".,")) {
		case "of", "and", "for", "the", "at", "in", "&", "-", "on":
			if i == 0 {
				return false
			}
			continue
		case "please", "thank", "reason", "requested", "attached":
			return false
		}
		if lettersDigits(w.Text) > 0 && !upperStart(w.Text) {
			return false
		}
	}
	return true
}

func parseSex(words []Word) []candidate {
	switch t := strings.ToLower(strings.Trim(words[0].Text, ".,;:()")); t {
	case "m", "male", "man":
		return []candidate{found("patient_sex", "M", words[:1])}
	case "f", "female", "woman":
		return []candidate{found("patient_sex", "F", words[:1])}
	}
	return nil
}

func parseNPI(j joined) []candidate {
	m := npiShape.FindStringSubmatchIndex(digitFix(j.text))
	if m == nil {
		return nil
	}
	n := digitFix(j.text)[m[2]:m[3]]
	c := found("referring_npi", n, j.span(m[2], m[3]))
	if ValidNPI(n) {
		// A wrong digit passes the check once in ten times.
		c.words = min(1, c.words*0.5+0.5)
	} else {
		c.label = 0.3
	}
	return []candidate{c}
}
