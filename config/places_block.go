package config

// block reads a literal or folded block scalar (YAML 1.2, section 8.1).
func (s *scanner) block(folded bool) {
	chomp, indent := s.header()
	lines := s.blockLines(indent)
	last := len(lines) // lines with words; the empty ones after them are the chomping indicator's
	for last > 0 && lines[last-1].empty() {
		last--
	}
	if folded {
		s.folded(lines[:last])
	} else {
		for i, l := range lines[:last] {
			s.words(l)
			if i < last-1 {
				s.emit('\n', l.end)
			}
		}
	}
	if last > 0 && chomp != '-' && (lines[last-1].broken || last < len(lines)) {
		s.emit('\n', lines[last-1].end)
	}
	if chomp == '+' {
		for _, l := range lines[last:] {
			if l.broken {
				s.emit('\n', l.end)
			}
		}
	}
}

// header reads `|2-` or `>`, and a comment after it. The indent is 0 when it must be seen from the first line with words.
func (s *scanner) header() (chomp rune, indent int) {
	s.next()
	for s.i < len(s.text) && s.peek() != '\n' {
		switch r := s.next(); {
		case r == '+' || r == '-':
			chomp = r
		case r >= '1' && r <= '9':
			indent = int(r - '0')
		case r == '#':
			for s.i < len(s.text) && s.peek() != '\n' {
				s.next()
			}
		}
	}
	s.next()
	return chomp, indent
}

// blockLine is one line of a block scalar without its indent.
type blockLine struct {
	text   []rune
	start  Position
	end    Position
	broken bool // a line break follows
}

func (l blockLine) empty() bool { return len(l.text) == 0 }

// more says that a folded line keeps its breaks, because it is indented more than the block.
func (l blockLine) more() bool { return len(l.text) > 0 && blank(l.text[0]) }

// blockLines splits the rest of the text into lines of the block. An explicit indent counts from the parent's, which is not known
// here: the first line with words is at least that deep, and comparing the result with the parser's value finds a wrong guess.
func (s *scanner) blockLines(explicit int) []blockLine {
	indent := 0
	var lines []blockLine
	for s.i < len(s.text) {
		end := s.i
		for end < len(s.text) && s.text[end] != '\n' {
			end++
		}
		line := s.text[s.i:end]
		lead := 0
		for lead < len(line) && line[lead] == ' ' {
			lead++
		}
		words := lead < len(line)
		if indent == 0 && words {
			indent = lead
			if explicit > 0 {
				indent = s.explicitIndent(explicit, lead)
			}
		}
		if words && lead < indent {
			break
		}
		skip := min(lead, indent)
		if !words && indent == 0 {
			skip = lead
		}
		l := blockLine{text: line[skip:], start: Position{Line: s.line, Col: skip + 1},
			end: Position{Line: s.line, Col: len(line) + 1}, broken: end < len(s.text)}
		lines = append(lines, l)
		for s.i < end {
			s.next()
		}
		s.next()
		if words && indent == 0 {
			break
		}
	}
	return lines
}

// explicitIndent finds the block's indent: as many blanks as the header says more than the line it stands in, when that is possible.
func (s *scanner) explicitIndent(explicit, lead int) int {
	at := s.i - 1
	for range 2 { // back over the line break before this line, then to the start of the header's line
		for at > 0 && s.text[at-1] != '\n' {
			at--
		}
		if at > 0 && s.text[at] != '\n' {
			break
		}
		at--
	}
	parent := 0
	for at+parent >= 0 && at+parent < len(s.text) && s.text[at+parent] == ' ' {
		parent++
	}
	return min(lead, parent+explicit)
}

func (s *scanner) words(l blockLine) {
	for k, r := range l.text {
		s.emit(r, Position{Line: l.start.Line, Col: l.start.Col + k})
	}
}

// folded joins lines: one break between two lines of the same indent is a space, the first of several is dropped, and lines that are
// indented more keep all their breaks.
func (s *scanner) folded(lines []blockLine) {
	for i := 0; i < len(lines); {
		s.words(lines[i])
		next := i + 1
		for next < len(lines) && lines[next].empty() {
			next++
		}
		if next == len(lines) {
			return
		}
		breaks := next - i
		keep := lines[i].empty() || lines[i].more() || lines[next].more()
		switch {
		case keep:
			for range breaks {
				s.emit('\n', lines[i].end)
			}
		default:
			s.breaks(breaks, lines[i].end)
		}
		i = next
	}
}
