package rules

import (
	"reflect"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
)

// plain are the built-in functions that rules may call: pure, and no larger than what they are given.
func plain() []string {
	return []string{"len", "trim", "trimPrefix", "trimSuffix", "upper", "lower", "indexOf", "lastIndexOf", "hasPrefix", "hasSuffix",
		"int", "float", "string", "abs", "ceil", "floor", "round", "max", "min", "first", "last", "uniq", "sort"}
}

// predicates are the built-in functions with a condition. reduce, groupBy and sortBy are left out: they can grow.
func predicates() []string {
	return []string{"all", "none", "any", "one", "filter", "map", "find", "findIndex", "findLast", "findLastIndex", "count", "sum"}
}

// language turns everything off that is not in plain, and replaces what can grow by bounded versions.
func language() []expr.Option {
	options := []expr.Option{
		expr.DisableAllBuiltins(),
		expr.MaxNodes(MaxNodes),
		expr.Function("split", func(p ...any) (any, error) { return split(p[0].(string), p[1].(string)) }, new(func(string, string) []string)),
		expr.Function("join", func(p ...any) (any, error) { return join(p[0].([]string), p[1].(string)) }, new(func([]string, string) string)),
		expr.Function("replace", func(p ...any) (any, error) {
			return replace(p[0].(string), p[1].(string), p[2].(string))
		}, new(func(string, string, string) string)),
		expr.Function("concat", func(p ...any) (any, error) { return concat(p[0].(string), p[1].(string)) }, new(func(string, string) string)),
	}
	for _, name := range plain() {
		options = append(options, expr.EnableBuiltin(name))
	}
	return options
}

func split(s, sep string) ([]string, error) {
	if n := strings.Count(s, sep); n >= MaxList {
		return nil, failure("split makes more parts than it may")
	}
	return strings.Split(s, sep), nil
}

func join(list []string, sep string) (string, error) {
	n := 0
	for _, s := range list {
		n += len(s) + len(sep)
	}
	if n > MaxText {
		return "", failure("join makes a longer text than it may")
	}
	return strings.Join(list, sep), nil
}

func replace(s, old, by string) (string, error) {
	if n := strings.Count(s, old); len(s)+n*(len(by)-len(old)) > MaxText {
		return "", failure("replace makes a longer text than it may")
	}
	return strings.ReplaceAll(s, old, by), nil
}

func concat(a, b string) (string, error) {
	if len(a)+len(b) > MaxText {
		return "", failure("+ makes a longer text than it may")
	}
	return a + b, nil
}

// guard looks at the syntax tree before it is compiled: what types cannot say.
type guard struct {
	channel *Channel // nil for routes
	levels  map[*ast.BuiltinNode]int
	allowed []string
	found   []remark
	uses    bool // the referral is asked for
	paths   []string
}

// remark is a mistake at a character of the expression.
type remark struct {
	index int
	text  string
	soft  bool // may only follow from another mistake
}

func newGuard(ch *Channel) *guard {
	return &guard{channel: ch, levels: map[*ast.BuiltinNode]int{}, allowed: append(plain(), predicates()...)}
}

func (g *guard) add(n ast.Node, text string) {
	g.found = append(g.found, remark{index: n.Location().From, text: text})
}

// Visit sees every node after the nodes inside it.
func (g *guard) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		g.uses = g.uses || n.Value == "referral"
		if n.Value == "$env" {
			g.add(n, "got $env, want a name such as type or msg")
		}
	case *ast.BuiltinNode:
		if !slices.Contains(g.allowed, n.Name) {
			g.add(n, "got the function "+n.Name+", which rules may not call, want one of "+strings.Join(g.allowed, ", "))
		}
		g.levels[n] = g.nested(n)
		if g.levels[n] > MaxPredicates {
			g.add(n, "got conditions over lists more than two deep, want at most two, so that a message cannot make them slow")
		}
	case *ast.BinaryNode:
		g.binary(n)
	case *ast.CallNode:
		g.call(n)
	}
}

// nested counts the conditions on the deepest way from n down, n included. Visit comes from below, so that inner ones are known.
func (g *guard) nested(n *ast.BuiltinNode) int {
	deepest, conditions := 0, 0
	for _, arg := range n.Arguments {
		p, ok := arg.(*ast.PredicateNode)
		if !ok {
			continue
		}
		conditions = 1
		inner := collector{}
		ast.Walk(&p.Node, &inner)
		for _, b := range inner.builtins {
			deepest = max(deepest, g.levels[b])
		}
	}
	return conditions + deepest
}

// collector gathers the built-in calls of a tree.
type collector struct{ builtins []*ast.BuiltinNode }

func (c *collector) Visit(node *ast.Node) {
	if b, ok := (*node).(*ast.BuiltinNode); ok {
		c.builtins = append(c.builtins, b)
	}
}

func (g *guard) binary(n *ast.BinaryNode) {
	switch n.Operator {
	case "..":
		from, ok1 := n.Left.(*ast.IntegerNode)
		to, ok2 := n.Right.(*ast.IntegerNode)
		if !ok1 || !ok2 || to.Value-from.Value >= MaxList {
			g.add(n, "got a range that is not two numbers at most 500 apart, want one that is")
		}
	case "+":
		if unknown(n.Left) || unknown(n.Right) {
			g.found = append(g.found, remark{n.Location().From, "got + of a value whose kind is not known, want string(...) or int(...) around it", true})
		}
	case "matches":
		if _, ok := n.Right.(*ast.StringNode); !ok {
			g.add(n.Right, "got a pattern that is computed, want it in quotes")
		}
	case "**", "^":
		g.add(n, "got a power, want a multiplication")
	}
}

func unknown(n ast.Node) bool {
	t := n.Type()
	return t == nil || t.Kind() == reflect.Interface
}

// call checks the paths of msg and the tables of lookup.
func (g *guard) call(n *ast.CallNode) {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if !ok || g.channel == nil || len(n.Arguments) == 0 {
		return
	}
	constant, isText := n.Arguments[0].(*ast.StringNode)
	switch callee.Value {
	case "msg":
		if !isText {
			return // checked when it runs
		}
		if err := g.channel.checkPath(constant.Value); err != nil {
			g.add(constant, "got the path "+quote(constant.Value)+", want one such as OBR-4.1, PID-3(2).4 or OBX(3)-5")
			return
		}
		g.paths = append(g.paths, constant.Value)
	case "lookup":
		names := g.channel.tableNames()
		if !isText {
			g.add(n.Arguments[0], "got a table name that is computed, want it in quotes")
		} else if !slices.Contains(names, constant.Value) {
			g.add(constant, "got the table "+quote(constant.Value)+", want one defined under lookup: ("+strings.Join(names, ", ")+")"+suggestion(constant.Value, names))
		}
	}
}
