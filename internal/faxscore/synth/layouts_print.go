package synth

import (
	"image"
	"strings"
)

// printout is a page of a character printer: leaders of dots, two columns.
func printout(p *paper) {
	p.role, p.size = "typed", 9
	p.text(120, 160, "typed", 9, strings.ToUpper(p.say("referring_practice")))
	p.text(1100, 160, "typed", 9, "PRINTED "+p.print("referral_date", p.f.Values["referral_date"]))
	p.text(560, 230, "typed", 12, "** OUTSIDE REFERRAL ORDER **")
	dots := func(s string) string { return s + strings.Repeat(".", max(1, 16-len(s))) + ":" }
	left := []row{{dots("PATIENT"), p.name(3)}, {dots("DOB"), p.say("patient_dob")}, {dots("SEX"), p.say("patient_sex")}, {dots("MR NUMBER"), p.say("patient_mrn")}, {dots("HOME PH"), p.say("patient_phone")},
		{dots("STREET"), p.say("patient_address")}, {dots("CITY/ST/ZIP"), p.cityLine()}}
	right := []row{{dots("ORDER #"), p.say("referral_id")}, {dots("ORDER DATE"), p.say("referral_date")}, {dots("STATUS/PRIORITY"), p.say("priority")}, {dots("PRIMARY INS"), p.say("payer_name")}, {dots("POLICY NO"), p.say("member_id")}, {dots("GROUP NO"), p.say("group_number")}, {dots("AUTH NO"), p.say("auth_number")}}
	y := max(p.pairs(120, 320, 340, 46, "typed", left), p.pairs(900, 320, 340, 46, "typed", right))
	p.rule(120, y, 1600, y, 2)
	y = p.pairs(120, y+56, 340, 46, "typed", []row{{dots("ORDERED BY"), p.doctor("referring_name")}, {dots("NPI"), p.say("referring_npi")}, {dots("OFFICE PHONE"), p.say("referring_phone")}, {dots("OFFICE FAX"), p.say("referring_fax")},
		{dots("REFER TO"), p.say("referred_to_practice")}, {dots("SPECIALTY"), p.say("referred_to_specialty")}, {dots("SERVICE"), p.say("service_text")}})
	for i, d := range p.diagnosis("CODE NAME") {
		p.text(120, y, "typed", 9, dots([]string{"DX 1", "DX 2"}[i])+" "+d)
		y += 46
	}
	p.text(120, y+20, "typed", 9, "REASON FOR REFERRAL:")
	y = p.wrap(150, y+66, 1400, "typed", 9, 46, p.say("reason"))
	p.text(120, y+20, "typed", 9, "ALLERGIES: "+p.list("allergies")[0])
	p.text(120, y+66, "typed", 9, "ACTIVE MEDICATIONS:")
	for i, m := range p.list("medications") {
		p.text(150, y+112+i*46, "typed", 9, m)
	}
}

// summary is a page of a portal: grey bars, labels in bold, two tables.
func summary(p *paper) {
	p.role = "dejavu"
	p.text(120, 170, "dejavu", 16, "eReferral Summary")
	p.text(1060, 170, "dejavu", 10, "Tracking #: "+p.say("referral_id"))
	y := p.bar(120, 210, 1480, 215, "Patient Information") + 44
	p.pairs(860, y, 300, 46, "bold", []row{{"Sex at birth", p.say("patient_sex")}, {"Preferred phone", p.say("patient_phone")}, {"Record number", p.say("patient_mrn")}})
	y = p.pairs(140, y, 260, 46, "bold", []row{{"Name", p.name(1)}, {"Date of birth", p.say("patient_dob")}, {"Address", p.say("patient_address")}, {"", p.cityLine()}})
	y = p.bar(120, y, 1480, 215, "Coverage") + 44
	p.text(860, y, "bold", p.size, "Member ID")
	p.text(1160, y, p.role, p.size, p.say("member_id"))
	y = p.pairs(140, y, 260, 46, "bold", []row{{"Payer", p.say("payer_name")}})
	y = p.bar(120, y, 1480, 215, "Referral Details") + 44
	y = p.pairs(140, y, 420, 46, "bold", []row{{"Referral date", p.say("referral_date")}, {"Urgency", p.say("priority")}, {"Referring clinician", p.doctor("referring_name")}, {"Referring clinician NPI", p.say("referring_npi")},
		{"Referring office", p.say("referring_practice")}, {"Office fax", p.say("referring_fax")}, {"Referred to", p.say("referred_to_practice")}, {"Service line", p.say("referred_to_specialty")}})
	y = p.bar(120, y, 1480, 215, "Clinical") + 44
	for _, d := range p.diagnosis("NAME [CODE]") {
		y = p.pairs(140, y, 420, 46, "bold", []row{{"Diagnosis", d}})
	}
	p.text(140, y, "bold", p.size, "Clinical question")
	y = p.wrap(560, y, 1000, p.role, p.size, 42, p.say("reason")) + 14
	p.text(140, y, "bold", p.size, "Medications")
	p.text(1000, y, "bold", p.size, "Allergies")
	for i, m := range p.list("medications") {
		p.text(160, y+44+i*42, p.role, p.size, m)
	}
	p.text(1020, y+44, p.role, p.size, p.list("allergies")[0])
}

