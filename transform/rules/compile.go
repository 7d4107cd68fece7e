package rules

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"
)

// Channel is the rules of one channel as configured.
type Channel struct {
	When   Source // zero: every message counts
	Set    []Assign
	Tables map[string]Table // by the name under lookup

	CheckPath func(path string) error // nil: SEG[(n)]-field[(n)][.component[.subcomponent]]
	Partners  []string                // ids that recipient_partner may become; nil: not checked
}

// defaultPath is the grammar of hl7 paths.
var defaultPath = regexp.MustCompile(`^[A-Z][A-Z0-9]{2}(\([1-9][0-9]{0,3}\))?-[1-9][0-9]{0,2}(\([1-9][0-9]{0,3}\))?(\.[1-9][0-9]?){0,2}$`)

var errPath = errors.New("not a path")

func (c *Channel) checkPath(path string) error {
	if c.CheckPath != nil {
		return c.CheckPath(path)
	}
	if !defaultPath.MatchString(path) {
		return errPath
	}
	return nil
}

func (c *Channel) tableNames() []string { return slices.Sorted(maps.Keys(c.Tables)) }

// rule is one compiled expression.
type rule struct {
	source  Source
	program *vm.Program
	uses    bool // asks for the referral
}

// Set is the compiled rules of a channel. A nil Set lets every message count and sets nothing. It is immutable and safe for
// concurrent use.
type Set struct {
	when   *rule
	assign []assignment
	tables map[string]Table
	paths  map[string]bool // checked at load
	check  func(string) error
}

type assignment struct {
	target target
	rule   *rule
}

// Compile checks and compiles the rules of a channel. Either the set is ready and there are no mistakes, or it is nil and all of them
// are listed.
func Compile(c Channel) (*Set, []Mistake) {
	s := &Set{tables: c.Tables, paths: map[string]bool{}, check: c.checkPath}
	var mistakes []Mistake
	if c.When.Text != "" {
		r, m := compile[whenEnv](c.When, reflect.Bool, &c, s.paths)
		s.when, mistakes = r, append(mistakes, m...)
	}
	if len(c.Set) > MaxSets {
		return nil, append(mistakes, Mistake{Place: c.Set[MaxSets].Place, Key: c.Set[MaxSets].Source.Key,
			Text: fmt.Sprintf("got more than %d lines, want fewer", MaxSets)})
	}
	for _, a := range c.Set {
		t, err := parseTarget(a.Target, c.Partners)
		if err != nil {
			mistakes = append(mistakes, Mistake{Place: a.Place, Key: a.Source.Key, Text: err.Error()})
		}
		r, m := compile[setEnv](a.Source, t.kind(), &c, s.paths)
		s.assign, mistakes = append(s.assign, assignment{t, r}), append(mistakes, m...)
	}
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	return s, nil
}

// compile makes a rule of an expression over the environment E that must give a value of one kind.
func compile[E any](src Source, kind reflect.Kind, c *Channel, paths map[string]bool) (*rule, []Mistake) {
	if len(src.Text) > MaxExpr {
		return nil, []Mistake{{src.place(0), src.Key, fmt.Sprintf("got an expression of %d bytes, want at most %d", len(src.Text), MaxExpr)}}
	}
	var env E
	g := newGuard(c)
	options := append(language(), expr.Env(env), expr.AsKind(kind))
	// Kinds are checked by a run of their own: beside patches the checker does not look again into the arguments of a call.
	_, err := compileSafely(src.Text, slices.Concat(options, []expr.Option{expr.Optimize(false)}))
	program, patchErr := compileSafely(src.Text, slices.Concat(options, []expr.Option{expr.Patch(g), expr.Operator("+", "concat")}))
	if err == nil {
		err = patchErr
	}
	var mistakes []Mistake
	seen := map[remark]bool{}
	for _, r := range g.found {
		if !seen[r] && (err == nil || !r.soft) {
			mistakes = append(mistakes, Mistake{src.place(r.index), src.Key, r.text})
		}
		seen[r] = true
	}
	if err != nil {
		index, text := explain(err, reflect.TypeOf(env), kind)
		if !slices.ContainsFunc(g.found, func(r remark) bool { return r.index == index && !r.soft }) {
			mistakes = append(mistakes, Mistake{src.place(index), src.Key, text})
		}
	}
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	for _, p := range g.paths {
		paths[p] = true
	}
	return &rule{source: src, program: program, uses: g.uses}, nil
}

// compileSafely keeps a panic of the compiler from reaching the daemon.
func compileSafely(text string, options []expr.Option) (p *vm.Program, err error) {
	defer func() {
		if r := recover(); r != nil {
			p, err = nil, failure("the compiler gave up")
		}
	}()
	return expr.Compile(text, options...)
}

var (
	unknownName  = regexp.MustCompile(`^unknown name (\w+)`)
	unknownField = regexp.MustCompile(`^type [\w.]*?(\w+)Env has no field (\w+)`)
	wrongKind    = regexp.MustCompile(`^expected (\w+), but got (\S+)`)
)

// explain puts the compiler's word into ours, and finds the character it is about.
func explain(err error, env reflect.Type, kind reflect.Kind) (index int, text string) {
	var fe *file.Error
	message := err.Error()
	if errors.As(err, &fe) {
		index, message = fe.From, fe.Message
	}
	if m := unknownName.FindStringSubmatch(message); m != nil {
		names := append(namesOf(env), append(append(plain(), predicates()...), "split", "join", "replace")...)
		return index, fmt.Sprintf("got the unknown name %q, want one of %s%s", m[1], strings.Join(namesOf(env), ", "), suggestion(m[1], names))
	}
	if m := unknownField.FindStringSubmatch(message); m != nil {
		names := fieldsNamed(m[1])
		return index, fmt.Sprintf("got the unknown field %q, want one of %s%s", m[2], strings.Join(names, ", "), suggestion(m[2], names))
	}
	if m := wrongKind.FindStringSubmatch(message); m != nil {
		return index, fmt.Sprintf("got an expression that gives %s, want one that gives %s", words(m[2]), words(kind.String()))
	}
	return index, fmt.Sprintf("got an expression that cannot be read (%s), want one that gives %s", message, words(kind.String()))
}

func words(kind string) string {
	switch kind {
	case "bool":
		return "true or false"
	case "string":
		return "text"
	case "int", "float64":
		return "a number"
	}
	return kind
}

// namesOf lists what an environment offers.
func namesOf(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		if f := t.Field(i); f.Anonymous {
			names = append(names, namesOf(f.Type)...)
		} else {
			names = append(names, f.Tag.Get("expr"))
		}
	}
	return names
}

func fieldsNamed(env string) []string {
	switch env {
	case "patient":
		return namesOf(reflect.TypeFor[patientEnv]())
	case "party":
		return namesOf(reflect.TypeFor[partyEnv]())
	}
	return namesOf(reflect.TypeFor[referralEnv]())
}
