package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"refloop/channels"
	"refloop/channels/direct"
	codec "refloop/direct"
)

func directCommand() *cobra.Command {
	return group("direct", "look into Direct mail, and for certificates", directInspectCommand(), directDiscoverCommand(), directPublishCommand(), directBundlesCommand())
}

// directPeers are the Direct addresses of partners, each once.
func (pl *plan) directPeers() (out []string) {
	seen := map[string]bool{}
	for _, p := range pl.directory.Partners {
		for _, r := range p.Rails {
			if r.Type == channels.Direct && !seen[r.Address] {
				seen[r.Address] = true
				out = append(out, r.Address)
			}
		}
	}
	return out
}

// directFindings are what doctor says of trust in secure mail; none when the configuration has no direct:.
func directFindings(cmd *cobra.Command) []finding {
	agent, pl, err := agentOf(cmd)
	if err == nil && agent.Settings.Edge() {
		var out []finding
		for _, f := range agent.CheckEdge(cmd.Context(), pl.direct.edges) {
			out = append(out, finding{f.Level, "direct: " + f.What, f.Text, f.Remedy})
		}
		return out
	}
	if err != nil || pl.cfg.Demo && len(agent.Identities()) == 0 {
		return nil // said elsewhere, there is no such section, or the first start makes the identities
	}
	var out []finding
	wire := agent.CheckWire(cmd.Context(), pl.directPeers(), pl.directListeners())
	for _, f := range append(agent.Check(cmd.Context(), pl.directPeers()), wire...) {
		out = append(out, finding{f.Level, "direct: " + f.What, f.Text, f.Remedy})
	}
	return out
}

func directInspectCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "inspect FILE", Short: "what is in this mail: layers, algorithms, signer, chain, verdict and why; - reads standard input", Args: cobra.ExactArgs(1),
		Long: "inspect opens a mail with our keys and judges it as if it came now: the outer From and To stand for the envelope. It changes nothing,\n" +
			"and prints no content. Exit 1: the mail would be refused.",
		Example: "  refloop messages show ID --raw | refloop direct inspect -",
		RunE: func(cmd *cobra.Command, args []string) error {
			raw, err := readClinical(cmd, args[0])
			if err != nil {
				return err
			}
			agent, _, err := agentOf(cmd)
			if err != nil {
				return err
			}
			in := agent.Inspect(cmd.Context(), raw)
			if wantsJSON(cmd) {
				err = writeJSON(cmd.OutOrStdout(), in)
			} else {
				err = printInspection(cmd.OutOrStdout(), in)
			}
			if err == nil && in.Verdict != "accepted" {
				return errQuiet
			}
			return err
		},
	}
	c.Flags().Bool("json", false, "one JSON object, stable keys")
	return c
}

func printInspection(w io.Writer, in direct.Inspection) error {
	rows := [][]string{{"verdict", words(in.Verdict, dash(in.Reason))}}
	add := func(what, text string) {
		if text != "" {
			rows = append(rows, []string{what, text})
		}
	}
	add("why", in.Why)
	for _, l := range in.Layers {
		add("layer", l)
	}
	add("from", in.Sender)
	add("message id", in.MessageID)
	add("opened by", in.OpenedBy)
	for _, s := range in.Signers {
		add("signer", s.Algorithm+" by "+certificateLine(s.Certificate))
	}
	for _, r := range in.Recipients {
		if !r.Trusted {
			add("for "+r.Address, "refused: "+words(r.Reason, dash(r.Why)))
			continue
		}
		add("for "+r.Address, fmt.Sprintf("trusted, bound by %s, revocation %s", r.Bound, r.Revocation))
		for i, c := range r.Chain {
			add("", strings.Repeat("  ", i)+certificateLine(c))
		}
	}
	for _, p := range in.Parts {
		add("part "+p.Path, fmt.Sprintf("%s, %d bytes", p.Type, p.Bytes))
	}
	for _, s := range in.Warnings {
		add("warning", s)
	}
	return printTable(w, nil, rows)
}

func certificateLine(c direct.CertificateView) string {
	name := strings.Join(c.For, " ")
	if name == "" {
		name = "serial " + c.Serial
	}
	return fmt.Sprintf("%s, %s, until %s, issued by %s, sha-256 %s", name, c.Key, c.NotAfter.Format("2006-01-02"), c.Issuer, c.SHA256[:16])
}

func directDiscoverCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "discover ADDRESS", Short: "every certificate for a Direct address, in files and in DNS, with its verdict", Args: cobra.ExactArgs(1),
		Long: "discover looks where sending would: files of the configuration first, then CERT records under the address and the domain. Each\n" +
			"certificate is judged with its issuers and its revocation. Exit 1: none can be used.",
		Example: "  refloop direct discover referrals@direct.lakeside.example",
		RunE: func(cmd *cobra.Command, args []string) error {
			address, ok := codec.Canonical(args[0])
			if !ok {
				return usageError{fmt.Errorf("got %q, want a Direct address such as referrals@direct.lakeside.example", args[0])}
			}
			agent, _, err := agentOf(cmd)
			if err != nil {
				return err
			}
			found, failed := agent.Candidates(cmd.Context(), address)
			usable := false
			var rows [][]string
			for _, c := range found {
				usable = usable || c.Usable
				if wantsJSON(cmd) {
					if err := writeJSON(cmd.OutOrStdout(), c); err != nil {
						return err
					}
				}
				shown := "-"
				if c.Certificate.SHA256 != "" {
					shown = certificateLine(c.Certificate)
				}
				verdict := "usable, bound by " + c.Bound + ", revocation " + c.Revocation
				if !c.Usable {
					verdict = words(c.Reason, dash(c.Why))
				}
				rows = append(rows, []string{c.Where, shown, verdict})
			}
			if !wantsJSON(cmd) && len(rows) > 0 {
				if err := printTable(cmd.OutOrStdout(), []string{"WHERE", "CERTIFICATE", "VERDICT"}, rows); err != nil {
					return err
				}
			}
			switch {
			case failed != nil:
				return failed
			case len(found) == 0:
				return fmt.Errorf("no certificate for %s is known or published", address)
			case !usable:
				return errQuiet
			}
			return nil
		},
	}
	c.Flags().Bool("json", false, "one JSON object a certificate, stable keys")
	return c
}
