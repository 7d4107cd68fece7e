package ccda

import "strconv"

func itoa(n int) string { return strconv.Itoa(n) }

// body writes the structured body: the redisclosure notice and the labels of the document first, then the sections.
func (e *encoder) body() {
	e.open("structuredBody")
	list := e.sections()
	whole, each := e.marks(list)
	if clean(e.doc.Notice) != "" || len(whole) > 0 {
		e.notice(whole)
	}
	for i := range list {
		e.open("component")
		e.section(&list[i], each[i])
		e.end("component")
	}
	e.end("structuredBody")
}

// notice writes the 42 CFR 2.32 statement and the labels of the document as the DS4P privacy section.
func (e *encoder) notice(labels []Label) {
	e.open("component")
	e.open("section")
	e.template(ds4pNotice, "", false)
	e.empty("code", "code", noticeLOINC, "codeSystem", LOINC, "codeSystemName", "LOINC", "displayName", "Privacy policy organization")
	if clean(e.doc.Notice) != "" {
		e.element("title", "Prohibition on redisclosure")
	} else {
		e.element("title", "Confidentiality")
	}
	e.open("text")
	e.paragraphs(e.doc.Notice, "notice")
	if words := labelWords(labels); words != "" {
		e.element("paragraph", "Handling: "+words, "ID", madePrefix+"labels")
	}
	e.end("text")
	if level := e.doc.confidentiality(); level != "N" {
		e.empty("confidentialityCode", "code", level, "codeSystem", Confidential)
	}
	e.labels(labels)
	e.end("section")
	e.end("component")
}

// section writes one section: templates, code, title, narrative, labels, entries, nested sections.
func (e *encoder) section(s *Section, labels []Label) {
	e.blocks++
	name := "s" + itoa(e.blocks)
	spec := specByLOINC(s.LOINC)
	items := e.items(s.Entries)
	matching := spec != nil && hasMatching(spec, items)
	null := ""
	if !matching && len(s.Media) == 0 && (s.NullFlavor != "" || spec != nil && wants(spec.NeedCode, e.doc.Type)) {
		null = flavor(s.NullFlavor, "NI")
	}
	e.open("section", "nullFlavor", null)
	e.sectionTemplates(s, spec, matching || spec != nil && wants(spec.NeedCode, e.doc.Type))
	if s.ID.usable() {
		e.id(s.ID, "UNK")
	}
	e.sectionCode(s)
	title := clean(s.Title)
	if title == "" && spec != nil {
		title = spec.Title
	}
	if title == "" {
		title = nonEmpty(s.Code.words(), "Section "+clean(s.LOINC))
	}
	e.element("title", title)
	e.narrative(s, spec, items, name)
	if c := among(s.Confidentiality, "N R V", ""); c != "" {
		e.empty("confidentialityCode", "code", c, "codeSystem", Confidential)
	}
	if null == "" { // "no information" beside entries is refused (CONF:1198-9183): other kinds then stay in words
		e.labels(labels)
		for i := range items {
			e.entry(&items[i])
		}
	}
	for i := range s.Media {
		e.media(&s.Media[i], mediaID(name, i))
	}
	for i := range s.Sections {
		e.open("component")
		e.section(&s.Sections[i], nil)
		e.end("component")
	}
	e.end("section")
}

func nonEmpty(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func mediaID(section string, i int) string { return section + "-m" + itoa(i+1) }

// hasMatching says whether the section has an entry that its entries-required template accepts.
func hasMatching(spec *SectionSpec, items []item) bool {
	for i := range items {
		for _, k := range spec.Kinds {
			if items[i].Kind == k && items[i].structured() {
				return true
			}
		}
	}
	return false
}

// structured says whether the item has an entry, and not only words: an organizer needs a part.
func (it *item) structured() bool {
	switch it.Kind {
	case KindPanel, KindVitals, KindFamily:
		return len(it.parts) > 0
	}
	return true
}

func (e *encoder) sectionTemplates(s *Section, spec *SectionSpec, coded bool) {
	switch {
	case spec == nil && len(s.Templates) > 0:
		for _, t := range s.Templates {
			if t.usable() {
				e.template(t.Root, clean(t.Extension), false)
			}
		}
	case spec == nil: // a section of its own code is a Notes Section
		e.template(tpl+"2.65", "2016-11-01", false)
	case coded && spec.Entries != "":
		e.template(spec.Entries, spec.Ext, spec.Twin)
	default:
		e.template(spec.Root, spec.Ext, spec.Twin)
	}
}

func (e *encoder) sectionCode(s *Section) {
	c := s.Code
	if c.Code != s.LOINC || c.System != LOINC {
		c = Code{Code: s.LOINC, System: LOINC}
		if spec := specByLOINC(s.LOINC); spec != nil {
			c.Display = spec.Title
		}
	}
	e.code(c, codeOpt{systems: []string{LOINC}})
}

// media writes a picture or file of a section.
func (e *encoder) media(b *Body, id string) {
	if len(b.Data) == 0 && b.Reference == "" {
		return
	}
	e.open("entry")
	e.open("observationMedia", "classCode", "OBS", "moodCode", "EVN", "ID", id)
	e.id(e.derive(id), "UNK")
	if len(b.Data) > 0 {
		e.openMixed("value", "mediaType", clean(b.MediaType), "representation", "B64")
		e.base64(b.Data)
	} else {
		e.open("value", "mediaType", clean(b.MediaType))
		e.empty("reference", "value", urlText(clean(b.Reference)))
	}
	e.end("value")
	e.end("observationMedia")
	e.end("entry")
}
