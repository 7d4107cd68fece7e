package referral

import "time"

// Referral is the canonical record. The zero value is an empty draft. It is a value: Apply never changes the one it was given,
// and slices are never written in place.
type Referral struct {
	ID        string    `json:"id"`        // opaque, for life; on the wire <ID>^^<Authority>^ISO
	Authority string    `json:"authority"` // OID that assigned ID: ours, or the initiator's when the referral came by 360X
	Org       string    `json:"org"`       // organisation that owns the row
	Role      Role      `json:"role"`      // our side of the loop
	Version   int       `json:"version"`   // seq of the last event
	State     State     `json:"state"`
	EndReason EndReason `json:"end_reason,omitempty"` // only with StateEnded, and the coded reason of a decline or cancel
	Grade     Grade     `json:"grade,omitempty"`      // evidence behind the state
	Before    State     `json:"before,omitempty"`     // the state that a refused cancellation goes back to
	Test      bool      `json:"test,omitempty"`       // marked from the first byte (MSH-11 D or T)
	Created   time.Time `json:"created"`
	Updated   time.Time `json:"updated"`

	Initiator Party   `json:"initiator"`
	Recipient Party   `json:"recipient"`
	CopiesTo  []Party `json:"copies_to,omitempty"`

	Patient   Patient    `json:"patient"`
	Coverage  []Coverage `json:"coverage,omitempty"`
	Service   Service    `json:"service"`
	Specialty string     `json:"specialty,omitempty"`
	Priority  Priority   `json:"priority,omitempty"`
	NeededBy  time.Time  `json:"needed_by,omitzero"`
	Requested time.Time  `json:"requested,omitzero"` // when the initiator wrote it
	Reason    string     `json:"reason,omitempty"`
	Notes     []string   `json:"notes,omitempty"`

	Diagnoses   []Coded       `json:"diagnoses,omitempty"`
	Allergies   []Allergy     `json:"allergies,omitempty"`
	Medications []Medication  `json:"medications,omitempty"`
	Procedures  []Coded       `json:"procedures,omitempty"`
	Results     []Observation `json:"results,omitempty"`
	Vitals      []Observation `json:"vitals,omitempty"`
	Sections    []Section     `json:"sections,omitempty"` // what received documents say that has no field of its own
	Documents   []Document    `json:"documents,omitempty"`

	Authorization   string          `json:"authorization,omitempty"` // payer's authorisation number
	Confidentiality Confidentiality `json:"confidentiality"`
	Identifiers     []Identifier    `json:"identifiers,omitempty"`  // every foreign identifier with its authority
	Appointments    []Appointment   `json:"appointments,omitempty"` // newest last
	Holds           []Hold          `json:"holds,omitempty"`        // open ones
	Assigned        string          `json:"assigned,omitempty"`     // who of our people took the case, such as user:anna
	Parent          string          `json:"parent,omitempty"`
	Fields          []Field         `json:"fields,omitempty"` // what was read from paper, with confidence
	Extra           []Extra         `json:"extra,omitempty"`  // what a rule set and has no field of its own

	// LastDigest is the content digest of the last event that moved the state or the appointment: only then is the same statement again an echo.
	LastDigest    string `json:"last_digest,omitempty"`
	RequestDigest string `json:"request_digest,omitempty"` // of the request or its newest change; both as <origin>:<digest>

	Since       time.Time `json:"since,omitzero"`         // event time, never after its receipt, of the event that gave the state
	Entered     time.Time `json:"entered,omitzero"`       // receipt of that event: where our own clocks start
	Promise     time.Time `json:"promise,omitzero"`       // date promised by who owes the next step; gone when the state moves
	ReportSeq   int       `json:"report_seq,omitempty"`   // event whose report must reach the initiator's workflow; 0: none
	ReviewBelow float64   `json:"review_below,omitempty"` // fields read with less confidence need a person; 0: DefaultReviewBelow
	Withheld    []Effect  `json:"withheld,omitempty"`     // what holds stop from being told; Apply gives it out when they are released
}

// Role is our side of the loop, computed per referral from the directory.
type Role string

// The two roles.
const (
	RoleInitiator Role = "initiator"
	RoleRecipient Role = "recipient"
)

