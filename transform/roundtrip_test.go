package transform

import (
	"slices"
	"strings"
	"testing"
	"time"

	"refloop/channels"
	"refloop/referral"
)

// specialist is the directory of the other side: the hospital is a partner there.
func specialist() *Directory {
	return &Directory{
		Own: Organization{Name: "Lakeside Cardiology", OID: lakeOID, NPI: "1992999825", Direct: "referrals@direct.lakeside.example"},
		Partners: []Partner{{
			ID: "northside", Name: "Northside Primary Care", OID: ownOID, NPI: "1234567893",
			Rails: []Rail{{Type: channels.Direct, Address: "referrals@direct.northside.example"}},
		}},
	}
}

// arrived is a shipment as the specialist's Direct channel opens it.
func arrived(ship channels.Shipment) Source {
	s := mailSource(ship.Parts...)
	s.Opened.Sender, s.Opened.Partner, s.Directory = "referrals@direct.northside.example", "northside", specialist()
	return s
}

// one is the only fact of a decoded message.
func one(t testing.TB, d Decoded) Fact {
	t.Helper()
	if len(d.Facts) != 1 {
		t.Fatalf("got %d facts, hold %q, problems %v, want one fact", len(d.Facts), d.Hold, d.Problems)
	}
	return d.Facts[0]
}

// A request that leaves by 360X says the same on the other side.
func TestRequestRoundTrip(t *testing.T) {
	r := taken(t, "ref-i12.hl7", referral.RoleInitiator)
	r.NeededBy = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	r.Medications = []referral.Medication{{Drug: referral.Coded{Code: "197361", Text: "Amlodipine 5 mg tablet", System: "RXNORM"}, Sig: "1 tablet a day"}}
	r.Procedures = []referral.Coded{{Code: "76164006", Text: "Biopsy of colon", System: "SCT"}}
	r.Vitals = []referral.Observation{{Test: referral.Coded{Code: "8867-4", Text: "Heart rate", System: "LN"}, Value: "72", Unit: "/min", Time: "2026-11-01"}}
	ev, docs := happened(referral.EventRequest, r)
	ship, err := Render(r, ev, target(channels.Direct, false, nil), docs)
	if err != nil {
		t.Fatal(err)
	}
	d := Decode(arrived(ship))
	f := one(t, d)
	if f.Event.Type != referral.EventRequest || !f.Creates || f.IfKnown == "" {
		t.Errorf("got %s, creates %v, if known %q, want a request that creates and may be an outcome", f.Event.Type, f.Creates, f.IfKnown)
	}
	if want := (referral.Identifier{Value: r.ID, Authority: ownOID, Kind: referral.KindPlacer}); !slices.Contains(f.Ref, want) || len(f.Ref) != 1 {
		t.Errorf("got the numbers %v, want the referral ID alone", f.Ref)
	}
	got := f.Event.Payload.Record
	for what, pair := range map[string][2]any{
		"reason":     {got.Reason, r.Reason},
		"priority":   {got.Priority, r.Priority},
		"service":    {got.Service.Coded, r.Service.Coded},
		"needed by":  {got.NeededBy, r.NeededBy},
		"specialty":  {got.Specialty, r.Specialty},
		"name":       {got.Patient.Name, r.Patient.Name},
		"birth date": {got.Patient.BirthDate, r.Patient.BirthDate},
		"sex":        {got.Patient.Sex, r.Patient.Sex},
		"mrn":        {got.Patient.IDs[0], r.Patient.IDs[0]},
		"initiator":  {got.Initiator.NPI, r.Initiator.NPI},
		"practice":   {got.Initiator.Organization, r.Initiator.Organization},
		"recipient":  {got.Recipient.NPI, r.Recipient.NPI},
		"direct":     {got.Initiator.Direct, "referrals@direct.northside.example"},
		"medication": {got.Medications[0].Drug, r.Medications[0].Drug},
		"procedure":  {got.Procedures[0], r.Procedures[0]},
		"vital":      {got.Vitals[0].Value + got.Vitals[0].Unit, "72/min"},
		"allergy":    {got.Allergies[0].Substance.Code, "7980"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got %v, want %v", what, pair[0], pair[1])
		}
	}
	if !slices.Equal(got.Diagnoses, r.Diagnoses) {
		t.Errorf("diagnoses: got %v, want %v", got.Diagnoses, r.Diagnoses)
	}
	if !slices.Equal(got.Notes, r.Notes) || len(got.Holds) != 0 {
		t.Errorf("notes %v, holds %v", got.Notes, got.Holds)
	}
	if f.Event.Payload.Patient == nil || len(d.Documents) != 2 {
		t.Errorf("patient %v, %d documents; want the patient, the note and the attachment", f.Event.Payload.Patient, len(d.Documents))
	}
}

