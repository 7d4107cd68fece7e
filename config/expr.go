package config

import "reflect"

// Expr is an expression of the rules language as it stands in the file. config does not look inside; transform/rules compiles Text
// and reports mistakes with At. The zero value is no expression.
type Expr struct {
	Text string
	Node Node
}

// At is the place in the file of the character with this index (in characters, from 0) of Text, whatever way the scalar is written:
// plain, quoted, folded or literal. When the place cannot be told it is where the scalar starts.
func (e Expr) At(index int) Position {
	places := e.Node.places()
	if index >= 0 && index < len(places) {
		return places[index]
	}
	return e.Node.Position()
}

// expression takes the text of a scalar; references are not followed, because rules are part of what is reviewed and hashed.
func (d decoder) expression(n Node, v reflect.Value, tag reflect.StructTag) {
	text, ok := n.Scalar()
	if !ok || text == "" {
		d.p.Add(n, "got %s, want %s", n.kind(), wanted(tag, "an expression"))
		return
	}
	v.Set(reflect.ValueOf(Expr{Text: text, Node: n}))
}
