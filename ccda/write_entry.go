package ccda

// statement is one row of the table of entry templates.
type statement struct {
	kind Kind
	root string // below tpl
	ext  string
	twin bool
}

// statementTable holds C-CDA R2.1 Volume 2 chapter 3 as far as writer and reader map it. Nobody writes to it.
var statementTable = []statement{
	{KindProblem, "4.4", ext15, true}, {KindAllergy, "4.7", ext14, true}, {KindMedication, "4.16", ext14, true},
	{KindImmunization, "4.52", ext15, true}, {KindProcedure, "4.14", ext14, true}, {KindPanel, "4.1", ext15, true},
	{KindResult, "4.2", ext15, true}, {KindVitals, "4.26", ext15, true}, {KindVital, "4.27", ext14, true},
	{KindSmoking, "4.78", ext14, true}, {KindTobacco, "4.85", ext14, true}, {KindSocial, "4.38", ext15, true},
	{KindEncounter, "4.49", ext15, true}, {KindFunctional, "4.67", ext14, true}, {KindMental, "4.74", ext15, true},
	{KindReferral, "4.140", "", false}, {KindNote, "4.202", "2016-11-01", false}, {KindFamily, "4.45", ext15, true},
}

func statementOf(k Kind) statement {
	for _, s := range statementTable {
		if s.kind == k {
			return s
		}
	}
	return statement{kind: k}
}

// entry writes one item as section/entry.
func (e *encoder) entry(it *item) {
	if !it.structured() {
		return
	}
	e.open("entry", "typeCode", "DRIV")
	switch it.Kind {
	case KindProblem:
		e.concern(it, tpl+"4.3", func() { e.problem(it) })
	case KindAllergy:
		e.concern(it, tpl+"4.30", func() { e.allergy(it) })
	case KindMedication:
		e.medication(it, statementOf(it.Kind))
	case KindImmunization:
		e.immunization(it)
	case KindProcedure:
		e.procedure(it)
	case KindPanel, KindVitals:
		e.organizer(it)
	case KindEncounter:
		e.visit(it)
	case KindPlanned:
		e.planned(it)
	case KindReferral:
		e.referral(it)
	case KindCoverage:
		e.coverage(it)
	case KindNote:
		e.note(it)
	case KindFamily:
		e.family(it)
	default:
		e.observation(it)
	}
	e.end("entry")
}

// start writes templateIds and ids of a statement.
func (e *encoder) start(it *item) {
	s := statementOf(it.Kind)
	if s.root != "" {
		e.template(tpl+s.root, s.ext, s.twin)
	}
	e.entryIDs(it)
}

func (e *encoder) entryIDs(it *item) {
	n := 0
	for _, id := range it.IDs {
		if id.usable() {
			e.id(id, "UNK")
			n++
		}
	}
	if n == 0 {
		e.id(e.derive(it.anchor), "UNK")
	}
}

// row links the statement to its row of the narrative.
func (e *encoder) row(it *item) {
	e.open("text")
	e.empty("reference", "value", "#"+it.anchor)
	e.end("text")
}

// words is the anchor of the code's words, or nothing when the narrative names none.
func (it *item) words() string {
	if it.Code.words() == "" {
		return ""
	}
	return it.anchor + "-c"
}

func negated(b bool) string {
	if b {
		return "true"
	}
	return ""
}

// tail writes performer, author and comment, in the order of the schema; parts comes between.
func (e *encoder) tail(it *item, parts func()) {
	if it.To != nil && it.Kind != KindReferral {
		e.open("performer", "typeCode", "PRF")
		e.entity("assignedEntity", it.To)
		e.end("performer")
	}
	e.by(it.By)
	if parts != nil {
		parts()
	}
	if clean(it.Text) != "" && it.Kind != KindNote {
		e.open("entryRelationship", "typeCode", "SUBJ", "inversionInd", "true")
		e.open("act", "classCode", "ACT", "moodCode", "EVN")
		e.template(tpl+"4.64", "", false) // Comment Activity
		e.empty("code", "code", "48767-8", "codeSystem", LOINC, "displayName", "Annotation comment")
		e.open("text")
		e.empty("reference", "value", "#"+it.anchor+"-t")
		e.end("text")
		e.end("act")
		e.end("entryRelationship")
	}
}

// by writes Author Participation (T.4.119).
func (e *encoder) by(a *Author) {
	if a == nil {
		return
	}
	e.open("author")
	e.template(tpl+"4.119", "", false)
	e.authorTime(a)
	e.open("assignedAuthor")
	e.ids(a.IDs)
	e.role(a.Code)
	if len(a.Addresses) > 0 {
		e.addresses(a.Addresses)
	}
	if len(a.Telecoms) > 0 {
		e.telecoms(a.Telecoms)
	}
	if a.Device != nil || !a.Name.zero() {
		e.authorIs(a)
	}
	if a.Org != nil {
		e.organization("representedOrganization", a.Org, false)
	}
	e.end("assignedAuthor")
	e.end("author")
}

// concern wraps a problem or an allergy in its concern act.
func (e *encoder) concern(it *item, root string, inner func()) {
	status := it.Status
	p := Period{Low: it.Time.Low, High: it.Time.High, OpenLow: it.Time.OpenLow}
	if status == "completed" && stamp(p.High) == "" {
		p.OpenHigh = "UNK"
	} else if status == "active" {
		p.High = ""
	}
	e.open("act", "classCode", "ACT", "moodCode", "EVN")
	e.template(root, ext15, true)
	e.id(e.derive(it.anchor+"-concern"), "UNK")
	e.empty("code", "code", "CONC", "codeSystem", ActClass)
	e.empty("statusCode", "code", status)
	e.period("effectiveTime", p, true)
	e.by(it.By)
	e.open("entryRelationship", "typeCode", "SUBJ")
	inner()
	e.end("entryRelationship")
	e.end("act")
}

