package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"refloop/console"
	"refloop/referral"
)

func worklistCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "worklist", Short: "what a person must look at: open incidents and holds, newest first", Args: cobra.NoArgs,
		Example: `  refloop worklist
  refloop worklist --type fax_review --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f := cmd.Flags()
			all, err := f.GetBool("all")
			if err != nil {
				return err
			}
			limit, err := limitFlag(cmd)
			if err != nil {
				return err
			}
			kind := f.Lookup("type").Value.String()
			if err := checkName("type", kind, itemKinds(), anyRow(cmd, console.Query{Name: "worklist", Kind: kind, All: true, Limit: 1})); err != nil {
				return err
			}
			head := []string{"ITEM", "OPENED (UTC)", "KIND", "OWNER", "REFERRAL", "MESSAGE", "DELIVERY", "TIMES", "DONE (UTC)", "NOTE"}
			q := console.Query{Name: "worklist", Kind: kind, Owner: f.Lookup("owner").Value.String(), All: all, Limit: limit}
			return printList(cmd, q, head, func(v console.WorkView) []string {
				return []string{v.ID, when(v.Opened), v.Kind, strings.TrimPrefix(v.Owner, "user:"), v.ReferralID, v.MessageID, v.DeliveryID, fmt.Sprint(v.Count), when(v.Resolved), v.Note}
			})
		},
	}
	c.Flags().String("type", "", "only items of this `kind`, such as delivery_dead or fax_review")
	c.Flags().String("owner", "", "only what this `person` took, such as anna; none: what nobody took")
	c.Flags().Bool("all", false, "with incidents that are done")
	c.Flags().Int("limit", 0, "at most `N` rows, 1 to 100000 (default 100)")
	c.Flags().Bool("json", false, "one JSON object a line, stable keys")
	c.AddCommand(worklistCloseCommand())
	return c
}

// itemKinds are the kinds of items that a worklist can hold; anomalies have more.
func itemKinds() []string {
	kinds := []string{"tell_by_hand", "delivery_dead", "report_refused", "notice_dead", "rail_unusable", "partner_red", "certificate_ends", "bundle_shrunk", "bundle_stale", "mailbox_closed", "hisp_login", "files_set_aside", "mail_of_strangers", "batch_incomplete", "frames_unreadable", "message_held", "message_failed", "misdirected", "wrong_patient",
		"question", "cancel_crossed", "redirected", "report_after_end", "relay_lost", "duplicate_id", "anomaly.unknown_referral", "anomaly.late_fact"}
	for _, k := range referral.HoldKinds() {
		kinds = append(kinds, string(k))
	}
	return kinds
}

func worklistCloseCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "close ID", Short: "close an item that is settled; the reason is audited", Args: cobra.ExactArgs(1),
		Long: "close takes an item off the worklist because a person says that it is settled. The reason goes into the audit chain: write nothing about\n" +
			"a patient, `-` reads it from standard input. Holds are not closed but released: refloop act ID release --hold KIND --reason CODE.",
		Example: "  refloop worklist close 01JF --reason 'told by telephone'",
		RunE: func(cmd *cobra.Command, args []string) error {
			reason := cmd.Flags().Lookup("reason").Value.String()
			if reason == "-" {
				b, err := readInput("--reason", cmd.InOrStdin())
				if err != nil {
					return err
				}
				reason = string(b)
			}
			if strings.TrimSpace(reason) == "" {
				return usageError{errors.New("worklist close: --reason: got nothing, want why the item is settled, without anything about a patient")}
			}
			client, err := dialDaemon(cmd)
			if err != nil {
				return err
			}
			if err := client.CloseItem(cmd.Context(), args[0], reason); errors.Is(err, console.ErrInput) {
				return usageError{err}
			} else if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: closed\n", args[0])
			return err
		},
	}
	c.Flags().String("reason", "", "why it is settled, as `text`, or - for standard input (required)")
	return c
}
