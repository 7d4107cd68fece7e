package transform

import (
	"strings"
	"time"

	"refloop/ccda"
	"refloop/referral"
)

// referralID turns an instance identifier into an identifier of kind. A root that stands alone (a UUID) is value and authority.
func referralID(id ccda.ID, kind string) referral.Identifier {
	root := referral.Authority(id.Root)
	switch {
	case root == "" || id.NullFlavor != "":
		return referral.Identifier{}
	case strings.TrimSpace(id.Extension) == "":
		return referral.Identifier{Value: root, Authority: root, Kind: kind}
	}
	return referral.Identifier{Value: strings.TrimSpace(id.Extension), Authority: root, Kind: kind}
}

// codedFrom reads a coded value; of one without a code of its own the first translation that has one.
func codedFrom(c ccda.Code) referral.Coded {
	text := firstOf(c.Display, c.Text)
	if c.Code == "" {
		for _, t := range c.Translations {
			if t.Code != "" {
				return referral.Coded{Code: t.Code, Text: firstOf(t.Display, t.Text, text), System: systemName(t.System)}
			}
		}
		return referral.Coded{Text: text}
	}
	return referral.Coded{Code: c.Code, Text: text, System: systemName(c.System)}
}

// diagnosisFrom prefers the ICD-10 code, which orders, forms and payers use; C-CDA has it as a translation.
func diagnosisFrom(c ccda.Code) referral.Coded {
	for _, t := range c.Translations {
		if t.System == ccda.ICD10 && t.Code != "" {
			return referral.Coded{Code: t.Code, Text: firstOf(t.Display, t.Text, c.Display, c.Text), System: systemName(t.System)}
		}
	}
	return codedFrom(c)
}

func nameFrom(n ccda.Name) referral.Name {
	out := referral.Name{Family: n.Family, Prefix: strings.Join(n.Prefix, " ")}
	if len(n.Given) > 0 {
		out.Given, out.Middle = n.Given[0], strings.Join(n.Given[1:], " ")
	}
	for _, s := range n.Suffix { // the US header allows one: ours holds both, a generation first
		word, rest, _ := strings.Cut(strings.TrimSpace(s), " ")
		if generation(word) {
			out.Suffix = strings.TrimSpace(out.Suffix + " " + word)
			s = rest
		}
		if p := referral.ParseName("X Y, " + s); p.Degree != "" {
			out.Degree = strings.TrimSpace(out.Degree + " " + s)
		} else {
			out.Suffix = strings.TrimSpace(out.Suffix + " " + s)
		}
	}
	if out == (referral.Name{}) && strings.TrimSpace(n.Full) != "" {
		return referral.ParseName(n.Full)
	}
	return out
}

// generation reports whether a suffix tells father from son.
func generation(s string) bool {
	switch strings.ToUpper(strings.Trim(s, " .,")) {
	case "JR", "SR", "I", "II", "III", "IV", "V":
		return true
	}
	return false
}

func addressFrom(list []ccda.Address) referral.Address {
	if len(list) == 0 {
		return referral.Address{}
	}
	a := list[0]
	out := referral.Address{City: a.City, State: a.State, Zip: a.PostalCode, Country: a.Country}
	if len(a.Lines) > 0 {
		out.Line1, out.Line2 = a.Lines[0], strings.Join(a.Lines[1:], ", ")
	}
	return out
}

// telecomsFrom returns the first telephone, fax and mail address.
func telecomsFrom(list []ccda.Telecom) (phone, fax, mail string) {
	for _, t := range list {
		scheme, rest, ok := strings.Cut(strings.TrimSpace(t.Value), ":")
		switch {
		case !ok && strings.Contains(t.Value, "@"):
			mail = firstOf(mail, strings.TrimSpace(t.Value))
		case !ok:
			phone = firstOf(phone, strings.TrimSpace(t.Value))
		case strings.EqualFold(scheme, "mailto"):
			mail = firstOf(mail, rest)
		case strings.EqualFold(scheme, "fax"):
			fax = firstOf(fax, rest)
		case strings.EqualFold(scheme, "tel"):
			phone = firstOf(phone, rest)
		}
	}
	return phone, fax, mail
}

