package ccda

import (
	"fmt"
	"strings"
)

// node is an element, or a run of character data (name empty). Text and attribute values share the document's memory.
type node struct {
	name   string // local name
	sdtc   bool   // in the name space of HL7's extensions
	attrs  []attribute
	kids   []*node
	text   string
	lo, hi int  // byte offsets of the whole element
	used   bool // a field of the Document holds it
}

type attribute struct{ name, value string } // name without prefix

// tree is a parsed document.
type tree struct {
	src     string
	root    *node
	anchors map[string]*node // by ID attribute

	space    string          // name space of the root; empty when its prefix is not declared at the root
	prefixes map[string]bool // prefixes in use: whether anything declares them
}

// parser is a small XML reader: elements, attributes, text, CDATA, comments, the five entities and character references.
// It was written because encoding/xml spends more on tokens alone than this whole reader, and because offsets are
// needed to keep unknown parts as they are. Name spaces: only HL7's extension is told apart; prefixes are otherwise
// ignored, since real documents use unbound ones.
type parser struct {
	src    string
	pos    int
	limits Limits
	count  int
	slab   []node
	attrs  []attribute
	tree   *tree
	text   int    // depth inside narrative, where blanks count
	root   string // prefix of the element whose attributes are read
}

// parseXML reads the whole document.
func parseXML(b []byte, limits Limits) (*tree, error) {
	if len(b) > limits.Bytes {
		return nil, fmt.Errorf("%w: %d bytes, want at most %d", ErrTooLarge, len(b), limits.Bytes)
	}
	src, err := toUTF8(b)
	if err != nil {
		return nil, err
	}
	p := &parser{src: src, limits: limits, tree: &tree{src: src, anchors: map[string]*node{}, prefixes: map[string]bool{"xml": true}}}
	if err := p.document(); err != nil {
		return nil, err
	}
	return p.tree, nil
}

func (p *parser) bad(what string) error {
	return fmt.Errorf("%w: %s at byte %d", ErrNotXML, what, p.pos)
}

// document reads everything: one root, and around it only comments, instructions and blanks.
func (p *parser) document() error {
	var stack []*node
	for p.pos < len(p.src) {
		if p.src[p.pos] != '<' {
			if err := p.charData(stack); err != nil {
				return err
			}
			continue
		}
		var err error
		switch rest := p.src[p.pos:]; {
		case strings.HasPrefix(rest, "</"):
			stack, err = p.endTag(stack)
		case strings.HasPrefix(rest, "<!--"):
			err = p.skip("-->")
		case strings.HasPrefix(rest, "<?"):
			err = p.skip("?>")
		case strings.HasPrefix(rest, "<![CDATA["):
			err = p.cdata(stack)
		case strings.HasPrefix(rest, "<!"):
			err = ErrDoctype
		default:
			stack, err = p.startTag(stack)
		}
		if err != nil {
			return err
		}
	}
	if len(stack) > 0 || p.tree.root == nil {
		return p.bad("the end of the document comes too early")
	}
	return nil
}

func (p *parser) skip(end string) error {
	i := strings.Index(p.src[p.pos:], end)
	if i < 0 {
		return p.bad("an unfinished comment or instruction")
	}
	p.pos += i + len(end)
	return nil
}

func (p *parser) alloc() *node {
	if len(p.slab) == 0 {
		p.slab = make([]node, 128)
	}
	n := &p.slab[0]
	p.slab = p.slab[1:]
	return n
}

func (p *parser) charData(stack []*node) error {
	end := strings.IndexByte(p.src[p.pos:], '<')
	if end < 0 {
		end = len(p.src) - p.pos
	}
	raw := p.src[p.pos : p.pos+end]
	lo := p.pos
	p.pos += end
	if blank(raw) && (p.text == 0 || len(stack) == 0) {
		return nil
	}
	if len(stack) == 0 {
		p.pos = lo
		return p.bad("text outside the root")
	}
	s, ok := unescapeXML(raw)
	if !ok {
		p.pos = lo
		return p.bad("an unknown entity")
	}
	p.add(stack, s, lo)
	return nil
}

func (p *parser) add(stack []*node, s string, lo int) {
	n := p.alloc()
	n.text, n.lo, n.hi = s, lo, p.pos
	top := stack[len(stack)-1]
	top.kids = append(top.kids, n)
}

func (p *parser) cdata(stack []*node) error {
	lo := p.pos
	i := strings.Index(p.src[p.pos:], "]]>")
	if i < 0 || len(stack) == 0 {
		return p.bad("an unfinished CDATA section")
	}
	s := p.src[p.pos+len("<![CDATA[") : p.pos+i]
	p.pos += i + 3
	p.add(stack, s, lo)
	return nil
}

