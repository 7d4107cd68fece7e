package ccda

import "strings"

// contentModel is the order of children that the CDA R2 schema (POCD_MT000040 with HL7's extensions) gives for the elements where real
// writers get it wrong. A star marks what may stand more than once. Nobody writes to it.
var contentModel = map[string]string{
	"ClinicalDocument": "realmCode* typeId templateId* id category* code title statusCode effectiveTime confidentialityCode languageCode setId versionNumber copyTime " +
		"recordTarget* author* dataEnterer informant* custodian informationRecipient* legalAuthenticator authenticator* participant* inFulfillmentOf* " +
		"documentationOf* relatedDocument* authorization* componentOf component",
	"section":     infrastructure + "id code title text confidentialityCode languageCode subject author* informant* entry* component*",
	"patientRole": infrastructure + "id* identifiedBy* addr* telecom* patient providerOrganization",
	"patient": infrastructure + "id name* desc administrativeGenderCode birthTime deceasedInd deceasedTime multipleBirthInd multipleBirthOrderNumber " +
		"maritalStatusCode religiousAffiliationCode raceCode* ethnicGroupCode* guardian* birthplace languageCommunication*",
	"assignedAuthor": infrastructure + "id* identifiedBy* code specialty* addr* telecom* assignedPerson assignedAuthoringDevice representedOrganization",
	"act":            infrastructure + "id* code text statusCode effectiveTime priorityCode languageCode " + parties + relations,
	"observation": infrastructure + "id* category* code derivationExpr text statusCode effectiveTime priorityCode repeatNumber languageCode value* interpretationCode* " +
		"methodCode* targetSiteCode* " + parties + "entryRelationship* reference* precondition* precondition2* referenceRange* inFulfillmentOf1*",
	"substanceAdministration": infrastructure + "id* code text statusCode effectiveTime* priorityCode repeatNumber routeCode approachSiteCode* doseQuantity rateQuantity " +
		"maxDoseQuantity administrationUnitCode subject specimen* consumable performer* author* informant* participant* " + relations,
	"procedure": infrastructure + "id* category* code text statusCode effectiveTime priorityCode languageCode methodCode* approachSiteCode* targetSiteCode* " + parties + relations,
	"encounter": infrastructure + "id* code text statusCode effectiveTime dischargeDispositionCode priorityCode " + parties + relations,
	"organizer": infrastructure + "id* category* code text statusCode effectiveTime " + parties + "reference* precondition* precondition2* component*",
	"supply": infrastructure + "id* code text statusCode effectiveTime* priorityCode* repeatNumber independentInd quantity expectedUseTime subject specimen* product " +
		"performer* author* informant* participant* " + relations,
}

const (
	infrastructure = "realmCode* typeId templateId* "
	parties        = "subject specimen* performer* author* informant* participant* "
	relations      = "entryRelationship* reference* precondition* precondition2* inFulfillmentOf1*"
)

// classes are the values of classCode that the schema takes where it takes few. Nobody writes to it.
var classes = map[string]string{
	"observation": " OBS ROIBND ROIOVL LLD PRN RTRD SFWL STN SUP ALRT CLNTRL CNOD COND CASE OUTB DGIMG GEN DETPOL EXP LOC PHN POL SEQ SEQVAR INVSTG OBSSER OBSCOR SPCOBS VERIF MPROT TRFR ",
	"act":         " ACT ACCM CONS CTTEVENT INC INFRM PCPR REG SPCTRT ",
	"organizer":   " BATTERY CLUSTER ",
	"supply":      " SPLY DIET ",
}

// schema holds order and number of children against the content model.
func (c *checker) schema(n *node) {
	if list := classes[n.name]; list != "" && !strings.Contains(list, " "+n.attr("classCode")+" ") {
		c.errorf("xsd", "%s has a classCode that the schema does not take", n.name)
	}
	model, ok := contentModel[n.name]
	if !ok || n.name == "encounter" && n.attr("classCode") == "" || n.name == "section" && !n.has("code") && !n.has("text") {
		return
	}
	at, last := 0, ""
	for _, k := range n.kids {
		if k.name == "" {
			continue
		}
		rest := model[at:]
		i := indexWord(rest, k.name)
		switch {
		case i >= 0 && k.name == last && !strings.HasPrefix(rest[i+len(k.name):], "*"):
			c.errorf("xsd", "%s stands twice, the schema takes one", k.name)
		case i >= 0:
			at, last = at+i, k.name
		case indexWord(model, k.name) >= 0:
			c.errorf("xsd", "%s stands at the wrong place", k.name)
			return
		default:
			c.errorf("xsd", "the schema knows no such child of %s", n.name)
			return
		}
	}
}

// indexWord finds a word of a blank-separated list, with or without a star.
func indexWord(list, word string) int {
	for from := 0; ; {
		i := strings.Index(list[from:], word)
		if i < 0 {
			return -1
		}
		i += from
		end := i + len(word)
		if (i == 0 || list[i-1] == ' ') && (end == len(list) || list[end] == ' ' || list[end] == '*') {
			return i
		}
		from = end
	}
}
