package fax

import (
	"slices"
	"strings"
	"testing"
)

// sure is the review line that the tests hold doubtful values to.
const sure = 0.95

// exactly lays out lines as typed does, as a page with a text layer.
func exactly(lines ...string) PageText {
	p := typed(1, lines...)
	p.Exact = true
	return p
}

func fieldsOf(t *testing.T, lines ...string) map[string]Field {
	t.Helper()
	r := Extract([]PageText{exactly(lines...)})
	if len(r.Papers) != 1 {
		t.Fatalf("got %d papers, want one", len(r.Papers))
	}
	return r.Papers[0].Fields
}

var lakesideForm = []string{"REFERRAL FORM", "", "Patient Name: Ann Example", "Date of Birth: 03/14/1980", "MRN: 300121", "Reason for referral: knee pain"}

func TestListsKeepTheirDoubts(t *testing.T) {
	for _, line := range []string{
		"Allergies: Peanuts (father), patient none known", "Allergies: ? penicillin", "Allergies: penicillin ?", "Allergies: see attached list",
		"Allergies: denies", "Allergies: possible latex", "Allergies: no longer allergic to codeine", "Allergies: codeine per patient", "Allergies: refused",
		"Allergies: unknown", "Allergies: Severe ones: codeine", "Allergies: none known, codeine",
		"Medications: STOP metformin 500 mg. START lisinopril 10 mg", "Medications: aspirin 81 mg (patient stopped)", "Medications: amoxicillin 500 mg (completed 2025)",
		"Medications: hold warfarin 5 mg", "Medications: warfarin 5 mg discontinued", "Medications: none, aspirin 81 mg", "Medications: see list",
	} {
		key := strings.ToLower(line[:strings.Index(line, ":")])
		f := fieldsOf(t, append(slices.Clone(lakesideForm), line)...)[key]
		if f.Confidence >= sure {
			t.Errorf("%s: got %v at %v, want it under the review line", line, f.List, f.Confidence)
		}
	}
	f := fieldsOf(t, append(slices.Clone(lakesideForm), "Allergies: ? penicillin")...)["allergies"]
	if !slices.Equal(f.List, []string{"? penicillin"}) {
		t.Errorf("got %q, want the question mark kept", f.List)
	}
	for _, line := range []string{"Allergies: penicillin, latex", "Allergies: NKDA", "Allergies: None known", "Allergies: No known drug allergies", "Medications: apixaban 5 mg"} {
		key := strings.ToLower(line[:strings.Index(line, ":")])
		if f := fieldsOf(t, append(slices.Clone(lakesideForm), line)...)[key]; f.Confidence < sure {
			t.Errorf("%s: got %v at %v, want it over the review line", line, f.List, f.Confidence)
		}
	}
}

func TestPastMedicationsAreALabel(t *testing.T) {
	for _, label := range []string{"Discontinued medications", "Past medications", "Previous medications", "Stopped medications", "Prior meds", "Medications stopped"} {
		f := fieldsOf(t, append(slices.Clone(lakesideForm), "Allergies: penicillin", label+": ibuprofen 200 mg", "Current medications: none")...)
		if a := f["allergies"]; !slices.Equal(a.List, []string{"penicillin"}) {
			t.Errorf("%s: got allergies %q, want the list to end before", label, a.List)
		}
		if m, ok := f["medications"]; ok {
			t.Errorf("%s: got medications %q, want none", label, m.List)
		}
	}
	for _, label := range []string{"Current medications", "Home medications", "Active meds", "Medications"} {
		f := fieldsOf(t, append(slices.Clone(lakesideForm), "Past medications: warfarin 5 mg", label+": apixaban 5 mg")...)["medications"]
		if !slices.Equal(f.List, []string{"apixaban 5 mg"}) || f.Confidence < sure {
			t.Errorf("%s: got %q at %v, want the current one", label, f.List, f.Confidence)
		}
	}
}

