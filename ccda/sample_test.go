package ccda_test

import (
	"refloop/ccda"
)

const base = "2.16.840.1.113883.3.72.5.9.1"

func clinician() ccda.Party {
	return ccda.Party{
		IDs:       []ccda.ID{{Root: ccda.NPI, Extension: "1245319599"}},
		Code:      ccda.Code{Code: "207RC0000X", System: ccda.NUCC, Display: "Cardiovascular Disease Physician"},
		Name:      ccda.Name{Given: []string{"Ana"}, Family: "Ruiz", Suffix: []string{"MD"}},
		Addresses: []ccda.Address{{Use: "WP", Lines: []string{"12 Lake Road"}, City: "Lakeside", State: "OR", PostalCode: "97001", Country: "US"}},
		Telecoms:  []ccda.Telecom{{Use: "WP", Value: "mailto:ana.ruiz@direct.lakeside.example"}, {Use: "WP", Value: "tel:+1-555-0100"}},
		Org:       &ccda.Organization{IDs: []ccda.ID{{Root: ccda.NPI, Extension: "1992999825"}}, Name: "Lakeside Cardiology"},
	}
}

func snomed(code, name string) ccda.Code {
	return ccda.Code{Code: code, System: ccda.SNOMED, SystemName: "SNOMED CT", Display: name}
}

func loinc(code, name string) ccda.Code {
	return ccda.Code{Code: code, System: ccda.LOINC, SystemName: "LOINC", Display: name}
}

func rxnorm(code, name string) ccda.Code {
	return ccda.Code{Code: code, System: ccda.RxNorm, SystemName: "RxNorm", Display: name}
}

