package synth

import (
	"image"
	"strings"
)

// These layouts are kept apart from the others ("make -held"). The first figure they gave is the honest one for forms that were never
// seen: 0.851 micro F1 over all levels; the reading was mended after that.

// heldLayouts came last.
var heldLayouts = []layout{
	{"triage_sheet", "referral", "", triageSheet}, {"order_table", "referral", "", orderTable}, {"memo", "referral", "", memo}, {"therapy_order", "referral", "", therapyOrder},
}

// triageSheet is a form in landscape style groups: labels in capitals to the left in a grey column, values in the cells beside them.
func triageSheet(p *paper) {
	p.role = "narrow"
	p.size = 12
	p.text(120, 170, "serifbold", 17, p.say("referring_practice"))
	p.text(120, 215, "serif", 10, "Ph: "+p.say("referring_phone")+"  Fx: "+p.say("referring_fax"))
	p.text(1050, 170, "serifbold", 14, "Outgoing Consult")
	y := 270
	put := func(rows ...row) {
		x := 120
		w := 1480 / len(rows)
		for _, r := range rows {
			p.frame(image.Rect(x, y, x+w, y+66), 2)
			p.rule(x+230, y, x+230, y+66, 2)
			p.text(x+10, y+42, "bold", 8, r.label)
			p.text(x+244, y+44, p.role, p.size, r.value)
			x += w
		}
		y += 66
	}
	put(row{"PT NAME", p.name(1)}, row{"BIRTHDATE", p.say("patient_dob")})
	put(row{"SEX", p.say("patient_sex")}, row{"MED REC #", p.say("patient_mrn")})
	put(row{"HOME PHONE", p.say("patient_phone")}, row{"ADDRESS", p.say("patient_address") + ", " + p.cityLine()})
	put(row{"INSURANCE CO", p.say("payer_name")}, row{"INSURED ID", p.say("member_id")})
	put(row{"REQUESTED BY", p.doctor("referring_name")}, row{"NPI", p.say("referring_npi")})
	put(row{"CONSULT WITH", p.say("referred_to_practice")}, row{"SPECIALTY", p.say("referred_to_specialty")})
	put(row{"DATE ORDERED", p.say("referral_date")}, row{"URGENCY", p.say("priority")})
	put(row{"DX", strings.Join(p.diagnosis("CODE NAME"), "; ")})
	y += 60
	p.text(120, y, "bold", 10, "REASON FOR CONSULT")
	p.wrap(120, y+46, 1460, p.role, p.size, 44, p.say("reason"))
}

// orderTable has two blocks side by side in a frame and a table of orders below.
func orderTable(p *paper) {
	p.size = 10.5
	p.text(120, 160, "dejavu", 14, "REFERRAL ORDER "+p.say("referral_id"))
	p.frame(image.Rect(120, 200, 1600, 620), 3)
	p.rule(860, 200, 860, 620, 2)
	p.text(140, 245, "bold", 11, "Patient")
	p.text(880, 245, "bold", 11, "Ordering Provider")
	p.pairs(140, 300, 180, 46, "sans", []row{{"Name:", p.name(0)}, {"DOB:", p.say("patient_dob")}, {"Phone:", p.say("patient_phone")}, {"Address:", p.say("patient_address")}, {"", p.cityLine()}, {"MRN:", p.say("patient_mrn")}})
	p.pairs(880, 300, 180, 46, "sans", []row{{"Name:", p.doctor("referring_name")}, {"NPI:", p.say("referring_npi")}, {"Clinic:", p.say("referring_practice")}, {"Phone:", p.say("referring_phone")}, {"Fax:", p.say("referring_fax")}, {"Date:", p.say("referral_date")}})
	p.text(140, 680, "sans", 10.5, "Primary Insurance: "+p.say("payer_name")+"     Subscriber #: "+p.say("member_id")+"     Group #: "+p.say("group_number"))
	y := p.cells(120, 730, 80, []int{460, 520, 500}, []row{{"Referral to (specialty)", p.say("referred_to_specialty")}, {"Refer to location", p.say("referred_to_practice")}, {"Priority", p.say("priority")}})
	p.text(120, y+50, "bold", 10.5, "Associated diagnoses:")
	for _, d := range p.diagnosis("NAME [CODE]") {
		y += 42
		p.text(460, y+8, "sans", 10.5, d)
	}
	p.text(120, y+80, "bold", 10.5, "Comments / reason for referral:")
	y = p.wrap(140, y+126, 1440, "sans", 10.5, 42, p.say("reason"))
	p.text(120, y+30, "bold", 10.5, "Current Medications")
	p.text(900, y+30, "bold", 10.5, "Allergies")
	p.text(920, y+74, "sans", 10.5, p.list("allergies")[0])
	for i, m := range p.list("medications") {
		p.text(140, y+74+i*40, "sans", 10.5, m)
	}
	p.text(120, y+300, "sans", 9, "Electronically signed by "+p.f.Values["referring_name"])
}

