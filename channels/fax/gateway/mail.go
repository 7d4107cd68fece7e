package gateway

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"
)

// Patterns find facts in the subject and text of a mail. The first group of each is the fact. Nil: the default of the field.
type Patterns struct {
	Caller    []*regexp.Regexp // calling number
	Station   []*regexp.Regexp // station ID
	Pages     []*regexp.Regexp // number of pages
	Reference []*regexp.Regexp // our reference in a confirmation; the whole match counts when there is no group
	Done      []*regexp.Regexp // words of a confirmation that says yes
	Failed    []*regexp.Regexp // words of one that says no; they count more
}

var (
	defaultCaller = []*regexp.Regexp{
		regexp.MustCompile(`(?i)(?:caller[- ]?id|calling number|fax number|from|sender|received from|ani)\s*[:=]?\s*["'<(]*(\+?[0-9][0-9 ().-]{5,20}[0-9])`),
	}
	defaultStation = []*regexp.Regexp{regexp.MustCompile(`(?im)(?:csid|tsi|remote (?:csid|id)|station(?: id)?)\s*[:=]\s*["']?([^"'\r\n,;|]{1,40})`)}
	defaultPages   = []*regexp.Regexp{
		regexp.MustCompile(`(?i)([0-9]{1,4})\s*(?:of\s*[0-9]{1,4}\s*)?page`), regexp.MustCompile(`(?i)pages?(?: count| received| sent)?\s*[:=]\s*([0-9]{1,4})`),
	}
	defaultReference = []*regexp.Regexp{regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?:_[0-9]{1,3})?\b`)}
	defaultDone      = []*regexp.Regexp{regexp.MustCompile(`(?i)\b(?:success(?:ful(?:ly)?)?|delivered|was sent|has been sent|completed?|confirmed)\b`)}
	defaultFailed    = []*regexp.Regexp{regexp.MustCompile(`(?i)\b(?:fail(?:ed|ure)?|unsuccessful(?:ly)?|undeliver(?:ed|able)|not (?:be )?(?:sent|delivered)|could not|busy|no answer|rejected|error|partial(?:ly)?|invalid)\b`)}
	ofPages          = regexp.MustCompile(`(?i)([0-9]{1,4})\s*(?:of|/)\s*([0-9]{1,4})\s*page`)
)

func orElse(own, otherwise []*regexp.Regexp) []*regexp.Regexp {
	if len(own) > 0 {
		return own
	}
	return otherwise
}

// maxText bounds the text of a mail in which facts are looked for.
const maxText = 64 << 10

// ParseMail reads a mail: the first TIFF, PDF, PNG or JPEG in it is the fax, and what the patterns find in subject and text are hints. A
// mail with our reference is a confirmation, whatever is attached to it. A mail with neither is of kind Other. From is the address of the
// header, in the clear: judge it by an allow-list. *Malformed: it cannot be read as mail.
func ParseMail(b []byte, p Patterns, limits Limits) (n Notice, from string, err error) {
	limits = limits.withDefaults()
	m, err := mail.ReadMessage(bytes.NewReader(b))
	if err != nil {
		return Notice{}, "", malformed("got %d bytes that are no mail, want a header and a body", len(b))
	}
	from = addressOf(m.Header.Get("From"))
	var found walk
	found.limits = limits
	if err := found.part(textproto.MIMEHeader(m.Header), m.Body, limits.Depth); err != nil {
		return Notice{}, "", err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		subject = ""
	}
	words := subject + "\n" + found.text.String()
	n = Notice{
		ID: text(m.Header.Get("Message-Id")), From: Number(find(words, orElse(p.Caller, defaultCaller))), Station: text(find(words, orElse(p.Station, defaultStation))),
		File: found.file, Name: found.name, Kind: Other,
	}
	if pages, err := strconv.Atoi(find(words, orElse(p.Pages, defaultPages))); err == nil && pages > 0 {
		n.Pages = pages
	}
	if reference := find(words, orElse(p.Reference, defaultReference)); reference != "" {
		n.confirm(words, text(reference), p)
		return n, from, nil
	}
	if n.File != nil {
		n.Kind = Received
		n.Partial = strings.Contains(strings.ToLower(subject), "partial") || strings.Contains(strings.ToLower(subject), "incomplete")
	}
	return n, from, nil
}

// confirm makes a status of what a confirmation says.
func (n *Notice) confirm(words, reference string, p Patterns) {
	n.Kind, n.Reference, n.File, n.Name, n.State = Status, reference, nil, "", Waiting
	failed := find(words, orElse(p.Failed, defaultFailed))
	switch {
	case failed != "":
		n.State, n.Cause = Failed, Cause(words)
		if len(n.Cause) == maxWord || n.Cause == Tidy(words) { // no known cause in all these words
			n.Cause = Tidy(strings.ToLower(failed))
		}
	case find(words, orElse(p.Done, defaultDone)) != "":
		n.State = Done
	}
	if m := ofPages.FindStringSubmatch(words); m != nil && n.State == Done {
		some, _ := strconv.Atoi(m[1])
		all, _ := strconv.Atoi(m[2])
		if n.Pages = some; some < all {
			n.State, n.Cause = Failed, "partial"
		}
	}
}

func find(s string, patterns []*regexp.Regexp) string {
	for _, p := range patterns {
		if m := p.FindStringSubmatch(s); m != nil {
			return m[len(m)-1]
		}
	}
	return ""
}

func addressOf(header string) string {
	a, err := mail.ParseAddress(header)
	if err != nil {
		return ""
	}
	return strings.ToLower(a.Address)
}

// walk goes through the parts of a mail.
type walk struct {
	limits Limits
	parts  int
	file   []byte
	name   string
	text   strings.Builder
}

func (w *walk) part(h textproto.MIMEHeader, body io.Reader, depth int) error {
	if w.parts++; w.parts > w.limits.Parts {
		return malformed("got more than %d parts, want at most that", w.limits.Parts)
	}
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") {
		if depth == 0 {
			return malformed("got parts more than %d deep, want at most that", w.limits.Depth)
		}
		r := multipart.NewReader(body, params["boundary"])
		for {
			p, err := r.NextRawPart()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return malformed("got a part that ends in the middle")
			}
			if err := w.part(p.Header, p, depth-1); err != nil {
				return err
			}
		}
	}
	b, err := io.ReadAll(io.LimitReader(decoded(h, body), int64(w.limits.File)+1))
	if err != nil && len(b) == 0 {
		return nil // a part that is no file we could read; others may be
	}
	if len(b) > w.limits.File {
		return malformed("got an attachment of more than %d bytes, want at most that", w.limits.File)
	}
	switch {
	case IsFax(b) && err != nil:
		return malformed("got an attachment that ends in the middle")
	case IsFax(b):
		if w.file == nil {
			w.file, w.name = b, text(nameOf(h, params))
		}
	case strings.HasPrefix(kind, "text/") && w.text.Len() < maxText:
		w.text.Write(b[:min(len(b), maxText)])
		w.text.WriteByte('\n')
	}
	return nil
}

func nameOf(h textproto.MIMEHeader, params map[string]string) string {
	if _, p, err := mime.ParseMediaType(h.Get("Content-Disposition")); err == nil && p["filename"] != "" {
		return p["filename"]
	}
	return params["name"]
}

func decoded(h textproto.MIMEHeader, body io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(h.Get("Content-Transfer-Encoding"))) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	}
	return body
}
