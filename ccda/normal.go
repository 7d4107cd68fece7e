package ccda

import "strings"

// sections gives the sections as they are to be written: duplicates merged, forbidden mixtures resolved, required
// ones added. The Document itself stays as it is.
func (e *encoder) sections() []Section {
	list := mergeSame(e.doc.Sections)
	list = mergeInto(list, SectionAssessmentPlan, SectionAssessment, SectionPlan)
	list = mergeInto(list, SectionChiefReason, SectionReasonVisit, "10154-3")
	if e.doc.Type == TypeConsult && !hasSection(list, SectionReasonVisit) {
		for i := range list { // a Consultation Note must have one of the single sections (CONF:1198-9504)
			if list[i].LOINC == SectionChiefReason {
				list[i].LOINC, list[i].Title = SectionReasonVisit, nonEmpty(list[i].Title, "Chief Complaint and Reason for Visit")
			}
		}
	}
	for i := range sectionTable {
		s := &sectionTable[i]
		if !wants(s.Required, e.doc.Type) || hasSection(list, s.LOINC) {
			continue
		}
		if s.LOINC == SectionReason && e.doc.Type == TypeConsult && hasSection(list, SectionReasonVisit) {
			continue
		}
		list = append(list, Section{LOINC: s.LOINC, NullFlavor: "NI"})
	}
	if e.doc.Type == TypeReferral || e.doc.Type == TypeConsult {
		list = needPlan(list)
	}
	if e.doc.Type == TypeReferral && e.doc.ReferralID.usable() {
		addReferralAct(list, e.doc)
	}
	return list
}

// needPlan adds what is missing of "Assessment and Plan, or both Assessment and Plan of Treatment" (CONF:1198-29066).
func needPlan(list []Section) []Section {
	a, p := hasSection(list, SectionAssessment), hasSection(list, SectionPlan)
	switch {
	case hasSection(list, SectionAssessmentPlan) || a && p:
	case a:
		list = append(list, Section{LOINC: SectionPlan, NullFlavor: "NI"})
	case p:
		list = append(list, Section{LOINC: SectionAssessment, NullFlavor: "NI"})
	default:
		list = append(list, Section{LOINC: SectionAssessmentPlan, NullFlavor: "NI"})
	}
	return list
}

// addReferralAct puts a Patient Referral Act (T.4.140) with the referral ID where the reason stands, if there is none.
func addReferralAct(list []Section, d *Document) {
	for i := range list {
		if list[i].LOINC != SectionReason {
			continue
		}
		for j := range list[i].Entries {
			if list[i].Entries[j].Kind == KindReferral {
				return
			}
		}
		list[i].Entries = append(append([]Entry(nil), list[i].Entries...), Entry{Kind: KindReferral, IDs: []ID{d.ReferralID}})
		return
	}
}

func hasSection(list []Section, loinc string) bool {
	for i := range list {
		if list[i].LOINC == loinc {
			return true
		}
	}
	return false
}

// mergeSame joins sections of the table that stand twice: C-CDA allows one of each.
func mergeSame(in []Section) []Section {
	out := make([]Section, 0, len(in)+6)
	for _, s := range in {
		at := -1
		if specByLOINC(s.LOINC) != nil && s.LOINC != SectionNotes {
			for j := range out {
				if out[j].LOINC == s.LOINC {
					at = j
				}
			}
		}
		if at < 0 {
			out = append(out, s)
			continue
		}
		out[at] = join(out[at], s)
	}
	return out
}

// mergeInto moves the parts into the section that excludes them.
func mergeInto(list []Section, whole string, parts ...string) []Section {
	if !hasSection(list, whole) {
		return list
	}
	out := list[:0:0]
	var moved []Section
	for _, s := range list {
		if contains(parts, s.LOINC) {
			moved = append(moved, s)
			continue
		}
		out = append(out, s)
	}
	for i := range out {
		if out[i].LOINC == whole {
			for _, m := range moved {
				out[i] = join(out[i], m)
			}
		}
	}
	return out
}

func join(a, b Section) Section {
	if b.Text != "" && a.Text != "" {
		a.Text += "\n\n" + b.Text
	} else {
		a.Text += b.Text
	}
	a.Entries = append(append([]Entry(nil), a.Entries...), b.Entries...)
	a.Media = append(append([]Body(nil), a.Media...), b.Media...)
	a.Sections = append(append([]Section(nil), a.Sections...), b.Sections...)
	a.Confidentiality = stricter(a.Confidentiality, b.Confidentiality)
	if b.NullFlavor == "" {
		a.NullFlavor = ""
	}
	return a
}

// item is an entry on its way out: with its anchor in the narrative.
type item struct {
	*Entry
	anchor string
	parts  []item
}

// items gives entries their anchors and wraps results and vital signs that stand alone in the organizer they need.
func (e *encoder) items(entries []Entry) []item {
	out := make([]item, 0, len(entries))
	for i := range entries {
		x := &entries[i]
		switch x.Kind {
		case KindResult:
			x = &Entry{Kind: KindPanel, Code: x.Code, Status: x.Status, Time: x.Time, Parts: []Entry{*x}}
		case KindVital:
			x = &Entry{Kind: KindVitals, Status: x.Status, Time: x.Time, Parts: []Entry{*x}}
		}
		out = append(out, e.item(x))
	}
	return out
}

