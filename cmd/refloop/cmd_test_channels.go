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
)

// maxSamples is how many samples of one channel are run.
const maxSamples = 10_000

func testCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "test", Short: "run the samples that stand beside each channel; without daemon or network", Args: cobra.NoArgs,
		Long: "test takes the messages that stand beside each channel's file through that channel, and compares what comes of each with what\n" +
			"is wanted: verdict and answer, what the record holds, receiver, and what each rail would carry. Samples are the files\n" +
			"CHANNEL.tests/NAME.hl7 in the folder of the file in which the channel is written; what is wanted is NAME.want.json beside\n" +
			"them. --update writes it as it is now: look at the difference before you keep it. The exit code is 1 when a sample fails.",
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
			return testRooms(cmd.OutOrStdout(), rooms, update)
		},
	}
	c.Flags().Bool("update", false, "write what is wanted from what comes of each sample now")
	c.Flags().String("channel", "", "only the samples of the channel with this `name`")
	return c
}

// testRooms runs all samples and says how many failed.
func testRooms(w io.Writer, rooms []dryRoom, update bool) error {
	ran, failed := 0, 0
	var looked []string
	for _, room := range rooms {
		dir := samplesDir(room.cfg)
		looked = append(looked, dir)
		names, err := samplesIn(dir)
		if err != nil {
			return err
		}
		for _, name := range names {
			ran++
			lines, err := testSample(room, filepath.Join(dir, name), update)
			if err != nil {
				return err
			}
			state := "ok"
			if len(lines) > 0 {
				state = "FAIL"
				failed++
			}
			lines = append([]string{fmt.Sprintf("%-5s %s/%s", state, room.cfg.Name, name)}, lines...)
			if err := writeLines(w, lines); err != nil {
				return err
			}
		}
	}
	if ran == 0 {
		return fmt.Errorf("test: got no samples, want NAME%s in one of %s", sampleEnd, strings.Join(looked, ", "))
	}
	if _, err := fmt.Fprintf(w, "%d samples, %d failed\n", ran, failed); err != nil {
		return err
	}
	if failed > 0 {
		return errQuiet
	}
	return nil
}

// samplesDir is where the samples of a channel stand: beside the file it is written in.
func samplesDir(c config.Channel) string {
	return filepath.Join(filepath.Dir(c.Node.Position().File), c.Name+".tests")
}

// samplesIn lists the samples of a folder without their ending, and finds results without a sample: they would never be looked at.
func samplesIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var samples, wants []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), sampleEnd); ok {
			samples = append(samples, name)
		} else if name, ok := strings.CutSuffix(e.Name(), wantEnd); ok {
			wants = append(wants, name)
		}
	}
	for _, name := range wants {
		if !slices.Contains(samples, name) {
			return nil, fmt.Errorf("test: %s: got no sample beside it, want %s", filepath.Join(dir, name+wantEnd), name+sampleEnd)
		}
	}
	if len(samples) > maxSamples {
		return nil, fmt.Errorf("test: %s: got %d samples, want at most %d", dir, len(samples), maxSamples)
	}
	return samples, nil
}

// testSample runs one sample; what it returns is how the result differs.
func testSample(room dryRoom, path string, update bool) ([]string, error) {
	body, err := readBounded(path+sampleEnd, maxSendFile)
	if err != nil {
		return nil, err
	}
	got := sampleOf(room, body)
	text, err := marshalSample(got)
	if err != nil {
		return nil, err
	}
	if update {
		return nil, os.WriteFile(path+wantEnd, text, 0o600)
	}
	wanted, err := readBounded(path+wantEnd, maxSendFile)
	if errors.Is(err, fs.ErrNotExist) {
		return []string{"  " + filepath.Base(path) + wantEnd + " is missing; refloop test --update writes it"}, nil
	}
	if err != nil {
		return nil, err
	}
	if bytes.Equal(text, wanted) {
		return nil, nil
	}
	var want sample
	if err := json.Unmarshal(wanted, &want); err != nil {
		return []string{"  " + filepath.Base(path) + wantEnd + " cannot be read: " + err.Error()}, nil
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
