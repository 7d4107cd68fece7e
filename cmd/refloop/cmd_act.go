package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"refloop/console"
	"refloop/engine"
	"refloop/referral"
)

// maxDocument bounds a document that is handed in.
const maxDocument = 64 << 20

// verbHelp says what each act means, in the order of a loop.
func verbHelp() [][]string {
	return [][]string{
		{"accept", "we take the patient; --at: a promised date"},
		{"decline", "we do not; --reason"},
		{"no-capacity", "accepted, but there is no place yet"},
		{"schedule", "an appointment: --at, --until, --location"},
		{"reschedule", "another time: --at"},
		{"no-show", "the patient did not come"},
		{"cancel-appointment", "the appointment is off, the referral is not"},
		{"seen", "the visit took place; --at"},
		{"interim", "a note while the loop stays open: --document, --author"},
		{"report", "the outcome: --document, --author NPI, --signed; unsigned it goes as interim"},
		{"confirm-cancel", "the cancellation that was asked for is done"},
		{"refuse-cancel", "it is too late to cancel"},
		{"cancel", "the initiator takes the request back; --reason"},
		{"ask", "a question to the initiator: --note -"},
		{"answer", "the answer to it: --note -, --document"},
		{"verify", "what was read from paper is right, or is put right: --set -"},
		{"release", "take a hold off: --hold KIND, --reason the basis on which it goes on"},
		{"take", "take the case: it is yours"},
		{"split", "pages of the fax are another case (--pages 3-4), or belong to one (--to ID); also for a fax that is no referral yet, by its message ID"},
		{acceptAs, "of a held fax by its message ID: it is a referral although it was read as something else: --kind referral or imaging_order"},
		{"not-ours", "it came to the wrong practice; also for a fax that is no referral, by its message ID"},
		{"resend", "send it again, or to another recipient: --set -"},
		{"fax-sent", "somebody sent the fax by hand"},
		{"end", "end without a report: --reason"},
	}
}

