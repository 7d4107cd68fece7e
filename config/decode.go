package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Decoder is implemented by types that read their own node, for example one that may be a word or a list. It records mistakes in p.
type Decoder interface {
	DecodeNode(n Node, p *Problems)
}

// Decode fills the struct that into points at and records every mistake in p: unknown and repeated keys, wrong kinds, values out of
// range. What is wrong keeps its default, so that one run finds all mistakes. The key names the node in messages; empty: n.Key().
//
// Fields are matched by tag; fields without a yaml tag are left alone:
//
//	yaml:"."               the node itself (a Node field); with label:"name" items of a list are named by that key instead of their
//	                       index, with open:"true" unknown keys are left to whoever decodes the node too
//	yaml:"listen"          the key; a Node field takes the node as it is; an embedded struct's keys count as the outer one's;
//	                       "-" or no tag: not a key
//	default:"30s"          value of an absent key, as it would be written
//	required:"true"        absent is a mistake
//	enum:"auto|original"   the values allowed
//	soon:"fhir"            words that a later release allows
//	min:"1" max:"64MiB"    range of a number, duration, size, or of the length of a list
//	want:"an address ..."  words for the message after `want`
//	doc:"..."              meaning, for Describe
//	demo:"made"            a {file: path} that does not exist is no mistake while demo is true (Secret only)
//	later:"..."            on any field (`_ struct{}` will do): the key is of a later release; the text says so
//
// Field types: string, bool, the integers, float64, Duration, Size, Path, Secret, Node, Expr, Decoder, encoding.TextUnmarshaler
// (netip.Prefix and the like), structs, pointers to any of them (nil when absent), slices, and maps with string keys.
func (n Node) Decode(into any, key string, p *Problems) {
	n.DecodeExcept(into, key, p)
}

// DecodeExcept is Decode for a node whose other keys belong to somebody else: the known keys are neither decoded nor refused, and
// count when a misspelt key is compared. A key that both into and known name is decoded.
func (n Node) DecodeExcept(into any, key string, p *Problems, known ...string) {
	if key != "" {
		n.key = key
	}
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		p.Add(n, "got %T to decode into, want a pointer to a struct", into)
		return
	}
	decoder{p}.structure(n, v.Elem(), known)
}

type decoder struct{ p *Problems }

// field is one decodable field of a struct.
type field struct {
	name  string
	index []int
	tag   reflect.StructTag
	typ   reflect.Type
}

// fieldsOf lists the keys of a struct in order of declaration, embedded structs included, and the keys of later releases.
func fieldsOf(t reflect.Type) (list []field, later map[string]string) {
	later = map[string]string{}
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Tag.Get("yaml")
		if f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct {
			inner, innerLater := fieldsOf(f.Type)
			for _, in := range inner {
				in.index = append([]int{i}, in.index...)
				list = append(list, in)
			}
			for k, text := range innerLater {
				later[k] = text
			}
			continue
		}
		if name == "" || name == "-" || name == "." {
			continue
		}
		if text, ok := f.Tag.Lookup("later"); ok {
			later[name] = text
		} else if f.IsExported() {
			list = append(list, field{name: name, index: []int{i}, tag: f.Tag, typ: f.Type})
		}
	}
	return list, later
}

func (d decoder) structure(n Node, v reflect.Value, known []string) {
	list, later := fieldsOf(v.Type())
	names := make([]string, 0, len(list)+len(known))
	for _, f := range list {
		names = append(names, f.name)
	}
	for _, k := range known {
		if !slices.Contains(names, k) {
			names = append(names, k)
		}
	}
	if n.Present() && !n.Null() && n.Fields() == nil {
		d.p.Add(n, "got %s, want a mapping with keys such as %s", n.kind(), strings.Join(names[:min(len(names), 4)], ", "))
		n = Node{key: n.key, src: n.src, at: n.Position(), broken: true}
	}
	self, ok := selfOf(v.Type())
	if ok {
		v.FieldByIndex(self.Index).Set(reflect.ValueOf(n))
	}
	if self.Tag.Get("open") != "true" {
		d.unknown(n, names, later)
	}
	for _, f := range list {
		d.field(n.Field(f.name), v.FieldByIndex(f.index), f.tag)
	}
}

// unknown refuses keys that nobody knows, keys of later releases, and keys that stand twice. Repeated keys that belong to somebody
// else are reported by whoever decodes them.
func (d decoder) unknown(n Node, names []string, later map[string]string) {
	first := map[string]Position{}
	for _, e := range n.Fields() {
		at, again := first[e.Name]
		switch {
		case again:
			d.p.AddAt(e.Place, e.Value.key, "got the key again, want it once; the first is in line %d", at.Line)
			continue
		case slices.Contains(names, e.Name):
		case later[e.Name] != "":
			d.p.AddAt(e.Place, e.Value.key, "got a key of a later release (%s), want it left out", later[e.Name])
		default:
			d.p.AddAt(e.Place, e.Value.key, "got an unknown key, want one of %s%s", strings.Join(names, ", "), suggestion(e.Name, names))
		}
		first[e.Name] = e.Place
	}
}

func (d decoder) field(n Node, v reflect.Value, tag reflect.StructTag) {
	if v.Type() == reflect.TypeFor[Node]() {
		v.Set(reflect.ValueOf(n))
		if !n.Present() && tag.Get("required") == "true" {
			d.missing(n, tag)
		}
		return
	}
	if !n.Present() {
		if def, ok := tag.Lookup("default"); ok {
			d.defaults(n, v, def)
		} else if tag.Get("required") == "true" {
			d.missing(n, tag)
		} else {
			d.absent(n, v)
		}
		return
	}
	if !isScalar(v) {
		d.value(n, v, tag)
		return
	}
	if def, ok := tag.Lookup("default"); ok {
		d.defaults(n, v, def)
	}
	before, got := d.p.Len(), reflect.New(v.Type()).Elem()
	if d.value(n, got, tag); d.p.Len() == before {
		v.Set(got)
	}
}

