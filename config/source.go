package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"
)

// Limits of what is read. They bound time and memory whatever stands in a file.
const (
	MaxFileBytes  = 1 << 20  // one YAML file
	MaxTableBytes = 8 << 20  // one look-up table
	MaxTotalBytes = 64 << 20 // all files of a configuration together
	MaxFiles      = 1000     // main file, included files and tables
	MaxNodes      = 200_000  // values of one file, each alias counted with all it stands for
	MaxDepth      = 50       // lists and mappings inside one another
	MaxRefBytes   = 64 << 10 // a {file: path} or {env: NAME} value
)

// File is one file of the configuration as it was read.
type File struct {
	Name  string // as messages name it
	Bytes []byte
}

// String is the name; the bytes may hold secrets.
func (f File) String() string { return f.Name }

// source is a parsed file.
type source struct {
	name  string // as the user wrote it
	dir   string // relative paths start here
	bytes []byte
	set   *set

	broken bool                // nothing of it can be decoded
	merged map[*yaml.Node]bool // mappings that had a merge key, which was reported: what is missing there may stand in it
}

// set is all files of one configuration.
type set struct {
	files []File
	total int
	demo  bool
}

// read takes one file into the set, bounded.
func (s *set) read(path string, most int) ([]byte, error) {
	if len(s.files) >= MaxFiles {
		return nil, fmt.Errorf("got more than %d files, want fewer", MaxFiles)
	}
	b, err := readBounded(path, most)
	if err != nil {
		return nil, err
	}
	if s.total+len(b) > MaxTotalBytes {
		return nil, fmt.Errorf("got more than %d bytes in all files, want fewer", MaxTotalBytes)
	}
	s.total += len(b)
	s.files = append(s.files, File{Name: path, Bytes: b})
	return b, nil
}

// readBounded reads a regular file (or a pipe: systemd credentials are files, process substitution is not refused) of at most most bytes.
func readBounded(path string, most int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("got no readable file (%s), want one", reason(err))
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, errors.New("got a folder, want a file")
	}
	b, err := io.ReadAll(io.LimitReader(f, int64(most)+1))
	if err != nil {
		return nil, fmt.Errorf("got no readable file (%s), want one", reason(err))
	}
	if len(b) > most {
		return nil, fmt.Errorf("got more than %d bytes, want at most that", most)
	}
	return b, nil
}

// reason is the operating system's word without the path, which the message already names.
func reason(err error) string {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

// parse makes the node tree of one file. A problem is recorded and the result is absent when the text is no YAML.
func (s *set) parse(name string, b []byte, p *Problems) Node {
	p.read(name)
	src := &source{name: name, dir: filepath.Dir(name), bytes: b, set: s}
	root := Node{src: src, at: Position{File: name, Line: 1, Col: 1}}
	src.broken = true
	if at, ok := invalidUTF8(b); ok {
		p.AddAt(Position{name, at.Line, at.Col}, "", "got a byte that is not UTF-8, want UTF-8 text")
		return root
	}
	var doc yaml.Node
	if err := load(b, &doc); err != nil {
		at, text := syntax(err)
		if text == "" { // no document: an empty file, or only comments
			src.broken = false
			return root
		}
		p.AddAt(Position{name, max(at.Line, 1), max(at.Col, 1)}, "", "%s", text)
		return root
	}
	if len(doc.Content) == 0 {
		src.broken = false
		return root
	}
	walk := walker{src: src, p: p}
	if !walk.check(doc.Content[0], 1) {
		return root
	}
	src.broken = false
	return root.child(doc.Content[0], nil, "")
}

// load keeps a panic of the parser from reaching the daemon.
func load(b []byte, doc *yaml.Node) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the YAML parser gave up")
		}
	}()
	return yaml.Load(b, doc, yaml.WithUniqueKeys(false))
}

// syntax turns an error of the YAML parser into a place and our words. Text is empty when the file has no document.
func syntax(err error) (Position, string) {
	var one *yaml.LoadError
	var many *yaml.LoadErrors
	if errors.As(err, &many) && len(many.Errors) > 0 {
		one = many.Errors[0]
	} else if !errors.As(err, &one) {
		return Position{}, "got text that is no YAML (" + clip(err.Error()) + "), want YAML"
	}
	text := one.Message
	switch {
	case strings.Contains(text, "no documents in stream"):
		return Position{}, ""
	case strings.Contains(text, "found multiple"):
		return Position{}, "got several documents (---), want one in a file; do put them in files of their own and include them"
	}
	return Position{Line: one.Mark.Line, Col: one.Mark.Column}, "got text that is no YAML (" + text + "), want YAML"
}

func invalidUTF8(b []byte) (Position, bool) {
	if utf8.Valid(b) {
		return Position{}, false
	}
	for line, text := range bytes.Split(b, []byte("\n")) {
		col := 1
		for len(text) > 0 {
			r, n := utf8.DecodeRune(text)
			if r == utf8.RuneError && n == 1 {
				return Position{Line: line + 1, Col: col}, true
			}
			text, col = text[n:], col+1
		}
	}
	return Position{Line: 1, Col: 1}, true
}

// walker checks what decoding takes for granted: bounded size and depth, scalar keys, no tags of others, no merge keys, no circles.
type walker struct {
	src  *source
	p    *Problems
	n    int
	path []*yaml.Node
}

func (w *walker) check(y *yaml.Node, depth int) bool {
	w.n++
	if w.n > MaxNodes {
		return w.refuse(y, "got more than %d values, aliases counted with all they stand for, want fewer", MaxNodes)
	}
	if depth > MaxDepth {
		return w.refuse(y, "got lists and mappings more than %d deep, want fewer", MaxDepth)
	}
	if y.Kind == yaml.AliasNode {
		for _, above := range w.path {
			if above == y.Alias {
				return w.refuse(y, "got an alias of a value it stands in, want no circle")
			}
		}
		return w.check(y.Alias, depth)
	}
	if y.Style&yaml.TaggedStyle != 0 && !strings.HasPrefix(y.Tag, "!!") || y.Tag == "!!binary" {
		return w.refuse(y, "got the tag %q, want a plain value", clip(y.Tag))
	}
	w.path = append(w.path, y)
	defer func() { w.path = w.path[:len(w.path)-1] }()
	w.unmerge(y)
	for i, c := range y.Content {
		if y.Kind == yaml.MappingNode && i%2 == 0 {
			if c.Kind != yaml.ScalarNode {
				return w.refuse(c, "got a key that is a list or a mapping, want a word")
			}
		}
		if !w.check(c, depth+1) {
			return false
		}
	}
	return true
}

// unmerge reports the merge keys of a mapping and takes them out, so that the other mistakes of the file are found too.
func (w *walker) unmerge(y *yaml.Node) {
	if y.Kind != yaml.MappingNode {
		return
	}
	var left []*yaml.Node
	for i := 0; i+1 < len(y.Content); i += 2 {
		if k := y.Content[i]; k.Tag == "!!merge" {
			w.refuse(k, "got a merge key <<, want the keys written out")
			if w.src.merged == nil {
				w.src.merged = map[*yaml.Node]bool{}
			}
			w.src.merged[y] = true
			continue
		}
		left = append(left, y.Content[i], y.Content[i+1])
	}
	y.Content = left
}

func (w *walker) refuse(y *yaml.Node, format string, args ...any) bool {
	w.p.AddAt(Position{w.src.name, y.Line, y.Column}, "", format, args...)
	return false
}
