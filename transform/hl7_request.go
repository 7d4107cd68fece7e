package transform

import (
	"strings"
	"time"

	"refloop/fax"
	"refloop/hl7"
	"refloop/referral"
)

// requestRecord reads what REF, ORM and OMG have in common into one record; order limits it to one ORC/OBR group when it is not nil.
func requestRecord(m *hl7.Message, order *hl7.Group, partner string) *referral.Referral {
	r := &referral.Referral{
		Patient: patientOf(m, partner), Coverage: coverageOf(m), Allergies: allergiesOf(m), Requested: timeOf(m.Field("MSH", 7)),
		Test: testTraffic(m),
	}
	segments := m.Segments
	if order != nil {
		segments = order.Segments
	}
	r.Diagnoses = diagnosesOf(segments("DG1"))
	r.Results = observationsOf(segments("OBX"))
	if order != nil && len(r.Diagnoses) == 0 { // some systems list them once, before the orders
		r.Diagnoses = diagnosesOf(head(m, "DG1"))
	}
	for s := range m.Segments("PR1") {
		if done(m, s) {
			r.Procedures = addCoded(r.Procedures, codedOf(s.Field(3).Coded()))
		}
	}
	for s := range m.Segments("ARV") {
		confidential(r, s.Field(3).String())
	}
	providersOf(m, r, partner)
	return r
}

// testTraffic reports whether MSH-11 marks training or debugging traffic.
func testTraffic(m *hl7.Message) bool { return m.ProcessingID() == "T" || m.ProcessingID() == "D" }

// done reports whether a PR1 tells of a procedure that was performed: before the day of the message. The others are what is asked for.
func done(m *hl7.Message, pr1 hl7.Segment) bool {
	at, sent := timeOf(pr1.Field(5)), timeOf(m.Field("MSH", 7))
	return !at.IsZero() && at.Before(sent.Truncate(24*time.Hour))
}

// providersOf reads PRD (REF): RP is who refers, RT who is referred to.
func providersOf(m *hl7.Message, r *referral.Referral, partner string) {
	if g, ok := m.Provider("RP"); ok {
		r.Initiator = prdParty(g, partner)
	}
	if g, ok := m.Provider("RT"); ok {
		r.Recipient = prdParty(g, partner)
	}
	for _, g := range m.Providers() {
		if role := g.Lead().Field(1).Comp(1); role == "CP" || role == "PP" || role == "CC" {
			r.CopiesTo = append(r.CopiesTo, prdParty(g, partner))
		}
	}
}

// prdParty reads one PRD with its CTDs.
func prdParty(g hl7.Group, partner string) referral.Party {
	prd := g.Lead()
	p := referral.Party{
		Clinician: nameOf(prd.Field(2).XPN()), Address: addressOf(prd.Field(3).XAD()),
		Organization: firstOf(prd.Field(10).XON().Name, prd.Field(4).Comp(9), prd.Field(4).Comp(4)),
	}
	p.Phone, p.Fax, p.Direct = phones(prd.Field(5))
	for rep := range prd.Field(7).All() {
		pln := rep.PLN()
		switch {
		case pln.ID == "":
		case strings.EqualFold(pln.Type, "NPI") && tenDigits(pln.ID) || pln.Type == "" && fax.ValidNPI(pln.ID):
			p.NPI = firstOf(p.NPI, pln.ID)
		default:
			p.ClinicianIDs = addID(p.ClinicianIDs, referral.Identifier{Value: pln.ID, Authority: firstOf(pln.Qualifier, partnerAuthority(partner)), Kind: "clinician"})
		}
	}
	for s := range g.Segments("CTD") {
		phone, number, email := phones(s.Field(5))
		p.Phone, p.Fax, p.Direct = firstOf(p.Phone, phone), firstOf(p.Fax, number), firstOf(p.Direct, email)
	}
	return p
}

// refRecord reads REF^I12 to I15.
func refRecord(m *hl7.Message, partner string) *referral.Referral {
	r := requestRecord(m, nil, partner)
	rf1 := m.First("RF1")
	r.Priority = priorityOf(rf1.Field(2))
	r.Service.Category = rf1.Field(5).Comp(1)
	r.Service.Disposition = rf1.Field(4).Comp(1)
	r.Requested = firstTime(timeOf(rf1.Field(7)), timeOf(rf1.Field(9)), r.Requested)
	var reasons []string
	for rep := range rf1.Field(10).All() {
		reasons = append(reasons, rep.Coded().Label())
	}
	r.Reason = firstOf(rf1.Field(14).Coded().Label(), strings.Join(reasons, "; "))
	for s := range m.Segments("PR1") {
		if c := codedOf(s.Field(3).Coded()); r.Service.Coded == (referral.Coded{}) && !done(m, s) {
			r.Service.Coded = c
		}
	}
	if obr := m.First("OBR"); obr.Exists() && r.Service.Coded == (referral.Coded{}) {
		r.Service.Coded = codedOf(obr.Field(4).Coded())
	}
	r.Authorization = m.First("AUT").Field(6).EI().ID
	r.Notes = notesOf(m.Segments("NTE"))
	noticeNotes(r)
	for s := range m.Segments("NTE") {
		if strings.EqualFold(s.Field(4).Comp(1), "RE") || strings.EqualFold(s.Field(4).Comp(2), "reason") {
			r.Reason = firstOf(s.Field(3).Text(), r.Reason)
		}
	}
	r.Identifiers = addEI(r.Identifiers, rf1.Field(6), referral.KindPlacer, partner)
	for rep := range rf1.Field(11).All() {
		r.Identifiers = addEI(r.Identifiers, rep, referral.KindFiller, partner)
	}
	if obr := m.First("OBR"); obr.Exists() {
		r.Identifiers = addEI(r.Identifiers, obr.Field(2), referral.KindPlacer, partner)
	}
	if x := m.First("PV1").Field(8).XCN(); r.Initiator.NPI == "" && x.ID != "" && r.Initiator.Clinician == (referral.Name{}) {
		fromXCN(&r.Initiator, x, partner)
	}
	return r
}

