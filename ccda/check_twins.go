package ccda

import "strings"

// twins names the templates of R2.1 that existed in R1.1, by extension: each must stand with the extension and without
// (CONF:1198-32934). Roots of the C-CDA arc are given by their ends.
const (
	twins14 = " " +
		"1.3.6.1.4.1.19376.1.5.3.1.3.1 1.3.6.1.4.1.19376.1.5.3.1.3.33 2.1 2.1.1 2.10 2.14 2.23 2.25 2.26 2.29 2.30 2.33 " +
		"2.38 2.45 2.7 2.7.1 2.9 4.12 4.13 4.14 4.16 4.17 4.18 4.19 4.20 4.23 4.25 4.27 4.36 4.39 4.40 4.41 4.42 4.43 " +
		"4.44 4.5 4.50 4.54 4.66 4.67 4.68 4.7 4.70 4.73 4.78 4.8 4.85 4.9 2.16.840.1.113883.10.20.24.3.90 " +
		"2.16.840.1.113883.10.20.6.2.1 2.16.840.1.113883.10.20.6.2.2 "
	twins15 = " " +
		"2.16.840.1.113883.10.20.2.10 2.16.840.1.113883.10.20.21.2.3 1.1 1.10 1.2 1.3 1.4 1.5 1.6 1.7 1.8 1.9 2.11 " +
		"2.11.1 2.15 2.17 2.18 2.2 2.2.1 2.20 2.21 2.21.1 2.22 2.22.1 2.24 2.28 2.3 2.3.1 2.34 2.36 2.37 2.4 2.4.1 2.43 " +
		"2.44 2.5 2.5.1 2.6 2.6.1 4.1 4.2 4.26 4.3 4.30 4.33 4.34 4.38 4.4 4.45 4.46 4.48 4.49 4.51 4.52 4.60 4.61 4.65 " +
		"4.74 4.75 4.76 4.79 4.80 "
)

// otherTwins are those of another year. Nobody writes to it.
var otherTwins = map[string]string{tpl + "4.28": "2019-06-20", tpl + "4.6": "2019-06-20", tpl + "4.35": "2016-03-01"}

// twinExt gives the extension that a template with an R1.1 twin has in R2.1; empty when it has no twin.
func twinExt(root string) string {
	end := " " + strings.TrimPrefix(root, tpl) + " "
	switch {
	case strings.Contains(twins15, end):
		return ext15
	case strings.Contains(twins14, end):
		return ext14
	}
	return otherTwins[root]
}

// twinRules demand both forms of the templates that n declares. It is the most frequent error of real documents.
func (c *checker) twinRules(n *node) {
	for _, k := range n.kids {
		if k.name != "templateId" {
			continue
		}
		root := k.attr("root")
		ext := twinExt(root)
		if ext == "" {
			continue
		}
		versioned, bare := n.declares(root, ext)
		switch {
		case k.attr("extension") == ext && !bare:
			c.conf("1198-32934", "template %s stands with extension %s but not without: R1.1 readers miss it", root, ext)
		case k.attr("extension") == "" && !versioned && c.r21 && otherTwins[root] == "":
			c.warnf("x:template-version", "template %s stands without extension %s: only R1.1 rules apply", root, ext)
		}
	}
}