// Kinds of identifiers.
const (
	KindReferral    = "referral"     // the referral ID itself, as the other side knows it
	KindPlacer      = "placer"       // ORC-2, OBR-2, RF1-6: the ordering system's number
	KindFiller      = "filler"       // ORC-3, OBR-3, RF1-11
	KindAppointment = "appointment"  // SCH-2
	KindMessageID   = "message_id"   // Direct Message-ID
	KindXDM         = "xdm_set"      // XDM submission set unique ID
	KindDocument    = "document"     // C-CDA document id, TXA-12
	KindVisit       = "visit"        // PV1-19
	KindFaxCode     = "fax_code"     // printed code of a fax
	KindControlID   = "control_id"   // MSH-10 of the request, echoed by an unsolicited RRI
	KindMRN         = "mrn"          // PID-3 with its authority
	KindDirect      = "direct"       // Direct address of a party
	KindNPI         = "npi"          // national provider identifier
	KindSourceForm  = "source_event" // REF, ORM or OMG: which family the initiator's EHR speaks for this referral
)

// Identifier is a number with the one who gave it. Equal when value and authority are (ids.go says how they compare).
type Identifier struct {
	Value     string `json:"value"`
	Authority string `json:"authority,omitempty"` // OID or namespace; empty: unknown
	Kind      string `json:"kind"`
}

// Name is a person's name; Text stands in when only one line is known.
type Name struct {
	Family string `json:"family,omitempty"`
	Given  string `json:"given,omitempty"`
	Middle string `json:"middle,omitempty"`
	Suffix string `json:"suffix,omitempty"`
	Prefix string `json:"prefix,omitempty"`
	Degree string `json:"degree,omitempty"`
	Text   string `json:"text,omitempty"`
}

// Address is a postal address.
type Address struct {
	Line1   string `json:"line1,omitempty"`
	Line2   string `json:"line2,omitempty"`
	City    string `json:"city,omitempty"`
	State   string `json:"state,omitempty"`
	Zip     string `json:"zip,omitempty"`
	Country string `json:"country,omitempty"`
}

// Party is a clinician and organisation on one side of the loop.
type Party struct {
	Partner      string       `json:"partner,omitempty"` // id in the directory; empty: not known there
	Clinician    Name         `json:"clinician,omitzero"`
	NPI          string       `json:"npi,omitempty"`
	ClinicianIDs []Identifier `json:"clinician_ids,omitempty"`
	Organization string       `json:"organization,omitempty"`
	OrgNPI       string       `json:"org_npi,omitempty"`
	OrgOID       string       `json:"org_oid,omitempty"`
	Direct       string       `json:"direct,omitempty"`
	Phone        string       `json:"phone,omitempty"`
	Fax          string       `json:"fax,omitempty"`
	Address      Address      `json:"address,omitzero"`
	Specialty    string       `json:"specialty,omitempty"`
}

// Patient is the person the referral is about. BirthDate is YYYY-MM-DD, or shorter when only that is known.
type Patient struct {
	IDs        []Identifier `json:"ids,omitempty"` // the initiator's number first; authority is an OID or namespace
	Name       Name         `json:"name"`
	BirthDate  string       `json:"birth_date,omitempty"`
	Sex        string       `json:"sex,omitempty"` // M, F, O, U
	Phone      string       `json:"phone,omitempty"`
	Email      string       `json:"email,omitempty"`
	Address    Address      `json:"address,omitzero"`
	Race       Coded        `json:"race,omitzero"`
	Ethnicity  Coded        `json:"ethnicity,omitzero"`
	Language   string       `json:"language,omitempty"`
	Account    string       `json:"account,omitempty"` // PID-18
	Visit      Identifier   `json:"visit,omitzero"`    // PV1-19, echoed with the report
	VisitClass string       `json:"visit_class,omitempty"`

	AccountAuthority string `json:"account_authority,omitempty"` // OID or namespace of Account; empty: it came without one
}

// Coverage is one insurance.
type Coverage struct {
	Payer    string `json:"payer,omitempty"`
	PayerID  string `json:"payer_id,omitempty"`
	Plan     string `json:"plan,omitempty"`
	MemberID string `json:"member_id,omitempty"`
	Group    string `json:"group,omitempty"`
	Holder   Name   `json:"holder,omitzero"`
	Relation string `json:"relation,omitempty"`
}

// Coded is a code with its words and system. System is a name as HL7 writes it (LN, SCT, I10, CPT, RXNORM) or an OID.
type Coded struct {
	Code   string `json:"code,omitempty"`
	Text   string `json:"text,omitempty"`
	System string `json:"system,omitempty"`
}

// Service is what is asked for.
type Service struct {
	Coded
	Disposition string   `json:"disposition,omitempty"` // RF1-4: WR, RP, AM, SO
	Category    string   `json:"category,omitempty"`    // RF1-5
	Procedures  []string `json:"cpt,omitempty"`         // CPT codes asked for
}

// Priority is the urgency; empty is unknown and never taken as routine.
type Priority string

// The three priorities.
const (
	Routine Priority = "routine"
	Urgent  Priority = "urgent"
	Stat    Priority = "stat"
)

