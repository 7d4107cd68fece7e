// Command faxscore puts the JSON lines of `refloop fax read` into one file
// for each fax, as the scorer of the development set takes them.
//
//	refloop fax read ../shared/corpus/fax/fax/* | faxscore DIR
//	python3 ../shared/corpus/fax/score.py ../shared/corpus/fax/truth DIR --auto 0.95 --by level
//
// Its other commands are for work on the reading: make (synthetic faxes of other layouts, with their truth), words (keeps what was read off
// faxes, so that the extraction can be tried again in seconds), extract (fields of kept words, for the scorer), calibrate (how often a
// confidence is right, exactly, with each layout left out in turn; writes fax/rules/calibration.json) and speed (time against tesseract).
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "faxscore:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	commands := map[string]func([]string) error{"words": words, "extract": extract, "make": generate, "calibrate": calibrate, "speed": speed}
	if len(args) > 0 && commands[args[0]] != nil {
		return commands[args[0]](args[1:])
	}
	if len(args) != 1 {
		return errors.New("got no folder, want the one for the results: faxscore DIR < LINES")
	}
	n, err := split(os.Stdin, args[0])
	if err == nil {
		fmt.Printf("%d faxes in %s\n", n, args[0])
	}
	return err
}

// maxLine bounds one result in bytes.
const maxLine = 4 << 20

// split writes each line to <file without its ending>.json in dir.
func split(r io.Reader, dir string) (int, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, err
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	n := 0
	for lines.Scan() {
		var head struct {
			File string `json:"file"`
		}
		if err := json.Unmarshal(lines.Bytes(), &head); err != nil || head.File == "" {
			return n, fmt.Errorf("line %d: got no JSON object with a file, want the output of refloop fax read", n+1)
		}
		base := filepath.Base(head.File)
		name := filepath.Join(dir, strings.TrimSuffix(base, filepath.Ext(base))+".json")
		if err := os.WriteFile(name, lines.Bytes(), 0o644); err != nil {
			return n, err
		}
		n++
	}
	return n, lines.Err()
}
