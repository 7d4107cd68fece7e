package ccda

// Section is one section of a structured body.
//
// Writing: Text is the free words (line breaks make paragraphs); what the entries say is added below as a table with
// links both ways. Reading: Text is the plain text of the narrative without tables that this package's writer made
// from entries; HTML is all of the narrative as safe HTML.
type Section struct {
	LOINC           string    `json:"loinc"`
	Title           string    `json:"title"` // empty: the usual one of the section
	Text            string    `json:"text"`
	Entries         []Entry   `json:"entries"`
	HTML            string    `json:"html,omitempty"` // Read only
	Code            Code      `json:"code,omitzero"`  // full section code, for sections not in the table
	ID              ID        `json:"id,omitzero"`
	Templates       []ID      `json:"templates,omitempty"` // Read: as sent. Write: only for sections not in the table
	NullFlavor      string    `json:"null_flavor,omitempty"`
	Confidentiality string    `json:"confidentiality,omitempty"` // only if stricter than the document's
	Media           []Body    `json:"media,omitempty"`           // observationMedia shown in the narrative
	Sections        []Section `json:"sections,omitempty"`        // nested sections
}

// Kind says what an entry is, and with it what its fields mean.
type Kind string

// Kinds of entries. The comment names the clinical statement template below 2.16.840.1.113883.10.20.22.
const (
	KindProblem      Kind = "problem"      // 4.3 with 4.4: Code the condition, Category the problem type
	KindAllergy      Kind = "allergy"      // 4.30 with 4.7: Code the substance, Category the kind of allergy, Reactions
	KindMedication   Kind = "medication"   // 4.16: Code the drug, Dose, Route, Frequency
	KindImmunization Kind = "immunization" // 4.52: Code the vaccine; Negated: not given, Reason why
	KindProcedure    Kind = "procedure"    // 4.14 (also 4.12 and 4.13)
	KindPanel        Kind = "panel"        // 4.1: Code the battery, Parts its results
	KindResult       Kind = "result"       // 4.2: Code the test, Value
	KindVitals       Kind = "vitals"       // 4.26: Parts its vital signs
	KindVital        Kind = "vital"        // 4.27: Code the sign, Value
	KindSmoking      Kind = "smoking"      // 4.78: Value.Code the smoking status
	KindTobacco      Kind = "tobacco"      // 4.85: Value.Code tobacco use
	KindSocial       Kind = "social"       // 4.38: Code the question, Value
	KindEncounter    Kind = "encounter"    // 4.49
	KindFunctional   Kind = "functional"   // 4.67
	KindMental       Kind = "mental"       // 4.74
	KindPlanned      Kind = "planned"      // 4.39 to 4.44 by Class: Code what is planned
	KindReferral     Kind = "referral"     // 4.140: Code the referral type, Priority, To, By, Reasons, Services
	KindCoverage     Kind = "coverage"     // 4.60 with 4.61: Coverage
	KindNote         Kind = "note"         // 4.202: Code the note type, Text its words, By the author
	KindFamily       Kind = "family"       // 4.45 with 4.46: Subject the relative, Parts the conditions
	KindOther        Kind = "other"        // anything else that has a code
)

