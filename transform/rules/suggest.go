package rules

import (
	"fmt"
	"strconv"
	"strings"
)

// quote keeps messages on one readable line.
func quote(s string) string {
	const most = 60
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "..."
	}
	return strconv.Quote(s)
}

// suggestion gives `; did you mean "specialty"?` when a name is within two edits (one for short words), or word is its beginning.
func suggestion(word string, names []string) string {
	if len(word) > 64 {
		return ""
	}
	word = strings.ToLower(word)
	best, least := "", 1+max(1, min(2, len(word)/3))
	for _, name := range names {
		if len(word) >= 4 && strings.HasPrefix(name, word) {
			best = name
			break
		}
		if n := edits(word, strings.ToLower(name)); n < least {
			best, least = name, n
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// edits counts insertions, deletions and replacements (Levenshtein).
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		corner := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := corner
			if a[i-1] != b[j-1] {
				cost = 1 + min(corner, row[j], row[j-1])
			}
			corner, row[j] = row[j], cost
		}
	}
	return row[len(b)]
}
