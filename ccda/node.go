package ccda

import "strings"

// attr gives an attribute by local name, trimmed: real documents have codes with stray blanks.
func (n *node) attr(name string) string {
	if n == nil {
		return ""
	}
	for i := range n.attrs {
		if n.attrs[i].name == name {
			return strings.TrimSpace(n.attrs[i].value)
		}
	}
	return ""
}

// raw gives an attribute as it stands.
func (n *node) raw(name string) string {
	for i := range n.attrs {
		if n.attrs[i].name == name {
			return n.attrs[i].value
		}
	}
	return ""
}

// child gives the first child element of a name, and notes that it was read.
func (n *node) child(name string) *node {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.name == name && !k.sdtc {
			k.used = true
			return k
		}
	}
	return nil
}

// peek gives the first child element of a name without a note that it was read.
func (n *node) peek(name string) *node {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.name == name && !k.sdtc {
			return k
		}
	}
	return nil
}

// fixedCodes are those that a template prescribes: they say nothing of this patient. Nobody writes to it.
var fixedCodes = map[string]bool{"CONC": true, "ASSERTION": true, "SEV": true, "33999-4": true, "48767-8": true, "48768-6": true, "55607006": true,
	"46680005": true, "404684003": true, "": true}

// settle notes that the child of a name was read when it holds nothing but a code that the template fixes; any other
// code is left to Rest.
func (n *node) settle(name string) {
	k := n.peek(name)
	if k == nil {
		return
	}
	if fixedCodes[k.attr("code")] {
		k.take()
	} else {
		k.used = false
	}
}

// at follows a path of children.
func (n *node) at(path ...string) *node {
	for _, name := range path {
		n = n.child(name)
	}
	return n
}

// extension gives the first child of a name in HL7's extension name space.
func (n *node) extension(name string) *node {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.name == name && k.sdtc {
			k.used = true
			return k
		}
	}
	return nil
}

// each calls f for every child element of a name, and notes that it was read.
func (n *node) each(name string, f func(*node)) {
	if n == nil {
		return
	}
	for _, k := range n.kids {
		if k.name == name && !k.sdtc {
			k.used = true
			f(k)
		}
	}
}

// take notes that an element and all in it was read.
func (n *node) take() {
	if n == nil {
		return
	}
	n.used = true
	for _, k := range n.kids {
		k.take()
	}
}

// template says whether n declares a template root, whatever its extension.
func (n *node) template(root string) bool {
	if n == nil {
		return false
	}
	for _, k := range n.kids {
		if k.name == "templateId" && k.attr("root") == root {
			return true
		}
	}
	return false
}

// words gives all character data below n with blanks collapsed.
func (n *node) words() string {
	if n == nil {
		return ""
	}
	if len(n.kids) == 1 && n.kids[0].name == "" {
		return clean(n.kids[0].text)
	}
	var b strings.Builder
	n.gather(&b)
	return clean(b.String())
}

func (n *node) gather(b *strings.Builder) {
	if n.name == "" {
		b.WriteString(n.text)
		return
	}
	if n.name == "br" {
		b.WriteByte(' ')
	}
	for _, k := range n.kids {
		k.gather(b)
	}
	switch n.name {
	case "td", "th", "tr", "item", "paragraph", "caption":
		b.WriteByte(' ')
	}
}

// ignorable elements say nothing that a person or program would miss when they stand alone.
const ignorable = " templateId typeId realmCode text statusCode typeCode sequenceNumber reference br "

// leftover calls f for the outermost elements below n that nobody read and that say something.
func (n *node) leftover(path string, f func(path string, n *node)) {
	counts := map[string]int{}
	for _, k := range n.kids {
		if k.name == "" {
			continue
		}
		counts[k.name]++
		if strings.Contains(ignorable, " "+k.name+" ") {
			continue
		}
		here := path + "/" + k.name
		if c := counts[k.name]; c > 1 {
			here += "[" + itoa(c) + "]"
		}
		if k.used {
			k.leftover(here, f)
		} else if k.says() {
			f(here, k)
		}
	}
}

// says tells whether an element has content: text, or an attribute other than a null flavour.
func (n *node) says() bool {
	if n.name == "" {
		return !blank(n.text)
	}
	for _, a := range n.attrs {
		switch a.name {
		case "nullFlavor", "type", "typeCode", "classCode", "moodCode", "inversionInd", "determinerCode", "contextConductionInd", "contextControlCode":
		default:
			if strings.TrimSpace(a.value) != "" && !strings.Contains(ignorable, " "+n.name+" ") {
				return true
			}
		}
	}
	for _, k := range n.kids {
		if k.says() {
			return true
		}
	}
	return false
}
