package main

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"refloop/channels/direct"
	"refloop/channels/direct/trust"
	codec "refloop/direct"
)

// identityCommands are what `refloop keys` knows of Direct identities, beside the keys of the database.
func identityCommands() []*cobra.Command {
	return []*cobra.Command{keysMakeCommand(), keysRequestCommand(), keysListCommand(), keysCheckCommand()}
}

func keysMakeCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "make", Short: "make a Direct identity: a private key and the request for its certificate", Args: cobra.NoArgs,
		Long: "make writes NAME.key (mode 0600, unencrypted) and NAME.csr for the certification authority of your trust community, and prints the\n" +
			"entry for direct.identities. It never writes over a file. The request names the address or the domain as subject alternative name.",
		Example: "  refloop keys make --domain direct.northside.example --out var\n  refloop keys make --address referrals@direct.northside.example --key ec-p256 --use sign",
		RunE:    func(cmd *cobra.Command, _ []string) error { return makeIdentity(cmd) },
	}
	requestFlags(c)
	c.Flags().String("key", "rsa-2048", "`kind` of key: "+strings.Join(trust.Algorithms(), ", "))
	c.Flags().String("out", ".", "`folder` for the files")
	return c
}

// requestFlags are those that say what a certificate is wanted for.
func requestFlags(c *cobra.Command) {
	f := c.Flags()
	f.String("domain", "", "health `domain` that the certificate is for")
	f.String("address", "", "Direct `address` that the certificate is for")
	f.String("use", "both", "what for: both, sign, encrypt")
	f.String("organization", "", "`name` of the organisation, for the subject")
}

// requestOf reads them.
func requestOf(cmd *cobra.Command) (trust.Request, error) {
	flag := func(name string) string { return cmd.Flags().Lookup(name).Value.String() }
	r := trust.Request{Domain: strings.ToLower(flag("domain")), Organization: flag("organization")}
	if address := flag("address"); address != "" {
		canonical, ok := codec.Canonical(address)
		if !ok {
			return r, usageError{fmt.Errorf("--address: got %q, want a Direct address such as referrals@direct.northside.example", address)}
		}
		r.Address = canonical
	}
	if (r.Address == "") == (r.Domain == "") {
		return r, usageError{fmt.Errorf("%s: got both or none of --domain and --address, want one", cmd.CommandPath())}
	}
	if strings.ContainsAny(r.Domain, "@/* ") || strings.HasPrefix(r.Domain, ".") {
		return r, usageError{fmt.Errorf("--domain: got %q, want a name such as direct.northside.example", r.Domain)}
	}
	use, ok := map[string]trust.Use{"both": trust.Both, "sign": trust.Sign, "encrypt": trust.Encrypt}[flag("use")]
	if !ok {
		return r, usageError{fmt.Errorf("--use: got %q, want one of both, sign, encrypt", flag("use"))}
	}
	r.Use = use
	return r, nil
}

func keysRequestCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "request KEYFILE", Short: "make a request for the next certificate of a key that is there", Args: cobra.ExactArgs(1),
		Long: "request writes a certificate request for an existing private key, as renewal with the same key wants it; the key is left as it is. A new\n" +
			"key is safer: refloop keys make. Either way keep an old key with its certificate in direct.identities (use: encrypt) as long as mail that was\n" +
			"encrypted to it may come or be reprocessed.",
		Example: "  refloop keys request var/direct.key --domain direct.northside.example --out var/direct-2027.csr",
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := requestOf(cmd)
			if err != nil {
				return err
			}
			r.Key, r.Existing = args[0], true
			if r.CSR = cmd.Flags().Lookup("out").Value.String(); r.CSR == "" {
				r.CSR = strings.TrimSuffix(args[0], filepath.Ext(args[0])) + ".csr"
			}
			if err := trust.MakeRequest(r); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "made %s; send it to your certification authority\n", r.CSR)
			return err
		},
	}
	requestFlags(c)
	c.Flags().String("out", "", "`file` for the request; default: beside the key, .csr")
	return c
}

func makeIdentity(cmd *cobra.Command) error {
	flag := func(name string) string { return cmd.Flags().Lookup(name).Value.String() }
	r, err := requestOf(cmd)
	if err != nil {
		return err
	}
	if r.Algorithm = flag("key"); !slices.Contains(trust.Algorithms(), r.Algorithm) {
		return usageError{fmt.Errorf("--key: got %q, want one of %s", r.Algorithm, strings.Join(trust.Algorithms(), ", "))}
	}
	name := strings.NewReplacer("@", "_at_", "/", "_").Replace(r.Address + r.Domain)
	r.Key, r.CSR = filepath.Join(flag("out"), name+".key"), filepath.Join(flag("out"), name+".csr")
	if err := trust.MakeRequest(r); err != nil {
		return err
	}
	kind := "domain"
	if r.Address != "" {
		kind = "address"
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "made %s (keep it secret) and %s (send it to your certification authority)\nwhen the certificate is there:\n"+
		"  direct: {identities: [{%s: %s, certificate: %s, key: %s, use: %s}]}\n",
		r.Key, r.CSR, kind, r.Address+r.Domain, filepath.Join(flag("out"), name+".crt"), r.Key, flag("use"))
	return err
}

// agentOf loads the Direct agent of the configuration, as the daemon would.
func agentOf(cmd *cobra.Command) (*direct.Agent, *plan, error) {
	_, _, pl, err := readPlan(configPath(cmd), nil)
	if err != nil {
		return nil, nil, err
	}
	room, err := pl.direct.open(slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, nil, err
	}
	if room == nil {
		return nil, nil, errors.New("the configuration has no section direct:, want our address, identities and anchors there")
	}
	return room.agent, pl, nil
}

func keysListCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "list our Direct identities: whom for, what for, until when, and what is wrong with them", Args: cobra.NoArgs,
		Example: "  refloop keys list",
		RunE: func(cmd *cobra.Command, _ []string) error {
			agent, _, err := agentOf(cmd)
			if err != nil {
				return err
			}
			var rows [][]string
			for _, id := range agent.Identities() {
				if wantsJSON(cmd) {
					if err := writeJSON(cmd.OutOrStdout(), id); err != nil {
						return err
					}
				}
				rows = append(rows, []string{id.For, id.Use, id.Certificate.Key, id.Certificate.NotAfter.Format("2006-01-02"), id.Certificate.SHA256[:16], strings.Join(id.Problems, "; ")})
			}
			if wantsJSON(cmd) {
				return nil
			}
			return printTable(cmd.OutOrStdout(), []string{"FOR", "USE", "KEY", "UNTIL", "SHA-256", "PROBLEMS"}, rows)
		},
	}
	c.Flags().Bool("json", false, "one JSON object an identity, stable keys")
	return c
}

func keysCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "check trust from end to end: identities, anchors and the certificate of every Direct partner; exit 1 when something is bad", Args: cobra.NoArgs,
		Long:    "check asks the network as sending would: DNS for certificates, issuers, revocation lists and OCSP answers.",
		Example: "  refloop keys check",
		RunE: func(cmd *cobra.Command, _ []string) error {
			agent, pl, err := agentOf(cmd)
			if err != nil {
				return err
			}
			bad := false
			var rows [][]string
			for _, f := range agent.Check(cmd.Context(), pl.directPeers()) {
				bad = bad || f.Level == direct.FindingBad
				rows = append(rows, []string{f.Level, f.What, words(f.Text, dash(f.Remedy))})
			}
			if err := printTable(cmd.OutOrStdout(), nil, rows); err != nil {
				return err
			}
			if bad {
				return errQuiet
			}
			return nil
		},
	}
}
