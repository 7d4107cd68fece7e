package ccda

import (
	"strings"
	"unicode/utf8"
)

// blocks writes the blocks below n: paragraphs, lists, tables, and words between them.
func (p *page) blocks(n *node, indent string) {
	var words strings.Builder
	say := func() {
		if s := words.String(); !blank(s) {
			for line := range strings.SplitSeq(s, "\n") {
				p.para(indent, line)
			}
		}
		words.Reset()
	}
	for _, k := range n.kids {
		switch k.name {
		case "p":
			say()
			p.blocks(k, indent)
			p.line("")
		case "ul", "ol":
			say()
			p.list(k, indent)
		case "table":
			say()
			p.line("")
			p.table(k, indent)
			p.line("")
		case "":
			words.WriteString(strings.ReplaceAll(k.text, "\n", " "))
		case "br":
			words.WriteByte('\n')
		default:
			if k.holdsBlocks() {
				say()
				p.blocks(k, indent)
			} else {
				words.WriteString(k.inline())
			}
		}
	}
	say()
}

// holdsBlocks says whether something below n stands on lines of its own.
func (n *node) holdsBlocks() bool {
	for _, k := range n.kids {
		switch k.name {
		case "p", "ul", "ol", "table", "tr", "li":
			return true
		}
		if k.holdsBlocks() {
			return true
		}
	}
	return false
}

// inline gives the words below n; line breaks stay.
func (n *node) inline() string {
	if n.name == "" {
		return strings.ReplaceAll(n.text, "\n", " ")
	}
	if n.name == "br" {
		return "\n"
	}
	var b strings.Builder
	for _, k := range n.kids {
		b.WriteString(k.inline())
		if k.name == "li" || k.name == "p" || k.name == "tr" || k.name == "td" {
			b.WriteString(" ")
		}
	}
	return b.String()
}

func (p *page) list(n *node, indent string) {
	i := 0
	for _, k := range n.kids {
		switch {
		case k.name == "caption":
			p.para(indent, k.words())
		case k.name == "li":
			i++
			mark := "- "
			if n.name == "ol" {
				mark = itoa(i) + ". "
			}
			if !k.holdsBlocks() {
				p.hanging(indent+mark, k.inline(), len(indent)+len(mark))
				continue
			}
			p.blocks(k, indent+strings.Repeat(" ", len(mark)))
		}
	}
}

// row is one line of a table.
type row struct {
	cells []string
	head  bool
}

// rows gives the lines of a table, cells cleaned.
func (n *node) rows(head bool) []row {
	var out []row
	for _, k := range n.kids {
		switch k.name {
		case "thead":
			out = append(out, k.rows(true)...)
		case "tbody", "tfoot":
			out = append(out, k.rows(head)...)
		case "tr":
			r := row{head: head}
			for _, c := range k.kids {
				if c.name == "td" || c.name == "th" {
					r.cells = append(r.cells, shown(c.inline()))
				}
			}
			r.head = head || len(out) == 0 && len(k.kids) > 0 && allHeads(k)
			out = append(out, r)
		}
	}
	return out
}

func allHeads(tr *node) bool {
	for _, c := range tr.kids {
		if c.name == "td" {
			return false
		}
	}
	return true
}

// table writes aligned columns when they fit on the page, and else each row as a block of named lines.
func (p *page) table(n *node, indent string) {
	if caption := n.child("caption"); caption != nil {
		p.para(indent, caption.words())
	}
	rows := n.rows(false)
	var width []int
	for _, r := range rows {
		for i, c := range r.cells {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	total := len(indent)
	for _, w := range width {
		total += w + 2
	}
	if total-2 > pageWidth {
		p.wide(rows, indent)
		return
	}
	for i, r := range rows {
		line := indent
		for j, c := range r.cells {
			line += c + strings.Repeat(" ", width[j]-utf8.RuneCountInString(c)+2)
		}
		p.line(line)
		if r.head && (i+1 == len(rows) || !rows[i+1].head) {
			p.line(indent + strings.Repeat("-", max(0, total-2-len(indent))))
		}
	}
}

// wide writes each row as lines of "name: value".
func (p *page) wide(rows []row, indent string) {
	var names []string
	for _, r := range rows {
		if r.head {
			names = r.cells
			continue
		}
		first := true
		for i, c := range r.cells {
			if c == "" {
				continue
			}
			mark := "  "
			if first {
				mark = "- "
			}
			first = false
			if i < len(names) && names[i] != "" && names[i] != c {
				c = names[i] + ": " + c
			}
			p.hanging(indent+mark, c, len(indent)+4)
		}
	}
}
