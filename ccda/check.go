package ccda

import (
	"errors"
	"fmt"
	"strings"
)

// Finding is one thing that is wrong with a document.
type Finding struct {
	Severity string // error or warning
	Rule     string // short name; with CONF number where the rule is HL7's
	Path     string // element names and positions
	Message  string // plain words without patient data
}

// String gives the finding as one tab-separated line: severity, rule, path, message.
func (f Finding) String() string {
	return f.Severity + "\t" + f.Rule + "\t" + f.Path + "\t" + f.Message
}

// Check holds a document against the rules that need no Schematron: the table of sections, the US Realm Header,
// templateIds with their R1.1 twins, links, identifiers, times and the shape of codes. It is meant for R2.1 documents;
// an older one gets findings for what R2.1 added. No finding of severity "error" means that the structure is sound; it
// does not replace a full validator.
func Check(doc []byte) []Finding {
	t, err := parseXML(doc, Limits{}.withDefaults())
	if err != nil {
		rule := "xml"
		if errors.Is(err, ErrDoctype) {
			rule = "doctype"
		}
		return []Finding{{"error", rule, "/", err.Error()}}
	}
	if t.root.name != "ClinicalDocument" {
		return []Finding{{"error", "root", "/", ErrNotCDA.Error()}}
	}
	c := &checker{tree: t, path: []string{"/ClinicalDocument"}, ids: map[string]int{}}
	c.headerRules()
	c.bodyRules()
	c.walk(t.root)
	return c.found
}

type checker struct {
	*tree
	path  []string
	found []Finding
	ids   map[string]int
	spec  *docSpec
}

func (c *checker) say(severity, rule, format string, a ...any) {
	c.found = append(c.found, Finding{severity, rule, strings.Join(c.path, "/"), fmt.Sprintf(format, a...)})
}

func (c *checker) errorf(rule, format string, a ...any) { c.say("error", rule, format, a...) }

// below runs f with name added to the path.
func (c *checker) below(name string, f func()) {
	c.path = append(c.path, name)
	f()
	c.path = c.path[:len(c.path)-1]
}

// has says whether n has a child of that name.
func (n *node) has(name string) bool { return n.count(name) > 0 }

func (n *node) count(name string) int {
	if n == nil {
		return 0
	}
	c := 0
	for _, k := range n.kids {
		if k.name == name && !k.sdtc {
			c++
		}
	}
	return c
}

// declares tells whether a template stands with its extension, and whether its twin without one stands too.
func (n *node) declares(root, ext string) (versioned, bare bool) {
	for _, k := range n.kids {
		if k.name != "templateId" || k.attr("root") != root {
			continue
		}
		if k.attr("extension") == ext {
			versioned = true
		}
		if k.attr("extension") == "" {
			bare = true
		}
	}
	return versioned, bare
}

// twin demands both forms of a template that existed in R1.1.
func (c *checker) twin(n *node, root, ext string, twin bool) {
	versioned, bare := n.declares(root, ext)
	switch {
	case !versioned && !bare:
	case !versioned:
		c.say("warning", "template-version", "template %s stands without extension %s: only R1.1 rules apply", root, ext)
	case twin && ext != "" && !bare:
		c.errorf("CONF:1198-32934", "template %s stands with extension %s but not without: R1.1 readers miss it", root, ext)
	}
}

// needs demands children.
func (c *checker) needs(n *node, rule string, names ...string) {
	for _, name := range names {
		if !n.has(name) {
			c.errorf(rule, "%s is missing", name)
		}
	}
}

func (c *checker) headerRules() {
	r := c.root
	if !r.template(headerRoot) {
		c.errorf("us-header", "no US Realm Header templateId (%s)", headerRoot)
	}
	c.twin(r, headerRoot, ext15, true)
	for i := range docTable {
		if r.template(docTable[i].Root) {
			c.spec = &docTable[i]
			c.twin(r, c.spec.Root, ext15, c.spec.Twin)
		}
	}
	if c.spec == nil {
		c.say("warning", "doc-template", "no document template of this package's table: no document rule applies")
	} else if code := r.child("code").attr("code"); !allowedCode(c.spec.Type, code) {
		c.errorf("document-code", "code %s is not one of the document type's value set", code)
	}
	c.needs(r, "CONF:1198-10003", "realmCode", "typeId", "id", "code", "title", "effectiveTime", "confidentialityCode", "languageCode", "recordTarget", "author", "custodian", "component")
	if r.has("setId") != r.has("versionNumber") {
		c.errorf("CONF:1198-6380", "setId and versionNumber stand together or not at all")
	}
	if n := r.count("recordTarget"); n > 1 {
		c.errorf("patient-count", "%d record targets: receivers file under the first only", n)
	}
	c.below("recordTarget", func() { c.patientRules(r.at("recordTarget", "patientRole")) })
	c.each(r, "author", func(n *node) { c.authorRules(n) })
	org := r.at("custodian", "assignedCustodian", "representedCustodianOrganization")
	c.below("custodian", func() { c.needs(org, "CONF:1198-5520", "id", "name", "telecom", "addr") })
	c.typeRules()
}

