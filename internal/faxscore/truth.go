package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"refloop/fax"
)

// finding is one field that was read, beside what is printed.
type finding struct {
	fax, layout, level, key string
	score, confidence       float64
	right                   bool // exactly: a list item by item, a text word by word
	capped                  bool // something speaks against it besides its score
}

// findings reads the truth of a set and extracts its kept words again.
func findings(truth, words string) ([]finding, error) {
	files, err := filepath.Glob(filepath.Join(truth, "*.json"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("got no %s/*.json, want the truth of a set", truth)
	}
	var out []finding
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		var t map[string]any
		if err := json.Unmarshal(b, &t); err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		if b, err = os.ReadFile(filepath.Join(words, filepath.Base(f))); err != nil {
			return nil, err
		}
		var pages []fax.PageText
		if err := json.Unmarshal(b, &pages); err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		out = append(out, compare(plainName(f), t, fax.Extract(pages))...)
	}
	return out, nil
}

func compare(name string, t map[string]any, r fax.Result) []finding {
	docs := []map[string]any{t}
	if list, ok := t["documents"].([]any); ok {
		docs = docs[:0]
		for _, d := range list {
			if m, ok := d.(map[string]any); ok {
				docs = append(docs, m)
			}
		}
	}
	meta, _ := t["_meta"].(map[string]any)
	var out []finding
	for i, d := range docs {
		kind, _ := d["document_type"].(string)
		if i >= len(r.Papers) || kind == fax.KindAdvert {
			continue
		}
		referral := kind == fax.KindReferral || kind == fax.KindImaging
		for _, key := range slices.Sorted(maps.Keys(r.Papers[i].Fields)) {
			if d[key] == nil && !referral {
				continue // the truth of other documents is not complete
			}
			f := r.Papers[i].Fields[key]
			out = append(out, finding{fax: name, layout: fmt.Sprint(meta["layouts"]), level: fmt.Sprint(meta["level"]), key: key, score: f.Score, confidence: f.Confidence,
				right: exactly(key, f, d[key], meta), capped: f.Confidence < fax.Calibrated(f.Score)-1e-9})
		}
	}
	return out
}

var parts = regexp.MustCompile(`[a-z0-9]+(?:\.[0-9]+)?`)

// plain is a value without what nobody minds: case, punctuation, kinds of street, titles.
func plain(key, s string) string {
	s = strings.ReplaceAll(strings.ToLower(s), "'", "")
	switch {
	case strings.HasSuffix(key, "_phone") || strings.HasSuffix(key, "_fax"), strings.Contains(key, "_id"), strings.Contains(key, "number"), key == "patient_mrn", strings.HasSuffix(key, "_codes"):
		return strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, s)
	case key == "allergies" && (strings.Contains(s, "no known") || strings.Contains(s, "nkda") || strings.HasPrefix(s, "none")):
		return "nkda"
	}
	words := parts.FindAllString(s, -1)
	short := map[string]string{"street": "st", "avenue": "ave", "road": "rd", "lane": "ln", "drive": "dr", "boulevard": "blvd", "court": "ct", "apartment": "apt"}
	words = slices.DeleteFunc(words, func(w string) bool {
		return strings.HasSuffix(key, "_name") && slices.Contains([]string{"dr", "md", "do", "np", "pa", "mr", "ms", "mrs"}, w) || key != "patient_middle" && strings.HasSuffix(key, "ing_name") && len(w) == 1
	})
	for i, w := range words {
		if short[w] != "" {
			words[i] = short[w]
		}
	}
	return strings.Join(words, " ")
}

// exactly compares a field with what is printed; a number of the header line is right though it was not asked for.
func exactly(key string, f fax.Field, want any, meta map[string]any) bool {
	switch w := want.(type) {
	case string:
		got := f.Value
		if f.List != nil {
			got = strings.Join(f.List, ", ")
		}
		return plain(key, got) == plain(key, w)
	case []any:
		var a, b []string
		for _, s := range f.List {
			a = append(a, plain(key, s))
		}
		for _, s := range w {
			b = append(b, plain(key, fmt.Sprint(s)))
		}
		slices.Sort(a)
		slices.Sort(b)
		return slices.Equal(a, b)
	}
	return f.Value != "" && (f.Value == meta["header_from"] || f.Value == meta["header_to"])
}
