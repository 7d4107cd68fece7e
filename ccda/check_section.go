package ccda

// sectionCodes gives the rule that ties a section template to its LOINC code. Nobody writes to it.
var sectionCodes = map[string]string{
	ihe + "3.1": "1098-15428", tpl + "2.12": "81-15430", ihe + "1.13.2.1": "81-15452", tpl + "2.13": "81-15450", ihe + "3.4": "81-15478",
	tpl + "2.5": "1198-15408", tpl + "2.5.1": "1198-15410", tpl + "2.6": "1198-15346", tpl + "2.6.1": "1198-15350", tpl + "2.1": "1098-15386",
	tpl + "2.1.1": "1098-15388", tpl + "2.8": "81-14758", tpl + "2.10": "1098-14750", tpl + "2.9": "1098-15354", tpl + "2.3": "1198-15432",
	tpl + "2.3.1": "1198-15434", tpl + "2.4": "1198-15243", tpl + "2.4.1": "1198-15963", tpl + "2.7": "1098-15424", tpl + "2.7.1": "1098-15426",
	tpl + "2.2": "1198-15368", tpl + "2.2.1": "1198-15370", tpl + "2.17": "1198-14820", tpl + "2.15": "1198-15470", tpl + "2.20": "1198-15475",
	"2.16.840.1.113883.10.20.2.10": "1198-15398", ihe + "3.18": "81-15436", "2.16.840.1.113883.10.20.2.5": "81-15473", tpl + "2.14": "1098-14579",
	tpl + "2.56": "1198-28296", tpl + "2.22": "1198-15462", tpl + "2.22.1": "1198-15467", tpl + "2.23": "1098-15382", tpl + "2.21": "1198-15342",
	tpl + "2.18": "1198-15396",
}

// requiredRule gives the number of the rule that makes a section required in a type of document. Nobody writes to it.
var requiredRule = map[Type]map[string]string{
	TypeReferral: {SectionReason: "1198-30924", SectionAllergies: "1198-30911", SectionProblems: "1198-29086", SectionMedications: "1198-30922"},
	TypeConsult:  {SectionReason: "1198-9504", SectionHPI: "1198-28906", SectionAllergies: "1198-28910", SectionProblems: "1198-28928"},
	TypeCCD: {SectionAllergies: "1198-30661", SectionMedications: "1198-30663", SectionProblems: "1198-30665", SectionResults: "1198-30669",
		SectionSocial: "1198-30687", SectionVitals: "1198-30689"},
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
				c.errorf("x:section-twice", "section %s stands twice", code)
			}
		})
		seen[code] = s
	}
	if c.spec != nil {
		c.requiredSections(seen)
		c.planRules(seen)
	}
}

func (c *checker) requiredSections(seen map[string]*node) {
	t := c.spec.Type
	for i := range sectionTable {
		s := &sectionTable[i]
		if !wants(s.Required, t) {
			continue
		}
		if s.LOINC == SectionReason && t == TypeConsult && seen[SectionReasonVisit] != nil {
			continue
		}
		rule := requiredRule[t][s.LOINC]
		n := seen[s.LOINC]
		switch {
		case n == nil:
			c.conf(rule, "a %s document needs section %s (%s)", t, s.LOINC, s.Title)
		case wants(s.NeedCode, t) && !n.template(s.Entries):
			c.conf(rule, "section %s (%s) needs the template with entries required (%s)", s.LOINC, s.Title, s.Entries)
		case !wants(s.NeedCode, t) && !n.template(s.Root) && (s.Entries == "" || !n.template(s.Entries)):
			c.conf(rule, "section %s (%s) does not declare its template %s", s.LOINC, s.Title, s.Root)
		}
	}
}

// planRules hold for the two notes: Assessment and Plan, or both single sections, and never a mixture.
func (c *checker) planRules(seen map[string]*node) {
	missing, mixed := "1198-29102", "1198-29103"
	switch c.spec.Type {
	case TypeConsult:
		missing, mixed = "1198-9501", "1198-28939"
		if seen[SectionChiefReason] != nil && (seen[SectionReasonVisit] != nil || seen["10154-3"] != nil) {
			c.conf("1198-28940", "Chief Complaint and Reason for Visit excludes the single sections")
		}
	case TypeReferral:
	default:
		return
	}
	a, p, both := seen[SectionAssessment] != nil, seen[SectionPlan] != nil, seen[SectionAssessmentPlan] != nil
	if !both && !(a && p) {
		c.conf(missing, "want Assessment and Plan (51847-2), or Assessment (51848-0) and Plan of Treatment (18776-5)")
	}
	if both && (a || p) {
		c.conf(mixed, "Assessment and Plan excludes the single sections")
	}
}

func (c *checker) sectionRules(s *node, code string) {
	if !s.has("templateId") && !s.has("component") {
		c.errorf("x:section-template", "the section has no templateId")
	}
	for _, name := range []string{"code", "title", "text"} {
		if !s.has(name) && !s.has("component") {
			c.errorf("x:section", "%s is missing", name)
		}
	}
	if s.has("text") && blank(s.child("text").words()) && !s.has("component") && s.child("text").find("renderMultiMedia") == nil {
		c.warnf("x:empty-narrative", "the section has no readable text")
	}
	if system := s.child("code").attr("codeSystem"); s.has("templateId") && code != "" && system != LOINC {
		c.errorf("x:section-code-system", "the section code is not LOINC")
	}
	c.sectionCode(s, code)
	spec := specByLOINC(code)
	if spec == nil || spec.Entries == "" {
		return
	}
	if s.template(spec.Entries) && s.attr("nullFlavor") == "" && !s.has("entry") {
		c.errorf("x:entries-required", "no entry and no nullFlavor")
	}
	if s.attr("nullFlavor") != "" && s.has("entry") {
		c.errorf("x:null-with-entries", "a section without information has entries")
	}
}

// sectionCode holds the code against the templates that the section declares.
func (c *checker) sectionCode(s *node, code string) {
	said := map[string]bool{}
	for _, k := range s.kids {
		root := k.attr("root")
		if k.name != "templateId" || sectionCodes[root] == "" || specByRoot(root).LOINC == code || said[root] {
			continue
		}
		said[root] = true
		spec := specByRoot(root)
		c.conf(sectionCodes[root], "template %s asks for section code %s", root, spec.LOINC)
		if root != spec.Root { // entries required: all rules of the other variant hold too
			c.conf(sectionCodes[spec.Root], "template %s asks for section code %s", root, spec.LOINC)
		}
	}
}

// find gives the first element of a name below n.
func (n *node) find(name string) *node {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
		if x := k.find(name); x != nil {
			return x
		}
	}
	return nil
}
