package synth

import (
	"image"
	"strings"
)

// gridForm is a boxed form: small labels on top in every cell, numbered parts.
func gridForm(p *paper) {
	y := p.headOf(120, 170, "bold")
	p.text(620, y+20, "bold", 15, "SPECIALIST REFERRAL REQUEST")
	y = p.bar(120, y+50, 1480, 40, "1. MEMBER / PATIENT")
	y = p.cells(120, y, 84, []int{620, 430, 430}, []row{{"Last, First, Middle Initial", p.name(1)}, {"Birth Date", p.say("patient_dob")}, {"Gender", p.say("patient_sex")}})
	y = p.cells(120, y, 84, []int{620, 860}, []row{{"Home Address", p.say("patient_address")}, {"City, State, ZIP", p.cityLine()}})
	y = p.cells(120, y, 84, []int{500, 490, 490}, []row{{"Daytime Phone", p.say("patient_phone")}, {"Health Plan", p.say("payer_name")}, {"Subscriber ID #", p.say("member_id")}})
	y = p.bar(120, y+20, 1480, 40, "2. REQUESTING PROVIDER")
	y = p.cells(120, y, 84, []int{620, 430, 430}, []row{{"Provider Name", p.doctor("referring_name")}, {"NPI #", p.say("referring_npi")}, {"Date Requested", p.say("referral_date")}})
	y = p.bar(120, y+20, 1480, 40, "3. REFERRED-TO PROVIDER")
	y = p.cells(120, y, 84, []int{500, 490, 490}, []row{{"Specialist Name", p.doctor("referred_to_name")}, {"Specialty", p.say("referred_to_specialty")}, {"Facility / Group", p.say("referred_to_practice")}})
	y = p.bar(120, y+20, 1480, 40, "4. REQUEST")
	on := p.say("priority")
	p.frame(image.Rect(120, y, 1600, y+70), 2)
	x := p.text(132, y+46, "sans", 10, "Type of request:") + 40
	for _, s := range []string{"Routine", "Urgent", "STAT"} {
		x = p.tick(x, y+48, s == on, "sans", 10, s) + 50
	}
	y = p.cells(120, y+70, 84, []int{900, 580}, []row{{"Service(s) Requested", p.say("service_text")}, {"Authorization #", p.say("auth_number")}})
	p.frame(image.Rect(120, y, 1600, y+150), 2)
	p.text(128, y+22, "sans", 6.5, "Diagnosis and ICD-10 code(s)")
	for i, d := range p.diagnosis("CODE  NAME") {
		p.text(132, y+64+i*40, p.role, p.size, d)
	}
	y += 150
	p.frame(image.Rect(120, y, 1600, y+200), 2)
	p.text(128, y+22, "sans", 6.5, "Clinical justification / reason for request")
	p.wrap(132, y+64, 1440, p.role, p.size, 40, p.say("reason"))
}

// lineForm has ruled lines with the values written on them, two a row.
func lineForm(p *paper) {
	p.text(480, 180, "serifbold", 20, "Consultation Request Form")
	y := 290
	put := func(l, lv, r, rv string) {
		p.line(130, y, 860, l, lv)
		if r != "" {
			p.line(900, y, 1600, r, rv)
		}
		y += 74
	}
	put("Patient's Name:", p.name(0), "D.O.B.:", p.say("patient_dob"))
	put("Address:", p.say("patient_address"), "City/State/Zip:", p.cityLine())
	put("Cell #:", p.say("patient_phone"), "Chart #:", p.say("patient_mrn"))
	put("Ins. Carrier:", p.say("payer_name"), "Policy #:", p.say("member_id"))
	put("Group #:", p.say("group_number"), "Date:", p.say("referral_date"))
	y += 30
	put("Referring Dr.:", p.doctor("referring_name"), "NPI:", p.say("referring_npi"))
	put("Practice:", p.say("referring_practice"), "Fax:", p.say("referring_fax"))
	y += 30
	put("Refer To:", p.doctor("referred_to_name"), "Specialty:", p.say("referred_to_specialty"))
	y += 20
	x := p.text(130, y, "sans", 10, "Urgency (check one):") + 40
	on := p.say("priority")
	for _, s := range []string{"STAT", "Urgent", "Routine"} {
		x = p.tick(x, y+2, s == on, "sans", 10, s) + 60
	}
	y += 80
	for _, d := range p.diagnosis("NAME (CODE)") {
		put("Dx:", d, "", "")
	}
	p.text(130, y, "sans", 10, "Reason for consultation:")
	y = p.wrap(150, y+50, 1400, p.role, p.size, 48, p.say("reason"))
	p.text(130, y+30, "sans", 10, "Current meds:")
	for _, m := range p.list("medications") {
		p.text(420, y+30, p.role, p.size, m)
		y += 46
	}
	p.text(130, y+60, "sans", 10, "Drug allergies:")
	p.text(420, y+60, p.role, p.size, p.list("allergies")[0])
}

