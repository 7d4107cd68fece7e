package config

import (
	"fmt"
	"strings"
)

// suggestion gives `; did you mean "listen"?` when one of names is near word, else nothing.
func suggestion(word string, names []string) string {
	if near := nearest(word, names); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// nearest is the name with the fewest edits from word, at most a third of its length (one for short words), or the name that word is
// the beginning of, or "".
func nearest(word string, names []string) string {
	const longest = 64
	if len(word) > longest {
		return ""
	}
	word = strings.ToLower(strings.ReplaceAll(word, "-", "_"))
	for _, name := range names { // cut short: mem for memory
		if len(word) >= 3 && strings.HasPrefix(strings.ToLower(name), word) {
			return name
		}
	}
	best, least := "", 1+max(1, len(word)/3)
	for _, name := range names {
		if len(name) > longest {
			continue
		}
		if n := edits(word, strings.ToLower(strings.ReplaceAll(name, "-", "_"))); n < least {
			best, least = name, n
		}
	}
	return best
}

// edits counts insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
func edits(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}

// Nearest is the name that word most likely means; empty when none is near.
func Nearest(word string, names []string) string { return nearest(word, names) }
