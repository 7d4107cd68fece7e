package direct

import (
	"bytes"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// Field is one header field, unfolded, without white space around its value.
type Field struct {
	Name, Value string
}

// Header is a header section in its order.
type Header []Field

// Value returns the first field of that name, compared without case; empty when absent.
func (h Header) Value(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// MessageID returns the Message-ID with angle brackets, which some senders leave out; empty when absent, malformed or longer than a line.
func (h Header) MessageID() string { return bracketed(h.Value("Message-ID")) }

// ReadHeader reads the header section of a message and nothing else. Errors: ErrLimit, ErrMalformed.
func ReadHeader(raw []byte, lim Limits) (Header, error) {
	h, _, err := splitHeader(raw, lim.withDefaults())
	return h, err
}

// Has reports whether there is a field of that name.
func (h Header) Has(name string) bool { return h.count(name) > 0 }

func (h Header) count(name string) int {
	n := 0
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			n++
		}
	}
	return n
}

// Addresses returns the canonical addresses of all fields of that name.
// What cannot be read as an address is left out.
func (h Header) Addresses(name string) []string {
	var out []string
	parser := mail.AddressParser{WordDecoder: &mime.WordDecoder{CharsetReader: anyCharset}}
	for _, f := range h {
		if !strings.EqualFold(f.Name, name) {
			continue
		}
		list, err := parser.ParseList(strings.ToValidUTF8(f.Value, "?"))
		if err != nil {
			continue
		}
		for _, a := range list {
			if c, ok := Canonical("<" + a.Address + ">"); ok {
				out = append(out, c)
			}
		}
	}
	return out
}

// anyCharset lets display names in charsets we do not know pass: only the address counts.
func anyCharset(_ string, r io.Reader) (io.Reader, error) { return r, nil }

// mediaType is the media type in lower case with its parameters. A field that is absent or
// unreadable gives text/plain, as RFC 2045 section 5.2 does.
func (h Header) mediaType() (string, map[string]string) {
	value := h.Value("Content-Type")
	typ, params, err := mime.ParseMediaType(value)
	if err != nil {
		typ, params = looseMediaType(value)
	}
	if !strings.Contains(typ, "/") {
		return "text/plain", map[string]string{}
	}
	return typ, params
}

// looseMediaType reads what some senders write against the grammar, such as an unquoted boundary with "=" in it.
func looseMediaType(value string) (string, map[string]string) {
	typ, rest, _ := strings.Cut(value, ";")
	params := map[string]string{}
	for p := range strings.SplitSeq(rest, ";") {
		name, v, found := strings.Cut(p, "=")
		name, v = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(v)
		if n := len(v); n >= 2 && v[0] == '"' && v[n-1] == '"' {
			v = v[1 : n-1]
		}
		if _, twice := params[name]; found && name != "" && !twice {
			params[name] = v
		}
	}
	typ, _, _ = strings.Cut(typ, "(") // a comment, which ParseMediaType does not know
	return strings.ToLower(strings.TrimSpace(typ)), params
}

// splitHeader cuts an entity at its first empty line. CRLF and LF ends are
// both read; the body is the exact rest of b.
func splitHeader(b []byte, lim Limits) (Header, []byte, error) {
	var h folded
	for pos := 0; pos < len(b); {
		if pos > lim.HeaderBytes {
			return nil, nil, fail(ErrLimit, "header", "got more than %d bytes", lim.HeaderBytes)
		}
		end := bytes.IndexByte(b[pos:], '\n')
		next := pos + end + 1
		if end < 0 {
			end, next = len(b)-pos, len(b)
		}
		line := bytes.TrimSuffix(b[pos:pos+end], []byte{'\r'})
		switch {
		case len(line) == 0:
			return h.header(), b[next:], nil
		case line[0] == ' ' || line[0] == '\t':
			if !h.more(line) {
				return nil, nil, fail(ErrMalformed, "header", "got a continuation at byte %d, want a field", pos)
			}
		default:
			name, value, found := bytes.Cut(line, []byte{':'})
			name = bytes.TrimRight(name, " \t")
			if !found || !fieldName(name) {
				return nil, nil, fail(ErrMalformed, "header", "got no field name at byte %d", pos)
			}
			if len(h.names) >= lim.Fields {
				return nil, nil, fail(ErrLimit, "header", "got more than %d fields", lim.Fields)
			}
			h.add(name, value)
		}
		pos = next
	}
	return h.header(), nil, nil // a header without a body is legal (RFC 5322 section 3.5)
}

// folded collects fields whose values go on over several lines, in time linear to their size.
type folded struct {
	names  []string
	values [][]byte
}

func (f *folded) add(name, value []byte) {
	f.names = append(f.names, string(name))
	f.values = append(f.values, bytes.Clone(bytes.TrimSpace(value)))
}

// more appends a continuation line; false when there is no field to continue.
func (f *folded) more(line []byte) bool {
	n := len(f.values)
	if n == 0 {
		return false
	}
	if line = bytes.TrimSpace(line); len(line) > 0 {
		f.values[n-1] = append(append(f.values[n-1], ' '), line...)
	}
	return true
}

func (f *folded) header() Header {
	h := make(Header, len(f.names))
	for i, name := range f.names {
		h[i] = Field{name, string(bytes.TrimSpace(f.values[i]))}
	}
	return h
}

func fieldName(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return len(b) > 0
}

// decodeBody undoes a Content-Transfer-Encoding. White space of any kind
// inside base64 is passed over.
func decodeBody(encoding string, body []byte) ([]byte, error) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		return decodeBase64(body)
	case "quoted-printable":
		out, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(body)))
		if err != nil {
			return nil, fail(ErrMalformed, "quoted-printable body", "of %d bytes", len(body))
		}
		return out, nil
	}
	return body, nil
}
