package ccda_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"refloop/ccda"
)

func errorsOf(list []ccda.Finding) (out []ccda.Finding) {
	for _, f := range list {
		if f.Severity == "error" {
			out = append(out, f)
		}
	}
	return out
}

// TestCheckPasses: our own rules find no error in what the writer makes.
func TestCheckPasses(t *testing.T) {
	for _, kind := range documentTypes {
		if f := errorsOf(ccda.Check(marshal(t, dense(kind)))); len(f) > 0 {
			t.Errorf("%s: %v", kind, f)
		}
		g := gen(kind)
		rapid.Check(t, func(t *rapid.T) {
			b, err := ccda.Marshal(g.Draw(t, "document"))
			if err != nil {
				t.Fatal(err)
			}
			if f := errorsOf(ccda.Check(b)); len(f) > 0 {
				t.Fatal(f)
			}
		})
	}
}

// TestCheckGood: documents that a full validator takes give no error.
func TestCheckGood(t *testing.T) {
	files, err := filepath.Glob("../../shared/conformance/ccda/good/*.xml")
	if err != nil || len(files) == 0 {
		t.Skip("../../shared/conformance/ccda/good is missing: the validator's own documents are not part of this repository")
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if f := errorsOf(ccda.Check(b)); len(f) > 0 {
			t.Errorf("%v", f)
		}
	}
}

// damage is one thing done to a sound document, and the rule that must say so. from is a regular expression.
type damage struct {
	name, rule, from, to string
	once                 bool
}

const (
	dots = `(?s)`
	more = `[^>]*`
)

func damages() map[ccda.Type][]damage {
	return map[ccda.Type][]damage{
		ccda.TypeReferral: {
			{"no document template", "x:doc-template", `<templateId root="2.16.840.1.113883.10.20.22.1.14"` + more + `>`, "", false},
			{"no US header", "x:us-header", `<templateId root="2.16.840.1.113883.10.20.22.1.1"` + more + `>`, "", false},
			{"no twin", "r21:CONF:1198-32934", `<templateId root="2.16.840.1.113883.10.20.22.2.6.1"/>`, "", false},
			{"no twin of an entry", "r21:CONF:1198-32934", `<templateId root="2.16.840.1.113883.10.20.22.4.4"/>`, "", true},
			{"no section template", "x:section-template", `<templateId root="1.3.6.1.4.1.19376.1.5.3.1.3.1"` + more + `>`, "", false},
			{"no reason section", "r21:CONF:1198-30924", dots + `<component>\s*<section>\s*<templateId root="1.3.6.1.4.1.19376.1.5.3.1.3.1".*?</section>\s*</component>`, "", true},
			{"no allergies", "r21:CONF:1198-30911", `2\.16\.840\.1\.113883\.10\.20\.22\.2\.6\.1"`, `2.16.840.1.113883.10.20.22.2.6.99"`, false},
			{"no recipient", "r21:CONF:1198-31589", dots + `<informationRecipient typeCode.*?</intendedRecipient>\s*</informationRecipient>`, "", true},
			{"two titles", "xsd", `(<title>.*?</title>)`, "$1$1", true},
			{"two custodians", "xsd", dots + `(<custodian>.*?</custodian>)`, "$1$1", true},
			{"custodian before author", "xsd", dots + `(<author>.*?</author>)(\s*<author>.*?</author>)?\s*(<custodian>.*?</custodian>)`, "$3$1", true},
			{"no realm", "r21:CONF:1198-16791", `<realmCode code="US"/>`, "", false},
			{"no race", "r21:CONF:1198-5322", `<raceCode ` + more + `>`, "", false},
			{"no author telecom", "r21:CONF:1198-5428", dots + `(<author>.*?)(<telecom` + more + `>\s*)+`, "$1", true},
			{"document code", "x:referral-code", "57133-1", "34133-9", false},
			{"gender system", "x:gender-system", `(<administrativeGenderCode ` + more + `codeSystem=")2.16.840.1.113883.5.1"`, `${1}2.16.840.1.113883.6.1"`, false},
			{"drug system", "x:medication-system", `(<manufacturedMaterial` + more + `>\s*<code ` + more + `codeSystem=")2.16.840.1.113883.6.88"`, `${1}2.16.840.1.113883.6.69"`, true},
			{"SNOMED check digit", "x:code-form", `code="38341003"`, `code="38341004"`, false},
			{"LOINC check digit", "x:code-form", `code="10160-0"`, `code="10160-3"`, false},
			{"section code", "r21:CONF:1198-15350", `code="48765-2"`, `code="46240-8"`, false},
			{"guardian", "r21:CONF:1198-5385", `guardianPerson`, `guardianOrganization`, false},
			{"birth", "r21:CONF:1198-5299", `<birthTime value="[0-9]+"`, `<birthTime value="197"`, false},
			{"time", "x:time-value", `<birthTime value="[0-9]+"`, `<birthTime value="19751345"`, false},
			{"class", "xsd", `classCode="OBS"`, `classCode="OBSX"`, true},
			{"status", "r21:CONF:1198-19112", dots + `(10.20.22.4.4" extension="2015-08-01"/>.*?<statusCode code=")completed"`, `${1}active"`, true},
			{"anchor", "x:narrative-anchor", `<reference value="#[A-Za-z]+`, `<reference value="#nowhere`, true},
			{"same ID", "xsd", `ID="e2-c"`, `ID="e1-c"`, false},
			{"link", "x:unsafe-link", `<telecom (use="\w+" )?value="` + `[^"]*"`, `<telecom value="javascript:alert(1)"`, true},
			{"doctype", "x:doctype", `<ClinicalDocument`, `<!DOCTYPE ClinicalDocument [<!ENTITY x SYSTEM "file:///etc/hostname">]><ClinicalDocument`, true},
			{"not well formed", "xml", `</recordTarget>`, "", true},
			{"prefix", "xml", `xmlns:xsi="[^"]*"`, "", true},
			{"not CDA", "x:not-cda", `urn:hl7-org:v3"`, `urn:hl7-org:v2"`, false},
			{"interval", "x:interval-order", `<low value="[0-9]+[^"]*"/>(\s*)<high value="[0-9]+[^"]*"/>`, `<low value="20200101"/>$1<high value="20100101"/>`, true},
			{"plan", "r21:CONF:1198-29102", `code="51848-0"`, `code="51849-8"`, false},
		},
		ccda.TypeConsult: {
			{"no fulfilment", "r21:CONF:1198-8382", dots + `<inFulfillmentOf.*?</inFulfillmentOf>`, "", false},
			{"no order id", "r21:CONF:1198-29924", dots + `(<order` + more + `>.*?)<id ` + more + `>`, "$1", false},
			{"no encounter", "r21:CONF:1198-8386", dots + `<componentOf>.*?</componentOf>`, "", true},
			{"no problems", "r21:CONF:1198-28928", `2\.16\.840\.1\.113883\.10\.20\.22\.2\.5\.1"`, `2.16.840.1.113883.10.20.22.2.5.99"`, false},
		},
		ccda.TypeCCD: {
			{"code", "r21:CONF:1198-17181", "34133-9", "11488-4", false},
			{"no vital signs", "r21:CONF:1198-30689", `2\.16\.840\.1\.113883\.10\.20\.22\.2\.4\.1"`, `2.16.840.1.113883.10.20.22.2.4.99"`, false},
			{"no end of service", "r21:CONF:1198-8455", dots + `(<serviceEvent classCode="PCPR">.*?)<high ` + more + `>`, "$1", true},
		},
		ccda.TypeUnstructured: {
			{"media type", "x:body-media", `mediaType="application/pdf"`, `mediaType="application/zip"`, false},
			{"not B64", "x:body-encoding", `representation="B64"`, `representation="TXT"`, false},
			{"garbage", "x:body-base64", `(representation="B64"` + more + `>)`, `$1###`, false},
		},
	}
}