// memo is a note with "To:", "From:" and "Re:".
func memo(p *paper) {
	p.role, p.size = "gothic", 11
	p.text(700, 180, "gothic", 20, "MEMO")
	y := p.pairs(120, 290, 200, 56, "bold", []row{{"TO:", p.doctor("referred_to_name") + ", " + p.say("referred_to_practice")}, {"FROM:", p.doctor("referring_name")}, {"DATE:", p.say("referral_date")}, {"RE:", p.name(2) + ", DOB " + p.say("patient_dob")}})
	p.rule(120, y, 1600, y, 3)
	_, his, mr, _ := p.pronoun()
	y = p.wrap(120, y+60, 1470, p.role, p.size, 46, "Please see "+mr+" "+p.f.Values["patient_last"]+" for "+p.say("referred_to_specialty")+" consultation. "+p.say("reason")) + 20
	y = p.wrap(120, y, 1470, p.role, p.size, 46, "Diagnosis: "+strings.Join(p.diagnosis("NAME (CODE)"), "; ")+".") + 20
	y = p.wrap(120, y, 1470, p.role, p.size, 46, his+" telephone number is "+p.say("patient_phone")+". Insurance: "+p.say("payer_name")+", policy number "+p.say("member_id")+".") + 20
	p.text(120, y, p.role, p.size, "Priority: "+p.say("priority"))
	p.text(120, y+80, p.role, p.size, "NPI "+p.say("referring_npi")+"   Return fax "+p.say("referring_fax"))
}

// therapyOrder has its fields in a row of boxes with the labels inside, before the values.
func therapyOrder(p *paper) {
	p.text(460, 170, "bold", 17, "PRESCRIPTION / REFERRAL FOR SERVICES")
	y := 240
	put := func(rows ...row) {
		w := 1480 / len(rows)
		for i, r := range rows {
			p.frame(image.Rect(120+i*w, y, 120+(i+1)*w, y+70), 2)
			at := p.text(130+i*w, y+46, "bold", 9, r.label)
			p.text(at+14, y+46, "sans", 11, r.value)
		}
		y += 70
	}
	put(row{"Patient:", p.name(0)}, row{"DOB:", p.say("patient_dob")})
	put(row{"Phone:", p.say("patient_phone")}, row{"Gender:", p.say("patient_sex")}, row{"Date:", p.say("referral_date")})
	put(row{"Insurance:", p.say("payer_name")}, row{"ID#:", p.say("member_id")})
	put(row{"Diagnosis/ICD-10:", strings.Join(p.diagnosis("NAME CODE"), ", ")})
	put(row{"Services:", p.say("service_text")})
	p.frame(image.Rect(120, y, 1600, y+240), 2)
	p.text(130, y+46, "bold", 9, "Reason for referral:")
	p.wrap(140, y+92, 1440, "sans", 11, 42, p.say("reason"))
	y += 240
	on := p.say("priority")
	x := p.text(130, y+50, "bold", 9, "Priority:") + 30
	for _, s := range []string{"Routine", "Urgent", "STAT"} {
		x = p.tick(x, y+52, s == on, "sans", 10, s) + 50
	}
	y += 90
	put(row{"Provider name:", p.doctor("referring_name")}, row{"NPI:", p.say("referring_npi")})
	put(row{"Practice:", p.say("referring_practice")}, row{"Fax:", p.say("referring_fax")})
}
