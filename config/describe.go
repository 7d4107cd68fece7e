package config

import (
	"fmt"
	"reflect"
	"strings"
)

// Describe prints every key that a struct decodes, one a line: full name, kind with its unit, default or range, meaning. The keys stand
// under the name given, such as channels[] for a rail's Config; empty: at the top. It is made from the tags that Decode reads, so it
// cannot say anything else than what is done.
func Describe(under string, v any) string {
	t := reflect.TypeOf(v)
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Struct {
		return ""
	}
	rows := describe(nil, under, t, 0)
	var name, kind, rule int
	for _, r := range rows {
		name, kind, rule = max(name, len(r.name)), max(kind, len(r.kind)), max(rule, len(r.rule))
	}
	var b strings.Builder
	for _, r := range rows {
		line := fmt.Sprintf("%-*s  %-*s  %-*s  %s", name, r.name, kind, r.kind, rule, r.rule, r.doc)
		b.WriteString(strings.TrimRight(line, " "))
		b.WriteByte('\n')
	}
	return b.String()
}

type row struct{ name, kind, rule, doc string }

func describe(rows []row, under string, t reflect.Type, depth int) []row {
	if depth > MaxDepth {
		return rows
	}
	list, _ := fieldsOf(t)
	for _, f := range list {
		name := f.name
		if under != "" {
			name = under + "." + f.name
		}
		inner, suffix := element(f.typ)
		rows = append(rows, row{name: name + suffix, kind: kindOf(f.typ), rule: ruleOf(f.tag), doc: f.tag.Get("doc")})
		if inner.Kind() == reflect.Struct && !isScalar(reflect.New(inner).Elem()) && inner != reflect.TypeFor[Node]() &&
			!reflect.PointerTo(inner).Implements(reflect.TypeFor[Decoder]()) {
			rows = describe(rows, name+suffix, inner, depth+1)
		}
	}
	return rows
}

// element is what a list, mapping or pointer holds, and how that is written after the key.
func element(t reflect.Type) (reflect.Type, string) {
	switch {
	case t.Kind() == reflect.Pointer:
		return element(t.Elem())
	case isScalar(reflect.New(t).Elem()), reflect.PointerTo(t).Implements(reflect.TypeFor[Decoder]()):
		return t, ""
	case t.Kind() == reflect.Slice:
		return t.Elem(), "[]"
	case t.Kind() == reflect.Map:
		return t.Elem(), ".<name>"
	}
	return t, ""
}

func kindOf(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[Sets]():
		return "field: expression"
	case reflect.TypeFor[Lookups]():
		return "name: path"
	case reflect.TypeFor[Folder]():
		return "path"
	case reflect.TypeFor[Node]():
		return "section"
	case reflect.TypeFor[Duration]():
		return "duration (30s, 400d)"
	case reflect.TypeFor[Size]():
		return "size (8MiB)"
	case reflect.TypeFor[Path]():
		return "path"
	case reflect.TypeFor[Secret]():
		return "secret"
	case reflect.TypeFor[Expr]():
		return "expression"
	case reflect.TypeFor[Date]():
		return "day (2026-11-01)"
	}
	if inner, suffix := element(t); suffix != "" {
		return kindOf(inner)
	} else if inner != t {
		return kindOf(inner)
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.String:
		return "text"
	case reflect.Slice: // a Decoder of its own: see element
		return "word or list"
	case reflect.Struct:
		if isScalar(reflect.New(t).Elem()) {
			return "text"
		}
		return "section"
	}
	return "whole number"
}

// ruleOf is the default, whether a value must be there, the words allowed and the range.
func ruleOf(tag reflect.StructTag) string {
	var parts []string
	if def, ok := tag.Lookup("default"); ok {
		parts = append(parts, "default "+def)
	}
	if tag.Get("required") == "true" {
		parts = append(parts, "required")
	}
	if enum := tag.Get("enum"); enum != "" {
		parts = append(parts, strings.ReplaceAll(enum, "|", " | "))
	}
	if r := strings.Trim(between(tag), " ()"); r != "" {
		parts = append(parts, r)
	}
	return strings.Join(parts, "; ")
}