func actCommand() *cobra.Command {
	var b strings.Builder
	for _, v := range verbHelp() {
		fmt.Fprintf(&b, "  %-19s %s\n", v[0], v[1])
	}
	c := &cobra.Command{
		Use: "act ID VERB", Short: "do or say something about a referral; what is not allowed now exits 1 and prints what is", Args: cobra.ExactArgs(2),
		Long: "act does or says something about a referral. `refloop actions ID` tells what is allowed now.\n\nVerbs:\n" + b.String() +
			"\nWords and values about a patient come from standard input, never from the command line, which every user of the machine can read:\n" +
			`--note - reads plain text, --set - reads a JSON object of texts such as {"patient_dob": "1980-02-03"}. Only one of them may be given.` +
			"\n\nKeys of --set: " + folded(referral.FieldKeys()) + "; mrn stands for patient_mrn, recipient_npi for referred_to_npi; extra.<name> keeps anything else." +
			"\n\nReasons of end: " + list(endReasons()) + " (only while a cancellation is not confirmed). Reasons of decline and cancel are yours and travel as given.",
		Example: `  refloop act 01JD accept
  refloop act 01JD schedule --at 2026-12-01T09:30:00-06:00 --location "Suite 200"
  refloop act 01JD report --document note.pdf --author 1245319599 --signed
  refloop act 01JD verify --set - < corrections.json
  echo "Which medicines does she take now?" | refloop act 01JD ask --note -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := actOf(cmd, args[1])
			if err != nil {
				return err
			}
			client, err := dialDaemon(cmd)
			if err != nil {
				return err
			}
			v, err := client.Act(cmd.Context(), args[0], in)
			if errors.Is(err, console.ErrInput) {
				return usageError{err}
			}
			if err != nil {
				return err
			}
			if wantsJSON(cmd) {
				return writeJSON(cmd.OutOrStdout(), v)
			}
			rows := [][]string{{"Referral", v.ID}, {"State", words(stateLine(v), gradeNote(v.Grade))}}
			for _, n := range v.Notices {
				rows = append(rows, []string{"Done", n})
			}
			return printTable(cmd.OutOrStdout(), nil, filled(append(rows, []string{"Owed", owes(v.Clock)}, []string{"Next", nextLine(v.NextActions)})))
		},
	}
	f := c.Flags()
	f.String("reason", "", "why, as a `code`, for decline, cancel, release and end")
	f.String("hold", "", "the `kind` of hold that release takes off")
	f.Bool("late", false, "the appointment was in the past: it was made in time and is told late")
	f.String("at", "", "a `time` such as 2026-12-01T09:30:00-06:00; without a zone it is the time of this machine")
	f.String("until", "", "end of the appointment, a `time` (default: 30 minutes after --at)")
	f.String("location", "", "place of the appointment, as `text`")
	f.String("document", "", "`file` with the clinician's own document: PDF, TIFF, PNG, JPEG, C-CDA, RTF, HTML or text")
	f.String("author", "", "the `NPI` of the clinician who wrote it")
	f.String("name", "", "that clinician's `name`, when the directory does not have it")
	f.Bool("signed", false, "the clinician has signed it")
	f.String("note", "", "words to go with it, from standard input: `-`")
	f.String("set", "", "values as a JSON object, from standard input: `-`")
	f.StringArray("pages", nil, "split: `pages` such as 3-4 or 1,3-5 that become a new case; may be repeated")
	f.String("to", "", "split: the `referral` that takes the pages as an attachment, instead of a new case")
	f.String("kind", "", "accept-as: what the held fax is, `referral` or imaging_order")
	f.String("patient", "", "the patient of our own list whom the paper is about, by the `id` that refloop show gives")
	f.Bool("json", false, "print the referral as JSON")
	return c
}

// actOf reads the flags, standard input and the document.
func actOf(cmd *cobra.Command, verb string) (console.Act, error) {
	if referral.ActionFor(verb) == "" && verb != acceptAs {
		return console.Act{}, usageError{fmt.Errorf("act: got %q, want one of %s", verb, strings.Join(verbs(), ", "))}
	}
	flag := func(name string) string { return cmd.Flags().Lookup(name).Value.String() }
	in := console.Act{
		Verb: verb, Reason: flag("reason"), Location: flag("location"), Author: flag("author"), Name: flag("name"), Signed: flag("signed") == "true",
		Hold: flag("hold"), Late: flag("late") == "true", Patient: flag("patient"), To: flag("to"), Kind: flag("kind"),
	}
	err := checkFlags(cmd, verb)
	if err != nil {
		return in, err
	}
	if in.At, err = parseAt("at", flag("at"), time.Local); err != nil {
		return in, err
	}
	if in.Until, err = parseAt("until", flag("until"), time.Local); err != nil {
		return in, err
	}
	if in.Pages, err = cmd.Flags().GetStringArray("pages"); err != nil {
		return in, err
	}
	if err := readWords(cmd, &in); err != nil {
		return in, err
	}
	if err := checkAct(in); err != nil {
		return in, err
	}
	if path := flag("document"); path != "" {
		in.Document, err = readDocument(path)
	}
	return in, err
}

// folded joins names, six a line.
func folded(names []string) string {
	var b strings.Builder
	for i, n := range names {
		switch {
		case i == 0:
		case i%6 == 0:
			b.WriteString(",\n  ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(n)
	}
	return b.String()
}

func verbs() []string {
	var out []string
	for _, v := range verbHelp() {
		out = append(out, v[0])
	}
	return out
}

// readWords reads --note - or --set -.
func readWords(cmd *cobra.Command, in *console.Act) error {
	note, set := cmd.Flags().Lookup("note"), cmd.Flags().Lookup("set")
	switch {
	case note.Changed && note.Value.String() != "-":
		return usageError{errors.New("--note: got words on the command line, where every user of this machine can read them; want --note - with the words on standard input")}
	case set.Changed && set.Value.String() != "-":
		return usageError{errors.New(`--set: got values on the command line, where every user of this machine can read them; want --set - with JSON such as {"key": "value"} on standard input`)}
	case note.Changed && set.Changed:
		return usageError{errors.New("--note and --set: got both, want one of them: there is one standard input")}
	case note.Changed:
		b, err := readInput("--note", cmd.InOrStdin())
		in.Note = strings.TrimSpace(string(b))
		return err
	case set.Changed:
		b, err := readInput("--set", cmd.InOrStdin())
		if err != nil {
			return err
		}
		if in.Set, err = engine.ParseSet(b); err != nil {
			return usageError{err}
		}
		return checkSet(cmd, in.Set)
	}
	return nil
}

// parseAt reads a time; without a zone it is one of loc.
func parseAt(flag, s string, loc *time.Location) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t, nil
	}
	for _, layout := range []string{"2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, loc); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usageError{fmt.Errorf("--%s: got %q, want a time such as 2026-12-01T09:30:00-06:00 or 2026-12-01T09:30", flag, s)}
}

// readDocument reads a document and finds out what it is.
func readDocument(path string) (*console.File, error) {
	b, err := readBounded(path, maxDocument)
	if err != nil {
		return nil, fmt.Errorf("--document: %w", err)
	}
	kind, err := contentType(b, path)
	if err != nil {
		return nil, err
	}
	return &console.File{Name: filepath.Base(path), ContentType: kind, Body: b}, nil
}

func actionsCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "actions ID", Short: "what may be done now with a referral", Args: cobra.ExactArgs(1),
		Example: "  refloop actions 01JD",
		RunE: func(cmd *cobra.Command, args []string) error {
			q := console.Query{Name: "actions", ID: args[0]}
			if wantsJSON(cmd) {
				return askQuery(cmd, q, cmd.OutOrStdout())
			}
			v, err := oneOf[console.ActionsView](cmd, q)
			if err != nil {
				return err
			}
			return printActions(cmd.OutOrStdout(), v)
		},
	}
	c.Flags().Bool("json", false, "one JSON object, stable keys")
	return c
}

// printActions says what each verb that is allowed now means.
func printActions(w io.Writer, v console.ActionsView) error {
	var rows [][]string
	for _, h := range verbHelp() {
		if slices.Contains(v.NextActions, h[0]) {
			rows = append(rows, h)
		}
	}
	if len(rows) == 0 {
		rows = [][]string{{v.State + ": nothing may be done now"}}
	}
	if err := printTable(w, nil, rows); err != nil {
		return err
	}
	if len(v.ByPhone) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "\nWhen the other side tells it by telephone (grade C): %s\n", strings.Join(v.ByPhone, ", "))
	return err
}
