package fax

import (
	"regexp"
	"slices"
	"strings"
)

func parsePriority(words []Word) []candidate {
	for i, w := range words[:min(len(words), 4)] {
		switch strings.ToLower(strings.Trim(w.Text, ".,;:()*!")) {
		case "routine", "standard", "normal", "elective", "non-urgent", "nonurgent":
			return []candidate{found("priority", "routine", words[i:i+1])}
		case "urgent", "expedited", "soon":
			return []candidate{found("priority", "urgent", words[i:i+1])}
		case "stat", "emergent", "emergency", "immediate", "asap":
			return []candidate{found("priority", "stat", words[i:i+1])}
		}
	}
	return nil
}

func (r *Rules) parseSpecialty(words []Word) []candidate {
	toks := flatten(&segment{words: words})
	for i := range toks {
		if i > 0 && toks[i].word == toks[i-1].word {
			continue
		}
		if key, n := phraseAt(r.specialties, toks, i); n > 0 {
			at := words[toks[i].word : toks[i+n-1].word+1]
			return []candidate{found("referred_to_specialty", r.printedSpecialty(key, at), at)}
		}
		if i > 3 {
			break
		}
	}
	return nil
}

// printedSpecialty is the name of a specialty as it is printed, when that is one of its full names; else the usual name.
func (r *Rules) printedSpecialty(usual string, words []Word) string {
	toks := plainTokens(text(words))
	printed := strings.Trim(text(words), " .,;:()")
	if strings.HasSuffix(toks[len(toks)-1], "ist") || len(printed) <= 6 {
		return usual
	}
	for _, p := range r.specialties {
		if slices.Equal(p.tokens, toks) {
			if printed == strings.ToUpper(printed) || printed == strings.ToLower(printed) {
				return titled(printed)
			}
			return printed
		}
	}
	return usual
}

// titled writes words with capitals, small ones without.
func titled(s string) string {
	words := strings.Fields(strings.ToLower(s))
	for i, w := range words {
		if w != "and" && w != "of" && w != "&" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, " ")
}

func (r *Rules) parseText(key string, words []Word) []candidate {
	j := join(words)
	t := strings.TrimSpace(j.text)
	var out []candidate
	if key == "service_text" {
		out = parseCPT(j, 0.95)
		if m := serviceTail.FindStringIndex(t); m != nil {
			t = strings.TrimSpace(t[:m[0]])
		}
	}
	if m := sentenceEnd.FindStringIndex(t); m != nil && key == "service_text" {
		t = t[:m[0]+1]
	}
	if lettersDigits(t) < 4 {
		return out
	}
	return append(out, found(key, strings.Trim(t, " -–:;"), words))
}

var sentenceEnd = regexp.MustCompile(`[a-z]\. +[A-Z]`)

// serviceTail is a procedure code behind the name of a service.
var serviceTail = regexp.MustCompile(`(?i)\s*[\[(,-]?\s*(?:CPT:?\s*)?[\[(]?\d{5}[\])]?.*$`)
