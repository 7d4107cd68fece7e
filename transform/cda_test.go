package transform

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"refloop/channels"
	"refloop/fax"
	"refloop/hl7"
	"refloop/referral"
)

// rendered is the parts of an event by Direct.
func rendered(t testing.TB, r referral.Referral, kind referral.EventType, style string, change func(*referral.Event)) []channels.Part {
	t.Helper()
	ev, docs := happened(kind, r)
	if change != nil {
		change(&ev)
	}
	ship, err := Render(r, ev, target(channels.Direct, false, func(d *Dialect) { d.Style = style }), docs)
	if err != nil {
		t.Fatal(err)
	}
	return ship.Parts
}

// Mail without HL7: the document decides.
func TestPlainMail(t *testing.T) {
	r := taken(t, "ref-i12.hl7", referral.RoleInitiator)
	s := mailSource(rendered(t, r, referral.EventRequest, "plain", nil)...)
	s.Opened.Partner, s.Opened.Sender = "", "ana.ruiz@direct.lakeside.example"
	d := Decode(s)
	f := one(t, d)
	rec := f.Event.Payload.Record
	if f.Event.Type != referral.EventRequest || !f.Creates || f.Ref[0].Value != r.ID || d.Partner != "lakeside-cardiology" {
		t.Errorf("got %s %v from %q", f.Event.Type, f.Ref, d.Partner)
	}
	if !strings.HasPrefix(rec.Reason, r.Reason) || rec.Priority != r.Priority || rec.Patient.IDs[0] != r.Patient.IDs[0] || rec.Initiator.Direct != s.Opened.Sender || len(rec.Diagnoses) != 1 {
		t.Errorf("got %+v", rec)
	}
	if len(rec.Holds) != 0 || len(d.Documents) != 2 || d.Documents[0].Document.Title != "Referral Note" {
		t.Errorf("holds %v, documents %d", rec.Holds, len(d.Documents))
	}

	d = Decode(mailSource(rendered(t, r, referral.EventReport, "plain", nil)...))
	if f = one(t, d); f.Event.Type != referral.EventReport || f.Ref[0].Value != r.ID || !d.Documents[0].Document.Signed {
		t.Errorf("signed note: got %s %v", f.Event.Type, f.Ref)
	}
	unsigned := func(ev *referral.Event) { ev.Payload.Documents[0].Signed = false }
	if f = one(t, Decode(mailSource(rendered(t, r, referral.EventReport, "plain", unsigned)...))); f.Event.Type != referral.EventInterim {
		t.Errorf("unsigned note: got %s", f.Event.Type)
	}
	for name, body := range map[string]string{
		"no XML": "hello", "other XML": "<feed/>", "DOCTYPE": "<!DOCTYPE x><ClinicalDocument/>",
		"a summary": `<ClinicalDocument xmlns="urn:hl7-org:v3"><templateId root="2.16.840.1.113883.10.20.22.1.2" extension="2015-08-01"/><id root="1.2.3"/></ClinicalDocument>`,
	} {
		if d := Decode(mailSource(channels.Part{Kind: channels.KindCDA, Body: []byte(body)})); d.Hold == "" || len(d.Facts) != 0 || len(d.Documents) != 0 {
			t.Errorf("%s: hold %q, %d facts", name, d.Hold, len(d.Facts))
		}
	}
	if d := Decode(mailSource(channels.Part{Kind: channels.KindPDF, Body: []byte("%PDF-")})); d.Hold == "" {
		t.Error("a PDF alone: want it held for a person")
	}
}

// A document that cannot be read is filed all the same, and a warning says so.
func TestUnreadableDocumentIsFiled(t *testing.T) {
	parts := rendered(t, taken(t, "ref-i12.hl7", referral.RoleRecipient), referral.EventReport, "", nil)
	for i := range parts {
		if parts[i].Kind == channels.KindCDA {
			parts[i].Body = parts[i].Body[:len(parts[i].Body)/2]
		}
	}
	d := Decode(mailSource(parts...))
	f := one(t, d)
	if f.Event.Type != referral.EventReport || len(d.Documents) != 1 || !d.Documents[0].Document.Signed || len(d.Problems) == 0 {
		t.Fatalf("got %s, %d documents, problems %v", f.Event.Type, len(d.Documents), d.Problems)
	}
	if p := d.Problems[len(d.Problems)-1]; p.Severity != "W" || !strings.Contains(p.Text, "filed as it came") {
		t.Errorf("got %+v", p)
	}
}

