package transform

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"refloop/ccda"
	"refloop/referral"
)

// clean draws words that a document may hold without being changed: no control characters, single blanks.
func clean(t *rapid.T, label string) string {
	return strings.Join(strings.Fields(rapid.StringMatching(`[A-Za-z<>&"'é漢][A-Za-z0-9 <>&"'é漢.,:/-]{0,40}[A-Za-z0-9]`).Draw(t, label)), " ")
}

// known draws a code that C-CDA can carry, with its words.
func known(t *rapid.T, label string, systems ...string) referral.Coded {
	all := map[string][]string{"SCT": {"194828000", "38341003", "73761001"}, "I10": {"I20.9", "E11.9"}, "RXNORM": {"7980", "314076"}, "LN": {"8867-4", "2951-2"}, "C4": {"93000"}, "CVX": {"88", "33"}}
	system := rapid.SampledFrom(systems).Draw(t, label+" system")
	return referral.Coded{Code: rapid.SampledFrom(all[system]).Draw(t, label+" code"), System: system, Text: clean(t, label+" words")}
}

func knownParty(t *rapid.T, label string) referral.Party {
	return referral.Party{
		Clinician: referral.Name{Family: clean(t, label+" family"), Given: "Ana", Middle: "Q", Prefix: "Dr", Suffix: "Jr", Degree: "MD"}, NPI: rapid.SampledFrom([]string{"1245319599", "1467560003"}).Draw(t, label+" npi"),
		Organization: clean(t, label+" org"), OrgNPI: "1992999825", OrgOID: lakeOID, Phone: "+12075550132", Fax: "+12075550133", Direct: "a@direct.example",
		Address: referral.Address{Line1: clean(t, label+" street"), City: "Bath", State: "ME", Zip: "04849", Country: "US"},
	}
}

