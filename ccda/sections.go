package ccda

// SectionSpec is one row of the table that writer, reader and self-check share.
type SectionSpec struct {
	LOINC    string // section code
	Title    string // written when the Document gives none
	Root     string // templateId root, entries optional
	Entries  string // templateId root of the variant with entries required; empty: there is none
	Ext      string // templateId extension of R2.1; empty: the template was never versioned
	Twin     bool   // also write the root without extension (the R1.1 template, CONF:1198-32934)
	Kinds    []Kind // statements that belong here
	Required []Type // document types that cannot be without it
	NeedCode []Type // of those, the ones that ask for the entries-required variant
	Nothing  string // narrative of an empty section
}

const (
	ext14 = "2014-06-09"
	ext15 = "2015-08-01"
	ihe   = "1.3.6.1.4.1.19376.1.5.3.1."
)

// LOINC codes of sections that the code branches on.
const (
	SectionReason         = "42349-1"
	SectionProblems       = "11450-4"
	SectionAllergies      = "48765-2"
	SectionMedications    = "10160-0"
	SectionResults        = "30954-2"
	SectionVitals         = "8716-3"
	SectionProcedures     = "47519-4"
	SectionImmunizations  = "11369-6"
	SectionAssessment     = "51848-0"
	SectionPlan           = "18776-5"
	SectionAssessmentPlan = "51847-2"
	SectionHPI            = "10164-2"
	SectionPayers         = "48768-6"
	SectionSocial         = "29762-2"
	SectionFamily         = "10157-6"
	SectionEncounters     = "46240-8"
	SectionFunctional     = "47420-5"
	SectionMental         = "10190-7"
	SectionReasonVisit    = "29299-5"
	SectionChiefReason    = "46239-0"
	SectionNotes          = "11488-4"
)

const nothing = "No information was given."

// SectionSpecs returns the table of sections in the order in which the writer puts them. The slice is a fresh copy.
func SectionSpecs() []SectionSpec { return append([]SectionSpec(nil), sectionTable...) }

