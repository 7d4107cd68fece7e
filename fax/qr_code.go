package fax

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Code is what our bar codes and the plain type below them say: which referral a page belongs to and which page it is. It is
// written RL-<referral ID>-<page>-<pages>-<check>, for example RL-7K3M9QX2T4V8WZ5C-2-4-9H. It holds nothing about a person.
type Code struct {
	Referral string // the referral ID without its authority: letters, digits and hyphens, at most 40
	Page     int    // from 1
	Pages    int    // of the whole fax
}

const (
	codePrefix   = "RL-"
	maxCodeID    = 40
	maxCodePages = 9999
)

var codeID = regexp.MustCompile(`^[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?$`)

// Valid tells whether the code can be written: an ID of allowed characters and a page between 1 and Pages.
func (c Code) Valid() error {
	switch {
	case len(c.Referral) > maxCodeID || !codeID.MatchString(c.Referral):
		return fmt.Errorf("fax: code: got a referral ID of %d characters, want 1 to %d letters, digits and inner hyphens", len(c.Referral), maxCodeID)
	case c.Page < 1 || c.Pages < c.Page || c.Pages > maxCodePages:
		return fmt.Errorf("fax: code: got page %d of %d, want 1 to %d", c.Page, c.Pages, maxCodePages)
	}
	return nil
}

// String writes the code with its check characters.
func (c Code) String() string {
	body := fmt.Sprintf("%s%s-%d-%d", codePrefix, c.Referral, c.Page, c.Pages)
	return body + "-" + checkCharacters(body)
}

// checkCharacters are two characters by ISO 7064 MOD 1271-36 over letters (case does not count) and digits. They find every
// single wrong character, and all but one in 1271 of other mistakes.
func checkCharacters(s string) string {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	p := 0
	for _, r := range strings.ToUpper(s) {
		if i := strings.IndexRune(alphabet, r); i >= 0 {
			p = (p*36 + i) % 1271
		}
	}
	c := ((1-p*36*36)%1271 + 1271) % 1271
	return alphabet[c/36:c/36+1] + alphabet[c%36:c%36+1]
}

// ParseCode reads a code exactly as String writes it; the check characters must be right. The error does not quote s.
func ParseCode(s string) (Code, error) {
	fail := func(what string) (Code, error) {
		return Code{}, fmt.Errorf("fax: code of %d characters: got %s, want RL-<referral>-<page>-<pages>-<check>", len(s), what)
	}
	parts := strings.Split(strings.TrimSpace(s), "-")
	if len(s) > 2*maxCodeID || len(parts) < 5 || parts[0]+"-" != codePrefix {
		return fail("another shape")
	}
	n := len(parts)
	page, err1 := strconv.Atoi(parts[n-3])
	pages, err2 := strconv.Atoi(parts[n-2])
	c := Code{Referral: strings.Join(parts[1:n-3], "-"), Page: page, Pages: pages}
	if err1 != nil || err2 != nil || c.Valid() != nil {
		return fail("a page or referral out of range")
	}
	if c.String() != strings.TrimSpace(s) {
		return fail("wrong check characters")
	}
	return c, nil
}

var codeInText = regexp.MustCompile(`(?i)\bR[L1I|]\s?[-—–_~]\s?([0-9A-Z -]{1,48}?)\s?[-—–_~]\s?([0-9OIL]{1,4})\s?[-—–_~]\s?([0-9OIL]{1,4})\s?[-—–_~]\s?([0-9A-Z]{2})\b`)

// FindCodes looks for codes in words read by OCR. It forgives spaces, dashes of other lengths and the letters that our IDs
// never have (I, L and O for 1 and 0), and takes nothing whose check characters are wrong.
func FindCodes(text string) []Code {
	var found []Code
	if len(text) > 1<<20 {
		text = text[:1<<20]
	}
	for _, m := range codeInText.FindAllStringSubmatch(text, 32) {
		id := strings.ToUpper(strings.ReplaceAll(m[1], " ", ""))
		for _, try := range []string{id, digitsForLetters(id)} {
			s := codePrefix + try + "-" + digitsForLetters(m[2]) + "-" + digitsForLetters(m[3]) + "-" + strings.ToUpper(m[4])
			c, err := ParseCode(s)
			if err != nil {
				c, err = ParseCode(s[:len(s)-2] + digitsForLetters(m[4]))
			}
			if err == nil {
				found = append(found, c)
				break
			}
		}
	}
	return found
}

// digitsForLetters writes 1 and 0 for the letters that look like them.
func digitsForLetters(s string) string {
	return strings.NewReplacer("O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(s))
}
