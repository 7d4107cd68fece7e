package fax

import (
	"regexp"
	"slices"
	"strings"
)

var (
	icdNote  = regexp.MustCompile(`(?i)[(\[]?\s*\bICD[\s-]*10(?:[\s-]*CM)?\s*(?:code)?\s*[:#]?\s*`)
	icdOne   = regexp.MustCompile(`(?i:ICD-?10)[^A-Za-z0-9]{1,3}([1l|])\d{2}\b`) // the I of I10 read as a digit
	listMark = regexp.MustCompile(`(?i)^(?:[-•*·+©¢¥e>]|\d{1,2}[.)])\s+`)
)

// codeLike has the shape of a code with its dot, as far as an engine may misread one; whether it is one is for ValidICD10 to say.
var codeLike = regexp.MustCompile(`\b[A-Za-z|][0-9OIlSBoi][0-9OIlSBAo][.,][0-9A-Za-z]{1,4}\b`)

// breakWord marks a line end within the words of a list region; it is put in
// by the region and carries no text.
const breakText = "\n"

// splitLines cuts a region's words at its line marks.
func splitLines(words []Word) [][]Word {
	var out [][]Word
	from := 0
	for i := 0; i <= len(words); i++ {
		if i == len(words) || words[i].Text == breakText {
			if i > from {
				out = append(out, words[from:i])
			}
			from = i + 1
		}
	}
	return out
}

func noBreaks(words []Word) []Word {
	return slices.DeleteFunc(slices.Clone(words), func(w Word) bool { return w.Text == breakText })
}

// parseDiagnosis finds codes and the text beside them, line by line.
func parseDiagnosis(words []Word) []candidate {
	var codes, texts []string
	var codeWords, textWords []Word
	mended, dropped := false, false
	for _, line := range splitLines(words) {
		j := join(line)
		if m := icdOne.FindStringSubmatchIndex(j.text); m != nil {
			j.text, mended = j.text[:m[2]]+"I"+j.text[m[3]:], true
		}
		s := icdNote.ReplaceAllStringFunc(j.text, func(m string) string { return strings.Repeat(" ", len(m)) })
		if m := icdDigit.FindStringSubmatchIndex(s); m != nil && !strings.Contains(s[m[1]:min(len(s), m[1]+4)], "mg") {
			s, mended = s[:m[2]-1]+"I"+s[m[2]:], true
		}
		last := 0
		shaped := len(codeLike.FindAllString(s, 16))
		var rest []string
		for _, m := range icdShape.FindAllStringIndex(s, 8) {
			code, changed := fixICD(s[m[0]:m[1]])
			if code != "" && codeLike.MatchString(s[m[0]:m[1]]) {
				shaped--
			}
			if code == "" || slices.Contains(codes, code) || !strings.Contains(code, ".") && !plainCode(s, m) {
				continue
			}
			mended = mended || changed
			codes = append(codes, code)
			codeWords = append(codeWords, j.span(m[0], m[1])...)
			rest = append(rest, s[last:m[0]])
			last = m[1]
		}
		dropped = dropped || shaped > 0
		rest = append(rest, s[last:])
		for _, t := range rest {
			for _, part := range strings.Split(t, ";") {
				part = strings.TrimPrefix(strings.TrimPrefix(strings.TrimLeft(part, " )]-,.;:"), "and "), "with ")
				part = listMark.ReplaceAllString(strings.Trim(part, " -–—:,.()[]|/"), "")
				part = strings.Join(strings.Fields(strings.Trim(part, " -–—:,.()[]|/")), " ")
				if lettersDigits(part) >= 5 {
					texts = append(texts, part)
				}
			}
		}
		if len(rest) > 1 || len(texts) > 0 {
			textWords = append(textWords, line...)
		}
	}
	var out []candidate
	if len(codes) > 0 {
		c := foundList("diagnosis_codes", codes, codeWords)
		if mended {
			c.words *= 0.8
		}
		c.region, c.doubt = spanBox(noBreaks(words)), dropped
		out = append(out, c)
	}
	if len(texts) > 0 && len(texts) <= 8 {
		out = append(out, foundList("diagnosis_text", texts, textWords))
	}
	return out
}

// plainCode: a code without a dot (I10, F419) counts only when it stands alone
// or first or last, not in the middle of prose.
func plainCode(s string, m []int) bool {
	before, after := strings.TrimRight(s[:m[0]], " ([:,;-"), strings.TrimLeft(s[m[1]:], " )]")
	if strings.HasSuffix(strings.TrimRight(s[:m[0]], " "), "(") || strings.HasPrefix(s[m[1]:], ")") {
		return true
	}
	return before == "" || after == "" || strings.HasPrefix(after, ",") || strings.HasPrefix(after, ";") || strings.HasPrefix(after, "-")
}

// itemDate is the start date that medication tables print beside an item.
var itemDate = regexp.MustCompile(`\s+[\[(]?\d{1,2}[/-]\d{1,2}[/-]\d{2,4}[\])]?(?:\s.*)?$`)

var noneKnown = regexp.MustCompile(`(?i)^(?:nkd?a|nkma|no known\b.*allerg.*|no known.*|none(?: known| reported)?|no drug allergies|no allergies)\.?$`)

// parseList reads medications or allergies: one a line, or separated.
func (r *Rules) parseList(key string, words []Word) []candidate {
	lines := splitLines(words)
	var items []string
	var used []Word
	none := false
	for _, line := range lines {
		t := text(line)
		t = listMark.ReplaceAllString(strings.TrimSpace(t), "")
		for _, part := range splitItems(key, t) {
			if key == "medications" {
				part = mendDose(part)
			}
			part = strings.Trim(itemDate.ReplaceAllString(part, ""), " .,;:-–•*")
			if lettersDigits(part) < 3 || strings.EqualFold(part, "n/a") {
				continue
			}
			if key == "medications" && noneKnown.MatchString(part) {
				none = true
				continue
			}
			items = append(items, part)
		}
		used = append(used, line...)
	}
	if len(items) == 0 || len(items) > 40 {
		return nil
	}
	c := foundList(key, items, used)
	c.doubt = none || r.listDoubted(text(noBreaks(words)), items)
	return []candidate{c}
}

// doseUnit is a unit behind a dose as the engine misreads it.
var doseUnit = regexp.MustCompile(`(?i)(\d)\s+(meg|mca|mog|mcq|mg|mq|ma|my|rng|rag|ing|mp)\b`)

// mendDose undoes a misread unit of a dose.
func mendDose(s string) string {
	return doseUnit.ReplaceAllStringFunc(s, func(m string) string {
		switch unit := strings.ToLower(strings.TrimLeft(m, "0123456789 ")); {
		case unit == "meg" || unit == "mca" || unit == "mog" || unit == "mcq":
			return m[:1] + " mcg"
		case unit == "mg":
			return m
		}
		return m[:1] + " mg"
	})
}

// splitItems cuts at semicolons, else at commas; "and" parts allergies.
func splitItems(key, t string) []string {
	if strings.Contains(t, ";") {
		return strings.FieldsFunc(t, func(r rune) bool { return r == ';' || r == ':' })
	}
	if key == "allergies" {
		t = strings.ReplaceAll(t, " and ", ", ")
		t = strings.ReplaceAll(t, "/", ", ")
	} else {
		t = strings.ReplaceAll(t, ", and ", ", ")
		t = strings.ReplaceAll(t, ": ", ", ") // a semicolon or comma read so
	}
	return strings.Split(t, ", ")
}
