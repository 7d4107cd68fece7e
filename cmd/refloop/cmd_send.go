package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/spf13/cobra"

	"refloop/channels/mllp"
	"refloop/config"
)

// maxSendFile bounds a file of messages.
const maxSendFile = 256 << 20

func sendCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "send FILE...", Short: "send HL7 v2 messages over MLLP and print each answer; exit 1 when one is not AA or CA", Args: cobra.MinimumNArgs(1),
		Long: "send is an MLLP client. Each file holds one message, several, a batch, or MLLP frames; `-` is standard input. The bytes go out as\n" +
			"they are. Each answer is printed with its segments on lines of their own. MSH-15 and MSH-16 say which answers come: for one they\n" +
			"ask for always (AL) or on success (SU) it waits --timeout, for one they ask for on an error only (ER) --grace: then silence is\n" +
			"good. An acknowledgement (ACK) is sent and not answered. The exit code is 1 when an answer is AE, AR, CE or CR, or one that is\n" +
			"due does not come. It needs no configuration.",
		Example: `  refloop send referral.hl7 --to 127.0.0.1:2575
  refloop send orders/*.hl7 --to hospital.example:6661 --tls on --ca hospital-ca.crt`,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := sendConfig(cmd)
			if err != nil {
				return err
			}
			sent, refused := 0, 0
			for _, path := range args {
				b, err := readFile(path, cmd.InOrStdin())
				if err != nil {
					return err
				}
				err = mllp.SendFile(cmd.Context(), cfg, b, func(x mllp.Exchange) error {
					sent++
					if x.Refused() {
						refused++
					}
					return printAnswers(cmd.OutOrStdout(), x)
				})
				if err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
			}
			if refused > 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "send: %d of %d messages were refused\n", refused, sent)
				return errQuiet
			}
			return nil
		},
	}
	f := c.Flags()
	f.String("to", "", "the receiver's `address`, host:port (required)")
	f.String("tls", "auto", "`how`: auto, on or off; auto is on unless the address is this machine")
	f.String("ca", "", "PEM `file` with the authorities of the receiver's certificate (default: those of the system)")
	f.String("server-name", "", "the `name` in the receiver's certificate (default: the host)")
	f.String("certificate", "", "PEM `file` with our client certificate")
	f.String("key", "", "PEM `file` with its private key")
	f.Duration("timeout", 30*time.Second, "for connecting and for each answer")
	f.Duration("grace", 3*time.Second, "for an answer that only comes on an error")
	f.Bool("cr", false, "make CR of other segment ends, for receivers that need it")
	return c
}

func sendConfig(cmd *cobra.Command) (mllp.SendConfig, error) {
	f := cmd.Flags()
	flag := func(name string) string { return f.Lookup(name).Value.String() }
	if flag("to") == "" {
		return mllp.SendConfig{}, usageError{errors.New("send: --to: got nothing, want the receiver such as 127.0.0.1:2575")}
	}
	if _, port, err := net.SplitHostPort(flag("to")); err != nil || port == "" {
		return mllp.SendConfig{}, usageError{fmt.Errorf("send: --to: got %q, want host:port such as 127.0.0.1:2575", flag("to"))}
	}
	if err := checkWord("tls", flag("tls"), []string{"auto", "on", "off"}); err != nil {
		return mllp.SendConfig{}, err
	}
	if (flag("certificate") == "") != (flag("key") == "") {
		return mllp.SendConfig{}, usageError{errors.New("send: got one of --certificate and --key, want both or none")}
	}
	wait, err := f.GetDuration("timeout")
	if err != nil {
		return mllp.SendConfig{}, err
	}
	grace, err := f.GetDuration("grace")
	if err != nil {
		return mllp.SendConfig{}, err
	}
	return mllp.SendConfig{
		Address: flag("to"), Timeout: wait, Grace: grace, CR: flag("cr") == "true",
		Rail: mllp.RailConfig{
			TLS: flag("tls"), CA: config.Path(flag("ca")), ServerName: flag("server-name"), Cert: config.Path(flag("certificate")), Key: config.Path(flag("key")),
		},
	}, nil
}

// readFile reads a file, or standard input for "-", bounded.
func readFile(path string, stdin io.Reader) ([]byte, error) {
	if path != "-" {
		return readBounded(path, maxSendFile)
	}
	b, err := io.ReadAll(io.LimitReader(stdin, maxSendFile+1))
	if err == nil && len(b) > maxSendFile {
		err = fmt.Errorf("send: standard input: got more than %d bytes, want fewer", maxSendFile)
	}
	return b, err
}

// printAnswers writes the answers to a message with a line a segment; without one it says that none came.
func printAnswers(w io.Writer, x mllp.Exchange) error {
	if len(x.Answers) == 0 {
		_, err := fmt.Fprintf(w, "%s %s: sent; no answer to it is due\n", x.Type, x.ControlID)
		return err
	}
	for _, a := range x.Answers {
		b := bytes.ReplaceAll(a.Raw, []byte("\r\n"), []byte("\n"))
		b = bytes.ReplaceAll(b, []byte("\r"), []byte("\n"))
		if !bytes.HasSuffix(b, []byte("\n")) {
			b = append(b, '\n')
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}
