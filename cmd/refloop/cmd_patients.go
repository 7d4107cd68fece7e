package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"refloop/console"
	"refloop/referral"
	"refloop/transform"
)

// maxMistakesShown is how many rows that were not taken are named one by one.
const maxMistakesShown = 1000

func patientsCommand() *cobra.Command {
	return group("patients", "our own patients, by whom a person finds out whom a fax is about", patientsImportCommand(), patientsListCommand(), patientsShowCommand(), patientsRemoveCommand())
}

func patientsImportCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "import FILE.csv", Short: "take over a list of patients from the practice's system", Args: cobra.ExactArgs(1),
		Long: "import reads a CSV file with a header line, as an EHR or a billing system writes it (commas, semicolons or tabs; UTF-8 or Windows-1252),\n" +
			"and takes its rows into our own list, sealed. A number that is known is brought up to date, so the same file twice changes nothing.\n" +
			"A row that cannot be taken is named by its line, the others are imported, and the exit code is 1.\n\n" +
			"Columns: " + folded(transform.PatientColumns()) + ".\nmrn, birth_date and a name must be there. The usual headers are known; name others with --column.\n" +
			"Dates: YYYY-MM-DD, YYYYMMDD, MM/DD/YYYY, always with four digits of the year; --day-first reads 03/02/1980 as the 3rd of February.\n" +
			"No patient is ever matched by himself: a person chooses (refloop act ID verify --patient PATIENT).",
		Example: "  refloop patients import patients.csv\n  refloop patients import --column mrn=Chart --column birth_date=Geb --day-first --whole export.csv",
		RunE:    importPatients,
	}
	c.Flags().StringArray("column", nil, "a header of the file, as `KEY=HEADER`; may be repeated")
	c.Flags().Bool("day-first", false, "dates are written with the day before the month")
	c.Flags().String("name", "ehr", "name of the `list`: lists of several systems are kept apart")
	c.Flags().String("authority", "", "`OID` of the system that gave the numbers, when it is not our own")
	c.Flags().Bool("whole", false, "the file is the whole list: whom it does not name is taken off")
	c.Flags().Bool("json", false, "print the counts and mistakes as JSON lines")
	return c
}

var listName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)

// patientImport is one import under way.
type patientImport struct {
	cmd    *cobra.Command
	client *console.Client
	batch  console.PatientBatch
	counts console.PatientCounts
	bad    int // rows not taken
	warned int // rows taken without a value
}

func importPatients(cmd *cobra.Command, args []string) error {
	list, source, whole, err := patientListOf(cmd)
	if err != nil {
		return err
	}
	f, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer f.Close()
	client, err := dialDaemon(cmd)
	if err != nil {
		return err
	}
	defer client.Close()
	in := patientImport{cmd: cmd, client: client, batch: console.PatientBatch{Source: source, Begun: list.Now}}
	err = transform.ReadPatients(f, list, in.take, func(m transform.RowMistake) { in.mistake(args[0], m) })
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(args[0]), err)
	}
	in.batch.Last = whole && in.bad == 0
	if err := in.flush(); err != nil {
		return err
	}
	return in.done(whole)
}

// patientListOf reads the flags of an import.
func patientListOf(cmd *cobra.Command) (list transform.PatientList, source string, whole bool, err error) {
	f := cmd.Flags()
	columns, err := f.GetStringArray("column")
	if err != nil {
		return list, "", false, err
	}
	list = transform.PatientList{Columns: map[string]string{}, Authority: f.Lookup("authority").Value.String(), Now: time.Now().UTC().Truncate(time.Microsecond)}
	for _, c := range columns {
		key, header, ok := strings.Cut(c, "=")
		if !ok || header == "" {
			return list, "", false, usageError{fmt.Errorf("--column: got %q, want KEY=HEADER such as mrn=Chart", c)}
		}
		if !slices.Contains(transform.PatientColumns(), key) {
			return list, "", false, usageError{fmt.Errorf("--column: got the column %q, want one of %s", key, strings.Join(transform.PatientColumns(), ", "))}
		}
		list.Columns[key] = header
	}
	if list.DayFirst, err = f.GetBool("day-first"); err != nil {
		return list, "", false, err
	}
	name := f.Lookup("name").Value.String()
	if !listName.MatchString(name) {
		return list, "", false, usageError{fmt.Errorf("--name: got %q, want a name of small letters, digits, - and _", name)}
	}
	whole, err = f.GetBool("whole")
	return list, "list:" + name, whole, err
}

func (in *patientImport) take(p referral.Patient) error {
	in.batch.Patients = append(in.batch.Patients, p)
	if len(in.batch.Patients) < console.MaxPatientBatch {
		return nil
	}
	return in.flush()
}

func (in *patientImport) flush() error {
	n, err := in.client.ImportPatients(in.cmd.Context(), in.batch)
	in.batch.Patients = in.batch.Patients[:0]
	in.counts.Added += n.Added
	in.counts.Changed += n.Changed
	in.counts.Same += n.Same
	in.counts.Removed += n.Removed
	return err
}

// mistake names a row on standard error, in the way of `refloop check`.
func (in *patientImport) mistake(path string, m transform.RowMistake) {
	note := "not taken"
	if m.Taken {
		in.warned++
		note = "taken without it"
	} else {
		in.bad++
	}
	if in.bad+in.warned > maxMistakesShown {
		return
	}
	if wantsJSON(in.cmd) {
		_ = writeJSON(in.cmd.OutOrStdout(), map[string]any{"line": m.Line, "problem": m.Text, "taken": m.Taken}) // the summary fails too when nobody reads
		return
	}
	fmt.Fprintf(in.cmd.ErrOrStderr(), "%s:%d: %s (%s)\n", path, m.Line, m.Text, note)
}

