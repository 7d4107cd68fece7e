package transform

import (
	"time"

	"pgregory.net/rapid"

	"refloop/referral"
)

// drawer makes values as messages, documents and papers bring them: missing, odd and hostile ones among the good.
type drawer struct{ *rapid.T }

// text is words as they come out of OCR and HL7 v2.
func (d drawer) text(label string) string {
	return rapid.OneOf(rapid.SampledFrom([]string{"", "Smith", "O'Brien & Söhne", "<b>x</b>", "]]>", "a\x00\x01b", "line\r\nline", "   ", "漢字", "e\u0301", "\u202Eabc", "\uFFFE"}),
		rapid.StringN(0, 30, 90)).Draw(d.T, label)
}

func (d drawer) pick(label string, list ...string) string {
	return rapid.SampledFrom(list).Draw(d.T, label)
}

// some says yes in about half of all cases.
func (d drawer) some(label string) bool { return rapid.Bool().Draw(d.T, label) }

func (d drawer) coded(label string) referral.Coded {
	return rapid.SampledFrom([]referral.Coded{
		{}, {Text: d.text(label)}, {Code: "I20.9", Text: "Angina pectoris", System: "I10"}, {Code: "F11.20", Text: "Opioid dependence", System: "I10"},
		{Code: "194828000", Text: "Angina", System: "SCT"}, {Code: "X1", Text: "local", System: "L"}, {Code: "7980", Text: "Penicillin G", System: "RXNORM"},
		{Code: "8867-4", Text: "Heart rate", System: "LN"}, {Code: "93000", Text: "ECG", System: "C4"}, {Code: "bad code", System: "LN"}, {Code: "88", System: "CVX"},
		{Code: "413.9", Text: "Angina", System: "I9C"}, {Code: "1234", System: "2.16.840.1.113883.6.69", Text: "an NDC"},
	}).Draw(d.T, label)
}

func (d drawer) name(label string) referral.Name {
	return rapid.SampledFrom([]referral.Name{
		{}, {Family: "Marsh", Given: "Ellen", Degree: "MD"}, {Text: "Dr. Ana Ruiz, MD"}, {Family: d.text(label)}, {Family: "Lee", Given: d.text(label), Prefix: "Ms", Suffix: "Jr", Middle: "Q"},
	}).Draw(d.T, label)
}

func (d drawer) address(label string) referral.Address {
	return referral.Address{Line1: d.text(label + " street"), Line2: d.pick(label+" line", "", "Suite 4"), City: d.text(label + " city"), State: d.pick(label+" state", "", "ME", "Maine"),
		Zip: d.pick(label+" zip", "", "04849", "x"), Country: d.pick(label+" country", "", "US", "USA")}
}

func (d drawer) party(label string) referral.Party {
	return referral.Party{
		Clinician: d.name(label), NPI: d.pick(label+" npi", "", "1245319599", "12", "abc"), Organization: d.text(label + " org"), OrgNPI: d.pick(label+" orgnpi", "", "1992999825"),
		OrgOID: d.pick(label+" oid", "", lakeOID, "no oid"), Direct: d.pick(label+" direct", "", "a@direct.example", "not an address"), Specialty: d.pick(label+" specialty", "", "cardiology"),
		Phone: d.pick(label+" phone", "", "+1 (207) 555-0132", "x"), Fax: d.pick(label+" fax", "", "2075550133"), Address: d.address(label),
		ClinicianIDs: rapid.SampledFrom([][]referral.Identifier{nil, {{Value: "C7", Authority: "partner:x", Kind: "clinician"}}, {{Value: d.text(label + " id"), Authority: "1.2.3", Kind: "clinician"}}}).Draw(d.T, label),
	}
}

func (d drawer) patient() referral.Patient {
	return referral.Patient{
		Name: d.name("patient"), BirthDate: d.pick("birth", "", "1961-03-22", "1961", "x"), Sex: d.pick("sex", "", "F", "M", "U", "O", "zz"), Phone: d.pick("phone", "", "2075550144", "-"),
		Email: d.pick("email", "", "marta@example.org", "@"), Address: d.address("home"), Race: rapid.OneOf(rapid.Just(referral.Coded{Code: "2106-3", Text: "White"}), rapid.Just(d.coded("race"))).Draw(d.T, "race"),
		Ethnicity: d.coded("ethnicity"), Language: d.pick("language", "", "en", "English", "zz9"), Account: d.pick("account", "", "A-1"), VisitClass: d.pick("class", "", "O"),
		Visit: rapid.SampledFrom([]referral.Identifier{{}, {Value: "V1", Authority: "NORTHSIDE", Kind: referral.KindVisit}}).Draw(d.T, "visit"),
		IDs: rapid.SampledFrom([][]referral.Identifier{
			nil, {{Value: "MRN1", Authority: "NORTHSIDE", Kind: referral.KindMRN}}, {{Value: "MRN1", Authority: ownOID, Kind: referral.KindMRN}, {Value: "MRN1", Authority: "NORTHSIDE", Kind: referral.KindMRN}},
			{{Value: "7", Authority: "6f1bd58b-c58f-40b7-b314-caf1294ed98b", Kind: referral.KindMRN}},
		}).Draw(d.T, "mrn"),
	}
}

