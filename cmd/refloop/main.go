// Command refloop is the daemon that closes the loop on patient referrals, and the tool to run, ask and check it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"refloop/config"
	"refloop/console"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// usageError is wrong usage or a wrong configuration: exit code 2.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

// errQuiet is a failure that has been printed already.
var errQuiet = errors.New("failed")

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is the whole command: arguments and streams in, exit code out.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	if !errors.Is(err, errQuiet) {
		fmt.Fprintln(stderr, message(err))
	}
	var u usageError
	if _, bad := config.AsProblems(err); bad || errors.As(err, &u) {
		return exitUsage
	}
	return exitFailed
}

// message is what a person reads of an error.
func message(err error) string {
	var no *console.NotAllowed
	if errors.As(err, &no) {
		return no.Text
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return err.Error() + "; another program listens there (ss -ltnp shows which): stop it, or give another address in the configuration"
	}
	return err.Error()
}

// newRoot builds the command tree.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use: "refloop", Short: "closes the loop on patient referrals: HL7 v2, Direct, fax",
		SilenceUsage: true, SilenceErrors: true, SuggestionsMinimumDistance: 2,
	}
	root.Version = versionLine()
	root.SetVersionTemplate("{{.Version}}\n")
	root.PersistentFlags().StringP("config", "c", "refloop.yaml", "configuration `file`")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return wrongUsage(c, err) })
	root.Args = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return fmt.Errorf("got the command %q, which is none%s", args[0], similar(c.SuggestionsFor(args[0])))
		}
		return nil
	}
	root.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	root.AddCommand(
		serveCommand(), checkCommand(), initCommand(), configCommand(), demoCommand(), versionCommand(), doctorCommand(),
		messagesCommand(), referralsCommand(), showCommand(), explainCommand(), traceCommand(), testCommand(), deliveriesCommand(), worklistCommand(), patientsCommand(), reportCommand(), documentCommand(), partnersCommand(),
		actionsCommand(), actCommand(), reprocessCommand(), sendCommand(), auditCommand(), keysCommand(), directCommand(), faxCommand(), ccdaCommand(), xdmCommand(),
		ocrWorkerCommand(), pdfWorkerCommand(),
	)
	strict(root)
	return root
}

// wrongUsage says where to read how it is right.
func wrongUsage(c *cobra.Command, err error) error {
	return usageError{fmt.Errorf("%s: %w; see %[1]s --help", c.CommandPath(), err)}
}

// similar names what somebody may have meant.
func similar(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "; did you mean " + strings.Join(names, " or ") + "?"
}

// strict makes wrong arguments wrong usage.
func strict(c *cobra.Command) {
	if args := c.Args; args != nil {
		c.Args = func(cmd *cobra.Command, a []string) error {
			if err := args(cmd, a); err != nil {
				return wrongUsage(cmd, err)
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		strict(sub)
	}
}

// configPath is the value of -c.
func configPath(c *cobra.Command) string {
	path, err := c.Flags().GetString("config")
	if err != nil {
		return "refloop.yaml"
	}
	return path
}
