package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"refloop/console"
	"refloop/referral"
)

func messagesCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "messages", Short: "list messages, newest first; the bytes of one with: messages show ID --raw", Args: cobra.NoArgs,
		Example: `  refloop messages --channel ehr-orders --since 24h
  refloop messages --control-id 4711 --json
  refloop messages --state failed
  refloop messages show 01JD --raw > message.hl7`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := messageFilter(cmd)
			if err != nil {
				return err
			}
			head := []string{"ID", "TIME (UTC)", "DIR", "CHANNEL", "TYPE", "CONTROL ID", "STATE", "CODE", "REASON"}
			return printList(cmd, console.Query{Name: "messages", Messages: &f}, head, messageRow)
		},
	}
	listFlags(c)
	f := c.Flags()
	f.String("control-id", "", "only with this control `ID`: MSH-10, or the Message-ID of mail with its angle brackets")
	f.String("channel", "", "only of the channel with this `name`; of outbound messages: partner/rail")
	f.String("direction", "", "only this `way`: in or out")
	c.AddCommand(messagesShowCommand())
	return c
}

func messageFilter(cmd *cobra.Command) (f console.MessageFilter, err error) {
	limit, since, state, err := filterFlags(cmd)
	if err != nil {
		return f, err
	}
	flag := func(name string) string { return cmd.Flags().Lookup(name).Value.String() }
	f = console.MessageFilter{ControlID: flag("control-id"), Channel: flag("channel"), Direction: flag("direction"), State: state, Since: since, Limit: limit}
	if err := checkWord("direction", f.Direction, []string{referral.Inbound, referral.Outbound}); err != nil {
		return f, err
	}
	if err := checkWord("state", state, []referral.MessageState{
		referral.MessageReceived, referral.MessageProcessed, referral.MessageIgnored, referral.MessageDuplicate, referral.MessageHeld, referral.MessageFailed, referral.MessageRefused,
	}); err != nil || f.Channel == "" {
		return f, err
	}
	names, err := channelNames(cmd)
	if err != nil {
		return f, err
	}
	stored := console.Query{Name: "messages", Messages: &console.MessageFilter{Channel: f.Channel, Limit: 1}}
	return f, checkName("channel", f.Channel, names, anyRow(cmd, stored))
}

func messageRow(m console.MessageView) []string {
	return []string{m.ID, when(m.ReceivedAt), m.Direction, m.Channel, m.Type, short(m.ControlID), m.State, m.Code, short(m.Reason)}
}

func messagesShowCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "show ID", Short: "one message; --raw gives its bytes exactly as they came, and nothing else", Args: cobra.ExactArgs(1),
		Example: "  refloop messages show 01JD --raw | sha256sum",
		RunE: func(cmd *cobra.Command, args []string) error {
			raw, err := cmd.Flags().GetBool("raw")
			if err != nil {
				return err
			}
			q := console.Query{Name: "message", ID: args[0]}
			switch {
			case raw && wantsJSON(cmd):
				return usageError{fmt.Errorf("messages show: got --raw and --json, want one of them")}
			case raw:
				q.Name = "raw"
				return askQuery(cmd, q, cmd.OutOrStdout())
			case wantsJSON(cmd):
				return askQuery(cmd, q, cmd.OutOrStdout())
			}
			m, err := oneOf[console.MessageView](cmd, q)
			if err != nil {
				return err
			}
			return printTable(cmd.OutOrStdout(), nil, messagePage(m))
		},
	}
	c.Flags().Bool("raw", false, "the archived bytes to standard output")
	c.Flags().Bool("json", false, "one JSON object, stable keys")
	return c
}

// messagePage is one message for a person.
func messagePage(m console.MessageView) [][]string {
	way := "came in by"
	if m.Direction == referral.Outbound {
		way = "went out by"
	}
	rows := [][]string{
		{"Message", m.ID}, {"State", words(m.State, dash(m.Reason))}, {"Type", words(m.Type, brackets(m.ContentType))}, {way, words(m.Channel, brackets(m.Peer))},
		{"Partner", m.Partner}, {"At (UTC)", when(m.ReceivedAt)}, {"Control ID", m.ControlID}, {"Recipient", m.Recipient}, {"Answer", m.Code},
		{"Related to", m.RelatedTo}, {"Bytes", fmt.Sprint(m.Bytes)}, {"SHA-256", m.SHA256}, {"Referrals", strings.Join(m.ReferralIDs, ", ")},
	}
	return filled(rows)
}

// filled drops rows whose value is empty.
func filled(rows [][]string) [][]string {
	var out [][]string
	for _, r := range rows {
		if r[1] != "" {
			out = append(out, r)
		}
	}
	return out
}

func brackets(s string) string {
	if s == "" {
		return ""
	}
	return "(" + s + ")"
}

func dash(s string) string {
	if s == "" {
		return ""
	}
	return "- " + s
}

func reprocessCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "reprocess ID", Short: "take an archived message through the rules of now again, without a second effect", Args: cobra.ExactArgs(1),
		Long: "reprocess takes an archived inbound message through unwrapping, rules and the state machine again, with the configuration of now.\n" +
			"What was recorded before is known and has no second effect. What was judged at receipt (OCR words, trust) is used as it was\n" +
			"unless --read-again is given.",
		Example: "  refloop reprocess 01JD\n  refloop reprocess 01JD --read-again",
		RunE: func(cmd *cobra.Command, args []string) error {
			again, err := cmd.Flags().GetBool("read-again")
			if err != nil {
				return err
			}
			client, err := dialDaemon(cmd)
			if err != nil {
				return err
			}
			m, err := client.Reprocess(cmd.Context(), args[0], again)
			if err != nil {
				return err
			}
			if wantsJSON(cmd) {
				return writeJSON(cmd.OutOrStdout(), m)
			}
			return printTable(cmd.OutOrStdout(), nil, messagePage(m))
		},
	}
	c.Flags().Bool("read-again", false, "read the pages of a fax again, judge the trust of a mail again")
	c.Flags().Bool("json", false, "print the message as JSON")
	return c
}
