package referral_test

import (
	"slices"
	"testing"

	. "refloop/referral"
)

func TestIdentifiers(t *testing.T) {
	const u = "6F9619FF-8B86-D011-B42D-00CF4FC964FF"
	id := func(v, a, k string) Identifier { return Identifier{Value: v, Authority: a, Kind: k} }
	for _, c := range []struct {
		name              string
		a, b              Identifier
		equal, compatible bool
	}{
		{"same", id("1", "2.16.1", KindReferral), id(" 1 ", "2.16.1", KindReferral), true, true},
		{"kind may differ with an authority", id("1", "2.16.1", KindReferral), id("1", "2.16.1", KindPlacer), true, false},
		{"another authority", id("1", "2.16.1", KindPlacer), id("1", "2.16.2", KindPlacer), false, false},
		{"value is exact", id("a1", "2.16.1", KindPlacer), id("A1", "2.16.1", KindPlacer), false, false},
		{"leading zeros count", id("01", "2.16.1", KindPlacer), id("1", "2.16.1", KindPlacer), false, false},
		{"urn", id("1", "urn:oid:2.16.1", KindPlacer), id("1", "2.16.1", KindPlacer), true, true},
		{"uuid without case", id("1", u, KindPlacer), id("1", "urn:uuid:6f9619ff-8b86-d011-b42d-00cf4fc964ff", KindPlacer), true, true},
		{"namespace with case", id("1", "NSEHR", KindPlacer), id("1", "nsehr", KindPlacer), false, false},
		{"one authority missing", id("1", "2.16.1", KindPlacer), id("1", "", KindPlacer), false, true},
		{"both missing", id("1", "", KindPlacer), id("1", "", KindPlacer), true, true},
		{"both missing, other kind", id("1", "", KindPlacer), id("1", "", KindAppointment), false, false},
		{"empty is nothing", id("", "2.16.1", KindPlacer), id("", "2.16.1", KindPlacer), false, false},
	} {
		for _, p := range [][2]Identifier{{c.a, c.b}, {c.b, c.a}} {
			if got := p[0].Equal(p[1]); got != c.equal {
				t.Errorf("%s: Equal %v", c.name, got)
			}
			if got := p[0].Compatible(p[1]); got != c.compatible {
				t.Errorf("%s: Compatible %v", c.name, got)
			}
		}
		if c.equal && c.a.Key() != c.b.Key() {
			t.Errorf("%s: keys %q and %q", c.name, c.a.Key(), c.b.Key())
		}
	}
}

func TestSamePatient(t *testing.T) {
	with := func(f func(*Patient)) Patient { p := patient(); f(&p); return p }
	mrn := func(ids ...Identifier) func(*Patient) { return func(p *Patient) { p.IDs = ids } }
	for _, c := range []struct {
		name string
		b    Patient
		want Match
		diff []string
	}{
		{"the same", patient(), MatchSame, nil},
		{"nothing known", Patient{}, MatchUnknown, nil},
		{"marks, case and hyphens do not count", with(func(p *Patient) { p.Name = Name{Family: "TÉST-FALL", Given: "àda"} }), MatchSame, nil},
		{"own number added", with(mrn(patient().IDs[0], Identifier{Value: "77", Authority: "2.16.2"})), MatchSame, nil},
		{"only the recipient's own number", with(mrn(Identifier{Value: "77", Authority: "2.16.2"})), MatchSame, nil},
		{"number without authority, other value", with(mrn(Identifier{Value: "77"})), MatchSame, nil},
		{"another number", with(mrn(Identifier{Value: "MRN-2", Authority: "2.16.1"})), MatchOther, []string{DiffMRN}},
		{"another kind of number", with(mrn(Identifier{Value: "9", Authority: "2.16.1", Kind: KindVisit})), MatchSame, nil},
		{"another birth date", with(func(p *Patient) { p.BirthDate = "1970-01-03" }), MatchOther, []string{DiffBirthDate}},
		{"shorter birth date", with(func(p *Patient) { p.BirthDate = "1970-01" }), MatchSame, nil},
		{"another way to write it", with(func(p *Patient) { p.BirthDate = "19700102" }), MatchSame, nil},
		{"married", with(func(p *Patient) { p.Name.Family = "Anders" }), MatchSame, []string{DiffLastName}},
		{"sex alone", with(func(p *Patient) { p.Sex = "M" }), MatchSame, []string{DiffSex}},
		{"sex unknown", with(func(p *Patient) { p.Sex, p.Name.Family = "U", "Anders" }), MatchSame, []string{DiffLastName}},
		{"last name and sex", with(func(p *Patient) { p.Sex, p.Name.Family = "M", "Anders" }), MatchOther, []string{DiffLastName, DiffSex}},
		{"nickname", with(func(p *Patient) { p.Name.Given = "Adi" }), MatchSame, []string{DiffFirstName}},
	} {
		if m, diff := SamePatient(patient(), c.b); m != c.want || !slices.Equal(diff, c.diff) {
			t.Errorf("%s: got %v %v, want %v %v", c.name, m, diff, c.want, c.diff)
		}
		if m, _ := SamePatient(c.b, patient()); m != c.want {
			t.Errorf("%s: not the same the other way round", c.name)
		}
	}
}

func TestParseName(t *testing.T) {
	for line, want := range map[string]Name{
		"Ana Ruiz MD":           {Given: "Ana", Family: "Ruiz", Degree: "MD"},
		"Dr. Ben A. Muster, DO": {Prefix: "Dr.", Given: "Ben", Middle: "A.", Family: "Muster", Degree: "DO"},
		"Muster, Ben A MD":      {Given: "Ben", Middle: "A", Family: "Muster", Degree: "MD"},
		"Muster":                {Family: "Muster"},
		"":                      {},
	} {
		want.Text = line
		if got := ParseName(line); got != want {
			t.Errorf("%q: %+v", line, got)
		}
	}
}

func TestProof(t *testing.T) {
	for _, c := range []struct {
		rail  string
		s     DeliveryState
		from  string
		grade Grade
		ok    bool
	}{
		{OriginMLLP, DeliveryTransportOK, "ehr", "", false}, {OriginMLLP, DeliveryDelivered, "ehr", GradeA, true}, {OriginMLLP, DeliveryDelivered, "engine", GradeD, false},
		{OriginDirect, DeliveryTransportOK, "", "", false}, {OriginDirect, DeliveryDelivered, "", GradeA, true}, {OriginFax, DeliveryDelivered, "", GradeD, false},
		{OriginFile, DeliveryDelivered, "", GradeA, true}, {OriginLink, DeliveryRead, "", GradeB, true}, {OriginLink, DeliveryDelivered, "", GradeB, false},
		{OriginPhone, DeliveryDelivered, "", GradeC, false}, {"pigeon", DeliveryDelivered, "", "", false},
	} {
		if g, ok := Proof(c.rail, c.s, c.from); g != c.grade || ok != c.ok {
			t.Errorf("%s %s %s: %q %v", c.rail, c.s, c.from, g, ok)
		}
	}
}
