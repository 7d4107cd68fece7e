package referral

import (
	"slices"
	"strings"
	"unicode"
)

// folds are the letters that FoldName writes plainly: Latin letters with marks, as they occur in names. Anything else stays.
var folds = strings.NewReplacer(
	"á", "a", "à", "a", "â", "a", "ä", "a", "ã", "a", "å", "a", "ā", "a", "ă", "a", "ą", "a", "æ", "ae",
	"ç", "c", "ć", "c", "č", "c", "ď", "d", "đ", "d", "ð", "d", "é", "e", "è", "e", "ê", "e", "ë", "e", "ē", "e", "ė", "e", "ę", "e", "ě", "e",
	"ğ", "g", "í", "i", "ì", "i", "î", "i", "ï", "i", "ī", "i", "į", "i", "ı", "i", "ł", "l", "ľ", "l", "ñ", "n", "ń", "n", "ň", "n",
	"ó", "o", "ò", "o", "ô", "o", "ö", "o", "õ", "o", "ø", "o", "ō", "o", "ő", "o", "œ", "oe", "ř", "r", "ś", "s", "š", "s", "ş", "s", "ș", "s", "ß", "ss",
	"ť", "t", "ţ", "t", "ț", "t", "þ", "th", "ú", "u", "ù", "u", "û", "u", "ü", "u", "ū", "u", "ů", "u", "ű", "u", "ý", "y", "ÿ", "y", "ź", "z", "ż", "z", "ž", "z",
)

// FoldName makes names comparable: lower case, marks off, and no hyphen, apostrophe, space or point. It is for comparison only and
// never shown or sent.
func FoldName(s string) string {
	s = folds.Replace(strings.ToLower(s))
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1 // also combining marks
	}, s)
}

// degrees are the letters after a clinician's name.
var degrees = []string{"md", "do", "np", "pa", "pac", "rn", "aprn", "arnp", "fnp", "fnpc", "dnp", "phd", "psyd", "dds", "dmd", "dpm", "od", "dc", "pt",
	"dpt", "lcsw", "lmft", "lpc", "facp", "facc", "mbbs", "msn", "cnm"}

// ParseName reads a name from one line of paper: "Family, Given Middle MD" or "Dr. Given Middle Family, MD". Text keeps the line.
func ParseName(line string) Name {
	n := Name{Text: strings.TrimSpace(line)}
	family, rest, comma := strings.Cut(n.Text, ",")
	words := strings.Fields(n.Text)
	if comma && !isDegree(rest) {
		words = strings.Fields(rest)
		n.Family = strings.TrimSpace(family)
	}
	var names []string
	for i, w := range words {
		w = strings.Trim(w, ",")
		switch f := FoldName(w); {
		case f == "":
		case i == 0 && (f == "dr" || f == "mr" || f == "mrs" || f == "ms"):
			n.Prefix = w
		case f == "jr" || f == "sr" || f == "ii" || f == "iii":
			n.Suffix = w
		case slices.Contains(degrees, f):
			n.Degree = strings.TrimSpace(n.Degree + " " + w)
		default:
			names = append(names, w)
		}
	}
	if n.Family == "" && len(names) > 0 {
		n.Family, names = names[len(names)-1], names[:len(names)-1]
	}
	if len(names) > 0 {
		n.Given, n.Middle = names[0], strings.Join(names[1:], " ")
	}
	return n
}

// isDegree reports whether what stands after a comma holds only letters after a name.
func isDegree(s string) bool {
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' }) {
		if f := FoldName(w); !slices.Contains(degrees, f) && f != "jr" && f != "sr" && f != "ii" && f != "iii" {
			return false
		}
	}
	return true
}
