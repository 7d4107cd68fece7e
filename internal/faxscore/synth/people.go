package synth

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"refloop/fax"
)

// Facts are what one invented referral says. Keys of Values are those of fax.Keys with one value; Lists holds the others.
type Facts struct {
	Values map[string]string
	Lists  map[string][]string
	Story  []string // sentences of a letter
}

// scene is one clinical story.
type scene struct {
	specialty, reason, service, cpt string
	codes, names                    []string
	imaging                         bool
}

var (
	firstNames = strings.Fields("Marisol Terrence Ingrid Devon Amara Lucille Preston Noelle Hector Wanda Cyrus Bettina Orlando Simone Gareth Yvette Rufus Paloma Stanley Keiko Dmitri Fiona Leland Rosalind Tobias Meredith Quentin Adelaide Omar Gwendolyn")
	lastNames  = strings.Fields("Hartwell Okafor Lindqvist Brannigan Delacroix Vasquez Thornbury Nakamura O'Malley Petrakis Whitcomb Sandoval Grierson Abernathy Kowalczyk Mbeki Fairbanks Castellani Rutherford Zielinski Bellweather McCrory Trujillo Haverford Ellsworth Ng Pemberton Szabo Quintero Van-Dyke")
	streets    = strings.Split("Juniper Ct|Old Mill Rd|Sycamore Ave|Granite Way|Larkspur Ln|W Division St|Fox Hollow Dr|Harbor Blvd|Cedar Ridge Pl|N Prospect Ave", "|")
	cities     = [][3]string{{"Duluth", "MN", "55802"}, {"Boise", "ID", "83702"}, {"Macon", "GA", "31201"}, {"Toledo", "OH", "43604"}, {"Salem", "OR", "97301"}, {"Waco", "TX", "76701"}, {"Erie", "PA", "16501"}, {"Santa Fe", "NM", "87501"}, {"Fort Wayne", "IN", "46802"}}
	payers     = strings.Split("Humana Gold Plus|Medica Choice|UnitedHealthcare Choice Plus|Cigna Open Access Plus|Aetna Managed Choice|Medicare Part B|Anthem Blue Preferred|Priority Health HMO", "|")
	practices  = strings.Split("Stonebridge Primary Care|Riverbend Family Practice|Oak Hollow Medical Associates|Summit Internal Medicine|Cedar Valley Community Health Center|Northgate Physicians Group", "|")
	towns      = strings.Fields("Crestview Bayside Highland Westbrook Pinnacle Evergreen")
	drugs      = strings.Split("metformin 500 mg twice daily|lisinopril 20 mg daily|atorvastatin 40 mg at bedtime|levothyroxine 75 mcg daily|omeprazole 20 mg daily|gabapentin 300 mg three times daily|amlodipine 5 mg daily|escitalopram 10 mg daily|albuterol inhaler as needed", "|")
	allergens  = strings.Split("penicillin|sulfa drugs|latex|codeine|shellfish|No known drug allergies|aspirin", "|")
	scenes     = []scene{
		{"Cardiology", "Palpitations and two episodes of near syncope in the past month. Please evaluate and advise on rhythm monitoring.", "Cardiology consultation", "", []string{"R00.2", "R55"}, []string{"Palpitations", "Syncope and collapse"}, false},
		{"Gastroenterology", "Iron deficiency anemia with positive stool test. Request colonoscopy and upper endoscopy.", "Diagnostic colonoscopy", "45378", []string{"D50.9"}, []string{"Iron deficiency anemia, unspecified"}, false},
		{"Orthopedics", "Right knee pain for eight months, failed therapy and injections. Evaluate for surgical options.", "New patient evaluation", "99204", []string{"M17.11"}, []string{"Unilateral primary osteoarthritis, right knee"}, false},
		{"Dermatology", "Changing pigmented lesion on the upper back, 9 mm, irregular border. Please evaluate and biopsy.", "Skin lesion evaluation", "", []string{"D22.5"}, []string{"Melanocytic nevi of trunk"}, false},
		{"Endocrinology", "Type 2 diabetes with A1c 10.2 on three agents. Request help with insulin titration.", "Endocrinology consultation", "99244", []string{"E11.65"}, []string{"Type 2 diabetes mellitus with hyperglycemia"}, false},
		{"Neurology", "New daily headaches with visual aura, worse over six weeks. Evaluate and treat.", "Neurology consultation", "", []string{"G43.109"}, []string{"Migraine with aura, not intractable"}, false},
		{"Pulmonology", "Chronic cough and 6 mm lung nodule found on screening CT. Please advise on follow-up.", "Pulmonary evaluation", "", []string{"R91.1", "R05.3"}, []string{"Solitary pulmonary nodule", "Chronic cough"}, false},
		{"Urology", "Gross hematuria once, smoker of thirty years. Request cystoscopy.", "Cystoscopy", "52000", []string{"R31.0"}, []string{"Gross hematuria"}, false},
		{"Rheumatology", "Symmetric joint swelling of both hands with elevated CRP and positive CCP antibodies. Please assess for rheumatoid arthritis.", "Rheumatology consultation", "", []string{"M06.9"}, []string{"Rheumatoid arthritis, unspecified"}, false},
		{"Radiology", "Low back pain with left leg weakness, rule out nerve root compression.", "MRI lumbar spine without contrast", "72148", []string{"M54.16"}, []string{"Radiculopathy, lumbar region"}, true},
		{"Radiology", "Abdominal pain and weight loss of 12 pounds, evaluate for mass.", "CT abdomen and pelvis with contrast", "74177", []string{"R10.9", "R63.4"}, []string{"Unspecified abdominal pain", "Abnormal weight loss"}, true},
	}
	behavioral = scene{"Addiction Medicine", "Opioid use disorder, wishes to begin buprenorphine. Request intake assessment this week.", "Substance use assessment", "", []string{"F11.20"}, []string{"Opioid dependence, uncomplicated"}, false}
)

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func digits(r *rand.Rand, n int) string {
	var b strings.Builder
	b.WriteByte(byte('1' + r.IntN(9)))
	for range n - 1 {
		b.WriteByte(byte('0' + r.IntN(10)))
	}
	return b.String()
}

