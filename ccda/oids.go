package ccda

// Code systems and identifier authorities that this package names.
const (
	LOINC           = "2.16.840.1.113883.6.1"
	SNOMED          = "2.16.840.1.113883.6.96"
	RxNorm          = "2.16.840.1.113883.6.88"
	CVX             = "2.16.840.1.113883.12.292"
	ICD10           = "2.16.840.1.113883.6.90"
	ICD9            = "2.16.840.1.113883.6.103"
	CPT             = "2.16.840.1.113883.6.12"
	NUCC            = "2.16.840.1.113883.6.101"
	NPI             = "2.16.840.1.113883.4.6"
	SSN             = "2.16.840.1.113883.4.1"
	UNII            = "2.16.840.1.113883.4.9"
	Confidential    = "2.16.840.1.113883.5.25"
	Gender          = "2.16.840.1.113883.5.1"
	RaceEthnicity   = "2.16.840.1.113883.6.238"
	ActPriority     = "2.16.840.1.113883.5.7"
	ActCode         = "2.16.840.1.113883.5.4"
	ActClass        = "2.16.840.1.113883.5.6"
	RoleCode        = "2.16.840.1.113883.5.111"
	NCIThesaurus    = "2.16.840.1.113883.3.26.1.1"
	Interpretation  = "2.16.840.1.113883.5.83"
	ndfrt           = "2.16.840.1.113883.3.26.1.5"
	ndc             = "2.16.840.1.113883.6.69"
	cvxOld          = "2.16.840.1.113883.6.59"
	icd9Old         = "2.16.840.1.113883.6.3"
	medRT           = "2.16.840.1.113883.6.345"
	participationFn = "2.16.840.1.113883.5.88"
	roleClass       = "2.16.840.1.113883.5.110"
	vocabMarital    = "2.16.840.1.113883.5.2"
	vocabReligion   = "2.16.840.1.113883.5.1076"
)

// Template roots. tpl is the C-CDA arc; the constants below it are the ends that code names.
const (
	tpl          = "2.16.840.1.113883.10.20.22."
	headerRoot   = tpl + "1.1"
	ds4pDocument = "2.16.840.1.113883.3.3251.1.1"
	ds4pNotice   = "2.16.840.1.113883.3.3251.1.5"
	noticeLOINC  = "57017-6"
)

// systemNames gives people a name beside an OID; nobody writes to it.
var systemNames = map[string]string{
	LOINC: "LOINC", SNOMED: "SNOMED CT", RxNorm: "RxNorm", CVX: "CVX", ICD10: "ICD-10-CM", ICD9: "ICD-9-CM", CPT: "CPT",
	NUCC: "NUCC taxonomy", UNII: "UNII", Confidential: "Confidentiality", Gender: "AdministrativeGender",
	RaceEthnicity: "Race & Ethnicity - CDC", ActPriority: "ActPriority", ActCode: "ActCode", RoleCode: "RoleCode",
	NCIThesaurus: "NCI Thesaurus", Interpretation: "ObservationInterpretation", ndc: "NDC", roleClass: "RoleClass",
}
