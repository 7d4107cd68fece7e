package synth

import (
	"fmt"
	"image"
	"strings"
)

func (p *paper) pronoun() (he, his, mr, man string) {
	if p.f.Values["patient_sex"] == "F" {
		return "She", "Her", "Ms.", "woman"
	}
	return "He", "His", "Mr.", "man"
}

// letterRE is a letter with a block of facts under "RE:" and a story below.
func letterRE(p *paper) {
	p.role = "serif"
	y := p.headOf(120, 170, "serifbold")
	p.text(120, y+40, "serif", 11.5, p.print("referral_date", p.say("referral_date")))
	p.truth["referral_date"] = p.f.Values["referral_date"]
	y += 110
	for _, s := range []string{p.doctor("referred_to_name"), p.say("referred_to_practice"), "Fax " + p.say("referred_to_fax")} {
		p.text(120, y, "serif", 11.5, s)
		y += 44
	}
	y += 40
	p.text(120, y, "serifbold", 11.5, "RE:")
	for _, s := range []string{p.name(0), "DOB " + p.say("patient_dob"), "MRN " + p.say("patient_mrn"), p.say("payer_name") + ", ID " + p.say("member_id")} {
		p.text(220, y, "serif", 11.5, s)
		y += 44
	}
	he, his, mr, man := p.pronoun()
	p.truth["patient_sex"] = p.f.Values["patient_sex"]
	y = p.wrap(120, y+40, 1480, "serif", 11.5, 46, "Dear Dr. "+last(p.f.Values["referred_to_name"])+",") + 20
	y = p.wrap(120, y, 1480, "serif", 11.5, 46, fmt.Sprintf("Thank you for seeing %s %s, a pleasant 58-year-old %s, in your %s clinic. %s", mr, p.f.Values["patient_last"], man, p.say("referred_to_specialty"), p.say("reason"))) + 20
	y = p.wrap(120, y, 1480, "serif", 11.5, 46, fmt.Sprintf("%s diagnoses are %s. %s current medications are %s. %s", his, strings.Join(p.diagnosis("NAME (CODE)"), " and "), his, strings.Join(p.list("medications"), ", "), p.allergySentence(he))) + 20
	y = p.wrap(120, y, 1480, "serif", 11.5, 46, fmt.Sprintf("I would consider this a %s referral. Please send your note to our office.", p.f.Values["priority"])) + 60
	p.truth["priority"] = p.f.Values["priority"]
	for _, s := range []string{"Kind regards,", "", p.doctor("referring_name"), "NPI " + p.say("referring_npi")} {
		p.text(120, y, "serif", 11.5, s)
		y += 46
	}
}

func (p *paper) allergySentence(he string) string {
	a := p.list("allergies")[0]
	if strings.HasPrefix(a, "No ") {
		return he + " has no known drug allergies."
	}
	return he + " is allergic to " + a + "."
}

func last(name string) string { return name[strings.LastIndexByte(name, ' ')+1:] }

// letterProse hides all facts in sentences.
func letterProse(p *paper) {
	p.text(560, 170, "gothic", 17, p.say("referring_practice"))
	p.text(560, 214, "gothic", 9.5, "Telephone "+p.say("referring_phone")+" | Facsimile "+p.say("referring_fax"))
	p.rule(120, 240, 1600, 240, 3)
	p.text(1180, 310, "book", 10.5, p.say("referral_date"))
	p.text(120, 310, "book", 10.5, p.say("referred_to_practice"))
	p.text(120, 352, "book", 10.5, "Attn: "+p.say("referred_to_specialty"))
	p.text(120, 450, "book", 10.5, "Dear Colleague,")
	he, his, mr, _ := p.pronoun()
	say := func(y int, format string, args ...any) int {
		return p.wrap(120, y, 1470, "book", 10.5, 44, fmt.Sprintf(format, args...)) + 24
	}
	y := say(520, "I am referring my patient %s %s (date of birth %s) for your evaluation. %s", mr, p.name(2), p.say("patient_dob"), p.say("reason"))
	y = say(y, "%s working diagnosis is %s. %s takes %s. %s", his, strings.Join(p.diagnosis("NAME (ICD-10 CODE)"), " and "), he, strings.Join(p.list("medications"), ", "), p.allergySentence(he))
	y = say(y, "%s lives at %s, %s and can be reached at %s. %s is insured through %s, member ID %s. Our referral number is %s.", he, p.say("patient_address"), p.cityLine(), p.say("patient_phone"), he, p.say("payer_name"), p.say("member_id"), p.say("referral_id"))
	y = say(y, "Please see %s on a%s %s basis.", map[string]string{"He": "him", "She": "her"}[he], map[bool]string{true: "n"}[p.f.Values["priority"] == "urgent"], p.f.Values["priority"])
	p.truth["priority"] = p.f.Values["priority"]
	for _, s := range []string{"Sincerely,", "", p.doctor("referring_name"), "NPI: " + p.say("referring_npi")} {
		p.text(120, y+20, "book", 10.5, s)
		y += 44
	}
}

