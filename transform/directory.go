package transform

import (
	"strings"

	"refloop/referral"
)

// Organization is who we are.
type Organization struct {
	Name string
	OID  string // our assigning authority: referral IDs are <value>^^<OID>^ISO
	NPI  string

	Direct string // our Direct address
	Phone  string
	Fax    string
}

// Clinician is a person in a partner's directory entry.
type Clinician struct {
	Name   string
	NPI    string
	Direct string
}

// Partner is an organisation we exchange referrals with, our own EHR included.
type Partner struct {
	ID          string
	Name        string
	Application string // MSH-3 it uses
	Facility    string // MSH-4 it uses
	Own         bool   // our side of the loop
	NPI         string
	OID         string
	Part2       string // program | not | "" (unknown): whether it is a 42 CFR Part 2 program
	Clinicians  []Clinician
	Specialties []string
	Rails       []Rail
}

// Rail is one way out to a partner, in order of preference.
type Rail struct {
	Type    string
	Address string
	Lane    string // partner and rail, unique: northside-ehr/mllp, northside-ehr/mllp.2
	Dialect Dialect
	Profile Profile // what of a record goes out by it
}

// Dialect is what a partner wants to be told on a rail, and how. Zero values are the documented defaults.
type Dialect struct {
	Style      string   // of Direct: 360x (default), 360x+cda, plain, cda, pdf-cda
	Version    string   // MSH-12 we write; default 2.5.1
	Status     string   // rri, orm, siu, none; "" = rri for a REF, orm for an order
	Report     string   // mdm, oru; "" = mdm for a REF, oru for an order
	Body       []string // what goes with it: pdf, text, cda, json; default pdf for HL7, all for file
	AckFrom    string   // ehr (default) or engine: who answers AA
	Processing string   // MSH-11; default P
	Outcome    string   // osu (default) or omg: the 360X message that carries interim and outcome
}

// Directory is all partners, in file order.
type Directory struct {
	Own      Organization
	Partners []Partner
}

// Partner returns the partner with this id.
func (d *Directory) Partner(id string) (Partner, bool) {
	for _, p := range d.Partners {
		if id != "" && p.ID == id {
			return p, true
		}
	}
	return Partner{}, false
}

// BySender finds the partner whose application and facility (MSH-3, MSH-4; namespace or OID) these are.
func (d *Directory) BySender(application, facility string) (Partner, bool) {
	for _, p := range d.Partners {
		if p.Application == "" && p.Facility == "" {
			continue
		}
		if (p.Application == "" || p.Application == application) && (p.Facility == "" || p.Facility == facility) {
			return p, true
		}
	}
	return Partner{}, false
}

// ByDirect finds the partner that a Direct address belongs to: its rail, a clinician, or the domain of one of its Direct rails.
func (d *Directory) ByDirect(address string) (Partner, bool) {
	if address == "" {
		return Partner{}, false
	}
	for _, p := range d.Partners {
		for _, r := range p.Rails {
			if r.Type == "direct" && strings.EqualFold(r.Address, address) {
				return p, true
			}
		}
		for _, c := range p.Clinicians {
			if strings.EqualFold(c.Direct, address) {
				return p, true
			}
		}
	}
	_, domain, _ := strings.Cut(address, "@")
	for _, p := range d.Partners {
		for _, r := range p.Rails {
			if _, rd, ok := strings.Cut(r.Address, "@"); ok && r.Type == "direct" && strings.EqualFold(rd, domain) {
				return p, true
			}
		}
	}
	return Partner{}, false
}

// ByNPI finds the partner whose organisation or clinician has this NPI.
func (d *Directory) ByNPI(npi string) (Partner, bool) {
	if npi == "" {
		return Partner{}, false
	}
	for _, p := range d.Partners {
		if p.NPI == npi {
			return p, true
		}
		for _, c := range p.Clinicians {
			if c.NPI == npi {
				return p, true
			}
		}
	}
	return Partner{}, false
}

// ByFax finds the partner with this fax number; only digits count, a leading 1 does not.
func (d *Directory) ByFax(number string) (Partner, bool) {
	want := faxDigits(number)
	if want == "" {
		return Partner{}, false
	}
	for _, p := range d.Partners {
		for _, r := range p.Rails {
			if r.Type == "fax" && faxDigits(r.Address) == want {
				return p, true
			}
		}
	}
	return Partner{}, false
}

// Identify fills a party's partner from its own identifiers: NPI of the clinician, of the organisation, Direct address, fax.
func (d *Directory) Identify(p referral.Party) (Partner, bool) {
	for _, find := range []func() (Partner, bool){
		func() (Partner, bool) { return d.Partner(p.Partner) },
		func() (Partner, bool) { return d.ByNPI(p.NPI) },
		func() (Partner, bool) { return d.ByNPI(p.OrgNPI) },
		func() (Partner, bool) { return d.ByDirect(p.Direct) },
		func() (Partner, bool) { return d.ByFax(p.Fax) },
	} {
		if got, ok := find(); ok {
			return got, true
		}
	}
	return Partner{}, false
}

func faxDigits(s string) string {
	return referral.FaxKey(s)
}
