package ccda

func (e *encoder) procedure(it *item) {
	e.open("procedure", "classCode", "PROC", "moodCode", "EVN", "negationInd", negated(it.Negated))
	e.start(it)
	e.code(it.Code, codeOpt{anchor: it.words()})
	e.row(it)
	e.empty("statusCode", "code", it.Status)
	e.period("effectiveTime", it.Time, false)
	if !it.Site.zero() {
		e.code(it.Site, codeOpt{name: "targetSiteCode", systems: []string{SNOMED}})
	}
	e.tail(it, func() { e.reason(it) })
	e.end("procedure")
}

const resultStates = "aborted active cancelled completed held suspended"

// organizer writes a Result Organizer (T.4.1) or a Vital Signs Organizer (T.4.26) with its observations.
func (e *encoder) organizer(it *item) {
	class := "BATTERY"
	if it.Kind == KindVitals || it.Class == "CLUSTER" {
		class = "CLUSTER"
	}
	e.open("organizer", "classCode", class, "moodCode", "EVN")
	e.start(it)
	if it.Kind == KindVitals {
		e.open("code", "code", "46680005", "codeSystem", SNOMED, "codeSystemName", "SNOMED CT", "displayName", "Vital signs")
		e.empty("translation", "code", "74728-7", "codeSystem", LOINC, "codeSystemName", "LOINC", "displayName", "Vital signs")
		e.end("code")
		e.empty("statusCode", "code", "completed")
	} else {
		e.code(it.Code, codeOpt{anchor: it.words()})
		e.empty("statusCode", "code", it.Status)
	}
	if it.Kind == KindVitals || !it.Time.zero() {
		if p := it.Time; stamp(p.Point) != "" {
			e.period("effectiveTime", Period{Low: p.Point, High: p.Point}, true)
		} else {
			if it.Kind == KindPanel && p.OpenHigh == "" { // both bounds, or none (CONF:1198-32489)
				p.OpenHigh = "UNK"
			}
			e.period("effectiveTime", p, it.Kind == KindPanel)
		}
	}
	if it.To != nil {
		e.open("performer", "typeCode", "PRF")
		e.entity("assignedEntity", it.To)
		e.end("performer")
	}
	e.by(it.By)
	for i := range it.parts {
		e.open("component")
		e.observation(&it.parts[i])
		e.end("component")
	}
	if clean(it.Text) != "" {
		e.open("component")
		e.open("act", "classCode", "ACT", "moodCode", "EVN")
		e.template(tpl+"4.64", "", false)
		e.empty("code", "code", "48767-8", "codeSystem", LOINC, "displayName", "Annotation comment")
		e.open("text")
		e.empty("reference", "value", "#"+it.anchor+"-t")
		e.end("text")
		e.end("act")
		e.end("component")
	}
	e.end("organizer")
}

// observation writes results, vital signs, social history, status observations and those of no template.
func (e *encoder) observation(it *item) {
	e.open("observation", "classCode", "OBS", "moodCode", "EVN", "negationInd", negated(it.Negated))
	e.start(it)
	e.observationCode(it)
	e.row(it)
	status := "completed"
	if it.Kind == KindResult {
		status = it.Status
	}
	e.empty("statusCode", "code", status)
	e.observationTime(it)
	e.value(it)
	if main, _ := it.Interpretation.pick([]string{Interpretation}); main.Code != "" {
		e.code(it.Interpretation, codeOpt{name: "interpretationCode", systems: []string{Interpretation}})
	}
	if !it.Site.zero() {
		e.code(it.Site, codeOpt{name: "targetSiteCode"})
	}
	e.tail(it, nil)
	if s := clean(it.Range); s != "" {
		e.open("referenceRange")
		e.open("observationRange")
		e.element("text", s)
		e.open("value", "xsi:type", "ST")
		e.end("value")
		e.end("observationRange")
		e.end("referenceRange")
	}
	e.end("observation")
}

func (e *encoder) observationCode(it *item) {
	e.code(it.Code, codeOpt{anchor: it.words(), systems: it.bound(), foreign: it.Kind == KindSocial})
}

func (e *encoder) observationTime(it *item) {
	switch it.Kind {
	case KindSmoking:
		e.timeOr("effectiveTime", it.Time.Point, 4)
	case KindTobacco:
		e.period("effectiveTime", it.Time, true)
	default:
		e.period("effectiveTime", it.Time, false)
	}
}

// value writes the value of an observation in the type that fits; what fits none goes out as text.
func (e *encoder) value(it *item) {
	v := it.Value
	if it.Kind == KindSmoking || it.Kind == KindTobacco {
		e.smokingValue(it)
		return
	}
	if value, unit, ok := quantityAttrs(v.Quantity); ok {
		if unit == "" && it.Kind == KindVital {
			unit = "1" // a vital sign needs a unit (CONF:1098-31579); 1 is UCUM for none
		}
		e.empty("value", "xsi:type", "PQ", "value", value, "unit", unit)
		return
	}
	if it.Kind == KindVital {
		e.wordedQuantity(v.words())
		return
	}
	low, lowUnit, hasLow := quantityAttrs(v.Low)
	high, highUnit, hasHigh := quantityAttrs(v.High)
	switch {
	case hasLow || hasHigh:
		e.open("value", "xsi:type", "IVL_PQ")
		if hasLow {
			e.empty("low", "value", low, "unit", lowUnit)
		}
		if hasHigh {
			e.empty("high", "value", high, "unit", highUnit)
		}
		e.end("value")
	case !v.Code.zero():
		e.code(v.Code, codeOpt{name: "value", xsi: "CD"})
	case stamp(v.Time) != "":
		e.empty("value", "xsi:type", "TS", "value", stamp(v.Time))
	default:
		if s := v.words(); s != "" {
			e.element("value", s, "xsi:type", "ST")
			return
		}
		e.empty("value", "xsi:type", "ST", "nullFlavor", "UNK")
	}
}

