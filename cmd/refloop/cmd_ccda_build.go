package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"refloop/ccda"
)

func ccdaBuildCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "build [FILE.json]", Short: "write a C-CDA R2.1 document from JSON, or of a referral", Args: cobra.MaximumNArgs(1),
		Long: "build writes a Referral Note, Consultation Note, CCD or Unstructured Document. FILE.json holds one document in the form that\n" +
			"`refloop ccda read` prints (docs/ccda.schema.json); `-` is standard input. With --referral the record comes from the daemon, or from\n" +
			"the store of a stopped one: a consult is made around its newest report, an unstructured document around its first paper or a letter.\n" +
			"Equal input gives equal bytes. `-o -` is standard output.",
		Example: "  refloop ccda build --type referral --referral 01JD -o referral.xml\n  refloop ccda build --type ccd summary.json -o ccd.xml",
		RunE: func(cmd *cobra.Command, args []string) error {
			f := cmd.Flags()
			kind, id, out := f.Lookup("type").Value.String(), f.Lookup("referral").Value.String(), f.Lookup("output").Value.String()
			if err := checkWord("type", kind, []ccda.Type{ccda.TypeReferral, ccda.TypeConsult, ccda.TypeCCD, ccda.TypeUnstructured}); err != nil {
				return err
			}
			switch {
			case out == "":
				return usageError{errors.New("ccda build: -o: got nothing, want the file to write, or - for standard output")}
			case (len(args) == 0) == (id == ""):
				return usageError{errors.New("ccda build: got both or none of FILE.json and --referral, want one")}
			}
			d, err := buildInput(cmd, ccda.Type(kind), id, args)
			if err != nil {
				return err
			}
			if kind != "" {
				d.Type = ccda.Type(kind)
			}
			b, err := ccda.Marshal(d)
			if err != nil {
				return err
			}
			return writeOut(cmd.OutOrStdout(), out, b)
		},
	}
	f := c.Flags()
	f.String("type", "", "`kind` of document: referral, consult, ccd or unstructured (default: that of the JSON; referral)")
	f.String("referral", "", "write it of the referral with this `ID`")
	f.StringP("output", "o", "", "`file` to write (required)")
	return c
}

// buildInput gives the document that is to be written.
func buildInput(cmd *cobra.Command, kind ccda.Type, id string, args []string) (ccda.Document, error) {
	if id != "" {
		if kind == "" {
			kind = ccda.TypeReferral
		}
		return referralDocument(cmd, kind, id)
	}
	b, err := readClinical(cmd, args[0])
	if err != nil {
		return ccda.Document{}, err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	var d ccda.Document
	if err := dec.Decode(&d); err != nil {
		return d, fmt.Errorf("%s: got JSON that is no document: %w; docs/ccda.schema.json describes one", args[0], jsonProblem(err))
	}
	if dec.More() {
		return d, fmt.Errorf("%s: got more than one JSON value, want one document", args[0])
	}
	return d, nil
}

// jsonProblem says what is wrong with JSON without quoting its values.
func jsonProblem(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("a mistake at byte %d", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Errorf("%s: got %s, want %s", kind.Field, kind.Value, kind.Type)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the end comes too early")
	}
	return err // names an unknown key
}

// writeOut writes a file that only its owner can read, or standard output for "-".
func writeOut(stdout io.Writer, path string, b []byte) error {
	if path == "-" {
		_, err := stdout.Write(b)
		return err
	}
	return os.WriteFile(path, b, 0o600)
}
