package hl7

import "strings"

// HD is a hierarchic designator (2A.33): who assigned an identifier.
type HD struct {
	Namespace string // .1, a local name
	ID        string // .2, for instance an OID
	Type      string // .3, for instance ISO
}

// HD reads a designator from a field, a component or a repetition, whichever v is.
func (v Value) HD() HD {
	if v.level >= atComponent {
		return HD{v.sub(1), v.sub(2), v.sub(3)}
	}
	return HD{v.Comp(1), v.Comp(2), v.Comp(3)}
}

func (v Value) sub(n int) string { return v.Subcomponent(n).String() }

// CX is an identifier with its assigner (2A.14), as in PID-3.
type CX struct {
	ID        string
	Authority HD     // .4
	Type      string // .5, table 0203: MR, and MRN as 360X writes it
	Facility  HD     // .6
}

// CX reads one repetition of an identifier.
func (v Value) CX() CX {
	return CX{ID: v.Comp(1), Authority: v.Component(4).HD(), Type: v.Comp(5), Facility: v.Component(6).HD()}
}

// EI is an entity identifier (2A.28), as in RF1-6, ORC-2, OBR-3.
type EI struct {
	ID        string
	Authority HD // .2 to .4
}

// EI reads an entity identifier. When EI.1 is empty and EI.3 is not, as one UK system sends it (^^REF001), EI.3 is the ID.
func (v Value) EI() EI {
	part := v.Comp
	if v.level >= atComponent {
		part = v.sub
	}
	e := EI{ID: part(1), Authority: HD{part(2), part(3), part(4)}}
	if e.ID == "" && e.Authority.ID != "" {
		e.ID, e.Authority.ID = e.Authority.ID, ""
	}
	return e
}

// XPN is a person's name (2A.89).
type XPN struct {
	Family, Given, Middle, Suffix, Prefix, Degree string
	Type                                          string // .7, table 0200: L legal, D display ...
}

// XPN reads one repetition of a name. Of a family name in parts the surname is taken (FN.1, with its own prefix in it).
func (v Value) XPN() XPN {
	return XPN{v.Comp(1), v.Comp(2), v.Comp(3), v.Comp(4), v.Comp(5), v.Comp(6), v.Comp(7)}
}

// XCN is a person with an identifier (2A.88), as in OBR-16 and PV1-7.
type XCN struct {
	ID        string
	Name      XPN    // .2 to .7, type from .10
	Authority HD     // .9
	IDType    string // .13, table 0203: NPI ...
}

// XCN reads one repetition of a person.
func (v Value) XCN() XCN {
	return XCN{
		ID:        v.Comp(1),
		Name:      XPN{v.Comp(2), v.Comp(3), v.Comp(4), v.Comp(5), v.Comp(6), v.Comp(7), v.Comp(10)},
		Authority: v.Component(9).HD(),
		IDType:    v.Comp(13),
	}
}

// OIDNPI is the assigning authority of the US National Provider Identifier.
const OIDNPI = "2.16.840.1.113883.4.6"

// NPI returns the ID when it is marked as a National Provider Identifier by type, OID or namespace, else "".
func (x XCN) NPI() string {
	if isNPI(x.IDType, x.Authority) {
		return x.ID
	}
	return ""
}

func isNPI(kind string, a HD) bool {
	return kind == "NPI" || a.ID == OIDNPI || strings.HasPrefix(strings.ToUpper(a.Namespace), "NPI")
}

// PLN is a practitioner's identifier (2A.50), as in PRD-7 and CTD-7.
type PLN struct {
	ID, Type  string // .1 and .2 (table 0338: NPI, SL, ...)
	Qualifier string // .3, a state or authority
}

// PLN reads one repetition of a practitioner identifier.
func (v Value) PLN() PLN { return PLN{v.Comp(1), v.Comp(2), v.Comp(3)} }

// XON is an organisation (2A.90), as in ORC-21.
type XON struct {
	Name      string
	ID        string // .10, or .3 in older versions
	Authority HD     // .6
	IDType    string // .7
}

// XON reads one repetition of an organisation.
func (v Value) XON() XON {
	x := XON{Name: v.Comp(1), ID: v.Comp(10), Authority: v.Component(6).HD(), IDType: v.Comp(7)}
	if x.ID == "" {
		x.ID = v.Comp(3)
	}
	return x
}

// XAD is an address (2A.86).
type XAD struct {
	Street, Other, City, State, Zip, Country string
	Type                                     string // .7, table 0190: H home ...
}

// XAD reads one repetition of an address.
func (v Value) XAD() XAD {
	return XAD{v.Comp(1), v.Comp(2), v.Comp(3), v.Comp(4), v.Comp(5), v.Comp(6), v.Comp(7)}
}

// Coded is a coded element, CE, CWE or CNE (2A.13).
type Coded struct {
	Code, Text, System          string // .1 to .3
	AltCode, AltText, AltSystem string // .4 to .6
	Original                    string // .9
}

// Coded reads one repetition of a coded element.
func (v Value) Coded() Coded {
	return Coded{v.Comp(1), v.Comp(2), v.Comp(3), v.Comp(4), v.Comp(5), v.Comp(6), v.Comp(9)}
}

// Label returns the first text that is there: .2, .9, .5, else the code.
func (c Coded) Label() string {
	for _, s := range []string{c.Text, c.Original, c.AltText, c.Code} {
		if s != "" {
			return s
		}
	}
	return c.AltCode
}