// Entry is one clinical statement. One struct serves all kinds; Kind says what its fields mean.
type Entry struct {
	Kind       Kind   `json:"kind"`
	IDs        []ID   `json:"ids,omitempty"`         // none: the writer derives one from the document's ID
	Class      string `json:"class,omitempty"`       // planned: act, encounter, observation, procedure, supply, medication
	Mood       string `json:"mood,omitempty"`        // EVN, INT, RQO, PRMS, PRP; empty: the usual one of the kind
	Status     string `json:"status,omitempty"`      // active, completed, aborted, suspended ...; empty: the usual one
	Negated    bool   `json:"negated,omitempty"`     // not done, not taken, or none known
	NullFlavor string `json:"null_flavor,omitempty"` // Read: of the statement itself
	Code       Code   `json:"code,omitzero"`
	Category   Code   `json:"category,omitzero"`
	Text       string `json:"text,omitempty"` // comment or instructions (sig)
	Time       Period `json:"time,omitzero"`
	Value      Value  `json:"value,omitzero"`

	Interpretation Code   `json:"interpretation,omitzero"`
	Range          string `json:"range,omitempty"` // reference range in words or "low - high unit"
	Severity       Code   `json:"severity,omitzero"`
	Reactions      []Code `json:"reactions,omitempty"`
	ClinicalStatus Code   `json:"clinical_status,omitzero"` // problem or allergy status observation

	Dose      Quantity `json:"dose,omitzero"`
	Route     Code     `json:"route,omitzero"`
	Frequency Quantity `json:"frequency,omitzero"` // period between doses: 8 h
	Lot       string   `json:"lot,omitempty"`
	Reason    Code     `json:"reason,omitzero"` // why not given; for planned items why

	Priority Code          `json:"priority,omitzero"` // ActPriority: R, UR, EL, A, S
	Site     Code          `json:"site,omitzero"`     // target site
	By       *Author       `json:"by,omitempty"`
	To       *Party        `json:"to,omitempty"` // referral: referred-to provider (REFT); others: the performer
	Reasons  []Code        `json:"reasons,omitempty"`
	Services []Code        `json:"services,omitempty"` // requested services
	Coverage *Coverage     `json:"coverage,omitempty"`
	Subject  Code          `json:"subject,omitzero"` // family: the relationship
	Location *Organization `json:"location,omitempty"`
	Media    *Body         `json:"media,omitempty"` // note: the clinician's own file; family, social: not used
	Parts    []Entry       `json:"parts,omitempty"`
}

// Period is a time or interval (TS, IVL_TS) in HL7 TS text. Point is set alone; Low and High may stand alone. OpenLow
// and OpenHigh carry the null flavour of a missing bound (UNK is what C-CDA asks for when an end is not known).
type Period struct {
	Point    string `json:"point,omitempty"`
	Low      string `json:"low,omitempty"`
	High     string `json:"high,omitempty"`
	OpenLow  string `json:"open_low,omitempty"`
	OpenHigh string `json:"open_high,omitempty"`
}

// Quantity is an amount with a UCUM unit. Value is decimal text.
type Quantity struct {
	Value string `json:"value,omitempty"`
	Unit  string `json:"unit,omitempty"`
}

// Value is the value of an observation; at most one of its parts is set.
type Value struct {
	Quantity Quantity `json:"quantity,omitzero"`
	Low      Quantity `json:"low,omitzero"`  // IVL_PQ
	High     Quantity `json:"high,omitzero"` // IVL_PQ
	Code     Code     `json:"code,omitzero"`
	Text     string   `json:"text,omitempty"`
	Time     string   `json:"time,omitempty"`
	Other    string   `json:"other,omitempty"` // value of another type (INT, BL, REAL ...) as its text
}

// Coverage is one insurance policy (Policy Activity).
type Coverage struct {
	PolicyID     ID           `json:"policy_id,omitzero"` // policy or group number
	Type         Code         `json:"type,omitzero"`      // kind of payer (X12 or PHDSC code)
	Payer        Organization `json:"payer,omitzero"`
	MemberID     ID           `json:"member_id,omitzero"`
	Relationship Code         `json:"relationship,omitzero"` // of the member to the holder: SELF, FAMDEP ...
	Member       Name         `json:"member,omitzero"`       // zero: the patient
	MemberBirth  string       `json:"member_birth,omitempty"`
	Holder       *Party       `json:"holder,omitempty"` // when another than the patient
	Guarantor    *Party       `json:"guarantor,omitempty"`
	Plan         string       `json:"plan,omitempty"`
	PlanID       ID           `json:"plan_id,omitzero"`
	Time         Period       `json:"time,omitzero"`
}