// imagingForm is a radiology order with a grid of exams to tick.
func imagingForm(p *paper) {
	p.text(560, 170, "bold", 18, "Diagnostic Imaging Order")
	p.text(640, 212, "sans", 10, p.say("referred_to_practice")+"   Fax "+p.say("referred_to_fax"))
	y := p.cells(120, 250, 84, []int{740, 370, 370}, []row{{"Patient Name", p.name(1)}, {"Date of Birth", p.say("patient_dob")}, {"Date of Order", p.say("referral_date")}})
	y = p.cells(120, y, 84, []int{500, 490, 490}, []row{{"Phone", p.say("patient_phone")}, {"Insurance", p.say("payer_name")}, {"Policy ID", p.say("member_id")}})
	service := p.say("service_text")
	x := 130
	for _, s := range []string{"MRI", "CT", "Ultrasound", "X-ray", "PET/CT", "DEXA"} {
		x = p.tick(x, y+60, strings.HasPrefix(service, s), "sans", 10, s) + 50
	}
	y = p.cells(120, y+90, 84, []int{1000, 480}, []row{{"Exam requested", service}, {"CPT code", strings.Join(p.list("cpt_codes"), ", ")}})
	p.frame(image.Rect(120, y, 1600, y+200), 2)
	p.text(128, y+22, "sans", 6.5, "Indication / signs and symptoms")
	p.wrap(132, y+64, 1440, "sans", 11, 42, p.say("reason"))
	y = p.cells(120, y+200, 84, []int{1480}, []row{{"ICD-10", strings.Join(p.list("diagnosis_codes"), ", ")}})
	on := p.say("priority")
	x = p.text(130, y+60, "bold", 10, "Schedule:") + 30
	for _, s := range []string{"Routine", "Urgent", "STAT"} {
		x = p.tick(x, y+60, s == on, "sans", 10, s) + 50
	}
	y = p.cells(120, y+100, 84, []int{740, 370, 370}, []row{{"Ordering Provider", p.doctor("referring_name")}, {"NPI", p.say("referring_npi")}, {"Phone", p.say("referring_phone")}})
	p.cells(120, y, 84, []int{740, 740}, []row{{"Practice", p.say("referring_practice")}, {"Send report to fax", p.say("referring_fax")}})
}

// programForm is an intake of a programme for substance use, with the notice of 42 CFR Part 2.
func programForm(p *paper) {
	p.role = "book"
	p.text(120, 160, "book", 15, p.say("referring_practice"))
	p.text(120, 205, "sans", 9, "p "+p.say("referring_phone")+"  f "+p.say("referring_fax"))
	p.text(420, 290, "bold", 15, "Referral for Treatment: "+p.say("referred_to_specialty"))
	y := p.pairs(120, 380, 420, 54, "sans", []row{{"Client", p.name(2)}, {"Client date of birth", p.say("patient_dob")}, {"Contact phone", p.say("patient_phone")}, {"Plan", p.say("payer_name")}, {"Member #", p.say("member_id")},
		{"Referring clinician", p.doctor("referring_name")}, {"NPI", p.say("referring_npi")}, {"Date of referral", p.say("referral_date")}, {"Level of urgency", p.say("priority")}, {"Service requested", p.say("service_text")}})
	for _, d := range p.diagnosis("NAME, CODE") {
		y = p.pairs(120, y, 420, 54, "sans", []row{{"Diagnosis", d}})
	}
	p.text(120, y, "sans", p.size, "Presenting problem")
	y = p.wrap(540, y, 1040, p.role, p.size, 46, p.say("reason"))
	p.text(120, y+30, "sans", p.size, "Medications")
	p.text(540, y+30, p.role, p.size, strings.Join(p.list("medications"), "; "))
	p.wrap(120, 1980, 1480, "sans", 8, 32, "This record which has been disclosed to you is protected by federal confidentiality rules (42 CFR part 2). The federal rules prohibit you from making any further disclosure of this record unless further disclosure is expressly permitted by the written consent of the individual.")
	p.truth["part2"] = true
}