func (e *encoder) item(x *Entry) item {
	e.rows++
	c := *x
	c.canonical()
	if (x.Kind == KindReferral || x.Kind == KindNote) && x.Time.zero() {
		c.Time.Point = e.doc.Time
	}
	if x.Kind == KindNote && x.By == nil { // a Note Activity has an author
		by := e.doc.Authors[0]
		if len(stamp(by.Time)) < 8 {
			by.Time = e.doc.Time
		}
		c.By = &by
	}
	x = &c
	it := item{Entry: x, anchor: "e" + itoa(e.rows)}
	want := KindOther
	switch x.Kind {
	case KindPanel:
		want = KindResult
	case KindVitals:
		want = KindVital
	case KindFamily:
		want = KindProblem
	default:
		return it
	}
	for i := range x.Parts {
		p := x.Parts[i]
		p.Kind = want
		p.canonical()
		e.rows++
		it.parts = append(it.parts, item{Entry: &p, anchor: "e" + itoa(e.rows)})
	}
	return it
}

// canonical sets what the templates fix, so that narrative and entries say the same and a second writing does not
// differ: the status that will be written, and the form of the time.
func (x *Entry) canonical() {
	x.canonicalCode()
	x.Code = x.Code.led(x.bound())
	switch x.Kind {
	case KindProblem, KindAllergy:
		usual := "active"
		if x.Time.High != "" {
			usual = "completed"
		}
		x.Status = among(x.Status, "active completed aborted suspended", usual)
		x.Time = x.Time.asInterval()
	case KindMedication, KindImmunization:
		usual := "active"
		if x.Time.High != "" || x.Kind == KindImmunization {
			usual = "completed"
		}
		x.Status = among(x.Status, "active completed aborted suspended held nullified", usual)
		if x.Kind == KindImmunization && x.Time.Point == "" {
			x.Time = Period{Point: x.Time.Low}
		}
	case KindProcedure:
		x.Status = among(x.Status, "completed active aborted cancelled", "completed")
	case KindPanel, KindResult:
		x.Status = among(x.Status, resultStates, "completed")
	case KindTobacco:
		x.Status, x.Time = "", x.Time.asInterval()
	case KindSmoking:
		x.Status = ""
		if x.Time.Point == "" {
			x.Time = Period{Point: x.Time.Low}
		}
	case KindNote:
		x.Status = among(x.Status, "completed active aborted cancelled", "completed")
	default: // the template fixes the status
		x.Status = ""
	}
}

// canonicalCode sets the code where the template fixes it; the sender's own stays beside it as a translation.
func (x *Entry) canonicalCode() {
	usual := Code{}
	switch x.Kind {
	case KindSmoking:
		usual = Code{Code: "72166-2", System: LOINC, Display: "Tobacco smoking status"}
	case KindTobacco:
		usual = Code{Code: "11367-0", System: LOINC, Display: "History of tobacco use"}
	case KindMental:
		usual = Code{Code: "373930000", System: SNOMED, Display: "Cognitive function",
			Translations: []Code{{Code: "75275-8", System: LOINC, Display: "Cognitive function"}}}
	case KindFunctional:
		if main, _ := x.Code.pick([]string{LOINC}); main.Code != "" {
			return
		}
		usual = Code{Code: "54522-8", System: LOINC, Display: "Functional status"}
	case KindReferral:
		if x.Code.zero() {
			x.Code = Code{Code: "3457005", System: SNOMED, Display: "Patient referral"}
		}
		return
	case KindCoverage, KindFamily, KindVitals: // these have no code of their own
		x.Code = Code{}
		return
	default:
		return
	}
	if x.Code.Code == usual.Code {
		return
	}
	if !x.Code.zero() {
		usual.Text = x.Code.words()
		usual.Translations = append(append(usual.Translations, x.Code), x.Code.Translations...)
	}
	x.Code = usual
}

// bound gives the code systems that the template lets the entry's code be of; nil: any.
func (x *Entry) bound() []string {
	switch x.Kind {
	case KindProblem:
		if main, _ := x.Code.pick([]string{SNOMED}); main.Code != "" { // SNOMED CT first, ICD as translation
			return []string{SNOMED}
		}
		return []string{SNOMED, ICD10, ICD9, icd9Old}
	case KindAllergy:
		return []string{RxNorm, SNOMED, UNII, ndfrt, CVX, medRT}
	case KindMedication:
		return []string{RxNorm}
	case KindPlanned:
		if x.Class == "medication" {
			return []string{RxNorm}
		}
	case KindImmunization:
		return []string{CVX, cvxOld}
	case KindVital, KindFunctional:
		return []string{LOINC}
	}
	return nil
}

// paragraphs splits free words at blank lines, and each paragraph in lines; every line is cleaned.
func paragraphs(s string) [][]string {
	var out [][]string
	var cur []string
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	for line := range strings.SplitSeq(s, "\n") {
		if line = clean(line); line != "" {
			cur = append(cur, line)
			continue
		}
		if cur != nil {
			out, cur = append(out, cur), nil
		}
	}
	if cur != nil {
		out = append(out, cur)
	}
	return out
}
