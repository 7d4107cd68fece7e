package ccda

import "strings"

// statusRule is the status that a template fixes.
type statusRule struct{ status, conf string }

// fixedStatus gives it by template. Nobody writes to it.
var fixedStatus = map[string]statusRule{
	tpl + "4.4": {"completed", "1198-19112"}, tpl + "4.7": {"completed", "1098-19085"}, tpl + "4.9": {"completed", "1098-19114"},
	tpl + "4.8": {"completed", "1098-19115"}, tpl + "4.6": {"completed", "1198-19113"}, tpl + "4.28": {"completed", "1198-19087"},
	tpl + "4.26": {"completed", "1198-19120"}, tpl + "4.27": {"completed", "1098-19119"}, tpl + "4.38": {"completed", "1198-19117"},
	tpl + "4.78": {"completed", "1098-19116"}, tpl + "4.85": {"completed", "1098-19118"}, tpl + "4.45": {"completed", "1198-19099"},
	tpl + "4.46": {"completed", "1198-19098"}, tpl + "4.60": {"completed", "1198-19094"}, tpl + "4.61": {"completed", "1198-19109"},
	tpl + "4.67": {"completed", "1098-19101"}, tpl + "4.74": {"completed", "1198-19092"}, tpl + "4.19": {"completed", "1098-19105"},
	tpl + "4.39": {"active", "1098-32019"}, tpl + "4.42": {"active", "1098-32088"}, tpl + "4.43": {"active", "1098-32047"},
	tpl + "4.44": {"active", "1098-32032"}, tpl + "4.140": {"active", "1098-31598"},
}

// walk applies the rules that hold anywhere. above is the parent.
func (c *checker) walk(n, above *node) {
	if id := n.attr("ID"); id != "" {
		if c.ids[id]++; c.ids[id] == 2 {
			c.errorf("xsd", "an ID stands twice")
		}
	}
	c.values(n, above)
	c.schema(n)
	c.twinRules(n)
	c.statementRules(n, above)
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
		c.path = append(c.path, name)
		c.walk(k, n)
		c.path = c.path[:len(c.path)-1]
	}
}

// statementRules are those of clinical statements: twins, fixed status, code systems, links to the narrative.
func (c *checker) statementRules(n, above *node) {
	if !strings.Contains(statements, " "+n.name+" ") && n.name != "manufacturedProduct" {
		return
	}
	if above != nil && above.name == "entry" && !n.has("templateId") && n.name != "observationMedia" {
		c.warnf("x:entry-template", "the entry has no templateId")
	}
	for _, k := range n.kids {
		if r, ok := fixedStatus[k.attr("root")]; ok && k.name == "templateId" && n.has("statusCode") && n.peek("statusCode").attr("code") != r.status {
			c.conf(r.conf, "the template fixes statusCode %s", r.status)
		}
	}
	c.bindings(n)
}

// bindings hold codes against the code systems that receivers can use.
func (c *checker) bindings(n *node) {
	check := func(root string, code *node, rule, what string, systems ...string) {
		if !n.template(tpl+root) || code.attr("code") == "" {
			return
		}
		list := []*node{code}
		for _, k := range code.kids {
			if k.name == "translation" {
				list = append(list, k)
			}
		}
		for _, k := range list {
			for _, s := range systems {
				if k.attr("codeSystem") == s {
					return
				}
			}
		}
		c.errorf(rule, "%s: the code is not of %s", what, strings.Join(systems, ", "))
	}
	switch n.name {
	case "manufacturedProduct":
		code := n.peek("manufacturedMaterial").peek("code")
		check("4.23", code, "x:medication-system", "medication", RxNorm)
		check("4.54", code, "x:vaccine-system", "vaccine", CVX, cvxOld)
	case "observation":
		check("4.4", n.peek("value"), "x:problem-system", "problem", SNOMED, ICD10, ICD9, icd9Old)
		check("4.27", n.peek("code"), "x:vital-system", "vital sign", LOINC)
		for _, k := range n.kids {
			if k.name == "participant" && k.attr("typeCode") == "CSM" {
				check("4.7", k.peek("participantRole").peek("playingEntity").peek("code"), "x:allergen-system", "allergen", RxNorm, SNOMED, UNII, ndfrt, CVX, medRT)
			}
		}
	}
}

