package ccda_test

import (
	"strings"

	"pgregory.net/rapid"

	"refloop/ccda"
)

// gen draws documents: sparse and dense, with odd characters, wrong codes and times that are none.
func gen(kind ccda.Type) *rapid.Generator[ccda.Document] {
	return rapid.Custom(func(t *rapid.T) ccda.Document { return drawDocument(t, kind) })
}

// words draws text as it comes out of OCR and HL7 v2.
func words() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"", "Smith", "O'Brien & Söhne", "<b>bold</b>", "]]>", "&amp;", "\x00\x01\x0b", "\xff\xfe", "a\r\nb", " padded ",
			"x\u0085y", "\uFFFE\uFFFF", "漢字", "👩‍⚕️", "e\u0301", "\u202Eabc", "tab\tbed", "javascript:alert(1)", strings.Repeat("long ", 60)}),
		rapid.String(),
	)
}

func maybe[V any](t *rapid.T, label string, g *rapid.Generator[V]) V {
	var zero V
	if rapid.Bool().Draw(t, label+"?") {
		return g.Draw(t, label)
	}
	return zero
}

func stamps() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"", "2026", "202611", "20261103", "202611031405-0500", "20261103140500-0500", "20261103140500.123+0100", "19680514",
		"UNK", "2026-11-03", "99999999", "20261103-0500", "2026110", "20261332"})
}

func periods() *rapid.Generator[ccda.Period] {
	return rapid.Custom(func(t *rapid.T) ccda.Period {
		if rapid.Bool().Draw(t, "point") {
			return ccda.Period{Point: stamps().Draw(t, "at")}
		}
		return ccda.Period{Low: stamps().Draw(t, "low"), High: stamps().Draw(t, "high"), OpenHigh: rapid.SampledFrom([]string{"", "UNK", "bad flavour"}).Draw(t, "open")}
	})
}

func ids() *rapid.Generator[ccda.ID] {
	return rapid.Custom(func(t *rapid.T) ccda.ID {
		root := rapid.SampledFrom([]string{base, ccda.NPI, "6f1bd58b-c58f-40b7-b314-caf1294ed98b", "", "not an oid", "2.016.1", "3.1"}).Draw(t, "root")
		return ccda.ID{Root: root, Extension: words().Draw(t, "extension"), Authority: maybe(t, "authority", words())}
	})
}

func codes() *rapid.Generator[ccda.Code] {
	fixed := []ccda.Code{{}, snomed("38341003", "Hypertensive disorder"), loinc("2951-2", "Sodium"), rxnorm("314076", "lisinopril"), {Code: "I10", System: ccda.ICD10},
		{Code: "88", System: ccda.CVX}, {Code: "99213", System: ccda.CPT}, {Code: "38341004", System: ccda.SNOMED, Display: "wrong check digit"}, {Code: "00093-1", System: "2.16.840.1.113883.6.69", Display: "an NDC"},
		{Code: "local 1", System: "L", Display: "local"}, {NullFlavor: "NASK"}, {Text: "in words only"}, {Code: "X", NullFlavor: "what"}, {Code: "UR", System: ccda.ActPriority}}
	return rapid.Custom(func(t *rapid.T) ccda.Code {
		c := rapid.SampledFrom(fixed).Draw(t, "code")
		if rapid.Bool().Draw(t, "words?") {
			c.Text = words().Draw(t, "words")
		}
		if rapid.Bool().Draw(t, "translated") {
			c.Translations = []ccda.Code{rapid.SampledFrom(fixed).Draw(t, "translation")}
		}
		return c
	})
}

func names() *rapid.Generator[ccda.Name] {
	return rapid.Custom(func(t *rapid.T) ccda.Name {
		return ccda.Name{Use: rapid.SampledFrom([]string{"", "L", "XX"}).Draw(t, "use"), Given: rapid.SliceOfN(words(), 0, 2).Draw(t, "given"), Family: words().Draw(t, "family"),
			Suffix: rapid.SliceOfN(words(), 0, 2).Draw(t, "suffix"), Prefix: rapid.SliceOfN(words(), 0, 1).Draw(t, "prefix"), Full: words().Draw(t, "full")}
	})
}

func addresses() *rapid.Generator[[]ccda.Address] {
	one := rapid.Custom(func(t *rapid.T) ccda.Address {
		return ccda.Address{Use: rapid.SampledFrom([]string{"", "HP", "nope"}).Draw(t, "use"), Lines: rapid.SliceOfN(words(), 0, 6).Draw(t, "lines"), City: words().Draw(t, "city"),
			State: words().Draw(t, "state"), PostalCode: words().Draw(t, "zip"), Country: rapid.SampledFrom([]string{"", "US", "DE"}).Draw(t, "country")}
	})
	return rapid.SliceOfN(one, 0, 2)
}

