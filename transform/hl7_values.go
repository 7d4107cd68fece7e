package transform

import (
	"strings"
	"time"

	"refloop/fax"
	"refloop/hl7"
	"refloop/referral"
)

// partnerAuthority is the authority of numbers that a partner sends without one: unique to that partner.
func partnerAuthority(partner string) string { return "partner:" + partner }

// authorityOf returns the OID of a designator, else its namespace, else the partner's own.
func authorityOf(h hl7.HD, partner string) string {
	switch {
	case h.ID != "":
		return h.ID
	case h.Namespace != "":
		return h.Namespace
	}
	return partnerAuthority(partner)
}

// eiOf turns an entity identifier into an identifier of kind; zero when EI is empty.
func eiOf(v hl7.Value, kind, partner string) referral.Identifier {
	e := v.EI()
	if e.ID == "" {
		return referral.Identifier{}
	}
	return referral.Identifier{Value: strings.TrimSpace(e.ID), Authority: authorityOf(e.Authority, partner), Kind: kind}
}

// addEI appends an entity identifier. A number whose authority has a namespace and an OID is added under both: the same system may
// write one of them in its next message, and gets both back.
func addEI(list []referral.Identifier, v hl7.Value, kind, partner string) []referral.Identifier {
	id := eiOf(v, kind, partner)
	return addAlias(addID(list, id), id, v.EI().Authority)
}

// addAlias appends id under the namespace of its authority when it stands under the OID.
func addAlias(list []referral.Identifier, id referral.Identifier, h hl7.HD) []referral.Identifier {
	if h.ID == "" || h.Namespace == "" || id.Authority == h.Namespace {
		return list
	}
	id.Authority = h.Namespace
	return addID(list, id)
}

// aliasOf is the namespace under which the same number stands in the list besides its OID; empty when there is none.
func aliasOf(list []referral.Identifier, id referral.Identifier) string {
	for _, other := range list {
		if isOID(id.Authority) && other.Value == id.Value && other.Kind == id.Kind && isNamespace(other.Authority) {
			return other.Authority
		}
	}
	return ""
}

// namespaceOf is the namespace that some number of the list has besides this OID; empty when none has.
func namespaceOf(list []referral.Identifier, oid string) string {
	for _, id := range list {
		if id.Authority == oid {
			if ns := aliasOf(list, id); ns != "" {
				return ns
			}
		}
	}
	return ""
}

// isAlias reports whether id only repeats a number of the list that stands there with its OID.
func isAlias(list []referral.Identifier, id referral.Identifier) bool {
	for _, other := range list {
		if isNamespace(id.Authority) && aliasOf(list, other) == id.Authority && other.Value == id.Value && other.Kind == id.Kind {
			return true
		}
	}
	return false
}

func isNamespace(authority string) bool {
	return authority != "" && !isOID(authority) && !isUUID(authority) && !strings.HasPrefix(authority, "partner:")
}

// addID appends id unless it is empty or there already.
func addID(list []referral.Identifier, id referral.Identifier) []referral.Identifier {
	if id.Value == "" {
		return list
	}
	for _, have := range list {
		if have == id {
			return list
		}
	}
	return append(list, id)
}

// maxNumbers is how many numbers of one patient are taken into the record.
const maxNumbers = 64

// cxOf reads the repetitions of PID-3 as MRNs, in their order; other kinds of numbers (SS, DL) stay out of the patient's MRNs.
func cxOf(v hl7.Value, partner string) []referral.Identifier {
	var out []referral.Identifier
	for rep := range v.All() {
		if len(out) >= maxNumbers {
			break // the rest stays in the archived message
		}
		cx := rep.CX()
		if cx.ID == "" || cx.Type == "SS" || cx.Type == "DL" || cx.Authority.Namespace == "USSSA" || cx.Facility.Namespace == "USSSA" {
			continue
		}
		id := referral.Identifier{Value: strings.TrimSpace(cx.ID), Authority: authorityOf(cx.Authority, partner), Kind: referral.KindMRN}
		out = addAlias(addID(out, id), id, cx.Authority)
	}
	return out
}

func nameOf(x hl7.XPN) referral.Name {
	return referral.Name{Family: x.Family, Given: x.Given, Middle: x.Middle, Suffix: x.Suffix, Prefix: x.Prefix, Degree: x.Degree}
}

// legalName picks the legal name (PID-5 type L), else the first.
func legalName(v hl7.Value) referral.Name {
	first := hl7.XPN{}
	for rep := range v.All() {
		x := rep.XPN()
		if x.Type == "L" {
			return nameOf(x)
		}
		if first == (hl7.XPN{}) {
			first = x
		}
	}
	return nameOf(first)
}

func addressOf(x hl7.XAD) referral.Address {
	return referral.Address{Line1: x.Street, Line2: x.Other, City: x.City, State: x.State, Zip: x.Zip, Country: x.Country}
}

func codedOf(c hl7.Coded) referral.Coded {
	text := c.Text
	if text == "" {
		text = c.Original
	}
	if c.Code == "" && text == "" {
		return referral.Coded{Code: c.AltCode, Text: c.AltText, System: c.AltSystem}
	}
	return referral.Coded{Code: c.Code, Text: text, System: c.System}
}

// timeOf reads a time, UTC; zero when it is not there or cannot be read.
func timeOf(v hl7.Value) time.Time {
	t, err := v.Time(time.UTC)
	if err != nil || t.IsZero() {
		return time.Time{}
	}
	return t.Time.UTC()
}

// stampOf reads a time as text with the precision it was sent in (YYYY-MM-DD or RFC 3339).
func stampOf(v hl7.Value) string {
	t, err := v.Time(time.UTC)
	if err != nil || t.IsZero() {
		return ""
	}
	if t.Precision <= hl7.ToDay {
		return t.Date()
	}
	return t.Time.UTC().Format(time.RFC3339)
}

// phones reads a telecommunication field: first telephone, fax and electronic address.
func phones(v hl7.Value) (phone, fax, email string) {
	for rep := range v.All() {
		x := rep.XTN()
		switch {
		case x.Email() != "":
			email = firstOf(email, x.Email())
		case x.Fax():
			fax = firstOf(fax, x.Number())
		default:
			phone = firstOf(phone, x.Number())
		}
	}
	return phone, fax, email
}

// fromXCN fills the clinician of a party.
func fromXCN(p *referral.Party, x hl7.XCN, partner string) {
	if x.Name != (hl7.XPN{}) {
		p.Clinician = nameOf(x.Name)
	}
	if npi := x.NPI(); tenDigits(npi) {
		p.NPI = npi
	} else if x.ID != "" && fax.ValidNPI(x.ID) && x.Authority == (hl7.HD{}) {
		p.NPI = x.ID
	}
	if x.ID != "" {
		p.ClinicianIDs = addID(p.ClinicianIDs, referral.Identifier{Value: x.ID, Authority: authorityOf(x.Authority, partner), Kind: "clinician"})
	}
}

// tenDigits reports whether s has the shape of an NPI; its check digit is not asked for, since a number that is marked as one counts.
func tenDigits(s string) bool { return len(s) == 10 && strings.Trim(s, "0123456789") == "" }

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
