package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"refloop/config"
	"refloop/console"
)

// Rows of a listing: how many without --limit, and at most with it.
const (
	defaultRows = 100
	maxRows     = 100_000
)

// limitFlag reads --limit.
func limitFlag(cmd *cobra.Command) (int, error) {
	n, err := cmd.Flags().GetInt("limit")
	if err != nil {
		return 0, err
	}
	if cmd.Flags().Changed("limit") && (n < 1 || n > maxRows) {
		return 0, usageError{fmt.Errorf("--limit: got %d, want 1 to %d", n, maxRows)}
	}
	return n, nil
}

// limitOf is how many rows a listing shows; q asks for one more from then on, by which a cut listing is known.
func limitOf(q *console.Query) int {
	at := &q.Limit
	switch {
	case q.Messages != nil:
		at = &q.Messages.Limit
	case q.Referrals != nil:
		at = &q.Referrals.Limit
	case q.Deliveries != nil:
		at = &q.Deliveries.Limit
	}
	limit := *at
	if limit <= 0 {
		limit = defaultRows
	}
	*at = limit + 1
	return limit
}

// printLines writes at most limit JSON lines.
func printLines(cmd *cobra.Command, q console.Query, limit int) error {
	var b bytes.Buffer
	if err := askQuery(cmd, q, &b); err != nil {
		return err
	}
	out := b.Bytes()
	for n, at := 0, 0; at < len(out); n++ {
		if n == limit {
			out = out[:at]
			defer sayCut(cmd, limit)
			break
		}
		end := bytes.IndexByte(out[at:], '\n')
		if end < 0 {
			break
		}
		at += end + 1
	}
	_, err := cmd.OutOrStdout().Write(out)
	return err
}

func sayCut(cmd *cobra.Command, limit int) {
	fmt.Fprintf(cmd.ErrOrStderr(), "%d shown, more with --limit N\n", limit)
}

// checkName refuses a filter for a name that the configuration does not know and under which nothing is stored: a mistyped name finds
// nothing and says so. found asks the store for one row.
func checkName(flag, got string, known []string, found func() (bool, error)) error {
	if got == "" || slices.Contains(known, got) {
		return nil
	}
	if ok, err := found(); ok || err != nil {
		return err
	}
	near := ""
	if n := config.Nearest(got, known); n != "" {
		near = fmt.Sprintf("; did you mean %q?", n)
	}
	return usageError{fmt.Errorf("--%s: got %q, want one of %s%s", flag, got, strings.Join(known, ", "), near)}
}

// anyRow reports whether q finds anything.
func anyRow(cmd *cobra.Command, q console.Query) func() (bool, error) {
	return func() (bool, error) {
		var b bytes.Buffer
		err := askQuery(cmd, q, &b)
		return b.Len() > 0, err
	}
}

// channelNames are the channels of the configuration and the lanes of its partners.
func channelNames(cmd *cobra.Command) ([]string, error) {
	cfg, _, err := settingsOf(cmd)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, c := range cfg.Channels {
		out = append(out, c.Name)
	}
	return out, nil
}

// partnerNames are the partners of the configuration.
func partnerNames(cmd *cobra.Command) ([]string, error) {
	cfg, _, err := settingsOf(cmd)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, p := range cfg.Partners {
		out = append(out, p.ID)
	}
	return out, nil
}
