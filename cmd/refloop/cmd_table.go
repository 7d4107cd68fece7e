package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"refloop/console"
)

// maxCell is how many characters of free text a table shows.
const maxCell = 60

// rowsOf answers q as values.
func rowsOf[T any](cmd *cobra.Command, q console.Query) ([]T, error) {
	var buf bytes.Buffer
	if err := askQuery(cmd, q, &buf); err != nil {
		return nil, err
	}
	var out []T
	dec := json.NewDecoder(&buf)
	for {
		var row T
		if err := dec.Decode(&row); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, fmt.Errorf("refloop: reading the answer: %w", err)
		}
		out = append(out, row)
	}
}

// oneOf answers q as the one value it has.
func oneOf[T any](cmd *cobra.Command, q console.Query) (T, error) {
	rows, err := rowsOf[T](cmd, q)
	if err == nil && len(rows) != 1 {
		err = fmt.Errorf("refloop: reading the answer: got %d rows, want 1", len(rows))
	}
	if err != nil {
		var zero T
		return zero, err
	}
	return rows[0], nil
}

// printList answers q: as it comes with --json, else as a table.
func printList[T any](cmd *cobra.Command, q console.Query, head []string, row func(T) []string) error {
	limit := limitOf(&q)
	if wantsJSON(cmd) {
		return printLines(cmd, q, limit)
	}
	rows, err := rowsOf[T](cmd, q)
	if err != nil {
		return err
	}
	if len(rows) > limit {
		rows = rows[:limit]
		defer sayCut(cmd, limit)
	}
	var cells [][]string
	for _, r := range rows {
		cells = append(cells, row(r))
	}
	if len(cells) == 0 {
		_, err := fmt.Fprintln(cmd.ErrOrStderr(), "nothing found")
		return err
	}
	return printTable(cmd.OutOrStdout(), head, cells)
}

func wantsJSON(cmd *cobra.Command) bool {
	f := cmd.Flags().Lookup("json")
	return f != nil && f.Value.String() == "true"
}

// printTable writes aligned columns. Cells are cleaned: what outsiders sent cannot move the cursor of a terminal. An empty cell shows as
// a dash, unless nothing follows in its row.
func printTable(w io.Writer, head []string, rows [][]string) error {
	lines := rows
	if head != nil {
		lines = append([][]string{head}, rows...)
	}
	var width []int
	clean := make([][]string, len(lines))
	for i, cells := range lines {
		for n, c := range trimmed(cells) {
			if c = plain(c); c == "" {
				c = "-"
			}
			if n == len(width) {
				width = append(width, 0)
			}
			width[n] = max(width[n], utf8.RuneCountInString(c))
			clean[i] = append(clean[i], c)
		}
	}
	var b strings.Builder
	for _, cells := range clean {
		var row strings.Builder
		for n, c := range cells {
			fmt.Fprintf(&row, "%-*s  ", width[n], c)
		}
		b.WriteString(strings.TrimRight(row.String(), " "))
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// trimmed drops empty cells at the end.
func trimmed(cells []string) []string {
	for len(cells) > 0 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}

// plain makes text safe for a terminal: control and format characters become spaces.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, s)
}

// short cuts free text for a table.
func short(s string) string {
	r := []rune(s)
	if len(r) <= maxCell {
		return s
	}
	return string(r[:maxCell-1]) + "…"
}

// when writes a time for tables, in UTC; empty when there is none.
func when(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}

// words joins what is not empty.
func words(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, " ")
}

// writeJSON prints v on one line.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// checkWord refuses a filter that can match nothing.
func checkWord[T ~string](flag, got string, allowed []T) error {
	if got == "" {
		return nil
	}
	var list []string
	for _, a := range allowed {
		if string(a) == got {
			return nil
		}
		list = append(list, string(a))
	}
	return usageError{fmt.Errorf("--%s: got %q, want one of %s", flag, got, strings.Join(list, ", "))}
}

// group makes a command that only holds others.
func group(use, about string, subs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: about, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var names []string
			for _, s := range cmd.Commands() {
				names = append(names, s.Name())
			}
			return usageError{fmt.Errorf("refloop %s: got no command, want one of %s", use, strings.Join(names, ", "))}
		},
	}
	c.AddCommand(subs...)
	return c
}