// values checks attributes: links, times, codes, identifiers.
func (c *checker) values(n, above *node) {
	value, code, system := n.attr("value"), n.attr("code"), n.attr("codeSystem")
	switch n.name {
	case "reference":
		if above != nil && (above.name == "text" || above.name == "originalText") && strings.HasPrefix(value, "#") && c.anchors[value[1:]] == nil {
			c.errorf("x:narrative-anchor", "a reference points at no ID in the document")
		}
		c.link(value)
	case "effectiveTime", "time", "birthTime":
		c.stamp(n, value)
		c.interval(n)
	case "low", "high":
		if above != nil && (above.name == "effectiveTime" || above.name == "time") {
			c.stamp(n, value)
		}
	case "id":
		if root := n.attr("root"); root != "" && !oidFits(root) && !uuidFits(root) && !ruidFits(root) {
			c.errorf("xsd", "the root of an id is neither OID, UUID nor a name of HL7")
		} else if root == NPI && n.attr("extension") != "" && !npiFits(n.attr("extension")) {
			c.warnf("x:npi-check", "the NPI has a wrong check digit")
		}
	case "linkHtml":
		c.link(n.attr("href"))
	case "telecom":
		c.link(value)
	case "administrativeGenderCode":
		if above != nil && above.name == "patient" {
			c.system(code, system, Gender, "x:gender-system")
		}
	case "raceCode", "ethnicGroupCode":
		c.system(code, system, RaceEthnicity, "x:race-system")
	case "confidentialityCode":
		c.system(code, system, Confidential, "x:confidentiality-system")
	}
	if code != "" && system != "" && !codeFits(system, n.raw("code")) {
		c.errorf("x:code-form", "a code of %d characters cannot belong to code system %s", len(code), system)
	}
	if n.attr("nullFlavor") != "" && (code != "" || value != "" || n.attr("extension") != "") {
		c.warnf("x:null-with-value", "%s carries a nullFlavor and a value", n.name)
	}
}

func (c *checker) system(code, got, want, rule string) {
	if code != "" && got != want {
		c.errorf(rule, "the code system is not %s", want)
	}
}

func (c *checker) stamp(n *node, value string) {
	if i := strings.LastIndexAny(value, "+-"); i > 0 && len(value)-i < 5 && len(value)-i > 2 { // +05: the data type takes offsets of hours
		value = value[:i+1] + (value[i+1:] + "00")[:4]
	}
	if value != "" && n.attr("unit") == "" && !stampFits(value) {
		c.errorf("x:time-value", "got %d characters that are not an HL7 time", len(value))
	}
}

// interval finds intervals that end before they start.
func (c *checker) interval(n *node) {
	low, high := n.peek("low").attr("value"), n.peek("high").attr("value")
	k := min(8, len(low), len(high))
	if k >= 4 && digits(low[:k]) && digits(high[:k]) && low[:k] > high[:k] {
		c.errorf("x:interval-order", "the interval ends before it starts")
	}
}

// link refuses schemes that run code or read files of the reader.
func (c *checker) link(s string) {
	s = strings.ToLower(strings.TrimSpace(s))
	for _, bad := range []string{"javascript", "vbscript", "data", "file"} {
		if rest, ok := strings.CutPrefix(s, bad); ok && strings.HasPrefix(strings.TrimLeft(rest, " \t\r\n"), ":") {
			c.errorf("x:unsafe-link", "a link begins with %s:", bad)
		}
	}
}

// ruidFits checks the form of an identifier that HL7 itself reserves (XSD type ruid).
func ruidFits(s string) bool {
	return s != "" && (s[0] >= 'a' && s[0] <= 'z' || s[0] >= 'A' && s[0] <= 'Z') && keepOnly(s, "-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == s
}

// npiFits checks an NPI: ten digits, Luhn with the prefix 80840 (45 CFR 162.406).
func npiFits(s string) bool {
	return len(s) == 10 && digits(s) && (s[0] == '1' || s[0] == '2') && luhn("80840"+s)
}