// What the specialist says by 360X is what the hospital's side hears.
func TestAnswersRoundTrip(t *testing.T) {
	for _, kind := range []referral.EventType{
		referral.EventAccept, referral.EventDecline, referral.EventNoCapacity, referral.EventAsk, referral.EventSchedule, referral.EventReschedule, referral.EventNoShow,
		referral.EventCancelAppointment, referral.EventSeen, referral.EventInterim, referral.EventReport, referral.EventConfirmCancel, referral.EventRefuseCancel,
	} {
		t.Run(string(kind), func(t *testing.T) {
			r := taken(t, "ref-i12.hl7", referral.RoleRecipient)
			ev, docs := happened(kind, r)
			to := target(channels.Direct, false, nil)
			to.Own, to.Partner = specialist().Own, specialist().Partners[0]
			ship, err := Render(r, ev, to, docs)
			if err != nil {
				t.Fatal(err)
			}
			d := Decode(mailSource(ship.Parts...))
			f := one(t, d)
			if f.Event.Type != kind {
				t.Fatalf("got %s, want %s", f.Event.Type, kind)
			}
			if len(f.Ref) == 0 || f.Ref[0].Value != r.ID || f.Ref[0].Authority != ownOID {
				t.Errorf("got the numbers %v, want the referral ID", f.Ref)
			}
			if f.Event.Reason != ev.Reason || f.Event.Note != ev.Note {
				t.Errorf("got reason %q and note %q, want %q and %q", f.Event.Reason, f.Event.Note, ev.Reason, ev.Note)
			}
			if p := f.Event.Payload.Patient; p == nil || p.Name.Family != r.Patient.Name.Family {
				t.Error("the patient is not named")
			}
			if a := f.Event.Payload.Appointment; a != nil && (a.ID.Value != "A-340" || !a.Start.Equal(hour(15)) || !a.End.Equal(hour(16)) || a.Location != "Lakeside, room 4") {
				t.Errorf("got the appointment %v", *a)
			}
			if kind == referral.EventAccept && (!f.Event.Payload.Promise.Equal(ev.Payload.Promise) || f.Event.Payload.Recipient.NPI != r.Recipient.NPI) {
				t.Errorf("got %v and %v, want the promise and who accepted", f.Event.Payload.Promise, f.Event.Payload.Recipient)
			}
			checkOutcome(t, kind, d)
		})
	}
}

// checkOutcome looks at the documents of an outcome: kind, author, and signed only when final.
func checkOutcome(t *testing.T, kind referral.EventType, d Decoded) {
	t.Helper()
	if kind != referral.EventReport && kind != referral.EventInterim {
		if len(d.Documents) != 0 {
			t.Errorf("got %d documents, want none", len(d.Documents))
		}
		return
	}
	if len(d.Documents) == 0 {
		t.Fatal("no document")
	}
	doc := d.Documents[0].Document
	if doc.Kind != string(kind) || doc.Signed != (kind == referral.EventReport) || doc.AuthorNPI != "1245319599" {
		t.Errorf("got kind %s, signed %v, author %s", doc.Kind, doc.Signed, doc.AuthorNPI)
	}
	text := strings.Join(documentText(d.Documents[0].Bytes), "\n")
	if !strings.Contains(text, "Stable angina.") || strings.Contains(text, "attached to this document") {
		t.Errorf("readable text: %q", text)
	}
}

