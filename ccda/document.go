package ccda

// Type says which C-CDA document it is.
type Type string

// The document types that Write makes. Read reports TypeOther for every other document template.
const (
	TypeReferral     Type = "referral"     // Referral Note, template 2.16.840.1.113883.10.20.22.1.14
	TypeConsult      Type = "consult"      // Consultation Note, template 2.16.840.1.113883.10.20.22.1.4
	TypeCCD          Type = "ccd"          // Continuity of Care Document, template 2.16.840.1.113883.10.20.22.1.2
	TypeUnstructured Type = "unstructured" // Unstructured Document, template 2.16.840.1.113883.10.20.22.1.10
	TypeOther        Type = "other"        // anything else; its own code is in Document.Code
)

// Document is one clinical document. Times are HL7 TS text (YYYYMMDDHHMMSS+ZZZZ, cut anywhere after the year), so that
// a reader keeps the sender's precision; [Time] makes one. The zero value of a field means "not known": the writer
// then leaves it out, or writes the null flavour that the standard demands.
type Document struct {
	Type       Type      `json:"type"`
	ID         ID        `json:"id"`          // of this document; required by Write
	ReferralID ID        `json:"referral_id"` // the loop's key: Patient Referral Act, order, and words in the narrative
	Patient    Patient   `json:"patient"`
	Sections   []Section `json:"sections"`
	Rest       []Rest    `json:"rest"` // what Read did not understand, byte for byte

	Release         string  `json:"release,omitempty"` // Read only: R1.1, R2.0, R2.1, R4, C32 or CDA
	SetID           ID      `json:"set_id,omitzero"`   // zero: the document's own ID
	Version         int     `json:"version,omitempty"` // versionNumber; 0 is written as 1
	Code            Code    `json:"code,omitzero"`     // LOINC document code; zero: the usual one of Type
	Title           string  `json:"title,omitempty"`   // empty: the usual one of Type
	Time            string  `json:"time"`              // effectiveTime; required by Write, day or better
	Confidentiality string  `json:"confidentiality"`   // N, R or V; empty is N; raised to the strictest section
	Language        string  `json:"language,omitempty"`
	Labels          []Label `json:"labels,omitempty"`
	Notice          string  `json:"notice,omitempty"` // 42 CFR 2.32 statement: first section (57017-6), whole document R

	Authors            []Author       `json:"authors,omitempty"` // Write needs at least one
	Custodian          Organization   `json:"custodian,omitzero"`
	LegalAuthenticator *Authenticator `json:"legal_authenticator,omitempty"` // only who really signed
	Recipients         []Recipient    `json:"recipients,omitempty"`          // at most one in a Referral Note
	Participants       []Participant  `json:"participants,omitempty"`        // CALLBCK, IND, HLD and others; a Consultation Note can only hold CALLBCK
	Orders             []ID           `json:"orders,omitempty"`              // inFulfillmentOf beside ReferralID
	Related            []Related      `json:"related,omitempty"`
	Service            *ServiceEvent  `json:"service_event,omitempty"`
	Encounter          *Encounter     `json:"encounter,omitempty"` // encompassingEncounter
	Body               *Body          `json:"body,omitempty"`      // nonXMLBody, of an Unstructured Document
}

// ID is an instance identifier (II): an OID or UUID root and, for an OID, most often an extension.
type ID struct {
	Root       string `json:"root"`
	Extension  string `json:"extension,omitempty"`
	Authority  string `json:"authority,omitempty"` // assigningAuthorityName, for people only
	NullFlavor string `json:"null_flavor,omitempty"`
}

// Code is a coded value (CD, CE). System is the OID of the code system. Text holds the words of the source
// (originalText). A Code without Code and with NullFlavor "OTH" has its other codings in Translations.
type Code struct {
	Code         string `json:"code,omitempty"`
	System       string `json:"system,omitempty"`
	SystemName   string `json:"system_name,omitempty"`
	Display      string `json:"display,omitempty"`
	Text         string `json:"text,omitempty"`
	NullFlavor   string `json:"null_flavor,omitempty"`
	Translations []Code `json:"translations,omitempty"`
}

// Name is a person's name (PN). Full is loose text, used when the sender gave no parts.
type Name struct {
	Use    string   `json:"use,omitempty"` // L legal, P pseudonym, and so on
	Prefix []string `json:"prefix,omitempty"`
	Given  []string `json:"given,omitempty"`
	Family string   `json:"family,omitempty"`
	Suffix []string `json:"suffix,omitempty"`
	Full   string   `json:"full,omitempty"`
}

// Address is a postal address (AD).
type Address struct {
	Use        string   `json:"use,omitempty"` // HP, WP and so on
	Lines      []string `json:"lines,omitempty"`
	City       string   `json:"city,omitempty"`
	State      string   `json:"state,omitempty"`
	PostalCode string   `json:"postal_code,omitempty"`
	Country    string   `json:"country,omitempty"`
}

// Telecom is a telephone, fax, mail or web address as a URL: tel:, fax:, mailto:, https:. A value without scheme is
// taken for a telephone number, or for mail when it holds an at sign.
type Telecom struct {
	Use   string `json:"use,omitempty"` // HP, WP, MC, HV
	Value string `json:"value"`
}

