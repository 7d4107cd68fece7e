package ccda

// medication writes a Medication Activity (T.4.16), or a planned one (T.4.42).
func (e *encoder) medication(it *item, s statement) {
	mood := "EVN"
	if it.Kind == KindPlanned {
		mood = plannedMood(it)
	} else if it.Mood == "INT" || it.Mood == "RQO" {
		mood = "INT"
	}
	e.open("substanceAdministration", "classCode", "SBADM", "moodCode", mood, "negationInd", negated(it.Negated))
	e.template(tpl+s.root, s.ext, s.twin)
	e.entryIDs(it)
	e.row(it)
	e.empty("statusCode", "code", drugStatus(it))
	e.drugTime(it.Time)
	if value, unit, ok := quantityAttrs(it.Frequency); ok {
		e.open("effectiveTime", "xsi:type", "PIVL_TS", "operator", "A")
		e.empty("period", "value", value, "unit", unit)
		e.end("effectiveTime")
	}
	if it.Kind == KindPlanned && !it.Priority.zero() {
		e.code(it.Priority, codeOpt{name: "priorityCode"})
	}
	if !it.Route.zero() {
		e.code(it.Route, codeOpt{name: "routeCode", systems: []string{NCIThesaurus}})
	}
	e.dose(it)
	e.product(it, tpl+"4.23", ext14)
	e.tail(it, func() { e.reason(it) })
	e.end("substanceAdministration")
}

func drugStatus(it *item) string {
	if it.Kind == KindPlanned {
		return "active"
	}
	return it.Status
}

// drugTime writes the effectiveTime of a medication or supply (the first one): a point, or an interval with low.
func (e *encoder) drugTime(p Period) {
	if point := stamp(p.Point); point != "" && p.Low == "" && p.High == "" {
		e.empty("effectiveTime", "value", point)
		return
	}
	e.period("effectiveTime", p.asInterval(), true, "xsi:type", "IVL_TS")
}

func (e *encoder) dose(it *item) {
	value, unit, ok := quantityAttrs(it.Dose)
	if !ok {
		e.empty("doseQuantity", "nullFlavor", "UNK")
		return
	}
	e.empty("doseQuantity", "value", value, "unit", unit)
}

func (e *encoder) product(it *item, root, ext string) {
	e.open("consumable")
	e.open("manufacturedProduct", "classCode", "MANU")
	e.template(root, ext, true)
	e.open("manufacturedMaterial")
	e.code(it.Code, codeOpt{anchor: it.words(), systems: it.bound(), missing: map[bool]string{true: "NA"}[it.Negated]})
	if s := clean(it.Lot); s != "" {
		e.element("lotNumberText", s)
	}
	e.end("manufacturedMaterial")
	e.end("manufacturedProduct")
	e.end("consumable")
}

// reason writes why: an Indication (T.4.19).
func (e *encoder) reason(it *item) {
	if it.Reason.zero() {
		return
	}
	e.open("entryRelationship", "typeCode", "RSON")
	e.indication(it, "reason", it.Reason)
	e.end("entryRelationship")
}

func (e *encoder) indication(it *item, name string, c Code) {
	e.open("observation", "classCode", "OBS", "moodCode", "EVN")
	e.template(tpl+"4.19", ext14, true)
	e.id(e.derive(it.anchor+"-"+name), "UNK")
	e.open("code", "code", "404684003", "codeSystem", SNOMED, "codeSystemName", "SNOMED CT", "displayName", "Finding")
	e.empty("translation", "code", "75321-0", "codeSystem", LOINC, "codeSystemName", "LOINC", "displayName", "Clinical finding")
	e.end("code")
	e.empty("statusCode", "code", "completed")
	systems := []string{SNOMED}
	if main, _ := c.pick(systems); main.Code == "" {
		systems = nil
	}
	e.code(c, codeOpt{name: "value", xsi: "CD", systems: systems})
	e.end("observation")
}

// immunization writes an Immunization Activity (T.4.52).
func (e *encoder) immunization(it *item) {
	yes := "false"
	if it.Negated {
		yes = "true"
	}
	mood := "EVN"
	if it.Mood == "INT" {
		mood = "INT"
	}
	e.open("substanceAdministration", "classCode", "SBADM", "moodCode", mood, "negationInd", yes)
	e.start(it)
	e.row(it)
	e.empty("statusCode", "code", drugStatus(it))
	e.timeOr("effectiveTime", it.Time.Point, 4)
	if !it.Route.zero() {
		e.code(it.Route, codeOpt{name: "routeCode", systems: []string{NCIThesaurus}})
	}
	if it.Dose.Value != "" {
		e.dose(it)
	}
	e.product(it, tpl+"4.54", ext14)
	e.tail(it, func() { e.refusal(it) })
	e.end("substanceAdministration")
}

// refusal writes why a vaccine was not given (T.4.53), or the indication of one that was.
func (e *encoder) refusal(it *item) {
	if it.Reason.zero() {
		return
	}
	if !it.Negated {
		e.reason(it)
		return
	}
	e.open("entryRelationship", "typeCode", "RSON")
	e.open("observation", "classCode", "OBS", "moodCode", "EVN")
	e.template(tpl+"4.53", "", false)
	e.id(e.derive(it.anchor+"-refusal"), "UNK")
	e.code(it.Reason, codeOpt{})
	e.empty("statusCode", "code", "completed")
	e.end("observation")
	e.end("entryRelationship")
}

func plannedMood(it *item) string {
	words := "INT RQO PRMS PRP"
	switch it.Class {
	case "act", "encounter", "procedure":
		words += " ARQ APT"
	}
	return among(it.Mood, words, "RQO")
}
