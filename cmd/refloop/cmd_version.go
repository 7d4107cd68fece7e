package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"refloop/channels/fax"
	"refloop/fax/ocr"
)

// version is the release that this source becomes.
const version = "0.1.0"

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "version, commit and platform", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), versionLine())
			return err
		},
	}
}

// versionLine names this program, its source and its platform.
func versionLine() string {
	return fmt.Sprintf("refloop %s%s %s %s/%s", version, commit(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// commit is the source the program was built from, when it was built in a checkout.
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	revision, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			revision = " " + s.Value[:12]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+"
		}
	}
	return revision + dirty
}

// ocrWorkerCommand is the body of the child processes that read pages.
func ocrWorkerCommand() *cobra.Command {
	return &cobra.Command{
		Use: "ocr-worker", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return ocr.Worker(cmd.InOrStdin(), cmd.OutOrStdout()) },
	}
}

// pdfWorkerCommand is the body of the child processes that draw PDF pages. It becomes pdftoppm, or ends with an exit code that its
// parent knows.
func pdfWorkerCommand() *cobra.Command {
	return &cobra.Command{
		Use: "pdf-worker", Hidden: true, DisableFlagParsing: true,
		RunE: func(_ *cobra.Command, args []string) error {
			os.Exit(fax.Worker(args))
			return nil
		},
	}
}