// sectionTable holds C-CDA R2.1 Volume 2 chapter 2 as far as this package writes it. Nobody writes to it.
var sectionTable = []SectionSpec{
	{LOINC: SectionReason, Title: "Reason for Referral", Root: ihe + "3.1", Ext: ext14, Twin: true,
		Kinds: []Kind{KindReferral}, Required: []Type{TypeReferral, TypeConsult}, Nothing: "No reason for referral was given."},
	{LOINC: SectionReasonVisit, Title: "Reason for Visit", Root: tpl + "2.12", Nothing: nothing},
	{LOINC: "10154-3", Title: "Chief Complaint", Root: ihe + "1.13.2.1", Nothing: nothing},
	{LOINC: SectionChiefReason, Title: "Chief Complaint and Reason for Visit", Root: tpl + "2.13", Nothing: nothing},
	{LOINC: SectionHPI, Title: "History of Present Illness", Root: ihe + "3.4", Required: []Type{TypeConsult}, Nothing: nothing},
	{LOINC: SectionNotes, Title: "Consultation Note", Root: tpl + "2.65", Ext: "2016-11-01", Kinds: []Kind{KindNote}, Nothing: nothing},
	{LOINC: SectionProblems, Title: "Problems", Root: tpl + "2.5", Entries: tpl + "2.5.1", Ext: ext15, Twin: true, Kinds: []Kind{KindProblem},
		Required: []Type{TypeReferral, TypeConsult, TypeCCD}, NeedCode: []Type{TypeReferral, TypeConsult, TypeCCD}, Nothing: "No information about problems was given."},
	{LOINC: SectionAllergies, Title: "Allergies and Adverse Reactions", Root: tpl + "2.6", Entries: tpl + "2.6.1", Ext: ext15, Twin: true, Kinds: []Kind{KindAllergy},
		Required: []Type{TypeReferral, TypeConsult, TypeCCD}, NeedCode: []Type{TypeReferral, TypeConsult, TypeCCD}, Nothing: "No information about allergies was given."},
	{LOINC: SectionMedications, Title: "Medications", Root: tpl + "2.1", Entries: tpl + "2.1.1", Ext: ext14, Twin: true, Kinds: []Kind{KindMedication},
		Required: []Type{TypeReferral, TypeCCD}, NeedCode: []Type{TypeReferral, TypeCCD}, Nothing: "No information about medications was given."},
	{LOINC: SectionAssessment, Title: "Assessment", Root: tpl + "2.8", Nothing: nothing},
	{LOINC: SectionPlan, Title: "Plan of Treatment", Root: tpl + "2.10", Ext: ext14, Twin: true, Kinds: []Kind{KindPlanned}, Nothing: nothing},
	{LOINC: SectionAssessmentPlan, Title: "Assessment and Plan", Root: tpl + "2.9", Ext: ext14, Twin: true, Kinds: []Kind{KindPlanned}, Nothing: nothing},
	{LOINC: SectionResults, Title: "Results", Root: tpl + "2.3", Entries: tpl + "2.3.1", Ext: ext15, Twin: true, Kinds: []Kind{KindPanel},
		Required: []Type{TypeCCD}, NeedCode: []Type{TypeCCD}, Nothing: "No information about results was given."},
	{LOINC: SectionVitals, Title: "Vital Signs", Root: tpl + "2.4", Entries: tpl + "2.4.1", Ext: ext15, Twin: true, Kinds: []Kind{KindVitals},
		Required: []Type{TypeCCD}, NeedCode: []Type{TypeCCD}, Nothing: "No information about vital signs was given."},
	{LOINC: SectionProcedures, Title: "Procedures", Root: tpl + "2.7", Entries: tpl + "2.7.1", Ext: ext14, Twin: true, Kinds: []Kind{KindProcedure}, Nothing: nothing},
	{LOINC: SectionImmunizations, Title: "Immunizations", Root: tpl + "2.2", Entries: tpl + "2.2.1", Ext: ext15, Twin: true, Kinds: []Kind{KindImmunization}, Nothing: nothing},
	{LOINC: SectionSocial, Title: "Social History", Root: tpl + "2.17", Ext: ext15, Twin: true, Kinds: []Kind{KindSmoking, KindTobacco, KindSocial},
		Required: []Type{TypeCCD}, Nothing: "No information about social history was given."},
	{LOINC: SectionFamily, Title: "Family History", Root: tpl + "2.15", Ext: ext15, Twin: true, Kinds: []Kind{KindFamily}, Nothing: nothing},
	{LOINC: "11348-0", Title: "Past Medical History", Root: tpl + "2.20", Ext: ext15, Twin: true, Kinds: []Kind{KindProblem}, Nothing: nothing},
	{LOINC: "29545-1", Title: "Physical Exam", Root: "2.16.840.1.113883.10.20.2.10", Ext: ext15, Twin: true, Nothing: nothing},
	{LOINC: "10187-3", Title: "Review of Systems", Root: ihe + "3.18", Nothing: nothing},
	{LOINC: "10210-3", Title: "General Status", Root: "2.16.840.1.113883.10.20.2.5", Nothing: nothing},
	{LOINC: SectionFunctional, Title: "Functional Status", Root: tpl + "2.14", Ext: ext14, Twin: true, Kinds: []Kind{KindFunctional}, Nothing: nothing},
	{LOINC: SectionMental, Title: "Mental Status", Root: tpl + "2.56", Ext: ext15, Kinds: []Kind{KindMental}, Nothing: nothing},
	{LOINC: SectionEncounters, Title: "Encounters", Root: tpl + "2.22", Entries: tpl + "2.22.1", Ext: ext15, Twin: true, Kinds: []Kind{KindEncounter}, Nothing: nothing},
	{LOINC: "46264-8", Title: "Medical Equipment", Root: tpl + "2.23", Ext: ext14, Twin: true, Nothing: nothing},
	{LOINC: "42348-3", Title: "Advance Directives", Root: tpl + "2.21", Entries: "", Ext: ext15, Twin: true, Nothing: nothing},
	{LOINC: SectionPayers, Title: "Insurance", Root: tpl + "2.18", Ext: ext15, Twin: true, Kinds: []Kind{KindCoverage}, Nothing: nothing},
}

// specByLOINC finds the row of a section code.
func specByLOINC(code string) *SectionSpec {
	for i := range sectionTable {
		if sectionTable[i].LOINC == code {
			return &sectionTable[i]
		}
	}
	return nil
}

// specByRoot finds the row of a section template, whatever its extension.
func specByRoot(root string) *SectionSpec {
	for i := range sectionTable {
		if s := &sectionTable[i]; s.Root == root || s.Entries != "" && s.Entries == root {
			return s
		}
	}
	return nil
}

func wants(list []Type, t Type) bool {
	for _, x := range list {
		if x == t {
			return true
		}
	}
	return false
}

// docSpec is one row of the table of document types.
type docSpec struct {
	Type  Type
	Root  string
	Twin  bool // existed in R1.1
	Code  string
	Title string
	Names string // LOINC display
}

var docTable = []docSpec{
	{TypeReferral, tpl + "1.14", false, "57133-1", "Referral Note", "Referral note"},
	{TypeConsult, tpl + "1.4", true, "11488-4", "Consultation Note", "Consult note"},
	{TypeCCD, tpl + "1.2", true, "34133-9", "Summary of Care", "Summarization of episode note"},
	{TypeUnstructured, tpl + "1.10", true, "34133-9", "Clinical Document", "Summarization of episode note"},
}

func docByType(t Type) *docSpec {
	for i := range docTable {
		if docTable[i].Type == t {
			return &docTable[i]
		}
	}
	return nil
}
