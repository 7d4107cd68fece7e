package ccda_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"refloop/ccda"
)

const schemaFile = "../docs/ccda.schema.json"

// schemaOf makes the JSON schema of ccda.Document out of its source: types, JSON names and comments.
func schemaOf(t *testing.T) map[string]any {
	t.Helper()
	defs, enums := map[string]any{}, map[string][]string{}
	var structs []*ast.TypeSpec
	for _, name := range []string{"document.go", "entry.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range g.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					if _, ok := s.Type.(*ast.StructType); ok {
						s.Doc = g.Doc
						structs = append(structs, s)
					}
				case *ast.ValueSpec:
					if kind, ok := s.Type.(*ast.Ident); ok {
						v, err := strconv.Unquote(s.Values[0].(*ast.BasicLit).Value)
						if err != nil {
							t.Fatal(err)
						}
						enums[kind.Name] = append(enums[kind.Name], v)
					}
				}
			}
		}
	}
	fields := map[string]*ast.StructType{}
	for _, s := range structs {
		fields[s.Name.Name] = s.Type.(*ast.StructType)
	}
	for _, s := range structs {
		props, required := map[string]any{}, []string{}
		properties(fields, enums, fields[s.Name.Name], props, &required)
		slices.Sort(required)
		def := map[string]any{"type": "object", "description": oneLine(s.Doc.Text()), "properties": props, "additionalProperties": false}
		if len(required) > 0 {
			def["required"] = required
		}
		defs[s.Name.Name] = def
	}
	return map[string]any{"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "One C-CDA document as refloop ccda read prints it", "$ref": "#/$defs/Document", "$defs": defs}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func properties(all map[string]*ast.StructType, enums map[string][]string, s *ast.StructType, props map[string]any, required *[]string) {
	for _, f := range s.Fields.List {
		if len(f.Names) == 0 { // embedded
			properties(all, enums, all[f.Type.(*ast.Ident).Name], props, required)
			continue
		}
		tag := reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json")
		name, options, _ := strings.Cut(tag, ",")
		p := schemaType(enums, f.Type)
		if words := oneLine(f.Comment.Text()); words != "" {
			p["description"] = words
		}
		props[name] = p
		if options == "" {
			*required = append(*required, name)
		}
	}
}

func schemaType(enums map[string][]string, x ast.Expr) map[string]any {
	switch x := x.(type) {
	case *ast.StarExpr:
		return schemaType(enums, x.X)
	case *ast.ArrayType:
		if id, ok := x.Elt.(*ast.Ident); ok && id.Name == "byte" {
			return map[string]any{"type": "string", "contentEncoding": "base64"}
		}
		return map[string]any{"type": []string{"array", "null"}, "items": schemaType(enums, x.Elt)}
	case *ast.Ident:
		switch {
		case x.Name == "string":
			return map[string]any{"type": "string"}
		case x.Name == "bool":
			return map[string]any{"type": "boolean"}
		case x.Name == "int":
			return map[string]any{"type": "integer"}
		case enums[x.Name] != nil:
			return map[string]any{"type": "string", "enum": enums[x.Name]}
		}
		return map[string]any{"$ref": "#/$defs/" + x.Name}
	}
	return nil
}

// TestSchema: docs/ccda.schema.json says what the types say, and documents of all kinds fit it.
func TestSchema(t *testing.T) {
	var want bytes.Buffer
	enc := json.NewEncoder(&want)
	enc.SetIndent("", " ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(schemaOf(t)); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(schemaFile, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want.String(), string(have)); d != "" {
		t.Fatalf("%s: run go test ./ccda -run TestSchema -update\n%s", schemaFile, d)
	}
	var schema map[string]any
	if err := json.Unmarshal(have, &schema); err != nil {
		t.Fatal(err)
	}
	docs := map[string]ccda.Document{}
	for name, b := range samples(t) {
		docs[name] = read(t, b)
	}
	for _, kind := range documentTypes {
		docs[string(kind)+" dense"], docs[string(kind)+" sparse"] = read(t, marshal(t, dense(kind))), read(t, marshal(t, sparse(kind)))
		docs[string(kind)+" before writing"] = dense(kind)
	}
	for name, d := range docs {
		b, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.Unmarshal(b, &v); err != nil {
			t.Fatal(err)
		}
		for _, wrong := range misfits(schema, schema, v, "$") {
			t.Errorf("%s: %s", name, wrong)
		}
		var again ccda.Document
		dec := json.NewDecoder(bytes.NewReader(b))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&again); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(misfits(schema, schema, map[string]any{"type": "letter", "size": 3.0}, "$")) < 3 {
		t.Error("a document that is none fits the schema")
	}
}

// misfits is as much of a JSON schema validator as the schema needs.
func misfits(root, s map[string]any, v any, at string) (out []string) {
	if ref, ok := s["$ref"].(string); ok {
		return misfits(root, root["$defs"].(map[string]any)[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any), v, at)
	}
	kind := map[bool]string{true: "null"}[v == nil]
	switch v := v.(type) {
	case map[string]any:
		kind = "object"
		props, _ := s["properties"].(map[string]any)
		for name, x := range v {
			p, ok := props[name].(map[string]any)
			if !ok {
				out = append(out, at+"."+name+": unknown")
				continue
			}
			out = append(out, misfits(root, p, x, at+"."+name)...)
		}
		required, _ := s["required"].([]any)
		for _, name := range required {
			if _, ok := v[name.(string)]; !ok {
				out = append(out, fmt.Sprintf("%s.%s: missing", at, name))
			}
		}
	case []any:
		kind = "array"
		items, _ := s["items"].(map[string]any)
		for i, x := range v {
			out = append(out, misfits(root, items, x, fmt.Sprintf("%s[%d]", at, i))...)
		}
	case string:
		kind = "string"
		if list, ok := s["enum"].([]any); ok && !slices.Contains(list, any(v)) {
			out = append(out, at+": not one of the enum")
		}
	case bool:
		kind = "boolean"
	case float64:
		kind = "integer"
	}
	if want := fmt.Sprint(s["type"]); !slices.Contains(strings.Fields(strings.Trim(want, "[]")), kind) {
		out = append(out, fmt.Sprintf("%s: got %s, want %s", at, kind, want))
	}
	return out
}
