package ccda

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
)

// Write writes d to out as C-CDA R2.1. It fails, before writing anything, when d lacks what no document can be without
// and nobody may invent: a type that this package writes, the document's ID, its time and an author; an Unstructured
// Document also needs its body. Everything else that the standard demands and d does not know becomes a null flavour,
// and missing required sections say that nothing was given.
//
// Codes that cannot belong to their code system and times that are no times stay in the narrative and leave the
// entries. Output is the same for equal input.
func Write(out io.Writer, d Document) error {
	spec, err := writable(&d)
	if err != nil {
		return err
	}
	e := &encoder{writer: newWriter(out), doc: &d, spec: spec}
	e.document()
	return e.flush()
}

// Marshal returns what Write writes.
func Marshal(d Document) ([]byte, error) {
	var b bytes.Buffer
	if err := Write(&b, d); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func writable(d *Document) (*docSpec, error) {
	spec := docByType(d.Type)
	switch {
	case spec == nil:
		return nil, fmt.Errorf("ccda: writing: type: got %q, want referral, consult, ccd or unstructured", d.Type)
	case !d.ID.usable():
		return nil, fmt.Errorf("ccda: writing: id.root: got %d characters, want an OID or a UUID", len(d.ID.Root))
	case len(stamp(d.Time)) < 8:
		return nil, fmt.Errorf("ccda: writing: time: got %d characters, want an HL7 time of day precision or better", len(d.Time))
	case len(d.Authors) == 0:
		return nil, fmt.Errorf("ccda: writing: authors: got none, want a person or a device")
	case d.Type == TypeReferral && len(d.Recipients) > 1:
		return nil, fmt.Errorf("ccda: writing: recipients: got %d, want at most 1 in a referral note (CONF:1198-31589)", len(d.Recipients))
	case d.Type == TypeUnstructured && (d.Body == nil || len(d.Body.Data) == 0 && d.Body.Reference == ""):
		return nil, fmt.Errorf("ccda: writing: body: got none, want data or a reference for an unstructured document")
	case d.Type == TypeUnstructured && !mediaFits(d.Body.MediaType):
		return nil, fmt.Errorf("ccda: writing: body.media_type: got %q, want one of %s", d.Body.MediaType, mediaTypes)
	}
	return spec, nil
}

const mediaTypes = "application/msword application/pdf text/plain text/rtf text/html image/gif image/tiff image/jpeg image/png"

func mediaFits(s string) bool { return among(s, mediaTypes, "") != "" }

// encoder writes one document.
type encoder struct {
	*writer
	doc    *Document
	spec   *docSpec
	rows   int // narrative anchors given so far
	blocks int // sections given so far
}

// derive makes an identifier that depends on the document's ID and a name alone: a UUID of version 5 (RFC 9562).
func (e *encoder) derive(name string) ID { return ID{Root: Derive(e.doc.ID, name)} }

// Derive makes a UUID (version 5, RFC 9562, over the identifier's text as name space) from an identifier and a name,
// for identifiers that must be the same whenever a document is made again.
func Derive(from ID, name string) string {
	h := sha1.New()
	io.WriteString(h, from.key())
	io.WriteString(h, "\x00")
	io.WriteString(h, name)
	b := h.Sum(nil)[:16]
	b[6] = b[6]&0x0f | 0x50
	b[8] = b[8]&0x3f | 0x80
	s := hex.EncodeToString(b)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// template writes a templateId and, when asked for, its R1.1 twin.
func (w *writer) template(root, ext string, twin bool) {
	w.empty("templateId", "root", root, "extension", ext)
	if twin && ext != "" {
		w.empty("templateId", "root", root)
	}
}

func (e *encoder) document() {
	d := e.doc
	e.buf = append(e.buf, `<?xml version="1.0" encoding="UTF-8"?>`...)
	e.open("ClinicalDocument", "xmlns", "urn:hl7-org:v3", "xmlns:sdtc", "urn:hl7-org:sdtc",
		"xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance")
	e.header()
	e.open("component")
	if d.Type == TypeUnstructured {
		e.nonXML(d.Body)
	} else {
		e.body()
	}
	e.end("component")
	e.end("ClinicalDocument")
	e.buf = append(e.buf, '\n')
}

func (e *encoder) nonXML(b *Body) {
	e.open("nonXMLBody")
	if len(b.Data) == 0 {
		e.open("text", "mediaType", b.MediaType)
		e.empty("reference", "value", urlText(clean(b.Reference)))
		e.end("text")
	} else {
		e.openMixed("text", "mediaType", b.MediaType, "representation", "B64")
		e.base64(b.Data)
		e.end("text")
	}
	e.end("nonXMLBody")
}

// confidentiality is the document's level: never below its strictest section, never below its labels, never below R with a notice.
func (d *Document) confidentiality() string {
	level := among(d.Confidentiality, "N R V", "N")
	if clean(d.Notice) != "" {
		level = stricter(level, "R")
	}
	var walk func([]Section)
	walk = func(list []Section) {
		for i := range list {
			level = stricter(level, list[i].Confidentiality)
			walk(list[i].Sections)
		}
	}
	walk(d.Sections)
	for i := range d.Labels {
		if d.Labels[i].Kind == LabelClass {
			level = stricter(level, d.Labels[i].Code.Code)
		}
	}
	return level
}

// stricter returns the stricter of two levels of 2.16.840.1.113883.5.25; unknown ones count for nothing.
func stricter(a, b string) string {
	rank := func(s string) int {
		switch s {
		case "N":
			return 1
		case "R":
			return 2
		case "V":
			return 3
		}
		return 0
	}
	if rank(b) > rank(a) {
		return b
	}
	return a
}
