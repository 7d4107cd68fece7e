package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	faxrail "refloop/channels/fax"
	"refloop/fax"
	"refloop/fax/ocr"
)

// words reads faxes and keeps what was read off their pages, one file a fax. Answers of the OCR engine are kept, too, when a folder is
// given for them: a change of the reading that asks the engine nothing new then costs seconds.
func words(args []string) error {
	flags := flag.NewFlagSet("words", flag.ContinueOnError)
	cache := flags.String("cache", "", "`folder` for answers of the OCR engine")
	program := flags.String("refloop", "bin/refloop", "the `program` whose workers read")
	workers := flags.Int("workers", 2, "`N` workers")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() < 2 {
		return errors.New("words: got no folder and files, want faxscore words [flags] DIR FILE")
	}
	self, err := filepath.Abs(*program)
	if err != nil {
		return err
	}
	pool, err := ocr.NewPool(ocr.Config{Command: []string{self, "ocr-worker"}, Workers: *workers})
	if err != nil {
		return err
	}
	defer pool.Close()
	var rec fax.Recognizer = pool
	if *cache != "" {
		if err := os.MkdirAll(*cache, 0o755); err != nil {
			return err
		}
		rec = remembered{dir: *cache, rec: pool}
	}
	dir := flags.Arg(0)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return readAll(flags.Args()[1:], *workers, func(path string) error {
		return keepWords(dir, path, rec, &faxrail.Drawer{Command: []string{self, "pdf-worker"}})
	})
}

// readAll works on several files at a time and gives all errors.
func readAll(paths []string, workers int, one func(string) error) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, len(paths))
	for range workers {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(paths)); i = next.Add(1) - 1 {
				errs[i] = one(paths[i])
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func keepWords(dir, path string, rec fax.Recognizer, draw *faxrail.Drawer) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text, err := faxrail.Read(context.Background(), rec, draw, b, fax.Limits{})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	out, err := json.Marshal(text.Pages)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, plainName(path)+".json"), out, 0o644)
}

func plainName(path string) string {
	base := filepath.Base(path)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

// remembered keeps the answers of a recognizer in files named by their question.
type remembered struct {
	dir string
	rec fax.Recognizer
}

func (m remembered) Recognize(ctx context.Context, r ocr.Request) (ocr.Reply, error) {
	h := sha256.New()
	fmt.Fprintln(h, r.Width, r.Height, r.DPI, r.Modes, r.Allow)
	h.Write(r.Pix)
	path := filepath.Join(m.dir, hex.EncodeToString(h.Sum(nil)[:16])+".json")
	var reply ocr.Reply
	if b, err := os.ReadFile(path); err == nil && json.Unmarshal(b, &reply) == nil {
		return reply, nil
	}
	reply, err := m.rec.Recognize(ctx, r)
	if err != nil {
		return reply, err
	}
	b, err := json.Marshal(reply)
	if err != nil {
		return ocr.Reply{}, err
	}
	return reply, os.WriteFile(path, b, 0o644)
}

// extract runs the extraction on kept words, and writes what the scorer takes.
func extract(args []string) error {
	if len(args) != 2 {
		return errors.New("extract: want faxscore extract WORDS PREDICTED")
	}
	files, err := filepath.Glob(filepath.Join(args[0], "*.json"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("extract: got no %s/*.json, want the output of faxscore words", args[0])
	}
	if err := os.MkdirAll(args[1], 0o755); err != nil {
		return err
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		var pages []fax.PageText
		if err := json.Unmarshal(b, &pages); err != nil {
			return fmt.Errorf("extract: %s: %w", f, err)
		}
		if err := os.WriteFile(filepath.Join(args[1], filepath.Base(f)), fax.Extract(pages).Line(f), 0o644); err != nil {
			return err
		}
	}
	return nil
}