// absent gives the structs inside an absent value their defaults.
func (d decoder) absent(n Node, v reflect.Value) {
	if v.Kind() == reflect.Struct && !isScalar(v) {
		d.structure(n, v, nil)
	}
}

func (d decoder) missing(n Node, tag reflect.StructTag) {
	if n.broken {
		return // the mistake was reported where the mapping should be
	}
	d.p.AddAt(n.at, n.key, "got nothing, want %s", wanted(tag, "a value"))
}

// defaults sets a default from its tag; a default that does not parse is a programming mistake and is reported like any other.
func (d decoder) defaults(n Node, v reflect.Value, def string) {
	if v.Kind() == reflect.Slice && !isScalar(v) {
		for _, item := range strings.Split(def, ",") {
			e := reflect.New(v.Type().Elem()).Elem()
			d.scalar(n, e, item, "", false)
			v.Set(reflect.Append(v, e))
		}
		return
	}
	if v.Type() == reflect.TypeFor[Path]() {
		v.SetString(n.Resolve(def))
		return
	}
	d.scalar(n, v, def, "", false)
}

// value decodes a node that is there.
func (d decoder) value(n Node, v reflect.Value, tag reflect.StructTag) {
	if v.CanAddr() {
		if own, ok := v.Addr().Interface().(Decoder); ok {
			own.DecodeNode(n, d.p)
			return
		}
	}
	switch {
	case isScalar(v):
		d.one(n, v, tag)
	case v.Kind() == reflect.Pointer:
		e := reflect.New(v.Type().Elem())
		d.value(n, e.Elem(), tag)
		v.Set(e)
	case v.Kind() == reflect.Struct:
		d.structure(n, v, nil)
	case v.Kind() == reflect.Slice:
		d.list(n, v, tag)
	case v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String:
		d.mapping(n, v, tag)
	default:
		d.p.Add(n, "got a field of type %s, want one that configuration can hold", v.Type())
	}
}

func (d decoder) list(n Node, v reflect.Value, tag reflect.StructTag) {
	if n.Null() {
		return
	}
	if n.Items() == nil {
		d.p.Add(n, "got %s, want a list%s", n.kind(), of(tag))
		return
	}
	items := n.Items()
	out := reflect.MakeSlice(v.Type(), 0, len(items))
	for _, item := range items {
		item = item.labelled(n.key, v.Type().Elem())
		e := reflect.New(v.Type().Elem()).Elem()
		if e.Type() == reflect.TypeFor[Node]() {
			e.Set(reflect.ValueOf(item))
		} else {
			d.value(item, e, tag)
		}
		out = reflect.Append(out, e)
	}
	v.Set(out)
}

func (d decoder) mapping(n Node, v reflect.Value, tag reflect.StructTag) {
	if n.Null() {
		return
	}
	if n.Fields() == nil {
		d.p.Add(n, "got %s, want a mapping%s", n.kind(), of(tag))
		return
	}
	out := reflect.MakeMap(v.Type())
	seen := map[string]Position{}
	for _, e := range n.Fields() {
		if at, again := seen[e.Name]; again {
			d.p.AddAt(e.Place, e.Value.key, "got the key again, want it once; the first is in line %d", at.Line)
			continue
		}
		seen[e.Name] = e.Place
		item := reflect.New(v.Type().Elem()).Elem()
		if item.Type() == reflect.TypeFor[Node]() {
			item.Set(reflect.ValueOf(e.Value))
		} else {
			d.value(e.Value, item, tag)
		}
		out.SetMapIndex(reflect.ValueOf(e.Name).Convert(v.Type().Key()), item)
	}
	v.Set(out)
}

// mappingOf is mapping for Decoders: into is a pointer to a map.
func (d decoder) mappingOf(n Node, into any, tag reflect.StructTag) {
	d.mapping(n, reflect.ValueOf(into).Elem(), tag)
}

// selfOf finds the field that takes the node itself.
func selfOf(t reflect.Type) (reflect.StructField, bool) {
	for i := range t.NumField() {
		if f := t.Field(i); f.Tag.Get("yaml") == "." && f.Type == reflect.TypeFor[Node]() {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// labelled names an item of a list by its own name: channels[ehr-orders].
func (n Node) labelled(list string, t reflect.Type) Node {
	if t.Kind() != reflect.Struct {
		return n
	}
	if self, ok := selfOf(t); ok && self.Tag.Get("label") != "" {
		if name, is := n.Field(self.Tag.Get("label")).Scalar(); is && name != "" {
			n.key = list + "[" + clip(name) + "]"
		}
	}
	return n
}

func of(tag reflect.StructTag) string {
	if w := tag.Get("want"); w != "" {
		return ": " + w
	}
	return ""
}

func wanted(tag reflect.StructTag, otherwise string) string {
	if w := tag.Get("want"); w != "" {
		return w
	}
	if e := tag.Get("enum"); e != "" {
		return "one of " + strings.ReplaceAll(e, "|", ", ")
	}
	return otherwise
}

func between(tag reflect.StructTag) string {
	lo, hi := tag.Get("min"), tag.Get("max")
	switch {
	case lo != "" && hi != "":
		return fmt.Sprintf(" (%s to %s)", lo, hi)
	case lo != "":
		return fmt.Sprintf(" (%s or more)", lo)
	case hi != "":
		return fmt.Sprintf(" (at most %s)", hi)
	}
	return ""
}
