package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	faxrail "refloop/channels/fax"
	"refloop/config"
	"refloop/console"
	"refloop/fax"
	"refloop/referral"
)

func faxTeachCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "teach ID|FILE", Short: "make a template of a partner's form from one fax whose values are verified", Args: cobra.ExactArgs(1),
		Long: "teach reads the fax of a referral that a person has verified, or a file with its values as JSON (--verified), finds where each value stands and\n" +
			"which printed words stand around it, and writes a template. Put it into the folder that `templates:` of the fax channel names, look it through\n" +
			"(words that are not on every copy of the form must go), and `refloop check`. The template holds no value of the fax.",
		Example: "  refloop fax teach 01JD --name harbour-house -o templates/harbour-house.yaml\n" +
			"  refloop fax teach form.tif --verified values.json --name harbour-house -o templates/harbour-house.yaml",
		RunE: teachFax,
	}
	c.Flags().String("verified", "", "the values of a FILE, as a JSON object in this `file`, or - for standard input")
	c.Flags().String("name", "", "`name` of the form (required)")
	c.Flags().String("kind", fax.KindReferral, "what the form `is`: referral, imaging_order, consult_report ...; empty: general reading decides")
	c.Flags().StringP("output", "o", "", "`file` to write; absent: standard output")
	return c
}

var formName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,59}$`)

func teachFax(cmd *cobra.Command, args []string) error {
	flag := func(name string) string { return cmd.Flags().Lookup(name).Value.String() }
	if !formName.MatchString(flag("name")) {
		return usageError{fmt.Errorf("fax teach: --name: got %q, want a name of small letters, digits, - . and _", flag("name"))}
	}
	var body []byte
	var values []fax.Verified
	var err error
	if flag("verified") != "" {
		if body, err = readBounded(args[0], maxFaxFile); err != nil {
			return err
		}
		values, err = verifiedFile(cmd, flag("verified"))
	} else {
		body, values, err = verifiedReferral(cmd, args[0])
	}
	if err != nil {
		return err
	}
	r, err := newFaxReader(1)
	if err != nil {
		return err
	}
	text, err := faxrail.Read(cmd.Context(), r.pool, r.draw, body, fax.Limits{Bytes: maxFaxFile})
	if err = errors.Join(err, r.pool.Close()); err != nil {
		return err
	}
	return learn(cmd, flag("name"), flag("kind"), flag("output"), text.Pages, values)
}

// learn makes the template, reads the fax with it once more, and says how that went.
func learn(cmd *cobra.Command, name, kind, path string, pages []fax.PageText, values []fax.Verified) error {
	rules := fax.DefaultRules()
	t, missed, err := rules.Teach(name, kind, pages, values)
	if err != nil {
		return err
	}
	out := t.YAML()
	if t, err = fax.ParseTemplate(out); err != nil {
		return fmt.Errorf("fax teach: the template that was made is none (%w); try another --kind", err)
	}
	right := 0
	found := rules.WithTemplates([]*fax.Template{t}).Extract(pages)
	for _, v := range values {
		if len(found.Papers) == 1 && sameRead(found.Papers[0].Fields[v.Key], v.Value) {
			right++
		}
	}
	note := fmt.Sprintf("%d phrases to know the form by, %d fields; read again with it, %d of %d values are right", len(t.Words), len(t.Fields), right, len(values))
	if len(missed) > 0 {
		note += "; not found on the page: " + strings.Join(missed, ", ")
	}
	fmt.Fprintln(cmd.ErrOrStderr(), note)
	if path == "" {
		_, err = cmd.OutOrStdout().Write(out)
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, out, 0o644)
}

// sameRead compares a field with a verified value, case and punctuation aside.
func sameRead(f fax.Field, value string) bool {
	return referral.FoldName(f.Value+strings.Join(f.List, "")) == referral.FoldName(value)
}

// verifiedFile reads values as JSON: texts, or lists of texts.
func verifiedFile(cmd *cobra.Command, path string) ([]fax.Verified, error) {
	b, err := []byte(nil), error(nil)
	if path == "-" {
		b, err = readInput("--verified", cmd.InOrStdin())
	} else {
		b, err = readBounded(path, maxInput)
	}
	if err != nil {
		return nil, err
	}
	var raw map[string]any
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, usageError{fmt.Errorf("--verified: got %d bytes that are no JSON object, want {\"patient_dob\": \"1980-02-03\", ...}", len(b))}
	}
	var out []fax.Verified
	for _, key := range fax.Keys {
		switch v := raw[key].(type) {
		case string:
			out = append(out, fax.Verified{Key: key, Value: v})
		case []any:
			var items []string
			for _, item := range v {
				items = append(items, fmt.Sprint(item))
			}
			out = append(out, fax.Verified{Key: key, Value: strings.Join(items, "\n")})
		}
	}
	if len(out) == 0 {
		return nil, usageError{fmt.Errorf("--verified: got none of the known keys, want some of %s", strings.Join(fax.Keys, ", "))}
	}
	return out, nil
}

// verifiedReferral takes the fax of a referral and the values that stand on its record, once nothing waits for a person.
func verifiedReferral(cmd *cobra.Command, id string) ([]byte, []fax.Verified, error) {
	s, err := oneOf[console.Story](cmd, console.Query{Name: "story", ID: id})
	if err != nil {
		return nil, nil, err
	}
	if unread := s.Record.Unread(); len(unread) > 0 {
		return nil, nil, fmt.Errorf("fax teach: referral %s: got fields that nobody has looked at (%s), want a verified fax; refloop act %[1]s verify", s.Record.ID, strings.Join(unread, ", "))
	}
	paper, err := faxPaper(s.Record)
	if err != nil {
		return nil, nil, err
	}
	var out []fax.Verified
	for _, f := range s.Record.Fields {
		if slices.Contains(fax.Keys, f.Key) && f.Value != "" {
			out = append(out, fax.Verified{Key: f.Key, Value: f.Value, Page: f.Box[0], Box: [4]int(f.Box[1:])})
		}
	}
	var body bytes.Buffer
	err = askQuery(cmd, console.Query{Name: "document", ID: paper.ID}, &body)
	return body.Bytes(), out, err
}

// rulesOf are those of a fax channel of the configuration, or the ones that come with the program when none is named.
func rulesOf(cmd *cobra.Command, name string) (*fax.Rules, error) {
	if name == "" {
		return fax.DefaultRules(), nil
	}
	cfg, _, err := settingsOf(cmd)
	if err != nil {
		return nil, err
	}
	c, ok := cfg.Channel(name)
	if !ok || c.Type != "fax" {
		return nil, usageError{fmt.Errorf("--channel: got %q, want the name of a fax channel of the configuration", name)}
	}
	problems := &config.Problems{}
	rules := faxrail.DecodeRules(c, problems)
	return rules, problems.Err()
}