func (e *encoder) problem(it *item) {
	e.open("observation", "classCode", "OBS", "moodCode", "EVN", "negationInd", negated(it.Negated))
	e.start(it)
	kind := it.Category
	if kind.zero() {
		kind = Code{Code: "55607006", System: SNOMED, Display: "Problem"}
	}
	if kind.Code == "55607006" && len(kind.Translations) == 0 {
		kind.Translations = []Code{{Code: "75326-9", System: LOINC, Display: "Problem"}}
	}
	e.code(kind, codeOpt{})
	e.row(it)
	e.empty("statusCode", "code", "completed")
	e.period("effectiveTime", it.Time, true)
	e.problemValue(it)
	e.tail(it, func() {
		e.severity(it)
		e.clinicalStatus(it, "4.6", ext15, "33999-4")
	})
	e.end("observation")
}

// asInterval turns a point into a low bound, for statements that need low.
func (p Period) asInterval() Period {
	if p.Low == "" && p.Point != "" {
		p.Low = p.Point
	}
	p.Point = ""
	return p
}

func (e *encoder) problemValue(it *item) {
	v := it.Code
	if it.Negated && v.zero() {
		v = Code{Code: "55607006", System: SNOMED, Display: "Problem"}
	}
	x := Entry{Kind: KindProblem, Code: v}
	e.code(v, codeOpt{name: "value", xsi: "CD", anchor: it.words(), systems: x.bound()})
}

func (e *encoder) severity(it *item) {
	if it.Severity.zero() {
		return
	}
	e.open("entryRelationship", "typeCode", "SUBJ", "inversionInd", "true")
	e.open("observation", "classCode", "OBS", "moodCode", "EVN")
	e.template(tpl+"4.8", ext14, true)
	e.empty("code", "code", "SEV", "codeSystem", ActCode)
	e.empty("statusCode", "code", "completed")
	e.code(it.Severity, codeOpt{name: "value", xsi: "CD"})
	e.end("observation")
	e.end("entryRelationship")
}

func (e *encoder) clinicalStatus(it *item, root, ext, code string) {
	if it.ClinicalStatus.zero() {
		return
	}
	e.open("entryRelationship", "typeCode", "REFR")
	e.open("observation", "classCode", "OBS", "moodCode", "EVN")
	e.template(tpl+root, ext, ext == ext15)
	e.id(e.derive(it.anchor+"-status"), "UNK")
	e.empty("code", "code", code, "codeSystem", LOINC, "displayName", "Status")
	e.empty("statusCode", "code", "completed")
	e.code(it.ClinicalStatus, codeOpt{name: "value", xsi: "CD"})
	e.end("observation")
	e.end("entryRelationship")
}

func (e *encoder) allergy(it *item) {
	e.open("observation", "classCode", "OBS", "moodCode", "EVN", "negationInd", negated(it.Negated))
	e.start(it)
	e.empty("code", "code", "ASSERTION", "codeSystem", ActCode)
	e.row(it)
	e.empty("statusCode", "code", "completed")
	e.period("effectiveTime", it.Time, true)
	e.code(it.allergyKind(), codeOpt{name: "value", xsi: "CD", systems: []string{SNOMED}})
	if it.To != nil {
		e.open("performer", "typeCode", "PRF")
		e.entity("assignedEntity", it.To)
		e.end("performer")
	}
	e.by(it.By)
	e.open("participant", "typeCode", "CSM")
	e.open("participantRole", "classCode", "MANU")
	e.open("playingEntity", "classCode", "MMAT")
	e.code(it.Code, codeOpt{anchor: it.words(), systems: it.bound(), missing: map[bool]string{true: "NA"}[it.Negated]})
	e.end("playingEntity")
	e.end("participantRole")
	e.end("participant")
	rest := *it.Entry
	rest.To, rest.By = nil, nil
	e.tail(&item{Entry: &rest, anchor: it.anchor}, func() {
		for i, r := range it.Reactions {
			e.reaction(it, i, r)
		}
		e.severity(it)
		e.clinicalStatus(it, "4.28", "", "33999-4")
	})
	e.end("observation")
}

// allergyKind is the kind of allergy in SNOMED CT, which the standard insists on (CONF:1098-16317). Another coding
// becomes a translation of "propensity to adverse reactions", the value set's most general code.
func (it *item) allergyKind() Code {
	kind := it.Category
	if main, _ := kind.pick([]string{SNOMED}); main.Code != "" {
		return kind
	}
	general := Code{Code: "420134006", System: SNOMED, Display: "Propensity to adverse reactions", Text: kind.words()}
	if it.Negated {
		general.Code, general.Display = "419199007", "Allergy to substance"
	}
	general.Translations = append([]Code{kind}, kind.Translations...)
	return general
}

func (e *encoder) reaction(it *item, i int, c Code) {
	e.open("entryRelationship", "typeCode", "MFST", "inversionInd", "true")
	e.open("observation", "classCode", "OBS", "moodCode", "EVN")
	e.template(tpl+"4.9", ext14, true)
	e.id(e.derive(it.anchor+"-reaction"+itoa(i+1)), "UNK")
	e.empty("code", "code", "ASSERTION", "codeSystem", ActCode)
	e.empty("statusCode", "code", "completed")
	e.code(c, codeOpt{name: "value", xsi: "CD", systems: []string{SNOMED}})
	e.end("observation")
	e.end("entryRelationship")
}
