package ccda_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"refloop/ccda"
)

// TestWriteHTML: the page is well-formed, says every section and holds nothing that runs or is fetched.
func TestWriteHTML(t *testing.T) {
	docs := map[string]ccda.Document{}
	for name, b := range samples(t) {
		docs[name] = read(t, b)
	}
	for name, s := range vendors() {
		docs[name] = read(t, []byte(s))
	}
	for _, kind := range documentTypes {
		docs[string(kind)] = read(t, marshal(t, dense(kind)))
		docs["unread "+string(kind)] = dense(kind)
	}
	hostile := read(t, section(`<paragraph ID="a&quot; onload=&quot;x">&lt;script&gt;<linkHtml href="javascript:x">l</linkHtml></paragraph>`))
	hostile.Title = "<script>alert(1)</script>"
	docs["hostile"] = hostile
	for name, d := range docs {
		var b strings.Builder
		if err := ccda.WriteHTML(&b, d, "p1-"); err != nil {
			t.Fatal(err)
		}
		page := b.String()
		x := xml.NewDecoder(strings.NewReader("<body>" + page + "</body>"))
		x.Entity = map[string]string{}
		for {
			tok, err := x.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if e, ok := tok.(xml.StartElement); ok {
				if strings.Contains(" script style iframe img object link form ", " "+e.Name.Local+" ") {
					t.Errorf("%s: holds %s", name, e.Name.Local)
				}
				for _, a := range e.Attr {
					if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "style" || a.Name.Local == "src" || a.Name.Local == "id" && !strings.HasPrefix(a.Value, "p1-") {
						t.Errorf("%s: %s has %s=%q", name, e.Name.Local, a.Name.Local, a.Value)
					}
				}
			}
		}
		for _, s := range d.Sections {
			if s.Title != "" && !strings.Contains(htmlWords(page), strings.Join(strings.Fields(s.Title), " ")) {
				t.Errorf("%s: section %q is not there", name, s.Title)
			}
		}
	}
}

// TestTabbedLines: rows that the reader gives of another's table are a table again.
func TestTabbedLines(t *testing.T) {
	d := sparse(ccda.TypeReferral)
	want := "Before it.\n\nTest\tValue\nSodium\t139\n\nAfter it.\nAnother line."
	d.Sections = []ccda.Section{{LOINC: ccda.SectionResults, Text: want}}
	b := marshal(t, d)
	if !strings.Contains(string(b), "<td>Sodium</td>") {
		t.Error("no table was written")
	}
	for _, s := range read(t, b).Sections {
		if s.LOINC == ccda.SectionResults && s.Text != want {
			t.Errorf("got %q, want %q", s.Text, want)
		}
	}
}

// TestWideRow: the one row of a wide table is a list of names and values; a narrow table stays one.
func TestWideRow(t *testing.T) {
	for cells, list := range map[int]bool{3: false, 7: true} {
		row := func(tag string) string {
			return "<tr>\n" + strings.Repeat("<"+tag+"><content>x</content></"+tag+">\n", cells) + "</tr>"
		}
		d := read(t, section("<table>\n<thead>"+row("th")+"</thead>\n<tbody>"+row("td")+"</tbody></table>"))
		var b strings.Builder
		if err := ccda.WriteHTML(&b, d, "x-"); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(b.String(), `<table class="facts">`) == 2; got != list {
			t.Errorf("%d cells: got a list %v\n%s", cells, got, b.String())
		}
	}
}
