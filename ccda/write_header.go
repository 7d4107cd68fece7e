package ccda

import "strconv"

// header writes the US Realm Header (T.1.1) in the order of the CDA schema.
func (e *encoder) header() {
	d := e.doc
	e.empty("realmCode", "code", "US")
	e.empty("typeId", "root", "2.16.840.1.113883.1.3", "extension", "POCD_HD000040")
	e.template(headerRoot, ext15, true)
	e.template(e.spec.Root, ext15, e.spec.Twin)
	level := d.confidentiality()
	if level != "N" {
		e.template(ds4pDocument, "", false)
	}
	e.id(d.ID, "UNK")
	e.documentCode()
	e.element("title", d.title(e.spec))
	e.empty("effectiveTime", "value", stamp(d.Time))
	e.empty("confidentialityCode", "code", level, "codeSystem", Confidential)
	e.empty("languageCode", "code", language(d.Language, "en-US"))
	set := d.SetID
	if !set.usable() {
		set = d.ID
	}
	e.empty("setId", "root", set.Root, "extension", clean(set.Extension), "assigningAuthorityName", clean(set.Authority))
	e.empty("versionNumber", "value", strconv.Itoa(max(1, d.Version)))
	e.recordTarget()
	for i := range d.Authors {
		e.author(&d.Authors[i])
	}
	e.custodian()
	e.recipients()
	if a := d.LegalAuthenticator; a != nil {
		e.open("legalAuthenticator")
		e.timeOr("time", a.Time, 8)
		e.empty("signatureCode", "code", "S")
		e.entity("assignedEntity", &a.Party)
		e.end("legalAuthenticator")
	}
	for i := range d.Participants {
		if d.Type == TypeConsult && d.Participants[i].Type != "CALLBCK" {
			continue // HL7's rules for the Consultation Note take every participant for a call-back contact (CONF:1198-31657)
		}
		e.participant(&d.Participants[i])
	}
	e.orders()
	e.serviceEvent()
	for _, r := range d.Related {
		e.related(r)
	}
	e.encompassing()
}

func (d *Document) title(spec *docSpec) string {
	if s := clean(d.Title); s != "" {
		return s
	}
	return spec.Title
}

func (e *encoder) documentCode() {
	c := e.doc.Code
	if c.System != "" && c.System != LOINC || !allowedCode(e.doc.Type, c.Code) {
		c = Code{Code: e.spec.Code, Display: e.spec.Names, Translations: append([]Code{c}, c.Translations...)}
	}
	c.System = LOINC
	e.code(c, codeOpt{})
}

// language returns s when it has the shape of a language code.
func language(s, otherwise string) string {
	if len(s) < 2 || len(s) > 20 || keepOnly(s, "-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != s {
		return otherwise
	}
	return s
}

func (e *encoder) recordTarget() {
	p := &e.doc.Patient
	e.open("recordTarget")
	e.open("patientRole")
	e.ids(p.IDs)
	e.addresses(p.Addresses)
	e.telecoms(p.Telecoms)
	e.open("patient")
	names := 0
	for _, n := range p.Names {
		if !n.zero() {
			e.partedName(n)
			names++
		}
	}
	if names == 0 {
		e.partedName(Name{})
	}
	e.code(p.Sex, codeOpt{name: "administrativeGenderCode", systems: []string{Gender}})
	e.timeOr("birthTime", p.BirthTime, 4)
	if p.DeceasedTime != "" {
		e.empty("sdtc:deceasedInd", "value", "true")
		e.timeOr("sdtc:deceasedTime", p.DeceasedTime, 4)
	}
	if !p.MaritalStatus.zero() {
		e.code(p.MaritalStatus, codeOpt{name: "maritalStatusCode"})
	}
	if !p.Religion.zero() {
		e.code(p.Religion, codeOpt{name: "religiousAffiliationCode"})
	}
	e.raceCodes(p.Races, "raceCode")
	e.raceCodes(p.Ethnicities, "ethnicGroupCode")
	for i := range p.Guardians {
		e.guardian(&p.Guardians[i])
	}
	for _, l := range p.Languages {
		e.open("languageCommunication")
		if c := language(l.Code, ""); c != "" {
			e.empty("languageCode", "code", c)
		} else {
			e.empty("languageCode", "nullFlavor", "UNK")
		}
		if l.Preferred {
			e.empty("preferenceInd", "value", "true")
		}
		e.end("languageCommunication")
	}
	e.end("patient")
	if p.ProviderOrg != nil {
		e.organization("providerOrganization", p.ProviderOrg, false)
	}
	e.end("patientRole")
	e.end("recordTarget")
}

