package fax

import "strings"

// OwnCode is the code of ours that stands on a page: from its bar codes, or from the plain type below them when those could not be
// read. ok is false when there is none, or when two say different things.
func (p *PageText) OwnCode() (c Code, ok bool) {
	for _, text := range p.Codes {
		found, err := ParseCode(text)
		if err != nil {
			continue
		}
		if ok && found != c {
			return Code{}, false
		}
		c, ok = found, true
	}
	if ok {
		return c, true
	}
	for _, reading := range p.Readings {
		for _, found := range FindCodes(linesOf(reading)) {
			if ok && found != c {
				return Code{}, false
			}
			c, ok = found, true
		}
	}
	return c, ok
}

// linesOf joins the words of a reading, one line each.
func linesOf(words []Word) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			if w.Line != words[i-1].Line {
				b.WriteByte('\n')
			} else {
				b.WriteByte(' ')
			}
		}
		b.WriteString(w.Text)
	}
	return b.String()
}