// each visits the children of a name with their position in the path.
func (c *checker) each(n *node, name string, f func(*node)) {
	i := 0
	if n == nil {
		return
	}
	for _, k := range n.kids {
		if k.name == name && !k.sdtc {
			i++
			c.below(name+"["+itoa(i)+"]", func() { f(k) })
		}
	}
}

func (c *checker) patientRules(role *node) {
	c.needs(role, "CONF:1198-5268", "id", "addr", "telecom", "patient")
	p := role.child("patient")
	if p == nil {
		return
	}
	c.needs(p, "CONF:1198-5283", "name", "administrativeGenderCode", "birthTime", "raceCode", "ethnicGroupCode")
	c.each(p, "name", func(n *node) { c.needs(n, "CONF:81-7157", "given", "family") })
}

func (c *checker) authorRules(n *node) {
	c.needs(n, "CONF:1198-5444", "time", "assignedAuthor")
	a := n.child("assignedAuthor")
	c.needs(a, "CONF:1198-5448", "id", "addr", "telecom")
	if a.has("assignedPerson") == a.has("assignedAuthoringDevice") {
		c.errorf("CONF:1198-16790", "want exactly one of assignedPerson and assignedAuthoringDevice")
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
		if r.count("informationRecipient") != 1 || r.at("informationRecipient", "intendedRecipient", "informationRecipient", "name") == nil {
			c.errorf("CONF:1198-31589", "want one informationRecipient with a name")
		}
	case TypeConsult:
		if r.at("inFulfillmentOf", "order", "id") == nil {
			c.errorf("CONF:1198-8382", "inFulfillmentOf/order/id is missing: the referral cannot be matched")
		}
		c.needs(r, "CONF:1198-8386", "componentOf")
	case TypeCCD:
		c.needs(r, "CONF:1198-8452", "documentationOf")
	case TypeUnstructured:
		text := r.at("component", "nonXMLBody", "text")
		switch {
		case text == nil:
			c.errorf("CONF:1198-31085", "component/nonXMLBody/text is missing")
		case text.child("reference").attr("value") == "" && (text.attr("representation") != "B64" || !mediaFits(text.attr("mediaType"))):
			c.errorf("CONF:1198-7624", "an inline body needs representation B64 and a media type of the value set")
		}
	}
}

// bodyRules compare the sections with the table.
func (c *checker) bodyRules() {
	body := c.root.at("component", "structuredBody")
	if body == nil {
		return
	}
	seen := map[string]*node{}
	i := 0
	c.path = append(c.path, "component", "structuredBody")
	defer func() { c.path = c.path[:len(c.path)-2] }()
	for _, k := range body.kids {
		s := k.child("section")
		if k.name != "component" || s == nil {
			continue
		}
		i++
		code := s.child("code").attr("code")
		c.below("component["+itoa(i)+"]/section", func() {
			c.sectionRules(s, code)
			if specByLOINC(code) != nil && code != SectionNotes && seen[code] != nil {
				c.errorf("section-twice", "section %s stands twice", code)
			}
		})
		seen[code] = s
	}
	if c.spec != nil {
		c.requiredSections(seen)
	}
}

func (c *checker) requiredSections(seen map[string]*node) {
	t := c.spec.Type
	for i := range sectionTable {
		s := &sectionTable[i]
		if !wants(s.Required, t) || seen[s.LOINC] != nil {
			continue
		}
		if s.LOINC == SectionReason && t == TypeConsult && seen[SectionReasonVisit] != nil {
			continue
		}
		c.errorf("section-required", "a %s document needs section %s (%s)", t, s.LOINC, s.Title)
	}
	if t != TypeReferral && t != TypeConsult {
		return
	}
	a, p, both := seen[SectionAssessment] != nil, seen[SectionPlan] != nil, seen[SectionAssessmentPlan] != nil
	if !both && !(a && p) {
		c.errorf("CONF:1198-29066", "want Assessment and Plan (51847-2), or Assessment (51848-0) and Plan of Treatment (18776-5)")
	}
	if both && (a || p) {
		c.errorf("CONF:1198-29067", "Assessment and Plan excludes the single sections")
	}
}

