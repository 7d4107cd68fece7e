package ccda

import "strings"

// codeFits says whether code has the shape, and where there is one the check digit, of its code system. A system that
// is not known here takes any code without blanks. HL7's own rules demand two codes with wrong check digits.
func codeFits(system, code string) bool {
	if code == "" || strings.ContainsAny(code, " \t\r\n") {
		return false
	}
	switch system {
	case LOINC:
		return loincFits(code)
	case SNOMED:
		return code == "2264892003" || len(code) >= 6 && len(code) <= 18 && code[0] != '0' && digits(code) && verhoeff(code)
	case RxNorm:
		return len(code) <= 8 && digits(code)
	case CVX:
		return len(code) <= 3 && digits(code)
	case ICD10:
		return icd10Fits(code)
	case NUCC:
		return len(code) == 10 && code[9] == 'X' && upperOrDigits(code[:9])
	case CPT:
		return len(code) == 5 && digits(code[:4]) && upperOrDigits(code[4:])
	case Gender:
		return code == "M" || code == "F" || code == "UN"
	case Confidential:
		return strings.Contains(" N R V L M U ", " "+code+" ")
	case RaceEthnicity:
		return len(code) == 6 && digits(code[:4]) && code[4] == '-' && digits(code[5:])
	}
	return true
}

func loincFits(code string) bool {
	for _, p := range []string{"LP", "LA", "LG", "LL"} {
		if rest, ok := strings.CutPrefix(code, p); ok {
			i := strings.IndexByte(rest, '-')
			return i > 0 && digits(rest[:i]) && len(rest) == i+2 && (digits(rest[i+1:]) || rest[i+1] == 'X')
		}
	}
	i := strings.IndexByte(code, '-')
	return i >= 1 && i <= 7 && len(code) == i+2 && digits(code[:i]) && digits(code[i+1:]) && luhn(code[:i]+code[i+1:])
}

func icd10Fits(code string) bool {
	if len(code) < 3 || code[0] < 'A' || code[0] > 'Z' || !digits(code[1:2]) || !upperOrDigits(code[2:3]) {
		return false
	}
	return len(code) == 3 || code[3] == '.' && len(code) >= 5 && len(code) <= 8 && upperOrDigits(code[4:])
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func upperOrDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return s != ""
}

// luhn checks digits with the check digit last (ISO/IEC 7812-1).
func luhn(s string) bool {
	sum := 0
	for i := 0; i < len(s); i++ {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// verhoeff checks a SNOMED CT identifier: dihedral group of order 10, SNOMED CT Technical Implementation Guide.
func verhoeff(s string) bool {
	const mul = "0123456789123406789523401789563401289567401239567859876043216598710432765982104387659321049876543210"
	const perm = "01234567891576283094580379614289160435279453126870428657390127938064157046913258"
	c := 0
	for i := 0; i < len(s); i++ {
		d := int(s[len(s)-1-i] - '0')
		c = int(mul[c*10+int(perm[i%8*10+d]-'0')] - '0')
	}
	return c == 0
}

// oidFits and uuidFits are the XSD's own patterns for II/@root.
func oidFits(s string) bool {
	if s == "" || s[0] < '0' || s[0] > '2' || len(s) > 1 && s[1] != '.' {
		return false
	}
	for _, arc := range strings.Split(s, ".") {
		if !digits(arc) || len(arc) > 1 && arc[0] == '0' {
			return false
		}
	}
	return true
}

func uuidFits(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (c == '-') || !dash && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

const nullFlavors = " NI UNK NASK ASKU NA MSK OTH NINF PINF NAV TRC QS "

// flavor returns nf when it is a null flavour of HL7 V3, and otherwise the other value.
func flavor(nf, otherwise string) string {
	if nf != "" && !strings.Contains(nf, " ") && strings.Contains(nullFlavors, " "+nf+" ") {
		return nf
	}
	return otherwise
}

// among returns s when it is one of the blank-separated words, and otherwise the other value.
func among(s, words, otherwise string) string {
	for w := range strings.FieldsSeq(words) {
		if w == s {
			return s
		}
	}
	return otherwise
}