func telecoms() *rapid.Generator[[]ccda.Telecom] {
	one := rapid.Custom(func(t *rapid.T) ccda.Telecom {
		return ccda.Telecom{Use: rapid.SampledFrom([]string{"", "WP", "PH"}).Draw(t, "use"), Value: rapid.OneOf(words(),
			rapid.SampledFrom([]string{"tel:+1(555)0100", "555 0100 ext 3", "mailto:a@b.example", "a@b.example", "fax:555-0101", "https://x.example/", "tel:", "mailto:@", "http:", "data:x"})).Draw(t, "value")}
	})
	return rapid.SliceOfN(one, 0, 3)
}

func organizations() *rapid.Generator[*ccda.Organization] {
	return rapid.Custom(func(t *rapid.T) *ccda.Organization {
		return &ccda.Organization{IDs: rapid.SliceOfN(ids(), 0, 2).Draw(t, "ids"), Name: words().Draw(t, "name"), Telecoms: telecoms().Draw(t, "telecoms"), Addresses: addresses().Draw(t, "addresses")}
	})
}

func parties() *rapid.Generator[ccda.Party] {
	return rapid.Custom(func(t *rapid.T) ccda.Party {
		return ccda.Party{IDs: rapid.SliceOfN(ids(), 0, 2).Draw(t, "ids"), Code: codes().Draw(t, "role"), Name: names().Draw(t, "name"), Addresses: addresses().Draw(t, "addresses"),
			Telecoms: telecoms().Draw(t, "telecoms"), Org: maybe(t, "org", organizations())}
	})
}

func authors() *rapid.Generator[ccda.Author] {
	return rapid.Custom(func(t *rapid.T) ccda.Author {
		a := ccda.Author{Time: stamps().Draw(t, "time"), Party: parties().Draw(t, "who")}
		if rapid.Bool().Draw(t, "device") {
			a.Device = &ccda.Device{Model: words().Draw(t, "model"), Software: words().Draw(t, "software")}
		}
		return a
	})
}

func pointer[V any](g *rapid.Generator[V]) *rapid.Generator[*V] {
	return rapid.Map(g, func(v V) *V { return &v })
}

func quantities() *rapid.Generator[ccda.Quantity] {
	return rapid.Custom(func(t *rapid.T) ccda.Quantity {
		return ccda.Quantity{Value: rapid.SampledFrom([]string{"", "1", "-1.5", ".5", "5.", "1e3", "<5", "+", "12 mg"}).Draw(t, "value"), Unit: rapid.SampledFrom([]string{"", "mg", "mm[Hg]", "per day", "{score}"}).Draw(t, "unit")}
	})
}

var kinds = []ccda.Kind{ccda.KindProblem, ccda.KindAllergy, ccda.KindMedication, ccda.KindImmunization, ccda.KindProcedure, ccda.KindPanel, ccda.KindResult, ccda.KindVitals, ccda.KindVital,
	ccda.KindSmoking, ccda.KindTobacco, ccda.KindSocial, ccda.KindEncounter, ccda.KindFunctional, ccda.KindMental, ccda.KindPlanned, ccda.KindReferral, ccda.KindCoverage, ccda.KindNote, ccda.KindFamily, ccda.KindOther, "unheard of"}

