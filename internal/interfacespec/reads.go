package main

import "fmt"

// read is one field that is read: where, what it becomes, and an example, which the test sends to see that it is.
type read struct{ at, becomes, example string }

// family is a kind of incoming message with what is read of it.
type family struct {
	base lines
	from string
	rows []read
}

// families are the tables of reads, by name.
func families() map[string]family {
	return map[string]family{
		"patient": {refBase(), ehr, []read{
			{"PID-3", "medical record numbers; every repetition but SS and DL, yours first; given back in PID-3", "MRN4472^^^&" + mrnOID + "&ISO^MR"},
			{"PID-5", "name: the repetition of type L, else the first", "O'Dell^Maria^José^^^^L"},
			{"PID-7", "date of birth", "19610323"},
			{"PID-8", "sex", "U"},
			{"PID-10", "race; language PID-15, ethnicity PID-22", "2106-3^White^HL70005"},
			{"PID-11", "address: the first repetition", "9 Cove Lane^^Northport^ME^04849"},
			{"PID-13", "telephone and e-mail; PID-14 when there is none", "^PRN^PH^^1^207^5550144"},
			{"PID-18", "account number, given back", "AC5001"},
			{"PV1-2", "patient class, given back", "O"},
			{"PV1-19", "visit number, given back with the report", "VN20931^^^NORTHSIDE^VN"},
			{"IN1-3", "payer; name IN1-4, plan IN1-2, group IN1-8, holder IN1-16, relation IN1-17", "CC001^^^COASTAL"},
			{"IN1-36", "member number; IN1-49 or IN2-61, 6, 8 as well", "CC-5540-11"},
			{"AL1-3", "allergy; kind AL1-2, severity AL1-4, reaction AL1-5; NKA and \"no known\" count as none known", "7980^Penicillin G^RXNORM"},
			{"DG1-3", "diagnoses, in order; DG1-4 when DG1-3 has no text", "I20.9^Angina pectoris^I10"},
			{"PR1-3", "procedures", "93000^Electrocardiogram^C4"},
			{"ARV-3", "confidentiality, as ORC-28", "PSY"},
		}},
		"REF": {refBase(), ehr, []read{
			{"RF1-2", "urgency: S stat; A urgent; R routine; empty routine; any other code unknown, a person decides", "S"},
			{"RF1-4", "disposition (table 0282)", "WR"},
			{"RF1-5", "category (table 0284)", "O"},
			{"RF1-6", "**your number of the referral**; RF1-6.3 when RF1-6.1 is empty", "R-88214^NORTHSIDE"},
			{"RF1-7", "when it was written; RF1-9, else MSH-7", "20261102"},
			{"RF1-10", "reason, each repetition; RF1-14 comes first where it is sent", "O^Chest pain on exertion"},
			{"RF1-11", "a number of the other side that you know", "L-77^LAKESIDE"},
			{"PRD-2", "clinician; PRD-1 RP refers, RT is referred to, CP, PP and CC get copies", "Marsh^Elena"},
			{"PRD-3", "address", "12 Harbor Road^^Northport^ME^04849"},
			{"PRD-4", "organisation: PRD-4.9 or PRD-4.4; PRD-10 from 2.8", "^^^^^^^^Northside Primary Care"},
			{"PRD-5", "telephone, fax (FX), Direct address (NET); CTD-5 fills what is missing", "^NET^Internet^ana.ruiz@direct.lakeside.example"},
			{"PRD-7", "NPI (type NPI), other numbers; the RT's decides where the referral goes when no route does", "1467560003^NPI"},
			{"AUT-6", "authorisation number", "AU-5540"},
			{"OBR-2", "an order number of yours; names the referral when RF1-6 is empty", "ORD-5512^NORTHSIDE"},
			{"OBR-4", "service asked for, when no PR1-3 says so", "93000^Electrocardiogram^C4"},
			{"OBX-5", "results; embedded documents (ED, any encoding) become attachments", "Sinus rhythm"},
			{"NTE-3", "notes; with NTE-4 RE the reason. A redisclosure notice is kept as such", "Please call after 4 pm"},
			{"MSH-10", "control ID: MSA-2 of our RRI repeats it", "NS-000999"},
		}},
		"order": {orderBase("ORM^O01"), ehr, []read{
			{"ORC-1", "what is wanted: see section 6", "CA"},
			{"ORC-2", "**your number of the order**; OBR-2 when ORC-2 is empty", "P-9002^NSEHR"},
			{"ORC-3", "a number of the other side that you know; OBR-3 as well", "L-77^LAKESIDE"},
			{"ORC-7", "urgency in ORC-7.6, after TQ1-9; then OBR-27.6, OBR-5", "^^^^^S"},
			{"ORC-9", "when it was written; else MSH-7", "20261102"},
			{"ORC-12", "ordering clinician; OBR-16 as well", "1467560003^Marsh^Ellen"},
			{"ORC-14", "telephone and fax to call back", "^WPN^PH^^1^207^5550132"},
			{"ORC-16", "reason, after OBR-31, before OBR-13", "^Chest pain"},
			{"ORC-21", "ordering organisation", "Northside Primary Care"},
			{"ORC-28", "confidentiality (0177): U none; V very restricted; ETH and 42CFRPart2 a Part 2 record; any other code restricted", "R"},
			{"TQ1-8", "needed by", "20261130"},
			{"OBR-4", "service asked for; OBR-44 procedure code", "REFDERM^Referral to dermatology^L"},
			{"OBR-28", "copies to", "1245319599^Ruiz^Ana"},
			{"OBR-32", "recipient's NPI in OBR-32.1, after ORC-11", "1245319599&Ruiz&Ana"},
			{"OBX-5", "results; embedded documents (ED) become attachments", "Reduced left"},
			{"NTE-3", "notes, of the order and before the first order", "Changing mole on the left shoulder"},
		}},
		"status": {statusBase().with("ORC-1", "OK"), lakeside, []read{
			{"ORC-1", "what happened, with ORC-5: see section 6", "UA"},
			{"ORC-2", "**the number of the referral**; OBR-2 when ORC-2 is empty", "P-9002^NSEHR"},
			{"ORC-3", "the recipient's own number", "L-77^^" + lakeOID + "^ISO"},
			{"ORC-12", "who accepts, unless it repeats the one who ordered", "1245319599^Ruiz^Ana"},
			{"ORC-15", "promised date", "20261120"},
			{"ORC-16", "reason: code and words", "no_capacity^No capacity"},
			{"NTE-3", "words of people", "Please send the ECG"},
			{"PID-3", "patient, compared with the referral's", "MRN4472^^^NORTHSIDE^MR"},
		}},
		"SIU": {siuBase(), lakeside, []read{
			{"SCH-26", "**number of the referral** (placer order number)", "P-9002^NSEHR"},
			{"SCH-27", "filler order number; ORC and OBR numbers are read as well", "L-77^LAKESIDE"},
			{"SCH-2", "appointment number; SCH-1 when empty. Names the referral when nothing else does", "A-341^^" + lakeOID + "^ISO"},
			{"SCH-25", "status, see below; AIS-10 when empty", "Noshow"},
			{"TQ1-7", "start; else SCH-11.4, AIS-4", "20261113091500-0500"},
			{"TQ1-8", "end; else SCH-11.5", "20261112094500-0500"},
			{"AIL-3", "place: AIL-3.9, 3.4 or 3.1", "ROOM2"},
			{"AIP-3", "with whom", "^Ruiz^Ana"},
		}},
		"RRI": {rriBase(), lakeside, []read{
			{"RF1-1", "A accepted, R declined; anything else only says received, and is ignored", "R"},
			{"RF1-6", "**the number of the referral** from the REF", "R-88214^NORTHSIDE"},
			{"RF1-11", "the recipient's own number", "L-77^LAKESIDE"},
			{"PRD-2", "of RT: who accepts", "Ruiz^Anna"},
			{"NTE-3", "words of people", "Bring the ECG"},
		}},
		"MDM": {mdmBase(), lakeside, []read{
			{"TXA-14", "**placer number** of the referral; ORC and OBR numbers are read as well", "P-9002^NSEHR"},
			{"TXA-15", "filler number", "L-77^LAKESIDE"},
			{"TXA-17", "signed or not, see below", "DO"},
			{"TXA-2", "title of the text", "DS"},
			{"TXA-4", "time of the note; else TXA-6", "20261101"},
			{"TXA-9", "author", "1245319599^Ruiz^Ana"},
			{"TXA-12", "document number", "D-18^LAKE"},
			{"OBX-5", "the note: text, and embedded documents (ED)", "Angina."},
		}},
		"ORU": {oruBase(), lakeside, []read{
			{"OBR-2", "**placer number** of the referral or order; ORC-2 as well", "P-9002^NSEHR"},
			{"OBR-3", "filler number; ORC-3 as well", "L-77^LAKESIDE"},
			{"OBR-25", "final or not, see below; without it every OBX-11 must be F or C", "P"},
			{"OBR-22", "time of the report", "20261101"},
			{"OBR-32", "author (OBR-32.1)", "1245319599&Ruiz&Ana"},
			{"OBX-5", "the note: text, and embedded documents (ED)", "Angina."},
		}},
	}
}

// reads is the table of a family.
func reads(name string) (string, error) {
	f, ok := families()[name]
	if !ok {
		return "", fmt.Errorf("reads %q: got no such family", name)
	}
	var rows [][]string
	for _, r := range f.rows {
		rows = append(rows, []string{r.at, r.becomes, tick(r.example)})
	}
	return table([]string{"field", "read as", "example"}, rows), nil
}