// An order and a document about two people: a request is held, an answer is left to the state machine, which freezes.
func TestDocumentOfAnotherPatient(t *testing.T) {
	r := taken(t, "ref-i12.hl7", referral.RoleInitiator)
	other := r
	other.Patient = referral.Patient{IDs: r.Patient.IDs, Name: referral.Name{Family: "Stone", Given: "Ada"}, BirthDate: "1999-09-09", Sex: "F"}
	for _, kind := range []referral.EventType{referral.EventRequest, referral.EventReport} {
		parts := append(rendered(t, r, kind, "", nil)[:1], rendered(t, other, kind, "plain", nil)[0])
		f := one(t, Decode(mailSource(parts...)))
		switch rec := f.Event.Payload.Record; {
		case kind == referral.EventRequest:
			if len(rec.Holds) != 1 || rec.Holds[0].Kind != referral.HoldMatch || len(rec.Allergies) != 0 {
				t.Errorf("request: got %v, %d allergies", rec.Holds, len(rec.Allergies))
			}
		case f.Event.Payload.Patient.BirthDate != "1999-09-09":
			t.Errorf("report: got the patient of the order")
		}
	}
}

// A PDF inside a consultation note becomes a document of its own, once, and reaches the EHR as PDF.
func TestEmbeddedNote(t *testing.T) {
	r := taken(t, "ref-i12.hl7", referral.RoleRecipient)
	asPDF := func(ev *referral.Event) {
		ev.Payload.Documents = []referral.Document{{ID: "doc-pdf", Kind: "report", ContentType: "application/pdf", Title: "Consultation note", AuthorNPI: "1245319599", Signed: true}}
	}
	parts := rendered(t, r, referral.EventReport, "", asPDF)
	if n := len(parts); n != 3 {
		t.Fatalf("got %d parts, want message, note and file", n)
	}
	d := Decode(mailSource(parts...))
	f := one(t, d)
	if len(d.Documents) != 2 || d.Documents[1].Document.ContentType != "application/pdf" || !d.Documents[1].Document.Signed || d.Documents[1].Document.AuthorNPI != "1245319599" {
		t.Fatalf("got %d documents: %+v", len(d.Documents), d.Documents)
	}
	docs := map[string][]byte{}
	for i, b := range d.Documents {
		b.Document.ID = string(rune('a' + i))
		docs[b.Document.ID] = b.Bytes
		f.Event.Payload.Documents = append(f.Event.Payload.Documents, b.Document)
	}
	mine := taken(t, "ref-i12.hl7", referral.RoleInitiator)
	ship, err := Render(mine, f.Event, target(channels.MLLP, true, nil), docs)
	if err != nil {
		t.Fatal(err)
	}
	m := parsed(t, ship)
	var pdf bool
	for s := range m.Segments("OBX") {
		if ed, err := s.Field(5).ED(); s.Field(2).String() == "ED" && err == nil {
			pdf = pdf || bytes.Equal(ed.Data, docs["b"])
		}
		if strings.Contains(s.Field(5).Text(), "attached to this document") {
			t.Errorf("words that the clinician did not write: %s", s.Field(5).Text())
		}
	}
	if !pdf {
		t.Error("the PDF is not in the message")
	}
}

// Real systems' documents: their patient, sections and words are read; nothing panics.
func TestPublishedDocuments(t *testing.T) {
	files, err := filepath.Glob("../../shared/samples/ccda/*.xml")
	if err != nil || len(files) == 0 {
		t.Skip("../shared/samples/ccda is missing: the published C-CDA samples are not part of this repository")
	}
	for _, f := range files {
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		d := Decode(mailSource(channels.Part{Kind: channels.KindCDA, Body: body}))
		if (d.Hold == "") == (len(d.Facts) == 0) {
			t.Errorf("%s: hold %q and %d facts", filepath.Base(f), d.Hold, len(d.Facts))
		}
		for _, fact := range d.Facts {
			if fact.Event.Payload.Patient == nil || fact.Event.Payload.Patient.Name.Family == "" {
				t.Errorf("%s: no patient", filepath.Base(f))
			}
		}
		if strings.Contains(f, "referral-note") && !strings.Contains(f, "header") {
			r := one(t, d).Event.Payload.Record
			if r.Reason == "" || len(r.Medications) == 0 || len(r.Allergies) == 0 || len(r.Diagnoses) == 0 || r.Initiator.Clinician.Family == "" {
				t.Errorf("%s: got %q, %d medications, %d allergies, %d diagnoses", filepath.Base(f), r.Reason, len(r.Medications), len(r.Allergies), len(r.Diagnoses))
			}
		}
	}
}

