package main

import (
	"bytes"

	"github.com/spf13/cobra"

	"refloop/console"
)

func documentCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "document ID", Short: "give out the bytes of a document of a referral, as they came; audited", Args: cobra.ExactArgs(1),
		Long:    "document writes the bytes of one document, exactly as they came or were handed in. `refloop show` lists the ids. The read is audited.",
		Example: "  refloop document 01JG -o note.pdf",
		RunE: func(cmd *cobra.Command, args []string) error {
			out := cmd.Flags().Lookup("output").Value.String()
			var b bytes.Buffer
			if err := askQuery(cmd, console.Query{Name: "document", ID: args[0]}, &b); err != nil {
				return err
			}
			return writeOut(cmd.OutOrStdout(), out, b.Bytes())
		},
	}
	c.Flags().StringP("output", "o", "-", "`file` to write, readable by its owner only; - is standard output")
	return c
}
