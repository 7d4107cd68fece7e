package fax

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// The lists of doubts that the rules know.
const (
	doubtLists       = "lists"       // in medications and allergies: what may not be current, known or the patient's own
	doubtNumbers     = "numbers"     // beside a phone number: somebody else's, or not to be called
	doubtCorrections = "corrections" // what another line of the page is taken back with
)

var doubtNames = []string{doubtLists, doubtNumbers, doubtCorrections}

// doubted tells whether a text holds a phrase of a list of doubts, as whole words.
func (r *Rules) doubted(list, s string) bool {
	t := " " + strings.Join(plainTokens(s), " ") + " "
	return slices.ContainsFunc(r.doubtful, func(p phrase) bool {
		return p.key == list && strings.Contains(t, " "+strings.Join(p.tokens, " ")+" ")
	})
}

// colonWithin is a colon behind a word, as a label has it; a time of day and a ratio have none.
var colonWithin = regexp.MustCompile(`[A-Za-z)]\s?:(?:\s|$)`)

// listDoubted tells whether what was printed as a list says more than names: a question mark, a label that was not known, or words
// such as "stopped", "father" or "see attached". "None known" by itself is an answer, beside anything else it is a doubt.
func (r *Rules) listDoubted(printed string, items []string) bool {
	if strings.Contains(printed, "?") || colonWithin.MatchString(printed) {
		return true
	}
	if len(items) == 1 && noneKnown.MatchString(strings.Trim(printed, " .,;:-–•*")) {
		return false
	}
	return r.doubted(doubtLists, printed)
}

// settleDoubts puts fields that the page itself doubts under the review line.
func (r *Rules) settleDoubts(f map[string]Field, cands []candidate, leaves []*leaf) {
	for _, c := range cands {
		if c.doubt {
			capAt(f, c.key, sureLine)
		}
	}
	for _, key := range []string{"patient_dob", "patient_mrn"} {
		if severalValues(cands, key) {
			capAt(f, key, sureLine)
		}
	}
	for _, l := range leaves {
		for _, s := range l.sheets {
			r.doubtNumbers(f, s)
			r.doubtCorrected(f, s)
		}
	}
	doubtDates(f, leaves)
	for _, l := range leaves {
		if _, several := l.several(); several {
			doubtPatient(f)
		}
	}
}

// doubtPatient puts all that says who the patient is under the review line.
func doubtPatient(f map[string]Field) {
	for key := range maps.Clone(f) {
		if strings.HasPrefix(key, "patient_") {
			capAt(f, key, sureLine)
		}
	}
}

// severalValues tells whether one reading of one page has two values of a field at two places behind labels.
func severalValues(cands []candidate, key string) bool {
	for i, a := range cands {
		for _, b := range cands[:i] {
			if a.key == key && b.key == key && a.beside(b) && !a.same(b) {
				return true
			}
		}
	}
	return false
}

// beside tells whether two candidates stand behind labels at two places of the same reading.
func (c candidate) beside(d candidate) bool {
	return c.labelled && d.labelled && c.page == d.page && c.reading == d.reading && !c.box.Overlaps(d.box)
}

// phones are the ten-digit numbers in a text, each once.
func phones(s string) []string {
	var out []string
	s = digitFix(s)
	for m := phoneShape.FindStringSubmatchIndex(s); m != nil; m = phoneShape.FindStringSubmatchIndex(s) {
		if n := s[m[2]:m[3]] + s[m[4]:m[5]] + s[m[6]:m[7]]; !slices.Contains(out, n) {
			out = append(out, n)
		}
		s = s[m[7]:]
	}
	return out
}

// doubtNumbers: a number beside "wife" or "do not call" is kept for a person to see, and so are two behind one label.
func (r *Rules) doubtNumbers(f map[string]Field, s *sheet) {
	var doubted []string
	for _, g := range s.segs {
		for _, m := range g.marks {
			if in := phones(text(m.inline(g))); len(in) > 1 {
				doubted = append(doubted, in...)
			}
		}
		if !r.doubted(doubtNumbers, text(g.words)) {
			continue
		}
		in := phones(text(g.words))
		if len(in) == 0 { // the number stands beside or under it
			in = phones(text(s.rowWords(g.row)))
			if g.row+1 < len(s.rows) {
				in = append(in, phones(text(s.rowWords(g.row+1)))...)
			}
		}
		doubted = append(doubted, in...)
	}
	for _, key := range []string{"patient_phone", "referring_phone", "referring_fax", "referred_to_fax"} {
		if slices.Contains(doubted, f[key].Value) {
			capAt(f, key, sureLine)
		}
	}
}

// doubtCorrected: a line that takes another one back. Which of the two is meant is for a person to say: of the dates when one stands near,
// and of all that says who the patient is when the line begins so.
func (r *Rules) doubtCorrected(f map[string]Field, s *sheet) {
	for i := range s.rows {
		words := s.rowWords(i)
		if !r.doubted(doubtCorrections, text(words)) {
			continue
		}
		for n := max(0, i-1); n <= i+1 && n < len(s.rows); n++ {
			if t := text(s.rowWords(n)); dateNumeric.MatchString(t) || findDate(t, pivotOther) != "" {
				capAt(f, "patient_dob", sureLine)
				capAt(f, "referral_date", sureLine)
			}
		}
		if r.doubted(doubtCorrections, text(words[:min(2, len(words))])) {
			doubtPatient(f)
		}
	}
}

// dayFirstForm is how a form says that the day comes first; dateDotted is how a date is printed where it does.
var (
	dayFirstForm = regexp.MustCompile(`(?i)\bdd\s?[/.-]\s?mm\s?[/.-]\s?yy`)
	dateDotted   = regexp.MustCompile(`(?:^|\s)\d{1,2}\.\d{1,2}\.\d{4}(?:$|[\s,;)])`)
)

// dayFirst tells whether a text holds a date whose day stands before its month.
func dayFirst(s string) bool {
	if dayFirstForm.MatchString(s) || dateDotted.MatchString(s) {
		return true
	}
	for _, m := range dateNumeric.FindAllStringSubmatch(s, 8) {
		if realDate(m[3], m[1], m[2], pivotOther) == "" && realDate(m[3], m[2], m[1], pivotOther) != "" {
			return true
		}
	}
	return false
}

// doubtDates: where one date of the paper has its day first, another that would be a date both ways may have it, too.
func doubtDates(f map[string]Field, leaves []*leaf) {
	if !slices.ContainsFunc(leaves, func(l *leaf) bool {
		return slices.ContainsFunc(l.sheets, func(s *sheet) bool {
			return slices.ContainsFunc(s.segs, func(g *segment) bool { return dayFirst(text(g.words)) })
		})
	}) {
		return
	}
	for _, key := range []string{"patient_dob", "referral_date"} {
		if d := f[key].Value; len(d) == len("2006-01-02") && d[8:] <= "12" && d[8:] != d[5:7] {
			capAt(f, key, sureLine)
		}
	}
}