// clinical adds n of each list.
func (d drawer) clinical(r *referral.Referral, n int) {
	for range n {
		r.Diagnoses = append(r.Diagnoses, d.coded("diagnosis"))
		r.Allergies = append(r.Allergies, referral.Allergy{Substance: d.coded("substance"), Reaction: d.text("reaction"), Severity: d.text("severity"), Kind: d.coded("kind"), None: d.some("none")})
		r.Medications = append(r.Medications, referral.Medication{Drug: d.coded("drug"), Sig: d.text("sig"), Dose: d.pick("dose", "", "5 mg"), Route: d.pick("route", "", "oral"),
			Start: d.pick("start", "", "2026-01-02", "x"), None: rapid.IntRange(0, 4).Draw(d.T, "no drugs") == 0})
		r.Procedures = append(r.Procedures, d.coded("procedure"))
		o := referral.Observation{Test: d.coded("test"), Value: d.pick("value", "", "72", "positive", "-1.5"), Unit: d.pick("unit", "", "/min", "bad unit"), Range: d.text("range"),
			Flag: d.pick("flag", "", "H", "zz"), Time: d.pick("time", "", "2026-11-01", "2026-11", "2026-11-01T10:00:00Z"), Status: d.pick("status", "", "F", "P")}
		r.Results, r.Vitals = append(r.Results, o), append(r.Vitals, o)
		r.Coverage = append(r.Coverage, referral.Coverage{Payer: d.text("payer"), PayerID: d.pick("payer id", "", "P-9"), Plan: d.text("plan"), MemberID: d.pick("member", "", "M 1"), Group: d.pick("group", "", "G1"),
			Holder: d.name("holder"), Relation: d.pick("relation", "", "SELF", "18")})
		r.Sections = append(r.Sections, referral.Section{LOINC: d.pick("loinc", "", "29762-2", "10164-2", "51847-2", "99999-9", "11369-6", "46240-8", "47420-5", "11450-4"), Title: d.text("title"), Text: d.text("section")})
		r.Notes = append(r.Notes, d.text("note"))
	}
}

// drawReferral makes a referral of anything that messages and papers bring: sparse and dense ones, with every optional part.
func drawReferral(t *rapid.T) referral.Referral {
	d := drawer{t}
	r := referral.Referral{
		ID: "7K3M9QX2T4V8WZ5C", Authority: ownOID, Initiator: d.party("initiator"), Recipient: d.party("recipient"), Reason: d.text("reason"), Specialty: d.text("specialty"),
		Priority: rapid.SampledFrom([]referral.Priority{"", referral.Routine, referral.Urgent, referral.Stat}).Draw(t, "priority"),
		Service:  referral.Service{Coded: d.coded("service"), Disposition: d.pick("disposition", "", "WR"), Category: d.pick("category", "", "O"), Procedures: rapid.SliceOfN(rapid.SampledFrom([]string{"93306", "x"}), 0, 2).Draw(t, "cpt")},
		Patient:  d.patient(), Authorization: d.pick("authorization", "", "AUTH-7"),
		Confidentiality: rapid.SampledFrom([]referral.Confidentiality{{}, {Code: "R"}, {Code: "V"}, {Code: "R", Part2: true}, {Code: "R", Notice: "Do not pass on."}}).Draw(t, "label"),
	}
	if d.some("dated") {
		r.NeededBy, r.Requested = hour(30*24), hour(9)
	}
	if d.some("copies") {
		r.CopiesTo = []referral.Party{d.party("copy")}
	}
	if rapid.IntRange(0, 3).Draw(t, "paper") == 0 {
		r.Fields = []referral.Field{{Key: "reason", Value: d.text("field"), Confidence: 0.4}}
	}
	if d.some("booked") {
		r.Appointments = []referral.Appointment{{Start: hour(15), End: hour(16), Status: "booked", Location: d.text("place"), ID: referral.Identifier{Value: d.pick("booking", "", "A-3"), Authority: lakeOID}}}
	}
	if d.some("needed only") {
		r.NeededBy = time.Date(2026, 12, 24, 0, 0, 0, 0, time.UTC)
	}
	d.clinical(&r, rapid.SampledFrom([]int{0, 1, 1, 2, 3, 8}).Draw(t, "items"))
	return r
}