// TestCheckFinds breaks a sound document in one place at a time.
func TestCheckFinds(t *testing.T) {
	for kind, list := range damages() {
		good := string(marshal(t, dense(kind)))
		for _, c := range list {
			at := regexp.MustCompile(c.from)
			bad := at.ReplaceAllString(good, c.to)
			if c.once {
				if m := at.FindStringSubmatchIndex(good); m != nil {
					bad = good[:m[0]] + string(at.ExpandString(nil, c.to, good, m)) + good[m[1]:]
				}
			}
			if good == bad {
				t.Errorf("%s: %s: nothing to break", kind, c.name)
				continue
			}
			found := false
			for _, f := range ccda.Check([]byte(bad)) {
				found = found || f.Rule == c.rule && f.Severity == "error"
				if strings.Count(f.String(), "\t") != 3 {
					t.Errorf("%s: %q is not four columns", c.name, f)
				}
			}
			if !found {
				t.Errorf("%s: %s: no finding of rule %s: %v", kind, c.name, c.rule, ccda.Check([]byte(bad)))
			}
		}
	}
}

// TestCheckOlder: an R1.1 document is not held to the rules of R2.1.
func TestCheckOlder(t *testing.T) {
	found := false
	for _, f := range ccda.Check(samples(t)["practicefusion-referralsummary-r11.xml"]) {
		found = found || f.Rule == "x:r11-only"
		if f.Severity == "error" && strings.HasPrefix(f.Rule, "r21:") {
			t.Errorf("%v", f)
		}
	}
	if !found {
		t.Error("nothing says that the document is of R1.1")
	}
}
