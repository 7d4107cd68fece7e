package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"refloop/channels/direct"
	"refloop/channels/fax"
	"refloop/channels/file"
	"refloop/channels/mllp"
	"refloop/config"
)

func configCommand() *cobra.Command {
	describe := &cobra.Command{
		Use: "describe", Short: "every key of the configuration with its kind, default and meaning", Args: cobra.NoArgs,
		Example: "  refloop config describe | grep tls",
		RunE:    func(cmd *cobra.Command, _ []string) error { return describeConfig(cmd.OutOrStdout()) },
	}
	return group("config", "the configuration's keys", describe)
}

// describeConfig prints the keys of the file, then those that each rail adds.
func describeConfig(w io.Writer) error {
	sections := []struct {
		title, under string
		keys         any
	}{
		{"refloop.yaml", "", config.Config{}},
		{"direct: our identity and trust in secure mail", "direct", direct.Settings{}},
		{"channels of type mllp: HL7 v2", "channels[]", mllp.Config{}},
		{"channels of type direct: secure mail in", "channels[]", direct.Config{}},
		{"channels of type direct in mode edge: a mailbox at the HISP", "channels[]", direct.EdgeConfig{}},
		{"channels of type fax: faxes in, from one of folder, hylafax, smtp, mailbox and webhook", "channels[]", fax.Config{}},
		{"channels of type file: a folder where files arrive", "channels[]", file.Config{}},
		{"rails of type mllp", "partners[].rails[]", mllp.RailConfig{}},
		{"rails of type direct", "partners[].rails[]", direct.RailConfig{}},
		{"rails of type fax: faxes out, by one of folder, hylafax, mail and http", "partners[].rails[]", fax.RailConfig{}},
		{"rails of type fax: how failed faxes are repeated", "partners[].rails[]", faxRetryKeys{}},
		{"rails of type file", "partners[].rails[]", file.RailConfig{}},
	}
	for i, s := range sections {
		if i > 0 {
			if _, err := fmt.Fprintln(w); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintf(w, "# %s\n%s", s.title, config.Describe(s.under, s.keys)); err != nil {
			return err
		}
	}
	return nil
}
