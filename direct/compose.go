package direct

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"strings"
	"time"
)

// XDMSubject must be in the subject of a message that carries an XDM package (IHE ITI TF-2 3.32.4.1.2.2).
const XDMSubject = "XDM/1.0/DDM"

// FinalDelivery is the notification option of reliable Direct delivery and the
// extension field that answers it.
const FinalDelivery = "X-DIRECT-FINAL-DESTINATION-DELIVERY"

// Draft is an outgoing message before signing. Everything in it is given, so the
// same draft always gives the same bytes.
type Draft struct {
	From      string    // our Direct address
	To        []string  // Direct addresses, all shown to each
	Date      time.Time // written in its own zone
	MessageID string    // with angle brackets, never used for another message
	InReplyTo string    // Message-ID answered; empty: none
	Subject   string    // no patient data: it leaves this machine protected, but peers' logs show it
	Text      string    // for a person; UTF-8, any line ends
	Files     []File
	Notify    bool          // ask for processed and dispatched notifications to From
	Report    *Notification // makes the message a disposition notification; Files and Notify are then not written
	Seed      string        // of the boundaries; the Message-ID does when empty
}

// File is an attachment.
type File struct {
	Name        string // file name, ASCII; an XDM package ends in ".zip", lower case
	ContentType string // media type; application/octet-stream when empty
	Body        []byte
}

// Compose writes the inner message (RFC 5322, RFC 2045): CRLF line ends, 7 bits, files as base64.
func Compose(d Draft) ([]byte, error) {
	from, to, err := d.check()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	field(&b, "From", "<"+from+">")
	field(&b, "To", "<"+strings.Join(to, ">,\r\n <")+">")
	field(&b, "Date", d.Date.Format(time.RFC1123Z))
	field(&b, "Message-ID", d.MessageID)
	if d.InReplyTo != "" {
		field(&b, "In-Reply-To", d.InReplyTo)
		field(&b, "References", d.InReplyTo)
	}
	if d.Subject != "" {
		field(&b, "Subject", mime.QEncoding.Encode("utf-8", d.Subject))
	}
	if d.Notify && d.Report == nil {
		field(&b, "Disposition-Notification-To", "<"+from+">")
		field(&b, "Disposition-Notification-Options", FinalDelivery+"=optional,true")
	}
	field(&b, "MIME-Version", "1.0")
	if d.Report != nil {
		writeReport(&b, d)
	} else {
		writeMixed(&b, d)
	}
	return b.Bytes(), nil
}

func (d Draft) check() (from string, to []string, err error) {
	from, ok := Canonical(d.From)
	if !ok {
		return "", nil, errors.New("direct: draft: From is not one address")
	}
	for i, a := range d.To {
		c, ok := Canonical(a)
		if !ok {
			return "", nil, fmt.Errorf("direct: draft: recipient %d is not an address", i)
		}
		to = append(to, c)
	}
	switch {
	case len(to) == 0:
		return "", nil, errors.New("direct: draft: got no recipient, want at least one")
	case !messageID(d.MessageID) || d.InReplyTo != "" && !messageID(d.InReplyTo):
		return "", nil, errors.New("direct: draft: a Message-ID is not of the form <left@right>")
	case d.Date.IsZero():
		return "", nil, errors.New("direct: draft: got no date")
	case strings.ContainsAny(d.Subject, "\r\n"):
		return "", nil, errors.New("direct: draft: the subject has a line end")
	}
	return from, to, nil
}

// messageID accepts what may be written as a msg-id: printable, bracketed, short enough for one line.
func messageID(s string) bool {
	return len(s) > 2 && len(s) < 900 && s[0] == '<' && s[len(s)-1] == '>' && ascii(s) && !strings.ContainsAny(s, " ")
}

func field(b *bytes.Buffer, name, value string) {
	b.WriteString(name)
	b.WriteString(": ")
	b.WriteString(value)
	b.WriteString("\r\n")
}

// boundary derives a delimiter from the seed that occurs in none of the contents.
func boundary(seed, label string, contents ...[]byte) string {
	for n := 0; ; n++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d", seed, label, n))
		s := label + "-" + hex.EncodeToString(sum[:12])
		free := true
		for _, c := range contents {
			free = free && !bytes.Contains(c, []byte(s))
		}
		if free {
			return s
		}
	}
}

func (d Draft) seed() string {
	if d.Seed != "" {
		return d.Seed
	}
	return d.MessageID
}

func writeMixed(b *bytes.Buffer, d Draft) {
	text := textBody(d.Text)
	if len(d.Files) == 0 {
		b.Write(text)
		return
	}
	mark := boundary(d.seed(), "mixed", text)
	field(b, "Content-Type", `multipart/mixed; boundary="`+mark+`"`)
	b.WriteString("\r\n")
	open := func() { b.WriteString("--" + mark + "\r\n") }
	open()
	b.Write(text)
	for _, f := range d.Files {
		open()
		writeFile(b, f)
	}
	b.WriteString("--" + mark + "--\r\n")
}

// textBody is a text part with its header, ending in CRLF: as it is when
// plain ASCII with short lines, else base64.
func textBody(text string) []byte {
	body := toCRLF([]byte(text))
	if !bytes.HasSuffix(body, []byte("\r\n")) {
		body = append(body, '\r', '\n')
	}
	var b bytes.Buffer
	field(&b, "Content-Type", "text/plain; charset=utf-8")
	if plain(body) {
		field(&b, "Content-Transfer-Encoding", "7bit")
		b.WriteString("\r\n")
		b.Write(body)
		return b.Bytes()
	}
	field(&b, "Content-Transfer-Encoding", "base64")
	b.WriteString("\r\n")
	writeBase64(&b, body)
	return b.Bytes()
}

// plain reports 7-bit text that no relay has a reason to touch.
func plain(b []byte) bool {
	for line := range bytes.SplitSeq(b, []byte("\r\n")) {
		if len(line) > 78 || bytes.HasPrefix(line, []byte("From ")) || bytes.HasSuffix(line, []byte(" ")) {
			return false
		}
		for _, c := range line {
			if c != '\t' && (c < ' ' || c > '~') {
				return false
			}
		}
	}
	return true
}

func writeFile(b *bytes.Buffer, f File) {
	typ := f.ContentType
	if parsed, _, err := mime.ParseMediaType(typ); err != nil || !strings.Contains(parsed, "/") || !ascii(typ) {
		typ = "application/octet-stream"
	}
	name := fileName(f.Name)
	field(b, "Content-Type", typ+";\r\n name=\""+name+"\"")
	field(b, "Content-Disposition", "attachment;\r\n filename=\""+name+"\"")
	field(b, "Content-Transfer-Encoding", "base64")
	b.WriteString("\r\n")
	writeBase64(b, f.Body)
}

// fileName keeps letters, digits, dot, dash and underline; peers put the name into paths and quotes.
func fileName(s string) string {
	out := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			return r
		}
		return '_'
	}, s)
	out = strings.TrimLeft(out, ".")
	if len(out) > 150 {
		out = out[len(out)-150:]
	}
	if out == "" {
		return "attachment"
	}
	return out
}

// writeBase64 writes a base64 body.
func writeBase64(b *bytes.Buffer, body []byte) {
	b.Grow(base64Size(len(body)))
	b.Write(appendBase64(b.AvailableBuffer(), body))
}
