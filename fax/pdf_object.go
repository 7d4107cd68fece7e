package fax

import (
	"strconv"
)

// The objects of ISO 32000-1 section 7.3 as Go values: nil, bool, int, float64, pdfString, pdfName, []any, pdfDict, pdfRef,
// *pdfStream; and pdfOp for the operators of a content stream.
type (
	pdfName   string
	pdfString string
	pdfOp     string
	pdfDict   map[pdfName]any
	pdfRef    struct{ num, gen int }
	pdfStream struct {
		dict pdfDict
		raw  []byte // still filtered
	}
)

const (
	maxPDFDepth = 64     // nested arrays and dictionaries
	maxPDFItems = 50_000 // entries of one array or dictionary
)

// pdfLexer reads objects one after another. It never fails: what makes no sense is skipped or becomes an operator.
type pdfLexer struct {
	b    []byte
	at   int
	left *int // values that may still be read; nil: no limit
}

func isPDFSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func isPDFDelimiter(c byte) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}

// space skips white space and comments.
func (l *pdfLexer) space() {
	for l.at < len(l.b) {
		switch c := l.b[l.at]; {
		case isPDFSpace(c):
			l.at++
		case c == '%':
			for l.at < len(l.b) && l.b[l.at] != '\n' && l.b[l.at] != '\r' {
				l.at++
			}
		default:
			return
		}
	}
}

func (l *pdfLexer) has(s string) bool {
	return l.at+len(s) <= len(l.b) && string(l.b[l.at:l.at+len(s)]) == s
}

// regular takes characters up to the next delimiter or white space.
func (l *pdfLexer) regular() string {
	from := l.at
	for l.at < len(l.b) && !isPDFSpace(l.b[l.at]) && !isPDFDelimiter(l.b[l.at]) {
		l.at++
	}
	return string(l.b[from:l.at])
}

// next returns the next object or operator; ok is false at the end.
func (l *pdfLexer) next() (v any, ok bool) { return l.value(0) }

func (l *pdfLexer) value(depth int) (v any, ok bool) {
	l.space()
	if l.left != nil {
		*l.left--
	}
	if l.at >= len(l.b) || depth > maxPDFDepth || l.left != nil && *l.left < 0 {
		l.at = len(l.b)
		return nil, false
	}
	switch c := l.b[l.at]; {
	case c == '/':
		l.at++
		return pdfName(unescapeName(l.regular())), true
	case c == '(':
		return l.literal(), true
	case l.has("<<"):
		l.at += 2
		return l.dict(depth), true
	case c == '<':
		return l.hex(), true
	case c == '[':
		l.at++
		return l.array(depth), true
	case l.has(">>"):
		l.at += 2
		return pdfOp(">>"), true
	case isPDFDelimiter(c):
		l.at++
		return pdfOp(c), true
	}
	return l.plain(), true
}

// plain reads a number, a reference, a keyword or an operator.
func (l *pdfLexer) plain() any {
	s := l.regular()
	switch s {
	case "true":
		return true
	case "false":
		return false
	case "null":
		return nil
	}
	if n, err := strconv.Atoi(s); err == nil {
		if n >= 0 && s[0] != '+' {
			if r, ok := l.reference(n); ok {
				return r
			}
		}
		return n
	}
	if s[0] == '.' || s[0] == '-' || s[0] == '+' || s[0] >= '0' && s[0] <= '9' {
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return f
		}
	}
	return pdfOp(s)
}

// reference looks whether "gen R" follows a number.
func (l *pdfLexer) reference(num int) (pdfRef, bool) {
	p := pdfLexer{b: l.b[:min(len(l.b), l.at+24)], at: l.at}
	p.space()
	gen, err := strconv.Atoi(p.regular())
	if err != nil || gen < 0 {
		return pdfRef{}, false
	}
	p.space()
	if p.regular() != "R" {
		return pdfRef{}, false
	}
	l.at = p.at
	return pdfRef{num, gen}, true
}

func (l *pdfLexer) array(depth int) []any {
	list := []any{}
	for len(list) < maxPDFItems {
		v, ok := l.value(depth + 1)
		if !ok || v == pdfOp("]") {
			break
		}
		list = append(list, v)
	}
	return list
}

func (l *pdfLexer) dict(depth int) pdfDict {
	d := pdfDict{}
	for len(d) < maxPDFItems {
		k, ok := l.value(depth + 1)
		if !ok || k == pdfOp(">>") {
			break
		}
		name, isName := k.(pdfName)
		if !isName {
			continue
		}
		v, ok := l.value(depth + 1)
		if !ok || v == pdfOp(">>") {
			break
		}
		d[name] = v
	}
	return d
}

// literal reads a string in parentheses.
func (l *pdfLexer) literal() pdfString {
	l.at++
	var s []byte
	for depth := 1; l.at < len(l.b); l.at++ {
		c := l.b[l.at]
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				l.at++
				return pdfString(s)
			}
		case '\\':
			l.at++
			if l.at < len(l.b) {
				s = l.escape(s)
			}
			continue
		}
		s = append(s, c)
	}
	return pdfString(s)
}

// escape reads what follows a backslash; l.at stays on its last character.
func (l *pdfLexer) escape(s []byte) []byte {
	switch c := l.b[l.at]; c {
	case 'n':
		return append(s, '\n')
	case 'r':
		return append(s, '\r')
	case 't':
		return append(s, '\t')
	case '\n', '\r':
		return s
	case '0', '1', '2', '3', '4', '5', '6', '7':
		v := 0
		for i := 0; i < 3 && l.at < len(l.b) && l.b[l.at] >= '0' && l.b[l.at] <= '7'; i++ {
			v = v<<3 | int(l.b[l.at]-'0')
			l.at++
		}
		l.at--
		return append(s, byte(v))
	default:
		return append(s, c)
	}
}

func (l *pdfLexer) hex() pdfString {
	l.at++
	var s []byte
	half, odd := byte(0), false
	for ; l.at < len(l.b) && l.b[l.at] != '>'; l.at++ {
		v, ok := hexDigit(l.b[l.at])
		if !ok {
			continue
		}
		if odd = !odd; odd {
			half = v << 4
		} else {
			s = append(s, half|v)
		}
	}
	l.at = min(l.at+1, len(l.b))
	if odd {
		s = append(s, half)
	}
	return pdfString(s)
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// unescapeName undoes #xx in names.
func unescapeName(s string) string {
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '#' && i+2 < len(s) {
			hi, ok1 := hexDigit(s[i+1])
			lo, ok2 := hexDigit(s[i+2])
			if ok1 && ok2 {
				out = append(out, hi<<4|lo)
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}

// pdfNumber is an int or a float64 as float64.
func pdfNumber(v any) float64 {
	switch v := v.(type) {
	case int:
		return float64(v)
	case float64:
		return v
	}
	return 0
}
