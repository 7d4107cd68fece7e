package transform

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"refloop/ccda"
	"refloop/channels"
	"refloop/referral"
)

// TestForeignDocumentsGoOn: what another system's document says in any of its sections is in the record, the document itself is filed,
// and every word of it is in the Referral Note that goes out.
func TestForeignDocumentsGoOn(t *testing.T) {
	files, err := filepath.Glob("../testdata/ccda/*.xml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no documents in testdata/ccda: %v", err)
	}
	more, err := filepath.Glob("../../shared/samples/ccda/*.xml") // beside the repository, when they are there
	if err != nil {
		t.Fatal(err)
	}
	order, err := os.ReadFile("../testdata/hl7/own/360x-omg-o19.hl7")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, more...) {
		name := filepath.Base(file)
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d, err := ccda.Read(b, ccda.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		dec := Decode(mailSource(channels.Part{Kind: channels.KindHL7, Body: order}, channels.Part{Kind: channels.KindCDA, ContentType: "text/xml", Body: b}))
		f := one(t, dec)
		if len(dec.Documents) == 0 || string(dec.Documents[0].Bytes) != string(b) {
			t.Errorf("%s: the document itself is not filed", name)
		}
		r := documentRecord(d)
		if f.Event.Payload.Record != nil && len(f.Event.Payload.Record.Holds) == 0 {
			r = *f.Event.Payload.Record
		}
		out, err := referralNote(r, target(channels.Direct, false, nil))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		again, err := ccda.Read(out, ccda.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		said := sectionsText(again.Sections)
		for _, s := range d.Sections {
			for word := range strings.FieldsSeq(s.Text) {
				if !strings.Contains(said, word) {
					t.Errorf("%s: section %s: %q does not go out", name, s.LOINC, word)
					break
				}
			}
			for _, e := range s.Entries {
				if c := codedFrom(e.Code).Code; c != "" && e.Kind != ccda.KindOther && !strings.Contains(string(out), c) && !lesser(e) {
					t.Errorf("%s: section %s: the code %s of a %s does not go out", name, s.LOINC, c, e.Kind)
				}
			}
		}
	}
}

// lesser reports whether an entry's own code is none that a reader needs: the panel around results, a problem whose ICD-10 code goes, the
// kind of referral or note.
func lesser(e ccda.Entry) bool {
	switch e.Kind {
	case ccda.KindPanel, ccda.KindVitals, ccda.KindReferral, ccda.KindNote, ccda.KindCoverage:
		return true
	case ccda.KindProblem:
		return diagnosisFrom(e.Code).Code != codedFrom(e.Code).Code
	}
	return false
}

// sectionsText is all that sections say to a reader.
func sectionsText(list []ccda.Section) string {
	var b strings.Builder
	for _, s := range list {
		b.WriteString(s.Text + "\n" + s.HTML + "\n")
		b.WriteString(sectionsText(s.Sections))
	}
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&#34;", `"`, "&#39;", "'", "&amp;", "&").Replace(b.String())
}

// TestEverySectionIsRead: each kind of section that a referral needs gives its values to the record, whatever the narrative says.
func TestEverySectionIsRead(t *testing.T) {
	coded := func(code, system, words string) ccda.Code {
		return ccda.Code{Code: code, System: system, Display: words}
	}
	at := ccda.Period{Point: "20261103"}
	sections := []ccda.Section{
		{LOINC: ccda.SectionProblems, Entries: []ccda.Entry{{Kind: ccda.KindProblem, Code: coded("194828000", ccda.SNOMED, "Angina")}, {Kind: ccda.KindProblem, Negated: true, Code: coded("38341003", ccda.SNOMED, "Hypertension")}}},
		{LOINC: ccda.SectionMedications, Entries: []ccda.Entry{{Kind: ccda.KindMedication, Code: coded("314076", ccda.RxNorm, "lisinopril"), Frequency: ccda.Quantity{Value: "8", Unit: "h"}}}},
		{LOINC: ccda.SectionAllergies, Entries: []ccda.Entry{{Kind: ccda.KindAllergy, Negated: true}}},
		{LOINC: ccda.SectionResults, Entries: []ccda.Entry{{Kind: ccda.KindPanel, Parts: []ccda.Entry{{Kind: ccda.KindResult, Code: coded("2951-2", ccda.LOINC, "Sodium"), Value: ccda.Value{Quantity: ccda.Quantity{Value: "139", Unit: "mmol/L"}}}}}}},
		{LOINC: ccda.SectionVitals, Entries: []ccda.Entry{{Kind: ccda.KindVitals, Parts: []ccda.Entry{{Kind: ccda.KindVital, Code: coded("8867-4", ccda.LOINC, "Heart rate"), Value: ccda.Value{Quantity: ccda.Quantity{Value: "72", Unit: "/min"}}}}}}},
		{LOINC: ccda.SectionProcedures, Entries: []ccda.Entry{{Kind: ccda.KindProcedure, Code: coded("73761001", ccda.SNOMED, "Colonoscopy")}}},
		{LOINC: ccda.SectionPayers, Entries: []ccda.Entry{{Kind: ccda.KindCoverage, Coverage: &ccda.Coverage{Payer: ccda.Organization{Name: "Sample Health"}, MemberID: ccda.ID{Root: "1.2", Extension: "M1"}}}}},
		{LOINC: ccda.SectionImmunizations, Entries: []ccda.Entry{{Kind: ccda.KindImmunization, Code: coded("88", ccda.CVX, "Influenza"), Time: at}}},
		{LOINC: ccda.SectionSocial, Entries: []ccda.Entry{{Kind: ccda.KindSmoking, Value: ccda.Value{Code: coded("8517006", ccda.SNOMED, "Former smoker")}, Time: at}}},
		{LOINC: ccda.SectionEncounters, Entries: []ccda.Entry{{Kind: ccda.KindEncounter, Code: coded("99213", ccda.CPT, "Office visit"), Time: at}}},
		{LOINC: ccda.SectionFunctional, Entries: []ccda.Entry{{Kind: ccda.KindFunctional, Value: ccda.Value{Code: coded("165245003", ccda.SNOMED, "Independent")}}}},
		{LOINC: ccda.SectionPlan, Entries: []ccda.Entry{{Kind: ccda.KindPlanned, Class: "procedure", Code: coded("40701008", ccda.SNOMED, "Echocardiography")}}},
		{LOINC: ccda.SectionNotes, Entries: []ccda.Entry{{Kind: ccda.KindNote, Text: "Seen today."}}}, {LOINC: ccda.SectionFamily, Entries: []ccda.Entry{{Kind: ccda.KindFamily, Subject: ccda.Code{Code: "FTH", System: ccda.RoleCode}, Parts: []ccda.Entry{{Code: coded("22298006", ccda.SNOMED, "Infarction")}}}}},
	}
	r := clinicalRecord(sections)
	kept := map[string]referral.Section{}
	for _, s := range r.Sections {
		kept[s.LOINC] = s
	}
	item := func(loinc string) referral.Item {
		if len(kept[loinc].Items) != 1 {
			t.Fatalf("section %s: got %+v, want one item", loinc, kept[loinc])
		}
		return kept[loinc].Items[0]
	}
	for what, ok := range map[string]bool{
		"problem": len(r.Diagnoses) == 1 && r.Diagnoses[0].Code == "194828000", "problem denied": item(ccda.SectionProblems).Negated, "medication": r.Medications[0].Sig == "every 8 h", "no allergies": r.Allergies[0].None,
		"result": r.Results[0].Value == "139", "vital sign": r.Vitals[0].Value == "72", "procedure": r.Procedures[0].Code == "73761001", "insurance": r.Coverage[0].MemberID == "M1", "immunization": item(ccda.SectionImmunizations).Code.Code == "88",
		"smoking": item(ccda.SectionSocial).Answer.Code == "8517006", "encounter": item(ccda.SectionEncounters).Code.Code == "99213", "function": item(ccda.SectionFunctional).Answer.Code == "165245003", "plan": item(ccda.SectionPlan).Class == "procedure",
		"note": kept[ccda.SectionNotes].Text == "Seen today.", "family": item(ccda.SectionFamily).Subject.Code == "FTH",
	} {
		if !ok {
			t.Errorf("%s: not in the record: %+v", what, r)
		}
	}
}
