package main

import (
	"time"

	"refloop/channels"
	"refloop/referral"
	"refloop/transform"
)

// Everybody on the page is made up.
const (
	ehr      = "northside-ehr"
	lakeside = "lakeside-cardiology"
	ownOID   = "2.16.840.1.113883.3.72.5.9.1"
	lakeOID  = "2.16.840.1.113883.3.72.5.9.2"
	mrnOID   = "2.16.840.1.113883.3.72.5.9.1.5"
)

// directory is that of the hospital: its EHR and a specialist.
func directory() *transform.Directory {
	return &transform.Directory{
		Own: transform.Organization{Name: "Northside Primary Care", OID: ownOID, NPI: "1234567893"},
		Partners: []transform.Partner{
			{ID: ehr, Name: "Northside EHR", Application: "NSEHR", Facility: "NORTHSIDE", Own: true, Rails: []transform.Rail{{Type: channels.MLLP}}},
			{
				ID: lakeside, Name: "Lakeside Cardiology", Application: "LAKE", Facility: "CARDIO", NPI: "1992999825", OID: lakeOID,
				Rails: []transform.Rail{{Type: channels.Direct, Address: "referrals@direct.lakeside.example"}},
			},
		},
	}
}

// record is a referral of the hospital to the specialist. form is REF, ORM or OMG.
func record(form string) referral.Referral {
	id := func(value, authority, kind string) referral.Identifier {
		return referral.Identifier{Value: value, Authority: authority, Kind: kind}
	}
	return referral.Referral{
		ID: "7K2M9QX4T1B8C3DW", Authority: ownOID, Role: referral.RoleInitiator, State: referral.StateSent,
		Initiator: referral.Party{Partner: ehr, Clinician: referral.Name{Family: "Marsh", Given: "Ellen"}, NPI: "1467560003", Organization: "Northside Primary Care"},
		Recipient: referral.Party{Partner: lakeside, Clinician: referral.Name{Family: "Ruiz", Given: "Ana"}, NPI: "1245319599", Organization: "Lakeside Cardiology"},
		Patient: referral.Patient{
			IDs: []referral.Identifier{id("MRN4471", mrnOID, referral.KindMRN)}, Name: referral.Name{Family: "O'Dell", Given: "Maria"}, BirthDate: "1961-03-22", Sex: "F",
			Address: referral.Address{Line1: "9 Cove Lane", City: "Northport", State: "ME", Zip: "04849"}, Phone: "+1 207 555 0144",
			Account: "AC5001", Visit: id("VN20931", "NORTHSIDE", referral.KindVisit), VisitClass: "O",
		},
		Coverage: []referral.Coverage{{Payer: "Coastal Care", PayerID: "CC001", Plan: "Coastal Care PPO", Group: "GRP77", MemberID: "CC-5540-11"}},
		Service:  referral.Service{Coded: referral.Coded{Code: "57133-1", Text: "Referral note", System: "LN"}, Category: "O"},
		Priority: referral.Urgent, NeededBy: day(30), Requested: day(2), Reason: "Chest pain on exertion",
		Diagnoses: []referral.Coded{{Code: "I20.9", Text: "Angina pectoris, unspecified", System: "I10"}},
		Allergies: []referral.Allergy{{Substance: referral.Coded{Code: "7980", Text: "Penicillin G", System: "RXNORM"}, Kind: referral.Coded{Code: "DA"}, Reaction: "Hives"}},
		Results:   []referral.Observation{{Test: referral.Coded{Code: "2093-3", Text: "Cholesterol", System: "LN"}, Value: "212", Unit: "mg/dL", Range: "<200", Flag: "H", Status: "F"}},
		Notes:     []string{"Please call the patient after 4 pm."},
		Identifiers: []referral.Identifier{
			id("7K2M9QX4T1B8C3DW", ownOID, referral.KindReferral), id("R-88213", "NORTHSIDE", referral.KindPlacer),
			id(form, "2.5.1", referral.KindSourceForm), id("NS-000417", "partner:"+ehr, referral.KindControlID),
		},
	}
}

func day(n int) time.Time { return time.Date(2026, 11, n, 9, 15, 0, 0, time.UTC) }

// event is one step, with what such a step brings.
func event(kind referral.EventType) (referral.Event, map[string][]byte) {
	ev := referral.Event{Type: kind, EventTime: day(3), ReceiveTime: day(3)}
	ev.Payload.Appointment = &referral.Appointment{
		ID: referral.Identifier{Value: "A-340", Authority: lakeOID, Kind: referral.KindAppointment}, Start: day(12), End: day(12).Add(30 * time.Minute),
		Location: "Lakeside Cardiology, room 2", With: referral.Name{Family: "Ruiz", Given: "Ana"},
	}
	switch kind {
	case referral.EventAccept:
		ev.Payload.Promise = day(20)
	case referral.EventDecline, referral.EventCancel:
		ev.Reason = "patient_choice"
	case referral.EventReport, referral.EventInterim:
		text := referral.Document{
			ID: "D00017", Kind: "report", ContentType: "text/plain", Author: referral.Name{Family: "Ruiz", Given: "Ana"}, AuthorNPI: "1245319599", Signed: kind == referral.EventReport,
		}
		pdf := text
		pdf.ID, pdf.ContentType = "D00018", "application/pdf"
		ev.Payload.Documents = []referral.Document{text, pdf}
		return ev, map[string][]byte{"D00017": []byte("Stable angina. Stress test ordered.\n"), "D00018": []byte("%PDF-1.4\n%%EOF\n")}
	case referral.EventEnd:
		ev.Payload.EndReason = referral.EndExpired
	}
	return ev, nil
}
