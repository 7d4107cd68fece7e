package config

// Set is one line of a channel's set: a target field of the referral and the expression of its value.
type Set struct {
	Target string
	Place  Position // of the target's name
	Expr   Expr
}

// Sets are the lines of set in file order, which is the order they are run in.
type Sets []Set

// DecodeNode reads a mapping of target to expression.
func (s *Sets) DecodeNode(n Node, p *Problems) {
	var exprs map[string]Expr
	decoder{p}.mappingOf(n, &exprs, `want:"a field of the referral and an expression, such as specialty: 'lookup(\"specialty\", msg(\"OBR-4.1\"))'"`)
	for _, e := range n.Fields() {
		if x, ok := exprs[e.Name]; ok && x.Text != "" {
			*s = append(*s, Set{Target: e.Name, Place: e.Place, Expr: x})
			delete(exprs, e.Name) // a repeated key was reported
		}
	}
}

// Lookup is one look-up table of a channel.
type Lookup struct {
	Name  string
	Path  string // as Resolve gave it
	Node  Node   // the path in the file, for messages
	Bytes []byte // the file's content; transform/rules parses it
}

// Lookups are the tables of a channel in file order.
type Lookups []Lookup

// DecodeNode reads a mapping of name to path. Load reads the files.
func (l *Lookups) DecodeNode(n Node, p *Problems) {
	var paths map[string]Path
	decoder{p}.mappingOf(n, &paths, `want:"a name and a CSV file, such as specialty: tables/specialty.csv"`)
	for _, e := range n.Fields() {
		if path, ok := paths[e.Name]; ok && path != "" {
			*l = append(*l, Lookup{Name: e.Name, Path: string(path), Node: e.Value})
			delete(paths, e.Name)
		}
	}
}
