package fax

import (
	"slices"
	"strings"
	"unicode"
)

// mark is a label found in a segment, with the words of its value so far as
// they stand in the same segment.
type mark struct {
	key      string
	from, to int  // words of the label
	end      int  // the value's words in the segment are to..end-1
	colon    bool // a colon or number sign closed the label
	typed    bool // accepted only because a fitting value follows
}

func (m mark) inline(g *segment) []Word { return g.words[m.to:m.end] }

// flatToken is one plain token of a segment and the word it came from.
type flatToken struct {
	text string
	word int
}

func flatten(g *segment) []flatToken {
	var out []flatToken
	for i, w := range g.words {
		for _, t := range plainTokens(w.Text) {
			out = append(out, flatToken{t, i})
		}
	}
	return out
}

// alike compares tokens with the slack that OCR needs.
func alike(got, want string) bool {
	if got == want {
		return true
	}
	switch n := len(want); {
	case n >= 9:
		return within(got, want, 2)
	case n >= 4:
		return within(got, want, 1)
	case want == "id":
		return got == "1d" || got == "ld" || got == "lo" || got == "d"
	case n == 3:
		return want == "dob" && (got == "d0b" || got == "008" || got == "do8") || want == "npi" && (got == "npl" || got == "np1" || got == "nii" || got == "npt") ||
			want == "mrn" && got == "mrm"
	}
	return false
}

// within tells whether two tokens differ by at most limit edits.
func within(a, b string, limit int) bool {
	if d := len(a) - len(b); d > limit || -d > limit || len(a) > 64 {
		return false
	}
	prev := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	cur := make([]int, len(b)+1)
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
		}
		prev, cur = cur, prev
	}
	return prev[len(b)] <= limit
}

// phraseAt finds the longest phrase that begins at token i and ends at the
// end of a word; n is its number of tokens.
func phraseAt(list []phrase, toks []flatToken, i int) (key string, n int) {
	key, n = phraseLike(list, toks, i, true, func(got, want string) bool { return got == want })
	if k, m := phraseLike(list, toks, i, false, alike); m > n {
		return k, m
	}
	return key, n
}

func phraseLike(list []phrase, toks []flatToken, i int, exact bool, alike func(got, want string) bool) (key string, n int) {
	for _, p := range list {
		k := len(p.tokens)
		if i+k > len(toks) || i+k < len(toks) && toks[i+k].word == toks[i+k-1].word {
			continue
		}
		ok := k > 1 || len(p.tokens[0]) > 5 || toks[i].text == p.tokens[0] || len(p.tokens[0]) == 3 && toks[i].text != "alt"
		loose := 0
		for j, t := range p.tokens {
			got := toks[i+j].text
			if alike(got, t) || k >= 4 && len(t) <= 2 && len(got) <= 3 {
				continue
			}
			if loose++; exact || loose > 1 || k < 2 || len(t) > 3 || len(got) != len(t) || !within(got, t, 1) {
				ok = false
				break
			}
		}
		if ok {
			return p.key, k
		}
	}
	return "", 0
}

// findLabels marks the labels of a segment. In the middle of a segment only a
// label closed by a colon, or one followed by a value that fits, counts: prose
// is full of words that are labels elsewhere.
func findLabels(r *Rules, g *segment) {
	toks := flatten(g)
	g.marks = nil
	for i := 0; i < len(toks); i++ {
		if i > 0 && toks[i].word == toks[i-1].word {
			continue
		}
		key, n := phraseAt(r.labels, toks, i)
		if i == 0 && n < len(toks) {
			if k := r.alternative(g); k != "" {
				key, n = k, len(toks)
			}
		}
		if n == 0 {
			continue
		}
		m := mark{key: key, from: toks[i].word, to: toks[i+n-1].word + 1}
		m.colon, m.to = closes(g, m.to)
		if m.from > 0 && !m.colon && n == 1 && len(g.marks) == 0 {
			continue
		}
		if strings.HasPrefix(g.words[m.from].Text, "(") && !m.colon {
			continue // a note in brackets, as in "(ICD-10 E78.5)"
		}
		whole := i == 0 && m.to == len(g.words)
		switch {
		case m.colon:
		case whole && (upperStart(g.words[m.from].Text) && len(toks[i].text) > 1 || len(g.words[m.from].Text) > 8):
		case fits(key, n, i == 0, g.words[m.from], g.words[m.to:]):
			m.typed = true
		default:
			continue
		}
		g.marks = append(g.marks, m)
		i += n - 1
	}
	for i := range g.marks {
		g.marks[i].end = len(g.words)
		if i+1 < len(g.marks) {
			g.marks[i].end = g.marks[i+1].from
		}
	}
}

// maxAlternative is the number of words of a label that names its field in two ways.
const maxAlternative = 7

// alternative is the key of a label that fills its segment and says its field twice, or says something of it in brackets: "Indication /
// symptoms", "Patient (print)". The first way that is known counts; "" when none is.
func (r *Rules) alternative(g *segment) string {
	if len(g.words) > maxAlternative || !upperStart(g.words[0].Text) {
		return ""
	}
	t := strings.ToLower(strings.TrimRight(text(g.words), ":# "))
	if !strings.ContainsAny(t, "/(") || strings.Contains(t, "check") || strings.ContainsAny(strings.ReplaceAll(t, "icd-10", ""), ":0123456789") {
		return ""
	}
	for _, part := range strings.FieldsFunc(t, func(c rune) bool { return c == '/' || c == '(' || c == ')' }) {
		toks := plainTokens(part)
		for _, p := range r.labels {
			if slices.Equal(p.tokens, toks) {
				return p.key
			}
		}
	}
	return ""
}

// closes tells whether the label that ends before word to is closed by a
// colon or number sign, in the word itself or standing alone after it.
func closes(g *segment, to int) (bool, int) {
	closed := strings.ContainsAny(lastByte(g.words[to-1].Text), ":#;")
	for to < len(g.words) && lettersDigits(g.words[to].Text) == 0 && strings.ContainsAny(g.words[to].Text, "#:") {
		closed, to = true, to+1
	}
	return closed, to
}

func lastByte(s string) string {
	if s == "" {
		return ""
	}
	return s[len(s)-1:]
}

func upperStart(s string) bool {
	for _, r := range s {
		if unicode.IsLetter(r) {
			return unicode.IsUpper(r)
		}
	}
	return false
}

// fits tells whether words may be the value of an unclosed label.
func fits(key string, n int, first bool, label Word, value []Word) bool {
	if len(value) == 0 || !upperStart(label.Text) {
		return false
	}
	next := value[0].Text
	digit := strings.ContainsAny(next[:1], "0123456789(+")
	switch key {
	case "patient_dob", ".phone", ".fax", "patient_phone", "referring_npi", "patient_zip", "cpt_codes", "referring_phone", "referring_fax", "referred_to_fax", "referral_date", ".address", "patient_address":
		return digit
	case "patient_mrn", "member_id", "group_number", "referral_id", "auth_number":
		return strings.ContainsAny(next, "0123456789") && (first || n > 1)
	case "patient_sex":
		return first && len(value) <= 2 && slices.Contains([]string{"m", "f", "male", "female"}, strings.ToLower(next))
	case "payer_name":
		return first && upperStart(next) && len(value) <= 7
	case "none":
		return false
	}
	return first && n >= 2 && (upperStart(next) || digit) && len(value) <= 10
}