// Patient is the record target.
type Patient struct {
	IDs            []ID          `json:"ids"`
	Names          []Name        `json:"names"`
	BirthTime      string        `json:"birth_time,omitempty"`
	Sex            Code          `json:"sex,omitzero"` // administrative gender: M, F or UN
	MaritalStatus  Code          `json:"marital_status,omitzero"`
	Religion       Code          `json:"religion,omitzero"`
	Races          []Code        `json:"races,omitempty"`
	Ethnicities    []Code        `json:"ethnicities,omitempty"`
	Addresses      []Address     `json:"addresses,omitempty"`
	Telecoms       []Telecom     `json:"telecoms,omitempty"`
	Languages      []Language    `json:"languages,omitempty"`
	DeceasedTime   string        `json:"deceased_time,omitempty"`
	Guardians      []Guardian    `json:"guardians,omitempty"`
	ProviderOrg    *Organization `json:"provider_organization,omitempty"`
	MultipleTarget bool          `json:"multiple,omitempty"` // Read: more than one recordTarget; only the first is here
}

// Language is a language the patient speaks (RFC 5646 or ISO 639-2 code).
type Language struct {
	Code      string `json:"code"`
	Preferred bool   `json:"preferred,omitempty"`
}

// Guardian is a person or organisation responsible for the patient.
type Guardian struct {
	Code      Code          `json:"code,omitzero"`
	Name      Name          `json:"name,omitzero"`
	Addresses []Address     `json:"addresses,omitempty"`
	Telecoms  []Telecom     `json:"telecoms,omitempty"`
	Org       *Organization `json:"organization,omitempty"`
}

// Organization is a practice, hospital or payer. NPI and other numbers are in IDs.
type Organization struct {
	IDs       []ID      `json:"ids,omitempty"`
	Name      string    `json:"name,omitempty"`
	Telecoms  []Telecom `json:"telecoms,omitempty"`
	Addresses []Address `json:"addresses,omitempty"`
}

// Party is a person acting in a role, with an organisation.
type Party struct {
	IDs       []ID          `json:"ids,omitempty"`
	Code      Code          `json:"code,omitzero"` // NUCC taxonomy
	Name      Name          `json:"name,omitzero"`
	Addresses []Address     `json:"addresses,omitempty"`
	Telecoms  []Telecom     `json:"telecoms,omitempty"`
	Org       *Organization `json:"organization,omitempty"`
}

// Author is who wrote, or the device that produced, a document or entry. Exactly one of Party.Name and Device counts;
// a document made from a fax has a Device.
type Author struct {
	Time   string  `json:"time,omitempty"` // zero: the document's time
	Party          // ids, code, name, addresses, telecoms, organization
	Device *Device `json:"device,omitempty"`
}

// Device is an authoring system (assignedAuthoringDevice).
type Device struct {
	Model    string `json:"model,omitempty"`
	Software string `json:"software,omitempty"`
}

// Authenticator is who signed the document legally.
type Authenticator struct {
	Time string `json:"time"`
	Party
}

// Recipient is an informationRecipient. The NPI goes into IDs, the Direct address into Telecoms as mailto:. The CDA schema has no place
// for its Code.
type Recipient struct {
	Kind string `json:"kind,omitempty"` // PRCP (primary) or TRC (tracker, a copy)
	Party
}

// Participant is another person of the header.
type Participant struct {
	Type  string `json:"type"`            // CALLBCK call-back contact, IND, HLD policy holder, COV
	Class string `json:"class,omitempty"` // ASSIGNED, PRS, NOK, CAREGIVER, AGNT, GUAR, ECON, POLHOLD
	Time  Period `json:"time,omitzero"`
	Party
}

// Related is a relatedDocument: a document this one replaces (RPLC), adds to (APND) or is transformed from (XFRM).
type Related struct {
	Type    string `json:"type"`
	ID      ID     `json:"id"`
	SetID   ID     `json:"set_id,omitzero"`
	Version int    `json:"version,omitempty"`
}

// ServiceEvent is what the document is about (documentationOf).
type ServiceEvent struct {
	Class      string      `json:"class,omitempty"` // empty: PCPR
	Time       Period      `json:"time"`
	Performers []Performer `json:"performers,omitempty"`
}

// Performer is somebody who did, or takes part in, the care.
type Performer struct {
	Type     string `json:"type,omitempty"`    // PRF or PPRF
	Function Code   `json:"function,omitzero"` // PCP
	Party
}

// Encounter is the visit in which the document was made (componentOf/encompassingEncounter).
type Encounter struct {
	IDs         []ID          `json:"ids,omitempty"`
	Code        Code          `json:"code,omitzero"`
	Time        Period        `json:"time"`
	Responsible *Party        `json:"responsible,omitempty"`
	Location    *Organization `json:"location,omitempty"`
}

// Label is a security label of DS4P (confidentiality, obligation, refrain policy, purpose) found in or put on a document.
type Label struct {
	Kind    string `json:"kind"` // SECCLASSOBS, SECCONOBS, SECCATOBS
	Code    Code   `json:"code"`
	Section string `json:"section,omitempty"` // LOINC of the section that carries it; empty: the document
}

// Body is content that is not CDA XML: a nonXMLBody, or a picture inside a section (observationMedia). Either Data or
// Reference is set.
type Body struct {
	ID          string `json:"id,omitempty"`         // XML ID inside the document, of media only
	MediaType   string `json:"media_type,omitempty"` // application/pdf, text/plain, image/tiff ...
	Data        []byte `json:"data,omitempty"`       // decoded and inflated
	Reference   string `json:"reference,omitempty"`  // file beside the document in the same package
	Description string `json:"description,omitempty"`
}

// Rest is a part that Read does not map to a field, kept byte for byte.
type Rest struct {
	Path string `json:"path"` // element names and positions: ClinicalDocument/component/structuredBody/component[3]/section/entry[2]
	XML  string `json:"xml"`  // the element as it stood; namespace declarations of its parents are not repeated
}
