package referral

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// fieldMax is the longest text that a person may give for one field, in characters.
const fieldMax = 10_000

// extraPrefix marks a key of a person's own: extra.<name> is kept under Extra as <name>.
const extraPrefix = "extra."

var (
	extraName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	zipCode   = regexp.MustCompile(`^\d{5}(-?\d{4})?$`)
	state2    = regexp.MustCompile(`^[A-Za-z]{2}$`)
	icd10     = regexp.MustCompile(`^[A-TV-Z]\d[0-9A-Z](\.?[0-9A-Z]{1,4})?$`)
)

// FieldKeys returns the keys that a person may set with verify, in the order in which they are shown. mrn stands for patient_mrn and
// recipient_npi for referred_to_npi; beside them there is extra.<name>.
func FieldKeys() []string {
	return []string{
		"patient_first", "patient_middle", "patient_last", "patient_suffix", "patient_dob", "patient_sex", "patient_phone", "patient_address",
		"patient_city", "patient_state", "patient_zip", "patient_mrn", "payer_name", "member_id", "group_number", "auth_number",
		"referring_name", "referring_npi", "referring_practice", "referring_phone", "referring_fax",
		"referred_to_name", "referred_to_npi", "referred_to_specialty", "referred_to_practice", "referred_to_fax", "referred_to_direct", "recipient_partner",
		"reason", "diagnosis_codes", "diagnosis_text", "priority", "specialty", "referral_date", "service_text", "cpt_codes", "medications", "allergies",
		"referral_id",
	}
}

// FieldKey returns the key that a key or its alias stands for, and whether it is one that a person may set.
func FieldKey(key string) (string, bool) {
	switch key {
	case "mrn":
		return "patient_mrn", true
	case "recipient_npi":
		return "referred_to_npi", true
	}
	if name, ok := strings.CutPrefix(key, extraPrefix); ok {
		return key, extraName.MatchString(name)
	}
	return key, slices.Contains(FieldKeys(), key)
}

// ListField reports whether a key holds several values, one a line or parted by semicolons.
func ListField(key string) bool {
	return slices.Contains([]string{"diagnosis_codes", "diagnosis_text", "cpt_codes", "medications", "allergies"}, key)
}

// CheckField reports what is wrong with a value that a person gives for a key of FieldKey; nil when it may be stored. The error names
// the key and what is wanted, and never quotes the value. An empty value empties the field.
func CheckField(key, value string) error {
	value = strings.TrimSpace(value)
	want := ""
	switch key {
	case "patient_dob", "referral_date":
		if _, err := time.Parse(time.DateOnly, value); err != nil {
			want = "a real date as YYYY-MM-DD"
		}
	case "patient_sex":
		if !slices.Contains([]string{"M", "F", "O", "U"}, value) {
			want = "M, F, O or U"
		}
	case "patient_phone", "referring_phone", "referring_fax", "referred_to_fax":
		if !phoneLike(value) {
			want = "10 to 15 digits"
		}
	case "referring_npi", "referred_to_npi":
		if !ValidNPI(value) {
			want = "10 digits with a right check digit"
		}
	case "priority":
		if knownPriority(value) == "" {
			want = "routine, urgent or stat"
		}
	case "patient_zip":
		if !zipCode.MatchString(value) {
			want = "5 or 9 digits"
		}
	case "patient_state":
		if !state2.MatchString(value) {
			want = "2 letters"
		}
	}
	n := utf8.RuneCountInString(value)
	switch {
	case n > fieldMax:
		want = fmt.Sprintf("at most %d", fieldMax)
	case want == "", value == "":
		return nil
	}
	return fmt.Errorf("%s: got %d characters, want %s", key, n, want)
}

// CheckFields checks all values of a set at once, in the order of the keys; unknown keys are left to the caller.
func CheckFields(set map[string]string) error {
	var all []error
	for _, k := range slices.Sorted(maps.Keys(set)) {
		if key, ok := FieldKey(k); ok {
			all = append(all, CheckField(key, set[k]))
		}
	}
	return errors.Join(all...)
}

// DoubtfulFields names the keys whose values look wrong but are taken: codes that have not the shape of ICD-10-CM.
func DoubtfulFields(set map[string]string) []string {
	for _, code := range listOf(set["diagnosis_codes"]) {
		if !icd10.MatchString(strings.ToUpper(code)) {
			return []string{"diagnosis_codes"}
		}
	}
	return nil
}

// ValidNPI reports whether s is a national provider identifier: ten digits, the first 1 or 2, whose Luhn sum with the prefix 80840 is
// right (45 CFR 162.406).
func ValidNPI(s string) bool {
	if len(s) != 10 || s[0] != '1' && s[0] != '2' {
		return false
	}
	sum := 24 // of the prefix
	for i := range 10 {
		d := int(s[i]) - '0'
		if d < 0 || d > 9 {
			return false
		}
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// phoneLike reports whether s holds 10 to 15 digits and otherwise only what people write between them.
func phoneLike(s string) bool {
	digits := 0
	for _, c := range s {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case !strings.ContainsRune(" +-().", c):
			return false
		}
	}
	return digits >= 10 && digits <= 15
}
