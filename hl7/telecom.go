package hl7

import "strings"

// XTN is a telecommunication address (2A.91): a telephone or fax number, or an electronic address.
type XTN struct {
	Whole       string // .1, the number as one text in versions before 2.7
	Use         string // .2, table 0201: WPN, PRN, NET ...
	Equipment   string // .3, table 0202: PH, FX, CP, Internet, X.400 ...
	Address     string // .4
	Country     string // .5
	Area        string // .6
	Local       string // .7
	Extension   string // .8
	Any         string // .9, free text
	Unformatted string // .12, the number as one text since 2.7
}

// XTN reads one repetition of a telecommunication address.
func (v Value) XTN() XTN {
	return XTN{
		Whole: v.Comp(1), Use: v.Comp(2), Equipment: v.Comp(3), Address: v.Comp(4), Country: v.Comp(5),
		Area: v.Comp(6), Local: v.Comp(7), Extension: v.Comp(8), Any: v.Comp(9), Unformatted: v.Comp(12),
	}
}

// Email returns the electronic address (e-mail or Direct), wherever the sender put it: .4, .12 or .1; "" when there is none.
func (x XTN) Email() string {
	for _, s := range []string{x.Address, x.Unformatted, x.Whole, x.Any} {
		if i := strings.IndexByte(s, '@'); i > 0 && i < len(s)-1 && !strings.ContainsAny(s, " \t\n") {
			if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
				return s[7:]
			}
			return s
		}
	}
	return ""
}

// Number returns the telephone or fax number as one text: .12, .1, or .5 to .8 put together; "" for an electronic address.
func (x XTN) Number() string {
	for _, s := range []string{x.Unformatted, x.Whole} {
		if s != "" && !strings.Contains(s, "@") {
			return s
		}
	}
	if x.Local == "" {
		return ""
	}
	var b strings.Builder
	if x.Country != "" {
		b.WriteString("+" + strings.TrimPrefix(x.Country, "+") + " ")
	}
	if x.Area != "" {
		b.WriteString("(" + x.Area + ") ")
	}
	b.WriteString(x.Local)
	if x.Extension != "" {
		b.WriteString(" x" + x.Extension)
	}
	return b.String()
}

// Fax tells whether the equipment type says that it is a fax machine.
func (x XTN) Fax() bool {
	return strings.EqualFold(x.Equipment, "FX") || strings.EqualFold(x.Use, "FX")
}
