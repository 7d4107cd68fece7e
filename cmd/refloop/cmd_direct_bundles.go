package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"refloop/channels"
	"refloop/channels/direct/trust"
)

func directBundlesCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "bundles", Short: "trust bundles: how many anchors are in use, when they were fetched, and what waits for a person", Args: cobra.NoArgs,
		Long: "bundles lists the trust bundles of the configuration. One that was fetched and lacks more than one in five of the anchors in use is kept\n" +
			"beside the last good one, which stays in use until a person takes the new one: refloop direct bundles accept URL.",
		Example: "  refloop direct bundles",
		RunE: func(cmd *cobra.Command, _ []string) error {
			agent, _, err := agentOf(cmd)
			if err != nil {
				return err
			}
			var rows [][]string
			for _, b := range agent.Bundles.States() {
				if wantsJSON(cmd) {
					if err := writeJSON(cmd.OutOrStdout(), b); err != nil {
						return err
					}
					continue
				}
				rows = append(rows, bundleRows(b)...)
			}
			if wantsJSON(cmd) {
				return nil
			}
			return printTable(cmd.OutOrStdout(), []string{"BUNDLE", "ANCHORS", "TAKEN (UTC)", "STATE"}, rows)
		},
	}
	c.Flags().Bool("json", false, "one JSON object a bundle, stable keys")
	c.AddCommand(bundlesAcceptCommand())
	return c
}

// bundleRows is one bundle, and below it what waits for a person.
func bundleRows(b trust.BundleState) [][]string {
	state := "in use"
	switch {
	case b.Anchors == 0:
		state = "none was taken yet"
	case b.Stale:
		state = "in use; it could not be fetched for a long time"
	}
	taken := ""
	if !b.Taken.IsZero() {
		taken = b.Taken.Format("2006-01-02 15:04:05")
	}
	rows := [][]string{{b.URL, fmt.Sprint(b.Anchors), taken, words(state, dash(b.Fault))}}
	if o := b.Offered; o != nil {
		rows = append(rows, []string{"  waits for a person", fmt.Sprint(o.Anchors), o.At.Format("2006-01-02 15:04:05"),
			fmt.Sprintf("%d gone, %d new, sha-256 %s; take it: refloop direct bundles accept %s", len(o.Gone), o.Added, o.SHA256[:16], b.URL)})
		for _, g := range o.Gone {
			rows = append(rows, []string{"  gone", "", "", g})
		}
	}
	return rows
}

func bundlesAcceptCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "accept URL", Short: "take a bundle that has lost many anchors: mail of the members that are gone is refused from then on", Args: cobra.ExactArgs(1),
		Long: "accept puts the bundle that waits into use, after checking it again. A running daemon uses it within seconds and closes the item within minutes.\n" +
			"--sha256 names the one that was looked at; without it, the one that is there now is shown and taken.",
		Example: "  refloop direct bundles accept https://bundles.example/community.p7b",
		RunE: func(cmd *cobra.Command, args []string) error {
			agent, _, err := agentOf(cmd)
			if err != nil {
				return err
			}
			sum := strings.ToLower(cmd.Flags().Lookup("sha256").Value.String())
			for _, b := range agent.Bundles.States() {
				name, _, _ := strings.Cut(args[0], "?")
				if b.URL != name || b.Offered == nil {
					continue
				}
				if sum != "" && !strings.HasPrefix(b.Offered.SHA256, sum) {
					return fmt.Errorf("%s: got another one since you looked: sha-256 %s", b.URL, b.Offered.SHA256[:16])
				}
				if err := agent.Bundles.Accept(b.URL, b.Offered.SHA256); err != nil {
					return err
				}
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: taken, %d anchors (%d gone, %d new)\n", b.URL, b.Offered.Anchors, len(b.Offered.Gone), b.Offered.Added)
				return err
			}
			return errors.New("no bundle of that address waits for a person; see refloop direct bundles")
		},
	}
	c.Flags().String("sha256", "", "beginning of the `sum` of the one that was looked at")
	return c
}

func directPublishCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "publish", Short: "print our certificates as records for your name server or directory, so that others find them", Args: cobra.NoArgs,
		Long: "publish prints a CERT record (RFC 4398) for each identity of ours that opens mail, as a line of a zone file; with --ldif the entries of a\n" +
			"directory instead. Whether others find them says refloop doctor.",
		Example: "  refloop direct publish\n  refloop direct publish --ldif dc=northside,dc=example",
		RunE: func(cmd *cobra.Command, _ []string) error {
			agent, _, err := agentOf(cmd)
			if err != nil {
				return err
			}
			text := trust.Zone(agent.Trust.Identities())
			if base := cmd.Flags().Lookup("ldif").Value.String(); base != "" {
				text = trust.LDIF(agent.Trust.Identities(), base)
			}
			if text == "" {
				return errors.New("no identity of ours opens mail; see refloop keys list")
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), text)
			return err
		},
	}
	c.Flags().String("ldif", "", "directory entries below this `base` instead of DNS records")
	return c
}

// directListeners are the addresses of our SMTP channels.
func (pl *plan) directListeners() (out []string) {
	for _, c := range pl.cfg.Channels {
		if address, ok := c.Node.Field("listen").Scalar(); ok && c.Type == channels.Direct {
			out = append(out, address)
		}
	}
	return out
}
