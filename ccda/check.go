package ccda

import (
	"errors"
	"fmt"
	"strings"
)

// Finding is one thing that is wrong with a document.
type Finding struct {
	Severity string // error or warning
	Rule     string // xml, xsd, r21:CONF:n for a rule of HL7 by its number, x:name for a rule of ours
	Path     string // element names and positions: /ClinicalDocument/author[2]
	Message  string // plain words without patient data
}

// String gives the finding as one tab-separated line: severity, rule, path, message.
func (f Finding) String() string {
	return f.Severity + "\t" + f.Rule + "\t" + f.Path + "\t" + f.Message
}

// Check holds a document against the rules that need no Schematron: the tables of documents, sections and statements
// that the writer uses, the US Realm Header, templateIds with their R1.1 twins, the order of children that the CDA schema
// asks for, links, identifiers, times, bodies, and the shape and system of codes.
//
// HL7's rules for R2.1 hang on templateIds with their extension: for a document that does not declare the R2.1 header
// they give warnings, and one more warning says so. No finding of severity "error" means that the structure is sound; it
// does not replace a full validator.
func Check(doc []byte) []Finding {
	t, err := parseXML(doc, Limits{}.withDefaults())
	if err != nil {
		rule := "xml"
		if errors.Is(err, ErrDoctype) {
			rule = "x:doctype"
		}
		return []Finding{{"error", rule, "/", err.Error()}}
	}
	c := &checker{tree: t, path: []string{"/" + t.root.name}, ids: map[string]int{}}
	if t.root.name != "ClinicalDocument" || t.space != cdaSpace {
		c.errorf("x:not-cda", "the root is not ClinicalDocument in name space %s", cdaSpace)
		return c.found
	}
	for prefix := range t.prefixes {
		if !t.prefixes[prefix] {
			c.errorf("xml", "a name space prefix is used but never declared")
		}
	}
	c.headerRules()
	c.bodyRules()
	c.walk(t.root, nil)
	return c.found
}

const cdaSpace = "urn:hl7-org:v3"

type checker struct {
	*tree
	path  []string
	found []Finding
	ids   map[string]int
	spec  *docSpec
	r21   bool // what the rules at hand hang on is declared with the extension of R2.1: the header, later the document type

	r21doc bool
}

func (c *checker) say(severity, rule, format string, a ...any) {
	c.found = append(c.found, Finding{severity, rule, strings.Join(c.path, "/"), fmt.Sprintf(format, a...)})
}

// errorf reports an error; of a rule of R2.1 in a document that does not declare R2.1, a warning.
func (c *checker) errorf(rule, format string, a ...any) {
	severity := "error"
	if !c.r21 && strings.HasPrefix(rule, "r21:") {
		severity = "warning"
	}
	c.say(severity, rule, format, a...)
}

// conf reports a broken rule of HL7 by its number.
func (c *checker) conf(number, format string, a ...any) { c.errorf("r21:CONF:"+number, format, a...) }

func (c *checker) warnf(rule, format string, a ...any) { c.say("warning", rule, format, a...) }

// below runs f with name added to the path.
func (c *checker) below(name string, f func()) {
	c.path = append(c.path, name)
	f()
	c.path = c.path[:len(c.path)-1]
}

// each visits the children of a name with their position in the path.
func (c *checker) each(n *node, name string, f func(*node)) {
	i := 0
	if n == nil {
		return
	}
	for _, k := range n.kids {
		if k.name == name && !k.sdtc {
			i++
			c.below(name+"["+itoa(i)+"]", func() { f(k) })
		}
	}
}

// demand is one child that an element cannot be without, with the rule that says so.
type demand struct{ name, conf string }

// needs reports missing children.
func (c *checker) needs(n *node, list ...demand) {
	for _, d := range list {
		if !n.has(d.name) {
			c.conf(d.conf, "%s is missing", d.name)
		}
	}
}

// has says whether n has a child of that name.
func (n *node) has(name string) bool { return n.count(name) > 0 }

func (n *node) count(name string) int {
	if n == nil {
		return 0
	}
	c := 0
	for _, k := range n.kids {
		if k.name == name && !k.sdtc {
			c++
		}
	}
	return c
}

// declares tells whether a template stands with its extension, and whether its twin without one stands too.
func (n *node) declares(root, ext string) (versioned, bare bool) {
	for _, k := range n.kids {
		if k.name != "templateId" || k.attr("root") != root {
			continue
		}
		if k.attr("extension") == ext {
			versioned = true
		}
		if k.attr("extension") == "" {
			bare = true
		}
	}
	return versioned, bare
}