func TestDatesThatMayBeDayFirst(t *testing.T) {
	for _, lines := range [][]string{
		{"Patient: Ann Example      DOB: 13/02/1980", "Correction: DOB is 12/02/1980"},
		{"Patient: Ann Example      DOB: 12/02/1980", "Admitted 31/05/2026"},
		{"Patient: Ann Example      DOB: 12/02/1980", "Next visit 04.05.2026 at noon"},
		{"Patient: Ann Example      DOB (DD/MM/YYYY): 12/02/1980"},
		{"Patient: Ann Example", "DOB: 12/02/1980", "amended on 12/03/2026"},
		{"Patient Name: Ann Example", "Date of Birth: 05/06/1971", "Sex: F", "Date of Birth: 05/06/1972"},
	} {
		if f := fieldsOf(t, append([]string{"REFERRAL FORM", ""}, lines...)...)["patient_dob"]; f.Confidence >= sure {
			t.Errorf("%q: got %s at %v, want it under the review line", lines, f.Value, f.Confidence)
		}
	}
	f := fieldsOf(t, "REFERRAL FORM", "", "Patient Name: Ann Example", "Date of Birth: 31/05/1971", "Date: 06/07/2026", "Reason for referral: knee pain")
	if d := f["referral_date"]; d.Confidence >= sure {
		t.Errorf("got %s at %v beside a date with its day first, want it under the review line", d.Value, d.Confidence)
	}
	f = fieldsOf(t, "REFERRAL FORM", "", "Patient Name: Ann Example", "Date of Birth: 05/06/1971", "Date: 06/17/2026")
	if f["patient_dob"].Confidence < sure || f["referral_date"].Confidence < sure {
		t.Errorf("got %v and %v, want both over the review line", f["patient_dob"].Confidence, f["referral_date"].Confidence)
	}
}

func TestNumbersOfOthers(t *testing.T) {
	for _, lines := range [][]string{
		{"Phone: 217-555-0150", "Do NOT contact patient at this number: 217-555-0150"},
		{"Phone: 217-555-0150", "Do not call this number:", "217-555-0150"},
		{"Phone: 217-555-0144 (wife), cell 217-555-0145"},
		{"Phone: 217-555-0144 (daughter)"},
		{"Phone: 217-555-0144 or 217-555-0145"},
		{"Parent phone: 217-555-0144"},
	} {
		f := fieldsOf(t, append(slices.Clone(lakesideForm[:5]), append(slices.Clone(lines), "From: Elm Street Pediatrics   NPI: 1234567893")...)...)
		for _, key := range []string{"patient_phone", "referring_phone"} {
			if f[key].Confidence >= sure {
				t.Errorf("%q: %s: got %s at %v, want it under the review line", lines, key, f[key].Value, f[key].Confidence)
			}
		}
	}
	f := fieldsOf(t, "REFERRAL FORM", "", "Patient: Ann Example    DOB: 05/06/1980", "Gender: [ ] M  [x] F", "MRN: 55-0012", "Phone: 217-555-0150", "", "From: Elm Street Pediatrics  NPI: 1234567893")
	if _, ok := f["referring_phone"]; ok || f["patient_phone"].Value != "2175550150" {
		t.Errorf("got %q for the patient and %q for the practice, want the number under the patient's MRN to be the patient's", f["patient_phone"].Value, f["referring_phone"].Value)
	}
	f = fieldsOf(t, append(slices.Clone(lakesideForm[:5]), "Phone: 217-555-0150", "", "Emergency contact: Bert Example  Phone: 217-555-0151")...)
	if p := f["patient_phone"]; p.Value != "2175550150" || p.Confidence < sure {
		t.Errorf("got %s at %v, want the patient's own", p.Value, p.Confidence)
	}
}

