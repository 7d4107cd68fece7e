package config

import (
	"encoding"
	"math"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// isScalar reports whether v is written as one scalar.
func isScalar(v reflect.Value) bool {
	switch v.Type() {
	case reflect.TypeFor[Secret](), reflect.TypeFor[Expr]():
		return true
	}
	if v.CanAddr() {
		if _, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
			return true
		}
	}
	switch v.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		return true
	}
	return false
}

// one decodes a scalar that is there, following {env: NAME} and {file: path}.
func (d decoder) one(n Node, v reflect.Value, tag reflect.StructTag) {
	if v.Type() == reflect.TypeFor[Expr]() {
		d.expression(n, v, tag)
		return
	}
	text, from, ok := d.text(n, v, tag)
	if !ok {
		return
	}
	if v.Type() == reflect.TypeFor[Path]() {
		text = n.Resolve(text)
	}
	if v.Type() == reflect.TypeFor[Secret]() {
		file := n.Resolve(first(n.Field("file").Scalar()))
		v.Set(reflect.ValueOf(Secret{value: text, file: file, set: text != ""}))
		return
	}
	d.scalar(n, v, text, tag, from)
}

// text gives the words of a scalar or of what it refers to; from is true when they came from elsewhere and must not be shown.
func (d decoder) text(n Node, v reflect.Value, tag reflect.StructTag) (text string, from, ok bool) {
	if s, is := n.Scalar(); is {
		return s, false, true
	}
	entries := n.Fields()
	if len(entries) != 1 || entries[0].Name != "env" && entries[0].Name != "file" {
		d.p.Add(n, "got %s, want %s", n.kind(), d.wants(v, tag))
		return "", false, false
	}
	e := entries[0]
	name, is := e.Value.Scalar()
	if !is || name == "" {
		d.p.Add(e.Value, "got %s, want %s", e.Value.kind(), map[string]string{"env": "the name of an environment variable", "file": "a path"}[e.Name])
		return "", false, false
	}
	if e.Name == "env" {
		text, found := os.LookupEnv(name)
		switch {
		case !found:
			d.p.Add(e.Value, "got no environment variable %q, want %s in it", clip(name), d.wants(v, tag))
		case len(text) > MaxRefBytes:
			d.p.Add(e.Value, "got more than %d bytes, want at most that", MaxRefBytes)
			found = false
		}
		return text, true, found
	}
	path := n.Resolve(name)
	b, err := readBounded(path, MaxRefBytes)
	if err != nil {
		if os.IsNotExist(underlying(path)) && n.Demo() && tag.Get("demo") == "made" {
			return "", true, true
		}
		d.p.Add(e.Value, "%v: %s", err, clip(path))
		return "", false, false
	}
	return strings.TrimRight(string(b), "\r\n"), true, true
}

// underlying asks again why a file cannot be opened; readBounded's error is for people.
func underlying(path string) error {
	_, err := os.Stat(path)
	return err
}

func first(s string, _ bool) string { return s }

// scalar parses text into v and checks enum and range.
func (d decoder) scalar(n Node, v reflect.Value, text string, tag reflect.StructTag, from bool) {
	shown := strconv.Quote(clip(text))
	if from {
		shown = "another value there"
	}
	if text == "" && tag.Get("required") == "true" || !parseScalar(v, text) {
		d.p.Add(n, "got %s, want %s", shown, d.wants(v, tag))
		return
	}
	if enum := tag.Get("enum"); enum != "" {
		names := strings.Split(enum, "|")
		if slices.Contains(names, text) {
			return
		}
		if soon := tag.Get("soon"); soon != "" && slices.Contains(strings.Split(soon, "|"), text) {
			shown += ", which is of a later release"
		}
		d.p.Add(n, "got %s, want %s%s", shown, d.wants(v, tag), suggestion(text, names))
		return
	}
	if !within(v, tag.Get("min"), tag.Get("max")) {
		d.p.Add(n, "got %s, want %s", shown, d.wants(v, tag))
	}
}

// parseScalar sets v from text; false when text is nothing that v can hold.
func parseScalar(v reflect.Value, text string) bool {
	switch p := v.Addr().Interface().(type) {
	case *Duration:
		x, err := ParseDuration(text)
		*p = x
		return err == nil
	case *Size:
		x, err := ParseSize(text)
		*p = x
		return err == nil
	case encoding.TextUnmarshaler:
		if err := p.UnmarshalText([]byte(text)); err != nil {
			v.SetZero()
			return false
		}
		return true
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
		return true
	case reflect.Bool:
		v.SetBool(text == "true")
		return text == "true" || text == "false"
	case reflect.Float32, reflect.Float64:
		x, err := strconv.ParseFloat(text, v.Type().Bits())
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
		v.SetFloat(x)
		return true
	}
	if v.CanInt() {
		x, err := strconv.ParseInt(text, 10, v.Type().Bits())
		if err == nil {
			v.SetInt(x)
		}
		return err == nil
	}
	x, err := strconv.ParseUint(text, 10, v.Type().Bits())
	if err == nil {
		v.SetUint(x)
	}
	return err == nil
}

// within compares v with the bounds of its tags, which are written as the value is. Bounds of other types are not looked at.
func within(v reflect.Value, lo, hi string) bool {
	below := func(a, b reflect.Value) bool {
		switch {
		case a.CanInt():
			return a.Int() < b.Int()
		case a.CanUint():
			return a.Uint() < b.Uint()
		case a.CanFloat():
			return a.Float() < b.Float()
		}
		return false
	}
	bound := reflect.New(v.Type()).Elem()
	if lo != "" && parseScalar(bound, lo) && below(v, bound) {
		return false
	}
	return hi == "" || !parseScalar(bound, hi) || !below(bound, v)
}

// wants says what a value of this type looks like, in the words of the tag when there are some.
func (d decoder) wants(v reflect.Value, tag reflect.StructTag) string {
	return wanted(tag, kindWords(v.Type())) + between(tag)
}

func kindWords(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[Duration]():
		return "a duration such as 30s, 1h30m or 400d"
	case reflect.TypeFor[Size]():
		return "a size such as 8MiB"
	case reflect.TypeFor[Path]():
		return "a path"
	case reflect.TypeFor[Date]():
		return "a day such as 2026-11-01"
	case reflect.TypeFor[Secret]():
		return "a secret, as {file: path} or {env: NAME}"
	case reflect.TypeFor[Expr]():
		return "an expression"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a word or text"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Struct:
		return "a value"
	}
	return "a whole number"
}
