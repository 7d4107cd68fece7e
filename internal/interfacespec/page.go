package main

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed pages/*.md
var prose embed.FS

// Page renders the whole page; root is the root of the repository, where the sample messages are.
func Page(root string) ([]byte, error) {
	samples := func(name string) ([]byte, error) {
		return os.ReadFile(filepath.Join(root, "testdata", "hl7", "own", name+".hl7"))
	}
	t, err := template.New("").Funcs(template.FuncMap{
		"required": required, "strictOnly": strictOnly, "reads": reads, "ackModes": ackModes, "codes": codes, "examples": examples,
		"orders": orders, "appointments": appointments, "documents": documents, "results": results, "triggers": triggers,
		"steps": steps, "formats": formats, "sent": sent, "fields": fields, "part2": part2, "setting": setting, "largest": largest, "notice": notice,
		"sample": func(name string) (string, error) { return withFile(samples, name, shown) },
		"answer": func(name string) (string, error) { return withFile(samples, name, answered) },
		"said":   func(name string) (string, error) { return withFile(samples, name, said) },
		"asRRI":  func(name string) (string, error) { return withFile(samples, name, answeredRRI) },
	}).ParseFS(prose, "pages/*.md")
	if err != nil {
		return nil, fmt.Errorf("interfacespec: pages: %w", err)
	}
	names, err := fs.Glob(prose, "pages/*.md")
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("interfacespec: pages: got %d files, want at least one", len(names))
	}
	var out bytes.Buffer
	for i, name := range names {
		if i > 0 {
			out.WriteByte('\n')
		}
		if err := t.ExecuteTemplate(&out, strings.TrimPrefix(name, "pages/"), nil); err != nil {
			return nil, fmt.Errorf("interfacespec: %w", err)
		}
	}
	return out.Bytes(), nil
}

// withFile runs f on a sample message of testdata/hl7/own.
func withFile(read func(string) ([]byte, error), name string, f func([]byte) (string, error)) (string, error) {
	b, err := read(name)
	if err != nil {
		return "", err
	}
	return f(b)
}

// shown is a message as the page prints it: one segment a line.
func shown(message []byte) (string, error) {
	text := strings.TrimPrefix(string(message), "\xEF\xBB\xBF")
	out := strings.FieldsFunc(text, func(r rune) bool { return r == '\r' || r == '\n' })
	return block(strings.Join(out, "\n")), nil
}

func block(text string) string { return "```\n" + text + "\n```" }

// table writes a Markdown table.
func table(head []string, rows [][]string) string {
	var b strings.Builder
	line := func(cells []string) {
		for i, c := range cells {
			cells[i] = strings.ReplaceAll(c, "|", "\\|")
		}
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	line(head)
	line(strings.Split(strings.Repeat("--- ", len(head)-1)+"---", " "))
	for _, r := range rows {
		line(r)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// tick puts codes into code quotes; nothing stays a dash.
func tick(s string) string {
	if s == "" {
		return "-"
	}
	return "`" + s + "`"
}