// The statement of 42 CFR 2.32 goes with every disclosure of a protected record, word for word, and an inbound notice with it.
func TestPart2NoticeEverywhere(t *testing.T) {
	if Part2Statement1 != fax.Statement1 || Part2Statement2 != fax.Statement2 || !strings.Contains(Part2Statement1, "using or disclosing this record") || !strings.Contains(Part2Statement2, "unauthorized use or disclosure") {
		t.Error("the statements differ")
	}
	const inbound = "This came with a notice of the state: do not pass it on."
	rails := map[string]Target{
		"EHR": target(channels.MLLP, true, nil), "partner": target(channels.MLLP, false, nil), "360X": target(channels.Direct, false, nil),
		"plain": target(channels.Direct, false, func(d *Dialect) { d.Style = "plain" }), "fax": target(channels.Fax, false, nil), "file": target(channels.File, true, nil),
	}
	for _, kind := range told() {
		for rail, to := range rails {
			r := taken(t, "ref-i12.hl7", referral.RoleInitiator)
			r.State = referral.StateAccepted
			r.Confidentiality = referral.Confidentiality{Code: "R", Part2: true, Notice: inbound}
			ev, docs := happened(kind, r)
			if rail == "file" {
				to.Rail.Dialect.Body = []string{"cda", "json", "text"}
			}
			ship, err := Render(r, ev, to, docs)
			if err != nil {
				t.Fatal(err)
			}
			if !ship.Restricted {
				t.Errorf("%s %s: the shipment is not marked", rail, kind)
			}
			noticed(t, rail+" "+string(kind), ship, inbound)
		}
	}
}

