package ccda_test

import (
	"strings"
	"testing"

	"refloop/ccda"
)

// TestCodesInOneOrder: the narrative names the codes of an entry in the order in which the entry holds them, first the one that its template
// asks for, so that it says the same after it was read.
func TestCodesInOneOrder(t *testing.T) {
	cpt := ccda.Code{Code: "99213", System: ccda.CPT}
	both := func(own, wanted ccda.Code) ccda.Code {
		own.Translations = []ccda.Code{wanted}
		return own
	}
	icd := ccda.Code{Code: "I10", System: ccda.ICD10, Display: "Essential hypertension"}
	for name, c := range map[string]struct {
		section string
		entry   ccda.Entry
		want    string
	}{
		"vital sign":   {ccda.SectionVitals, ccda.Entry{Kind: ccda.KindVital, Negated: true, Code: both(cpt, loinc("2951-2", "Sodium"))}, `>Sodium</content> (LOINC 2951-2, CPT 99213)`},
		"function":     {ccda.SectionFunctional, ccda.Entry{Kind: ccda.KindFunctional, Code: both(cpt, loinc("54522-8", "Functional status"))}, ` (LOINC 54522-8, CPT 99213)`},
		"problem":      {ccda.SectionProblems, ccda.Entry{Kind: ccda.KindProblem, Code: both(icd, snomed("38341003", "Hypertensive disorder"))}, `>Essential hypertension</content> (SNOMED CT 38341003, ICD-10-CM I10)`},
		"medication":   {ccda.SectionMedications, ccda.Entry{Kind: ccda.KindMedication, Code: both(snomed("38341003", ""), rxnorm("314076", "lisinopril"))}, `>lisinopril</content> (RxNorm 314076, SNOMED CT 38341003)`},
		"vaccine":      {ccda.SectionImmunizations, ccda.Entry{Kind: ccda.KindImmunization, Code: both(rxnorm("314076", "a vaccine"), ccda.Code{Code: "88", System: ccda.CVX})}, `>a vaccine</content> (CVX 88, RxNorm 314076)`},
		"local code":   {ccda.SectionMedications, ccda.Entry{Kind: ccda.KindMedication, Code: both(ccda.Code{Code: "7", System: "L"}, rxnorm("314076", "lisinopril"))}, `>lisinopril</content> (RxNorm 314076, L 7)`},
		"already so":   {ccda.SectionVitals, ccda.Entry{Kind: ccda.KindVital, Code: both(loinc("2951-2", "Sodium"), cpt)}, `>Sodium</content> (LOINC 2951-2, CPT 99213)`},
		"none of them": {ccda.SectionVitals, ccda.Entry{Kind: ccda.KindVital, Code: both(cpt, rxnorm("314076", "lisinopril"))}, `>lisinopril</content> (CPT 99213, RxNorm 314076)`},
	} {
		d := sparse(ccda.TypeCCD)
		d.Sections = append(d.Sections, ccda.Section{LOINC: c.section, Entries: []ccda.Entry{c.entry}})
		first := string(marshal(t, d))
		if !strings.Contains(first, c.want) {
			t.Errorf("%s: the narrative does not say %q", name, c.want)
		}
		if again := string(marshal(t, read(t, []byte(first)))); name != "local code" && again != first { // a code without an OID stands in the narrative only
			t.Errorf("%s: written again it differs", name)
		}
	}
}

// TestUnitOne: the unit 1, which the template asks of a vital sign that has none, is not said to people.
func TestUnitOne(t *testing.T) {
	d := sparse(ccda.TypeCCD)
	d.Sections = append(d.Sections, ccda.Section{LOINC: ccda.SectionVitals, Entries: []ccda.Entry{
		{Kind: ccda.KindVital, Code: loinc("2951-2", "Sodium"), Value: ccda.Value{Quantity: ccda.Quantity{Value: "5."}}}}})
	first := string(marshal(t, d))
	if !strings.Contains(first, `value="5." unit="1"`) || !strings.Contains(first, "<td>5.</td>") {
		t.Error("want the unit 1 in the entry, and no unit in the narrative")
	}
	if again := string(marshal(t, read(t, []byte(first)))); again != first {
		t.Error("written again it differs")
	}
}