func (p *parser) endTag(stack []*node) ([]*node, error) {
	end := strings.IndexByte(p.src[p.pos:], '>')
	if end < 0 || len(stack) == 0 {
		return nil, p.bad("an end tag without start")
	}
	top := stack[len(stack)-1]
	if name, _ := local(strings.TrimRight(p.src[p.pos+2:p.pos+end], " \t\r\n")); name != top.name {
		return nil, p.bad("an end tag of another name")
	}
	p.pos += end + 1
	top.hi = p.pos
	if top.name == "text" {
		p.text--
	}
	return stack[:len(stack)-1], nil
}

func (p *parser) startTag(stack []*node) ([]*node, error) {
	if p.count++; p.count > p.limits.Elements || len(stack) >= p.limits.Depth {
		return nil, fmt.Errorf("%w: more than %d elements or %d levels", ErrTooLarge, p.limits.Elements, p.limits.Depth)
	}
	n := p.alloc()
	n.lo = p.pos
	p.pos++
	full := p.name()
	if full == "" {
		return nil, p.bad("a tag without name")
	}
	var prefix string
	n.name, prefix = local(full)
	n.sdtc = prefix == "sdtc"
	p.uses(prefix)
	p.root = prefix
	closed, err := p.attributes(n)
	if err != nil {
		return nil, err
	}
	if len(stack) > 0 {
		top := stack[len(stack)-1]
		top.kids = append(top.kids, n)
	} else {
		if p.tree.root != nil {
			return nil, p.bad("a second root")
		}
		p.tree.root = n
	}
	n.hi = p.pos
	if closed {
		return stack, nil
	}
	if n.name == "text" {
		p.text++
	}
	return append(stack, n), nil
}

// attributes reads up to the end of the start tag, and says whether the element is empty.
func (p *parser) attributes(n *node) (closed bool, err error) {
	p.attrs = p.attrs[:0]
	for {
		p.blanks()
		if p.pos >= len(p.src) {
			return false, p.bad("an unfinished tag")
		}
		switch c := p.src[p.pos]; {
		case c == '>':
			p.pos++
			n.attrs = append([]attribute(nil), p.attrs...)
			return false, nil
		case c == '/' && strings.HasPrefix(p.src[p.pos:], "/>"):
			p.pos += 2
			n.attrs = append([]attribute(nil), p.attrs...)
			return true, nil
		}
		full := p.name()
		p.blanks()
		if full == "" || p.pos >= len(p.src) || p.src[p.pos] != '=' {
			return false, p.bad("a broken attribute")
		}
		p.pos++
		p.blanks()
		if err := p.value(n, full); err != nil {
			return false, err
		}
	}
}

func (p *parser) value(n *node, full string) error {
	if p.pos >= len(p.src) || p.src[p.pos] != '"' && p.src[p.pos] != '\'' {
		return p.bad("an attribute without quotes")
	}
	end := strings.IndexByte(p.src[p.pos+1:], p.src[p.pos])
	if end < 0 {
		return p.bad("an unfinished attribute")
	}
	v, ok := unescapeXML(p.src[p.pos+1 : p.pos+1+end])
	if !ok {
		return p.bad("an unknown entity")
	}
	p.pos += end + 2
	name, prefix := local(full)
	if prefix == "xmlns" || full == "xmlns" {
		p.declares(name, prefix, v)
		return nil
	}
	p.uses(prefix)
	if len(p.attrs) >= 64 {
		return fmt.Errorf("%w: more than 64 attributes", ErrTooLarge)
	}
	p.attrs = append(p.attrs, attribute{name, v})
	if name == "ID" && p.tree.anchors[v] == nil {
		p.tree.anchors[v] = n
	}
	return nil
}

const maxPrefixes = 64 // that are looked at; real documents have five

// uses notes that a prefix is in use.
func (p *parser) uses(prefix string) {
	if prefix != "" && !p.tree.prefixes[prefix] && len(p.tree.prefixes) < maxPrefixes {
		p.tree.prefixes[prefix] = false
	}
}

// declares notes a declaration of a name space, and whether it is that of the root.
func (p *parser) declares(name, prefix, space string) {
	if prefix == "" {
		name = ""
	} else {
		p.tree.prefixes[name] = true
	}
	if p.tree.root == nil && name == p.root {
		p.tree.space = space
	}
}

func (p *parser) blanks() {
	for p.pos < len(p.src) && isBlank(p.src[p.pos]) {
		p.pos++
	}
}

func (p *parser) name() string {
	from := p.pos
	for p.pos < len(p.src) {
		c := p.src[p.pos]
		if isBlank(c) || c == '=' || c == '>' || c == '/' || c == '<' || c == '"' || c == '\'' {
			break
		}
		p.pos++
	}
	return p.src[from:p.pos]
}

func local(full string) (name, prefix string) {
	if i := strings.IndexByte(full, ':'); i >= 0 {
		return full[i+1:], full[:i]
	}
	return full, ""
}

func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func blank(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isBlank(s[i]) {
			return false
		}
	}
	return true
}
