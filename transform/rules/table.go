package rules

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Table is a look-up table. The zero value is empty.
type Table struct {
	rows     map[string]string
	fallback string
}

// Find gives the value of a key, compared exactly after blanks around it are gone; of an unknown key, the value of the * row; without
// one, "".
func (t Table) Find(key string) string {
	if v, ok := t.rows[strings.TrimSpace(key)]; ok {
		return v
	}
	return t.fallback
}

// Len is the number of rows, the * row not counted.
func (t Table) Len() int { return len(t.rows) }

// ParseTable reads a CSV file (RFC 4180, UTF-8) of two columns: key and value. A first row `key,value` is a header, empty lines and
// lines that start with # do not count, the row with the key * is for unknown keys. Either the table is ready and there are no
// mistakes, or it is empty and they are listed with their lines. The key names the table in messages.
func ParseTable(file, key string, b []byte) (Table, []Mistake) {
	t := Table{rows: map[string]string{}}
	var mistakes []Mistake
	bad := func(line, col int, format string, args ...any) {
		mistakes = append(mistakes, Mistake{Place{file, max(line, 1), max(col, 1)}, key, fmt.Sprintf(format, args...)})
	}
	if !utf8.Valid(b) {
		bad(1, 1, "got bytes that are not UTF-8, want UTF-8 text")
		return Table{}, mistakes
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(b, []byte("\ufeff"))))
	r.FieldsPerRecord, r.Comment, r.ReuseRecord = -1, '#', true
	lines := map[string]int{}
	star := false
	for n := 0; ; n++ {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var pe *csv.ParseError
		if errors.As(err, &pe) {
			bad(pe.Line, pe.Column, "got a line that is no CSV (%v), want key,value", pe.Err)
			break
		}
		if n > MaxRows || len(mistakes) >= 20 {
			bad(1, 1, "got more rows or mistakes than are read (%d rows), want fewer", MaxRows)
			break
		}
		line, _ := r.FieldPos(0)
		if len(row) != 2 {
			bad(line, 1, "got %d columns, want two: key,value", len(row))
			continue
		}
		k, v := strings.TrimSpace(row[0]), strings.TrimSpace(row[1])
		switch first, again := lines[k]; {
		case n == 0 && strings.EqualFold(k, "key") && strings.EqualFold(v, "value"):
			continue
		case len(k) > MaxCell || len(v) > MaxCell:
			bad(line, 1, "got a key or value of more than %d bytes, want a shorter one", MaxCell)
		case again:
			bad(line, 1, "got the key %s again, want it once; the first is in line %d", quote(k), first)
		case k == "*":
			t.fallback, star = v, true
		default:
			t.rows[k] = v
		}
		lines[k] = line
	}
	if len(mistakes) == 0 && len(t.rows) == 0 && !star {
		bad(1, 1, "got no rows, want lines of key,value")
	}
	if len(mistakes) > 0 {
		return Table{}, mistakes
	}
	return t, nil
}