func entries(kind ccda.Kind, depth int) *rapid.Generator[ccda.Entry] {
	return rapid.Custom(func(t *rapid.T) ccda.Entry {
		e := ccda.Entry{Kind: kind, IDs: rapid.SliceOfN(ids(), 0, 2).Draw(t, "ids"), Negated: rapid.IntRange(0, 4).Draw(t, "negated") == 0, Code: codes().Draw(t, "code"), Category: maybe(t, "category", codes()),
			Class:  rapid.SampledFrom([]string{"", "act", "encounter", "observation", "procedure", "supply", "medication", "?"}).Draw(t, "class"),
			Mood:   rapid.SampledFrom([]string{"", "EVN", "INT", "RQO", "APT", "?"}).Draw(t, "mood"),
			Status: rapid.SampledFrom([]string{"", "active", "completed", "aborted", "odd"}).Draw(t, "status"), Text: maybe(t, "text", words()), Time: maybe(t, "time", periods())}
		e.Value = ccda.Value{Quantity: maybe(t, "quantity", quantities()), Low: maybe(t, "low", quantities()), High: maybe(t, "high", quantities()), Code: maybe(t, "vcode", codes()), Text: maybe(t, "vtext", words()), Time: maybe(t, "vtime", stamps())}
		e.Interpretation, e.Severity, e.ClinicalStatus = maybe(t, "interpretation", codes()), maybe(t, "severity", codes()), maybe(t, "clinical", codes())
		e.Range, e.Lot = maybe(t, "range", words()), maybe(t, "lot", words())
		e.Reactions = rapid.SliceOfN(codes(), 0, 2).Draw(t, "reactions")
		e.Dose, e.Frequency, e.Route = maybe(t, "dose", quantities()), maybe(t, "frequency", quantities()), maybe(t, "route", codes())
		e.Reason, e.Priority, e.Site = maybe(t, "reason", codes()), maybe(t, "priority", codes()), maybe(t, "site", codes())
		e.By, e.To = maybe(t, "by", pointer(authors())), maybe(t, "to", pointer(parties()))
		e.Subject, e.Location = maybe(t, "subject", codes()), maybe(t, "location", organizations())
		if kind == ccda.KindReferral {
			e.Reasons, e.Services = rapid.SliceOfN(codes(), 0, 2).Draw(t, "reasons"), rapid.SliceOfN(codes(), 0, 2).Draw(t, "services")
		}
		if kind == ccda.KindCoverage {
			e.Coverage = maybe(t, "coverage", pointer(coverages()))
		}
		if kind == ccda.KindNote && rapid.Bool().Draw(t, "file") {
			e.Media = &ccda.Body{MediaType: "application/pdf", Data: rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "data"), Description: words().Draw(t, "description")}
		}
		if depth > 0 {
			e.Parts = rapid.SliceOfN(entries(rapid.SampledFrom(kinds).Draw(t, "part"), 0), 0, 2).Draw(t, "parts")
		}
		return e
	})
}

func coverages() *rapid.Generator[ccda.Coverage] {
	return rapid.Custom(func(t *rapid.T) ccda.Coverage {
		return ccda.Coverage{PolicyID: ids().Draw(t, "policy"), Type: codes().Draw(t, "type"), Payer: *organizations().Draw(t, "payer"), MemberID: ids().Draw(t, "member"), Relationship: codes().Draw(t, "relationship"),
			Member: names().Draw(t, "name"), MemberBirth: stamps().Draw(t, "birth"), Holder: maybe(t, "holder", pointer(parties())), Guarantor: maybe(t, "guarantor", pointer(parties())), Plan: words().Draw(t, "plan"), PlanID: ids().Draw(t, "planID"), Time: periods().Draw(t, "time")}
	})
}

func sections() *rapid.Generator[ccda.Section] {
	var table []string
	for _, s := range ccda.SectionSpecs() {
		table = append(table, s.LOINC)
	}
	table = append(table, "18748-4", "not a code")
	return rapid.Custom(func(t *rapid.T) ccda.Section {
		s := ccda.Section{LOINC: rapid.SampledFrom(table).Draw(t, "loinc"), Title: maybe(t, "title", words()), Text: maybe(t, "text", words()), NullFlavor: rapid.SampledFrom([]string{"", "", "NI", "??"}).Draw(t, "null"),
			Confidentiality: rapid.SampledFrom([]string{"", "", "R", "V", "?"}).Draw(t, "confidentiality")}
		own := kinds
		for _, spec := range ccda.SectionSpecs() {
			if spec.LOINC == s.LOINC && len(spec.Kinds) > 0 && rapid.IntRange(0, 5).Draw(t, "own") > 0 {
				own = spec.Kinds
			}
		}
		for range rapid.IntRange(0, 3).Draw(t, "count") {
			s.Entries = append(s.Entries, entries(rapid.SampledFrom(own).Draw(t, "kind"), 1).Draw(t, "entry"))
		}
		return s
	})
}

