package ccda

import (
	"fmt"
	"strings"
)

// Narrative that the writer makes out of entries carries IDs with this prefix, so that the reader can tell it from the
// sender's own words.
const madePrefix = "made-"

// narrative writes section/text: free words, then what the entries say, with anchors for links.
func (e *encoder) narrative(s *Section, spec *SectionSpec, items []item, name string) {
	e.open("text")
	said := len(items) > 0 || len(s.Sections) > 0
	if ps := paragraphs(s.Text); len(ps) > 0 {
		e.paragraphs(s.Text, name+"-t")
		said = true
	}
	if s.LOINC == SectionReason && e.doc.ReferralID.usable() {
		e.openMixed("paragraph", "ID", madePrefix+name+"-referral")
		e.text("Referral number ")
		e.element("content", nonEmpty(clean(e.doc.ReferralID.Extension), e.doc.ReferralID.Root), "styleCode", "Bold")
		if e.doc.ReferralID.Extension != "" {
			e.text(" of " + e.doc.ReferralID.Root)
		}
		e.end("paragraph")
	}
	for from := 0; from < len(items); {
		to := from + 1
		for to < len(items) && sameTable(items[to].Kind) == sameTable(items[from].Kind) {
			to++
		}
		if items[from].Kind == KindNote {
			e.notes(items[from:to])
		} else {
			e.table(items[from:to], madePrefix+name+"-"+items[from].anchor)
		}
		from = to
	}
	for i := range s.Media {
		e.mediaText(&s.Media[i], mediaID(name, i))
		said = true
	}
	if !said {
		words := nothing
		if spec != nil {
			words = spec.Nothing
		}
		e.element("paragraph", words, "ID", madePrefix+name+"-nothing")
	}
	e.end("text")
}

// sameTable joins the kinds that share a table.
func sameTable(k Kind) Kind {
	switch k {
	case KindSmoking, KindTobacco, KindSocial, KindFunctional, KindMental:
		return KindOther
	}
	return k
}

// paragraphs writes free words: blank lines part paragraphs, line ends become br. Lines that follow each other with tabs in them are the
// rows of a table, as the reader gives those of others.
func (e *encoder) paragraphs(s, id string) {
	for i, b := range blocksOf(s) {
		if b.rows != nil {
			e.cells(b.rows, id+itoa(i+1))
			continue
		}
		e.openMixed("paragraph", "ID", id+itoa(i+1))
		for j, line := range b.lines {
			if j > 0 {
				e.empty("br")
			}
			e.text(line)
		}
		e.end("paragraph")
	}
}

// cells writes a table of words.
func (e *encoder) cells(rows [][]string, id string) {
	e.open("table", "ID", id)
	e.open("tbody")
	for _, row := range rows {
		e.open("tr")
		for _, cell := range row {
			e.element("td", cell)
		}
		e.end("tr")
	}
	e.end("tbody")
	e.end("table")
}

// block is a paragraph or a table of free words.
type block struct {
	lines []string
	rows  [][]string
}

// blocksOf splits free words into paragraphs and tables.
func blocksOf(s string) []block {
	var out []block
	var run []string // raw lines, all with tabs or all without
	flush := func() {
		if len(run) > 1 && strings.Contains(run[0], "\t") {
			b := block{}
			for _, line := range run {
				cells := strings.Split(strings.Trim(line, " "), "\t")
				for i := range cells {
					cells[i] = clean(cells[i])
				}
				b.rows = append(b.rows, cells)
			}
			out = append(out, b)
		} else {
			for _, p := range paragraphs(strings.Join(run, "\n")) {
				out = append(out, block{lines: p})
			}
		}
		run = nil
	}
	for line := range strings.SplitSeq(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s), "\n") {
		tabbed := strings.Contains(strings.TrimSpace(line), "\t")
		if clean(line) == "" || len(run) > 0 && tabbed != strings.Contains(run[0], "\t") {
			flush()
		}
		if clean(line) != "" {
			if !tabbed {
				line = strings.TrimSpace(line)
			}
			run = append(run, line)
		}
	}
	flush()
	return out
}

// notes writes the words of Note Activities, each with who and when.
func (e *encoder) notes(items []item) {
	for i := range items {
		it := &items[i]
		e.openMixed("paragraph", "ID", madePrefix+it.anchor)
		e.openMixed("content", "styleCode", "Bold")
		e.element("content", nonEmpty(it.Code.words(), "Note"), "ID", it.anchor+"-c")
		if by := it.By.words(); by != "" {
			e.text(", " + by)
		}
		if t := humanPeriod(it.Time); t != "" {
			e.text(", " + t)
		}
		e.end("content")
		e.empty("br")
		e.openMixed("content", "ID", it.anchor)
		first := true
		for _, p := range paragraphs(it.Text) {
			if !first {
				e.empty("br")
				e.empty("br")
			}
			for j, line := range p {
				if j > 0 {
					e.empty("br")
				}
				e.text(line)
			}
			first = false
		}
		e.end("content")
		if m := it.Media; m != nil {
			if !first {
				e.empty("br")
			}
			e.text("The note itself is attached: ")
			e.element("content", m.words(), "ID", it.anchor+"-f")
			e.text(".")
		}
		e.end("paragraph")
	}
}

