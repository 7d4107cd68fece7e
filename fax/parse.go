package fax

import (
	"regexp"
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
	words = trimEdges(words)
	if len(words) == 0 {
		return nil
	}
	j := join(words)
	switch key {
	case "patient_name":
		if p, ok := leadingPerson(words); ok {
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
		return parseList(key, words)
	case "reason", "service_text":
		return r.parseText(key, words)
	}
	return nil
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
	if p, ok := leadingPerson(words); ok && !r.isPractice(words) {
		out := []candidate{found(key, p.full(), p.words)}
		// "Ann Lee MD, Lakeside Cardiology": the rest may name the practice.
		return out
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

func (r *Rules) parsePractice(key string, words []Word) []candidate {
	end := len(words)
	for i, w := range words {
		if strings.ContainsAny(w.Text, "0123456789") || i > 0 && strings.EqualFold(strings.Trim(w.Text, ":."), "fax") || i > 0 && strings.EqualFold(strings.Trim(w.Text, ":."), "phone") {
			end = i
			break
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

var cityLine = regexp.MustCompile(`^[,\s]*([A-Za-z][A-Za-z .'-]*?)[,.;]?\s+([A-Za-z][A-Za-z!1|])[.,]?\s*(\d{5})(?:-\d{4})?`)

// parseAddress reads "street, city, ST 12345", or the part of it that stands
// behind its own label.
func parseAddress(key string, words []Word) []candidate {
	switch key {
	case "patient_city":
		if t := strings.Trim(text(words), " ,."); len(words) <= 3 && !strings.ContainsAny(t, "0123456789:") {
			return []candidate{found(key, proper(t), words)}
		}
		return parseCityLine(words)
	case "patient_state":
		if t := strings.ToUpper(strings.Trim(words[0].Text, " ,.")); len(t) == 2 && isState(t) {
			return []candidate{found(key, t, words[:1])}
		}
		return nil
	case "patient_zip":
		if t := digitFix(words[0].Text); len(t) >= 5 && allDigits(t[:5]) && (len(t) == 5 || t[5] == '-') {
			return []candidate{found(key, t[:5], words[:1])}
		}
		return nil
	case "patient_csz":
		return parseCityLine(words)
	}
	if !strings.ContainsAny(words[0].Text, "0123456789") && !strings.HasPrefix(strings.ToLower(words[0].Text), "po") && !strings.HasPrefix(strings.ToLower(words[0].Text), "p.o") {
		return nil
	}
	cut := streetEnd(words)
	out := []candidate{found("patient_address", strings.Trim(text(words[:cut]), " ,.;"), words[:cut])}
	return append(out, parseCityLine(words[cut:])...)
}

var streetWords = []string{"st", "street", "ave", "avenue", "rd", "road", "ln", "lane", "dr", "drive", "blvd", "boulevard", "ct", "court", "way", "pl", "place", "ter", "terrace", "pkwy", "parkway", "cir", "circle", "hwy", "highway", "trl", "trail", "loop", "sq", "square", "row", "pike"}

// streetEnd is the number of words of the street line: up to its comma, or to
// the word after the kind of street, a flat number included.
func streetEnd(words []Word) int {
	end := len(words)
	for i, w := range words {
		t := strings.ToLower(strings.Trim(w.Text, ",.;"))
		if i >= 2 && slices.Contains(streetWords, t) {
			end = i + 1
			if end < len(words) && slices.Contains([]string{"apt", "unit", "ste", "suite", "#", "lot", "bldg", "fl"}, strings.ToLower(strings.Trim(words[end].Text, ".,"))) {
				end = min(len(words), end+2)
			}
			break
		}
		if i >= 1 && strings.HasSuffix(w.Text, ",") {
			end = i + 1
			if i+1 < len(words) && slices.Contains([]string{"apt", "unit", "ste", "suite", "#"}, strings.ToLower(strings.Trim(words[i+1].Text, ".,"))) {
				end = min(len(words), i+3)
			}
			break
		}
	}
	return end
}

func parseCityLine(words []Word) []candidate {
	j := join(words)
	m := cityLine.FindStringSubmatchIndex(j.text)
	if m == nil {
		return nil
	}
	state, zip := mendState(strings.ToUpper(j.text[m[4]:m[5]]), j.text[m[6]:m[7]]), j.text[m[6]:m[7]]
	if !isState(state) {
		return nil
	}
	city := strings.Trim(j.text[m[2]:m[3]], " ,.")
	out := []candidate{found("patient_city", proper(city), j.span(m[2], m[3])), found("patient_state", state, j.span(m[4], m[5])), found("patient_zip", zip, j.span(m[6], m[7]))}
	for i := range out {
		if !stateAgrees(state, zip) {
			out[i].label = 0.6
		}
	}
	return out
}

// mendState undoes a misread I (Ml, M!, lN) when the ZIP code says so.
func mendState(state, zip string) string {
	for _, s := range []string{state[:1] + "I", "I" + state[1:]} {
		if !isState(state) && stateAgrees(s, zip) {
			return s
		}
	}
	return state
}

func isState(s string) bool {
	for _, list := range stateZIP {
		if slices.Contains(strings.Fields(list), s) {
			return true
		}
	}
	return false
}

func allDigits(s string) bool {
	for i := range len(s) {
		if !digit(s[i]) {
			return false
		}
	}
	return s != ""
}

// parseIdentifier takes the first word with a digit, and what follows when
// the number is printed in groups.
func parseIdentifier(key string, words []Word) []candidate {
	for i, w := range words[:min(len(words), 3)] {
		t := strings.Trim(w.Text, ".,;:()#[]'’`*")
		switch strings.ToLower(t) {
		case "n/a", "na", "none", "unknown", "pending", "not", "self":
			return nil
		}
		if !strings.ContainsAny(t, "0123456789") || lettersDigits(t) < 3 {
			if i == 0 && (strings.EqualFold(t, "ref") || strings.EqualFold(t, "no") || t == "" || len(t) <= 4 && strings.ToUpper(t) == t) {
				continue
			}
			return nil
		}
		if strings.Count(t, "/") == 2 || phoneShape.MatchString(t) && key != "member_id" {
			return nil
		}
		from, to := i, i+1
		if strings.HasSuffix(t, "-") && to < len(words) && strings.ContainsAny(words[to].Text[:1], "0123456789") {
			t += strings.Trim(words[to].Text, ".,;:()")
			to++
		}
		if i > 0 && key == "referral_id" && strings.EqualFold(strings.Trim(words[0].Text, "#:."), "ref") {
			t = "REF" + t
			from = 0
		}
		for to < len(words) && to < i+3 && key != "referral_id" && groupOf(words[to].Text) && groupOf(t) {
			t += words[to].Text
			to++
		}
		c := found(key, t, words[from:to])
		if key == "member_id" && ValidMBI(strings.ToUpper(strings.ReplaceAll(t, "-", ""))) {
			c.words = min(1, c.words*0.8+0.2)
		}
		return []candidate{c}
	}
	return nil
}

// groupOf tells whether a word is one group of a number printed in groups.
func groupOf(s string) bool { return len(s) >= 2 && len(s) <= 5 && allDigits(strings.Trim(s, "-")) }

func parsePayer(words []Word) []candidate {
	end := len(words)
	var out []candidate
	for i, w := range words {
		if i > 0 && (strings.HasSuffix(words[i-1].Text, ":") || strings.HasSuffix(words[i-1].Text, ",") || strings.HasSuffix(words[i-1].Text, ";")) || i > 0 && lettersDigits(w.Text) >= 6 && strings.ContainsAny(w.Text, "0123456789") {
			end = i
			out = append(out, parseIdentifier("member_id", words[i:])...)
			break
		}
	}
	t := strings.Trim(text(words[:end]), " ,;:.-")
	if lettersDigits(t) < 3 || end > 8 || strings.EqualFold(t, "n/a") || strings.EqualFold(t, "none") || !upperStart(words[0].Text) {
		return nil
	}
	return append([]candidate{found("payer_name", t, words[:end])}, out...)
}

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
			return []candidate{found("referred_to_specialty", key, words[toks[i].word:toks[i+n-1].word+1])}
		}
		if i > 3 {
			break
		}
	}
	return nil
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

func parseCPT(j joined, label float64) []candidate {
	var codes []string
	var used []Word
	s := j.text
	for _, m := range cptShape.FindAllStringSubmatchIndex(strings.NewReplacer("(", " ", ")", " ", "[", " ", "]", " ").Replace(s), 12) {
		codes = append(codes, s[m[2]:m[3]])
		used = append(used, j.span(m[2], m[3])...)
	}
	if len(codes) == 0 {
		return nil
	}
	c := foundList("cpt_codes", codes, used)
	c.label = label
	return []candidate{c}
}
