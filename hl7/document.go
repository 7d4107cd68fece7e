package hl7

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
)

// ErrEncoding is returned for embedded data that cannot be decoded as its ED.4 says.
var ErrEncoding = errors.New("hl7: embedded data: got bytes that do not fit their encoding, want Base64, Hex or A")

// ED is encapsulated data (2A.24): a document inside OBX-5.
type ED struct {
	Source   string // .1, the source application
	Type     string // .2, a code of table 0191 or the first half of a media type
	Subtype  string // .3, any case
	Encoding string // .4 as sent
	Data     []byte // .5, decoded
	Media    string // media type that the first bytes show; else the declared one; "" when neither says
}

// ED reads one repetition of encapsulated data. Line ends, spaces and layout escapes that senders wrap base64 with are taken out. A sender that
// leaves out ED.1 is understood. Errors are ErrEncoding; Data is then nil. The decoded bytes are no copy only when the encoding is A and nothing was escaped.
func (v Value) ED() (ED, error) {
	first := 1 // component that holds the source application
	if encodingOf(v.Comp(4)) == "" && encodingOf(v.Comp(3)) != "" {
		first = 0
	}
	e := ED{Type: v.Comp(first + 1), Subtype: v.Comp(first + 2), Encoding: v.Comp(first + 3)}
	if first == 1 {
		e.Source = v.Comp(1)
	}
	raw := v.after(first + 3)
	data, err := decodeData(encodingOf(e.Encoding), raw, v)
	if err != nil {
		return ED{}, err
	}
	e.Data, e.Media = data, mediaType(data)
	if e.Media == "" {
		e.Media = declaredMedia(e.Type, e.Subtype)
	}
	return e, nil
}

// after returns all bytes behind the nth component separator: text that nobody escaped may hold more of them.
func (v Value) after(n int) []byte {
	if v.m == nil || v.m.d.Component == 0 {
		return nil
	}
	b := v.Raw()
	for ; n > 0; n-- {
		i := bytes.IndexByte(b, v.m.d.Component)
		if i < 0 {
			return nil
		}
		b = b[i+1:]
	}
	return b
}

func encodingOf(s string) string {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "base64", "b64":
		return "base64"
	case "hex":
		return "hex"
	case "a", "ascii":
		return "a"
	}
	return ""
}

func decodeData(encoding string, raw []byte, v Value) ([]byte, error) {
	if v.m != nil && v.m.d.Escape != 0 && bytes.IndexByte(raw, v.m.d.Escape) >= 0 {
		raw = Unescape(nil, raw, v.m.d)
	}
	switch encoding {
	case "base64":
		return decodeBase64(raw)
	case "hex":
		out := make([]byte, 0, len(raw)/2)
		out, err := hex.AppendDecode(out, squeeze(raw))
		if err != nil {
			return nil, ErrEncoding
		}
		return out, nil
	case "a":
		return raw, nil
	}
	if len(raw) == 0 {
		return nil, nil
	}
	if data, err := decodeBase64(raw); err == nil && mediaType(data) != "" {
		return data, nil // no encoding named, yet a document by its first bytes
	}
	return nil, ErrEncoding
}

func decodeBase64(raw []byte) ([]byte, error) {
	clean := bytes.TrimRight(squeeze(raw), "=")
	out, err := base64.RawStdEncoding.AppendDecode(make([]byte, 0, len(clean)*3/4+3), clean)
	if err != nil {
		return nil, ErrEncoding
	}
	return out, nil
}

// squeeze takes white space out; it copies only when there is some.
func squeeze(b []byte) []byte {
	if !bytes.ContainsAny(b, " \t\r\n") {
		return b
	}
	out := make([]byte, 0, len(b))
	for _, c := range b {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			out = append(out, c)
		}
	}
	return out
}

// magics are the first bytes of what comes in OBX-5. The longest match is not needed: none is a prefix of another.
var magics = [...]struct{ prefix, media string }{
	{"%PDF-", "application/pdf"},
	{"II*\x00", "image/tiff"},
	{"MM\x00*", "image/tiff"},
	{"\xFF\xD8\xFF", "image/jpeg"},
	{"\x89PNG\r\n\x1A\n", "image/png"},
	{"{\\rtf", "text/rtf"},
	{"PK\x03\x04", "application/zip"},
	{"<?xml", "text/xml"},
	{"<ClinicalDocument", "text/xml"},
	{"<!DOCTYPE html", "text/html"},
	{"<html", "text/html"},
	{"MIME-Version:", "message/rfc822"},
}

func mediaType(b []byte) string {
	b = bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF"))
	b = bytes.TrimLeft(b[:min(len(b), 256)], " \t\r\n")
	for _, m := range magics {
		if len(b) >= len(m.prefix) && bytes.EqualFold(b[:len(m.prefix)], []byte(m.prefix)) {
			return m.media
		}
	}
	return ""
}

// declaredMedia makes a media type of ED.2 and ED.3: both spellings of the type are seen (AP or application, IM or image).
func declaredMedia(kind, sub string) string {
	kind, sub = strings.ToLower(kind), strings.ToLower(sub)
	switch {
	case strings.Contains(sub, "/"):
		return sub
	case sub == "":
		return ""
	case sub == "pdf":
		return "application/pdf"
	case sub == "xml" || sub == "x-hl7-cda-level-one":
		return "text/xml"
	}
	switch kind {
	case "ap", "application":
		return "application/" + sub
	case "im", "image":
		return "image/" + sub
	case "tx", "text":
		return "text/" + sub
	case "multipart":
		return "multipart/" + sub
	}
	return ""
}

// Components implements [Composite]: Data is written in base64, whatever Encoding says.
func (e ED) Components() [][]string {
	return one(e.Source, e.Type, e.Subtype, "Base64", base64.StdEncoding.EncodeToString(e.Data))
}
