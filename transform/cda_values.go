package transform

import (
	"strings"

	"refloop/ccda"
	"refloop/referral"
)

// systemOIDs maps the names HL7 v2 uses for code systems (table 0396) to OIDs.
func systemOID(name string) string {
	switch strings.ToUpper(name) {
	case "LN", "LOINC":
		return ccda.LOINC
	case "SCT", "SNOMED", "SNM", "SNOMED-CT":
		return ccda.SNOMED
	case "I10", "I10C", "ICD10", "ICD-10", "ICD-10-CM":
		return ccda.ICD10
	case "I9", "I9C", "ICD9":
		return ccda.ICD9
	case "RXNORM":
		return ccda.RxNorm
	case "C4", "CPT", "CPT4":
		return ccda.CPT
	case "CVX":
		return ccda.CVX
	case "UNII":
		return ccda.UNII
	}
	if isOID(name) {
		return name
	}
	return ""
}

// systemName is the HL7 v2 name of a code system.
func systemName(oid string) string {
	switch oid {
	case ccda.LOINC:
		return "LN"
	case ccda.SNOMED:
		return "SCT"
	case ccda.ICD10:
		return "I10"
	case ccda.ICD9:
		return "I9C"
	case ccda.RxNorm:
		return "RXNORM"
	case ccda.CPT:
		return "C4"
	case ccda.CVX:
		return "CVX"
	case ccda.UNII:
		return "UNII"
	}
	return oid
}

// cdaCode writes a coded value; one whose system is not known keeps its words only.
func cdaCode(c referral.Coded) ccda.Code {
	system := systemOID(c.System)
	if c.Code == "" || system == "" {
		text := firstOf(c.Text, c.Code)
		if c.Code != "" && c.Text != "" {
			text = c.Text + " (" + c.Code + ")"
		}
		return ccda.Code{NullFlavor: "UNK", Text: text}
	}
	return ccda.Code{Code: c.Code, System: system, Display: c.Text, Text: c.Text}
}

// cdaID writes an identifier: an OID authority is the root; a number without one is named under our own OID.
func cdaID(id referral.Identifier, own string) ccda.ID {
	switch authority := referral.Authority(id.Authority); {
	case authority != "" && authority == referral.Authority(id.Value):
		return ccda.ID{Root: authority} // a UUID that stands alone
	case isOID(authority) || isUUID(authority):
		return ccda.ID{Root: authority, Extension: id.Value}
	}
	return ccda.ID{Root: own, Extension: id.Value, Authority: strings.TrimPrefix(id.Authority, "partner:")}
}

// isUUID reports whether s has the shape of a UUID.
func isUUID(s string) bool {
	return len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' && strings.Trim(s, "0123456789abcdefABCDEF-") == ""
}

func cdaName(n referral.Name) ccda.Name {
	if n.Family == "" && n.Given == "" && n.Text != "" {
		n = referral.ParseName(n.Text)
	}
	return ccda.Name{Family: n.Family, Given: nonEmpty(n.Given, n.Middle), Prefix: nonEmpty(n.Prefix), Suffix: nonEmpty(n.Suffix, n.Degree)}
}

func cdaAddress(a referral.Address, use string) []ccda.Address {
	if a == (referral.Address{}) {
		return nil
	}
	return []ccda.Address{{Use: use, Lines: nonEmpty(a.Line1, a.Line2), City: a.City, State: a.State, PostalCode: a.Zip, Country: a.Country}}
}

// cdaTelecoms writes telephone, fax and Direct address.
func cdaTelecoms(phone, fax, mail, use string) []ccda.Telecom {
	var out []ccda.Telecom
	add := func(scheme, value string) {
		if value != "" {
			out = append(out, ccda.Telecom{Use: use, Value: scheme + strings.TrimPrefix(value, scheme)})
		}
	}
	add("tel:", phone)
	add("fax:", fax)
	add("mailto:", mail)
	return out
}

// cdaParty writes a clinician with their organisation.
func cdaParty(p referral.Party, own string) ccda.Party {
	out := ccda.Party{Name: cdaName(p.Clinician), Addresses: cdaAddress(p.Address, "WP"), Telecoms: cdaTelecoms(p.Phone, p.Fax, p.Direct, "WP")}
	if p.NPI != "" {
		out.IDs = append(out.IDs, ccda.ID{Root: ccda.NPI, Extension: p.NPI})
	}
	for _, id := range p.ClinicianIDs {
		if id.Value != p.NPI {
			out.IDs = append(out.IDs, cdaID(id, own))
		}
	}
	if org := cdaOrganization(p); org.Name != "" {
		out.Org = &org
	}
	return out
}

func cdaOrganization(p referral.Party) ccda.Organization {
	o := ccda.Organization{Name: p.Organization, Telecoms: cdaTelecoms(p.Phone, p.Fax, "", "WP"), Addresses: cdaAddress(p.Address, "WP")}
	if p.OrgNPI != "" {
		o.IDs = append(o.IDs, ccda.ID{Root: ccda.NPI, Extension: p.OrgNPI})
	}
	if p.OrgOID != "" {
		o.IDs = append(o.IDs, ccda.ID{Root: p.OrgOID})
	}
	return o
}

func cdaPatient(p referral.Patient, own string) ccda.Patient {
	out := ccda.Patient{
		Names: []ccda.Name{cdaName(p.Name)}, BirthTime: date8(p.BirthDate), Addresses: cdaAddress(p.Address, "HP"), Telecoms: cdaTelecoms(p.Phone, "", p.Email, "HP"),
	}
	for _, id := range p.IDs {
		if !isAlias(p.IDs, id) {
			out.IDs = append(out.IDs, cdaID(id, own))
		}
	}
	switch p.Sex {
	case "M", "F":
		out.Sex = ccda.Code{Code: p.Sex, System: ccda.Gender, Display: map[string]string{"M": "Male", "F": "Female"}[p.Sex]}
	case "O", "A":
		out.Sex = ccda.Code{Code: "UN", System: ccda.Gender, Display: "Undifferentiated"}
	}
	if c, ok := cdcCode(p.Race); ok {
		out.Races = []ccda.Code{c}
	}
	if c, ok := cdcCode(p.Ethnicity); ok {
		out.Ethnicities = []ccda.Code{c}
	}
	if l := language(p.Language); l != "" {
		out.Languages = []ccda.Language{{Code: l, Preferred: true}}
	}
	return out
}

// cdcCode takes a race or ethnicity that is a code of the CDC set (NNNN-N); others stay out, the header then says unknown.
func cdcCode(c referral.Coded) (ccda.Code, bool) {
	if len(c.Code) == 6 && c.Code[4] == '-' {
		return ccda.Code{Code: c.Code, System: ccda.RaceEthnicity, Display: c.Text}, true
	}
	return ccda.Code{}, false
}

// language maps what PID-15 commonly holds to RFC 5646; empty when it cannot be told.
func language(s string) string {
	switch l := strings.ToLower(s); l {
	case "en", "eng", "english":
		return "en"
	case "es", "spa", "spanish", "sp":
		return "es"
	default:
		if len(l) == 2 || len(l) == 3 || len(l) == 5 && l[2] == '-' {
			return s
		}
	}
	return ""
}
