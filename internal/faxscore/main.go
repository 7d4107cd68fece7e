// Command faxscore reads fax files with package fax and writes one JSON file
// each, in the shape that the scorer of the development set takes.
//
//	faxscore -out DIR [-words CACHE] FILE...
//
// With -words, what was read off the pages is kept in CACHE and used again
// the next time, so that work on the extraction needs no OCR.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"refloop/fax"
	"refloop/fax/ocr"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "ocr-worker" {
		if err := ocr.Worker(os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		return
	}
	out := flag.String("out", "", "folder for the results")
	cache := flag.String("words", "", "folder for the words of each page")
	workers := flag.Int("workers", 1, "OCR processes")
	flag.Parse()
	if err := run(*out, *cache, *workers, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "faxscore:", err)
		os.Exit(1)
	}
}

func run(out, cache string, workers int, files []string) error {
	pool, err := ocr.NewPool(ocr.Config{Workers: workers})
	if err != nil {
		return err
	}
	defer pool.Close()
	for _, f := range files {
		pages, err := texts(pool, f, cache)
		if err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
		if out == "" {
			continue
		}
		name := strings.TrimSuffix(filepath.Base(f), filepath.Ext(f)) + ".json"
		res := fax.Extract(pages)
		if err := os.WriteFile(filepath.Join(out, name), res.Line(filepath.Base(f)), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func texts(pool *ocr.Pool, file, cache string) ([]fax.PageText, error) {
	kept := filepath.Join(cache, filepath.Base(file)+".words")
	if b, err := os.ReadFile(kept); err == nil && cache != "" {
		var pages []fax.PageText
		return pages, json.Unmarshal(b, &pages)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	doc, err := fax.Open(b, fax.Limits{})
	if err != nil {
		return nil, err
	}
	pages, err := fax.Texts(context.Background(), pool, doc, nil)
	if err != nil || cache == "" {
		return pages, err
	}
	js, err := json.Marshal(pages)
	if err != nil {
		return nil, err
	}
	return pages, os.WriteFile(kept, js, 0o644)
}
