package fax

import (
	"strings"
	"testing"
)

func TestCodeRoundTrip(t *testing.T) {
	for _, c := range []Code{{"7K3M9QX2T4V8WZ5C", 2, 4}, {"0190f2c4-5d1e-7b3a-9c42-1f2e3d4c5b6a", 1, 1}, {"A", 9999, 9999}} {
		got, err := ParseCode(c.String())
		if err != nil || got != c {
			t.Errorf("%s: got %+v, %v", c, got, err)
		}
	}
	for _, c := range []Code{{"", 1, 1}, {"A", 0, 1}, {"A", 2, 1}, {"-A", 1, 1}, {"A B", 1, 1}, {strings.Repeat("A", 41), 1, 1}, {"A", 1, 10_000}} {
		if c.Valid() == nil {
			t.Errorf("%+v: got no error, want one", c)
		}
	}
}

// TestCodeFindsEverySingleMistake changes each character to each other one.
func TestCodeFindsEverySingleMistake(t *testing.T) {
	s := Code{"7K3M9QX2T4V8WZ5C", 2, 4}.String()
	for i := range s {
		for _, r := range "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-" {
			if wrong := s[:i] + string(r) + s[i+1:]; wrong != s {
				if c, err := ParseCode(wrong); err == nil {
					t.Errorf("character %d made %c: got page %d of %d, want an error", i, r, c.Page, c.Pages)
				}
			}
		}
	}
}

func TestFindCodes(t *testing.T) {
	want := Code{"7K3M9QX0T1V8WZ5C", 2, 4}
	s := want.String()
	for _, text := range []string{s, "Ref " + s + " thank you", strings.ToLower(s), strings.ReplaceAll(s, "-", " - "), "R1" + s[2:], strings.Replace(s, "QX0T1V", "QXOTIV", 1), strings.Replace(s, "-", "—", 1)} {
		found := FindCodes(text)
		if len(found) != 1 || found[0] != want {
			t.Errorf("%q: got %v, want %v", text, found, want)
		}
	}
	if found := FindCodes(strings.Replace(s, "7K", "7X", 1)); len(found) != 0 {
		t.Errorf("wrong character: got %v, want none", found)
	}
}

func FuzzFindCodes(f *testing.F) {
	f.Add(Code{"7K3M9QX0T1V8WZ5C", 2, 4}.String())
	f.Add("RL-1-1-1-00")
	f.Fuzz(func(t *testing.T, s string) {
		for _, c := range FindCodes(s) {
			if got, err := ParseCode(c.String()); err != nil || got != c {
				t.Fatalf("got a code that does not come back: %v", err)
			}
		}
	})
}

func TestOwnCode(t *testing.T) {
	c, other := Code{"7K3M9QX0T1V8WZ5C", 2, 4}, Code{"7K3M9QX0T1V8WZ5D", 2, 4}
	words := func(s string) [][]Word {
		var list []Word
		for i, line := range strings.Split(s, "\n") {
			for _, w := range strings.Fields(line) {
				list = append(list, Word{Text: w, Line: i})
			}
		}
		return [][]Word{list}
	}
	for name, test := range map[string]struct {
		page PageText
		want bool
	}{
		"bar codes":     {PageText{Codes: []string{c.String(), c.String(), "0123"}}, true},
		"plain type":    {PageText{Readings: words("Referral\n" + c.String() + " Keep this code on replies\nPatient")}, true},
		"contradiction": {PageText{Codes: []string{c.String(), other.String()}}, false},
		"none":          {PageText{Codes: []string{"RL-1"}, Readings: words("RL 7\nK3M9")}, false},
	} {
		if got, ok := test.page.OwnCode(); ok != test.want || ok && got != c {
			t.Errorf("%s: got %v, %t, want %t", name, got, ok, test.want)
		}
	}
	res := Extract([]PageText{{Number: 1, Width: 1728, Height: 2156, DPI: 204, Codes: []string{c.String()}, Readings: words("Referral\nPatient Yolanda Castellanos")}})
	if len(res.Papers) != 1 || res.Papers[0].Fields["referral_id"].Value != c.Referral {
		t.Errorf("Extract: got %+v, want the referral ID of the code", res.Papers)
	}
}