// sidebar has the patient in a column at the left and the order at the right; medications and allergies stand side by side.
func sidebar(p *paper) {
	p.text(120, 180, "gothic", 22, "Referral")
	p.text(1050, 170, "sans", 9, "Order No. "+p.say("referral_id"))
	p.text(1050, 205, "sans", 9, "Created "+p.say("referral_date"))
	p.rule(560, 240, 560, 1900, 2)
	y := 280
	for _, r := range []row{{"PATIENT", p.name(2)}, {"BORN", p.say("patient_dob")}, {"SEX", p.say("patient_sex")}, {"MRN", p.say("patient_mrn")}, {"MOBILE", p.say("patient_phone")},
		{"ADDRESS", p.say("patient_address")}, {"", p.cityLine()}, {"INSURANCE", p.say("payer_name")}, {"MEMBER NUMBER", p.say("member_id")}, {"GROUP", p.say("group_number")}} {
		if r.label != "" {
			p.text(120, y, "sans", 7.5, r.label)
			y += 38
		} else {
			y -= 26
		}
		p.text(120, y, "sans", 10.5, r.value)
		y += 62
	}
	y = 280
	half := func(x int, l1, v1, l2, v2 string) {
		p.text(x, y, "sans", 7.5, l1)
		p.text(x, y+38, "sans", 10.5, v1)
		p.text(x+520, y, "sans", 7.5, l2)
		p.text(x+520, y+38, "sans", 10.5, v2)
		y += 100
	}
	half(600, "REFER TO", p.say("referred_to_practice"), "SPECIALTY", p.say("referred_to_specialty"))
	half(600, "REFERRED BY", p.doctor("referring_name"), "NPI", p.say("referring_npi"))
	half(600, "CLINIC", p.say("referring_practice"), "CLINIC FAX", p.say("referring_fax"))
	half(600, "PRIORITY", p.say("priority"), "SERVICE", p.say("service_text"))
	p.text(600, y, "sans", 7.5, "REASON FOR REFERRAL")
	y = p.wrap(600, y+40, 980, "sans", 10.5, 40, p.say("reason")) + 20
	p.text(600, y, "sans", 7.5, "DIAGNOSES")
	for _, d := range p.diagnosis("CODE - NAME") {
		y += 40
		p.text(600, y, "sans", 10.5, d)
	}
	y += 60
	p.text(600, y, "sans", 7.5, "MEDICATIONS")
	p.text(1240, y, "sans", 7.5, "ALLERGIES")
	for i, m := range p.list("medications") {
		p.text(600, y+40+i*40, "sans", 10.5, m)
	}
	p.text(1240, y+40, "sans", 10.5, p.list("allergies")[0])
}

// beneath has its labels under the lines that the values stand on.
func beneath(p *paper) {
	p.text(540, 170, "serifbold", 18, "REFERRAL FOR SPECIALTY CARE")
	y := 300
	put := func(cols ...row) {
		w := 1480 / len(cols)
		for i, c := range cols {
			x := 120 + i*w
			p.text(x+10, y, p.role, p.size, c.value)
			p.rule(x, y+10, x+w-40, y+10, 2)
			p.text(x, y+36, "serif", 7.5, c.label)
		}
		y += 116
	}
	put(row{"Patient (print)", p.name(0)}, row{"Date of birth", p.say("patient_dob")})
	put(row{"Street", p.say("patient_address")}, row{"City, state and zip code", p.cityLine()}, row{"Telephone", p.say("patient_phone")})
	put(row{"Insurance company", p.say("payer_name")}, row{"Identification number", p.say("member_id")})
	put(row{"Referring physician", p.doctor("referring_name")}, row{"NPI", p.say("referring_npi")}, row{"Office fax", p.say("referring_fax")})
	put(row{"Referred to", p.doctor("referred_to_name")}, row{"Specialty", p.say("referred_to_specialty")}, row{"Date of referral", p.say("referral_date")})
	for _, d := range p.diagnosis("CODE NAME") {
		put(row{"Diagnosis with ICD-10", d})
	}
	y = p.wrap(130, y, 1420, p.role, p.size, 46, p.say("reason"))
	p.rule(120, y-30, 1560, y-30, 2)
	p.text(120, y, "serif", 7.5, "Reason for referral")
}

// handForm is a short form filled in by hand.
func handForm(p *paper) {
	p.role, p.size = p.fonts.hand(p.r.IntN(5)), 15
	p.text(520, 170, "bold", 17, "NEW PATIENT REFERRAL")
	p.text(120, 230, "sans", 9.5, "Please complete all fields and fax with chart notes and insurance card")
	y := 300
	y = p.cells(120, y, 110, []int{860, 620}, []row{{"Patient Full Name", p.name(2)}, {"DOB", p.say("patient_dob")}})
	y = p.cells(120, y, 110, []int{740, 740}, []row{{"Phone", p.say("patient_phone")}, {"Insurance / ID number", p.say("member_id")}})
	y = p.cells(120, y, 110, []int{860, 620}, []row{{"Referring Provider", p.say("referring_name")}, {"Today's date", p.say("referral_date")}})
	y = p.cells(120, y, 110, []int{740, 740}, []row{{"Return fax", p.say("referring_fax")}, {"Individual NPI", p.say("referring_npi")}})
	p.frame(image.Rect(120, y, 1600, y+120), 2)
	on := p.say("priority")
	x := 140
	for _, s := range []string{"Routine", "Urgent", "STAT"} {
		x = p.tick(x, y+75, s == on, "sans", 11, s) + 90
	}
	y += 120
	p.frame(image.Rect(120, y, 1600, y+330), 2)
	p.text(130, y+24, "sans", 7, "Reason for visit")
	p.wrap(140, y+90, 1400, p.role, p.size, 66, p.say("reason"))
	y += 330
	y = p.cells(120, y, 110, []int{1480}, []row{{"ICD-10 code(s)", strings.Join(p.list("diagnosis_codes"), ", ")}})
	p.text(120, y+80, "sans", 9.5, "To: "+p.say("referred_to_practice"))
}
