package xdm

import (
	"strconv"
	"strings"
)

// urn:uuid constants of the XDS metadata model (ITI TF-3 4.2.5).
const (
	nodeSet        = "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"
	typeStable     = "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1"
	setAuthor      = "urn:uuid:a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d"
	setContent     = "urn:uuid:aa543740-bdda-424e-8c96-df4873be8500"
	setPatient     = "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446"
	setSource      = "urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832"
	setUnique      = "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8"
	setLimited     = "urn:uuid:5003a9db-8d8d-49e6-bf0c-990e34ac7707"
	docAuthor      = "urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d"
	docClass       = "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a"
	docType        = "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983"
	docFormat      = "urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d"
	docPrivacy     = "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f"
	docFacility    = "urn:uuid:f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1"
	docPractice    = "urn:uuid:cccf5598-8b07-4b77-a05e-ae952c785ead"
	docEvent       = "urn:uuid:2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4"
	docPatient     = "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427"
	docUnique      = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"
	docLimited     = "urn:uuid:ab9b591b-83ab-4d03-8f5d-f93b1fb92e85"
	lcm            = "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"
	rim            = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
	hasMember      = "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
	slotReferences = "urn:ihe:iti:xds:2013:referenceIdList"
	dtm            = "20060102150405"
)

// slot is an ebRIM Slot.
type slot struct {
	name   string
	values []string
}

// metadata writes METADATA.XML of one filled set. ebRIM fixes the order of children: Slot, Name, Description,
// Classification, ExternalIdentifier.
func metadata(s *SubmissionSet) []byte {
	w := &xmlWriter{}
	w.raw(`<?xml version="1.0" encoding="UTF-8"?>`)
	w.open("lcm:SubmitObjectsRequest", "xmlns:lcm", lcm, "xmlns", rim)
	w.open("RegistryObjectList")
	for i := range s.Documents {
		w.document(s, &s.Documents[i])
	}
	w.set(s)
	w.empty("Classification", "id", derive(s.ID, "marker"), "classifiedObject", s.ID, "classificationNode", nodeSet)
	for i := range s.Documents {
		d := &s.Documents[i]
		w.open("Association", "id", derive(s.ID, d.ID), "associationType", hasMember, "sourceObject", s.ID, "targetObject", d.ID)
		w.slots([]slot{{"SubmissionSetStatus", []string{"Original"}}})
		w.end("Association")
	}
	w.end("RegistryObjectList")
	w.end("lcm:SubmitObjectsRequest")
	w.raw("\n")
	return w.buf
}

func (s *SubmissionSet) slots() []slot {
	list := []slot{{"submissionTime", []string{s.Time.UTC().Format(dtm)}}}
	var to []string
	for _, r := range s.Recipients {
		if v := strings.TrimRight(r.Organization+"|"+r.Person+"|"+r.Telecom, "|"); v != "" {
			to = append(to, v)
		}
	}
	return append(list, slot{"intendedRecipient", to})
}

func (d *Document) slots() []slot {
	var refs, info []string
	for _, r := range d.References {
		if v := r.ID.String(); v != "" {
			refs = append(refs, v+"^"+r.Type)
		}
	}
	for _, v := range d.PatientInfo {
		if len([]rune(v)) <= maxValue {
			info = append(info, v)
		}
	}
	one := func(s string) []string {
		if s == "" {
			return nil
		}
		return []string{s}
	}
	return []slot{{"creationTime", one(d.Created)}, {"hash", one(d.Hash)}, {"languageCode", one(d.Language)}, {"legalAuthenticator", one(d.Signer)},
		{"serviceStartTime", one(d.Start)}, {"serviceStopTime", one(d.Stop)}, {"size", one(strconv.Itoa(d.Size))}, {"sourcePatientId", one(d.SourceID.String())},
		{"sourcePatientInfo", info}, {"URI", one(d.Name)}, {slotReferences, refs}}
}

func (w *xmlWriter) document(s *SubmissionSet, d *Document) {
	w.open("ExtrinsicObject", "id", d.ID, "mimeType", d.MimeType, "objectType", typeStable, "status", "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved")
	w.slots(d.slots())
	w.texts(d.Title, d.Comments)
	for i, a := range d.Authors {
		w.author(docAuthor, d.ID, a, i)
	}
	w.code(docClass, d.ID, d.Class, "class")
	for i, c := range d.Privacy {
		w.code(docPrivacy, d.ID, c, "privacy"+strconv.Itoa(i))
	}
	for i, c := range d.Events {
		w.code(docEvent, d.ID, c, "event"+strconv.Itoa(i))
	}
	w.code(docFormat, d.ID, d.Format, "format")
	w.code(docFacility, d.ID, d.Facility, "facility")
	w.code(docPractice, d.ID, d.Practice, "practice")
	w.code(docType, d.ID, d.Type, "type")
	if d.Limited {
		w.empty("Classification", "id", derive(d.ID, "limited"), "classifiedObject", d.ID, "classificationNode", docLimited)
	}
	w.identifier(docPatient, d.ID, d.PatientID.String(), "XDSDocumentEntry.patientId")
	w.identifier(docUnique, d.ID, d.UniqueID, "XDSDocumentEntry.uniqueId")
	w.end("ExtrinsicObject")
}

