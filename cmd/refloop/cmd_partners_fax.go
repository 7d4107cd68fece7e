package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"refloop/console"
)

// BlockFax implements console.FaxNumbers.
func (a answers) BlockFax(ctx context.Context, actor, partner, number, reason string) error {
	return allowed(a.d.engine.BlockFax(ctx, actor, partner, number, reason))
}

// VerifyFax implements console.FaxNumbers.
func (a answers) VerifyFax(ctx context.Context, actor, partner, number string) (bool, error) {
	open, err := a.d.engine.VerifyFax(ctx, actor, partner, number)
	return open, allowed(err)
}

var _ console.FaxNumbers = answers{}

func blockFaxCommand() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use: "block-fax ID NUMBER", Short: "a fax number of a partner is wrong: no page goes to it until two different people have checked it", Args: cobra.ExactArgs(2),
		Long:    "Deliveries to the partner take its next rail meanwhile. A page that comes back with \"not our patient\" ticked does the same by itself.\nThe reason is audited: write nothing about a patient.",
		Example: `  refloop partners block-fax lakeside-cardiology +15550100 --reason "answered by a private person"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := dialDaemon(cmd)
			if err != nil {
				return err
			}
			defer client.Close()
			if err := asUsage(client.BlockFax(cmd.Context(), args[0], args[1], reason)); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "blocked: no fax goes to %s of %s until two people have said refloop partners verify-fax\n", args[1], args[0])
			return err
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "why, in a few `words`")
	if err := c.MarkFlagRequired("reason"); err != nil {
		panic(err) // the flag is two lines above
	}
	return c
}

func verifyFaxCommand() *cobra.Command {
	return &cobra.Command{
		Use: "verify-fax ID NUMBER", Short: "you made sure that a blocked fax number is the partner's; the second person's word opens it", Args: cobra.ExactArgs(2),
		Long:    "Call the partner by a number from another source than the one that was wrong. Who says so is the user of this command.",
		Example: "  refloop partners verify-fax lakeside-cardiology +15550100",
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := dialDaemon(cmd)
			if err != nil {
				return err
			}
			defer client.Close()
			open, err := client.VerifyFax(cmd.Context(), args[0], args[1])
			if err := asUsage(err); err != nil {
				return err
			}
			text := "checked by you; it stays blocked until another person has checked it too"
			if open {
				text = "checked by two people: faxes go to it again; what was given up meanwhile: refloop deliveries resend ID"
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), text)
			return err
		},
	}
}

// asUsage makes a mistake in what was typed one of usage.
func asUsage(err error) error {
	if errors.Is(err, console.ErrInput) {
		return usageError{err}
	}
	return err
}
