package gateway

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strconv"
	"strings"
)

// Parse reads the body of a request by its Content-Type: application/json, multipart/form-data, or a form. *Malformed: it is no notice
// of any known shape, or larger than the limits.
func Parse(contentType string, body []byte, limits Limits) (Notice, error) {
	limits = limits.withDefaults()
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return Notice{}, malformed("got no content type, want application/json or multipart/form-data")
	}
	switch {
	case kind == "application/json" || strings.HasSuffix(kind, "+json"):
		return parseJSON(body, limits)
	case kind == "multipart/form-data":
		return parseForm(params["boundary"], body, limits)
	case kind == "application/x-www-form-urlencoded":
		values, err := url.ParseQuery(string(body))
		if err != nil || len(values) > limits.Parts {
			return Notice{}, malformed("got a form of %d bytes that cannot be read", len(body))
		}
		facts := map[string]any{}
		for k, v := range values {
			facts[plainName(k)] = v[0]
		}
		return noticeOf(facts, limits)
	}
	return Notice{}, malformed("got another content type, want application/json or multipart/form-data")
}

// ParseStatus reads the answer to a question about a fax of ours: a status even where nothing in it says that it is one.
func ParseStatus(contentType string, body []byte, limits Limits) (Notice, error) {
	n, err := Parse(contentType, body, limits)
	if err != nil || n.Kind == Status {
		return n, err
	}
	n.Kind, n.File, n.URL, n.Name = Status, nil, "", ""
	n.State, n.Cause = stateOf(n.word), Cause(firstWord(n.said, n.word))
	if n.State != Failed {
		n.Cause = Tidy(n.word)
	}
	return n, nil
}

func parseJSON(body []byte, limits Limits) (Notice, error) {
	facts := map[string]any{}
	if !object(body, facts, limits.Depth) {
		return Notice{}, malformed("got %d bytes that are no JSON object", len(body))
	}
	return noticeOf(facts, limits)
}

// object reads one JSON object and lays it flat.
func object(b []byte, into map[string]any, depth int) bool {
	var top map[string]any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&top); err != nil || top == nil {
		return false
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return false
	}
	unwrap(top, into, depth)
	return true
}

// unwrap lays the objects in which gateways put the facts flat; what stands deeper counts more.
func unwrap(o map[string]any, into map[string]any, depth int) {
	if depth == 0 {
		return
	}
	for k, v := range o {
		if _, is := v.(map[string]any); !is {
			into[plainName(k)] = v
		}
	}
	for _, w := range wrappers {
		for k, v := range o {
			if inner, is := v.(map[string]any); is && plainName(k) == w {
				unwrap(inner, into, depth-1)
			}
		}
	}
}

// parseForm reads fields and the first file. A field that is a JSON object is unwrapped.
func parseForm(boundary string, body []byte, limits Limits) (Notice, error) {
	facts := map[string]any{}
	var file []byte
	var name string
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for parts := 0; ; parts++ {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || boundary == "" {
			return Notice{}, malformed("got a form of %d bytes that ends in the middle", len(body))
		}
		if parts >= limits.Parts {
			return Notice{}, malformed("got more than %d parts, want at most that", limits.Parts)
		}
		b, err := io.ReadAll(p)
		if err != nil {
			return Notice{}, malformed("got a form of %d bytes that ends in the middle", len(body))
		}
		switch {
		case p.FileName() != "" || IsFax(b):
			if file == nil && len(b) > 0 {
				file, name = b, text(p.FileName())
			}
		case len(b) > 0 && b[0] == '{':
			object(b, facts, limits.Depth) // one that cannot be read says nothing
		case len(b) <= 64<<10:
			facts[plainName(p.FormName())] = string(b)
		}
	}
	n, err := noticeOf(facts, limits)
	if err != nil {
		return Notice{}, err
	}
	if file != nil {
		n.File, n.Name, n.URL = file, name, ""
	}
	return finish(n, facts, limits)
}

