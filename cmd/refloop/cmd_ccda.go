package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"refloop/ccda"
)

// maxClinicalFile bounds a clinical document or package that a command reads.
const maxClinicalFile = 64 << 20

func ccdaCommand() *cobra.Command {
	return group("ccda", "build, read and check clinical documents (C-CDA)", ccdaBuildCommand(), ccdaReadCommand(), ccdaCheckCommand())
}

func ccdaReadCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "read FILE", Short: "print a clinical document as JSON, or as a page with --text", Args: cobra.ExactArgs(1),
		Long: "read takes any C-CDA, C32 or CDA document and prints one JSON object: type, id, referral_id, patient, sections with their words and\n" +
			"entries, and rest: what no field holds, byte for byte. docs/ccda.schema.json describes it. --text prints the words as a page for a\n" +
			"person. `-` is standard input. Nothing is stored and no daemon is needed.",
		Example: "  refloop ccda read referral.xml | jq .sections[].title\n  refloop ccda read --text referral.xml | less",
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := readClinical(cmd, args[0])
			if err != nil {
				return err
			}
			d, err := ccda.Read(b, ccda.Limits{})
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			if asText(cmd) {
				return ccda.WriteText(cmd.OutOrStdout(), d)
			}
			return writeDocument(cmd, d)
		},
	}
	c.Flags().Bool("text", false, "a page for a person instead of JSON")
	return c
}

func asText(cmd *cobra.Command) bool { return cmd.Flags().Lookup("text").Value.String() == "true" }

// writeDocument prints a document as one indented JSON object.
func writeDocument(cmd *cobra.Command, d ccda.Document) error {
	enc := json.NewEncoder(cmd.OutOrStdout())
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(d)
}

func ccdaCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use: "check FILE...", Short: "hold clinical documents against refloop's own rules; exit 1 when one has errors", Args: cobra.MinimumNArgs(1),
		Long: "check prints one line a finding: file, error or warning, rule, place, message, parted by tabs. Rules: xml, xsd (order and number of\n" +
			"children), r21:CONF:n (a rule of HL7's C-CDA R2.1 by its number), x:name (a rule of this program). The totals of each file go to\n" +
			"standard error. It needs neither Java nor network, and does not replace a full validator: it knows the tables that the writer uses.",
		Example: "  refloop ccda check out/*.xml\n  refloop ccda check referral.xml | grep -P '\\terror\\t'",
		RunE: func(cmd *cobra.Command, args []string) error {
			bad := false
			for _, path := range args {
				b, err := readClinical(cmd, path)
				if err != nil {
					return err
				}
				errors, err := printFindings(cmd, path, ccda.Check(b))
				if err != nil {
					return err
				}
				bad = bad || errors > 0
			}
			if bad {
				return errQuiet
			}
			return nil
		},
	}
}

// printFindings writes the findings of one file and its totals, and counts its errors.
func printFindings(cmd *cobra.Command, path string, list []ccda.Finding) (errors int, err error) {
	for _, f := range list {
		if f.Severity == "error" {
			errors++
		}
		if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s\t%s\n", path, f); err != nil {
			return errors, err
		}
	}
	verdict := "ok"
	if errors > 0 {
		verdict = "FAIL"
	}
	_, err = fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s, %d errors, %d warnings\n", path, verdict, errors, len(list)-errors)
	return errors, err
}

// readClinical reads a file, or standard input for "-", bounded.
func readClinical(cmd *cobra.Command, path string) ([]byte, error) {
	if path != "-" {
		return readBounded(path, maxClinicalFile)
	}
	b, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), maxClinicalFile+1))
	if err == nil && len(b) > maxClinicalFile {
		err = fmt.Errorf("standard input: got more than %d bytes, want fewer", maxClinicalFile)
	}
	return b, err
}
