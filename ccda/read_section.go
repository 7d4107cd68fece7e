package ccda

import (
	"fmt"
	"strings"
)

const maxNesting = 8 // sections in sections

// readSection reads one section with its nested ones.
func (d *decoder) readSection(n *node, depth int) (Section, error) {
	if depth > maxNesting {
		return Section{}, fmt.Errorf("%w: sections nested more than %d deep", ErrTooLarge, maxNesting)
	}
	s := Section{Entries: []Entry{}, ID: n.child("id").id(), Title: n.child("title").words(), NullFlavor: n.attr("nullFlavor"),
		Confidentiality: n.child("confidentialityCode").attr("code"), Code: d.code(n.child("code"))}
	spec := d.spec(n, &s)
	if spec != nil && s.Code.System == LOINC && len(s.Code.Translations) == 0 && s.Code.Text == "" && (s.Code.Display == "" || s.Code.Display == spec.Title) {
		s.Code = Code{} // the table says it all
	}
	if spec == nil {
		for _, k := range n.kids {
			if k.name == "templateId" {
				s.Templates = append(s.Templates, k.id())
			}
		}
	}
	text := n.child("text")
	text.take()
	s.Text, s.HTML = plain(text, true), safeHTML(text)
	d.section = s.LOINC
	var err error
	n.each("entry", func(k *node) {
		if err == nil {
			err = d.readEntry(k, &s)
		}
	})
	for _, k := range n.kids {
		inner := k
		if k.name == "component" {
			inner = k.child("section")
			k.used = true
		} else if k.name != "section" {
			continue
		}
		if inner == nil || err != nil {
			continue
		}
		inner.used = true
		var sub Section
		if sub, err = d.readSection(inner, depth+1); err == nil {
			s.Sections = append(s.Sections, sub)
		}
	}
	return s, err
}

// spec finds the section's row: by LOINC code first, then by template root.
func (d *decoder) spec(n *node, s *Section) *SectionSpec {
	s.LOINC = s.Code.Code
	if spec := specByLOINC(s.Code.Code); spec != nil {
		return spec
	}
	for _, t := range s.Code.Translations {
		if spec := specByLOINC(t.Code); spec != nil {
			s.LOINC = spec.LOINC
			return spec
		}
	}
	for _, k := range n.kids {
		if k.name != "templateId" {
			continue
		}
		if spec := specByRoot(k.attr("root")); spec != nil && spec.LOINC != SectionNotes {
			if s.LOINC == "" || s.Code.System != LOINC {
				s.LOINC = spec.LOINC
				return spec
			}
		}
	}
	return nil
}

// kindByRoot maps template roots, of C-CDA and of CCD 1.0 (which C32 uses), to kinds. Nobody writes to it.
var kindByRoot = map[string]Kind{
	tpl + "4.3": KindProblem, tpl + "4.4": KindProblem, tpl + "4.30": KindAllergy, tpl + "4.7": KindAllergy, tpl + "4.16": KindMedication,
	tpl + "4.52": KindImmunization, tpl + "4.14": KindProcedure, tpl + "4.12": KindProcedure, tpl + "4.13": KindProcedure, tpl + "4.1": KindPanel, tpl + "4.2": KindResult,
	tpl + "4.26": KindVitals, tpl + "4.27": KindVital, tpl + "4.78": KindSmoking, tpl + "4.85": KindTobacco, tpl + "4.38": KindSocial,
	tpl + "4.49": KindEncounter, tpl + "4.67": KindFunctional, tpl + "4.74": KindMental, tpl + "4.140": KindReferral, tpl + "4.202": KindNote,
	tpl + "4.45": KindFamily, tpl + "4.60": KindCoverage, tpl + "4.39": KindPlanned, tpl + "4.40": KindPlanned, tpl + "4.41": KindPlanned,
	tpl + "4.42": KindPlanned, tpl + "4.43": KindPlanned, tpl + "4.44": KindPlanned,
	ccd10 + "28": KindProblem, ccd10 + "18": KindAllergy, ccd10 + "24": KindMedication, ccd10 + "29": KindProcedure, ccd10 + "32": KindPanel,
	ccd10 + "31": KindResult, ccd10 + "35": KindVitals, ccd10 + "21": KindEncounter, ccd10 + "20": KindCoverage, ccd10 + "33": KindSocial,
	ccd10 + "23": KindFamily, ccd10 + "25": KindPlanned,
}

const ccd10 = "2.16.840.1.113883.10.20.1."