func phone(r *rand.Rand) string {
	return fmt.Sprintf("%s55501%02d", pick(r, []string{"218", "208", "478", "419", "503", "254", "814", "505", "260"}), r.IntN(100))
}

// npi is ten digits with a valid check digit.
func npi(r *rand.Rand) string {
	for {
		if n := "1" + digits(r, 9); fax.ValidNPI(n) {
			return n
		}
	}
}

// invent makes the facts of one referral. kind chooses the story: "", imaging or behavioral.
func invent(r *rand.Rand, kind string) *Facts {
	f := &Facts{Values: map[string]string{}, Lists: map[string][]string{}}
	s := behavioral
	for kind != "behavioral" {
		if s = pick(r, scenes); s.imaging == (kind == "imaging") {
			break
		}
	}
	v := f.Values
	v["patient_first"], v["patient_last"], v["patient_middle"] = pick(r, firstNames), pick(r, lastNames), string(rune('A'+r.IntN(23)))
	v["patient_dob"] = time.Date(1934+r.IntN(76), time.Month(1+r.IntN(12)), 1+r.IntN(28), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	v["referral_date"] = time.Date(2026, time.Month(1+r.IntN(10)), 1+r.IntN(28), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	v["patient_sex"] = pick(r, []string{"M", "F"})
	v["patient_address"] = digits(r, 3+r.IntN(2)) + " " + pick(r, streets)
	c := pick(r, cities)
	v["patient_city"], v["patient_state"], v["patient_zip"] = c[0], c[1], c[2]
	for _, k := range []string{"patient_phone", "referring_phone", "referring_fax", "referred_to_fax"} {
		v[k] = phone(r)
	}
	v["patient_mrn"] = pick(r, []string{"", "M", "00"}) + digits(r, 6+r.IntN(3))
	v["payer_name"], v["member_id"] = pick(r, payers), pick(r, []string{"H", "XQP", "", "W"})+digits(r, 9)
	v["group_number"], v["auth_number"] = pick(r, []string{"", "G-", "GRP"})+digits(r, 5), "A"+digits(r, 8)
	v["referring_name"], v["referred_to_name"] = pick(r, firstNames)+" "+pick(r, lastNames), pick(r, firstNames)+" "+pick(r, lastNames)
	v["referring_npi"], v["referring_practice"] = npi(r), pick(r, practices)
	v["referred_to_specialty"] = s.specialty
	v["referred_to_practice"] = pick(r, towns) + " " + map[bool]string{true: "Imaging Center", false: s.specialty + " Associates"}[s.imaging]
	v["reason"], v["service_text"], v["priority"] = s.reason, s.service, pick(r, []string{"routine", "routine", "urgent", "stat"})
	v["referral_id"] = pick(r, []string{"REF-", "RFL", "ORD-"}) + digits(r, 7)
	f.Lists["diagnosis_codes"], f.Lists["diagnosis_text"] = s.codes, s.names
	if s.cpt != "" {
		f.Lists["cpt_codes"] = []string{s.cpt}
	}
	for _, i := range r.Perm(len(drugs))[:1+r.IntN(3)] {
		f.Lists["medications"] = append(f.Lists["medications"], drugs[i])
	}
	f.Lists["allergies"] = []string{pick(r, allergens)}
	return f
}
