package ccda

import (
	"encoding/base64"
	"strings"
)

// headerRules are those of the US Realm Header (T.1.1) and of the document type.
func (c *checker) headerRules() {
	r := c.root
	versioned, _ := r.declares(headerRoot, ext15)
	c.r21 = versioned
	if !r.template(headerRoot) {
		c.errorf("x:us-header", "no US Realm Header templateId (%s)", headerRoot)
	}
	c.documentTemplate()
	c.needs(r, demand{"realmCode", "1198-16791"}, demand{"typeId", "1198-5361"}, demand{"id", "1198-5363"}, demand{"code", "1198-5253"},
		demand{"title", "1198-5254"}, demand{"effectiveTime", "1198-5256"}, demand{"confidentialityCode", "1198-5259"}, demand{"languageCode", "1198-5372"},
		demand{"recordTarget", "1198-5266"}, demand{"author", "1198-5444"}, demand{"custodian", "1198-5519"})
	if r.has("realmCode") && r.peek("realmCode").attr("code") != "US" {
		c.conf("1198-16791", "realmCode is not US")
	}
	if r.has("setId") != r.has("versionNumber") {
		c.conf("1198-6380", "setId and versionNumber stand together or not at all")
	}
	if n := r.count("recordTarget"); n > 1 {
		c.errorf("x:patient-count", "%d record targets: receivers file under the first only", n)
	}
	c.below("recordTarget", func() { c.patientRules(r.at("recordTarget", "patientRole")) })
	c.each(r, "author", func(n *node) { c.authorRules(n) })
	org := r.at("custodian", "assignedCustodian", "representedCustodianOrganization")
	c.below("custodian", func() {
		c.needs(org, demand{"id", "1198-5522"}, demand{"name", "1198-5524"}, demand{"telecom", "1198-5525"}, demand{"addr", "1198-5559"})
		c.addresses(org)
	})
	c.each(r, "participant", func(n *node) {
		if e := n.child("associatedEntity"); !e.has("associatedPerson") && !e.has("scopingOrganization") {
			c.conf("1198-10006", "a participant needs associatedPerson or scopingOrganization")
		}
	})
	if level := r.child("confidentialityCode").attr("code"); (level == "R" || level == "V") && !r.template(ds4pDocument) {
		c.warnf("x:ds4p-label", "a restricted document without the DS4P document templateId (%s)", ds4pDocument)
	}
	c.r21 = c.r21doc
	c.typeRules()
}

// documentTemplate finds the row of the document's type, and holds its code against it.
func (c *checker) documentTemplate() {
	r := c.root
	declared := false
	for _, k := range r.kids {
		if root := k.attr("root"); k.name == "templateId" && strings.HasPrefix(root, tpl+"1.") && root != headerRoot {
			declared = true
			c.r21doc = c.r21doc || k.attr("extension") == ext15
		}
	}
	if !declared {
		c.errorf("x:doc-template", "no C-CDA document templateId: no document rule applies")
	}
	for i := range docTable {
		if r.template(docTable[i].Root) {
			c.spec = &docTable[i]
		}
	}
	code := r.child("code")
	switch {
	case c.spec == nil:
		if declared {
			c.warnf("x:doc-type", "not one of the document types of this package: only rules that hold for all apply")
		}
	case code.attr("codeSystem") != "" && code.attr("codeSystem") != LOINC:
		c.errorf("x:document-code-system", "the document code is not LOINC")
	case !allowedCode(c.spec.Type, code.attr("code")):
		rule := map[Type]string{TypeReferral: "x:referral-code", TypeConsult: "x:consult-code", TypeCCD: "r21:CONF:1198-17181"}[c.spec.Type]
		c.errorf(nonEmpty(rule, "x:code-form"), "the document code is not one of the value set of the document's type")
	}
	if declared && !c.r21doc {
		c.warnf("x:r11-only", "no document template of R2.1 is declared: its rules give warnings only")
	}
}

