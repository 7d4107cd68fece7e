package hl7

import "fmt"

// Delimiters are the separators and the escape character of one message, from MSH-1 and MSH-2 (chapter 2, 2.14.9.2).
// A zero byte means that the message does not have that character.
type Delimiters struct {
	Field        byte // MSH-1, usually |
	Component    byte // MSH-2 first character, usually ^
	Repetition   byte // second, usually ~
	Escape       byte // third, usually \
	Subcomponent byte // fourth, usually &
	Truncation   byte // fifth, since 2.7, usually #
}

// DefaultDelimiters returns the recommended | ^ ~ \ &, without a truncation character.
func DefaultDelimiters() Delimiters {
	return Delimiters{Field: '|', Component: '^', Repetition: '~', Escape: '\\', Subcomponent: '&'}
}

// Encoding returns the text of MSH-2.
func (d Delimiters) Encoding() string {
	b := make([]byte, 0, 5)
	for _, c := range [...]byte{d.Component, d.Repetition, d.Escape, d.Subcomponent, d.Truncation} {
		if c == 0 {
			break
		}
		b = append(b, c)
	}
	return string(b)
}

// Valid tells whether a message can be written with d: the first five characters set, all different, none of them a
// letter, a digit, a quotation mark, a space or a control character.
func (d Delimiters) Valid() bool {
	all := [...]byte{d.Field, d.Component, d.Repetition, d.Escape, d.Subcomponent, d.Truncation}
	for i, c := range all {
		if c == 0 && i == 5 {
			continue
		}
		if !usableDelimiter(c) {
			return false
		}
		for _, other := range all[:i] {
			if other == c {
				return false
			}
		}
	}
	return true
}

func usableDelimiter(c byte) bool {
	switch {
	case c <= ' ', c >= 0x7F, c == '"':
		return false
	case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z':
		return false
	}
	return true
}

// readDelimiters reads MSH-1 and MSH-2 of a segment that begins with MSH, FHS or BHS. The second result tells that MSH-2
// had its escape character doubled (^~\\&), which some tools write.
func readDelimiters(seg []byte) (Delimiters, bool, error) {
	if len(seg) < 5 {
		return Delimiters{}, false, parseError(ErrDelimiters, len(seg), 0, "a segment of "+itoa(len(seg))+" bytes", "MSH-1 and MSH-2")
	}
	d := Delimiters{Field: seg[3]}
	enc := seg[4:]
	if i := indexByte(enc, d.Field); i >= 0 {
		enc = enc[:i]
	}
	doubled := false
	if len(enc) == 5 && enc[2] == enc[3] {
		enc, doubled = append(append(make([]byte, 0, 4), enc[:3]...), enc[4]), true
	}
	if len(enc) == 0 || len(enc) > 5 {
		return Delimiters{}, false, parseError(ErrDelimiters, 4, 0, itoa(len(enc))+" encoding characters", "1 to 5")
	}
	for i, p := range [...]*byte{&d.Component, &d.Repetition, &d.Escape, &d.Subcomponent, &d.Truncation} {
		if i < len(enc) {
			*p = enc[i]
		}
	}
	if err := d.checkRead(); err != nil {
		return Delimiters{}, false, err
	}
	return d, doubled, nil
}

// checkRead is the forgiving half of Valid: characters may be missing, the present ones must be usable and differ.
func (d Delimiters) checkRead() error {
	all := [...]byte{d.Field, d.Component, d.Repetition, d.Escape, d.Subcomponent, d.Truncation}
	for i, c := range all {
		if c == 0 {
			continue
		}
		if !usableDelimiter(c) {
			return parseError(ErrDelimiters, 3+i, 0, fmt.Sprintf("byte %#02x", c), "a punctuation character")
		}
		for _, other := range all[:i] {
			if other == c {
				return parseError(ErrDelimiters, 3+i, 0, fmt.Sprintf("byte %#02x twice", c), "different characters")
			}
		}
	}
	return nil
}