func (c *checker) sectionRules(s *node, code string) {
	c.needs(s, "section", "templateId", "code", "title", "text")
	spec := specByLOINC(code)
	if spec == nil {
		return
	}
	c.twin(s, spec.Root, spec.Ext, spec.Twin)
	need := c.spec != nil && wants(spec.NeedCode, c.spec.Type)
	if spec.Entries == "" {
		return
	}
	c.twin(s, spec.Entries, spec.Ext, spec.Twin)
	if need && !s.template(spec.Entries) {
		c.errorf("entries-required", "want the variant with entries required (%s)", spec.Entries)
	}
	if s.template(spec.Entries) && s.attr("nullFlavor") == "" && !s.has("entry") {
		c.errorf("entries-required", "no entry and no nullFlavor")
	}
	if s.attr("nullFlavor") != "" && s.has("entry") {
		c.errorf("null-with-entries", "a section without information has entries")
	}
}

// walk applies the rules that hold anywhere.
func (c *checker) walk(n *node) {
	if id := n.attr("ID"); id != "" {
		if c.ids[id]++; c.ids[id] == 2 {
			c.errorf("id-twice", "ID %q stands twice", id)
		}
	}
	c.values(n)
	for _, s := range statementTable {
		if root := tpl + s.root; n.template(root) {
			c.twin(n, root, s.ext, s.twin)
		}
	}
	counts := map[string]int{}
	for _, k := range n.kids {
		if k.name == "" {
			continue
		}
		counts[k.name]++
		name := k.name
		if counts[name] > 1 {
			name += "[" + itoa(counts[name]) + "]"
		}
		c.below(name, func() { c.walk(k) })
	}
}

// values checks attributes: links, times, codes, identifiers.
func (c *checker) values(n *node) {
	value, code, system := n.attr("value"), n.attr("code"), n.attr("codeSystem")
	switch n.name {
	case "reference":
		if strings.HasPrefix(value, "#") && c.anchors[value[1:]] == nil {
			c.errorf("narrative-anchor", "reference %q points at no ID in the document", value)
		}
	case "effectiveTime", "time", "birthTime", "low", "high":
		if n.attr("unit") == "" && n.attr("type") == "" && (n.name != "low" && n.name != "high" || n.timelike()) && value != "" && !stampFits(value) {
			c.errorf("time-value", "got %d characters that are not an HL7 time", len(value))
		}
	case "id":
		if root := n.attr("root"); root != "" && !oidFits(root) && !uuidFits(root) {
			c.errorf("id-root", "root is neither OID nor UUID")
		} else if root == NPI && n.attr("extension") != "" && !npiFits(n.attr("extension")) {
			c.say("warning", "npi-check", "the NPI has a wrong check digit")
		}
	case "linkHtml", "telecom":
		link := strings.ToLower(strings.TrimSpace(n.attr("href") + value))
		for _, bad := range []string{"javascript:", "vbscript:", "data:", "file:"} {
			if strings.HasPrefix(link, bad) {
				c.errorf("unsafe-link", "a link begins with %s", bad)
			}
		}
	}
	if code != "" && system != "" && !codeFits(system, code) {
		c.errorf("code-form", "code %q cannot belong to code system %s", code, system)
	}
	if n.attr("nullFlavor") != "" && (code != "" || value != "" || n.attr("extension") != "") {
		c.say("warning", "null-with-value", "%s carries a nullFlavor and a value", n.name)
	}
}

// timelike says whether low or high of an interval looks like a time: a quantity's bounds are short numbers.
func (n *node) timelike() bool {
	v := n.attr("value")
	return len(v) >= 8 && digits(v[:8])
}

// npiFits checks an NPI: ten digits, Luhn with the prefix 80840 (45 CFR 162.406).
func npiFits(s string) bool {
	return len(s) == 10 && digits(s) && (s[0] == '1' || s[0] == '2') && luhn("80840"+s)
}
