package ccda

// WrapNote makes a Consultation Note around a note that a clinician wrote; nothing clinical is added to it. d gives the
// header (its Type and Sections are replaced); note is the file as it came; by is who wrote it (nil: the document's
// first author).
//
// Plain text becomes the words of a Note Activity (T.4.202) in a Notes section, so that every receiver shows it. Any
// other file (PDF, RTF, TIFF) travels whole in the text of that Note Activity, as the standard provides for notes that
// are not text; put the same file beside the document in the package as well, since many receivers file only that.
// The sections that a Consultation Note cannot be without carry no information and say where to look.
func WrapNote(d Document, note Body, by *Author) Document {
	d.Type = TypeConsult
	d.Body = nil
	entry := Entry{Kind: KindNote, Code: Code{Code: "11488-4", System: LOINC, Display: "Consult note"}, By: by}
	if by != nil && stamp(by.Time) != "" {
		entry.Time = Period{Point: by.Time}
	}
	where := "See the clinician's note attached to this document."
	if note.MediaType == "text/plain" {
		entry.Text = string(note.Data)
		where = "See the clinician's note in this document."
	} else {
		entry.Media = &note
	}
	d.Sections = []Section{{LOINC: SectionNotes, Title: "Consultation Note", Entries: []Entry{entry}}}
	for i := range sectionTable {
		if s := &sectionTable[i]; wants(s.Required, TypeConsult) {
			d.Sections = append(d.Sections, Section{LOINC: s.LOINC, Title: s.Title, Text: where, NullFlavor: "NI"})
		}
	}
	d.Sections = append(d.Sections, Section{LOINC: SectionAssessmentPlan, Title: "Assessment and Plan", Text: where, NullFlavor: "NI"})
	return d
}
