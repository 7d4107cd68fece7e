package fax

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// person is a name taken apart.
type person struct {
	first, middle, last, suffix string
	credentials                 bool // MD, NP and the like stood behind it
	titled                      bool // Dr., Mr., Ms. stood before it
	words                       []Word
}

var (
	titles      = []string{"dr", "mr", "mrs", "ms", "miss", "mx", "doctor"}
	suffixes    = []string{"jr", "sr", "ii", "iii", "iv"}
	credentials = []string{"md", "do", "np", "pa", "pac", "rn", "dnp", "aprn", "fnp", "fnpc", "fnpbc", "cnp", "crnp", "arnp", "phd", "psyd", "dpm", "dds", "dmd", "od", "mbbs", "facc", "faap", "facs", "facp", "cnm", "lcsw", "dc", "dpt", "ms", "mph", "agnp", "bc", "pmhnp", "facog", "faafp", "mba", "msn", "lpc", "lmft", "pharmd"}
	particles   = []string{"de", "la", "las", "los", "del", "di", "da", "dos", "du", "van", "von", "der", "den", "el", "al", "bin", "ibn", "st", "ter", "ten", "le", "mc", "mac", "san", "santa"}
	notNames    = []string{"patient", "referral", "name", "new", "form", "request", "order", "fax", "phone", "date", "dob", "provider", "physician", "practice", "information", "medical", "medicine", "clinic", "health", "center", "group", "associates", "specialists", "services", "report", "consult", "consultation", "first", "last", "insurance", "address", "sex", "male", "female", "npi", "to", "from", "re", "page", "pages", "dear", "and", "the", "for", "of", "with", "none", "unknown", "same", "self", "see", "note", "notes", "signature", "confidential", "notice", "department", "office", "records", "imaging", "radiology", "cardiology", "surgery", "therapy", "specialty", "mi", "middle", "street", "suite", "city", "state", "zip", "member", "id", "diagnosis", "reason", "priority", "routine", "urgent", "stat", "attached", "please", "any", "available", "requested", "visit", "evaluation", "results", "lab", "family", "hospital", "care", "primary", "county", "community", "program", "institute"}
)

// parsePerson reads a name as it is printed: "Last, First M", "First M. Last",
// with title, suffix and credentials. ok is false when the words do not look
// like the name of one person.
func parsePerson(words []Word) (p person, ok bool) {
	words = splitInitials(words)
	var parts []string
	comma := -1 // parts before the first comma
	for _, w := range words {
		t := strings.Trim(w.Text, ".;:()-–—'’‘`\"*")
		ends := strings.HasSuffix(t, ",")
		for _, piece := range strings.FieldsFunc(t, func(r rune) bool { return r == ',' }) {
			piece = strings.Trim(piece, ".'’`")
			plain := strings.ToLower(strings.NewReplacer(".", "", "-", "", "'", "", "’", "").Replace(piece))
			switch {
			case plain == "":
				continue
			case len(parts) == 0 && slices.Contains(titles, plain):
				p.titled = true
				continue
			case len(parts) >= 2 && slices.Contains(credentials, plain) && (piece == strings.ToUpper(piece) || strings.Contains(piece, "-") || plain == "pac" || plain == "phd"):
				p.credentials = true
				continue
			case len(parts) >= 1 && slices.Contains(suffixes, plain):
				p.suffix = suffixText(plain)
				continue
			}
			if p.credentials || !nameLike(piece) || slices.Contains(notNames, plain) {
				return p, false
			}
			parts = append(parts, piece)
			p.words = append(p.words, w)
		}
		if ends && comma < 0 && len(parts) > 0 {
			comma = len(parts)
		}
	}
	if len(parts) < 2 || len(parts) > 6 {
		return p, false
	}
	if comma > 0 && comma < len(parts) {
		p.last = strings.Join(parts[:comma], " ")
		p.first = parts[comma]
		p.middle = strings.Join(parts[comma+1:], " ")
	} else {
		n := len(parts) - 1
		for n > 1 && slices.Contains(particles, strings.ToLower(parts[n-1])) {
			n--
		}
		p.first, p.middle, p.last = parts[0], strings.Join(parts[1:n], " "), strings.Join(parts[n:], " ")
	}
	if comma < 0 && len(strings.Fields(p.middle)) > 2 || lettersDigits(p.last) < 2 {
		return p, false
	}
	return p, true
}

// initial is an initial that the engine joined to the name before it: "Ann.B".
var initial = regexp.MustCompile(`^([A-Z][a-z]+)\.([A-Z]\.?)$`)

func splitInitials(words []Word) []Word {
	for i, w := range words {
		if m := initial.FindStringSubmatch(w.Text); m != nil {
			a, b := splitWord(w, m[1], m[2])
			return slices.Concat(words[:i], []Word{a, b}, splitInitials(words[i+1:]))
		}
	}
	return words
}

func suffixText(plain string) string {
	switch plain {
	case "jr":
		return "Jr"
	case "sr":
		return "Sr"
	}
	return strings.ToUpper(plain)
}

func nameLike(s string) bool {
	letters := 0
	for i, r := range s {
		switch {
		case unicode.IsLetter(r):
			if i == 0 && unicode.IsLower(r) && !slices.Contains(particles, strings.ToLower(s)) {
				return false
			}
			letters++
		case r == '\'' || r == '’' || r == '-' || r == '.':
		default:
			return false
		}
	}
	return letters > 0
}

// proper turns a name in capitals into the usual case.
func proper(s string) string {
	if s != strings.ToUpper(s) || len(s) < 2 {
		return s
	}
	b := []rune(strings.ToLower(s))
	up := true
	for i, r := range b {
		if up {
			b[i] = unicode.ToUpper(r)
		}
		up = !unicode.IsLetter(r)
		if i == 1 && b[0] == 'M' && r == 'c' {
			up = true
		}
	}
	return string(b)
}

func (p person) full() string { return proper(p.first) + " " + proper(p.last) }

// patient gives the candidates of a patient's name.
func (p person) patient() []candidate {
	out := []candidate{found("patient_first", proper(p.first), p.words), found("patient_last", proper(p.last), p.words)}
	if p.middle != "" {
		out = append(out, found("patient_middle", proper(p.middle), p.words))
	}
	if p.suffix != "" {
		out = append(out, found("patient_suffix", p.suffix, p.words))
	}
	return out
}

// leadingPerson is the longest run of words from the start that is a name:
// values often go on with something else ("Ann Lee DOB 1/2/1980").
func leadingPerson(words []Word) (person, bool) {
	for n := min(len(words), 7); n >= 2; n-- {
		if p, ok := parsePerson(words[:n]); ok {
			return p, true
		}
	}
	return person{}, false
}