// dense is a document with every part that the writer knows. All people are invented.
func dense(t ccda.Type) ccda.Document {
	who := clinician()
	author := ccda.Author{Time: "20261103141500-0500", Party: who}
	d := ccda.Document{
		Type: t, ID: ccda.ID{Root: "6f1bd58b-c58f-40b7-b314-caf1294ed98b"}, ReferralID: ccda.ID{Root: base, Extension: "889342"},
		SetID: ccda.ID{Root: base + ".3", Extension: "set-7"}, Version: 2, Time: "20261103141500-0500", Confidentiality: "N", Language: "en-US",
		Patient: ccda.Patient{
			IDs:       []ccda.ID{{Root: base + ".2", Extension: "MRN-0042", Authority: "Northside"}},
			Names:     []ccda.Name{{Use: "L", Given: []string{"Marta", "Q"}, Family: "Example", Suffix: []string{"Jr"}}},
			BirthTime: "19680514", Sex: ccda.Code{Code: "F", System: ccda.Gender, Display: "Female"},
			Races:       []ccda.Code{{Code: "2106-3", System: ccda.RaceEthnicity, Display: "White"}, {Code: "2076-8", System: ccda.RaceEthnicity, Display: "Native Hawaiian or Other Pacific Islander"}},
			Ethnicities: []ccda.Code{{Code: "2186-5", System: ccda.RaceEthnicity, Display: "Not Hispanic or Latino"}},
			Addresses:   []ccda.Address{{Use: "HP", Lines: []string{"1 Sample Street", "Apt 2"}, City: "Portland", State: "OR", PostalCode: "97201", Country: "US"}},
			Telecoms:    []ccda.Telecom{{Use: "HP", Value: "tel:+1-555-0123"}, {Value: "mailto:marta@mail.example"}},
			Languages:   []ccda.Language{{Code: "es", Preferred: true}},
			Guardians:   []ccda.Guardian{{Name: ccda.Name{Given: []string{"Juan"}, Family: "Example"}, Telecoms: []ccda.Telecom{{Value: "tel:+1-555-0124"}}}},
			ProviderOrg: &ccda.Organization{IDs: []ccda.ID{{Root: base}}, Name: "Northside Primary Care", Telecoms: []ccda.Telecom{{Value: "tel:+1-555-0111"}}},
		},
		Authors:            []ccda.Author{author},
		Custodian:          ccda.Organization{IDs: []ccda.ID{{Root: base}}, Name: "Northside Primary Care", Telecoms: []ccda.Telecom{{Value: "tel:+1-555-0111"}}, Addresses: who.Addresses},
		LegalAuthenticator: &ccda.Authenticator{Time: "20261103141500-0500", Party: who},
		Recipients:         []ccda.Recipient{{Kind: "PRCP", Party: who}},
		Participants: []ccda.Participant{
			{Type: "CALLBCK", Class: "ASSIGNED", Party: who},
			{Type: "IND", Class: "NOK", Party: ccda.Party{IDs: []ccda.ID{{Root: base + ".8", Extension: "k1"}}, Code: ccda.Code{Code: "SPS", System: ccda.RoleCode, Display: "Spouse"}, Name: ccda.Name{Given: []string{"Jan"}, Family: "Example"}, Addresses: who.Addresses, Telecoms: []ccda.Telecom{{Value: "tel:+1-555-0125"}}}},
		},
		Orders:    []ccda.ID{{Root: base + ".4", Extension: "ORD-77"}},
		Related:   []ccda.Related{{Type: "RPLC", ID: ccda.ID{Root: "7f1bd58b-c58f-40b7-b314-caf1294ed98b"}, SetID: ccda.ID{Root: base + ".3", Extension: "set-7"}, Version: 1}},
		Service:   &ccda.ServiceEvent{Class: "PCPR", Time: ccda.Period{Low: "20261101", High: "20261103"}, Performers: []ccda.Performer{{Type: "PRF", Function: ccda.Code{Code: "PCP", System: "2.16.840.1.113883.5.88", Display: "primary care physician"}, Party: who}}},
		Encounter: &ccda.Encounter{IDs: []ccda.ID{{Root: base + ".5", Extension: "v1"}}, Time: ccda.Period{Low: "202611031300-0500", High: "202611031400-0500"}, Responsible: &who, Location: &ccda.Organization{IDs: []ccda.ID{{Root: base + ".6"}}, Name: "Northside"}},
	}
	if t == ccda.TypeUnstructured {
		d.Body = &ccda.Body{MediaType: "application/pdf", Data: []byte("%PDF-1.4 synthetic")}
		return d
	}
	d.Sections = denseSections(author, who)
	return d
}

