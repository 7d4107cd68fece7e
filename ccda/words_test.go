package ccda_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"refloop/ccda"
)

// TestNothingIsLost counts, with another XML reader, every word of narrative and every coded value of the entries in all
// samples, and looks for it in what Read gives: fields, safe HTML or the kept remainder.
func TestNothingIsLost(t *testing.T) {
	for name, b := range samples(t) {
		d := read(t, b)
		var html, rest strings.Builder
		var walk func([]ccda.Section)
		walk = func(list []ccda.Section) {
			for _, s := range list {
				html.WriteString(s.HTML + " " + s.Title + " ")
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
		shown := htmlWords(html.String()) + " " + d.Notice
		lostWords, lostCodes := 0, []string{}
		for _, w := range words {
			if !strings.Contains(shown, w) {
				lostWords++
			}
		}
		for _, c := range codes {
			if !strings.Contains(string(fields), `"`+c+`"`) && !strings.Contains(rest.String(), c) {
				lostCodes = append(lostCodes, c)
			}
		}
		if lostWords > 0 || len(lostCodes) > 0 {
			t.Errorf("%s: %d of %d words lost, %d of %d codes lost: %v", name, lostWords, len(words), len(lostCodes), len(codes), lostCodes[:min(10, len(lostCodes))])
		}
	}
}

// content gives the words of every section/text and the codes of every entry, but for the codes that a template fixes.
func content(t *testing.T, b []byte) (words, codes []string) {
	fixed := map[string]bool{"CONC": true, "ASSERTION": true, "SEV": true, "33999-4": true, "48767-8": true, "48768-6": true, "completed": true, "active": true,
		"55607006": true, "75326-9": true, "46680005": true, "74728-7": true, "404684003": true, "75321-0": true, "PAYOR": true, "GUAR": true, "": true}
	d := xml.NewDecoder(strings.NewReader(strings.TrimPrefix(string(b), "\xef\xbb\xbf")))
	d.Strict = false
	var path []string
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return words, codes
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
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if in("text") && in("section") && !in("entry") {
				words = append(words, strings.Fields(string(e))...)
			}
		}
	}
}

// htmlWords undoes the escaping of the safe HTML, which is enough to look words up.
func htmlWords(s string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&#34;", `"`, "&#39;", "'", "&amp;", "&").Replace(s)
}
