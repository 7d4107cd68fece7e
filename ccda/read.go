package ccda

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Read reads any C-CDA, C32 or CDA document. A section is known by its LOINC code, else by the root of its template,
// whatever the extension; an entry by the root of its template, else by where it stands. Missing and wrong things are
// put up with: byte order marks, other character sets, unbound prefixes, blanks around codes, times without offset.
// What no field holds stays in Document.Rest.
//
// Errors: over a limit (ErrTooLarge), a DOCTYPE (ErrDoctype), not well-formed (ErrNotXML), not a clinical document
// (ErrNotCDA), a body that cannot be decoded. On error the Document is zero.
func Read(b []byte, limits Limits) (Document, error) {
	limits = limits.withDefaults()
	t, err := parseXML(b, limits)
	if err != nil {
		return Document{}, err
	}
	if t.root.name != "ClinicalDocument" {
		return Document{}, ErrNotCDA
	}
	d := &decoder{tree: t, limits: limits, doc: &Document{Sections: []Section{}, Rest: []Rest{}}}
	d.header()
	if err := d.content(); err != nil {
		return Document{}, err
	}
	d.loop()
	t.root.leftover("ClinicalDocument", func(path string, n *node) {
		d.doc.Rest = append(d.doc.Rest, Rest{Path: path, XML: strings.Clone(t.src[n.lo:n.hi])})
	})
	return *d.doc, nil
}

// kindOf tells type and release by the document templates, then by the document code.
func (d *decoder) kindOf() {
	d.doc.Type, d.doc.Release = TypeOther, "CDA"
	for _, k := range d.root.kids {
		if k.name != "templateId" {
			continue
		}
		root, ext := k.attr("root"), k.attr("extension")
		switch {
		case root == "2.16.840.1.113883.3.88.11.32.1" || root == "2.16.840.1.113883.10.20.1":
			d.doc.Release = "C32"
		case strings.HasPrefix(root, tpl+"1."):
			d.release(ext)
		}
		for i := range docTable {
			if docTable[i].Root == root {
				d.doc.Type = docTable[i].Type
			}
		}
	}
	if d.root.at("component", "nonXMLBody") != nil {
		d.doc.Type = TypeUnstructured
	}
	if d.doc.Type == TypeOther {
		for i := range docTable {
			if docTable[i].Type != TypeUnstructured && docTable[i].Code == d.doc.Code.Code {
				d.doc.Type = docTable[i].Type
			}
		}
	}
}

func (d *decoder) release(ext string) {
	release := "R1.1"
	switch {
	case ext >= "2023":
		release = "R4"
	case ext >= "2015":
		release = "R2.1"
	case ext != "":
		release = "R2.0"
	}
	if release > d.doc.Release || d.doc.Release == "CDA" || d.doc.Release == "C32" {
		d.doc.Release = release
	}
}

// content reads the body: sections, or a file.
func (d *decoder) content() error {
	comp := d.root.child("component")
	if x := comp.child("nonXMLBody"); x != nil {
		body, err := d.body(x.child("text"))
		if err != nil {
			return fmt.Errorf("ccda: reading: nonXMLBody: %w", err)
		}
		d.doc.Body = body
		return nil
	}
	var err error
	comp.child("structuredBody").each("component", func(k *node) {
		k.each("section", func(s *node) {
			if err == nil {
				err = d.topSection(s)
			}
		})
	})
	return err
}

// topSection reads one section. The redisclosure statement of DS4P becomes the Document's notice, the labels beside it are those of the
// document.
func (d *decoder) topSection(s *node) error {
	if s.child("code").attr("code") == noticeLOINC || s.template(ds4pNotice) {
		words, labels := plain(s.child("text"), true), len(d.doc.Labels)
		d.section = ""
		s.each("entry", func(k *node) {
			for _, x := range k.kids {
				d.labels(x)
			}
		})
		if d.doc.Notice == "" && (words != "" || len(d.doc.Labels) > labels) {
			d.doc.Notice = words
			for _, name := range []string{"code", "title", "text", "confidentialityCode"} {
				s.child(name).take()
			}
			return nil
		}
		d.doc.Labels = d.doc.Labels[:labels] // a second such section is read as any other
	}
	sec, err := d.readSection(s, 0)
	if err != nil {
		return err
	}
	d.doc.Sections = append(d.doc.Sections, sec)
	return nil
}

