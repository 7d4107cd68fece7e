package ccda

import "strings"

// Templates of HL7's Data Segmentation for Privacy (DS4P) R1 and of the security observations that it uses.
const (
	ds4pAuthor     = "2.16.840.1.113883.3.3251.1.2" // mandatory document author
	ds4pProvenance = "2.16.840.1.113883.3.3251.1.3" // its assigned author
	ds4pAnnotation = "2.16.840.1.113883.3.3251.1.4" // organizer of labels
	ds4pEntry      = "2.16.840.1.113883.3.3251.1.9" // entry that marks a section
	securityAny    = "2.16.840.1.113883.3.445.21"   // security observation
	securityLevel  = "2.16.840.1.113883.3.445.12"   // confidentiality
	securityDuty   = "2.16.840.1.113883.3.445.14"   // obligation policy
	securityUse    = "2.16.840.1.113883.3.445.22"   // purpose of use
	securityRefuse = "2.16.840.1.113883.3.445.23"   // refrain policy

	securityTypes  = "2.16.840.1.113883.1.11.20457"
	securityValues = "2.16.840.1.113883.5.1063"
)

// Kinds of labels (Label.Kind).
const (
	LabelClass   = "SECCLASSOBS" // how confidential: R, V
	LabelControl = "SECCONOBS"   // what must or must not be done, and what for: NORDSCLCD, TREAT
)

// RedisclosureLabels are the labels of a document under 42 CFR Part 2: restricted, and no redisclosure without consent. Write puts them
// on a document with a Notice that has no labels of its own.
func RedisclosureLabels() []Label {
	return []Label{
		{Kind: LabelClass, Code: Code{Code: "R", System: securityValues, Display: "Restricted"}},
		{Kind: LabelControl, Code: Code{Code: "NORDSCLCD", System: securityValues, Display: "Prohibition on redisclosure without patient consent directive"}},
	}
}

// usable says whether the label can be written as a security observation.
func (l *Label) usable() bool {
	return strings.HasPrefix(l.Kind, "SEC") && strings.HasSuffix(l.Kind, "OBS") && len(l.Kind) < 20 && upperOrDigits(l.Kind) && l.Code.words() != ""
}

// marks sorts the labels: those of the document, and those of each top section. A label of a section that is not there, or that can hold
// no entry, is one of the document.
func (e *encoder) marks(list []Section) (whole []Label, each [][]Label) {
	each = make([][]Label, len(list))
	for _, l := range e.doc.Labels {
		if !l.usable() {
			continue
		}
		at := -1
		for i := range list {
			if l.Section != "" && list[i].LOINC == l.Section && at < 0 && e.carries(&list[i]) {
				at = i
			}
		}
		if at < 0 {
			whole = append(whole, l)
		} else {
			each[at] = append(each[at], l)
		}
	}
	if len(whole) == 0 && clean(e.doc.Notice) != "" {
		whole = RedisclosureLabels()
	}
	seen := map[string]bool{}
	for i := range list {
		if level := among(list[i].Confidentiality, "R V", ""); level != "" && !seen[list[i].LOINC] && !classed(each[i]) && e.carries(&list[i]) {
			words := map[string]string{"R": "Restricted", "V": "Very restricted"}[level]
			each[i] = append([]Label{{Kind: LabelClass, Code: Code{Code: level, System: securityValues, Display: words}}}, each[i]...)
		}
		seen[list[i].LOINC] = seen[list[i].LOINC] || len(each[i]) > 0 // a label names its section by the code: the first one
	}
	return whole, each
}

func classed(list []Label) bool {
	for i := range list {
		if list[i].Kind == LabelClass {
			return true
		}
	}
	return false
}

// carries says whether a section can hold a label: it needs a code that the label can name, and a section that says it has no
// information holds no entry (CONF:1198-9183).
func (e *encoder) carries(s *Section) bool {
	if !codeFits(LOINC, s.LOINC) {
		return false
	}
	spec := specByLOINC(s.LOINC)
	if s.NullFlavor == "" && (spec == nil || !wants(spec.NeedCode, e.doc.Type)) {
		return true
	}
	for i := range s.Entries {
		x := &s.Entries[i]
		kind, parts := x.Kind, len(x.Parts)
		switch kind {
		case KindResult:
			kind, parts = KindPanel, 1
		case KindVital:
			kind, parts = KindVitals, 1
		}
		group := kind == KindPanel || kind == KindVitals || kind == KindFamily
		for _, k := range spec.kinds() {
			if k == kind && (parts > 0 || !group) {
				return true
			}
		}
	}
	return false
}

func (s *SectionSpec) kinds() []Kind {
	if s == nil {
		return nil
	}
	return s.Kinds
}

// labels writes a privacy marking entry.
func (e *encoder) labels(list []Label) {
	if len(list) == 0 {
		return
	}
	e.open("entry", "typeCode", "COMP")
	e.template(ds4pEntry, "", false)
	e.open("organizer", "classCode", "CLUSTER", "moodCode", "EVN")
	e.template(ds4pAnnotation, "", false)
	e.empty("statusCode", "code", "active")
	for i := range list {
		l := &list[i]
		e.open("component", "typeCode", "COMP")
		e.open("observation", "classCode", "OBS", "moodCode", "EVN")
		e.template(securityAny, "", false)
		e.template(l.template(), "", false)
		e.empty("code", "code", l.Kind, "codeSystem", securityTypes)
		e.code(l.Code, codeOpt{name: "value", xsi: "CE"})
		e.end("observation")
		e.end("component")
	}
	e.end("organizer")
	e.end("entry")
}

// template tells refrain policies and purposes of use by their codes (HL7 ActCode and ActReason).
func (l *Label) template() string {
	switch {
	case l.Kind != LabelControl:
		return securityLevel
	case strings.HasPrefix(l.Code.Code, "NO"):
		return securityRefuse
	case among(l.Code.Code, "TREAT ETREAT BTG HPAYMT HOPERAT HRESCH PUBHLTH PATRQT FAMRQT COVERAGE CAREMGT TREATDS", "") != "":
		return securityUse
	}
	return securityDuty
}

// labelWords says labels to people.
func labelWords(list []Label) string {
	var out []string
	for i := range list {
		out = append(out, list[i].Code.words())
	}
	return strings.Join(out, "; ")
}
