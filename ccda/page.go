package ccda

import (
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// pageWidth is how many characters a line of a page holds.
const pageWidth = 100

// WriteText writes d as a page for a person: who, from whom, to whom, then every section as its narrative says it (of a Document that
// was not read, Section.Text). Lines are at most 100 characters wide, but for long words and narrow tables. Control characters that
// could move the cursor of a terminal are left out.
func WriteText(out io.Writer, d Document) error {
	p := &page{}
	p.title(&d)
	p.facts(&d)
	if d.Notice != "" {
		p.heading("Prohibition on redisclosure")
		p.text(d.Notice)
	}
	for i := range d.Sections {
		p.section(&d.Sections[i])
	}
	if d.Body != nil {
		p.heading("Document")
		if strings.HasPrefix(d.Body.MediaType, "text/plain") {
			p.text(string(d.Body.Data))
		} else {
			p.para("", "A file: "+d.Body.words())
		}
	}
	if n := len(d.Rest); n > 0 {
		p.heading("Not shown")
		p.para("", plural(n, "further part")+" of the document; see the JSON form.")
	}
	_, err := io.WriteString(out, p.b.String())
	return err
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return itoa(n) + " " + what + "s"
}

// page gathers lines.
type page struct{ b strings.Builder }

// line writes one line. Empty lines do not follow each other.
func (p *page) line(s string) {
	s = strings.TrimRight(s, " ")
	if s == "" && (p.b.Len() == 0 || strings.HasSuffix(p.b.String(), "\n\n")) {
		return
	}
	p.b.WriteString(s + "\n")
}

func (p *page) title(d *Document) {
	title := clean(d.Title)
	if spec := docByType(d.Type); title == "" && spec != nil {
		title = spec.Title
	}
	title = shown(nonEmpty(title, "Clinical document"))
	p.line(strings.ToUpper(title))
	p.line(strings.Repeat("=", utf8.RuneCountInString(title)))
	p.line("")
}

// facts is the head of the page.
func (p *page) facts(d *Document) {
	for _, f := range factsOf(d) {
		p.hanging(f[0]+strings.Repeat(" ", max(1, 14-len(f[0]))), f[1], 14)
	}
}

// factsOf says who the document is about, from whom, to whom and when: a name and its value each.
func factsOf(d *Document) (out [][2]string) {
	row := func(name string, parts ...string) {
		var said []string
		for _, s := range parts {
			if s = shown(s); s != "" {
				said = append(said, s)
			}
		}
		if len(said) > 0 {
			out = append(out, [2]string{name, strings.Join(said, ", ")})
		}
	}
	pt := &d.Patient
	for _, n := range pt.Names {
		row("Patient", n.words(), born(pt.BirthTime), pt.Sex.words())
		break
	}
	for _, id := range pt.IDs {
		row("Number", id.String())
	}
	for _, a := range pt.Addresses {
		row("Address", a.words())
	}
	row("Reach", links(pt.Telecoms)...)
	for i := range d.Authors {
		row("From", append([]string{d.Authors[i].words()}, links(d.Authors[i].Telecoms)...)...)
	}
	for i := range d.Recipients {
		row("To", append([]string{d.Recipients[i].words()}, links(d.Recipients[i].Telecoms)...)...)
	}
	row("Referral", d.ReferralID.String())
	row("Written", human(d.Time))
	if a := d.LegalAuthenticator; a != nil {
		row("Signed", a.words(), human(a.Time))
	}
	if level := d.confidentiality(); level != "N" {
		row("Confidential", map[string]string{"R": "restricted", "V": "very restricted"}[level])
	}
	row("Form", strings.TrimSpace("C-CDA "+d.Release))
	return out
}

func born(s string) string {
	if s == "" {
		return ""
	}
	return "born " + human(s)
}

func links(list []Telecom) []string {
	var out []string
	for _, t := range list {
		if number, ok := strings.CutPrefix(t.Value, "fax:"); ok {
			out = append(out, "fax "+number)
			continue
		}
		out = append(out, strings.TrimPrefix(strings.TrimPrefix(t.Value, "tel:"), "mailto:"))
	}
	return out
}

func (p *page) heading(s string) {
	s = shown(s)
	p.line("")
	p.line(strings.ToUpper(s))
	p.line(strings.Repeat("-", utf8.RuneCountInString(s)))
}

// section writes one section with those inside it.
func (p *page) section(s *Section) {
	title := clean(s.Title)
	if spec := specByLOINC(s.LOINC); title == "" && spec != nil {
		title = spec.Title
	}
	p.heading(nonEmpty(title, nonEmpty(s.Code.words(), "Section "+clean(s.LOINC))))
	if s.Confidentiality == "R" || s.Confidentiality == "V" {
		p.para("", "(restricted)")
	}
	if root := narrativeOf(s.HTML); root != nil {
		p.blocks(root, "")
	} else {
		p.text(s.Text)
	}
	for i := range s.Sections {
		p.section(&s.Sections[i])
	}
}

// narrativeOf parses the HTML that the reader made; nil when there is none.
func narrativeOf(html string) *node {
	if blank(html) {
		return nil
	}
	t, err := parseXML([]byte("<text>"+strings.ReplaceAll(html, "<br>", "<br/>")+"</text>"), Limits{Depth: 200}.withDefaults())
	if err != nil {
		return nil
	}
	return t.root
}

// text writes free words: their lines stay lines.
func (p *page) text(s string) {
	for _, lines := range paragraphs(s) {
		for _, l := range lines {
			p.para("", l)
		}
		p.line("")
	}
}

// para writes words wrapped, each line behind the indent.
func (p *page) para(indent, s string) { p.hanging(indent, s, utf8.RuneCountInString(indent)) }

// hanging writes head and words; lines after the first begin at the column.
func (p *page) hanging(head, s string, column int) {
	line := head
	used, empty := utf8.RuneCountInString(head), true
	for word := range strings.FieldsSeq(shown(s)) {
		n := utf8.RuneCountInString(word)
		if !empty && used+1+n > pageWidth {
			p.line(line)
			line, used, empty = strings.Repeat(" ", column), column, true
		}
		if !empty {
			line += " "
			used++
		}
		line, used, empty = line+word, used+n, false
	}
	if !empty {
		p.line(line)
	}
}

// shown leaves out what could move the cursor of a terminal or hide text.
func shown(s string) string {
	return clean(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, s))
}
