package ccda

// planned writes what is to be done: T.4.39 to T.4.44 by class.
func (e *encoder) planned(it *item) {
	type form struct{ element, class, root string }
	f := form{"observation", "OBS", "4.44"}
	switch it.Class {
	case "act":
		f = form{"act", "ACT", "4.39"}
	case "encounter":
		f = form{"encounter", "ENC", "4.40"}
	case "procedure":
		f = form{"procedure", "PROC", "4.41"}
	case "supply":
		f = form{"supply", "SPLY", "4.43"}
	case "medication":
		e.medication(it, statement{kind: KindPlanned, root: "4.42", ext: ext14, twin: true})
		return
	}
	e.open(f.element, "classCode", f.class, "moodCode", plannedMood(it), "negationInd", map[bool]string{true: negated(it.Negated)}[f.element != "encounter" && f.element != "supply"])
	e.template(tpl+f.root, ext14, true)
	e.entryIDs(it)
	e.code(it.Code, codeOpt{anchor: it.words()})
	e.row(it)
	e.empty("statusCode", "code", "active")
	if f.element == "supply" {
		e.drugTime(it.Time)
	} else {
		e.period("effectiveTime", it.Time, false)
	}
	if !it.Priority.zero() {
		e.code(it.Priority, codeOpt{name: "priorityCode"})
	}
	if f.element == "observation" || f.element == "procedure" {
		if !it.Site.zero() {
			e.code(it.Site, codeOpt{name: "targetSiteCode"})
		}
	}
	e.tail(it, func() { e.reason(it) })
	e.end(f.element)
}

// referral writes the Patient Referral Act (T.4.140): its id is the key of the loop.
func (e *encoder) referral(it *item) {
	e.open("act", "classCode", "PCPR", "moodCode", among(it.Mood, "INT RQO", "RQO"))
	e.template(tpl+"4.140", "", false)
	if len(it.IDs) == 0 && e.doc.ReferralID.usable() {
		e.id(e.doc.ReferralID, "UNK")
	} else {
		e.entryIDs(it)
	}
	e.code(it.Code, codeOpt{anchor: it.words()})
	e.row(it)
	e.empty("statusCode", "code", "active")
	e.period("effectiveTime", it.Time, false)
	if !it.Priority.zero() {
		pr := it.Priority
		if pr.System == "" {
			pr.System = ActPriority
		}
		e.code(pr, codeOpt{name: "priorityCode"})
	}
	e.by(it.By)
	if it.To != nil {
		e.referredTo(it.To)
	}
	for i, r := range it.Reasons {
		e.open("entryRelationship", "typeCode", "RSON")
		e.indication(it, "because"+itoa(i+1), r)
		e.end("entryRelationship")
	}
	for i, s := range it.Services {
		e.service(it, i, s)
	}
	e.tail(&item{Entry: &Entry{Kind: it.Kind, Text: it.Text}, anchor: it.anchor}, nil)
	e.end("act")
}

// service writes one requested service as a planned observation of the Patient Referral Act.
func (e *encoder) service(it *item, i int, c Code) {
	e.open("entryRelationship", "typeCode", "SUBJ")
	e.open("observation", "classCode", "OBS", "moodCode", "RQO")
	e.template(tpl+"4.44", ext14, true)
	e.id(e.derive(it.anchor+"-service"+itoa(i+1)), "UNK")
	e.code(c, codeOpt{})
	e.empty("statusCode", "code", "active")
	e.end("observation")
	e.end("entryRelationship")
}

func (e *encoder) referredTo(p *Party) {
	e.open("participant", "typeCode", "REFT")
	e.open("participantRole", "classCode", "PROV")
	e.ids(p.IDs)
	e.role(p.Code)
	if len(p.Addresses) > 0 {
		e.addresses(p.Addresses)
	}
	if len(p.Telecoms) > 0 {
		e.telecoms(p.Telecoms)
	}
	if !p.Name.zero() {
		e.open("playingEntity", "classCode", "PSN")
		e.personName(p.Name, "name")
		e.end("playingEntity")
	}
	if p.Org != nil {
		e.open("scopingEntity", "classCode", "ORG")
		for _, id := range p.Org.IDs {
			if id.usable() {
				e.id(id, "UNK")
			}
		}
		if s := clean(p.Org.Name); s != "" {
			e.element("desc", s)
		}
		e.end("scopingEntity")
	}
	e.end("participantRole")
	e.end("participant")
}

// coverage writes a Coverage Activity (T.4.60) with one Policy Activity (T.4.61).
func (e *encoder) coverage(it *item) {
	c := it.Coverage
	if c == nil {
		c = &Coverage{}
	}
	e.open("act", "classCode", "ACT", "moodCode", "EVN")
	e.template(tpl+"4.60", ext15, true)
	e.id(e.derive(it.anchor+"-coverage"), "UNK")
	e.empty("code", "code", "48768-6", "codeSystem", LOINC, "codeSystemName", "LOINC", "displayName", "Payment sources")
	e.row(it)
	e.empty("statusCode", "code", "completed")
	e.period("effectiveTime", it.Time, false)
	e.by(it.By)
	e.open("entryRelationship", "typeCode", "COMP")
	e.policy(it, c)
	e.end("entryRelationship")
	e.end("act")
}

