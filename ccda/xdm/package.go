package xdm

import (
	"strings"
	"time"
)

// Package is what one ZIP holds.
type Package struct {
	Institution   string // who sends, for INDEX.HTM and README.TXT
	Contact       string // how to reach the institution, one line
	Application   string // program that made the package
	Version       string
	VendorContact string
	Patient       string // name for INDEX.HTM; empty: not shown
	Notice        string // 42 CFR 2.32 statement, shown at the top of INDEX.HTM
	Sets          []SubmissionSet
	Loose         []Document // Read only: files without metadata, except INDEX.HTM and README.TXT
}

// SubmissionSet is one folder below IHE_XDM with its METADATA.XML (XDS SubmissionSet, ITI TF-3 4.2.3.3).
type SubmissionSet struct {
	Folder      string    // below IHE_XDM; Build: empty gives SUBSET01, SUBSET02 ...
	ID          string    // entryUUID; Build: empty is derived from UniqueID
	UniqueID    string    // OID; required by Build
	SourceID    string    // OID of the sending system; required by Build
	Time        time.Time // submissionTime; required by Build, written in UTC
	Title       string
	Comments    string
	ContentType Code
	PatientID   ID
	Authors     []Author
	Recipients  []Recipient // intendedRecipient
	Limited     bool        // Read: the set carried the limitedMetadata marker. Build sets the marker when metadata is missing
	Documents   []Document
}

// Document is one file and its XDS DocumentEntry (ITI TF-3 4.2.3.2).
type Document struct {
	Name      string // file name; Build: empty gives DOC00001.XML or, for an HL7 v2 message, HL700001.HL7
	Path      string // Read only: path in the ZIP
	Data      []byte
	ID        string // entryUUID; Build: empty is derived from the set's UniqueID
	UniqueID  string // "root^extension" or root of a CDA; Build: empty is derived
	MimeType  string
	Hash      string // SHA-1 in lower-case hex. Build computes it; Read: of the bytes as they are
	Size      int
	Title     string
	Comments  string
	Class     Code
	Type      Code
	Format    Code
	Privacy   []Code // confidentialityCode
	Facility  Code   // healthcareFacilityTypeCode
	Practice  Code   // practiceSettingCode
	Events    []Code // eventCodeList
	Created   string // DTM, UTC
	Start     string // serviceStartTime
	Stop      string // serviceStopTime
	Language  string
	PatientID ID // zero: the set's
	SourceID  ID // sourcePatientId: the patient's number at the source; zero: PatientID
	// PatientInfo holds sourcePatientInfo values as HL7 v2 text with their field: "PID-5|Example^Marta". Build leaves
	// out values over 256 characters.
	PatientInfo []string
	References  []Reference // referenceIdList
	Authors     []Author
	Signer      string // legalAuthenticator (XCN)
	Words       string // Build only: what the document says as plain text, for INDEX.HTM; empty: only a link
	Page        string // Build only: the same as a piece of well-formed XHTML, safe to show; INDEX.HTM takes it before Words
	Limited     bool   // as in SubmissionSet
}

// ID is an identifier with its assigning authority's OID (CX without anything else).
type ID struct {
	Value     string
	Authority string
}

// String gives "value^^^&OID&ISO"; empty for the zero ID.
func (id ID) String() string {
	if id.Value == "" {
		return ""
	}
	return Escape(id.Value) + "^^^&" + id.Authority + "&ISO"
}

// ParseID reads a CX value. An ampersand that a sender escaped twice in its XML is understood.
func ParseID(s string) ID {
	s = strings.ReplaceAll(strings.TrimSpace(s), "&amp;", "&")
	f := strings.Split(s, "^")
	id := ID{Value: unescape(strings.TrimSpace(f[0]))}
	if len(f) > 3 {
		parts := strings.Split(f[3], "&")
		switch {
		case len(parts) > 1:
			id.Authority = strings.TrimSpace(parts[1])
		default:
			id.Authority = strings.TrimSpace(parts[0])
		}
	}
	return id
}

// Code is a coded attribute. Scheme is the OID, or whatever the sender wrote.
type Code struct {
	Code    string
	Scheme  string
	Display string
}

// Reference is one value of referenceIdList: a CXi (ITI TF-3 table 4.2.3.1.7-2).
type Reference struct {
	ID   ID
	Type string // RefReferral, RefOrder, RefAccession, RefUniqueID or another URN
}

// Types of references.
const (
	RefReferral  = "urn:ihe:iti:xds:2013:referral"
	RefOrder     = "urn:ihe:iti:xds:2013:order"
	RefAccession = "urn:ihe:iti:xds:2013:accession"
	RefUniqueID  = "urn:ihe:iti:xds:2013:uniqueId"
)

// Author is an author of a set or document. Values are HL7 v2 text: person XCN, institution XON, telecom XTN.
type Author struct {
	Person       string
	Institutions []string
	Roles        []string
	Specialties  []string
	Telecoms     []string
}

// Recipient is one intendedRecipient: XON, XCN and XTN.
type Recipient struct {
	Organization string
	Person       string
	Telecom      string
}

