package transform

import (
	"strings"

	"refloop/ccda"
)

// maxTextLines bounds the readable lines of one document in an HL7 message.
const maxTextLines = 5000

// documentText returns the readable lines of a C-CDA: title, notice, then each section with its narrative. It is what the document
// says and nothing else; nil when b is no C-CDA or holds no words.
func documentText(b []byte) []string {
	d, err := ccda.Read(b, ccda.Limits{})
	if err != nil {
		return nil
	}
	out := textLines(d.Notice)
	for _, s := range d.Sections {
		out = append(out, sectionText(s)...)
	}
	if d.Body != nil && strings.HasPrefix(d.Body.MediaType, "text/plain") {
		out = append(out, textLines(string(d.Body.Data))...)
	}
	if len(out) > maxTextLines {
		out = append(out[:maxTextLines], "The text goes on: see the attached document.")
	}
	return out
}

// sectionText is a section's title and words; nothing when it has none, or holds no information (nullFlavor).
func sectionText(s ccda.Section) []string {
	if s.NullFlavor != "" {
		return nil
	}
	lines := textLines(s.Text)
	for _, e := range s.Entries {
		lines = append(lines, entryText(e)...)
	}
	for _, inner := range s.Sections {
		lines = append(lines, sectionText(inner)...)
	}
	if len(lines) == 0 {
		return nil
	}
	if s.Title != "" {
		lines = append([]string{strings.ToUpper(s.Title)}, lines...)
	}
	return lines
}

// entryText is one line of what a statement says. Section.Text leaves out tables that our own writer made of entries, so that they are
// said here; other systems' narrative holds them already.
func entryText(e ccda.Entry) []string {
	if e.Kind == ccda.KindNote {
		return textLines(e.Text)
	}
	return nil
}

// textLines splits words into lines without empty ones at the ends.
func textLines(s string) []string {
	s = strings.Trim(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s), "\n \t")
	if s == "" {
		return nil
	}
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t")
	}
	return lines
}
