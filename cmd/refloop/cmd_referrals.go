package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"refloop/console"
	"refloop/referral"
)

// maxInput bounds what --find, --set and --note read from standard input.
const maxInput = 1 << 20

// findKeys are the keys of --find.
func findKeys() []string { return []string{"mrn", "authority", "family", "birth_date", "phone"} }

func referralsCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "referrals", Short: "list referrals, newest first", Args: cobra.NoArgs,
		Long: "referrals lists referrals, newest first. The table names nobody; --json shows the patient too.\n\n" +
			"--find - reads whom to look for as a JSON object from standard input, because a command line can be read by every user of the\n" +
			`machine: {"mrn": "...", "authority": "..."}, {"family": "...", "birth_date": "YYYY-MM-DD"} or {"phone": "..."}.`,
		Example: `  refloop referrals --state sent --since 7d
  refloop referrals --find - --json < who.json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := referralFilter(cmd)
			if err != nil {
				return err
			}
			head := []string{"ID", "CREATED (UTC)", "ROLE", "STATE", "GRADE", "SPECIALTY", "PRIORITY", "OTHER SIDE", "WHO OWES WHAT", "HOLDS"}
			return printList(cmd, console.Query{Name: "referrals", Referrals: &f}, head, referralRow)
		},
	}
	listFlags(c)
	c.Flags().String("role", "", "only where our `side` of the loop is initiator or recipient")
	c.Flags().String("find", "", "whom to look for, as JSON from standard input: `-`")
	return c
}

func referralFilter(cmd *cobra.Command) (f console.ReferralFilter, err error) {
	limit, since, state, err := filterFlags(cmd)
	if err != nil {
		return f, err
	}
	f = console.ReferralFilter{State: state, Role: cmd.Flags().Lookup("role").Value.String(), Since: since, Limit: limit}
	if err := checkWord("state", state, referral.States()); err != nil {
		return f, err
	}
	if err := checkWord("role", f.Role, []referral.Role{referral.RoleInitiator, referral.RoleRecipient}); err != nil {
		return f, err
	}
	find := cmd.Flags().Lookup("find")
	if !find.Changed {
		return f, nil
	}
	if find.Value.String() != "-" {
		return f, usageError{fmt.Errorf("--find: got a value on the command line, where every user of this machine can read it; want --find - with JSON on standard input")}
	}
	f.Find, err = readFind(cmd.InOrStdin())
	return f, err
}

// readFind reads the JSON of --find. Its errors never quote it.
func readFind(r io.Reader) (map[string]string, error) {
	b, err := readInput("--find", r)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	var find map[string]string
	if err := dec.Decode(&find); err != nil || len(find) == 0 {
		return nil, usageError{fmt.Errorf("--find: got %d bytes that are no JSON object of texts, want one with some of %s", len(b), strings.Join(findKeys(), ", "))}
	}
	for k := range find {
		if !slices.Contains(findKeys(), k) {
			return nil, usageError{fmt.Errorf("--find: got the key %q, want %s", k, strings.Join(findKeys(), ", "))}
		}
	}
	return find, nil
}

// readInput reads standard input for a flag, bounded.
func readInput(flag string, r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxInput+1))
	if err != nil {
		return nil, fmt.Errorf("%s: reading standard input: %w", flag, err)
	}
	if len(b) > maxInput {
		return nil, usageError{fmt.Errorf("%s: got more than %d bytes on standard input, want fewer", flag, maxInput)}
	}
	return b, nil
}

func referralRow(r console.ReferralView) []string {
	var holds []string
	for _, h := range r.Holds {
		holds = append(holds, string(h.Kind))
	}
	return []string{r.ID, when(r.Created), r.Role, stateLine(r), r.Grade, r.Specialty, r.Priority, otherSide(r), owes(r.Clock), strings.Join(holds, ", ")}
}

// stateLine is the state, with the reason of an end.
func stateLine(r console.ReferralView) string {
	return words(r.State, brackets(r.EndReason))
}

// otherSide names the counterpart: its id in the directory, else its organisation.
func otherSide(r console.ReferralView) string {
	p := r.Recipient
	if r.Role == string(referral.RoleRecipient) {
		p = r.Initiator
	}
	if p.Partner != "" {
		return p.Partner
	}
	return short(p.Organization)
}

// owes says who owes what until when.
func owes(c console.ClockView) string {
	if c.Name == "" {
		return ""
	}
	out := c.Debtor + ": " + c.Name
	if c.Due != nil {
		out += " by " + c.Due.UTC().Format("2006-01-02 15:04")
		if c.Due.Before(time.Now()) {
			out += " (late)"
		}
	}
	return out
}