// words describe an attached file.
func (b *Body) words() string {
	s := nonEmpty(clean(b.Description), "file")
	kind := clean(b.MediaType)
	if b.Reference != "" {
		return s + " (" + kind + ", " + clean(b.Reference) + ")"
	}
	return fmt.Sprintf("%s (%s, %d kB)", s, kind, (len(b.Data)+999)/1000)
}

func (e *encoder) mediaText(b *Body, id string) {
	if len(b.Data) == 0 && b.Reference == "" {
		return
	}
	e.openMixed("paragraph", "ID", madePrefix+id)
	e.text("Attached: ")
	e.element("content", b.words(), "ID", id+"-d")
	e.empty("renderMultiMedia", "referencedObject", id)
	e.end("paragraph")
}

// words of an author: the person, or the device.
func (a *Author) words() string {
	if a == nil {
		return ""
	}
	if a.Device != nil {
		return clean(a.Device.Software + " " + a.Device.Model)
	}
	return a.Party.words()
}

func (p *Party) words() string {
	if p == nil {
		return ""
	}
	s := p.Name.words()
	if p.Org != nil && clean(p.Org.Name) != "" {
		if s != "" {
			s += ", "
		}
		s += clean(p.Org.Name)
	}
	return s
}

// column is one column of a made table.
type column struct {
	head string
	text func(*item) string
}

// table writes one made table for entries of one kind: a row per entry, one more per part.
func (e *encoder) table(items []item, id string) {
	cols := e.columns(items[0].Kind)
	rows := make([]*item, 0, len(items))
	for i := range items {
		rows = append(rows, &items[i])
		for j := range items[i].parts {
			rows = append(rows, &items[i].parts[j])
		}
	}
	texts := make([][]string, len(rows))
	used := make([]bool, len(cols))
	for i, r := range rows {
		texts[i] = make([]string, len(cols))
		for j := 1; j < len(cols); j++ {
			texts[i][j] = clean(cols[j].text(r))
			used[j] = used[j] || texts[i][j] != ""
		}
	}
	e.open("table", "ID", id, "border", "1", "width", "100%")
	e.open("thead")
	e.open("tr")
	for j, c := range cols {
		if j == 0 || used[j] {
			e.element("th", c.head)
		}
	}
	e.end("tr")
	e.end("thead")
	e.open("tbody")
	for i, r := range rows {
		e.open("tr", "ID", r.anchor)
		e.firstCell(r)
		for j := 1; j < len(cols); j++ {
			switch {
			case !used[j]:
			case cols[j].head == "Comment" && texts[i][j] != "":
				e.openMixed("td")
				e.element("content", texts[i][j], "ID", r.anchor+"-t")
				e.end("td")
			default:
				e.element("td", texts[i][j])
			}
		}
		e.end("tr")
	}
	e.end("tbody")
	e.end("table")
}

// firstCell holds the words that the entry's code refers to, and the codes behind them for people who look.
func (e *encoder) firstCell(it *item) {
	e.openMixed("td")
	words := it.Code.words()
	if words == "" {
		e.text(it.nameless())
	} else {
		if it.Negated {
			e.text(negation(it.Kind))
		}
		e.element("content", words, "ID", it.anchor+"-c")
		if c := it.Code.codings(words); c != "" {
			e.text(" (" + c + ")")
		}
	}
	e.end("td")
}

// nameless is what the first cell says of an entry without a code.
func (it *item) nameless() string {
	none := map[Kind]string{KindProblem: "No known problems", KindAllergy: "No known allergies", KindMedication: "No medications",
		KindImmunization: "No immunizations", KindProcedure: "No procedures"}
	if it.Negated && none[it.Kind] != "" {
		return none[it.Kind]
	}
	usual := map[Kind]string{KindReferral: "Referral", KindVitals: "Vital signs", KindSmoking: "Smoking status",
		KindTobacco: "Tobacco use", KindCoverage: "Insurance", KindFamily: "Relative", KindFunctional: "Functional status",
		KindMental: "Mental status"}
	return nonEmpty(usual[it.Kind], "Not named")
}

func negation(k Kind) string {
	switch k {
	case KindProblem, KindAllergy:
		return "None: "
	case KindMedication:
		return "Not taking: "
	case KindImmunization:
		return "Not given: "
	}
	return "Not done: "
}

// codings lists the codes as "ICD-10-CM E11.9, SNOMED CT 44054006".
func (c Code) codings(words string) string {
	var parts []string
	for _, x := range append([]Code{c}, c.Translations...) {
		code := clean(x.Code)
		if code == "" || code == words {
			continue
		}
		parts = append(parts, clean(nonEmpty(systemName(x), x.System)+" "+code))
	}
	return strings.Join(parts, ", ")
}
