package transform

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"refloop/referral"
)

func rich() referral.Referral {
	return referral.Referral{
		Reason: "Chest pain", Diagnoses: []referral.Coded{{Code: "I25.10"}, {Code: "F11.20"}, {Code: "F17.210"}},
		Results:    []referral.Observation{{Test: referral.Coded{Text: "A"}, Time: "2020-01-01"}, {Test: referral.Coded{Text: "B"}, Time: "2026-11-01T08:00:00Z"}, {Test: referral.Coded{Text: "C"}}},
		Vitals:     []referral.Observation{{Test: referral.Coded{Text: "BP"}, Time: "2026-11"}},
		Procedures: []referral.Coded{{Code: "1"}, {Code: "2"}}, Coverage: []referral.Coverage{{Payer: "P"}},
		Sections: []referral.Section{
			{LOINC: "29762-2", Title: "Social History", Text: "x"}, {LOINC: "10157-6", Title: "Family History", Text: "y"}, {LOINC: "28653-4", Title: "Psychotherapy Note", Text: "z"},
		},
		Documents: []referral.Document{
			{ID: "1", Kind: "attachment", ContentType: "application/pdf", Time: time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC)}, {ID: "2", Kind: "attachment", ContentType: "image/tiff"},
			{ID: "3", Kind: "report", ContentType: "text/plain"}, {ID: "4", Kind: "attachment", ContentType: "application/pdf", Title: "Process notes 2026"},
		},
	}
}

func TestProfile(t *testing.T) {
	at := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	ids := func(list []referral.Document) (out string) {
		for _, d := range list {
			out += d.ID
		}
		return out
	}
	for name, c := range map[string]struct {
		p                                            Profile
		part2                                        bool
		results, vitals, procedures, cover, sections int
		papers                                       string
		left                                         []string
	}{
		"zero":                       {Profile{}, false, 3, 1, 2, 1, 2, "123", []string{"1 section: " + needsBasis, "1 attachment: " + needsBasis}},
		"psychotherapy with a basis": {Profile{Basis: []string{BasisPsychotherapy}}, false, 3, 1, 2, 1, 3, "1234", nil},
		"some sections": {Profile{Sections: []string{"results", "10157-6"}}, false, 3, 0, 0, 0, 1, "123",
			[]string{"1 vital sign: " + byProfile, "2 procedures: " + byProfile, "1 insurance: " + byProfile, "1 section: " + needsBasis, "1 section: " + byProfile, "1 attachment: " + needsBasis}},
		"look back": {Profile{LookBack: 365 * 24 * time.Hour}, false, 2, 1, 2, 1, 2, "23",
			[]string{"1 result: " + byAge, "1 section: " + needsBasis, "1 attachment: " + needsBasis, "1 attachment: " + byAge}},
		"pdf only":        {Profile{Attachments: []string{"pdf"}}, false, 3, 1, 2, 1, 2, "13", []string{"1 section: " + needsBasis, "1 attachment: " + needsBasis, "1 attachment: " + byProfile}},
		"no paper":        {Profile{Attachments: []string{"none"}}, false, 3, 1, 2, 1, 2, "3", []string{"1 section: " + needsBasis, "1 attachment: " + needsBasis, "2 attachments: " + byProfile}},
		"part 2":          {Profile{Strict: true}, true, 3, 1, 2, 1, 0, "3", []string{"1 item: " + needsBasis, "3 sections: " + needsBasis, "3 attachments: " + needsBasis}},
		"part 2 by basis": {Profile{Strict: true, Basis: []string{BasisPart2, BasisPsychotherapy}}, true, 3, 1, 2, 1, 3, "1234", nil},
	} {
		r := rich()
		r.Confidentiality.Part2 = c.part2
		before := rich()
		before.Confidentiality.Part2 = c.part2
		got, left := c.p.Apply(r, at)
		if !reflect.DeepEqual(before, r) {
			t.Errorf("%s: the record was changed", name)
		}
		if len(got.Results) != c.results || len(got.Vitals) != c.vitals || len(got.Procedures) != c.procedures || len(got.Coverage) != c.cover || len(got.Sections) != c.sections || ids(got.Documents) != c.papers {
			t.Errorf("%s: got %d results, %d vital signs, %d procedures, %d insurances, %d sections, papers %s", name, len(got.Results), len(got.Vitals), len(got.Procedures), len(got.Coverage), len(got.Sections), ids(got.Documents))
		}
		if !slices.Equal(c.left, left) {
			t.Errorf("%s: got %q, want %q", name, left, c.left)
		}
		if got.Reason != r.Reason || slices.ContainsFunc(left, func(s string) bool { return strings.Contains(s, "F11") || strings.Contains(s, "Psycho") }) {
			t.Errorf("%s: %q", name, left)
		}
		if want := 3 - map[bool]int{true: 1}[c.part2 && !slices.Contains(c.p.Basis, BasisPart2)]; len(got.Diagnoses) != want {
			t.Errorf("%s: %d diagnoses", name, len(got.Diagnoses))
		}
	}
}

// TestServiceProfile: a profile may say something else for some services; what it does not say stays.
func TestServiceProfile(t *testing.T) {
	p := Profile{Sections: []string{"results"}, Attachments: []string{"pdf"}, Services: []ServiceProfile{
		{For: []string{"Cardiology", "93306"}, Sections: []string{"vitals"}, LookBack: 365 * 24 * time.Hour}, {For: []string{"cardiology"}, Attachments: []string{"none"}},
	}}
	for name, c := range map[string]struct {
		specialty       string
		service         referral.Service
		results, vitals int
		papers          int
	}{
		"other":        {"dermatology", referral.Service{}, 3, 0, 2},
		"nothing":      {"", referral.Service{}, 3, 0, 2},
		"by specialty": {"cardiology ", referral.Service{}, 0, 1, 1},
		"by code":      {"", referral.Service{Coded: referral.Coded{Code: "93306"}}, 0, 1, 1},
		"by procedure": {"", referral.Service{Procedures: []string{"1", "93306"}}, 0, 1, 1},
		"by words":     {"", referral.Service{Coded: referral.Coded{Text: "CARDIOLOGY"}}, 0, 1, 1},
	} {
		r := rich()
		r.Specialty, r.Service = c.specialty, c.service
		got, left := p.Apply(r, time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC))
		if len(got.Results) != c.results || len(got.Vitals) != c.vitals || len(got.Documents) != c.papers || len(left) == 0 {
			t.Errorf("%s: got %d results, %d vital signs, %d papers, left %q", name, len(got.Results), len(got.Vitals), len(got.Documents), left)
		}
	}
}
