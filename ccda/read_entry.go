package ccda

// statement reads one clinical statement; a concern act may hold several entries. What gives no entry is left to Rest.
func (d *decoder) statement(n *node, kind Kind) ([]Entry, error) {
	switch kind {
	case KindProblem, KindAllergy:
		if n.name == "act" {
			return d.concern(n, kind), nil
		}
		return []Entry{d.condition(n, kind)}, nil
	case KindMedication, KindImmunization:
		return []Entry{d.drug(n, kind)}, nil
	case KindPanel, KindVitals:
		return d.organizer(n, kind)
	case KindFamily:
		return d.family(n), nil
	case KindReferral:
		return []Entry{d.referral(n)}, nil
	case KindCoverage:
		return d.coverage(n), nil
	case KindNote:
		return d.note(n)
	case KindPlanned:
		e := Entry{}
		if n.name == "substanceAdministration" {
			e = d.drug(n, kind)
			e.Class = "medication"
		} else {
			e = d.common(n, kind)
			e.Class = n.name
		}
		return []Entry{e}, nil
	}
	e := d.common(n, kind)
	if e.Code.zero() && e.Value.words() == "" {
		return nil, nil
	}
	return []Entry{e}, nil
}

// common reads the fields that most statements share.
func (d *decoder) common(n *node, kind Kind) Entry {
	e := Entry{Kind: kind, IDs: n.ids(), Negated: n.attr("negationInd") == "true", NullFlavor: n.attr("nullFlavor"), Code: d.code(n.child("code")),
		Status: n.child("statusCode").attr("code"), Time: n.child("effectiveTime").period(), Value: d.value(n.child("value")),
		Interpretation: d.code(n.child("interpretationCode")), Priority: d.code(n.child("priorityCode")), Site: d.code(n.child("targetSiteCode")),
		By: d.by(n), To: d.performer(n)}
	if mood := n.attr("moodCode"); mood != "EVN" {
		e.Mood = mood
	}
	n.child("text").take()
	e.Range = d.ranges(n)
	d.relations(n, &e)
	if kind == KindEncounter || kind == KindProcedure {
		d.location(n, &e)
	}
	return e
}

// ranges gives the reference range in words.
func (d *decoder) ranges(n *node) string {
	r := n.at("referenceRange", "observationRange")
	if r == nil {
		return ""
	}
	v := d.value(r.child("value"))
	if t := r.child("text"); t != nil {
		if s := d.referred(t); s != "" {
			return s
		}
	}
	switch {
	case v.Low.Value != "" && v.High.Value != "":
		return clean(v.Low.Value + " - " + v.High.words())
	case v.Low.Value != "":
		return ">= " + v.Low.words()
	case v.High.Value != "":
		return "<= " + v.High.words()
	}
	return v.words()
}

// relations reads what hangs on a statement: comments, severity, reactions, status, reasons.
func (d *decoder) relations(n *node, e *Entry) {
	for _, r := range n.kids {
		if r.name != "entryRelationship" && r.name != "component" {
			continue
		}
		for _, k := range r.kids {
			if k.name != "act" && k.name != "observation" {
				continue
			}
			if d.relation(r, k, e) {
				r.used, k.used = true, true
			}
		}
	}
}

// relation reads one of them, and says whether it belongs to a field.
func (d *decoder) relation(r, k *node, e *Entry) bool {
	code := k.peek("code")
	switch {
	case k.template(tpl+"4.64") || code.attr("code") == "48767-8" && k.name == "act":
		words := d.referred(k.child("text"))
		if words == "" || e.Text != "" {
			return false
		}
		e.Text = words
		for _, id := range k.kids {
			id.used = id.used || id.name == "id"
		}
		k.settle("code")
		return true
	case k.name != "observation":
		return false
	case k.template(tpl+"4.8") || code.attr("code") == "SEV":
		return set(&e.Severity, d.code(k.child("value")), k)
	case k.template(tpl+"4.6") || k.template(tpl+"4.28") || code.attr("code") == "33999-4":
		k.child("id")
		return set(&e.ClinicalStatus, d.code(k.child("value")), k)
	case k.template(tpl+"4.9") || r.attr("typeCode") == "MFST":
		c := d.code(k.child("value"))
		k.settle("code")
		k.child("id")
		k.child("effectiveTime")
		if !c.zero() {
			e.Reactions = append(e.Reactions, c)
		}
		d.relations(k, e) // the severity of the reaction
		return !c.zero()
	case k.template(tpl + "4.53"):
		k.child("id")
		return set(&e.Reason, d.code(k.child("code")), nil)
	case k.template(tpl+"4.19") || r.attr("typeCode") == "RSON":
		c := d.code(k.child("value"))
		k.settle("code")
		k.child("id")
		if e.Kind == KindReferral {
			e.Reasons = append(e.Reasons, c)
			return true
		}
		return set(&e.Reason, c, nil)
	}
	return false
}

// set fills a field that is still empty.
func set(to *Code, c Code, in *node) bool {
	if c.zero() || !to.zero() {
		return false
	}
	*to = c
	in.settle("code")
	return true
}