func (e *encoder) policy(it *item, c *Coverage) {
	e.open("act", "classCode", "ACT", "moodCode", "EVN")
	e.template(tpl+"4.61", ext15, true)
	if c.PolicyID.usable() {
		e.id(c.PolicyID, "UNK")
	} else {
		e.entryIDs(it)
	}
	e.policyCode(c.Type)
	e.empty("statusCode", "code", "completed")
	e.open("performer", "typeCode", "PRF")
	e.template(tpl+"4.87", "", false)
	e.open("assignedEntity")
	e.ids(c.Payer.IDs)
	e.empty("code", "code", "PAYOR", "codeSystem", roleClass, "codeSystemName", "RoleClass")
	if len(c.Payer.Addresses) > 0 {
		e.addresses(c.Payer.Addresses)
	}
	if len(c.Payer.Telecoms) > 0 {
		e.telecoms(c.Payer.Telecoms)
	}
	e.open("representedOrganization")
	e.part("name", c.Payer.Name, true)
	e.end("representedOrganization")
	e.end("assignedEntity")
	e.end("performer")
	e.guarantor(c.Guarantor)
	e.covered(c)
	if c.Holder != nil {
		e.open("participant", "typeCode", "HLD")
		e.template(tpl+"4.90", "", false)
		e.open("participantRole")
		e.ids(c.Holder.IDs)
		e.addresses(c.Holder.Addresses)
		if !c.Holder.Name.zero() {
			e.open("playingEntity")
			e.personName(c.Holder.Name, "name")
			e.end("playingEntity")
		}
		e.end("participantRole")
		e.end("participant")
	}
	e.plan(it, c)
	e.tail(&item{Entry: &Entry{Kind: it.Kind, Text: it.Text}, anchor: it.anchor}, nil)
	e.end("act")
}

// policyCode writes the kind of insurance; the standard wants the payer type as a translation at least.
func (e *encoder) policyCode(c Code) {
	const x12 = "2.16.840.1.113883.6.255.1336"
	main, rest := c.pick([]string{x12})
	if main.Code != "" {
		e.open("code", "code", main.Code, "codeSystem", main.System, "displayName", clean(main.Display))
	} else {
		e.open("code", "nullFlavor", "UNK")
	}
	if s := c.words(); s != "" && clean(c.Text) != "" {
		e.element("originalText", s)
	}
	for _, t := range rest {
		e.empty("translation", "code", t.Code, "codeSystem", t.System, "codeSystemName", systemName(t), "displayName", clean(t.Display))
	}
	if len(rest) == 0 {
		e.empty("translation", "nullFlavor", "NI")
	}
	e.end("code")
}

func (e *encoder) guarantor(g *Party) {
	if g == nil {
		return
	}
	e.open("performer", "typeCode", "PRF")
	e.template(tpl+"4.88", "", false)
	e.open("assignedEntity")
	e.ids(g.IDs)
	e.empty("code", "code", "GUAR", "codeSystem", roleClass, "codeSystemName", "RoleClass")
	e.addresses(g.Addresses)
	e.telecoms(g.Telecoms)
	if !g.Name.zero() || g.Org == nil {
		e.open("assignedPerson")
		e.personName(g.Name, "name")
		e.end("assignedPerson")
	}
	if g.Org != nil {
		e.organization("representedOrganization", g.Org, false)
	}
	e.end("assignedEntity")
	e.end("performer")
}

func (e *encoder) covered(c *Coverage) {
	e.open("participant", "typeCode", "COV")
	e.template(tpl+"4.89", "", false)
	e.period("time", c.Time, true)
	e.open("participantRole", "classCode", "PAT")
	e.id(c.MemberID, "UNK")
	e.code(c.Relationship, codeOpt{})
	if !c.Member.zero() || stamp(c.MemberBirth) != "" {
		e.open("playingEntity")
		e.personName(c.Member, "name")
		e.timeOr("sdtc:birthTime", c.MemberBirth, 4)
		e.end("playingEntity")
	}
	e.end("participantRole")
	e.end("participant")
}

// plan names the health plan, as C-CDA asks: an act in definition mood.
func (e *encoder) plan(it *item, c *Coverage) {
	e.open("entryRelationship", "typeCode", "REFR")
	e.open("act", "classCode", "ACT", "moodCode", "DEF")
	if c.PlanID.usable() {
		e.id(c.PlanID, "UNK")
	} else {
		e.id(e.derive(it.anchor+"-plan"), "UNK")
	}
	e.empty("code", "nullFlavor", "NA")
	e.open("text")
	if s := clean(c.Plan); s != "" {
		e.text(s)
	}
	e.empty("reference", "value", "#"+it.anchor)
	e.end("text")
	e.empty("statusCode", "code", "active")
	e.end("act")
	e.end("entryRelationship")
}
