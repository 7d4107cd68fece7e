package ccda

import (
	"html"
	"io"
	"strings"
)

// WriteHTML writes d as a piece of XHTML for a person, as WriteText does in plain text: the title (h2), who, from whom and to whom (a
// table of class facts), the redisclosure notice (a div of class notice), then every section (h3) with its narrative as Section.HTML has
// it. It holds no script, no style and nothing that is fetched; prefix stands before every ID, so that several documents can share a page.
func WriteHTML(out io.Writer, d Document, prefix string) error {
	p := &htmlPage{prefix: prefix}
	title := clean(d.Title)
	if spec := docByType(d.Type); title == "" && spec != nil {
		title = spec.Title
	}
	p.element("h2", nonEmpty(title, "Clinical document"))
	p.b.WriteString(`<table class="facts">` + "\n")
	for _, f := range factsOf(&d) {
		p.b.WriteString("<tr><th>" + html.EscapeString(f[0]) + "</th><td>" + html.EscapeString(f[1]) + "</td></tr>\n")
	}
	p.b.WriteString("</table>\n")
	if d.Notice != "" {
		p.b.WriteString(`<div class="notice">`)
		p.element("h3", "Prohibition on redisclosure")
		p.text(d.Notice)
		p.b.WriteString("</div>\n")
	}
	for i := range d.Sections {
		p.section(&d.Sections[i], 3)
	}
	if d.Body != nil {
		p.element("h3", "Document")
		if strings.HasPrefix(d.Body.MediaType, "text/plain") {
			p.text(string(d.Body.Data))
		} else {
			p.element("p", "A file: "+d.Body.words())
		}
	}
	_, err := io.WriteString(out, p.b.String())
	return err
}

// htmlPage gathers a page.
type htmlPage struct {
	b      strings.Builder
	prefix string
}

func (p *htmlPage) element(name, words string) {
	p.b.WriteString("<" + name + ">" + html.EscapeString(shown(words)) + "</" + name + ">\n")
}

// text writes free words: a paragraph each, their lines as lines.
func (p *htmlPage) text(s string) {
	for _, lines := range paragraphs(s) {
		for i := range lines {
			lines[i] = html.EscapeString(shown(lines[i]))
		}
		p.b.WriteString("<p>" + strings.Join(lines, "<br/>") + "</p>\n")
	}
}

// section writes one section with those inside it; headings stop at h6.
func (p *htmlPage) section(s *Section, level int) {
	title := clean(s.Title)
	if spec := specByLOINC(s.LOINC); title == "" && spec != nil {
		title = spec.Title
	}
	p.element("h"+itoa(min(level, 6)), nonEmpty(title, nonEmpty(s.Code.words(), "Section "+clean(s.LOINC))))
	if s.Confidentiality == "R" || s.Confidentiality == "V" {
		p.element("p", "(restricted)")
	}
	if blank(s.HTML) {
		p.text(s.Text)
	} else {
		p.b.WriteString(`<div class="narrative">`)
		if root := narrativeOf(s.HTML); root != nil {
			p.nodes(root.kids)
		} else {
			p.text(s.Text)
		}
		p.b.WriteString("</div>\n")
	}
	for i := range s.Sections {
		p.section(&s.Sections[i], level+1)
	}
}

// nodes writes safe HTML, which holds only tags that the renderer of this package made. A wide table of one row is easier to read as a
// list of names and values.
func (p *htmlPage) nodes(list []*node) {
	for _, n := range list {
		switch head, values := wideRow(n); {
		case n.name == "":
			p.b.WriteString(html.EscapeString(n.text))
		case head != nil:
			p.b.WriteString(`<table class="facts">`)
			for i := range values {
				if values[i].says() {
					p.b.WriteString("<tr><th>" + html.EscapeString(shown(head[i].words())) + "</th><td>")
					p.nodes(values[i].kids)
					p.b.WriteString("</td></tr>")
				}
			}
			p.b.WriteString("</table>")
		case len(n.kids) == 0 && n.name == "br":
			p.b.WriteString("<br/>")
		default:
			p.b.WriteString("<" + n.name)
			for _, a := range n.attrs {
				p.b.WriteString(" " + a.name + `="` + html.EscapeString(p.anchored(a)) + `"`)
			}
			p.b.WriteString(">")
			p.nodes(n.kids)
			p.b.WriteString("</" + n.name + ">")
		}
	}
}

// anchored puts the page's prefix before IDs and links to them.
func (p *htmlPage) anchored(a attribute) string {
	switch {
	case a.name == "id":
		return p.prefix + strings.TrimPrefix(a.value, "n-")
	case a.name == "href" && strings.HasPrefix(a.value, "#n-"):
		return "#" + p.prefix + a.value[len("#n-"):]
	}
	return a.value
}

// wideRow gives heads and cells of a table with one head row and one row of more than five cells; nil for any other.
func wideRow(n *node) (head, cells []*node) {
	parts := elementsOf(n)
	if n.name != "table" || len(parts) != 2 || parts[0].name != "thead" || parts[1].name != "tbody" {
		return nil, nil
	}
	heads, rows := elementsOf(parts[0]), elementsOf(parts[1])
	if len(heads) != 1 || len(rows) != 1 {
		return nil, nil
	}
	head, cells = elementsOf(heads[0]), elementsOf(rows[0])
	if len(cells) < 6 || len(head) != len(cells) {
		return nil, nil
	}
	return head, cells
}

// elementsOf are the children of n without the blanks between them.
func elementsOf(n *node) (out []*node) {
	for _, k := range n.kids {
		if k.name != "" || !blank(k.text) {
			out = append(out, k)
		}
	}
	return out
}