func (w *xmlWriter) set(s *SubmissionSet) {
	w.open("RegistryPackage", "id", s.ID, "status", "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved")
	w.slots(s.slots())
	w.texts(s.Title, s.Comments)
	for i, a := range s.Authors {
		w.author(setAuthor, s.ID, a, i)
	}
	w.code(setContent, s.ID, s.ContentType, "content")
	if s.Limited {
		w.empty("Classification", "id", derive(s.ID, "limited"), "classifiedObject", s.ID, "classificationNode", setLimited)
	}
	w.identifier(setPatient, s.ID, s.PatientID.String(), "XDSSubmissionSet.patientId")
	w.identifier(setSource, s.ID, s.SourceID, "XDSSubmissionSet.sourceId")
	w.identifier(setUnique, s.ID, s.UniqueID, "XDSSubmissionSet.uniqueId")
	w.end("RegistryPackage")
}

// slots writes the slots that have a value.
func (w *xmlWriter) slots(list []slot) {
	for _, s := range list {
		if len(s.values) == 0 {
			continue
		}
		w.open("Slot", "name", s.name)
		w.open("ValueList")
		for _, v := range s.values {
			w.text("Value", v)
		}
		w.end("ValueList")
		w.end("Slot")
	}
}

func (w *xmlWriter) texts(title, comments string) {
	for _, t := range [][2]string{{"Name", title}, {"Description", comments}} {
		if t[1] != "" {
			w.open(t[0])
			w.empty("LocalizedString", "value", t[1])
			w.end(t[0])
		}
	}
}

func (w *xmlWriter) author(scheme, of string, a Author, n int) {
	if a.Person == "" && len(a.Institutions) == 0 && len(a.Telecoms) == 0 {
		return
	}
	w.open("Classification", "id", derive(of, "author"+strconv.Itoa(n)), "classificationScheme", scheme, "classifiedObject", of, "nodeRepresentation", "")
	person := []string{a.Person}
	if a.Person == "" {
		person = nil
	}
	w.slots([]slot{{"authorPerson", person}, {"authorInstitution", a.Institutions}, {"authorRole", a.Roles},
		{"authorSpecialty", a.Specialties}, {"authorTelecommunication", a.Telecoms}})
	w.end("Classification")
}

func (w *xmlWriter) code(scheme, of string, c Code, name string) {
	if c.Code == "" {
		return
	}
	w.open("Classification", "id", derive(of, name), "classificationScheme", scheme, "classifiedObject", of, "nodeRepresentation", c.Code)
	w.slots([]slot{{"codingScheme", []string{c.Scheme}}})
	w.texts(c.Display, "")
	w.end("Classification")
}

func (w *xmlWriter) identifier(scheme, of, value, name string) {
	if value == "" {
		return
	}
	w.open("ExternalIdentifier", "id", derive(of, name), "identificationScheme", scheme, "registryObject", of, "value", value)
	w.texts(name, "")
	w.end("ExternalIdentifier")
}

// xmlWriter writes indented XML into memory.
type xmlWriter struct {
	buf   []byte
	depth int
}

func (w *xmlWriter) raw(s string) { w.buf = append(w.buf, s...) }

func (w *xmlWriter) start(name string, attrs []string) {
	w.raw("\n" + strings.Repeat(" ", w.depth) + "<" + name)
	for i := 0; i+1 < len(attrs); i += 2 {
		w.raw(" " + attrs[i] + `="` + escapeXML(attrs[i+1]) + `"`)
	}
}

func (w *xmlWriter) open(name string, attrs ...string) {
	w.start(name, attrs)
	w.raw(">")
	w.depth++
}

func (w *xmlWriter) end(name string) {
	w.depth--
	w.raw("\n" + strings.Repeat(" ", w.depth) + "</" + name + ">")
}

func (w *xmlWriter) empty(name string, attrs ...string) {
	w.start(name, attrs)
	w.raw("/>")
}

func (w *xmlWriter) text(name, s string) {
	w.start(name, nil)
	w.raw(">" + escapeXML(s) + "</" + name + ">")
}

// escapeXML escapes s once, and drops what XML 1.0 forbids.
func escapeXML(s string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "") {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '"':
			b.WriteString("&quot;")
		case r == '\t' || r == '\n' || r == '\r':
			b.WriteByte(' ')
		case r < 0x20 || r > 0xD7FF && r < 0xE000 || r == 0xFFFE || r == 0xFFFF:
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