// noticed checks each part of a protected shipment.
func noticed(t *testing.T, name string, ship channels.Shipment, inbound string) {
	t.Helper()
	for _, p := range ship.Parts {
		var text string
		switch p.Kind {
		case channels.KindHL7:
			m, err := hl7.Parse(p.Body, hl7.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			for s := range m.Segments("NTE", "OBX") {
				text += s.Field(3).Text() + "\n" + s.Field(5).Text() + "\n"
			}
		case channels.KindCDA:
			text = squeeze(strings.Join(documentText(p.Body), "\n"))
			if !bytes.Contains(p.Body, []byte(`<confidentialityCode code="R"`)) {
				t.Errorf("%s: C-CDA without R", name)
			}
		case channels.KindLetter:
			var l fax.Letter
			if err := json.Unmarshal(p.Body, &l); err != nil {
				t.Fatal(err)
			}
			cover, err := json.Marshal(l.Cover)
			if err != nil || bytes.Contains(cover, []byte("Dell")) || !l.Part2 {
				t.Errorf("%s: cover %s, Part 2 %v", name, cover, l.Part2)
			}
			if l.Part2 {
				text = Part2Statement1 // fax prints it
			}
			for _, s := range l.Summary {
				text += strings.Join(s.Paragraphs, "\n")
			}
		case channels.KindText:
			text = string(p.Body)
		default:
			continue
		}
		if !strings.Contains(text, Part2Statement1) || !strings.Contains(text, inbound) {
			t.Errorf("%s: %s without both notices", name, p.Kind)
		}
		if p.Attrs["confidentiality"] != "R" {
			t.Errorf("%s: %s is not labelled", name, p.Kind)
		}
	}
}

// A report that comes in restricted is relayed restricted, though the referral was not.
func TestRestrictedReportIsRelayedRestricted(t *testing.T) {
	theirs := taken(t, "ref-i12.hl7", referral.RoleRecipient)
	theirs.Confidentiality = referral.Confidentiality{Code: "R", Part2: true}
	cda := partOf(rendered(t, theirs, referral.EventReport, "", nil), channels.KindCDA)
	mine := taken(t, "ref-i12.hl7", referral.RoleInitiator)
	ev := referral.Event{Type: referral.EventReport, EventTime: hour(12), Payload: referral.Payload{Documents: []referral.Document{{ID: "x", ContentType: "text/xml", Signed: true}}}}
	ship, err := Render(mine, ev, target(channels.MLLP, true, nil), map[string][]byte{"x": cda.Body})
	if err != nil {
		t.Fatal(err)
	}
	m := parsed(t, ship)
	if !ship.Restricted || m.Get("TXA-18") != "R" || m.Get("OBX(1)-5") != Part2Statement1 {
		t.Errorf("restricted %v, TXA-18 %q", ship.Restricted, m.Get("TXA-18"))
	}
}

// The folder gets paper as PDF: scans page by page, a PDF as it is, a drawn letter where there was no paper.
func TestFileRailPapers(t *testing.T) {
	tiff, err := os.ReadFile("../testdata/fax/d-003.tif")
	if err != nil {
		t.Fatal(err)
	}
	r := taken(t, "orm-two-groups.hl7", referral.RoleRecipient)
	to := target(channels.File, true, func(d *Dialect) { d.Body = []string{"pdf"} })
	pages := func(list []referral.Document, docs map[string][]byte) []channels.Part {
		r.Documents = list
		ev, _ := happened(referral.EventRequest, r)
		ship, err := Render(r, ev, to, docs)
		if err != nil {
			t.Fatal(err)
		}
		return ship.Parts
	}
	want, err := fax.Open(tiff, fax.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	scan := referral.Document{ID: "scan", Kind: "request", ContentType: "image/tiff", Name: "fax.tif"}
	for _, c := range []struct {
		name  string
		list  []referral.Document
		docs  map[string][]byte
		pages int
		kind  string
	}{
		{"scan", []referral.Document{scan}, map[string][]byte{"scan": tiff}, want.Len(), channels.KindPDF},
		{"broken scan", []referral.Document{scan}, map[string][]byte{"scan": []byte("II*\x00broken")}, 0, channels.KindImage},
		{"nothing", nil, nil, 2, channels.KindPDF},
		{"a report is not sent with a request", []referral.Document{{ID: "scan", Kind: "report", ContentType: "image/tiff"}}, map[string][]byte{"scan": tiff}, 2, channels.KindPDF},
	} {
		parts := pages(c.list, c.docs)
		if len(parts) != 1 || parts[0].Kind != c.kind {
			t.Errorf("%s: got %d parts", c.name, len(parts))
			continue
		}
		if c.kind == channels.KindPDF {
			if doc, err := fax.Open(parts[0].Body, fax.Limits{}); err != nil || doc.Len() < c.pages {
				t.Errorf("%s: got a PDF of fewer than %d pages (%v)", c.name, c.pages, err)
			}
		}
	}
	pdf := []byte("%PDF-1.4\n%%EOF\n")
	if parts := pages([]referral.Document{{ID: "p", Kind: "attachment", ContentType: "application/pdf", Name: "a.pdf"}}, map[string][]byte{"p": pdf}); !bytes.Equal(parts[0].Body, pdf) || parts[0].Name != "a.pdf" {
		t.Error("a PDF is not passed on as it came")
	}
}

// A clinical document in a feed of answers does not hide the loop's number: order, act and message agree, or all are looked up.
func TestDocumentNumbersJoinTheMessage(t *testing.T) {
	r := taken(t, "ref-i12.hl7", referral.RoleRecipient)
	parts := rendered(t, r, referral.EventReport, "", nil)
	f := one(t, Decode(mailSource(parts...)))
	if len(f.Ref) != 1 || f.Ref[0].Value != r.ID {
		t.Errorf("agreeing numbers: got %v", f.Ref)
	}
	other := r
	other.ID = "OTHER99999999999"
	other.Identifiers = slices.DeleteFunc(slices.Clone(r.Identifiers), func(id referral.Identifier) bool { return id.Kind == referral.KindReferral })
	parts = append(parts[:1], *partOf(rendered(t, other, referral.EventReport, "", nil), channels.KindCDA))
	f = one(t, Decode(mailSource(parts...)))
	if len(f.Ref) != 2 || f.Ref[1].Value != other.ID {
		t.Errorf("disagreeing numbers: got %v, want both", f.Ref)
	}
}