func (c *checker) patientRules(role *node) {
	c.needs(role, demand{"id", "1198-5268"}, demand{"addr", "1198-5271"}, demand{"telecom", "1198-5280"}, demand{"patient", "1198-5283"})
	c.addresses(role)
	p := role.child("patient")
	if p == nil {
		return
	}
	c.needs(p, demand{"name", "1198-5284"}, demand{"administrativeGenderCode", "1198-6394"}, demand{"birthTime", "1198-5298"}, demand{"raceCode", "1198-5322"},
		demand{"ethnicGroupCode", "1198-5323"})
	if birth := p.child("birthTime"); birth != nil && birth.attr("nullFlavor") == "" && len(birth.attr("value")) < 4 {
		c.conf("1198-5299", "birthTime is less precise than the year")
	}
	if p.has("guardian") && !p.any("guardian", func(g *node) bool { return g.has("guardianPerson") }) {
		c.conf("1198-5385", "no guardian is a person")
	}
	c.each(p, "name", func(n *node) {
		if n.attr("nullFlavor") == "" {
			c.needs(n, demand{"given", "81-7157"}, demand{"family", "81-7159"})
		}
	})
}

// addresses asks the addresses of US parties for what a letter needs; a null flavour will do.
func (c *checker) addresses(n *node) {
	c.each(n, "addr", func(a *node) {
		country := strings.ToUpper(a.child("country").words())
		if a.attr("nullFlavor") == "" && (country == "" || country == "US" || country == "USA") {
			c.needs(a, demand{"streetAddressLine", "81-7291"}, demand{"city", "81-7292"}, demand{"state", "81-10024"}, demand{"postalCode", "81-10025"})
		}
	})
}

func (c *checker) authorRules(n *node) {
	c.needs(n, demand{"time", "1198-5445"}, demand{"assignedAuthor", "1198-5448"})
	a := n.child("assignedAuthor")
	c.needs(a, demand{"id", "1198-5449"}, demand{"addr", "1198-5452"}, demand{"telecom", "1198-5428"})
	c.addresses(a)
	if a.has("assignedPerson") == a.has("assignedAuthoringDevice") {
		c.conf("1198-16790", "want exactly one of assignedPerson and assignedAuthoringDevice")
	}
}

// typeRules are those of the document type in the header.
func (c *checker) typeRules() {
	if c.spec == nil {
		return
	}
	r := c.root
	switch c.spec.Type {
	case TypeReferral:
		if r.count("informationRecipient") != 1 {
			c.conf("1198-31589", "want exactly one informationRecipient")
		} else if r.at("informationRecipient", "intendedRecipient", "informationRecipient", "name") == nil {
			c.conf("1198-31594", "the recipient has no name")
		}
		if !r.any("participant", func(p *node) bool { return p.attr("typeCode") == "CALLBCK" }) {
			c.warnf("x:callback", "no call-back contact (participant CALLBCK)")
		}
	case TypeConsult:
		c.needs(r, demand{"inFulfillmentOf", "1198-8382"}, demand{"componentOf", "1198-8386"})
		if r.has("inFulfillmentOf") && r.at("inFulfillmentOf", "order", "id") == nil {
			c.conf("1198-29924", "inFulfillmentOf/order has no id: the referral cannot be matched")
		}
	case TypeCCD:
		c.needs(r, demand{"documentationOf", "1198-8452"})
		if t := r.at("documentationOf", "serviceEvent", "effectiveTime"); r.has("documentationOf") {
			c.needs(t, demand{"low", "1198-8454"}, demand{"high", "1198-8455"})
		}
	case TypeUnstructured:
		if r.at("component", "nonXMLBody", "text") == nil {
			c.conf("1198-31087", "component/nonXMLBody/text is missing")
		}
	}
	c.bodyFile(r.at("component", "nonXMLBody", "text"))
}

// any says whether a child of a name passes f.
func (n *node) any(name string, f func(*node) bool) bool {
	for _, k := range n.kids {
		if k.name == name && f(k) {
			return true
		}
	}
	return false
}

// bodyFile holds a nonXMLBody against SupportedFileFormats and RFC 4648.
func (c *checker) bodyFile(text *node) {
	if text == nil {
		return
	}
	media, b64 := text.attr("mediaType"), text.attr("representation") == "B64"
	linked := text.child("reference").attr("value") != ""
	c.below("component/nonXMLBody/text", func() {
		if media != "" && !mediaFits(media) {
			c.errorf("x:body-media", "the media type is not one of the value set SupportedFileFormats")
		}
		if !linked && c.spec.Type == TypeUnstructured && (!b64 || media == "") {
			c.errorf("x:body-encoding", "an inline body needs representation B64 and a media type")
		}
		if b64 && !linked {
			if _, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text.words()), "")); err != nil || blank(text.words()) {
				c.errorf("x:body-base64", "the body is marked B64 but is not base64")
			}
		}
	})
}