// raceCodes writes the first code in CDA and the others in the sdtc extension. An extension without a first code is
// not allowed.
func (e *encoder) raceCodes(list []Code, name string) {
	opt := codeOpt{name: name, systems: []string{RaceEthnicity}}
	if len(list) == 0 {
		e.code(Code{}, opt)
		return
	}
	e.code(list[0], opt)
	opt.name = "sdtc:" + name
	if first, _ := list[0].pick(opt.systems); first.Code == "" {
		return
	}
	for _, c := range list[1:] {
		if more, _ := c.pick(opt.systems); more.Code != "" {
			e.empty(opt.name, "code", more.Code, "codeSystem", more.System, "codeSystemName", systemName(more), "displayName", clean(more.Display))
		}
	}
}

func (e *encoder) guardian(g *Guardian) {
	who := *g
	if who.Org != nil && who.Name.zero() && !e.personGuards() {
		who.Name, who.Org = Name{Full: nonEmpty(clean(who.Org.Name), "not named")}, nil
		if len(who.Telecoms) == 0 && len(who.Addresses) == 0 {
			who.Telecoms, who.Addresses = g.Org.Telecoms, g.Org.Addresses
		}
	}
	e.open("guardian")
	e.role(who.Code)
	if len(who.Addresses) > 0 {
		e.addresses(who.Addresses)
	}
	if len(who.Telecoms) > 0 {
		e.telecoms(who.Telecoms)
	}
	if who.Org != nil && who.Name.zero() {
		e.organization("guardianOrganization", who.Org, false)
	} else {
		e.open("guardianPerson")
		e.personName(who.Name, "name")
		e.end("guardianPerson")
	}
	e.end("guardian")
}

// personGuards says whether a guardian is a person: HL7's rule wants one (CONF:1198-5385), so that an organisation that is the only
// guardian goes out as a person with its name.
func (e *encoder) personGuards() bool {
	for i := range e.doc.Patient.Guardians {
		if g := &e.doc.Patient.Guardians[i]; g.Org == nil || !g.Name.zero() {
			return true
		}
	}
	return false
}

// organization writes an organisation; strict ones need id, name, telecom and address.
func (e *encoder) organization(element string, o *Organization, strict bool) {
	e.open(element)
	e.ids(o.IDs)
	if s := clean(o.Name); s != "" {
		e.element("name", s)
	} else {
		e.empty("name", "nullFlavor", "UNK")
	}
	telecoms, addresses := o.Telecoms, o.Addresses
	if strict { // exactly one of each (CONF:1198-5525)
		telecoms, addresses = telecoms[:min(1, len(telecoms))], addresses[:min(1, len(addresses))]
	}
	e.telecoms(telecoms)
	e.addresses(addresses)
	e.end(element)
}

// authorTime writes when the author wrote: to the day at least (CONF:81-10127), else the document's own time.
func (e *encoder) authorTime(a *Author) {
	t := stamp(a.Time)
	if len(t) < 8 {
		t = e.doc.Time
	}
	e.timeOr("time", t, 8)
}

func (e *encoder) author(a *Author) {
	restricted := e.doc.confidentiality() != "N"
	e.open("author")
	if restricted {
		e.template(ds4pAuthor, "", false)
	}
	e.authorTime(a)
	e.open("assignedAuthor")
	if restricted {
		e.template(ds4pProvenance, "", false)
	}
	e.ids(a.IDs)
	e.role(a.Code)
	e.addresses(a.Addresses)
	e.telecoms(a.Telecoms)
	e.authorIs(a)
	org := a.Org
	if org == nil && a.Device != nil && e.doc.Type == TypeCCD {
		org = &e.doc.Custodian // a device cannot stand alone (CONF:1198-8456)
	}
	if org != nil {
		e.organization("representedOrganization", org, false)
	}
	e.end("assignedAuthor")
	e.end("author")
}

func (e *encoder) authorIs(a *Author) {
	if a.Device == nil {
		e.open("assignedPerson")
		e.personName(a.Name, "name")
		e.end("assignedPerson")
		return
	}
	e.open("assignedAuthoringDevice")
	for _, p := range [][2]string{{"manufacturerModelName", a.Device.Model}, {"softwareName", a.Device.Software}} {
		if s := clean(p[1]); s != "" {
			e.element(p[0], s)
		} else {
			e.empty(p[0], "nullFlavor", "UNK")
		}
	}
	e.end("assignedAuthoringDevice")
}

func (e *encoder) custodian() {
	e.open("custodian")
	e.open("assignedCustodian")
	e.organization("representedCustodianOrganization", &e.doc.Custodian, true)
	e.end("assignedCustodian")
	e.end("custodian")
}