// coverPage says nothing of the patient.
func coverPage(p *paper) {
	p.text(120, 220, "bold", 34, "FAX")
	p.frame(image.Rect(120, 260, 1600, 270), 4)
	v := p.f.Values
	y := p.pairs(140, 380, 300, 80, "bold", []row{{"To", v["referred_to_practice"]}, {"Fax number", p.print("referred_to_fax", v["referred_to_fax"])}, {"From", v["referring_practice"]},
		{"Sender's fax", p.print("referring_fax", v["referring_fax"])}, {"Pages with cover", "2"}, {"Subject", "New referral"}})
	p.wrap(140, y+100, 1400, "sans", 10, 44, "CONFIDENTIALITY NOTICE: The documents accompanying this transmission contain confidential health information that is legally privileged. If you are not the intended recipient, please notify the sender and destroy them.")
}

// consultReply is a report that comes back with the number of the referral.
func consultReply(p *paper) {
	p.text(120, 170, "serifbold", 18, p.say("referred_to_practice"))
	p.text(120, 220, "serif", 10, "Department of "+p.f.Values["referred_to_specialty"])
	p.text(560, 320, "serifbold", 16, "CONSULTATION NOTE")
	y := p.pairs(120, 410, 360, 50, "serifbold", []row{{"Patient:", p.name(0)}, {"Date of Birth:", p.say("patient_dob")}, {"Requested by:", p.say("referring_name")}, {"Your referral no.:", p.say("referral_id")}, {"Date of consultation:", "09/14/2026"}})
	he, _, mr, _ := p.pronoun()
	y = p.wrap(120, y+40, 1480, "serif", 11.5, 46, fmt.Sprintf("Thank you for asking us to see %s %s. %s was seen in consultation this week. Examination was unremarkable apart from the findings you describe.", mr, p.f.Values["patient_last"], he))
	p.text(120, y+40, "serifbold", 12, "Impression and recommendations")
	y = p.wrap(120, y+90, 1480, "serif", 11.5, 46, "We recommend conservative management and a return visit in three months. We will share results when they are available.")
	p.text(120, y+80, "serif", 11.5, p.doctor("referred_to_name"))
}

// labReport is a table of results.
func labReport(p *paper) {
	p.text(120, 170, "bold", 18, "Great Basin Diagnostics")
	p.text(120, 215, "sans", 9, "Clinical Laboratory  CLIA 05D0999999")
	p.text(640, 300, "bold", 15, "FINAL REPORT")
	y := p.pairs(120, 380, 300, 48, "sans", []row{{"Patient name", p.name(3)}, {"DOB", p.say("patient_dob")}, {"Specimen", "S" + digits(p.r, 7)}, {"Ordering physician", p.f.Values["referring_name"]}, {"Date collected", "08/11/2026"}})
	for _, l := range [][4]string{{"Test", "Result", "Units", "Reference interval"}, {"Hemoglobin A1c", "7.9 H", "%", "4.0 - 5.6"}, {"Creatinine", "0.94", "mg/dL", "0.60 - 1.20"}, {"Potassium", "4.1", "mmol/L", "3.5 - 5.1"}, {"ALT", "22", "U/L", "7 - 56"}, {"TSH", "2.31", "mIU/L", "0.45 - 4.50"}} {
		y += 48
		for i, s := range l {
			p.text(120+i*370, y, "sans", 11, s)
		}
	}
}

// refillRequest comes from a pharmacy.
func refillRequest(p *paper) {
	p.text(120, 170, "bold", 18, "Corner Drug Pharmacy #112")
	p.text(540, 280, "bold", 17, "PRESCRIPTION RENEWAL REQUEST")
	drug := p.f.Lists["medications"][0]
	p.pairs(120, 380, 340, 60, "sans", []row{{"Patient", p.name(1)}, {"DOB", p.say("patient_dob")}, {"Prescriber", p.f.Values["referring_name"]}, {"Drug", drug}, {"Qty", "90"}, {"Last fill date", "07/30/2026"}, {"Refills authorized", "______"}})
	p.text(120, 900, "sans", 11, "Please approve or deny and fax back to the pharmacy. Days supply 90.")
}

// advert sells something.
func advert(p *paper) {
	title, body := "SLASH YOUR TONER COSTS!", "Save up to 60% on compatible toner and copier supplies. Limited time offer for medical offices. Order now and get free shipping. Call now 1-800-555-0142. To be removed from our list, call the number below or fax back this page."
	if p.r.IntN(2) == 0 {
		title, body = "FREE LUNCH & LEARN", "Dear Office Manager: join our webinar on practice financing. Seats are limited, register now at our web site. Special offer for practice owners, guaranteed lowest rates today only. Opt out by fax."
	}
	p.text(300, 400, "bold", 34, title)
	p.wrap(200, 600, 1300, "sans", 18, 90, body)
}
