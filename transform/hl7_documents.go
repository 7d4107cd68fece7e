package transform

import (
	"strings"

	"refloop/hl7"
	"refloop/referral"
)

// documentsOf reads the embedded documents (OBX ED) of a run of segments. An ED that is empty or cannot be decoded becomes a
// problem's place.
func documentsOf(segments func(yield func(hl7.Segment) bool), kind string) (docs []Body, bad []string) {
	for s := range segments {
		if s.Field(2).String() != "ED" {
			continue
		}
		for rep := range s.Field(5).All() {
			ed, err := rep.ED()
			if err != nil || len(ed.Data) == 0 {
				bad = append(bad, hl7.Problem{Segment: "OBX", SegIndex: s.Occurrence(), Field: 5}.Location())
				continue
			}
			docs = append(docs, Body{Bytes: ed.Data, Document: referral.Document{
				Kind: kind, ContentType: firstOf(ed.Media, "application/octet-stream"), Title: s.Field(3).Coded().Label(), Code: codedOf(s.Field(3).Coded()),
			}})
		}
	}
	return docs, bad
}

// textDocument makes one text document of the readable OBX (TX, FT, ST, CE) of a report; nil when there are none.
func textDocument(segments func(yield func(hl7.Segment) bool), kind, title string) *Body {
	var lines []string
	for s := range segments {
		switch s.Field(2).String() {
		case "ED", "RP":
			continue
		}
		var line string
		if s.Field(2).String() != "TX" && s.Field(2).String() != "FT" {
			if label := s.Field(3).Coded().Label(); label != "" {
				line = label + ": "
			}
		}
		line += observed(s)
		if unit := s.Field(6).String(); unit != "" {
			line += " " + unit
		}
		if strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return &Body{Bytes: []byte(strings.Join(lines, "\n") + "\n"), Document: referral.Document{Kind: kind, ContentType: "text/plain; charset=utf-8", Title: title}}
}