func (in *patientImport) done(whole bool) error {
	if shown := in.bad + in.warned; shown > maxMistakesShown {
		fmt.Fprintf(in.cmd.ErrOrStderr(), "and %d more\n", shown-maxMistakesShown)
	}
	var err error
	if wantsJSON(in.cmd) {
		err = writeJSON(in.cmd.OutOrStdout(), map[string]any{"added": in.counts.Added, "changed": in.counts.Changed, "same": in.counts.Same, "removed": in.counts.Removed,
			"not_taken": in.bad, "taken_in_part": in.warned})
	} else {
		_, err = fmt.Fprintf(in.cmd.OutOrStdout(), "%d added, %d changed, %d as before, %d taken off, %d rows not taken\n",
			in.counts.Added, in.counts.Changed, in.counts.Same, in.counts.Removed, in.bad)
	}
	if err != nil {
		return err
	}
	if whole && in.bad > 0 {
		fmt.Fprintln(in.cmd.ErrOrStderr(), "nobody was taken off the list: some rows could not be read, and their patients may be among them")
	}
	if in.bad > 0 {
		return errQuiet
	}
	return nil
}

func patientsListCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "our own patients, newest first; the look is in the audit chain", Args: cobra.NoArgs,
		Example: "  refloop patients list --limit 20",
		RunE: func(cmd *cobra.Command, _ []string) error {
			limit, err := limitFlag(cmd)
			if err != nil {
				return err
			}
			since, err := parseSince(cmd.Flags().Lookup("since").Value.String(), time.Now())
			if err != nil {
				return err
			}
			q := console.Query{Name: "patients", Limit: limit, Patients: &console.PatientFilter{Source: cmd.Flags().Lookup("source").Value.String(), Since: since}}
			return printList(cmd, q, []string{"PATIENT", "UPDATED (UTC)", "SOURCE", "NAME", "BORN", "PHONE", "NUMBER"}, func(k referral.KnownPatient) []string {
				return []string{k.ID, when(&k.Updated), k.Source, console.NameLine(k.Patient.Name), k.Patient.BirthDate, k.Patient.Phone, k.Patient.IDs[0].Value}
			})
		},
	}
	c.Flags().String("source", "", "only those that this `source` named last, such as list:ehr or channel:ehr-adt")
	c.Flags().String("since", "", "changed since `T`: RFC 3339, YYYY-MM-DD, or a duration such as 24h")
	c.Flags().Int("limit", 0, "at most `N` rows, 1 to 100000 (default 100)")
	c.Flags().Bool("json", false, "one JSON object a line, stable keys")
	return c
}

func patientsShowCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "show PATIENT", Short: "one of our own patients", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			q := console.Query{Name: "patient", ID: args[0]}
			if wantsJSON(cmd) {
				return askQuery(cmd, q, cmd.OutOrStdout())
			}
			k, err := oneOf[referral.KnownPatient](cmd, q)
			if err != nil {
				return err
			}
			return printPatient(cmd.OutOrStdout(), k)
		},
	}
	c.Flags().Bool("json", false, "one JSON object, stable keys")
	return c
}

func printPatient(w io.Writer, k referral.KnownPatient) error {
	p := k.Patient
	rows := [][]string{
		{"Patient", k.ID}, {"Name", console.NameLine(p.Name)}, {"Born", p.BirthDate}, {"Sex", p.Sex}, {"Phone", p.Phone}, {"Address", addressLine(p.Address)},
		{"From", words(k.Source, when(&k.Updated))},
	}
	for i, id := range p.IDs {
		label := "Number"
		if i > 0 && id.Value == p.IDs[0].Value {
			continue // the same number under another name of its system
		}
		if i > 0 {
			label = "Formerly"
		}
		rows = append(rows, []string{label, words(id.Value, brackets(id.Authority))})
	}
	return printTable(w, nil, filled(rows))
}

func addressLine(a referral.Address) string {
	return strings.Join(nonEmpty(a.Line1, a.Line2, words(a.City, a.State, a.Zip)), ", ")
}

func patientsRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "remove PATIENT", Short: "take a patient off our own list; referrals stay as they are", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := dialDaemon(cmd)
			if err != nil {
				return err
			}
			if err := client.RemovePatient(cmd.Context(), args[0]); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: removed\n", args[0])
			return err
		},
	}
}

// candidateRows are the patients of our own list whom a paper may be about, with what agrees and what does not.
func candidateRows(list []referral.Candidate) (out [][]string) {
	for _, c := range list {
		p := c.Known.Patient
		out = append(out, []string{c.Known.ID, console.NameLine(p.Name), p.BirthDate, p.Phone, p.IDs[0].Value,
			dashed(c.Agree), dashed(c.Near), dashed(c.Differ)})
	}
	return out
}

func dashed(facts []string) string {
	if len(facts) == 0 {
		return "-"
	}
	return strings.Join(facts, ", ")
}

func candidateHead() []string {
	return []string{"PATIENT", "NAME", "BORN", "PHONE", "NUMBER", "AGREES", "NEARLY", "DIFFERS"}
}
