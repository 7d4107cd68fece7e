package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"image/png"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"refloop/fax"
)

// cost is what a program took: on a busy machine its processor time says more than the clock.
type cost struct{ clock, cpu time.Duration }

// speed compares reading pages to fields with what the tesseract command takes for the text of the same pages.
func speed(args []string) error {
	flags := flag.NewFlagSet("speed", flag.ContinueOnError)
	program := flags.String("refloop", "bin/refloop", "the `program` that reads")
	truth := flags.String("truth", "", "`folder` that says the level of each fax")
	most := flags.Int("most", 8, "`N` faxes a level at most")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return errors.New("speed: got no files, want faxscore speed -truth DIR FILE")
	}
	if _, err := exec.LookPath("tesseract"); err != nil {
		return errors.New("speed: got no tesseract command, want one to compare with; apt-get install tesseract-ocr")
	}
	levels := map[string][]string{}
	for _, path := range flags.Args() {
		var t struct {
			Meta struct{ Level string } `json:"_meta"`
		}
		b, err := os.ReadFile(filepath.Join(*truth, plainName(path)+".json"))
		if err != nil {
			return err
		}
		if err := json.Unmarshal(b, &t); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if l := t.Meta.Level; len(levels[l]) < *most {
			levels[l] = append(levels[l], path)
		}
	}
	var all []string
	for _, level := range slices.Sorted(maps.Keys(levels)) {
		if level == "clean" {
			continue // its text layer is read, too
		}
		if err := speedOf(*program, level, levels[level]); err != nil {
			return err
		}
		all = append(all, levels[level]...)
	}
	one, err := readCost(*program, 1, all)
	if err != nil {
		return err
	}
	two, err := readCost(*program, 2, all)
	if err != nil {
		return err
	}
	fmt.Printf("two workers are %.2f times as fast as one (want 1.8; needs two processors with nothing else to do)\n", float64(one.clock)/float64(two.clock))
	return nil
}

func speedOf(program, level string, files []string) error {
	dir, err := os.MkdirTemp("", "faxspeed")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var plain cost
	pages := 0
	for i, path := range files {
		list, err := pictures(dir, i, path)
		if err != nil {
			return err
		}
		for _, name := range list {
			c, err := run1(append(os.Environ(), "OMP_THREAD_LIMIT=1"), "tesseract", name, "stdout")
			if err != nil {
				return err
			}
			plain.clock, plain.cpu, pages = plain.clock+c.clock, plain.cpu+c.cpu, pages+1
		}
	}
	ours, err := readCost(program, 1, files)
	if err != nil {
		return err
	}
	want := 5.0
	if level == "fine" {
		want = 2.5
	}
	n := time.Duration(pages)
	fmt.Printf("%-9s %2d pages: tesseract %v a page, file to fields %v: %.2f times the processor time, %.2f times by the clock (want %.1f)\n", level, pages,
		(plain.cpu / n).Round(time.Millisecond), (ours.cpu / n).Round(time.Millisecond), float64(ours.cpu)/float64(plain.cpu), float64(ours.clock)/float64(plain.clock), want)
	return nil
}

// pictures writes the pages of a fax as PNG with square pixels.
func pictures(dir string, n int, path string) ([]string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	doc, err := fax.Open(b, fax.Limits{})
	if err != nil {
		return nil, err
	}
	var out []string
	for k := range doc.Len() {
		p, err := doc.Page(k + 1)
		if err != nil {
			return nil, err
		}
		var buf bytes.Buffer
		if err := png.Encode(&buf, p.Square().Gray()); err != nil {
			return nil, err
		}
		name := filepath.Join(dir, fmt.Sprintf("%d-%d.png", n, k))
		if err := os.WriteFile(name, buf.Bytes(), 0o600); err != nil {
			return nil, err
		}
		out = append(out, name)
	}
	return out, nil
}

func readCost(program string, workers int, files []string) (cost, error) {
	return run1(os.Environ(), program, append([]string{"fax", "read", "--ocr-workers", strconv.Itoa(workers)}, files...)...)
}

// run1 runs a program with its children to its end.
func run1(env []string, name string, args ...string) (cost, error) {
	cmd := exec.Command(name, args...)
	cmd.Env = env
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return cost{}, fmt.Errorf("speed: %s: %w", name, err)
	}
	return cost{time.Since(start), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}, nil
}
