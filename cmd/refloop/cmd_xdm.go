package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"refloop/ccda/xdm"
)

func xdmCommand() *cobra.Command {
	return group("xdm", "list, unpack and build packages of documents (IHE XDM)", xdmListCommand(), xdmUnpackCommand(), xdmBuildCommand())
}

// xdmLine is the line of one document.
type xdmLine struct {
	Path       string `json:"path"` // in the package, with /
	Size       int    `json:"size"`
	SHA1       string `json:"sha1"` // of the bytes as they are
	Mime       string `json:"mime"`
	FormatCode string `json:"format_code"`
	Kind       string `json:"kind"` // hl7v2, cda, pdf, image, text or other, by the bytes
}

func lineOf(d xdm.Document) xdmLine {
	return xdmLine{Path: d.Path, Size: len(d.Data), SHA1: d.Hash, Mime: d.MimeType, FormatCode: d.Format.Code, Kind: clinicalKind(d.Data, d.Name)}
}

// clinicalKind tells what a file is by its first bytes.
func clinicalKind(b []byte, name string) string {
	head := strings.TrimSpace(string(b[:min(len(b), 4096)]))
	switch {
	case strings.HasPrefix(head, "MSH|"):
		return "hl7v2"
	case strings.Contains(head, "ClinicalDocument"):
		return "cda"
	}
	typ, err := contentType(b, name)
	switch {
	case err != nil:
		return "other"
	case typ == "application/pdf":
		return "pdf"
	case strings.HasPrefix(typ, "image/"):
		return "image"
	case strings.HasPrefix(typ, "text/plain"):
		return "text"
	}
	return "other"
}

// openPackage reads a package and says its defects on standard error.
func openPackage(cmd *cobra.Command, path string) ([]xdm.Document, error) {
	b, err := readClinical(cmd, path)
	if err != nil {
		return nil, err
	}
	opt := xdm.Options{Strict: cmd.Flags().Lookup("strict").Value.String() == "true"}
	p, warnings, err := xdm.ReadWith(b, opt)
	for _, w := range warnings {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: warning: %s\n", path, plain(w.String()))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var docs []xdm.Document
	for _, s := range p.Sets {
		docs = append(docs, s.Documents...)
	}
	docs = append(docs, p.Loose...)
	if len(docs) == 0 {
		return nil, fmt.Errorf("%s: %w", path, errors.New("got a ZIP without a document, want an XDM package"))
	}
	return docs, nil
}

func strictFlag(c *cobra.Command) {
	c.Flags().Bool("strict", false, "take missing hashes, differing patients and names against ISO 9660 for errors")
}

func xdmListCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "list FILE", Short: "one JSON line a document of a package", Args: cobra.ExactArgs(1),
		Long: "list prints one line a document: path, size, sha1, mime, format_code (as the package's metadata says) and kind (as its bytes say:\n" +
			"hl7v2, cda, pdf, image, text, other). What the sender got wrong goes to standard error. A document that does not match the hash of\n" +
			"its metadata, and a ZIP that tries to harm, are errors.",
		Example: "  refloop xdm list package.zip | jq -r .path",
		RunE: func(cmd *cobra.Command, args []string) error {
			docs, err := openPackage(cmd, args[0])
			if err != nil {
				return err
			}
			enc := json.NewEncoder(cmd.OutOrStdout())
			enc.SetEscapeHTML(false)
			for _, d := range docs {
				if err := enc.Encode(lineOf(d)); err != nil {
					return err
				}
			}
			return nil
		},
	}
	strictFlag(c)
	return c
}