// Allergy is one allergy or intolerance. None says that the source states there are none.
type Allergy struct {
	Substance Coded  `json:"substance"`
	Reaction  string `json:"reaction,omitempty"`
	Severity  string `json:"severity,omitempty"`
	Kind      Coded  `json:"kind,omitzero"`
	None      bool   `json:"none,omitempty"`
}

// Medication is one medicine with its directions as written.
type Medication struct {
	Drug  Coded  `json:"drug"`
	Sig   string `json:"sig,omitempty"`
	Dose  string `json:"dose,omitempty"`
	Route string `json:"route,omitempty"`
	Start string `json:"start,omitempty"`
	None  bool   `json:"none,omitempty"`
}

// Observation is one result or vital sign. Time is YYYY-MM-DDThh:mm:ssZ or shorter.
type Observation struct {
	Test   Coded  `json:"test"`
	Value  string `json:"value,omitempty"`
	Unit   string `json:"unit,omitempty"`
	Range  string `json:"range,omitempty"`
	Flag   string `json:"flag,omitempty"`
	Time   string `json:"time,omitempty"`
	Status string `json:"status,omitempty"`
}

// Section is what came with a document and has no field of its own: its narrative, and its coded statements.
type Section struct {
	LOINC string `json:"loinc,omitempty"`
	Title string `json:"title,omitempty"`
	Text  string `json:"text,omitempty"`
	Items []Item `json:"items,omitempty"`
}

// Item is one coded statement of a section: an immunization, a smoking status, a visit, a relative's condition. Times are YYYY-MM-DD, RFC
// 3339 in UTC, or shorter.
type Item struct {
	Kind    string `json:"kind"`             // word of the C-CDA reader: immunization, smoking, social, encounter, functional, family, planned ...
	Class   string `json:"class,omitempty"`  // planned: act, encounter, observation, procedure, supply, medication
	Code    Coded  `json:"code,omitzero"`    // the vaccine, the question, the visit, the condition
	Answer  Coded  `json:"answer,omitzero"`  // the value when it is coded
	Value   string `json:"value,omitempty"`  // the value when it is not
	Unit    string `json:"unit,omitempty"`   // of Value
	Subject Coded  `json:"subject,omitzero"` // family: the relative
	Time    string `json:"time,omitempty"`   // when, or since when
	End     string `json:"end,omitempty"`    // until when
	Status  string `json:"status,omitempty"` // active, completed ...
	Negated bool   `json:"negated,omitempty"`
	Reason  Coded  `json:"reason,omitzero"` // why not given, or why planned
	Text    string `json:"text,omitempty"`  // comment
}

// Document is one paper of the referral; its bytes are in the store under ID.
type Document struct {
	ID          string    `json:"id"`
	MessageID   string    `json:"message_id,omitempty"` // the message it came with
	Kind        string    `json:"kind"`                 // request, attachment, interim, report
	ContentType string    `json:"content_type"`
	Title       string    `json:"title,omitempty"`
	Name        string    `json:"name,omitempty"`
	Code        Coded     `json:"code,omitzero"` // LOINC document type
	Identifier  string    `json:"identifier,omitempty"`
	Author      Name      `json:"author,omitzero"`
	AuthorNPI   string    `json:"author_npi,omitempty"`
	Signed      bool      `json:"signed,omitempty"`
	Time        time.Time `json:"time,omitzero"`
	SHA256      string    `json:"sha256"`
	Bytes       int64     `json:"bytes"`
}

// Confidentiality is the strictest label that any part carries.
type Confidentiality struct {
	Code   string `json:"code,omitempty"` // N, R, V; empty: N
	Part2  bool   `json:"part2,omitempty"`
	Source string `json:"source,omitempty"` // who said so: sender, label, notice, rule
	Notice string `json:"notice,omitempty"` // an inbound redisclosure notice, kept word for word
}

// Appointment is one booking by the recipient.
type Appointment struct {
	ID       Identifier `json:"id,omitzero"` // SCH-2
	Start    time.Time  `json:"start,omitzero"`
	End      time.Time  `json:"end,omitzero"`
	Status   string     `json:"status,omitempty"` // booked, no_show, cancelled, complete
	Location string     `json:"location,omitempty"`
	With     Name       `json:"with,omitzero"`
}

// Field is one value read from paper: where it stands and how sure the reader was. Box is page (from 1), x, y, width, height in
// pixels of the page as stored.
type Field struct {
	Key        string  `json:"key"`
	Value      string  `json:"value"`
	Confidence float64 `json:"confidence"`
	Box        [5]int  `json:"box,omitempty"`
	Confirmed  bool    `json:"confirmed,omitempty"`
}

// Extra is a value that a channel's rule set under a name of the site's own.
type Extra struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}