// statements are the elements that an entry may hold.
const statements = " act observation substanceAdministration procedure encounter organizer supply observationMedia "

// readEntry reads one entry into the section.
func (d *decoder) readEntry(n *node, s *Section) error {
	for _, k := range n.kids {
		if k.name == "" || !strings.Contains(statements, " "+k.name+" ") {
			continue
		}
		if d.entries++; d.entries > d.limits.Entries {
			return fmt.Errorf("%w: more than %d entries", ErrTooLarge, d.limits.Entries)
		}
		if k.name == "observationMedia" {
			if err := d.media(k, s); err != nil {
				return err
			}
			continue
		}
		if d.labels(k) {
			continue
		}
		list, err := d.statement(k, d.kind(k, s))
		if err != nil {
			return err
		}
		k.used = len(list) > 0
		s.Entries = append(s.Entries, list...)
	}
	return nil
}

// media reads a file that the narrative shows.
func (d *decoder) media(n *node, s *Section) error {
	b, err := d.body(n.child("value"))
	if err != nil {
		return fmt.Errorf("ccda: reading: observationMedia: %w", err)
	}
	if b == nil {
		return nil
	}
	n.take()
	b.ID = n.attr("ID")
	b.Description = described(d.anchors[b.ID+"-d"], b.MediaType)
	s.Media = append(s.Media, *b)
	return nil
}

// described gives the name of an attached file that the writer put before its type and size.
func described(n *node, media string) string {
	s, _, _ := strings.Cut(n.words(), " ("+media)
	return s
}

// labels reads the security labels of DS4P, and says whether n held one.
func (d *decoder) labels(n *node) bool {
	found := false
	var walk func(*node)
	walk = func(x *node) {
		if x.name == "observation" {
			c := x.child("code").attr("code")
			if strings.HasPrefix(c, "SEC") && strings.HasSuffix(c, "OBS") {
				d.doc.Labels = append(d.doc.Labels, Label{Kind: c, Code: d.code(x.child("value")), Section: d.section})
				found = true
			}
		}
		for _, k := range x.kids {
			walk(k)
		}
	}
	if n.name != "organizer" && n.name != "observation" {
		return false
	}
	if !n.securityRoot() {
		return false
	}
	walk(n)
	if found {
		n.take()
	}
	return found
}

// securityRoot says whether a statement declares a template of the DS4P or security observation arcs.
func (n *node) securityRoot() bool {
	for _, k := range n.kids {
		if k.name == "templateId" {
			if r := k.attr("root"); strings.HasPrefix(r, "2.16.840.1.113883.3.3251.1.") || strings.HasPrefix(r, "2.16.840.1.113883.3.445.") {
				return true
			}
		}
	}
	return false
}

// kind tells what a statement is: by its templates, else by the section and the element's name.
func (d *decoder) kind(n *node, s *Section) Kind {
	found := Kind("")
	for _, k := range n.kids {
		if k.name != "templateId" {
			continue
		}
		if kind, ok := kindByRoot[k.attr("root")]; ok && (found == "" || found == KindPlanned) {
			found = kind
		}
	}
	if s.LOINC == SectionImmunizations && n.name == "substanceAdministration" {
		return KindImmunization
	}
	if found != "" {
		return found
	}
	if o := n.inner(); o != nil && n.name == "act" { // a concern act of another arc
		for _, k := range o.kids {
			if kind := kindByRoot[k.attr("root")]; k.name == "templateId" && (kind == KindProblem || kind == KindAllergy) {
				return kind
			}
		}
	}
	switch {
	case n.name == "substanceAdministration":
		return KindMedication
	case n.name == "procedure":
		return KindProcedure
	case n.name == "encounter":
		return KindEncounter
	case n.name == "organizer" && s.LOINC == SectionVitals:
		return KindVitals
	case n.name == "organizer" && s.LOINC == SectionResults:
		return KindPanel
	case n.name == "observation" && s.LOINC == SectionResults:
		return KindResult
	case n.name == "observation" && s.LOINC == SectionVitals:
		return KindVital
	case n.name == "act" && s.LOINC == SectionProblems && n.inner() != nil:
		return KindProblem
	case n.name == "act" && s.LOINC == SectionAllergies && n.inner() != nil:
		return KindAllergy
	}
	return KindOther
}

// inner gives the first observation inside an act.
func (n *node) inner() *node {
	for _, k := range n.kids {
		if k.name == "entryRelationship" {
			for _, o := range k.kids {
				if o.name == "observation" {
					return o
				}
			}
		}
	}
	return nil
}
