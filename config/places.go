package config

import (
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// places gives the position of every character of the scalar's value, and one more for the end of it. It reads the scalar's source
// again by the rules of its style and compares what it read with what the parser made; when they differ, it knows nothing and says
// so with nil.
func (n Node) places() []Position {
	if n.y == nil || n.src == nil || n.y.Kind != yaml.ScalarNode {
		return nil
	}
	s := newScanner(string(n.src.bytes), n.y.Line, n.y.Column)
	s.properties()
	switch n.y.Style &^ yaml.TaggedStyle {
	case yaml.LiteralStyle, yaml.FoldedStyle:
		s.block(n.y.Style&yaml.FoldedStyle != 0)
	case yaml.SingleQuotedStyle:
		s.quoted('\'')
	case yaml.DoubleQuotedStyle:
		s.quoted('"')
	default:
		s.plain([]rune(n.y.Value))
	}
	if string(s.out) != n.y.Value {
		return nil
	}
	places := make([]Position, 0, len(s.at)+1)
	for _, p := range append(s.at, s.place()) {
		p.File = n.src.name
		places = append(places, p)
	}
	return places
}

// scanner walks over source text and notes for each character of the value where it came from.
type scanner struct {
	text []rune
	i    int
	line int
	col  int
	out  []rune
	at   []Position
}

func newScanner(text string, line, col int) *scanner {
	text = strings.TrimPrefix(text, "\ufeff")
	s := &scanner{text: []rune(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)), line: 1, col: 1}
	for s.i < len(s.text) && (s.line < line || s.line == line && s.col < col) {
		s.next()
	}
	return s
}

func (s *scanner) place() Position { return Position{Line: s.line, Col: s.col} }

// peek is the character at hand; 0 at the end.
func (s *scanner) peek() rune {
	if s.i < len(s.text) {
		return s.text[s.i]
	}
	return 0
}

func (s *scanner) next() rune {
	r := s.peek()
	if s.i < len(s.text) {
		s.i++
	}
	if r == '\n' {
		s.line, s.col = s.line+1, 1
	} else {
		s.col++
	}
	return r
}

func (s *scanner) emit(r rune, at Position) {
	s.out = append(s.out, r)
	s.at = append(s.at, at)
}

// properties skips an anchor and a tag in front of the scalar.
func (s *scanner) properties() {
	for s.peek() == '&' || s.peek() == '!' {
		for s.i < len(s.text) && !blank(s.peek()) && s.peek() != '\n' {
			s.next()
		}
		for blank(s.peek()) || s.peek() == '\n' {
			s.next()
		}
	}
}

func blank(r rune) bool { return r == ' ' || r == '\t' }

// fold reads blanks and line breaks and emits what they stand for: one break is a space, more are one newline fewer. Blanks
// that are followed by no break are themselves.
func (s *scanner) fold() {
	start, at := s.i, s.place()
	for blank(s.peek()) {
		s.next()
	}
	if s.peek() != '\n' {
		for k, r := range s.text[start:s.i] {
			s.emit(r, Position{Line: at.Line, Col: at.Col + k})
		}
		return
	}
	at = s.place()
	breaks := 0
	for blank(s.peek()) || s.peek() == '\n' {
		if s.next() == '\n' {
			breaks++
		}
	}
	s.breaks(breaks, at)
}

func (s *scanner) breaks(n int, at Position) {
	if n == 1 {
		s.emit(' ', at)
		return
	}
	for range n - 1 {
		s.emit('\n', at)
	}
}

// plain reads as many characters as the value has: where a plain scalar ends depends on what is around it, which the parser knew.
func (s *scanner) plain(value []rune) {
	for len(s.out) < len(value) && s.i < len(s.text) {
		if r := s.peek(); blank(r) || r == '\n' {
			s.fold()
			continue
		}
		at := s.place()
		s.emit(s.next(), at)
	}
}

func (s *scanner) quoted(quote rune) {
	if s.next() != quote {
		return
	}
	for s.i < len(s.text) {
		at := s.place()
		r := s.peek()
		switch {
		case r == quote && quote == '\'' && s.i+1 < len(s.text) && s.text[s.i+1] == quote:
			s.next()
			s.emit(s.next(), at)
		case r == quote:
			return
		case r == '\\' && quote == '"':
			s.escape(at)
		case blank(r) || r == '\n':
			s.fold()
		default:
			s.emit(s.next(), at)
		}
	}
}

// escape reads one escape of a double-quoted scalar (YAML 1.2, section 5.7).
func (s *scanner) escape(at Position) {
	s.next()
	r := s.next()
	digits := map[rune]int{'x': 2, 'u': 4, 'U': 8}[r]
	if digits > 0 {
		var code rune
		for range digits {
			code = code<<4 | hexDigit(s.next())
		}
		s.emit(code, at)
		return
	}
	if r == '\n' { // an escaped line break stands for nothing; the next line's indent neither, its empty lines do
		for blank(s.peek()) || s.peek() == '\n' {
			if brk := s.place(); s.next() == '\n' {
				s.emit('\n', brk)
			}
		}
		return
	}
	plain := map[rune]rune{'0': 0, 'a': 7, 'b': 8, 't': 9, '\t': 9, 'n': 10, 'v': 11, 'f': 12, 'r': 13, 'e': 27,
		' ': ' ', '"': '"', '/': '/', '\\': '\\', 'N': 0x85, '_': 0xA0, 'L': 0x2028, 'P': 0x2029}
	s.emit(plain[r], at)
}

func hexDigit(r rune) rune {
	switch {
	case r >= '0' && r <= '9':
		return r - '0'
	case r >= 'a' && r <= 'f':
		return r - 'a' + 10
	case r >= 'A' && r <= 'F':
		return r - 'A' + 10
	}
	return 0
}