// concern reads the observations of a concern act.
func (d *decoder) concern(n *node, kind Kind) []Entry {
	var out []Entry
	status, by, when := n.child("statusCode").attr("code"), d.by(n), n.child("effectiveTime").period()
	n.child("id")
	n.settle("code")
	for _, r := range n.kids {
		if r.name != "entryRelationship" {
			continue
		}
		for _, o := range r.kids {
			if o.name != "observation" || kind == KindAllergy && o.at("participant", "participantRole") == nil && o.child("value") == nil {
				continue
			}
			r.used, o.used = true, true
			e := d.condition(o, kind)
			e.Status = status
			if e.By == nil {
				e.By = by
			}
			if e.Time.Low == "" && e.Time.Point == "" && e.Time.High == "" && e.Time.OpenLow == "" {
				e.Time = when
			}
			out = append(out, e)
		}
	}
	return out
}

// condition reads a problem or allergy observation.
func (d *decoder) condition(o *node, kind Kind) Entry {
	e := d.common(o, kind)
	value := d.code(o.child("value"))
	e.Value = Value{}
	if kind == KindProblem {
		e.Category, e.Code = e.Code, value
		if e.Category.Code == "55607006" && len(e.Category.Translations) < 2 {
			e.Category = Code{}
		}
		if e.Negated && e.Code.Code == "55607006" {
			e.Code = Code{}
		}
		return e
	}
	e.Category, e.Code = value, Code{}
	o.settle("code")
	o.each("participant", func(p *node) {
		role := p.child("participantRole")
		if c := d.code(role.at("playingEntity", "code")); e.Code.zero() {
			e.Code = c
			if name := role.at("playingEntity", "name").words(); name != "" && e.Code.words() == "" {
				e.Code.Text = name
			}
		}
	})
	if e.Negated && e.Code.Code == "" && e.Code.words() == "" {
		e.Code = Code{}
	}
	return e
}

// drug reads a medication, immunization or planned medication.
func (d *decoder) drug(n *node, kind Kind) Entry {
	e := d.common(n, kind)
	e.Code = Code{}
	n.settle("code")
	e.Time = Period{}
	n.each("effectiveTime", func(t *node) {
		if p := t.child("period"); p != nil || t.attr("type") == "PIVL_TS" {
			if q := p.quantity(); e.Frequency.Value == "" {
				e.Frequency = q
			}
			return
		}
		if e.Time.zero() {
			e.Time = t.period()
		}
	})
	e.Dose, e.Route = n.child("doseQuantity").quantity(), d.code(n.child("routeCode"))
	if e.Dose.Value == "" {
		if low := n.at("doseQuantity", "low").quantity(); low.Value != "" {
			e.Dose = low
		}
	}
	prod := n.at("consumable", "manufacturedProduct")
	m := prod.child("manufacturedMaterial")
	if m == nil {
		m = prod.child("manufacturedLabeledDrug")
	}
	e.Code = d.code(m.child("code"))
	e.Lot = m.child("lotNumberText").words()
	if name := m.child("name").words(); name != "" && e.Code.Text == "" && name != e.Code.Display {
		e.Code.Text = name
	}
	if e.Negated && e.Code.Code == "" && e.Code.words() == "" {
		e.Code = Code{}
	}
	return e
}

// organizer reads results or vital signs.
func (d *decoder) organizer(n *node, kind Kind) ([]Entry, error) {
	e := Entry{Kind: kind, IDs: n.ids(), Code: d.code(n.child("code")), Status: n.child("statusCode").attr("code"), Time: n.child("effectiveTime").period(),
		By: d.by(n), To: d.performer(n), Class: n.attr("classCode")}
	if e.Class != "CLUSTER" || kind == KindVitals {
		e.Class = ""
	}
	part := KindResult
	if kind == KindVitals {
		part = KindVital
		e.Code = Code{}
		n.settle("code")
	}
	d.relations(n, &e)
	n.each("component", func(c *node) {
		for _, o := range c.kids {
			if o.name == "observation" {
				o.used = true
				e.Parts = append(e.Parts, d.common(o, part))
			}
		}
	})
	d.entries += len(e.Parts)
	return []Entry{e}, nil
}

// family reads a family history organizer.
func (d *decoder) family(n *node) []Entry {
	e := Entry{Kind: KindFamily, IDs: n.ids(), Subject: d.code(n.at("subject", "relatedSubject", "code")), By: d.by(n)}
	n.each("component", func(c *node) {
		if o := c.child("observation"); o != nil {
			e.Parts = append(e.Parts, d.condition(o, KindProblem))
		}
	})
	return []Entry{e}
}

// location reads where an encounter or procedure was.
func (d *decoder) location(n *node, e *Entry) {
	for _, p := range n.kids {
		if p.name != "participant" || p.attr("typeCode") != "LOC" || e.Location != nil {
			continue
		}
		p.used = true
		r := p.child("participantRole")
		e.Location = &Organization{IDs: r.ids(), Name: r.at("playingEntity", "name").words(), Addresses: r.addresses(), Telecoms: r.telecoms()}
		if e.Location.Name == "not named" {
			e.Location.Name = ""
		}
	}
}
