package ccda

// header reads the CDA header.
func (d *decoder) header() {
	r, doc := d.root, d.doc
	doc.ID = r.child("id").id()
	doc.Code = d.code(r.child("code"))
	doc.Title = r.child("title").words()
	doc.Time = r.child("effectiveTime").attr("value")
	doc.Confidentiality = r.child("confidentialityCode").attr("code")
	doc.Language = r.child("languageCode").attr("code")
	doc.SetID = r.child("setId").id()
	doc.Version = atoi(r.child("versionNumber").attr("value"))
	d.kindOf()
	first := true
	r.each("recordTarget", func(n *node) {
		if first {
			d.patient(n.child("patientRole"))
		} else {
			doc.Patient.MultipleTarget = true
			n.used = false
		}
		first = false
	})
	r.each("author", func(n *node) { doc.Authors = append(doc.Authors, d.author(n)) })
	if o := r.at("custodian", "assignedCustodian", "representedCustodianOrganization").organization(); o != nil {
		doc.Custodian = *o
	}
	r.each("informationRecipient", func(n *node) {
		to := n.child("intendedRecipient")
		doc.Recipients = append(doc.Recipients, Recipient{Kind: n.attr("typeCode"), Party: d.party(to, "informationRecipient", "receivedOrganization")})
	})
	if n := r.child("legalAuthenticator"); n != nil {
		n.child("signatureCode").take()
		doc.LegalAuthenticator = &Authenticator{Time: n.child("time").attr("value"), Party: d.party(n.child("assignedEntity"), "assignedPerson", "representedOrganization")}
	}
	r.each("participant", func(n *node) {
		e := n.child("associatedEntity")
		doc.Participants = append(doc.Participants, Participant{Type: n.attr("typeCode"), Class: e.attr("classCode"), Time: n.child("time").period(),
			Party: d.party(e, "associatedPerson", "scopingOrganization")})
	})
	r.each("inFulfillmentOf", func(n *node) { doc.Orders = append(doc.Orders, n.child("order").ids()...) })
	d.service()
	r.each("relatedDocument", func(n *node) {
		p := n.child("parentDocument")
		doc.Related = append(doc.Related, Related{Type: n.attr("typeCode"), ID: p.child("id").id(), SetID: p.child("setId").id(), Version: atoi(p.child("versionNumber").attr("value"))})
	})
	d.encounter()
}

func (d *decoder) patient(role *node) {
	p := &d.doc.Patient
	p.IDs, p.Addresses, p.Telecoms = role.ids(), role.addresses(), role.telecoms()
	n := role.child("patient")
	n.each("name", func(k *node) {
		if name := k.personName(); !name.zero() {
			p.Names = append(p.Names, name)
		}
	})
	p.Sex = d.code(n.child("administrativeGenderCode"))
	p.BirthTime = n.child("birthTime").attr("value")
	p.MaritalStatus, p.Religion = d.code(n.child("maritalStatusCode")), d.code(n.child("religiousAffiliationCode"))
	p.Races, p.Ethnicities = d.races(n, "raceCode"), d.races(n, "ethnicGroupCode")
	p.DeceasedTime = n.extension("deceasedTime").attr("value")
	n.extension("deceasedInd")
	n.each("guardian", func(k *node) {
		p.Guardians = append(p.Guardians, Guardian{Code: d.code(k.child("code")), Name: k.at("guardianPerson", "name").personName(), Addresses: k.addresses(),
			Telecoms: k.telecoms(), Org: k.child("guardianOrganization").organization()})
	})
	n.each("languageCommunication", func(k *node) {
		p.Languages = append(p.Languages, Language{Code: k.child("languageCode").attr("code"), Preferred: k.child("preferenceInd").attr("value") == "true"})
	})
	p.ProviderOrg = role.child("providerOrganization").organization()
}

// races reads raceCode or ethnicGroupCode and their repetitions in the extension name space.
func (d *decoder) races(n *node, name string) []Code {
	var out []Code
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.name != name {
			continue
		}
		k.used = true
		if c := d.code(k); !c.zero() {
			out = append(out, c)
		}
	}
	return out
}

func (d *decoder) service() {
	s := d.root.at("documentationOf", "serviceEvent")
	if s == nil {
		return
	}
	ev := &ServiceEvent{Class: s.attr("classCode"), Time: s.child("effectiveTime").period()}
	s.each("performer", func(n *node) {
		ev.Performers = append(ev.Performers, Performer{Type: n.attr("typeCode"), Function: d.code(n.child("functionCode")),
			Party: d.party(n.child("assignedEntity"), "assignedPerson", "representedOrganization")})
	})
	d.doc.Service = ev
}

func (d *decoder) encounter() {
	n := d.root.at("componentOf", "encompassingEncounter")
	if n == nil {
		return
	}
	v := &Encounter{IDs: n.ids(), Code: d.code(n.child("code")), Time: n.child("effectiveTime").period()}
	if r := n.at("responsibleParty", "assignedEntity"); r != nil {
		p := d.party(r, "assignedPerson", "representedOrganization")
		v.Responsible = &p
	}
	if f := n.at("location", "healthCareFacility"); f != nil {
		l := Organization{IDs: f.ids()}
		if place := f.child("location"); place != nil {
			l.Name = place.child("name").words()
			l.Addresses = place.addresses()
		}
		v.Location = &l
	}
	d.doc.Encounter = v
}