// What the initiator says travels too: cancel and end as a cancellation, words as an answer.
func TestInitiatorRoundTrip(t *testing.T) {
	for kind, want := range map[referral.EventType]referral.EventType{
		referral.EventCancel: referral.EventCancel, referral.EventEnd: referral.EventCancel, referral.EventAnswer: referral.EventAnswer, referral.EventChange: referral.EventChange,
	} {
		r := taken(t, "ref-i12.hl7", referral.RoleInitiator)
		ev, docs := happened(kind, r)
		ship, err := Render(r, ev, target(channels.Direct, false, nil), docs)
		if err != nil {
			t.Fatal(err)
		}
		f := one(t, Decode(arrived(ship)))
		if f.Event.Type != want || f.Creates {
			t.Errorf("%s: got %s, creates %v", kind, f.Event.Type, f.Creates)
		}
		if kind != referral.EventChange && !strings.Contains(f.Event.Note, "Please call the desk.") {
			t.Errorf("%s: got the note %q", kind, f.Event.Note)
		}
		if kind == referral.EventEnd && f.Event.Reason != string(referral.EndUnreachable) {
			t.Errorf("end: got the reason %q", f.Event.Reason)
		}
	}
}

// An outcome as OMG, even with ORC-1 NW, is one when the side that carries out speaks of a known referral.
func TestOutcomeAsOMG(t *testing.T) {
	for _, c := range []struct {
		control, result string
		want            referral.EventType
		signed          bool
	}{
		{"NW", "F", referral.EventReport, true}, {"NW", "P", referral.EventInterim, true}, {"NW", "", referral.EventReport, true},
		{"RE", "F", referral.EventReport, true}, {"RE", "P", referral.EventInterim, true},
	} {
		r := taken(t, "ref-i12.hl7", referral.RoleRecipient)
		ev, docs := happened(referral.EventReport, r)
		to := target(channels.Direct, false, func(d *Dialect) { d.Outcome = "omg" })
		ship, err := Render(r, ev, to, docs)
		if err != nil {
			t.Fatal(err)
		}
		text := string(ship.Parts[0].Body)
		text = strings.Replace(text, "ORC|RE|", "ORC|"+c.control+"|", 1)
		text = strings.Replace(text, "|F||||||^Chest", "|"+c.result+"||||||^Chest", 1)
		ship.Parts[0].Body = []byte(text)
		d := Decode(mailSource(ship.Parts...))
		f := one(t, d)
		for _, b := range d.Documents { // as the engine hangs them on
			if rec := f.Event.Payload.Record; rec != nil {
				rec.Documents = append(rec.Documents, b.Document)
			} else {
				f.Event.Payload.Documents = append(f.Event.Payload.Documents, b.Document)
			}
		}
		got := f.AsKnown()
		if got.Type != c.want || got.Payload.Record != nil || len(got.Payload.Documents) != 1 {
			t.Errorf("%s %s: got %s with %d documents, want %s with one", c.control, c.result, got.Type, len(got.Payload.Documents), c.want)
			continue
		}
		if doc := got.Payload.Documents[0]; doc.Kind != string(c.want) || doc.Signed != c.signed {
			t.Errorf("%s %s: got kind %s, signed %v", c.control, c.result, doc.Kind, doc.Signed)
		}
	}
}

