package ccda_test

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"refloop/ccda"
)

func unstructured(attrs, content string) []byte {
	return []byte(`<ClinicalDocument xmlns="urn:hl7-org:v3"><component><nonXMLBody><text ` + attrs + `>` + content + `</text></nonXMLBody></component></ClinicalDocument>`)
}

func deflated(t *testing.T, data []byte) string {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, 9)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func TestReadRefuses(t *testing.T) {
	deep := strings.Repeat("<a>", 200) + strings.Repeat("</a>", 200)
	entry := `<entry><observation classCode="OBS" moodCode="EVN"><code code="1"/></observation></entry>`
	many := `<ClinicalDocument><component><structuredBody><component><section><code code="1"/>` + strings.Repeat(entry, 50) + `</section></component></structuredBody></component></ClinicalDocument>`
	small := ccda.Limits{Entries: 20, Elements: 2000, Inflated: 1000}
	for name, c := range map[string]struct {
		doc  string
		want error
	}{
		"empty":         {"", ccda.ErrNotXML},
		"text":          {"hello", ccda.ErrNotXML},
		"cut short":     {"<ClinicalDocument><id", ccda.ErrNotXML},
		"left open":     {"<ClinicalDocument><id>", ccda.ErrNotXML},
		"crossed":       {"<ClinicalDocument><a></b></ClinicalDocument>", ccda.ErrNotXML},
		"doctype":       {`<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><ClinicalDocument/>`, ccda.ErrDoctype},
		"entity":        {"<ClinicalDocument><title>&x;</title></ClinicalDocument>", ccda.ErrNotXML},
		"other root":    {"<html/>", ccda.ErrNotCDA},
		"two roots":     {"<ClinicalDocument/><ClinicalDocument/>", ccda.ErrNotXML},
		"deep":          {"<ClinicalDocument>" + deep + "</ClinicalDocument>", ccda.ErrTooLarge},
		"many elements": {"<ClinicalDocument>" + strings.Repeat("<a/>", 3000) + "</ClinicalDocument>", ccda.ErrTooLarge},
		"many entries":  {many, ccda.ErrTooLarge},
		"bomb":          {string(unstructured(`mediaType="text/plain" representation="B64" compression="DF"`, deflated(t, make([]byte, 1<<20)))), ccda.ErrTooLarge},
		"not base64":    {string(unstructured(`representation="B64"`, "!!!")), nil},
		"lzw":           {string(unstructured(`representation="B64" compression="Z"`, "AAAA")), nil},
	} {
		d, err := ccda.Read([]byte(c.doc), small)
		if err == nil || c.want != nil && !errors.Is(err, c.want) || d.Type != "" || len(d.Sections) > 0 {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := ccda.Read(make([]byte, 100), ccda.Limits{Bytes: 10}); !errors.Is(err, ccda.ErrTooLarge) {
		t.Errorf("size: got %v", err)
	}
}

func TestBodies(t *testing.T) {
	for name, b := range map[string][]byte{
		"base64":     unstructured(`mediaType="text/plain" representation="B64"`, " aGVs\n bG8= "),
		"compressed": unstructured(`mediaType="text/plain" representation="B64" compression="DF"`, deflated(t, []byte("hello"))),
		"text":       unstructured(`mediaType="text/plain"`, "<![CDATA[hello]]>"),
	} {
		d := read(t, b)
		if d.Body == nil || string(d.Body.Data) != "hello" || d.Type != ccda.TypeUnstructured {
			t.Errorf("%s: got %+v", name, d.Body)
		}
	}
	if d := read(t, unstructured(`mediaType="application/pdf"`, `<reference value="DOC00002.PDF"/>`)); d.Body.Reference != "DOC00002.PDF" {
		t.Errorf("reference: got %+v", d.Body)
	}
}

func section(text string) []byte {
	return []byte(`<ClinicalDocument><component><structuredBody><component><section><code code="42349-1" codeSystem="2.16.840.1.113883.6.1"/><text>` + text + `</text></section></component></structuredBody></component></ClinicalDocument>`)
}

func TestSafeHTML(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`<paragraph>a &lt;b&gt;</paragraph>`, `<p>a &lt;b&gt;</p>`},
		{`<script>alert(1)</script>x`, `alert(1)x`},
		{`<table onload="x"><tbody><tr><td colspan="2" style="x">y</td></tr></tbody></table>`, `<table><tbody><tr><td colspan="2">y</td></tr></tbody></table>`},
		{`<linkHtml href="javascript:alert(1)">l</linkHtml>`, `l`},
		{`<linkHtml href=" JavaScript:alert(1)">l</linkHtml>`, `l`},
		{`<linkHtml href="https://x.example/?a=1&amp;b">l</linkHtml>`, `<a href="https://x.example/?a=1&amp;b" rel="noopener noreferrer nofollow">l</a>`},
		{`<linkHtml href="#a">l</linkHtml>`, `<a href="#n-a" rel="noopener noreferrer nofollow">l</a>`},
		{`<img src="http://x"/><iframe src="x">y</iframe>`, `y`},
		{`<list listType="ordered"><item>1</item></list><content styleCode="Bold" ID="a&quot;b">c</content><br/>`, `<ol><li>1</li></ol><strong id="n-a&#34;b">c</strong><br>`},
		{`<renderMultiMedia referencedObject="m&lt;1"/>`, ` [m&lt;1] `},
		{`<renderMultiMedia referencedObject="m"><caption>a scan</caption></renderMultiMedia>`, ` [m] <em>a scan</em> `},
	} {
		if got := read(t, section(c.in)).Sections[0].HTML; got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

func TestPlainText(t *testing.T) {
	got := read(t, section("<paragraph>one\n two</paragraph><paragraph>three<br/>four</paragraph><table><tbody><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></tbody></table><list><item>d</item><item> e <content>f</content></item></list>")).Sections[0].Text
	if want := "one two\n\nthree\nfour\n\na\tb\nc\nd\ne f"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCharacterSets(t *testing.T) {
	const doc = "<ClinicalDocument><title>M\xfcller</title></ClinicalDocument>"
	utf16 := []byte{0xff, 0xfe}
	for _, c := range "<ClinicalDocument><title>Müller</title></ClinicalDocument>" {
		utf16 = append(utf16, byte(c), byte(c>>8))
	}
	for name, b := range map[string][]byte{
		"declared latin 1": []byte(`<?xml version="1.0" encoding="ISO-8859-1"?>` + doc),
		"said to be utf-8": []byte(`<?xml version="1.0" encoding="UTF-8"?>` + doc),
		"nothing said":     []byte(doc),
		"BOM":              []byte("\xef\xbb\xbf<ClinicalDocument><title>Müller</title></ClinicalDocument>"),
		"UTF-16":           utf16,
	} {
		if d := read(t, b); d.Title != "Müller" {
			t.Errorf("%s: got %q", name, d.Title)
		}
	}
	if _, err := ccda.Read([]byte(`<?xml version="1.0" encoding="klingon"?><ClinicalDocument/>`), ccda.Limits{}); !errors.Is(err, ccda.ErrNotXML) {
		t.Errorf("unknown set: %v", err)
	}
}

// FuzzRead: no panic, nothing beside an error, no markup outside the allow-list, and what was read can be written.
func FuzzRead(f *testing.F) {
	for _, b := range samples(f) {
		if len(b) < 30_000 { // the fuzzer is slow with large inputs
			f.Add(b)
		}
	}
	for _, kind := range documentTypes {
		b, err := ccda.Marshal(sparse(kind))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add(section(`<paragraph ID="a">x</paragraph>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := ccda.Read(b, ccda.Limits{Bytes: 1 << 20, Inflated: 1 << 20})
		if err != nil {
			if d.Type != "" || len(d.Sections) > 0 || len(d.Rest) > 0 {
				t.Fatal("a document and an error")
			}
			return
		}
		for _, s := range d.Sections {
			if strings.Contains(s.HTML, "<script") || strings.Contains(s.HTML, "<iframe") {
				t.Fatalf("unsafe HTML: %q", s.HTML)
			}
		}
		out, err := ccda.Marshal(d)
		if err != nil {
			return // no ID, no time, no author
		}
		if _, err := ccda.Read(out, ccda.Limits{}); err != nil {
			t.Fatalf("what Write wrote cannot be read: %v", err)
		}
		ccda.Check(b)
	})
}

// TestMutations spoils documents at random: Read and Check answer or refuse, they do not break.
func TestMutations(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	docs := [][]byte{section(`<paragraph ID="a">x &amp; y</paragraph>`), marshal(t, dense(ccda.TypeReferral)), samples(t)["hl7-unstructured-text-consult.xml"], samples(t)["hl7-consultation-note-r20.xml"]}
	for range 400 {
		b := bytes.Clone(docs[random.IntN(len(docs))])
		for range 1 + random.IntN(6) {
			at := random.IntN(len(b))
			switch random.IntN(3) {
			case 0:
				b[at] = byte(random.IntN(256))
			case 1:
				b = append(b[:at], b[min(len(b), at+random.IntN(40)):]...)
			default:
				from := random.IntN(len(b))
				b = slices.Insert(b, at, b[from:min(len(b), from+random.IntN(200))]...)
			}
			if len(b) == 0 {
				break // nothing left to spoil
			}
		}
		d, err := ccda.Read(b, ccda.Limits{})
		if err != nil && (d.Type != "" || len(d.Sections) > 0) {
			t.Fatal("a document and an error")
		}
		ccda.Check(b)
	}
}
