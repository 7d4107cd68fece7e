package ccda

import (
	"html"
	"strconv"
	"strings"
)

// renderer turns narrative into HTML by an allow-list: no script, no style, no remote content but links of four schemes.
type renderer struct {
	b   strings.Builder
	tag string // prefix of anchors, so that several documents can stand in one page
}

// safeHTML renders a section's narrative (NarrativeBlock.xsd). Elements that are not on the list give their text.
func safeHTML(n *node) string {
	if n == nil {
		return ""
	}
	r := renderer{tag: "n-"}
	for _, k := range n.kids {
		r.walk(k)
	}
	return r.b.String()
}

func (r *renderer) walk(n *node) {
	if n.name == "" {
		r.b.WriteString(html.EscapeString(strings.Map(func(c rune) rune {
			if !xmlChar(c) {
				return -1
			}
			return c
		}, n.text)))
		return
	}
	switch n.name {
	case "table", "thead", "tbody", "tfoot", "tr", "sub", "sup", "caption":
		r.wrap(n, n.name, "")
	case "td", "th":
		r.wrap(n, n.name, span(n, "colspan")+span(n, "rowspan"))
	case "paragraph":
		r.wrap(n, "p", "")
	case "list":
		if n.attr("listType") == "ordered" {
			r.wrap(n, "ol", "")
		} else {
			r.wrap(n, "ul", "")
		}
	case "item":
		r.wrap(n, "li", "")
	case "content":
		r.wrap(n, styled(n.attr("styleCode")), "")
	case "footnote":
		r.wrap(n, "small", "")
	case "br":
		r.b.WriteString("<br>")
	case "linkHtml":
		r.link(n)
	case "renderMultiMedia":
		r.b.WriteString(" [" + html.EscapeString(clean(n.attr("referencedObject"))) + "] ")
		for _, k := range n.kids {
			r.figure(k)
		}
	default:
		for _, k := range n.kids {
			r.walk(k)
		}
	}
}

// figure renders the caption of a picture, which stands outside of any table there.
func (r *renderer) figure(n *node) {
	if n.name == "caption" {
		r.wrap(n, "em", "")
		r.b.WriteByte(' ')
		return
	}
	r.walk(n)
}

func (r *renderer) wrap(n *node, tag, attrs string) {
	r.b.WriteString("<" + tag)
	if id := n.attr("ID"); id != "" {
		r.b.WriteString(` id="` + r.tag + html.EscapeString(clean(id)) + `"`)
	}
	r.b.WriteString(attrs + ">")
	for _, k := range n.kids {
		r.walk(k)
	}
	r.b.WriteString("</" + tag + ">")
}

// span keeps colspan and rowspan when they are small numbers.
func span(n *node, name string) string {
	v, err := strconv.Atoi(n.attr(name))
	if err != nil || v < 2 || v > 100 {
		return ""
	}
	return " " + name + `="` + strconv.Itoa(v) + `"`
}

func styled(codes string) string {
	switch {
	case strings.Contains(codes, "Bold"):
		return "strong"
	case strings.Contains(codes, "Italics"), strings.Contains(codes, "Emphasis"):
		return "em"
	case strings.Contains(codes, "Underline"):
		return "u"
	}
	return "span"
}

// link keeps http, https, mailto and links inside the document.
func (r *renderer) link(n *node) {
	href := clean(n.attr("href"))
	lower := strings.ToLower(href)
	switch {
	case strings.HasPrefix(href, "#"):
		href = "#" + r.tag + href[1:]
	case strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "https://"), strings.HasPrefix(lower, "mailto:"):
	default:
		for _, k := range n.kids {
			r.walk(k)
		}
		return
	}
	r.b.WriteString(`<a href="` + html.EscapeString(href) + `" rel="noopener noreferrer nofollow">`)
	for _, k := range n.kids {
		r.walk(k)
	}
	r.b.WriteString("</a>")
}