// noticeOf makes a notice of facts by their known names.
func noticeOf(facts map[string]any, limits Limits) (Notice, error) {
	n := Notice{
		ID: text(first(facts, nameID)), Reference: text(first(facts, nameReference)), From: Number(first(facts, nameFrom)), To: Number(first(facts, nameTo)),
		Station: text(first(facts, nameStation)), Cause: first(facts, nameCause), Name: text(first(facts, nameFileName)),
	}
	if pages, err := strconv.Atoi(first(facts, namePages)); err == nil && pages > 0 && pages < 100_000 {
		n.Pages = pages
	}
	n.Partial = truth(first(facts, namePartial))
	for _, key := range nameFile {
		s, ok := facts[key].(string)
		if !ok || len(s) < 16 {
			continue
		}
		if base64.StdEncoding.DecodedLen(len(s)) > limits.File+16 {
			return Notice{}, malformed("got a file of %d characters, want at most %d bytes", len(s), limits.File)
		}
		if b, err := decodeBase64(s); err == nil && (IsFax(b) || key != "fax") {
			n.File = b
			break
		}
	}
	if n.File == nil {
		n.URL = link(facts)
	}
	return finish(n, facts, limits)
}

// finish judges what kind of notice it is.
func finish(n Notice, facts map[string]any, limits Limits) (Notice, error) {
	if len(n.File) > limits.File {
		return Notice{}, malformed("got a file of %d bytes, want at most %d", len(n.File), limits.File)
	}
	words := strings.ToLower(first(facts, nameEvent) + " " + first(facts, nameDirection))
	inbound := strings.Contains(words, "received") || strings.Contains(words, "inbound") || strings.Contains(words, "incoming")
	outbound := strings.Contains(words, "outbound") || strings.Contains(words, "outgoing") || strings.Contains(words, "sent") || strings.Contains(words, "deliver") || strings.Contains(words, "fail")
	status := first(facts, nameStatus)
	if status == "" && outbound {
		status = words
	}
	switch {
	case !inbound && (outbound || n.Reference != "") && status != "":
		n.Kind, n.State, n.Cause, n.File = Status, stateOf(status), Cause(firstWord(n.Cause, status)), nil
		if n.State != Failed {
			n.Cause = Tidy(status)
		}
	case n.File != nil || n.URL != "" || inbound:
		n.Kind, n.Cause = Received, ""
		n.Partial = n.Partial || strings.Contains(strings.ToLower(status), "partial")
	default:
		n.Kind, n.Cause = Other, ""
	}
	n.word, n.said = text(status), text(first(facts, nameCause))
	return n, nil
}

func firstWord(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}

// first is the first of these facts that is there, as text.
func first(facts map[string]any, names []string) string {
	for _, name := range names {
		switch v := facts[name].(type) {
		case string:
			if v != "" {
				return v
			}
		case json.Number:
			return v.String()
		case bool:
			return strconv.FormatBool(v)
		}
	}
	return ""
}

func truth(s string) bool { return s == "true" || s == "1" || strings.EqualFold(s, "yes") }

func link(facts map[string]any) string {
	for _, name := range append(append([]string{}, nameURL...), nameFile...) {
		s, _ := facts[name].(string)
		if u, err := url.Parse(s); err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && len(s) <= 4096 {
			return s
		}
	}
	return ""
}

// decodeBase64 reads base64 of either alphabet, with or without padding, line ends and the head of a data URL.
func decodeBase64(s string) ([]byte, error) {
	if _, rest, ok := strings.Cut(s, ";base64,"); ok && strings.HasPrefix(s, "data:") {
		s = rest
	}
	s = strings.TrimRight(strings.NewReplacer("\r", "", "\n", "", " ", "", "-", "+", "_", "/").Replace(s), "=")
	return base64.RawStdEncoding.DecodeString(s)
}

// IsFax tells by the first bytes whether a file can be a fax: TIFF, PDF, PNG or JPEG.
func IsFax(b []byte) bool {
	return bytes.HasPrefix(b, []byte("II*\x00")) || bytes.HasPrefix(b, []byte("MM\x00*")) || bytes.HasPrefix(b, []byte("\x89PNG")) ||
		bytes.HasPrefix(b, []byte{0xff, 0xd8, 0xff}) || bytes.Contains(b[:min(len(b), 1024)], []byte("%PDF-"))
}
