package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"refloop/config"
)

// Endings of the files beside a channel.
const (
	sampleEnd = ".hl7"
	wantEnd   = ".want.json"
	wordsEnd  = ".words.json" // the words of a fax, read once
	testsEnd  = ".tests"      // of their folder
)

// maxSamples is how many samples of one channel are run.
const maxSamples = 10_000

func testCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "test", Short: "run the samples that stand beside each channel; without daemon or network", Args: cobra.NoArgs,
		Long: "test takes the messages that stand beside each channel's file through that channel, and compares what comes of each with what\n" +
			"is wanted: verdict and answer, what the record holds, receiver, and what each rail would carry. Samples are files in the folder\n" +
			"CHANNEL.tests beside the file in which the channel is written: NAME.hl7 (mllp); also .xml (C-CDA), .json, .txt, .pdf (file); .eml (a\n" +
			"mail without its signature and encryption), .zip (XDM), .xml, .hl7 (direct); .tif, .tiff, .pdf, .png, .jpg (fax). What is wanted is\n" +
			"NAME.want.json beside it. --update writes it as it is now: look at the difference before you keep it. Of a fax it also reads the\n" +
			"pages once and keeps the words as NAME.words.json: take that away to have them read again. The last line counts them. The exit code is 1 when a sample fails, and when a\n" +
			"folder NAME.tests has no channel or a file in one is no sample.",
		Example: "  refloop test -c refloop.yaml\n  refloop test --channel ehr-orders --update",
		RunE: func(cmd *cobra.Command, _ []string) error {
			update, err := cmd.Flags().GetBool("update")
			if err != nil {
				return err
			}
			only, err := cmd.Flags().GetString("channel")
			if err != nil {
				return err
			}
			_, _, pl, err := readPlan(configPath(cmd), nil)
			if err != nil {
				return err
			}
			rooms := dryRooms(pl)
			if only != "" {
				room, err := dryRoomNamed(pl, only)
				if err != nil {
					return err
				}
				rooms = []dryRoom{room}
			}
			var lost []string
			if only == "" {
				lost = lostSamples(pl.cfg)
			}
			return testRooms(cmd.OutOrStdout(), rooms, lost, update)
		},
	}
	c.Flags().Bool("update", false, "write what is wanted from what comes of each sample now")
	c.Flags().String("channel", "", "only the samples of the channel with this `name`")
	return c
}

// testRooms runs all samples and says how many failed. lost are the folders of samples that no channel has.
func testRooms(w io.Writer, rooms []dryRoom, lost []string, update bool) error {
	ran, failed, strange := 0, 0, len(lost)
	for _, dir := range lost {
		name := strings.TrimSuffix(filepath.Base(dir), testsEnd)
		if _, err := fmt.Fprintf(w, "%-5s %s: got samples of channel %q, which does not exist; want the name of a channel\n", "FAIL", dir, name); err != nil {
			return err
		}
	}
	var looked []string
	for _, room := range rooms {
		dir := samplesDir(room.cfg)
		looked = append(looked, dir)
		files, wrong, err := samplesIn(dir, sampleEndings(room.cfg.Type))
		if err != nil {
			return err
		}
		strange += len(wrong)
		for _, line := range wrong {
			if _, err := fmt.Fprintf(w, "%-5s %s\n", "FAIL", line); err != nil {
				return err
			}
		}
		for _, f := range files {
			ran++
			lines, err := testSample(room, f, update)
			if err != nil {
				return err
			}
			state := "ok"
			if len(lines) > 0 {
				state = "FAIL"
				failed++
			}
			lines = append([]string{fmt.Sprintf("%-5s %s/%s", state, room.cfg.Name, f.name)}, lines...)
			if err := writeLines(w, lines); err != nil {
				return err
			}
		}
	}
	if ran == 0 && strange == 0 {
		return fmt.Errorf("test: got no samples, want a message such as NAME%s in one of %s", sampleEnd, strings.Join(looked, ", "))
	}
	sum := fmt.Sprintf("%d samples, %d failed", ran, failed)
	if strange > 0 {
		sum += fmt.Sprintf("; %d folders or files are no samples", strange)
	}
	if _, err := fmt.Fprintln(w, sum); err != nil {
		return err
	}
	if failed+strange > 0 {
		return errQuiet
	}
	return nil
}