func drawDocument(t *rapid.T, kind ccda.Type) ccda.Document {
	d := ccda.Document{Type: kind, ID: ccda.ID{Root: rapid.SampledFrom([]string{"6f1bd58b-c58f-40b7-b314-caf1294ed98b", base}).Draw(t, "root"), Extension: maybe(t, "extension", words())},
		Time: rapid.SampledFrom([]string{"20261103", "202611031405-0500", "20261103140500+0000"}).Draw(t, "time"), Authors: rapid.SliceOfN(authors(), 1, 2).Draw(t, "authors"),
		ReferralID: maybe(t, "referral", ids()), Title: maybe(t, "title", words()), Confidentiality: rapid.SampledFrom([]string{"", "N", "R", "V", "?"}).Draw(t, "confidentiality"),
		Code: maybe(t, "code", codes()), Language: rapid.SampledFrom([]string{"", "en-US", "es", "not one"}).Draw(t, "language"), SetID: maybe(t, "set", ids()), Version: rapid.IntRange(-1, 3).Draw(t, "version"),
		Notice: maybe(t, "notice", words()), Custodian: *organizations().Draw(t, "custodian")}
	d.Patient = ccda.Patient{IDs: rapid.SliceOfN(ids(), 0, 2).Draw(t, "ids"), Names: rapid.SliceOfN(names(), 0, 2).Draw(t, "names"), BirthTime: stamps().Draw(t, "birth"), Sex: rapid.OneOf(codes(), rapid.Just(ccda.Code{Code: "F", System: ccda.Gender})).Draw(t, "sex"),
		Races: rapid.SliceOfN(rapid.OneOf(codes(), rapid.Just(ccda.Code{Code: "2106-3", System: ccda.RaceEthnicity})), 0, 3).Draw(t, "races"), Ethnicities: rapid.SliceOfN(codes(), 0, 2).Draw(t, "ethnicities"), Addresses: addresses().Draw(t, "addresses"), Telecoms: telecoms().Draw(t, "telecoms"),
		Languages: []ccda.Language{{Code: rapid.SampledFrom([]string{"en", "spa", "", "x y"}).Draw(t, "tongue"), Preferred: true}}, ProviderOrg: maybe(t, "provider", organizations()), DeceasedTime: maybe(t, "deceased", stamps()),
		MaritalStatus: maybe(t, "marital", codes()), Religion: maybe(t, "religion", codes())}
	for range rapid.IntRange(0, 2).Draw(t, "labels") {
		d.Labels = append(d.Labels, ccda.Label{Kind: rapid.SampledFrom([]string{ccda.LabelClass, ccda.LabelControl, "?"}).Draw(t, "label"), Section: rapid.SampledFrom([]string{"", ccda.SectionProblems, ccda.SectionReason, "x"}).Draw(t, "labelled"),
			Code: rapid.OneOf(codes(), rapid.SampledFrom([]ccda.Code{ccda.RedisclosureLabels()[0].Code, ccda.RedisclosureLabels()[1].Code, {Code: "TREAT", System: "2.16.840.1.113883.5.8"}})).Draw(t, "handling")})
	}
	if rapid.Bool().Draw(t, "guardian") {
		d.Patient.Guardians = []ccda.Guardian{{Code: codes().Draw(t, "gcode"), Name: names().Draw(t, "gname"), Org: maybe(t, "gorg", organizations()), Telecoms: telecoms().Draw(t, "gtel")}}
	}
	if rapid.Bool().Draw(t, "recipient") {
		d.Recipients = []ccda.Recipient{{Kind: rapid.SampledFrom([]string{"", "PRCP", "X"}).Draw(t, "rkind"), Party: parties().Draw(t, "recipient")}}
	}
	for range rapid.IntRange(0, 2).Draw(t, "participants") {
		d.Participants = append(d.Participants, ccda.Participant{Type: rapid.SampledFrom([]string{"CALLBCK", "IND", "HLD", ""}).Draw(t, "ptype"), Class: rapid.SampledFrom([]string{"", "PRS", "NOK", "?"}).Draw(t, "pclass"), Time: maybe(t, "ptime", periods()), Party: parties().Draw(t, "participant")})
	}
	if rapid.Bool().Draw(t, "signed") {
		d.LegalAuthenticator = &ccda.Authenticator{Time: stamps().Draw(t, "signed at"), Party: parties().Draw(t, "signer")}
	}
	d.Orders = rapid.SliceOfN(ids(), 0, 2).Draw(t, "orders")
	if rapid.Bool().Draw(t, "related") {
		d.Related = []ccda.Related{{Type: rapid.SampledFrom([]string{"RPLC", "?"}).Draw(t, "rtype"), ID: ids().Draw(t, "rid"), SetID: ids().Draw(t, "rset")}}
	}
	if rapid.Bool().Draw(t, "service") {
		d.Service = &ccda.ServiceEvent{Class: rapid.SampledFrom([]string{"", "PCPR", "?"}).Draw(t, "sclass"), Time: periods().Draw(t, "stime"), Performers: []ccda.Performer{{Type: "PRF", Function: codes().Draw(t, "function"), Party: parties().Draw(t, "performer")}}}
	}
	if rapid.Bool().Draw(t, "encounter") {
		d.Encounter = &ccda.Encounter{IDs: rapid.SliceOfN(ids(), 0, 2).Draw(t, "eids"), Code: codes().Draw(t, "ecode"), Time: periods().Draw(t, "etime"), Responsible: maybe(t, "responsible", pointer(parties())), Location: maybe(t, "place", organizations())}
	}
	if kind == ccda.TypeUnstructured {
		d.Body = &ccda.Body{MediaType: rapid.SampledFrom([]string{"application/pdf", "text/plain", "image/tiff"}).Draw(t, "media"), Data: rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(t, "data")}
		return d
	}
	d.Sections = rapid.SliceOfN(sections(), 0, 8).Draw(t, "sections")
	return d
}