// drawKnown makes a referral in which every field that a C-CDA can carry may be set.
func drawKnown(t *rapid.T) referral.Referral {
	some := func(label string) bool { return rapid.IntRange(0, 3).Draw(t, label) > 0 }
	stamp := func(label string) string {
		return rapid.SampledFrom([]string{"2026", "2026-11", "2026-11-01", "2026-11-01T10:00:00Z"}).Draw(t, label)
	}
	r := referral.Referral{
		ID: "7K3M9QX2T4V8WZ5C", Authority: ownOID, Initiator: knownParty(t, "initiator"), Recipient: knownParty(t, "recipient"), Reason: clean(t, "reason"), Specialty: clean(t, "specialty"),
		Priority: rapid.SampledFrom([]referral.Priority{referral.Routine, referral.Urgent, referral.Stat}).Draw(t, "priority"), Requested: hour(9),
		Service: referral.Service{Coded: known(t, "service", "SCT", "C4", "LN")}, Confidentiality: referral.Confidentiality{Code: rapid.SampledFrom([]string{"R", "V"}).Draw(t, "level")},
		Patient: referral.Patient{
			IDs:  []referral.Identifier{{Value: "MRN1", Authority: ownOID, Kind: referral.KindMRN}},
			Name: referral.Name{Family: clean(t, "patient"), Given: "Marta", Middle: "Lee", Prefix: "Ms", Suffix: "III"}, BirthDate: rapid.SampledFrom([]string{"1961-03-22", "1961-03", "1961"}).Draw(t, "birth"),
			Sex: rapid.SampledFrom([]string{"F", "M", "O"}).Draw(t, "sex"), Phone: "207-555-0144", Email: "m@example.org", Language: "es", Race: referral.Coded{Code: "2106-3", Text: "White", System: ccda.RaceEthnicity},
			Ethnicity: referral.Coded{Code: "2135-2", Text: "Hispanic or Latino", System: ccda.RaceEthnicity}, Address: referral.Address{Line1: "1 Elm", Line2: "Apt 2", City: "Bath", State: "ME", Zip: "04530", Country: "US"},
		},
	}
	if some("part 2") {
		r.Confidentiality = referral.Confidentiality{Code: "R", Part2: true}
	}
	if some("copies") {
		r.CopiesTo = []referral.Party{knownParty(t, "copy")}
	}
	n := 0
	observation := func(label string, c referral.Coded) referral.Observation {
		o := referral.Observation{Test: c, Value: rapid.SampledFrom([]string{"72", "-1.5", "0"}).Draw(t, label), Unit: "/min", Range: "60 - 100 /min", Flag: rapid.SampledFrom([]string{"", "H", "LL"}).Draw(t, label+" flag"), Time: stamp(label + " time")}
		if rapid.Bool().Draw(t, label+" words") {
			o.Value, o.Unit = clean(t, label+" text"), ""
		}
		return o
	}
	for range rapid.IntRange(0, 3).Draw(t, "items") {
		n++
		r.Diagnoses = addCoded(r.Diagnoses, known(t, fmt.Sprint("diagnosis", n), "I10", "SCT"))
		r.Procedures = addCoded(r.Procedures, known(t, fmt.Sprint("procedure", n), "SCT", "C4"))
		r.Allergies = append(r.Allergies, referral.Allergy{Substance: known(t, fmt.Sprint("substance", n), "RXNORM", "SCT"), Reaction: clean(t, fmt.Sprint("reaction", n)), Severity: clean(t, fmt.Sprint("severity", n)), Kind: referral.Coded{Code: "416098002", System: "SCT", Text: "Drug allergy"}})
		r.Medications = append(r.Medications, referral.Medication{Drug: known(t, fmt.Sprint("drug", n), "RXNORM"), Sig: clean(t, fmt.Sprint("sig", n)), Dose: "5 mg", Route: clean(t, fmt.Sprint("route", n)), Start: stamp(fmt.Sprint("start", n))[:4]})
		r.Results = append(r.Results, observation(fmt.Sprint("result", n), known(t, fmt.Sprint("test", n), "LN", "SCT")))
		r.Vitals = append(r.Vitals, observation(fmt.Sprint("vital", n), known(t, fmt.Sprint("sign", n), "LN")))
		r.Coverage = append(r.Coverage, referral.Coverage{Payer: clean(t, fmt.Sprint("payer", n)), PayerID: fmt.Sprint("P-", n), Plan: clean(t, fmt.Sprint("plan", n)), MemberID: fmt.Sprint("M", n), Group: fmt.Sprint("G", n), Holder: referral.Name{Family: clean(t, fmt.Sprint("holder", n)), Given: "Jan"}, Relation: "SELF"})
	}
	if rapid.IntRange(0, 4).Draw(t, "nothing known") == 0 {
		r.Allergies = []referral.Allergy{{Substance: referral.Coded{Text: "No known allergies"}, None: true}}
	}
	at := stamp("given")
	for _, s := range []referral.Section{
		{LOINC: ccda.SectionImmunizations, Items: []referral.Item{{Kind: "immunization", Code: known(t, "vaccine", "CVX"), Time: at, Status: "completed"}, {Kind: "immunization", Code: known(t, "vaccine 2", "CVX"), Time: at, Status: "completed", Negated: true}}},
		{LOINC: ccda.SectionSocial, Text: clean(t, "social"), Items: []referral.Item{{Kind: "smoking", Code: referral.Coded{Code: "72166-2", System: "LN", Text: "Tobacco smoking status"}, Answer: referral.Coded{Code: "8517006", System: "SCT", Text: "Former smoker"}, Time: at}, {Kind: "social", Code: known(t, "habit", "SCT"), Value: clean(t, "answer"), Time: at, End: "2026-12-01"}}},
		{LOINC: ccda.SectionEncounters, Items: []referral.Item{{Kind: "encounter", Code: known(t, "visit", "C4"), Time: at}}},
		{LOINC: ccda.SectionFunctional, Items: []referral.Item{{Kind: "functional", Code: referral.Coded{Code: "54522-8", System: "LN", Text: "Functional status"}, Answer: referral.Coded{Code: "165245003", System: "SCT", Text: "Independent"}, Time: at}}},
		{LOINC: ccda.SectionFamily, Items: []referral.Item{{Kind: "family", Code: known(t, "inherited", "SCT"), Subject: referral.Coded{Code: "FTH", System: ccda.RoleCode, Text: "Father"}, Time: at}}},
		{LOINC: ccda.SectionHPI, Text: clean(t, "illness")}, {LOINC: "29545-1", Text: clean(t, "exam")}, {LOINC: ccda.SectionProblems, Text: clean(t, "problem words")},
		{LOINC: ccda.SectionResults, Text: clean(t, "result words")}, {LOINC: ccda.SectionNotes, Title: "Notes", Text: clean(t, "note words")}, {LOINC: "18748-4", Title: "Imaging", Text: clean(t, "imaging")},
	} {
		if some("section " + s.LOINC) {
			r.Sections = append(r.Sections, s)
		}
	}
	return r
}