// samplesDir is where the samples of a channel stand: beside the file it is written in.
func samplesDir(c config.Channel) string {
	return filepath.Join(filepath.Dir(c.Node.Position().File), c.Name+testsEnd)
}

// lostSamples are the folders of samples, beside the files of a configuration, whose channel does not exist or is written in another folder:
// nobody would look at them.
func lostSamples(cfg *config.Config) []string {
	var known, out []string
	dirs := map[string]bool{filepath.Dir(cfg.Node.Position().File): true}
	for _, c := range cfg.Channels {
		dir := samplesDir(c)
		known, dirs[filepath.Dir(dir)] = append(known, dir), true
	}
	for dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // a configuration was read from it; a folder that cannot be listed has none to show
		}
		for _, e := range entries {
			if at := filepath.Join(dir, e.Name()); e.IsDir() && strings.HasSuffix(e.Name(), testsEnd) && !slices.Contains(known, at) {
				out = append(out, at)
			}
		}
	}
	slices.Sort(out)
	return out
}

// samplesIn lists the samples of a folder. wrong tells of results without a sample, and of files that no channel of this type takes: they would
// never be looked at. Notes (.md) may stand beside them.
func samplesIn(dir string, endings []string) (samples []sampleFile, wrong []string, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	var beside []string // results and words
	for _, e := range entries {
		end := filepath.Ext(e.Name())
		switch {
		case strings.HasSuffix(e.Name(), wantEnd), strings.HasSuffix(e.Name(), wordsEnd):
			beside = append(beside, e.Name())
		case end == ".md":
		case !slices.Contains(endings, end) || e.IsDir():
			wrong = append(wrong, fmt.Sprintf("%s: got a file that is no sample of this channel, want one of %s", filepath.Join(dir, e.Name()), strings.Join(endings, " ")))
		default:
			f := sampleFile{path: filepath.Join(dir, e.Name()), name: strings.TrimSuffix(e.Name(), end), end: end}
			if i := slices.IndexFunc(samples, func(o sampleFile) bool { return o.name == f.name }); i >= 0 {
				wrong = append(wrong, fmt.Sprintf("%s: got the name of another sample, %s, want one of its own", f.path, filepath.Base(samples[i].path)))
				continue
			}
			samples = append(samples, f)
		}
	}
	for _, name := range beside {
		of := strings.TrimSuffix(strings.TrimSuffix(name, wantEnd), wordsEnd)
		if !slices.ContainsFunc(samples, func(f sampleFile) bool { return f.name == of }) {
			wrong = append(wrong, fmt.Sprintf("%s: got no sample beside it, want %s", filepath.Join(dir, name), of+strings.Join(endings, " or "+of)))
		}
	}
	if len(samples) > maxSamples {
		return nil, nil, fmt.Errorf("test: %s: got %d samples, want at most %d", dir, len(samples), maxSamples)
	}
	return samples, wrong, nil
}

// testSample runs one sample; what it returns is how the result differs.
func testSample(room dryRoom, f sampleFile, update bool) ([]string, error) {
	got := sampleOf(room, f, update)
	text, err := marshalSample(got)
	if err != nil {
		return nil, err
	}
	if update {
		return nil, os.WriteFile(f.want(), text, 0o600)
	}
	wanted, err := readBounded(f.want(), maxSendFile)
	if errors.Is(err, fs.ErrNotExist) {
		return []string{"  " + filepath.Base(f.want()) + " is missing; refloop test --update writes it"}, nil
	}
	if err != nil {
		return nil, err
	}
	if bytes.Equal(text, wanted) {
		return nil, nil
	}
	var want sample
	if err := json.Unmarshal(wanted, &want); err != nil {
		return []string{"  " + filepath.Base(f.want()) + " cannot be read: " + err.Error()}, nil
	}
	return diffSamples(want, got), nil
}

func marshalSample(s sample) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(s); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// diffSamples says place by place what is otherwise than wanted.
func diffSamples(want, got sample) []string {
	a, b := flat{}, flat{}
	a.flatten("", want)
	b.flatten("", got)
	var out []string
	for _, k := range a.changed(b) {
		out = append(out, fmt.Sprintf("  %s: got %s, want %s", k, orNothing(b[k]), orNothing(a[k])))
	}
	return out
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return fmt.Sprintf("%q", s)
}