func TestSeveralPatientsOnOnePage(t *testing.T) {
	for _, c := range []struct {
		lines []string
		last  string // "" when neither is given
		mrn   string
	}{
		{[]string{"Patient Name: Ann Smith", "Date of Birth: 01/02/1990", "MRN: 100", "", "Patient Name: Ann Smyth", "Date of Birth: 01/02/1990", "MRN: 101"}, "Smith", "100"},
		{[]string{"Patient Name: Ann Smith", "MRN: 100", "", "Patient Name: Bert Smith", "MRN: 101"}, "Smith", "100"},
		{[]string{"Patient Name: Ann Smith          Patient Name: Ann Smyth", "MRN: 100                         MRN: 101"}, "", ""},
	} {
		r := Extract([]PageText{exactly(append(append([]string{"REFERRAL FORM", ""}, c.lines...), "", "Reason for referral: headache")...)})
		p := r.Papers[0]
		if len(r.Papers) != 1 || !p.NeedsSplit || p.Fields["patient_last"].Value != c.last || p.Fields["patient_mrn"].Value != c.mrn {
			t.Errorf("%q: got split %v, %q with %q, want it flagged and nothing mixed", c.lines, p.NeedsSplit, p.Fields["patient_last"].Value, p.Fields["patient_mrn"].Value)
		}
		for key, f := range p.Fields {
			if strings.HasPrefix(key, "patient_") && f.Confidence >= sure {
				t.Errorf("%q: %s: got %v, want it under the review line", c.lines, key, f.Confidence)
			}
		}
	}
	same := Extract([]PageText{exactly("REFERRAL FORM", "", "Patient Name: Ann Smith", "MRN: 100", "", "RE: Smith, Ann B", "MRN: 100")}).Papers[0]
	if same.NeedsSplit || same.Fields["patient_mrn"].Confidence < sure {
		t.Errorf("got split %v and %v for one patient named twice, want neither a flag nor a doubt", same.NeedsSplit, same.Fields["patient_mrn"].Confidence)
	}
	two := Extract([]PageText{exactly("REFERRAL FORM", "", "Patient Name: Ann Smith", "MRN: 100", "", "Chart number: 101")}).Papers[0]
	if two.Fields["patient_mrn"].Confidence >= sure {
		t.Errorf("got %v with two record numbers, want it under the review line", two.Fields["patient_mrn"].Confidence)
	}
}

func TestBoxesBehindTheirWords(t *testing.T) {
	for line, want := range map[string]string{
		"Urgent [ ]   Routine [x]   STAT [ ]": "routine", "Urgent [x]   Routine [ ]   STAT [ ]": "urgent", "Routine [ ]  STAT [x]": "stat",
		"[ ] Urgent   [x] Routine   [ ] STAT": "routine", "Priority: [ ] Urgent   [ ] Routine   [x] STAT": "stat",
		"[x] Urgent   [ ] Routine   [x] STAT": "",
	} {
		if f := fieldsOf(t, append(slices.Clone(lakesideForm), line)...)["priority"]; f.Value != want {
			t.Errorf("%s: got %q, want %q", line, f.Value, want)
		}
	}
}

func TestCodesThatWereDropped(t *testing.T) {
	f := fieldsOf(t, append(slices.Clone(lakesideForm), "Diagnosis: E11.9 Type 2 diabetes", "           I1O.Z Hypertension", "Allergies: latex")...)["diagnosis_codes"]
	if !slices.Equal(f.List, []string{"E11.9"}) || f.Confidence >= sure {
		t.Errorf("got %q at %v beside a code that is none, want it under the review line", f.List, f.Confidence)
	}
	if low := f.Box[1] + f.Box[3]; low < 120+7*44 {
		t.Errorf("got a crop that ends at %d, want it to show the second line, too", low)
	}
	f = fieldsOf(t, append(slices.Clone(lakesideForm), "Diagnosis: E11.9 Type 2 diabetes", "           I10 Hypertension")...)["diagnosis_codes"]
	if !slices.Equal(f.List, []string{"E11.9", "I10"}) || f.Confidence < sure {
		t.Errorf("got %q at %v, want both over the review line", f.List, f.Confidence)
	}
}