// body decodes an ED value: base64 or text, compressed or not, or a reference to a file.
func (d *decoder) body(n *node) (*Body, error) {
	if n == nil {
		return nil, nil
	}
	n.used = true
	b := &Body{MediaType: n.attr("mediaType"), Reference: n.child("reference").attr("value")}
	n.child("thumbnail")
	var raw strings.Builder
	for _, k := range n.kids {
		if k.name == "" {
			raw.WriteString(k.text)
		}
	}
	s := raw.String()
	if blank(s) {
		return b, nil
	}
	if !strings.EqualFold(n.attr("representation"), "B64") {
		b.Data = []byte(strings.TrimSpace(s))
		return b, nil
	}
	packed := strings.TrimRight(strings.Map(func(r rune) rune {
		if r < 128 && isBlank(byte(r)) {
			return -1
		}
		return r
	}, s), "=")
	data, err := base64.RawStdEncoding.DecodeString(packed)
	if err != nil {
		return nil, fmt.Errorf("got %d characters that are not base64", len(s))
	}
	if c := n.attr("compression"); c != "" {
		data, err = d.inflate(data, c)
	}
	b.Data = data
	return b, err
}

// inflate undoes CompressionAlgorithm DF (RFC 1951, in practice often with the zlib frame), ZL and GZ.
func (d *decoder) inflate(data []byte, how string) ([]byte, error) {
	var in io.Reader
	switch how {
	case "DF", "ZL":
		z, err := zlib.NewReader(bytes.NewReader(data))
		if err != nil {
			in = flate.NewReader(bytes.NewReader(data))
		} else {
			in = z
		}
	case "GZ":
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("got %d bytes that are not gzip", len(data))
		}
		in = z
	default:
		return nil, fmt.Errorf("got compression %q, want DF, ZL or GZ", how)
	}
	out, err := io.ReadAll(io.LimitReader(in, int64(d.limits.Inflated)+1))
	if len(out) > d.limits.Inflated {
		return nil, fmt.Errorf("%w: a body inflates to more than %d bytes", ErrTooLarge, d.limits.Inflated)
	}
	if err != nil {
		return nil, fmt.Errorf("got %d bytes that do not inflate", len(data))
	}
	return out, nil
}

// loop finds the referral's identifier: in a Consultation Note the order first, else the Patient Referral Act, else the
// order of any document.
func (d *decoder) loop() {
	orders := d.doc.Orders
	if d.doc.Type == TypeConsult && len(orders) > 0 {
		d.doc.ReferralID, d.doc.Orders = orders[0], orders[1:]
	} else if id := referralAct(d.doc.Sections); id.Root != "" {
		d.doc.ReferralID = id
		for i, o := range orders {
			if o.Same(id) {
				d.doc.Orders = append(orders[:i:i], orders[i+1:]...)
				break
			}
		}
	} else if len(orders) > 0 {
		d.doc.ReferralID, d.doc.Orders = orders[0], orders[1:]
	}
	if len(d.doc.Orders) == 0 {
		d.doc.Orders = nil
	}
}

func referralAct(list []Section) ID {
	for i := range list {
		for j := range list[i].Entries {
			if e := &list[i].Entries[j]; e.Kind == KindReferral && len(e.IDs) > 0 {
				return e.IDs[0]
			}
		}
		if id := referralAct(list[i].Sections); id.Root != "" {
			return id
		}
	}
	return ID{}
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}
