package fax

import (
	"slices"
	"strings"
)

// pivotDOB: two-digit years of birth above it are of the last century. Years
// of other dates are of this one.
const (
	pivotDOB   = 26
	pivotOther = 99
)

// parse reads the value of a label out of words. It gives nothing when they
// cannot be such a value; one label may give several fields.
func (r *Rules) parse(key string, words []Word) []candidate {
	words = trimValue(key, words)
	if len(words) == 0 {
		return nil
	}
	j := join(words)
	switch key {
	case "patient_name":
		if p, ok := leadingPerson(words); ok && !p.credentials {
			return p.patient()
		}
	case "patient_first", "patient_last", "patient_middle", "patient_suffix":
		return parseNamePart(key, words)
	case "referring_name", "referred_to_name":
		return r.parseProvider(key, words)
	case "patient_dob":
		if d := findDate(digitFix(j.text), pivotDOB); d != "" && d[:4] >= "1900" {
			return []candidate{found(key, d, dateWords(words))}
		}
	case "referral_date":
		if d := findDate(digitFix(j.text), pivotOther); d >= "2000" {
			return []candidate{found(key, d, dateWords(words))}
		}
	case "patient_sex":
		return parseSex(words)
	case "patient_phone", "referring_phone", "referring_fax", "referred_to_fax":
		if p := findPhone(j.text); p != "" {
			return []candidate{found(key, p, numberWords(words))}
		}
	case "referring_npi":
		return parseNPI(j)
	case "patient_address", "patient_csz", "patient_city", "patient_state", "patient_zip":
		return parseAddress(key, words)
	case "patient_mrn", "member_id", "group_number", "auth_number", "referral_id":
		return parseIdentifier(key, words)
	case "payer_name":
		if toks := flatten(&segment{words: words}); len(toks) > 0 {
			if _, n := phraseAt(r.labels, toks, 0); n == len(toks) {
				return nil // the next label, and no value between
			}
		}
		return parsePayer(words)
	case "diagnosis":
		return parseDiagnosis(words)
	case "cpt_codes":
		return parseCPT(j, 1)
	case "priority":
		return parsePriority(words)
	case "referred_to_specialty":
		if c := r.parseSpecialty(words); len(c) > 0 {
			return c
		}
		if t := strings.Trim(text(words), " .,;:"); len(words) <= 4 && upperStart(t) && !strings.ContainsAny(t, "0123456789") && lettersDigits(t) > 4 {
			c := found(key, t, words)
			c.label = 0.8
			return []candidate{c}
		}
	case "referring_practice", "referred_to_practice":
		return r.parsePractice(key, words)
	case "medications", "allergies":
		return r.parseList(key, words)
	case "reason", "service_text":
		return r.parseText(key, words)
	}
	return nil
}

// trimValue takes off what is no word at both ends; a question mark before or behind a list belongs to it.
func trimValue(key string, words []Word) []Word {
	out := trimEdges(words)
	if key != "medications" && key != "allergies" || len(out) == 0 {
		return out
	}
	asks := func(w Word) bool { return strings.Contains(w.Text, "?") }
	first, last := slices.IndexFunc(words, func(w Word) bool { return asks(w) || lettersDigits(w.Text) > 0 }), len(words)
	for lettersDigits(words[last-1].Text) == 0 && !asks(words[last-1]) {
		last--
	}
	return words[first:last]
}

func trimEdges(words []Word) []Word {
	for len(words) > 0 && lettersDigits(words[0].Text) == 0 {
		words = words[1:]
	}
	for len(words) > 0 && lettersDigits(words[len(words)-1].Text) == 0 {
		words = words[:len(words)-1]
	}
	return words
}

// dateWords and numberWords narrow a value's words to those with digits, so
// that what stands behind them does not lower the confidence.
func dateWords(words []Word) []Word {
	return numberWords(words[:min(len(words), 4)])
}

func numberWords(words []Word) []Word {
	var out []Word
	for _, w := range words {
		if strings.ContainsAny(w.Text, "0123456789") {
			out = append(out, w)
			if len(out) == 3 {
				break
			}
		}
	}
	if len(out) == 0 {
		return words
	}
	return out
}
