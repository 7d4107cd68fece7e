package ccda

import "strings"

// plainer turns narrative into plain text: paragraphs parted by a blank line, rows and items on lines of their own,
// cells parted by a tab.
type plainer struct {
	b        strings.Builder
	breaks   int  // line ends owed before the next word
	gap      bool // a blank owed before the next word
	tab      bool // a cell border owed
	skipMade bool
}

// plain gives narrative as plain text. skipMade leaves out what this package's writer made out of entries.
func plain(n *node, skipMade bool) string {
	if n == nil {
		return ""
	}
	if !skipMade && len(n.kids) == 1 && n.kids[0].name == "" {
		return clean(n.kids[0].text)
	}
	p := plainer{skipMade: skipMade}
	for _, k := range n.kids {
		p.walk(k)
	}
	return p.b.String()
}

func (p *plainer) walk(n *node) {
	if n.name == "" {
		p.say(n.text)
		return
	}
	if p.skipMade && strings.HasPrefix(n.attr("ID"), madePrefix) {
		return
	}
	around := 0
	switch n.name {
	case "br":
		p.breaks++
		return
	case "paragraph":
		around = 2
	case "table", "list", "tr", "item", "caption", "thead", "tbody", "tfoot":
		around = 1
	case "td", "th":
		p.tab = p.tab || p.b.Len() > 0 && p.breaks == 0
	}
	p.breaks = max(p.breaks, around)
	for _, k := range n.kids {
		p.walk(k)
	}
	p.breaks = max(p.breaks, around)
}

func (p *plainer) say(s string) {
	words := clean(s)
	if words == "" {
		p.gap = p.gap || s != ""
		return
	}
	switch {
	case p.b.Len() == 0:
	case p.breaks > 0:
		for range min(p.breaks, 2) {
			p.b.WriteByte('\n')
		}
	case p.tab:
		p.b.WriteByte('\t')
	case p.gap || isBlank(s[0]):
		p.b.WriteByte(' ')
	}
	p.breaks, p.tab = 0, false
	p.b.WriteString(words)
	p.gap = isBlank(s[len(s)-1])
}
