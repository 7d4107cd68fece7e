package store

import "strings"

// dialect is the database an SQL text is written for.
type dialect int

const (
	sqlite dialect = iota
	postgres
)

// rewrite turns our ?1 placeholders into those of d. SQLite takes them as they are; its own $1 is a name, numbered by first
// appearance, which is why we never write that. Text in single quotes is left alone.
func rewrite(d dialect, q string) string {
	if d == sqlite {
		return q
	}
	var b strings.Builder
	quoted := false
	for i := 0; i < len(q); i++ {
		c := q[i]
		if c == '\'' {
			quoted = !quoted
		}
		if c == '?' && !quoted {
			c = '$'
		}
		b.WriteByte(c)
	}
	return b.String()
}
