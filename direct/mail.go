package direct

import (
	"bytes"
	"io"
	"mime"
	"strconv"
	"strings"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/textproto"
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
// or a DSN of our own relay. Errors: ErrLimit, ErrMalformed.
func ReadMail(raw []byte, lim Limits) (Mail, error) {
	lim = lim.withDefaults()
	if len(raw) > lim.Bytes {
		return Mail{}, fail(ErrLimit, "message", "got %d bytes, want at most %d", len(raw), lim.Bytes)
	}
	h, content, err := splitHeader(raw, lim)
	if err != nil {
		return Mail{}, err
	}
	body := bytes.NewReader(content)
	m := Mail{Header: h}
	m.Type, m.Params = h.mediaType()
	entity, err := message.ReadWithOptions(bytes.NewReader(raw), &message.ReadOptions{MaxHeaderBytes: int64(lim.HeaderBytes) + 2})
	if err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
		// The library quotes the header line it stumbled over: not passed on.
		return Mail{}, fail(ErrMalformed, "message header", "of %d bytes", len(raw))
	}
	w := walker{lim: lim, left: lim.Decoded}
	if err := w.walk(nil, entity.Header, body); err != nil {
		if w.err != nil {
			err = w.err
		} else {
			err = fail(ErrMalformed, "MIME parts", "after part %d", w.count)
		}
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
	err      error // ours, safe to show
}

// walk visits a part and, when it is a multipart, those inside. part refuses what is too deep before anything inside is read.
func (w *walker) walk(path []int, h message.Header, body io.Reader) error {
	typ, params, _ := h.ContentType()
	multipart := strings.HasPrefix(typ, "multipart/")
	e, packed := &message.Entity{Header: h, Body: body}, !multipart && strings.EqualFold(strings.TrimSpace(h.Get("Content-Transfer-Encoding")), "base64")
	if !packed { // base64 is undone at once: the library's way, through readers, costs a fifth of opening a message
		var err error
		if e, err = message.New(h, body); err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
			return err
		}
	}
	if w.err = w.part(path, e, packed); w.err != nil || !multipart {
		return w.err
	}
	parts := textproto.NewMultipartReader(body, params["boundary"])
	for i := 0; ; i++ {
		p, err := parts.NextPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := w.walk(append(path[:len(path):len(path)], i), message.Header{Header: p.Header}, p); err != nil {
			return err
		}
	}
}

// content reads the body of a leaf, decoded.
func (w *walker) content(e *message.Entity, packed bool) ([]byte, error) {
	if !packed {
		return io.ReadAll(io.LimitReader(e.Body, int64(w.left)+1))
	}
	raw, err := io.ReadAll(e.Body) // never longer than the message
	if err != nil {
		return nil, err
	}
	return unpackBase64(raw[:0], raw)
}

// knownEncoding says whether the MIME library undoes a Content-Transfer-Encoding.
func knownEncoding(v string) bool {
	switch strings.ToLower(strings.TrimSpace(v)) {
	case "", "7bit", "8bit", "binary", "base64", "quoted-printable":
		return true
	}
	return false
}

func (w *walker) part(path []int, e *message.Entity, packed bool) error {
	if w.count++; w.count > w.lim.Parts {
		return fail(ErrLimit, "MIME parts", "got more than %d", w.lim.Parts)
	}
	if len(path) > w.lim.Depth {
		return fail(ErrLimit, "MIME parts", "got nesting deeper than %d", w.lim.Depth)
	}
	p := Part{Path: dotted(path)}
	p.Type, p.Params = entityType(e)
	if strings.HasPrefix(p.Type, "multipart/") {
		if p.Params["boundary"] == "" {
			return fail(ErrMalformed, "MIME part "+p.Path, "got a multipart without a boundary")
		}
		return nil
	}
	if !knownEncoding(e.Header.Get("Content-Transfer-Encoding")) {
		w.warnings = append(w.warnings, "part "+p.Path+" has an unknown transfer encoding and was left as it came")
	}
	p.Name, p.Disposition = fileNameOf(e, p.Params)
	body, err := w.content(e, packed)
	if err != nil {
		return fail(ErrMalformed, "MIME part "+p.Path, "its transfer encoding breaks off after %d bytes", len(body))
	}
	if len(body) > w.left {
		return fail(ErrLimit, "MIME parts", "got more than %d decoded bytes", w.lim.Decoded)
	}
	w.left -= len(body)
	p.Body = w.toUTF8(body, p)
	w.parts = append(w.parts, p)
	return nil
}

// toUTF8 decodes plain text and HTML; structured text (XML) names its own encoding inside.
func (w *walker) toUTF8(body []byte, p Part) []byte {
	charset := strings.ToLower(p.Params["charset"])
	if p.Type != "text/plain" && p.Type != "text/html" || charset == "" || charset == "utf-8" || charset == "us-ascii" {
		return body
	}
	enc, err := htmlindex.Get(charset)
	if err != nil {
		w.warnings = append(w.warnings, "part "+p.Path+" has an unknown charset and was left as it came")
		return body
	}
	out, err := enc.NewDecoder().Bytes(body)
	if err != nil {
		w.warnings = append(w.warnings, "part "+p.Path+" is not text of its charset and was left as it came")
		return body
	}
	return out
}

func entityType(e *message.Entity) (string, map[string]string) {
	typ, params, err := e.Header.ContentType()
	if err != nil || typ == "" {
		return "text/plain", map[string]string{}
	}
	return strings.ToLower(typ), params
}

// fileNameOf reads the name from Content-Disposition, else Content-Type, with encoded words undone.
func fileNameOf(e *message.Entity, typeParams map[string]string) (name, disposition string) {
	disposition, params, err := e.Header.ContentDisposition()
	if err != nil {
		disposition = ""
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