// The report goes back to the EHR with its own numbers, and our own reader takes it as the signed report.
func TestReportToEHR(t *testing.T) {
	for file, want := range map[string]struct{ kind, placer, mrn, visit, account string }{
		"ref-i12.hl7":        {"MDM^T02", "R-88213^NORTHSIDE^" + ownOID + "^ISO", "MRN4471^^^NORTHSIDE&" + ownOID + "&ISO^MR", "VN20931^^^NORTHSIDE^VN", "VN20931^^^NORTHSIDE"},
		"orm-two-groups.hl7": {"ORU^R01", "P-9001^NSEHR", "MRN5502^^^NORTHSIDE^MR", "VN31001^^^^VN", ""},
	} {
		r := taken(t, file, referral.RoleInitiator)
		ev, docs := happened(referral.EventReport, r)
		ev.Payload.Documents = append(ev.Payload.Documents, referral.Document{ID: "doc-pdf", Kind: "report", ContentType: "application/pdf", Signed: true})
		ship, err := Render(r, ev, target(channels.MLLP, true, nil), docs)
		if err != nil {
			t.Fatal(err)
		}
		m := parsed(t, ship)
		raw := string(partOf(ship.Parts, channels.KindHL7).Body)
		if m.Type() != want.kind {
			t.Errorf("%s: got %s, want %s", file, m.Type(), want.kind)
		}
		for _, w := range []string{"|" + want.placer + "|", "|" + want.mrn + "|", "|" + want.visit + "\r", "^application^pdf^Base64^JVBERi0xLjQKJSVFT0YK"} {
			if !strings.Contains(raw, w) {
				t.Errorf("%s: %q is not in the message", file, w)
			}
		}
		if got := m.Get("PID-18"); want.account != "" && !strings.HasPrefix(got, "VN20931") {
			t.Errorf("%s: PID-18 got %q", file, got)
		}
		d := Decode(hl7Source([]byte(raw), "northside-ehr"))
		f := one(t, d)
		if f.Event.Type != referral.EventReport || !f.Feed || len(d.Documents) != 2 || !d.Documents[0].Document.Signed {
			t.Errorf("%s: got %s with %d documents", file, f.Event.Type, len(d.Documents))
		}
	}
}

// Unsigned notes stay interim in every family.
func TestUnsignedIsInterim(t *testing.T) {
	for _, c := range []struct {
		name string
		body []byte
		want referral.EventType
	}{
		{"MDM DO", mdm("DO"), referral.EventInterim}, {"MDM AU", mdm("AU"), referral.EventReport}, {"MDM LA", mdm("LA"), referral.EventReport}, {"MDM IP", mdm("IP"), referral.EventInterim},
		{"ORU F", oru("F", "F"), referral.EventReport}, {"ORU C", oru("C", "C"), referral.EventReport}, {"ORU P", oru("P", "P"), referral.EventInterim},
		{"ORU OBX F", oru("", "F"), referral.EventReport}, {"ORU OBX P", oru("", "P"), referral.EventInterim},
	} {
		d := Decode(hl7Source(c.body, "hub"))
		f := one(t, d)
		if f.Event.Type != c.want || len(d.Documents) != 1 || d.Documents[0].Document.Signed != (c.want == referral.EventReport) {
			t.Errorf("%s: got %s, documents %v", c.name, f.Event.Type, d.Documents)
		}
	}
}

func mdm(completion string) []byte {
	return message(`MSH|^~\&|HUB|X|REFLOOP|HUB|20261115||MDM^T02|M1|P|2.5.1`, `EVN|T02|20261115`, `PID|1||M1^^^X||Doe^Jo||19700101|F`, `PV1|1|O`,
		`TXA|1|CN|TX|20261115||||||||D-1||R-1^X|||`+completion+`||AV`, `OBX|1|TX|11488-4^Consult note^LN||Well.||||||F`)
}

func oru(result, status string) []byte {
	return message(`MSH|^~\&|HUB|X|REFLOOP|HUB|20261115||ORU^R01|O1|P|2.5.1`, `PID|1||M1^^^X||Doe^Jo||19700101|F`, `ORC|RE|R-1^X`,
		`OBR|1|R-1^X||REF^Consult^L|||||||||||||||||||||`+result, `OBX|1|TX|11488-4^Consult note^LN||Well.||||||`+status)
}