// orderRecord reads one order group of ORM^O01 or OMG^O19.
func orderRecord(m *hl7.Message, g hl7.Group, partner string) *referral.Referral {
	r := requestRecord(m, &g, partner)
	orc, obr := g.First("ORC"), g.First("OBR")
	for _, v := range []hl7.Value{orc.Field(12), obr.Field(16)} {
		for rep := range v.All() {
			fromXCN(&r.Initiator, rep.XCN(), partner)
		}
	}
	r.Initiator.Organization = firstOf(orc.Field(21).XON().Name, r.Initiator.Organization)
	phone, number, _ := phones(orc.Field(14))
	r.Initiator.Phone, r.Initiator.Fax = firstOf(r.Initiator.Phone, phone), firstOf(r.Initiator.Fax, number)
	for rep := range obr.Field(28).All() {
		var p referral.Party
		fromXCN(&p, rep.XCN(), partner)
		r.CopiesTo = append(r.CopiesTo, p)
	}
	r.Service.Coded = codedOf(obr.Field(4).Coded())
	if s := obr.Field(44).Coded(); s.Code != "" {
		r.Service.Procedures = append(r.Service.Procedures, s.Code)
	}
	r.Priority = firstPriority(g.Field("TQ1", 9), orc.Field(7).Component(6), obr.Field(27).Component(6), obr.Field(5))
	r.NeededBy = timeOf(g.Field("TQ1", 8))
	r.Requested = firstTime(timeOf(orc.Field(9)), r.Requested)
	for _, v := range []hl7.Value{obr.Field(31), orc.Field(16)} {
		for rep := range v.All() {
			if c := rep.Coded(); r.Reason == "" {
				r.Reason = firstOf(c.Text, c.Original, c.Code)
			}
		}
	}
	r.Reason = firstOf(r.Reason, obr.Field(13).Text())
	r.Notes = append(notesOf(head(m, "NTE")), notesOf(g.Segments("NTE"))...)
	noticeNotes(r)
	confidential(r, orc.Field(28).Comp(1))
	if r.Recipient.NPI == "" {
		for _, v := range []hl7.Value{orc.Field(11), obr.Field(32).Component(1)} {
			if x := v.XCN(); fax.ValidNPI(x.ID) {
				r.Recipient.NPI = x.ID
			}
		}
	}
	r.Identifiers = orderIDs(g, partner)
	return r
}

// head iterates over the segments of a name before the first order (after MSH or PID).
func head(m *hl7.Message, segment string) func(yield func(hl7.Segment) bool) {
	return func(yield func(hl7.Segment) bool) {
		for s := range m.Segments() {
			if name := s.Name(); name == "ORC" || name == "OBR" {
				return
			} else if name == segment && !yield(s) {
				return
			}
		}
	}
}

// orderIDs returns the numbers of an order: placer (ORC-2, OBR-2) and filler (ORC-3, OBR-3).
func orderIDs(g hl7.Group, partner string) []referral.Identifier {
	orc, obr := g.First("ORC"), g.First("OBR")
	var ids []referral.Identifier
	ids = addEI(ids, orc.Field(2), referral.KindPlacer, partner)
	ids = addEI(ids, obr.Field(2), referral.KindPlacer, partner)
	ids = addEI(ids, orc.Field(3), referral.KindFiller, partner)
	return addEI(ids, obr.Field(3), referral.KindFiller, partner)
}

// naming is the number by which a referral message names its referral, under each of its authorities: the first placer number (RF1-6,
// ORC-2, OBR-2), else the first filler number. Other numbers are kept on the record and name nothing here: systems repeat the number
// of an attached result, or one constant, in many messages.
func naming(ids []referral.Identifier) []referral.Identifier {
	for _, kind := range []string{referral.KindPlacer, referral.KindFiller} {
		first := kindOf(ids, kind)
		if first.Value == "" {
			continue
		}
		out := []referral.Identifier{first}
		if name := aliasOf(ids, first); name != "" {
			out = append(out, referral.Identifier{Value: first.Value, Authority: name, Kind: kind})
		}
		return out
	}
	return nil
}

// confidential raises the record's label by a code of table 0177, 0272 or 0717: R and the subject codes PSY, AID, HIV, ETH, SMD, DEM
// are restricted, ETH (substance use) is Part 2 besides.
func confidential(r *referral.Referral, code string) {
	switch code = strings.ToUpper(code); code {
	case "", "U", "N", "NORMAL":
	case "V":
		restrict(&r.Confidentiality, "V", "label")
	case "ETH", "42CFRPART2":
		markPart2(&r.Confidentiality, "label")
	default:
		restrict(&r.Confidentiality, "R", "label")
	}
}