// partyFrom reads a person with their organisation.
func partyFrom(p ccda.Party) referral.Party {
	out := referral.Party{Clinician: nameFrom(p.Name), Address: addressFrom(p.Addresses)}
	out.Phone, out.Fax, out.Direct = telecomsFrom(p.Telecoms)
	for _, id := range p.IDs {
		if id.Root == ccda.NPI {
			out.NPI = firstOf(out.NPI, id.Extension)
		} else if got := referralID(id, "clinician"); got.Value != "" && id.Root != ccda.SSN {
			out.ClinicianIDs = addID(out.ClinicianIDs, got)
		}
	}
	if p.Org != nil {
		out = withOrganization(out, *p.Org)
	}
	return out
}

func withOrganization(p referral.Party, o ccda.Organization) referral.Party {
	p.Organization = firstOf(p.Organization, o.Name)
	phone, fax, mail := telecomsFrom(o.Telecoms)
	p.Phone, p.Fax, p.Direct = firstOf(p.Phone, phone), firstOf(p.Fax, fax), firstOf(p.Direct, mail)
	if p.Address == (referral.Address{}) {
		p.Address = addressFrom(o.Addresses)
	}
	for _, id := range o.IDs {
		switch {
		case id.Root == ccda.NPI:
			p.OrgNPI = firstOf(p.OrgNPI, id.Extension)
		case id.Extension == "" && isOID(id.Root):
			p.OrgOID = firstOf(p.OrgOID, id.Root)
		}
	}
	return p
}

// patientFrom reads the record target.
func patientFrom(p ccda.Patient) referral.Patient {
	out := referral.Patient{BirthDate: stampFrom(p.BirthTime), Address: addressFrom(p.Addresses)}
	out.BirthDate = out.BirthDate[:min(len(out.BirthDate), 10)]
	for _, id := range p.IDs {
		if id.Root != ccda.SSN && id.Extension != "" {
			out.IDs = addID(out.IDs, referralID(id, referral.KindMRN))
		}
	}
	for _, n := range p.Names {
		if out.Name == (referral.Name{}) || n.Use == "L" {
			out.Name = nameFrom(n)
		}
	}
	switch p.Sex.Code {
	case "M", "F":
		out.Sex = p.Sex.Code
	case "UN":
		out.Sex = "O"
	}
	if len(p.Races) > 0 {
		out.Race = codedFrom(p.Races[0])
	}
	if len(p.Ethnicities) > 0 {
		out.Ethnicity = codedFrom(p.Ethnicities[0])
	}
	for _, l := range p.Languages {
		if out.Language == "" || l.Preferred {
			out.Language = l.Code
		}
	}
	out.Phone, _, out.Email = telecomsFrom(p.Telecoms)
	return out
}

// stampFrom turns HL7 TS text into YYYY-MM-DD (or shorter), or RFC 3339 in UTC when it has a time of day.
func stampFrom(ts string) string {
	t, ok := ccda.ParseTime(ts, nil)
	if !ok {
		return ""
	}
	digits := strings.TrimSpace(ts)
	if i := strings.IndexAny(digits, "+-."); i >= 0 {
		digits = digits[:i]
	}
	switch {
	case len(digits) > 8:
		return t.UTC().Format(time.RFC3339)
	case len(digits) == 8:
		return t.Format(time.DateOnly)
	case len(digits) == 6:
		return t.Format("2006-01")
	}
	return t.Format("2006")
}

// momentFrom is a time of HL7 TS text; zero when it is none.
func momentFrom(ts string) time.Time {
	t, ok := ccda.ParseTime(ts, nil)
	if !ok {
		return time.Time{}
	}
	return t.UTC()
}

func periodStart(p ccda.Period) string { return stampFrom(firstOf(p.Point, p.Low)) }