// lacks says where got has not what want has. What want leaves open, got may fill in.
func lacks(want, got reflect.Value, at string) (out []string) {
	switch {
	case want.IsZero():
		return nil
	case want.Kind() == reflect.Struct && want.NumField() > 0 && want.Type().Field(0).IsExported():
		for i := range want.NumField() {
			out = append(out, lacks(want.Field(i), got.Field(i), at+"."+want.Type().Field(i).Name)...)
		}
		return out
	case want.Kind() == reflect.Slice:
		if got.Len() < want.Len() {
			return []string{fmt.Sprintf("%s: %d of %d left", at, got.Len(), want.Len())}
		}
		for i := range want.Len() {
			out = append(out, lacks(want.Index(i), got.Index(i), fmt.Sprintf("%s[%d]", at, i))...)
		}
		return out
	case !reflect.DeepEqual(want.Interface(), got.Interface()):
		return []string{fmt.Sprintf("%s: %q became %q", at, fmt.Sprint(want), fmt.Sprint(got))}
	}
	return nil
}

// TestReferralSurvivesItsNote: every field of a referral that a C-CDA has a place for is there again after its Referral Note was written,
// read and written again; the second note says what the first one said.
func TestReferralSurvivesItsNote(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawKnown(t)
		first, got := throughNote(t, want)
		got.ID, got.Authority, got.Patient.Name.Degree = want.ID, want.Authority, ""
		if bad := append(lacks(reflect.ValueOf(expected(want)), reflect.ValueOf(got), ""), lostSections(want.Sections, got.Sections)...); len(bad) > 0 {
			t.Fatalf("%s", strings.Join(bad, "\n"))
		}
		second, again := throughNote(t, got)
		again.ID, again.Authority = got.ID, got.Authority
		if bad := append(lacks(reflect.ValueOf(expected(got)), reflect.ValueOf(again), ""), lostSections(got.Sections, again.Sections)...); len(bad) > 0 {
			t.Fatalf("second time: %s", strings.Join(bad, "\n"))
		}
		if len(second) > len(first)*3/2 {
			t.Fatalf("a note of %d bytes became one of %d", len(first), len(second))
		}
	})
}

// throughNote writes a referral's note and reads it.
func throughNote(t *rapid.T, r referral.Referral) ([]byte, referral.Referral) {
	b, err := referralNote(r, target("direct", false, nil))
	if err != nil {
		t.Fatal(err)
	}
	d, err := ccda.Read(b, ccda.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Rest) > 0 {
		t.Fatalf("left over: %s", d.Rest[0].Path)
	}
	out := documentRecord(d)
	out.Patient = patientFrom(d.Patient)
	return b, out
}

// expected is what of a referral its note can carry: sections in any order, without the state of the loop.
func expected(r referral.Referral) referral.Referral {
	r.Identifiers, r.Sections, r.CopiesTo = nil, nil, nil // the note names those who get a copy in words
	return r
}

// lostSections says which words and statements of sections are gone.
func lostSections(want, got []referral.Section) (out []string) {
	for _, w := range want {
		var words string
		var items []referral.Item
		for _, g := range got {
			if g.LOINC == w.LOINC {
				words += g.Text + "\n"
				items = append(items, g.Items...)
			}
		}
		if !saidBy(w.Text, words) {
			out = append(out, fmt.Sprintf("section %s: %q became %q", w.LOINC, w.Text, words))
		}
		out = append(out, lacks(reflect.ValueOf(w.Items), reflect.ValueOf(items), w.LOINC)...)
	}
	return out
}
