package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"refloop/console"
	"refloop/referral"
	figures "refloop/report"
	"refloop/store"
)

func reportCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "fax", Short: "what became of what was read from faxes: fields accepted untouched, edited, added; is the confidence right; minutes", Args: cobra.NoArgs,
		Long:    "fax counts what people made of the fields that were read from faxes, by field, by confidence and by sender. It holds no patient data.\n\n" + figures.FaxFormulas(),
		Example: "  refloop report fax --since 30d\n  refloop report fax --since 2026-11-01 --until 2026-12-01 --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			var span console.Span
			var err error
			if span.Since, err = parseSince(cmd.Flags().Lookup("since").Value.String(), time.Now()); err != nil {
				return err
			}
			if span.Until, err = parseSince(cmd.Flags().Lookup("until").Value.String(), time.Now()); err != nil {
				return usageError{errors.New("--until: got no time, want one such as 2026-11-23T08:00:00Z, a day, or a duration such as 24h")}
			}
			q := console.Query{Name: "report", Kind: "fax", Span: &span}
			if wantsJSON(cmd) {
				return askQuery(cmd, q, cmd.OutOrStdout())
			}
			f, err := oneOf[figures.Faxes](cmd, q)
			if err != nil {
				return err
			}
			return printFaxReport(cmd.OutOrStdout(), f)
		},
	}
	c.Flags().String("since", "", "faxes that arrived since `T`: RFC 3339, YYYY-MM-DD, or a duration such as 24h")
	c.Flags().String("until", "", "faxes that arrived before `T`")
	c.Flags().Bool("json", false, "one JSON object, stable keys")
	return group("report", "figures with their formulas", c)
}

func printFaxReport(w io.Writer, f figures.Faxes) error {
	counts := func(name string, n figures.Counts) []string {
		return []string{name, fmt.Sprint(n.Read), fmt.Sprint(n.Untouched), fmt.Sprint(n.Confirmed), fmt.Sprint(n.Edited), fmt.Sprint(n.Waiting), fmt.Sprint(n.Added)}
	}
	head := []string{"FIELD", "READ", "UNTOUCHED", "CONFIRMED", "EDITED", "WAITING", "ADDED"}
	rows := [][]string{counts("all", f.Fields)}
	for _, one := range f.ByField {
		rows = append(rows, counts(one.Key, one.Counts))
	}
	if _, err := fmt.Fprintf(w, "%d faxes, %d reviewed by a person; minutes to the end of the review: median %g, 9 in 10 under %g (n = %d)\n\n",
		f.Faxes, f.Reviewed, f.Minutes.Median, f.Minutes.P90, f.Minutes.N); err != nil {
		return err
	}
	if err := printTable(w, head, rows); err != nil {
		return err
	}
	var bands [][]string
	for _, b := range f.Bands {
		if b.N > 0 {
			bands = append(bands, []string{fmt.Sprintf("%.2f to %.2f", b.From, b.To), fmt.Sprint(b.N), fmt.Sprintf("%.3f", b.Mean), fmt.Sprint(b.Right), fmt.Sprintf("%.3f", b.Share), fmt.Sprintf("%.3f to %.3f", b.Low, b.High)})
		}
	}
	if _, err := fmt.Fprintln(w, "\nIs the confidence right? Reviewed faxes only"); err != nil {
		return err
	}
	if err := printTable(w, []string{"CONFIDENCE", "N", "MEAN", "RIGHT", "SHARE", "95 % INTERVAL"}, bands); err != nil {
		return err
	}
	var senders [][]string
	for _, s := range f.Senders {
		row := append(counts(s.Partner, s.Counts), fmt.Sprint(s.Faxes), fmt.Sprintf("%g", s.Minutes.Median))
		senders = append(senders, row)
	}
	if _, err := fmt.Fprintln(w, "\nBy sender"); err != nil {
		return err
	}
	if err := printTable(w, append(append([]string{"SENDER"}, head[1:]...), "FAXES", "MINUTES (MEDIAN)"), senders); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s\n", figures.FaxFormulas())
	return err
}

// maxReported is how many referrals one report looks at, the newest.
const maxReported = 100_000

// Report implements console.Reporter.
func (r reader) Report(ctx context.Context, name string, since, until time.Time) (any, error) {
	if name != "fax" {
		return nil, fmt.Errorf("%w: report: got %q, want fax", console.ErrQuery, name)
	}
	rows, err := r.Store.Referrals(ctx, store.ReferralFilter{Since: since, Limit: maxReported})
	if err != nil {
		return nil, err
	}
	var cases []figures.FaxCase
	for _, l := range rows {
		if len(l.Referral.Fields) == 0 || !until.IsZero() && !l.Referral.Created.Before(until) || l.Referral.Test {
			continue
		}
		first, err := r.Snapshot(ctx, l.Referral.ID, 1)
		if errors.Is(err, referral.ErrNotFound) {
			continue // its beginning is purged
		}
		if err != nil {
			return nil, err
		}
		events, err := r.Events(ctx, l.Referral.ID)
		if err != nil {
			return nil, err
		}
		cases = append(cases, figures.FaxCase{Read: first.Fields, Now: l.Referral, Events: events})
	}
	return figures.OfFaxes(cases), nil
}

var _ console.Reporter = reader{}
