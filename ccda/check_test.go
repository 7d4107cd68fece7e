package ccda_test

import (
	"bytes"
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

// TestCheckFinds breaks a good document in one place at a time.
func TestCheckFinds(t *testing.T) {
	for _, c := range []struct{ name, from, to, rule string }{
		{"twin", `<templateId root="2.16.840.1.113883.10.20.22.1.1"/>`, "", "CONF:1198-32934"},
		{"section twin", `<templateId root="2.16.840.1.113883.10.20.22.2.5.1"/>`, "", "CONF:1198-32934"},
		{"header", `root="2.16.840.1.113883.10.20.22.1.1"`, `root="1.2.3"`, "us-header"},
		{"anchor", `value="#e1-c"`, `value="#gone"`, "narrative-anchor"},
		{"same ID", `ID="e2-c"`, `ID="e1-c"`, "id-twice"},
		{"time", `<birthTime value="19680514"/>`, `<birthTime value="14.5.1968"/>`, "time-value"},
		{"code", `code="38341003"`, `code="38341004"`, "code-form"},
		{"section gone", `code="10160-0"`, `code="99999-9"`, "section-required"},
		{"gender", "administrativeGenderCode", "genderCode", "CONF:1198-5283"},
		{"link", "tel:+1-555-0123", "javascript:alert(1)", "unsafe-link"},
		{"doctype", "<ClinicalDocument", "<!DOCTYPE x><ClinicalDocument", "doctype"},
		{"recipient", "informationRecipient", "otherRecipient", "CONF:1198-31589"},
		{"document code", `code="57133-1"`, `code="34133-9"`, "document-code"},
		{"plan", `code="51848-0"`, `code="51849-8"`, "CONF:1198-29066"},
	} {
		good := marshal(t, dense(ccda.TypeReferral))
		bad := bytes.ReplaceAll(good, []byte(c.from), []byte(c.to))
		if bytes.Equal(good, bad) {
			t.Errorf("%s: nothing to break", c.name)
			continue
		}
		found := false
		for _, f := range ccda.Check(bad) {
			found = found || f.Rule == c.rule && f.Severity == "error"
			if strings.Count(f.String(), "\t") != 3 {
				t.Errorf("%s: %q is not four columns", c.name, f)
			}
		}
		if !found {
			t.Errorf("%s: no finding of rule %s: %v", c.name, c.rule, ccda.Check(bad))
		}
	}
}
