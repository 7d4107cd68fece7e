package ccda

import (
	"strconv"
)

// orders writes inFulfillmentOf: the referral ID first, it closes the loop.
func (e *encoder) orders() {
	n := 0
	seen := ID{}
	for i, id := range append([]ID{e.doc.ReferralID}, e.doc.Orders...) {
		if !id.usable() || i > 0 && id.Same(seen) {
			continue
		}
		if i == 0 {
			seen = id
		}
		n++
		e.open("inFulfillmentOf")
		e.open("order")
		e.id(id, "UNK")
		e.end("order")
		e.end("inFulfillmentOf")
	}
	if n == 0 && e.doc.Type == TypeConsult {
		e.open("inFulfillmentOf")
		e.open("order")
		e.empty("id", "nullFlavor", "UNK")
		e.end("order")
		e.end("inFulfillmentOf")
	}
}

func (e *encoder) serviceEvent() {
	s := e.doc.Service
	if s == nil {
		if e.doc.Type != TypeCCD {
			return
		}
		s = &ServiceEvent{}
	}
	p := s.Time
	if p.Low == "" && p.Point != "" {
		p.Low, p.Point = p.Point, ""
	}
	if p.OpenHigh == "" && e.doc.Type == TypeCCD { // both bounds (CONF:1198-8455)
		p.OpenHigh = "UNK"
	}
	e.open("documentationOf")
	e.open("serviceEvent", "classCode", e.class(s.Class))
	e.period("effectiveTime", p, true)
	for i := range s.Performers {
		f := &s.Performers[i]
		e.open("performer", "typeCode", among(f.Type, "PRF PPRF SPRF", "PRF"))
		if !f.Function.zero() {
			e.code(f.Function, codeOpt{name: "functionCode"})
		}
		e.entity("assignedEntity", &f.Party)
		e.end("performer")
	}
	e.end("serviceEvent")
	e.end("documentationOf")
}

func (e *encoder) class(s string) string {
	if e.doc.Type == TypeCCD {
		return "PCPR"
	}
	return among(s, "PCPR ACT ENC OBS PROC SPLY SBADM CONS INFRM", "PCPR")
}

// role writes what a person is; a role that is not coded stays out (CONF:1198-16788 wants the code attribute).
func (e *encoder) role(c Code) {
	if main, _ := c.pick(nil); main.Code != "" {
		e.code(c, codeOpt{})
	}
}

// entity writes an assignedEntity.
func (e *encoder) entity(element string, p *Party) {
	e.open(element)
	e.ids(p.IDs)
	e.role(p.Code)
	e.addresses(p.Addresses)
	e.telecoms(p.Telecoms)
	if !p.Name.zero() || p.Org == nil {
		e.open("assignedPerson")
		e.personName(p.Name, "name")
		e.end("assignedPerson")
	}
	if p.Org != nil {
		e.organization("representedOrganization", p.Org, false)
	}
	e.end(element)
}

func (e *encoder) related(r Related) {
	if !r.ID.usable() {
		return
	}
	e.open("relatedDocument", "typeCode", among(r.Type, "APND RPLC XFRM", "RPLC"))
	e.open("parentDocument")
	e.id(r.ID, "UNK")
	if r.SetID.usable() {
		e.empty("setId", "root", r.SetID.Root, "extension", clean(r.SetID.Extension))
	}
	if r.Version > 0 {
		e.empty("versionNumber", "value", strconv.Itoa(r.Version))
	}
	e.end("parentDocument")
	e.end("relatedDocument")
}

func (e *encoder) encompassing() {
	v := e.doc.Encounter
	if v == nil {
		if e.doc.Type != TypeConsult {
			return
		}
		v = &Encounter{}
	}
	e.open("componentOf")
	e.open("encompassingEncounter")
	e.ids(v.IDs)
	e.role(v.Code)
	e.period("effectiveTime", v.Time.toTheDay(), false)
	if v.Responsible != nil {
		e.open("responsibleParty")
		e.entity("assignedEntity", v.Responsible)
		e.end("responsibleParty")
	}
	if l := v.Location; l != nil {
		e.open("location")
		e.open("healthCareFacility")
		e.ids(l.IDs)
		e.open("location")
		e.element("name", clean(l.Name))
		e.addresses(l.Addresses[:min(1, len(l.Addresses))])
		e.end("location")
		e.end("healthCareFacility")
		e.end("location")
	}
	e.end("encompassingEncounter")
	e.end("componentOf")
}

// recipients writes the informationRecipients; a Referral Note has exactly one (CONF:1198-31589).
func (e *encoder) recipients() {
	list := e.doc.Recipients
	if e.doc.Type == TypeReferral {
		if len(list) == 0 {
			list = []Recipient{{}}
		}
	}
	for i := range list {
		r := &list[i]
		e.open("informationRecipient", "typeCode", among(r.Kind, "PRCP TRC", ""))
		e.open("intendedRecipient")
		for _, id := range r.IDs {
			if id.usable() {
				e.id(id, "UNK")
			}
		}
		if len(r.Addresses) > 0 {
			e.addresses(r.Addresses)
		}
		if len(r.Telecoms) > 0 {
			e.telecoms(r.Telecoms)
		}
		if !r.Name.zero() || e.doc.Type == TypeReferral {
			e.open("informationRecipient")
			e.personName(r.Name, "name")
			e.end("informationRecipient")
		}
		if r.Org != nil {
			e.organization("receivedOrganization", r.Org, false)
		}
		e.end("intendedRecipient")
		e.end("informationRecipient")
	}
}

func (e *encoder) participant(p *Participant) {
	class := "ASSIGNED"
	if p.Type == "IND" {
		class = "PRS"
	} else if p.Type == "HLD" {
		class = "POLHOLD"
	}
	e.open("participant", "typeCode", among(p.Type, participationTypes, "IND"))
	if !p.Time.zero() {
		e.period("time", p.Time, false)
	}
	e.open("associatedEntity", "classCode", e.participantClass(p, class))
	e.ids(p.IDs)
	e.role(p.Code)
	e.addresses(p.Addresses)
	e.telecoms(p.Telecoms)
	if !p.Name.zero() || p.Org == nil || p.Type == "CALLBCK" {
		e.open("associatedPerson")
		e.partedName(p.Name)
		e.end("associatedPerson")
	}
	if p.Org != nil {
		e.organization("scopingOrganization", p.Org, false)
	}
	e.end("associatedEntity")
	e.end("participant")
}

func (e *encoder) participantClass(p *Participant, usual string) string {
	if p.Type == "CALLBCK" {
		return "ASSIGNED"
	}
	return among(p.Class, entityClasses, usual)
}

const entityClasses = "ASSIGNED PRS NOK CAREGIVER AGNT GUAR ECON POLHOLD PAT PROV CON COVPTY IDENT LIC QUAL SPNSR PAYOR"

const participationTypes = "CALLBCK IND HLD COV ENT INF NOT DIR RCT REFB REFT RESP PART VRF GUAR ESC CON CSM BBY BEN"
