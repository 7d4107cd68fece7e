package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"refloop/console"
	"refloop/referral"
)

func deliveriesCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "deliveries", Short: "list deliveries, newest first; send one again with: deliveries resend ID", Args: cobra.NoArgs,
		Example: `  refloop deliveries --state dead
  refloop deliveries --referral 01JD --json
  refloop deliveries resend 01JE`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			limit, since, state, err := filterFlags(cmd)
			if err != nil {
				return err
			}
			if err := checkWord("state", state, deliveryStates()); err != nil {
				return err
			}
			flag := func(name string) string { return cmd.Flags().Lookup(name).Value.String() }
			f := console.DeliveryFilter{State: state, ReferralID: flag("referral"), Partner: flag("partner"), Since: since, Limit: limit}
			names, err := partnerNames(cmd)
			if err != nil {
				return err
			}
			if err := checkName("partner", f.Partner, names, anyRow(cmd, console.Query{Name: "deliveries", Deliveries: &console.DeliveryFilter{Partner: f.Partner, Limit: 1}})); err != nil {
				return err
			}
			if err := checkReferral(cmd, f.ReferralID); err != nil {
				return err
			}
			return printList(cmd, console.Query{Name: "deliveries", Deliveries: &f}, append(append([]string{"REFERRAL"}, deliveryHead()...), "LEFT OUT"), func(d console.DeliveryView) []string {
				return append(append([]string{d.ReferralID}, deliveryRow(d)...), short(strings.Join(d.LeftOut, "; ")))
			})
		},
	}
	listFlags(c)
	c.Flags().String("referral", "", "only of this referral `ID`")
	c.Flags().String("partner", "", "only to this partner `id`")
	c.AddCommand(resendCommand())
	return c
}

// checkReferral refuses a filter for a referral that is not there.
func checkReferral(cmd *cobra.Command, id string) error {
	if id == "" {
		return nil
	}
	_, err := oneOf[console.ActionsView](cmd, console.Query{Name: "actions", ID: id})
	if errors.Is(err, referral.ErrNotFound) {
		return usageError{fmt.Errorf("--referral: %w", err)}
	}
	return err
}

func deliveryStates() []referral.DeliveryState {
	return []referral.DeliveryState{referral.DeliveryQueued, referral.DeliverySending, referral.DeliverySent, referral.DeliveryTransportOK, referral.DeliveryDelivered,
		referral.DeliveryRead, referral.DeliveryFailed, referral.DeliveryDead, referral.DeliveryCancelled}
}

func deliveryHead() []string {
	return []string{"DELIVERY", "CREATED (UTC)", "WHAT", "TO", "RAIL", "STATE", "GRADE", "TRIES", "NEXT TRY (UTC)", "RECEIPT", "REASON"}
}

func deliveryRow(d console.DeliveryView) []string {
	return []string{d.ID, when(d.Created), d.Event, d.Partner, d.Rail, d.State, d.Grade, fmt.Sprint(len(d.Attempts)), when(d.NextAttempt), short(d.Receipt), d.Reason}
}

func resendCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "resend ID", Short: "queue a delivery again", Args: cobra.ExactArgs(1),
		Example: "  refloop deliveries resend 01JE",
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := dialDaemon(cmd)
			if err != nil {
				return err
			}
			d, err := client.Resend(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if wantsJSON(cmd) {
				return writeJSON(cmd.OutOrStdout(), d)
			}
			return printTable(cmd.OutOrStdout(), deliveryHead(), [][]string{deliveryRow(d)})
		},
	}
	c.Flags().Bool("json", false, "print the delivery as JSON")
	return c
}