func denseSections(author ccda.Author, who ccda.Party) []ccda.Section {
	return []ccda.Section{
		{LOINC: ccda.SectionReason, Title: "Reason for Referral", Text: "Palpitations for 3 weeks.\nPlease see soon.\n\nECG < normal > & attached.", Entries: []ccda.Entry{
			{Kind: ccda.KindReferral, IDs: []ccda.ID{{Root: base, Extension: "889342"}}, Mood: "RQO", Priority: ccda.Code{Code: "UR", System: ccda.ActPriority, Display: "urgent"},
				Time: ccda.Period{Point: "20261103"}, To: &who, By: &author, Reasons: []ccda.Code{snomed("80313002", "Palpitations")}, Services: []ccda.Code{{Code: "99244", System: ccda.CPT, SystemName: "CPT", Display: "Office consultation"}}, Text: "Bring old ECGs."}}},
		{LOINC: ccda.SectionHPI, Title: "History of Present Illness", Text: "Three weeks of palpitations."},
		{LOINC: ccda.SectionProblems, Title: "Problems", Entries: []ccda.Entry{
			{Kind: ccda.KindProblem, Status: "active", Code: ccda.Code{Code: "38341003", System: ccda.SNOMED, SystemName: "SNOMED CT", Display: "Hypertensive disorder", Text: "High blood pressure", Translations: []ccda.Code{{Code: "I10", System: ccda.ICD10, SystemName: "ICD-10-CM", Display: "Essential hypertension"}}}, Time: ccda.Period{Low: "2019"}, Text: "well controlled", By: &author},
			{Kind: ccda.KindProblem, Status: "completed", Code: snomed("195967001", "Asthma"), Time: ccda.Period{Low: "199801", High: "2005"}, ClinicalStatus: snomed("413322009", "Resolved"), Severity: snomed("255604002", "Mild")},
		}},
		{LOINC: ccda.SectionAllergies, Title: "Allergies", Entries: []ccda.Entry{
			{Kind: ccda.KindAllergy, Status: "active", Category: snomed("416098002", "Drug allergy"), Code: rxnorm("7980", "Penicillin G"), Time: ccda.Period{Low: "1990"}, Reactions: []ccda.Code{snomed("247472004", "Hives")}, Severity: snomed("6736007", "Moderate"), By: &author},
			{Kind: ccda.KindAllergy, Status: "active", Negated: true, Category: snomed("414285001", "Food allergy")},
		}},
		{LOINC: ccda.SectionMedications, Title: "Medications", Entries: []ccda.Entry{
			{Kind: ccda.KindMedication, Status: "active", Mood: "EVN", Code: rxnorm("314076", "lisinopril 10 MG Oral Tablet"), Time: ccda.Period{Low: "20190301"}, Dose: ccda.Quantity{Value: "1"}, Frequency: ccda.Quantity{Value: "24", Unit: "h"}, Route: ccda.Code{Code: "C38288", System: ccda.NCIThesaurus, Display: "Oral"}, Reason: snomed("38341003", "Hypertensive disorder"), Text: "one in the morning", By: &author},
			{Kind: ccda.KindMedication, Status: "active", Code: ccda.Code{Text: "fish oil"}},
		}},
		{LOINC: ccda.SectionAssessment, Title: "Assessment", Text: "Likely benign."},
		{LOINC: ccda.SectionPlan, Title: "Plan of Treatment", Entries: []ccda.Entry{
			{Kind: ccda.KindPlanned, Class: "observation", Mood: "RQO", Code: loinc("11524-6", "EKG study"), Time: ccda.Period{Point: "20261110"}},
			{Kind: ccda.KindPlanned, Class: "encounter", Mood: "INT", Code: ccda.Code{Code: "99213", System: ccda.CPT, Display: "Office visit"}, Time: ccda.Period{Point: "20261201"}, To: &who},
			{Kind: ccda.KindPlanned, Class: "procedure", Mood: "RQO", Code: snomed("40701008", "Echocardiography"), Time: ccda.Period{Point: "20261115"}, Priority: ccda.Code{Code: "R", System: ccda.ActPriority}, Site: snomed("80891009", "Heart")},
			{Kind: ccda.KindPlanned, Class: "act", Mood: "INT", Code: snomed("409073007", "Education"), Reason: snomed("80313002", "Palpitations")},
			{Kind: ccda.KindPlanned, Class: "medication", Mood: "INT", Code: rxnorm("866924", "metoprolol tartrate 25 MG Oral Tablet"), Dose: ccda.Quantity{Value: "1"}, Time: ccda.Period{Point: "20261104"}},
			{Kind: ccda.KindPlanned, Class: "supply", Mood: "INT", Code: snomed("43770009", "Sphygmomanometer"), Time: ccda.Period{Point: "20261104"}},
		}},
		{LOINC: ccda.SectionResults, Title: "Results", Entries: []ccda.Entry{
			{Kind: ccda.KindPanel, Status: "completed", Code: loinc("24323-8", "Comprehensive metabolic panel"), Time: ccda.Period{Low: "202611010800-0500", High: "202611010800-0500"}, Parts: []ccda.Entry{
				{Kind: ccda.KindResult, Status: "completed", Code: loinc("2951-2", "Sodium"), Time: ccda.Period{Point: "202611010800-0500"}, Value: ccda.Value{Quantity: ccda.Quantity{Value: "139", Unit: "mmol/L"}}, Interpretation: ccda.Code{Code: "N", System: ccda.Interpretation, Display: "Normal"}, Range: "135 - 145 mmol/L", By: &author},
				{Kind: ccda.KindResult, Status: "completed", Code: loinc("5778-6", "Color of Urine"), Time: ccda.Period{Point: "20261101"}, Value: ccda.Value{Text: "yellow"}},
				{Kind: ccda.KindResult, Status: "completed", Code: loinc("5778-6", "Color"), Time: ccda.Period{Point: "20261101"}, Value: ccda.Value{High: ccda.Quantity{Value: "5", Unit: "mg/dL"}}},
				{Kind: ccda.KindResult, Status: "active", Code: ccda.Code{Text: "Home made test"}, Value: ccda.Value{Code: snomed("260385009", "Negative")}},
			}}}},
		{LOINC: ccda.SectionVitals, Title: "Vital Signs", Entries: []ccda.Entry{
			{Kind: ccda.KindVitals, Status: "completed", Time: ccda.Period{Low: "202611031310-0500", High: "202611031310-0500"}, Parts: []ccda.Entry{
				{Kind: ccda.KindVital, Status: "completed", Code: loinc("8480-6", "Systolic blood pressure"), Time: ccda.Period{Point: "202611031310-0500"}, Value: ccda.Value{Quantity: ccda.Quantity{Value: "132", Unit: "mm[Hg]"}}},
				{Kind: ccda.KindVital, Status: "completed", Code: loinc("29463-7", "Body weight"), Time: ccda.Period{Point: "202611031310-0500"}, Value: ccda.Value{Quantity: ccda.Quantity{Value: "86.5", Unit: "kg"}}},
			}}}},
		{LOINC: ccda.SectionProcedures, Title: "Procedures", Entries: []ccda.Entry{{Kind: ccda.KindProcedure, Status: "completed", Code: snomed("73761001", "Colonoscopy"), Time: ccda.Period{Point: "20220512"}, Site: snomed("71854001", "Colon"), To: &who}}},
		{LOINC: ccda.SectionImmunizations, Title: "Immunizations", Entries: []ccda.Entry{
			{Kind: ccda.KindImmunization, Status: "completed", Code: ccda.Code{Code: "88", System: ccda.CVX, SystemName: "CVX", Display: "Influenza"}, Time: ccda.Period{Point: "20251001"}, Lot: "L-1"},
			{Kind: ccda.KindImmunization, Status: "completed", Negated: true, Code: ccda.Code{Code: "33", System: ccda.CVX, SystemName: "CVX", Display: "Pneumococcal"}, Time: ccda.Period{Point: "20251001"}, Reason: ccda.Code{Code: "PATOBJ", System: "2.16.840.1.113883.5.8", Display: "patient objection"}},
		}},
		{LOINC: ccda.SectionSocial, Title: "Social History", Entries: []ccda.Entry{
			{Kind: ccda.KindSmoking, Code: loinc("72166-2", "Tobacco smoking status"), Time: ccda.Period{Point: "20261103"}, Value: ccda.Value{Code: snomed("8517006", "Former smoker")}, By: &author},
			{Kind: ccda.KindTobacco, Code: loinc("11367-0", "History of tobacco use"), Time: ccda.Period{Low: "1985", High: "2001"}, Value: ccda.Value{Code: snomed("8517006", "Former smoker")}, By: &author},
			{Kind: ccda.KindSocial, Code: snomed("160573003", "Alcohol intake"), Time: ccda.Period{Low: "2001"}, Value: ccda.Value{Text: "None"}, By: &author},
		}},
		{LOINC: ccda.SectionFamily, Title: "Family History", Entries: []ccda.Entry{{Kind: ccda.KindFamily, Subject: ccda.Code{Code: "FTH", System: ccda.RoleCode, Display: "Father"}, Parts: []ccda.Entry{{Kind: ccda.KindProblem, Code: snomed("22298006", "Myocardial infarction"), Time: ccda.Period{Point: "1990"}}}}}},
		{LOINC: ccda.SectionFunctional, Title: "Functional Status", Entries: []ccda.Entry{{Kind: ccda.KindFunctional, Code: loinc("54522-8", "Functional status"), Time: ccda.Period{Point: "2026"}, Value: ccda.Value{Code: snomed("165245003", "Independent with dressing")}, By: &author}}},
		{LOINC: ccda.SectionMental, Title: "Mental Status", Entries: []ccda.Entry{{Kind: ccda.KindMental, Time: ccda.Period{Point: "2026"}, Value: ccda.Value{Text: "Alert"}, By: &author}}},
		{LOINC: ccda.SectionEncounters, Title: "Encounters", Entries: []ccda.Entry{{Kind: ccda.KindEncounter, Code: ccda.Code{Code: "99213", System: ccda.CPT, SystemName: "CPT", Display: "Office visit"}, Time: ccda.Period{Low: "20261103"}, To: &who, Location: &ccda.Organization{Name: "Northside"}}}},
		{LOINC: ccda.SectionPayers, Title: "Insurance", Entries: []ccda.Entry{{Kind: ccda.KindCoverage, Coverage: &ccda.Coverage{PolicyID: ccda.ID{Root: base + ".9", Extension: "GRP-1"}, Type: ccda.Code{Translations: []ccda.Code{{Code: "1", System: "2.16.840.1.113883.3.221.5", Display: "Medicare"}}},
			Payer: ccda.Organization{IDs: []ccda.ID{{Root: base + ".9"}}, Name: "Sample Health"}, MemberID: ccda.ID{Root: base + ".9", Extension: "M-123"}, Relationship: ccda.Code{Code: "SELF", System: ccda.RoleCode, Display: "Self"}, MemberBirth: "19680514",
			Member: ccda.Name{Given: []string{"Marta"}, Family: "Example"}, Holder: &ccda.Party{IDs: []ccda.ID{{Root: base + ".9", Extension: "M-100"}}, Name: ccda.Name{Given: []string{"Jan"}, Family: "Example"}}, Guarantor: &ccda.Party{Name: ccda.Name{Given: []string{"Jan"}, Family: "Example"}}, Plan: "Sample Gold", Time: ccda.Period{Low: "20260101"}}}}},
		{LOINC: ccda.SectionNotes, Title: "Consultation Note", Entries: []ccda.Entry{
			{Kind: ccda.KindNote, Code: loinc("11488-4", "Consult note"), Time: ccda.Period{Point: "20261103"}, Text: "First line.\nSecond line.\n\nNew paragraph.", By: &author},
			{Kind: ccda.KindNote, Code: loinc("11488-4", "Consult note"), Time: ccda.Period{Point: "20261103"}, By: &author, Media: &ccda.Body{MediaType: "application/pdf", Data: []byte("%PDF-1.4 synthetic"), Description: "note.pdf"}}}},
		{LOINC: "18748-4", Title: "Imaging", Text: "Chest film: clear.", Media: []ccda.Body{{MediaType: "image/png", Data: []byte("\x89PNG"), Description: "film"}}},
	}
}

// sparse is a document that knows next to nothing.
func sparse(t ccda.Type) ccda.Document {
	d := ccda.Document{Type: t, ID: ccda.ID{Root: "0b7d9d40-1111-4a7c-9a52-5b6f0b1c2d3e"}, Time: "20261103", Authors: []ccda.Author{{Device: &ccda.Device{Software: "refloop"}}}}
	if t == ccda.TypeUnstructured {
		d.Body = &ccda.Body{MediaType: "image/tiff", Data: []byte("II*\x00")}
	}
	return d
}
