package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// MaxProblems is how many mistakes are kept; the rest is counted.
const MaxProblems = 500

// Position is a place in a configuration file. Line and Col count from 1, Col in characters. The zero value is no place.
type Position struct {
	File string
	Line int
	Col  int
}

// String gives file:line:col, file alone when no line is known, and "configuration" for the zero value.
func (p Position) String() string {
	switch {
	case p.File == "" && p.Line == 0:
		return "configuration"
	case p.Line == 0:
		return p.File
	}
	return p.File + ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Col)
}

// Problem is one mistake. Text is in the form `got X, want Y; did you mean "Z"?`.
type Problem struct {
	Position
	Key  string // channels[ehr-orders].listen; empty: the file as a whole
	Text string
}

// String gives the line that people see.
func (p Problem) String() string {
	if p.Key == "" {
		return p.Position.String() + ": " + p.Text
	}
	return p.Position.String() + ": " + p.Key + ": " + p.Text
}

// Problems collects every mistake of a configuration. The zero value is ready; it is not safe for concurrent use.
type Problems struct {
	list  []Problem
	seen  map[Problem]bool
	files []string // in the order they were read
	more  int
}

// Add records a mistake in the value of n. The text is `got X, want Y`.
func (p *Problems) Add(n Node, format string, args ...any) {
	p.AddAt(n.Position(), n.Key(), format, args...)
}

// AddAt records a mistake at a place of its own, for example inside an expression.
func (p *Problems) AddAt(at Position, key, format string, args ...any) {
	problem := Problem{Position: at, Key: key, Text: fmt.Sprintf(format, args...)}
	if p.seen[problem] {
		return
	}
	if len(p.list) >= MaxProblems {
		p.more++
		return
	}
	if p.seen == nil {
		p.seen = map[Problem]bool{}
	}
	p.seen[problem] = true
	p.list = append(p.list, problem)
}

// Len is the number of mistakes so far.
func (p *Problems) Len() int { return len(p.list) + p.more }

// Err returns p as an error, or nil when nothing is wrong. The error is a *Problems.
func (p *Problems) Err() error {
	if p == nil || p.Len() == 0 {
		return nil
	}
	return p
}

// All returns the mistakes in file order: files as they were read, then line, column and order of finding.
func (p *Problems) All() []Problem {
	list := slices.Clone(p.list)
	slices.SortStableFunc(list, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(p.rank(a.File), p.rank(b.File)), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return list
}

// Error prints one mistake a line, in file order, without a newline at the end.
func (p *Problems) Error() string {
	var b strings.Builder
	for i, problem := range p.All() {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(problem.String())
	}
	if p.more > 0 {
		fmt.Fprintf(&b, "\nand %d more", p.more)
	}
	return b.String()
}

// AsProblems finds the mistakes inside an error that Load's caller wrapped.
func AsProblems(err error) (*Problems, bool) {
	var p *Problems
	ok := errors.As(err, &p)
	return p, ok
}

func (p *Problems) read(file string) {
	if !slices.Contains(p.files, file) {
		p.files = append(p.files, file)
	}
}

func (p *Problems) rank(file string) int {
	if i := slices.Index(p.files, file); i >= 0 {
		return i
	}
	return len(p.files)
}
