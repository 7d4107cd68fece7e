package transform

import (
	"strings"

	"refloop/fax"
	"refloop/referral"
)

// Part2Statement1 is the notice of 42 CFR 2.32(a)(1) (2024 rule, 89 FR 12472), word for word, that accompanies each disclosure made
// with consent of records of a substance use disorder program. It is the text that faxes carry, too.
const Part2Statement1 = fax.Statement1

// Part2Statement2 is the short notice of 42 CFR 2.32(a)(2), for places where space forbids the long one.
const Part2Statement2 = fax.Statement2

// notices returns what must be said with every disclosure of the record: Statement 1 when it is a Part 2 record, on what basis it goes,
// then the notice that came in with it, word for word, unless it says nothing else (loop.md section 8).
func notices(c referral.Confidentiality, basis string) []string {
	var out []string
	if c.Part2 {
		out = append(append(out, Part2Statement1), nonEmpty(basisLine(c, basis))...)
	}
	if n := strings.TrimSpace(c.Notice); n != "" && !(c.Part2 && strings.Contains(squeeze(Part2Statement1), squeeze(n))) {
		out = append(out, n)
	}
	return out
}

// basisLine explains the scope of the consent, or names the other basis, on which a Part 2 record goes (42 CFR 2.32): what the person
// who released it wrote. Empty for other records, and when nobody wrote one.
func basisLine(c referral.Confidentiality, basis string) string {
	if !c.Part2 || strings.TrimSpace(basis) == "" {
		return ""
	}
	return "Disclosed on this basis: " + strings.TrimSpace(basis)
}

// squeeze makes texts comparable that were wrapped in different places.
func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// speaksOfPart2 reports whether a notice is one of 42 CFR Part 2, in any of its editions.
func speaksOfPart2(notice string) bool {
	n := strings.ToLower(squeeze(notice))
	return strings.Contains(n, "42 cfr part 2") || strings.Contains(n, "42 c.f.r. part 2") || strings.Contains(n, "42cfrpart2")
}

// restrict raises a label: it only ever becomes stricter, and Part 2 is never taken away.
func restrict(c *referral.Confidentiality, code, source string) {
	if confidentialityRank(code) > confidentialityRank(c.Code) {
		c.Code, c.Source = code, firstOf(c.Source, source)
	}
}

// confidentialityRank orders the codes of the Confidentiality code system that documents carry.
func confidentialityRank(code string) int {
	switch code {
	case "R":
		return 1
	case "V":
		return 2
	}
	return 0
}

// noticeFound keeps an inbound redisclosure notice word for word. A record with one is restricted.
func noticeFound(c *referral.Confidentiality, notice string) {
	if strings.TrimSpace(notice) == "" {
		return
	}
	c.Notice = firstOf(c.Notice, notice)
	restrict(c, "R", "notice")
	if speaksOfPart2(notice) && !c.Part2 {
		c.Part2, c.Source = true, "notice"
	}
}