// Direct returns the Direct or mail address of the recipient, or "".
func (r Recipient) Direct() string { return address(r.Telecom) }

// Direct returns the first Direct or mail address of the author, or "".
func (a Author) Direct() string {
	for _, t := range a.Telecoms {
		if s := address(t); s != "" {
			return s
		}
	}
	return ""
}

func address(xtn string) string {
	f := strings.Split(xtn, "^")
	if len(f) > 3 && strings.Contains(f[3], "@") {
		return unescape(strings.TrimSpace(f[3]))
	}
	return ""
}

// Internet makes the XTN of a mail or Direct address.
func Internet(addr string) string { return "^^Internet^" + Escape(addr) }

// Person makes an XCN from an identifier with its authority's OID (an NPI has 2.16.840.1.113883.4.6), names and degree.
func Person(id ID, family, given, suffix string) string {
	if id.Value == "" {
		return strings.TrimRight("^"+Escape(family)+"^"+Escape(given)+"^^"+Escape(suffix), "^")
	}
	return Escape(id.Value) + "^" + Escape(family) + "^" + Escape(given) + "^^" + Escape(suffix) + "^^^^&" + id.Authority + "&ISO"
}

// Organization makes an XON from a name and the organisation's OID or identifier.
func Organization(name string, id ID) string {
	switch {
	case id.Value == "" && id.Authority == "":
		return Escape(name)
	case id.Value == "":
		return Escape(name) + "^^^^^^^^^" + id.Authority
	}
	return Escape(name) + "^^^^^&" + id.Authority + "&ISO^^^^" + Escape(id.Value)
}

// Escape replaces the HL7 v2 delimiters in s by their escape sequences and line ends by blanks.
func Escape(s string) string {
	if !strings.ContainsAny(s, "\\|^&~\r\n\t") {
		return s
	}
	return strings.NewReplacer(`\`, `\E\`, "|", `\F\`, "^", `\S\`, "&", `\T\`, "~", `\R\`, "\r\n", " ", "\r", " ", "\n", " ", "\t", " ").Replace(s)
}

func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	return strings.NewReplacer(`\E\`, `\`, `\F\`, "|", `\S\`, "^", `\T\`, "&", `\R\`, "~").Replace(s)
}

// Media types and coding schemes that Build knows.
const (
	MimeXML = "text/xml"
	MimeV2  = "x-application/hl7-v2+er7"
	MimePDF = "application/pdf"

	schemeIHE   = "1.3.6.1.4.1.19376.1.2.3"
	schemeLOINC = "2.16.840.1.113883.6.1"
	schemePriv  = "2.16.840.1.113883.5.25"
)

// Format codes (code system 1.3.6.1.4.1.19376.1.2.3).
const (
	FormatCCDA             = "urn:hl7-org:sdwg:ccda-structuredBody:2.1"
	FormatCCDAUnstructured = "urn:hl7-org:sdwg:ccda-nonXMLBody:2.1"
	FormatByMime           = "urn:ihe:iti:xds:2017:mimeTypeSufficient"
	FormatRequest          = "urn:ihe:pcc:360x:hl7:OMG:O19:2017"
	FormatStatus           = "urn:ihe:pcc:360x:hl7:OSU:O51:2017"
	FormatBooked           = "urn:ihe:pcc:360x:hl7:SIU:S12:2017"
	FormatRescheduled      = "urn:ihe:pcc:360x:hl7:SIU:S13:2017"
	FormatUnbooked         = "urn:ihe:pcc:360x:hl7:SIU:S15:2017"
	FormatNoShow           = "urn:ihe:pcc:360x:hl7:SIU:S26:2017"
)

// Format makes the code of a format with its display name.
func Format(code string) Code {
	display := map[string]string{FormatCCDA: "C-CDA R2.1 structured body", FormatCCDAUnstructured: "C-CDA R2.1 non-XML body",
		FormatByMime: "MIME type sufficient", FormatRequest: "360X Referral Request", FormatStatus: "360X Referral Status Update",
		FormatBooked: "360X Appointment Notification", FormatRescheduled: "360X Appointment Rescheduled",
		FormatUnbooked: "360X Appointment Cancelled", FormatNoShow: "360X No-show Notification"}
	return Code{Code: code, Scheme: schemeIHE, Display: display[code]}
}

// Format360X gives the format code of an HL7 v2 message by its trigger event ("O19", "O51", "S12", "S13", "S15",
// "S26"); the zero Code for any other.
func Format360X(event string) Code {
	code := map[string]string{"O19": FormatRequest, "O51": FormatStatus, "S12": FormatBooked, "S13": FormatRescheduled,
		"S15": FormatUnbooked, "S26": FormatNoShow}[event]
	if code == "" {
		return Code{}
	}
	return Format(code)
}

// LOINC makes a code of LOINC, as typeCode and classCode use it.
func LOINC(code, display string) Code {
	return Code{Code: code, Scheme: schemeLOINC, Display: display}
}

// Privacy makes a confidentiality code: N, R or V.
func Privacy(code string) Code {
	display := map[string]string{"N": "Normal", "R": "Restricted", "V": "Very restricted"}
	return Code{Code: code, Scheme: schemePriv, Display: display[code]}
}