// wordedQuantity writes the value of a vital sign that is not a number: its words go where PQ has room for them.
func (e *encoder) wordedQuantity(words string) {
	if words == "" {
		e.empty("value", "xsi:type", "PQ", "nullFlavor", "UNK", "unit", "1")
		return
	}
	e.open("value", "xsi:type", "PQ", "nullFlavor", "OTH", "unit", "1")
	e.open("translation", "nullFlavor", "OTH")
	e.element("originalText", words)
	e.end("translation")
	e.end("value")
}

// smokingValue writes a value that must be SNOMED CT and may not be null (CONF:1098-32954): what is not coded so is
// "unknown if ever smoked", with the sender's own words and coding beside it.
func (e *encoder) smokingValue(it *item) {
	c := it.Value.Code
	if main, _ := c.pick([]string{SNOMED}); main.Code == "" {
		c = Code{Code: "266927001", System: SNOMED, Display: "Tobacco smoking consumption unknown", Text: it.Value.words(),
			Translations: append([]Code{c}, c.Translations...)}
	}
	e.code(c, codeOpt{name: "value", xsi: "CD", systems: []string{SNOMED}})
}

// visit writes an Encounter Activity (T.4.49).
func (e *encoder) visit(it *item) {
	e.open("encounter", "classCode", "ENC", "moodCode", "EVN")
	e.start(it)
	e.code(it.Code, codeOpt{anchor: it.words()})
	e.row(it)
	e.period("effectiveTime", it.Time, false)
	if it.To != nil {
		e.open("performer", "typeCode", "PRF")
		e.entity("assignedEntity", it.To)
		e.end("performer")
	}
	e.by(it.By)
	if l := it.Location; l != nil {
		e.open("participant", "typeCode", "LOC")
		e.open("participantRole", "classCode", "SDLOC")
		e.template(tpl+"4.32", "", false)
		e.ids(l.IDs)
		e.empty("code", "nullFlavor", "UNK")
		e.addresses(l.Addresses)
		e.telecoms(l.Telecoms)
		e.open("playingEntity", "classCode", "PLC")
		e.element("name", nonEmpty(clean(l.Name), "not named"))
		e.end("playingEntity")
		e.end("participantRole")
		e.end("participant")
	}
	rest := *it.Entry
	rest.To, rest.By = nil, nil
	e.tail(&item{Entry: &rest, anchor: it.anchor}, nil)
	e.end("encounter")
}

// family writes a Family History Organizer (T.4.45) with its observations (T.4.46).
func (e *encoder) family(it *item) {
	e.open("organizer", "classCode", "CLUSTER", "moodCode", "EVN")
	e.start(it)
	e.empty("statusCode", "code", "completed")
	e.open("subject")
	e.open("relatedSubject", "classCode", "PRS")
	e.code(it.Subject, codeOpt{})
	e.end("relatedSubject")
	e.end("subject")
	e.by(it.By)
	for i := range it.parts {
		p := &it.parts[i]
		e.open("component")
		e.open("observation", "classCode", "OBS", "moodCode", "EVN", "negationInd", negated(p.Negated))
		e.template(tpl+"4.46", ext15, true)
		e.entryIDs(p)
		e.open("code", "code", "55607006", "codeSystem", SNOMED, "displayName", "Problem")
		e.empty("translation", "code", "75326-9", "codeSystem", LOINC, "displayName", "Problem")
		e.end("code")
		e.row(p)
		e.empty("statusCode", "code", "completed")
		e.period("effectiveTime", p.Time, false)
		e.problemValue(p)
		e.tail(p, nil)
		e.end("observation")
		e.end("component")
	}
	e.end("organizer")
}

// note writes a Note Activity (T.4.202): its words stand in the narrative, its file in the entry.
func (e *encoder) note(it *item) {
	e.open("act", "classCode", "ACT", "moodCode", "EVN")
	e.start(it)
	c := it.Code
	if c.Code != "34109-9" {
		t := c
		t.Translations = nil
		c = Code{Code: "34109-9", System: LOINC, Display: "Note", Translations: append([]Code{t}, it.Code.Translations...)}
	}
	e.code(c, codeOpt{})
	if m := it.Media; m != nil && len(m.Data) > 0 {
		e.openMixed("text", "mediaType", clean(m.MediaType), "representation", "B64")
		e.base64(m.Data)
		e.empty("reference", "value", "#"+it.anchor)
		e.end("text")
	} else {
		e.row(it)
	}
	e.empty("statusCode", "code", it.Status)
	e.period("effectiveTime", it.Time, false)
	e.by(it.By)
	e.end("act")
}
