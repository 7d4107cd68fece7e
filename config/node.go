package config

import (
	"path/filepath"
	"strconv"

	yaml "go.yaml.in/yaml/v4"
)

// Node is one value of a configuration file with its place. The zero value is an absent value: it has no fields and no items, and
// Decode of it sets the defaults. Nodes are immutable and may be shared.
type Node struct {
	y    *yaml.Node // never an alias; nil: absent
	key  string     // channels[ehr-orders].listen
	name *yaml.Node // the key's own node; nil for items and roots
	src  *source
	at   Position // of an absent value: where its parent is

	broken bool // stands for a value of the wrong kind, which was reported already
}

// Entry is one key of a mapping with its value, in file order.
type Entry struct {
	Name  string
	Place Position // of the key
	Value Node
}

// Present reports whether the value stands in the file.
func (n Node) Present() bool { return n.y != nil }

// Null reports whether the value is there but empty, as in `listen:`.
func (n Node) Null() bool { return n.y != nil && n.y.Kind == yaml.ScalarNode && n.y.Tag == "!!null" }

// Key is the full name of the value for messages, such as channels[ehr-orders].listen.
func (n Node) Key() string { return n.key }

// Named returns n under another full name, when the caller knows a better one than its index.
func (n Node) Named(key string) Node {
	n.key = key
	return n
}

// Pos is the place of the value as file:line:col.
func (n Node) Pos() string { return n.Position().String() }

// String is Pos: a node prints as its place, never as what stands there.
func (n Node) String() string { return n.Pos() }

// Position is the place of the value; of an absent one, the place of what would hold it.
func (n Node) Position() Position {
	if n.y == nil {
		return n.at
	}
	return n.place(n.y)
}

// KeyPosition is the place of the key in front of the value, or of the value when it has none.
func (n Node) KeyPosition() Position {
	if n.name == nil {
		return n.Position()
	}
	return n.place(n.name)
}

// Field returns the value under name. When it is absent, or n is no mapping, the result is an absent node that still knows its full
// name and points at n.
func (n Node) Field(name string) Node {
	if n.y != nil && n.y.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.y.Content); i += 2 {
			if k := n.y.Content[i]; k.Value == name {
				return n.child(n.y.Content[i+1], k, n.join(name))
			}
		}
	}
	return Node{key: n.join(name), src: n.src, at: n.Position(), broken: n.broken || n.y != nil && n.src != nil && n.src.merged[n.y]}
}

// Fields returns the keys of a mapping in file order, duplicates included; nil for anything else.
func (n Node) Fields() []Entry {
	if n.y == nil || n.y.Kind != yaml.MappingNode {
		return nil
	}
	entries := make([]Entry, 0, len(n.y.Content)/2)
	for i := 0; i+1 < len(n.y.Content); i += 2 {
		k := n.y.Content[i]
		entries = append(entries, Entry{Name: k.Value, Place: n.place(k), Value: n.child(n.y.Content[i+1], k, n.join(k.Value))})
	}
	return entries
}

// Items returns the items of a list; nil for anything else.
func (n Node) Items() []Node {
	if n.y == nil || n.y.Kind != yaml.SequenceNode {
		return nil
	}
	items := make([]Node, 0, len(n.y.Content))
	for i, c := range n.y.Content {
		items = append(items, n.child(c, nil, n.key+"["+strconv.Itoa(i)+"]"))
	}
	return items
}

// Scalar returns the text of a plain scalar. False for lists, mappings, references and absent or empty values.
func (n Node) Scalar() (string, bool) {
	if n.y == nil || n.y.Kind != yaml.ScalarNode || n.Null() {
		return "", false
	}
	return n.y.Value, true
}

// Resolve makes a path of the file absolute in the sense that it no longer depends on the file: relative ones are relative to the
// folder of the file that n stands in. An empty path stays empty.
func (n Node) Resolve(path string) string {
	if path == "" || filepath.IsAbs(path) || n.src == nil {
		return path
	}
	return filepath.Join(n.src.dir, path)
}

// Demo reports whether the configuration says demo: true, where missing keys and certificates are made and not mistakes.
func (n Node) Demo() bool { return n.src != nil && n.src.set.demo }

func (n Node) child(y, name *yaml.Node, key string) Node {
	if y.Kind == yaml.AliasNode && y.Alias != nil {
		y = y.Alias
	}
	return Node{y: y, name: name, key: key, src: n.src}
}

func (n Node) join(name string) string {
	if n.key == "" {
		return name
	}
	return n.key + "." + name
}

func (n Node) place(y *yaml.Node) Position {
	p := Position{Line: y.Line, Col: y.Column}
	if n.src != nil {
		p.File = n.src.name
	}
	return p
}

// kind names what stands in the file, for messages.
func (n Node) kind() string {
	switch {
	case n.y == nil || n.Null():
		return "nothing"
	case n.y.Kind == yaml.MappingNode:
		return "a mapping"
	case n.y.Kind == yaml.SequenceNode:
		return "a list"
	}
	return strconv.Quote(clip(n.y.Value))
}

// clip keeps messages on one readable line.
func clip(s string) string {
	const most = 60
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	return string(runes[:most]) + "..."
}
