package ccda_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"refloop/ccda"
)

// TestNothingIsLost counts, with another XML reader, every word of narrative and every coded value of the entries in all
// samples, and looks for it in what Read gives: fields, safe HTML or the kept remainder.
func TestNothingIsLost(t *testing.T) {
	for name, b := range samples(t) {
		nothingLost(t, name, b, read(t, b))
	}
}

// nothingLost compares what was read with the text of the document: each word of narrative as often as it stands there, each code.
func nothingLost(t *testing.T, name string, b []byte, d ccda.Document) ccda.Document {
	t.Helper()
	var shownHTML, rest strings.Builder
	var walk func([]ccda.Section)
	walk = func(list []ccda.Section) {
		for _, s := range list {
			shownHTML.WriteString(s.HTML + " ")
			walk(s.Sections)
		}
	}
	walk(d.Sections)
	for _, r := range d.Rest {
		rest.WriteString(r.XML)
	}
	fields, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	words, codes := content(t, b)
	have := map[string]int{}
	for _, w := range strings.Fields(htmlWords(shownHTML.String()) + " " + d.Notice) {
		have[w]++
	}
	var lostWords, lostCodes []string
	for _, w := range words {
		if have[w]--; have[w] < 0 {
			lostWords = append(lostWords, w)
		}
	}
	for _, c := range codes {
		if !strings.Contains(string(fields), `"`+c+`"`) && !strings.Contains(rest.String(), c) {
			lostCodes = append(lostCodes, c)
		}
	}
	if len(lostWords) > 0 || len(lostCodes) > 0 {
		t.Errorf("%s: %d of %d words lost: %q, %d of %d codes lost: %v", name, len(lostWords), len(words), lostWords[:min(10, len(lostWords))], len(lostCodes), len(codes), lostCodes[:min(20, len(lostCodes))])
	}
	return d
}

// content gives the words of every section/text and the codes of every entry, but for the codes that a template fixes.
func content(t *testing.T, b []byte) (words, codes []string) {
	fixed := map[string]bool{"CONC": true, "ASSERTION": true, "SEV": true, "33999-4": true, "48767-8": true, "48768-6": true, "completed": true, "active": true,
		"55607006": true, "75326-9": true, "46680005": true, "74728-7": true, "404684003": true, "75321-0": true, "PAYOR": true, "GUAR": true, "": true}
	d := xml.NewDecoder(strings.NewReader(strings.TrimPrefix(string(b), "\xef\xbb\xbf")))
	d.Strict = false
	var path []string
	var text strings.Builder
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return strings.Fields(text.String()), codes
		}
		if err != nil {
			t.Fatal(err)
		}
		in := func(name string) bool {
			for _, p := range path {
				if p == name {
					return true
				}
			}
			return false
		}
		switch e := tok.(type) {
		case xml.StartElement:
			if in("entry") && e.Name.Local != "statusCode" {
				for _, a := range e.Attr {
					if c := strings.TrimSpace(a.Value); a.Name.Local == "code" && !fixed[c] {
						codes = append(codes, c)
					}
				}
			}
			path = append(path, e.Name.Local)
			if in("text") && in("section") && !in("entry") && !inline[e.Name.Local] {
				text.WriteByte(' ')
			}
		case xml.EndElement:
			if path = path[:len(path)-1]; !inline[e.Name.Local] {
				text.WriteByte(' ')
			}
		case xml.CharData:
			if in("text") && in("section") && !in("entry") {
				text.Write(e)
			}
		}
	}
}

// inline are the elements of narrative that part no words.
var inline = map[string]bool{"content": true, "sub": true, "sup": true, "linkHtml": true, "footnote": true, "footnoteRef": true}

var (
	tags   = regexp.MustCompile(`</?(strong|em|u|span|a|sub|sup|small)[^>]*>`)
	blocks = regexp.MustCompile(`<[^>]*>`)
)

// htmlWords takes the markup off the safe HTML.
func htmlWords(s string) string {
	s = blocks.ReplaceAllString(tags.ReplaceAllString(s, ""), " ")
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&#34;", `"`, "&#39;", "'", "&amp;", "&").Replace(s)
}
