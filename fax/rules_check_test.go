package fax_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"refloop/fax"
)

func TestCheckRules(t *testing.T) {
	b, err := os.ReadFile("rules/default.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if m := fax.CheckRules(b); len(m) > 0 {
		t.Errorf("the rules that come with the program: got\n%v", m)
	}
	m := fax.CheckRules([]byte(`labels:
  patient_dob: [came into this world, 7]
  patient_birth: [born]
  reason: what troubles
types:
  referral: {harbour slip: 4, "": 3}
  letter: {x y: 1}
  lab_result: {panel: many}
specialties: {cardiology: [heart desk]}
colour: red
`))
	var got []string
	for _, one := range m {
		got = append(got, fmt.Sprintf("%d:%d %s", one.Line, one.Col, one.Key))
	}
	want := "3:3 labels\n4:11 labels.reason\n6:31 types.referral\n7:3 types\n8:23 types.lab_result\n10:1 rules"
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s\n%v", strings.Join(got, "\n"), want, m)
	}
}

// A site's words make the general extraction read a form that it did not know, without a template.
func TestSiteRules(t *testing.T) {
	site := []byte("labels:\n  patient_dob: [came into this world]\n  patient_mrn: [sheet key]\ntypes:\n  referral: {intake slip: 5}\n")
	if m := fax.CheckRules(site); len(m) > 0 {
		t.Fatal(m)
	}
	rules, err := fax.WithRules(site)
	if err != nil {
		t.Fatal(err)
	}
	p := rules.Extract([]fax.PageText{strangePage(strangeB, 1, 0, 0)}).Papers[0]
	if p.Type != fax.KindReferral || p.Fields["patient_dob"].Value != "1981-02-03" || p.Fields["patient_mrn"].Value != "HH-31988" {
		t.Errorf("got %s with %v, want the form read", p.Type, p.Fields)
	}
}

func FuzzCheckRules(f *testing.F) {
	f.Add([]byte("labels:\n  patient_dob: [born on]\n"))
	f.Add([]byte("types: {referral: {a b: 3}}\npart2: [x y]\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m := fax.CheckRules(b)
		if _, err := fax.ParseRules(b); len(m) == 0 && err != nil {
			t.Errorf("checked, but not taken: %v", err)
		}
	})
}
