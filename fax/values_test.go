package fax

import (
	"strings"
	"testing"
)

func wordsOf(s string) []Word {
	var out []Word
	for _, t := range strings.Fields(s) {
		out = append(out, Word{Text: t, Conf: 0.95})
	}
	return out
}

func TestFindDate(t *testing.T) {
	for in, want := range map[string]string{
		"02/23/1978": "1978-02-23", "2/3/78": "1978-02-03", "1978-02-23": "1978-02-23", "23-Feb-1978": "1978-02-23", "February 23, 1978": "1978-02-23",
		"Feb. 3rd 1978": "1978-02-03", "02/30/1978": "", "13/01/1978": "", "02-23-1978": "1978-02-23", "1/2/26": "2026-01-02", "no date 12": "", "02/29/2024": "2024-02-29",
		"02/29/2023": "", "555-0101-22": "",
	} {
		if got := findDate(in, pivotDOB); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestFindPhone(t *testing.T) {
	for in, want := range map[string]string{
		"(262) 555-0177": "2625550177", "262.555.0177": "2625550177", "1-262-555-0177": "2625550177", "+1 262 555 0177": "2625550177",
		"(262) 555-O177": "2625550177", "555-0177": "", "162-555-0177": "", "12345678901234": "",
	} {
		if got := findPhone(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestValidators(t *testing.T) {
	for in, want := range map[string]bool{"1234567893": true, "1234567890": false, "3234567893": false, "123456789": false, "12345678a3": false} {
		if ValidNPI(in) != want {
			t.Errorf("NPI %q: got %v", in, !want)
		}
	}
	for in, want := range map[string]bool{"M54.50": true, "I10": true, "S72.001A": true, "E11.319": true, "M54.": false, "154.50": false, "M5450": false, "C7A.00": true, "O9A.1": true, "MXX": false} {
		if ValidICD10(in) != want {
			t.Errorf("ICD-10 %q: got %v", in, !want)
		}
	}
	for in, want := range map[string]bool{"1EG4TE5MK73": true, "1EG4-TE5-MK73": false, "0EG4TE5MK73": false, "W12345678": false} {
		if ValidMBI(in) != want {
			t.Errorf("MBI %q: got %v", in, !want)
		}
	}
	if code, mended := fixICD("M54.5O"); code != "M54.50" || !mended {
		t.Errorf("got %q, want the O mended", code)
	}
	if !stateAgrees("WI", "53140") || stateAgrees("IL", "53140") {
		t.Error("state and ZIP code")
	}
}

func TestParsePerson(t *testing.T) {
	for in, want := range map[string]string{
		"Castellanos, Yolanda H":       "Yolanda|H|Castellanos|",
		"Fatima P. Petrovic":           "Fatima|P|Petrovic|",
		"RAO, DEBORAH H":               "DEBORAH|H|RAO|",
		"Jamal P. De La Cruz III":      "Jamal|P|De La Cruz|III",
		"Rajesh Rao, Jr.":              "Rajesh||Rao|Jr",
		"Dr. Ana O'Neil-Smith, MD":     "Ana||O'Neil-Smith|",
		"Great Lakes Medical Group":    "",
		"Ann":                          "",
		"the patient reports symptoms": "",
		"Ann 12 Example":               "",
	} {
		p, ok := parsePerson(wordsOf(in))
		got := ""
		if ok {
			got = strings.Join([]string{p.first, p.middle, p.last, p.suffix}, "|")
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestParseRules(t *testing.T) {
	r, err := ParseRules(defaultRules, []byte("labels:\n  patient_mrn: [hospital no]\n"))
	if err != nil {
		t.Fatal(err)
	}
	p := typed(0.95, "REFERRAL FORM", "Hospital No: 4711-99")
	if got := r.Extract([]PageText{p}).Papers[0].Fields["patient_mrn"].Value; got != "4711-99" {
		t.Errorf("got %q by a site's own label", got)
	}
	for name, b := range map[string]string{"unknown key": "labels:\n  patient_shoe_size: [shoes]\n", "unknown part": "colours: {}\n", "not yaml": "\x00", "too large": strings.Repeat("#", maxRules+1)} {
		if _, err := ParseRules([]byte(b)); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}
