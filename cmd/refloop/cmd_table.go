package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

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
	if wantsJSON(cmd) {
		return askQuery(cmd, q, cmd.OutOrStdout())
	}
	rows, err := rowsOf[T](cmd, q)
	if err != nil {
		return err
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

// printTable writes aligned columns. Cells are cleaned: what outsiders sent cannot move the cursor of a terminal.
func printTable(w io.Writer, head []string, rows [][]string) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	lines := rows
	if head != nil {
		lines = append([][]string{head}, rows...)
	}
	for _, cells := range lines {
		clean := make([]string, len(cells))
		for i, c := range cells {
			if clean[i] = plain(c); clean[i] == "" && i < len(cells)-1 {
				clean[i] = "-"
			}
		}
		if _, err := fmt.Fprintln(tw, strings.TrimRight(strings.Join(clean, "\t"), "\t ")); err != nil {
			return err
		}
	}
	return tw.Flush()
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
