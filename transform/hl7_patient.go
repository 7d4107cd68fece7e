package transform

import (
	"strings"

	"refloop/hl7"
	"refloop/referral"
)

// patientOf reads PID and PV1.
func patientOf(m *hl7.Message, partner string) referral.Patient {
	return personOf(m.First("PID"), m.First("PV1"), partner)
}

// personOf is patientOf for one PID of several.
func personOf(pid, pv1 hl7.Segment, partner string) referral.Patient {
	p := referral.Patient{
		IDs: cxOf(pid.Field(3), partner), Name: legalName(pid.Field(5)), Sex: strings.ToUpper(pid.Field(8).String()),
		Address: addressOf(pid.Field(11).Repetition(1).XAD()), Race: codedOf(pid.Field(10).Coded()), Ethnicity: codedOf(pid.Field(22).Coded()),
		Language: pid.Field(15).Comp(1), Account: pid.Field(18).Comp(1), AccountAuthority: accountAuthority(pid.Field(18)),
	}
	if len(p.IDs) == 0 { // PID-2 held the number before version 2.3.1
		p.IDs = cxOf(pid.Field(2), partner)
	}
	if t, err := pid.Field(7).Time(nil); err == nil {
		p.BirthDate = t.Date()
	}
	home, _, email := phones(pid.Field(13))
	work, _, workMail := phones(pid.Field(14))
	p.Phone, p.Email = firstOf(home, work), firstOf(email, workMail)
	p.VisitClass = pv1.Field(2).String()
	if cx := pv1.Field(19).CX(); cx.ID != "" {
		p.Visit = referral.Identifier{Value: cx.ID, Authority: authorityOf(cx.Authority, partner), Kind: referral.KindVisit}
	}
	return p
}

// coverageOf reads IN1 with its IN2: member number from IN1-49, IN1-36, IN2-61 or IN2-6.
func coverageOf(m *hl7.Message) []referral.Coverage {
	var out []referral.Coverage
	for _, g := range m.Groups("IN1", "IN2", "IN3") {
		in1, in2 := g.Lead(), g.First("IN2")
		c := referral.Coverage{
			Payer: firstOf(in1.Field(4).XON().Name, in1.Field(4).String()), PayerID: in1.Field(3).CX().ID, Plan: in1.Field(2).Coded().Label(), Group: in1.Field(8).String(),
			MemberID: firstOf(in1.Field(49).CX().ID, in1.Field(36).String(), in2.Field(61).CX().ID, in2.Field(6).String(), in2.Field(8).String()),
			Holder:   nameOf(in1.Field(16).XPN()), Relation: in1.Field(17).Coded().Label(),
		}
		if c != (referral.Coverage{}) {
			out = append(out, c)
		}
	}
	return out
}

// diagnosesOf reads DG1-3, in order, without repeats.
func diagnosesOf(segments func(yield func(hl7.Segment) bool)) []referral.Coded {
	var out []referral.Coded
	for s := range segments {
		c := codedOf(s.Field(3).Coded())
		if c.Text == "" {
			c.Text = s.Field(4).String()
		}
		out = addCoded(out, c)
	}
	return out
}

func addCoded(list []referral.Coded, c referral.Coded) []referral.Coded {
	if c == (referral.Coded{}) {
		return list
	}
	for _, have := range list {
		if have == c {
			return list
		}
	}
	return append(list, c)
}

// allergiesOf reads AL1. A code or text that says that none are known becomes None.
func allergiesOf(m *hl7.Message) []referral.Allergy {
	var out []referral.Allergy
	for s := range m.Segments("AL1") {
		a := referral.Allergy{
			Substance: codedOf(s.Field(3).Coded()), Severity: s.Field(4).Coded().Label(), Reaction: s.Field(5).String(), Kind: codedOf(s.Field(2).Coded()),
		}
		if a.Substance == (referral.Coded{}) {
			continue
		}
		a.None = referral.NoneKnown(a.Substance)
		out = append(out, a)
	}
	return out
}

// observationsOf reads the OBX of a run of segments that are results: everything but embedded documents.
func observationsOf(segments func(yield func(hl7.Segment) bool)) []referral.Observation {
	var out []referral.Observation
	for s := range segments {
		switch s.Field(2).String() {
		case "ED", "RP":
			continue
		}
		o := referral.Observation{
			Test: codedOf(s.Field(3).Coded()), Value: observed(s), Unit: s.Field(6).String(), Range: s.Field(7).String(), Flag: s.Field(8).String(),
			Time: stampOf(s.Field(14)), Status: s.Field(11).String(),
		}
		if o.Test != (referral.Coded{}) || o.Value != "" {
			out = append(out, o)
		}
	}
	return out
}

// observed returns OBX-5 as text: the words of a coded value, else all of it.
func observed(s hl7.Segment) string {
	switch s.Field(2).String() {
	case "CE", "CWE", "CNE", "CF":
		return s.Field(5).Coded().Label()
	}
	return s.Field(5).Text()
}

// notesOf joins the text of NTE segments.
func notesOf(segments func(yield func(hl7.Segment) bool)) []string {
	var out []string
	for s := range segments {
		text := strings.TrimSpace(s.Field(3).Text())
		if text == "" { // one Ontario EMR writes the topic in NTE-4 only
			text = strings.TrimSpace(s.Field(4).Coded().Label())
		}
		if text != "" {
			out = append(out, text)
		}
	}
	return out
}

// accountAuthority is who gave the account number: an OID, else a namespace, else nothing.
func accountAuthority(v hl7.Value) string {
	cx := v.CX()
	if cx.ID == "" {
		return ""
	}
	return firstOf(cx.Authority.ID, cx.Authority.Namespace)
}
