package direct

import (
	"errors"
	"mime"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
)

// Mail is a message after unwrapping: its header and its leaf parts in their order.
type Mail struct {
	Header   Header
	Parts    []Part
	Type     string            // media type of the whole: multipart/mixed, multipart/report, text/plain
	Params   map[string]string // its parameters
	Warnings []string          // what was forgiven, without content
}

// Part is one leaf of the MIME tree. An attached message/rfc822 is a leaf too.
type Part struct {
	Path        string // "2.1": second part, its first part; "1" for a message without parts
	Type        string // media type in lower case
	Params      map[string]string
	Name        string // file name, decoded; empty when it has none; never to be used as a path
	Disposition string // attachment, inline or empty
	Body        []byte // transfer decoding undone; plain text and HTML in UTF-8, everything else as it was
}

// From returns the one protected sender. ok is false unless there is exactly one address.
func (m *Mail) From() (string, bool) {
	list := m.Header.Addresses("From")
	if len(list) != 1 || m.Header.count("From") != 1 {
		return "", false
	}
	return list[0], true
}

// MessageID is that of the header.
func (m *Mail) MessageID() string { return m.Header.MessageID() }

// ReadMail reads an unprotected message, such as the one inside a Direct message
// or a DSN of our own relay. Parts that break the rules of MIME are left as they came, with a warning: the message is signed, so a
// person shall see it. The bodies of parts alias raw where nothing had to be decoded. Errors: ErrLimit, ErrMalformed.
func ReadMail(raw []byte, lim Limits) (Mail, error) {
	lim = lim.withDefaults()
	if len(raw) > lim.Bytes {
		return Mail{}, fail(ErrLimit, "message", "got %d bytes, want at most %d", len(raw), lim.Bytes)
	}
	h, body, err := splitHeader(raw, lim)
	if err != nil {
		return Mail{}, err
	}
	m := Mail{Header: h}
	m.Type, m.Params = h.mediaType()
	w := walker{lim: lim, left: lim.Decoded}
	if err := w.walk(nil, h, body); err != nil {
		return Mail{}, err
	}
	m.Parts, m.Warnings = w.parts, w.warnings
	return m, nil
}

// walker collects leaves within the limits.
type walker struct {
	lim      Limits
	left     int
	count    int
	parts    []Part
	warnings []string
}

// walk visits a part and, when it is a multipart, those inside, at most as deep as the limit.
func (w *walker) walk(path []int, h Header, body []byte) error {
	if w.count++; w.count > w.lim.Parts {
		return fail(ErrLimit, "MIME parts", "got more than %d", w.lim.Parts)
	}
	if len(path) > w.lim.Depth {
		return fail(ErrLimit, "MIME parts", "got nesting deeper than %d", w.lim.Depth)
	}
	typ, params := h.mediaType()
	boundary := params["boundary"]
	if !strings.HasPrefix(typ, "multipart/") {
		return w.leaf(path, h, body)
	}
	if boundary == "" || len(boundary) > maxBoundary {
		w.warn(path, "is a multipart without a boundary")
		return w.leaf(path, h, body)
	}
	i := 0
	for p, closed := range split(body, boundary) {
		if !closed {
			w.warn(path, "is a multipart without its end")
		}
		at := append(path[:len(path):len(path)], i)
		inside, content, err := splitHeader(p, w.lim)
		if errors.Is(err, ErrMalformed) {
			w.warn(at, "has no header that can be read")
			inside, content, err = Header{{"Content-Type", "application/octet-stream"}}, p, nil
		}
		if err == nil {
			err = w.walk(at, inside, content)
		}
		if err != nil {
			return err
		}
		i++
	}
	if i == 0 {
		w.warn(path, "is a multipart without parts")
	}
	return nil
}

// warn notes what was forgiven.
func (w *walker) warn(path []int, what string) {
	w.warnings = append(w.warnings, "part "+dotted(path)+" "+what+" and was left as it came")
}

// leaf reads a part that holds content.
func (w *walker) leaf(path []int, h Header, body []byte) error {
	p := Part{Path: dotted(path)}
	p.Type, p.Params = h.mediaType()
	encoding := h.Value("Content-Transfer-Encoding")
	if !knownEncoding(encoding) {
		w.warn(path, "has an unknown transfer encoding")
	}
	p.Name, p.Disposition = fileNameOf(h, p.Params)
	decoded, err := decodeBody(encoding, body)
	if err != nil {
		w.warn(path, "breaks its transfer encoding")
		decoded = body
	}
	if len(decoded) > w.left {
		return fail(ErrLimit, "MIME parts", "got more than %d decoded bytes", w.lim.Decoded)
	}
	w.left -= len(decoded)
	p.Body = w.toUTF8(path, decoded, p)
	w.parts = append(w.parts, p)
	return nil
}

// knownEncoding says whether decodeBody undoes a Content-Transfer-Encoding.
func knownEncoding(v string) bool {
	switch strings.ToLower(strings.TrimSpace(v)) {
	case "", "7bit", "8bit", "binary", "base64", "quoted-printable":
		return true
	}
	return false
}

// toUTF8 decodes plain text and HTML; structured text (XML) names its own encoding inside.
func (w *walker) toUTF8(path []int, body []byte, p Part) []byte {
	charset := strings.ToLower(p.Params["charset"])
	if p.Type != "text/plain" && p.Type != "text/html" || charset == "" || charset == "utf-8" || charset == "us-ascii" {
		return body
	}
	enc, err := htmlindex.Get(charset)
	if err != nil {
		w.warn(path, "has an unknown charset")
		return body
	}
	out, err := enc.NewDecoder().Bytes(body)
	if err != nil {
		w.warn(path, "is not text of its charset")
		return body
	}
	return out
}

// fileNameOf reads the name from Content-Disposition, else Content-Type, with encoded words undone.
func fileNameOf(h Header, typeParams map[string]string) (name, disposition string) {
	value := h.Value("Content-Disposition")
	disposition, params, err := mime.ParseMediaType(value)
	if err != nil {
		disposition, params = looseMediaType(value)
	}
	name = params["filename"]
	if name == "" {
		name = typeParams["name"]
	}
	if decoded, err := new(mime.WordDecoder).DecodeHeader(name); err == nil {
		name = decoded
	}
	return strings.ToValidUTF8(name, "_"), strings.ToLower(disposition)
}

// dotted writes a path as people number parts, from 1.
func dotted(path []int) string {
	if len(path) == 0 {
		return "1"
	}
	words := make([]string, len(path))
	for i, n := range path {
		words[i] = strconv.Itoa(n + 1)
	}
	return strings.Join(words, ".")
}
