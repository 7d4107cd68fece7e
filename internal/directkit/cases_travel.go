package directkit

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// fixture reads a file of the module's testdata.
func (k *Kit) fixture(name string) []byte {
	k.t.Helper()
	_, here, _, _ := runtime.Caller(0)
	b, err := os.ReadFile(filepath.Join(filepath.Dir(here), "../../testdata", name))
	if err != nil {
		k.t.Fatal(err)
	}
	return b
}

// file is an attachment.
type file struct{ name, typ, more string }

// travel are the cases of section 10 about content: whatever a trusted sender without 360X sends becomes a referral or is held for a
// person, and is answered.
func (k *Kit) travel() {
	const row = "10 content"
	attached := func(name string, files ...any) {
		var b strings.Builder
		b.WriteString("Content-Type: multipart/mixed; boundary=travel\r\n\r\n--travel\r\nContent-Type: text/plain\r\n\r\nPlease see attached.\r\n")
		for i := 0; i < len(files); i += 2 {
			f := files[i].(file)
			b.WriteString("--travel\r\nContent-Type: " + f.typ + "\r\n")
			if f.name != "" {
				b.WriteString("Content-Disposition: attachment; filename=\"" + f.name + "\"\r\n")
			}
			b.WriteString(f.more + "Content-Transfer-Encoding: base64\r\n\r\n" + Base64(files[i+1].([]byte), 76, "\r\n"))
		}
		b.WriteString("--travel--\r\n")
		k.good(name, row, k.changed(name, func(m *Mail) { m.Body = b.String() }))
	}
	note, consult, wrapped := k.fixture("ccda/hl7-referral-note-r20.xml"), k.fixture("ccda/hl7-consultation-note-r20.xml"), k.fixture("ccda/hl7-unstructured-embedded-pdf.xml")
	older, package_ := k.fixture("ccda/nextgen-ccda-r11.xml"), k.fixture("xdm/CCDA_Ambulatory_in_XDM.zip")
	pdf := []byte("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")
	style := func(ref string) []byte {
		return bytes.Replace(note, []byte("?>"), []byte("?>\n<?xml-stylesheet type=\"text/xsl\" href=\""+ref+"\"?>"), 1)
	}
	attached("plain C-CDA", file{"note.xml", "text/xml", ""}, note)
	attached("plain C-CDA as octet-stream", file{"note.xml", "application/octet-stream", ""}, note)
	attached("plain C-CDA as application/xml", file{"note.xml", "application/xml", ""}, note)
	attached("plain C-CDA without a name", file{"", "text/xml", ""}, note)
	attached("plain C-CDA with a byte order mark", file{"note.xml", "text/xml", ""}, append([]byte("\xef\xbb\xbf"), note...))
	attached("plain C-CDA with a broken stylesheet", file{"note.xml", "text/xml", ""}, style("nowhere/CDA.xsl"))
	attached("plain C-CDA with an invalid stylesheet", file{"note.xml", "text/xml", ""}, style("http://127.0.0.1:1/&quot;"))
	attached("consultation note", file{"note.xml", "text/xml", ""}, consult)
	attached("older C-CDA", file{"note.xml", "text/xml", ""}, older)
	attached("PDF in a CDA", file{"note.xml", "text/xml", ""}, wrapped)
	attached("C-CDA that is cut", file{"note.xml", "text/xml", ""}, note[:len(note)/2])
	attached("XML that is no C-CDA", file{"note.xml", "text/xml", ""}, []byte("<?xml version=\"1.0\"?><note>words</note>"))
	attached("PDF", file{"letter.pdf", "application/pdf", ""}, pdf)
	attached("PDF as octet-stream", file{"letter.pdf", "application/octet-stream", ""}, pdf)
	attached("PDF and C-CDA", file{"letter.pdf", "application/pdf", ""}, pdf, file{"note.xml", "text/xml", ""}, note)
	attached("C-CDA and PDF", file{"note.xml", "text/xml", ""}, note, file{"letter.pdf", "application/pdf", ""}, pdf)
	attached("two C-CDA", file{"a.xml", "text/xml", ""}, note, file{"b.xml", "text/xml", ""}, consult)
	attached("image", file{"scan.png", "image/png", ""}, []byte("\x89PNG\r\n\x1a\nnothing"))
	attached("word processor file", file{"letter.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ""}, []byte("PK\x03\x04 nothing"))
	attached("text file", file{"letter.txt", "text/plain", ""}, []byte("A synthetic letter.\r\n"))
	attached("empty attachment", file{"note.xml", "text/xml", ""}, []byte{})
	attached("XDM package", file{"xdm.zip", "application/zip", ""}, package_)
	attached("XDM as octet-stream", file{"xdm.zip", "application/octet-stream", ""}, package_)
	attached("XDM as xml", file{"xdm.zip", "application/xml", ""}, package_)
	attached("XDM with another name", file{"documents", "application/x-zip-compressed", ""}, package_)
	attached("XDM and C-CDA", file{"xdm.zip", "application/zip", ""}, package_, file{"note.xml", "text/xml", ""}, note)
	attached("C-CDA and XDM", file{"note.xml", "text/xml", ""}, note, file{"xdm.zip", "application/zip", ""}, package_)
	attached("XDM in capitals", file{"XDM.ZIP", "APPLICATION/ZIP", ""}, k.fixture("xdm/xdm_minimal_lowercase.zip"))
	attached("XDM that is cut", file{"xdm.zip", "application/zip", ""}, package_[:len(package_)/2])
	k.good("C-CDA as the body", row, k.changed("C-CDA as the body", func(m *Mail) {
		m.Body = "Content-Type: text/xml; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" + Base64(note, 76, "\r\n")
	}))
	k.good("HTML as the body", row, k.changed("HTML as the body", func(m *Mail) { m.Body = "Content-Type: text/html\r\n\r\n<p>A synthetic letter.</p>\r\n" }))
	k.good("nothing but a subject", row, k.changed("nothing but a subject", func(m *Mail) { m.Fields, m.Body = "Subject: please call\r\n", "Content-Type: text/plain\r\n\r\n\r\n" }))
}
