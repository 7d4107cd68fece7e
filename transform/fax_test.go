package transform

import (
	"strings"
	"testing"

	"refloop/channels"
	"refloop/referral"
)

// faxSource is a fax as its channel opens it.
func faxSource(fields string) Source {
	s := mailSource(channels.Part{Kind: channels.KindFields, Body: []byte(fields)}, channels.Part{Kind: channels.KindImage, ContentType: "image/tiff", Name: "fax.tif", Body: []byte("II")})
	s.Channel = Channel{Name: "fax-inbox", Type: channels.Fax, ReviewBelow: 0.95}
	s.Opened.Partner, s.Opened.Sender, s.Opened.Type = "", "", ""
	return s
}

func TestFaxRequest(t *testing.T) {
	const sure = `"document_type":0.99,"patient_first":0.99,"patient_last":0.98,"patient_dob":0.97,"reason":0.96,"referring_fax":0.99,"referral_id":0.99`
	d := Decode(faxSource(`{"document_type":"referral","patient_first":"Jo","patient_last":"Doe","patient_dob":"1970-01-01","reason":"Knee pain","referring_fax":"207-555-0100",
		"referral_id":"77","diagnosis_codes":["M25.561","F11.20"],"confidence":{` + sure + `,"diagnosis_codes":0.99}}`))
	f := one(t, d)
	rec := f.Event.Payload.Record
	if f.Event.Type != referral.EventRequest || f.Event.Origin != referral.OriginFax || f.Event.Grade != referral.GradeB || f.Event.Payload.Patient == nil || !f.Creates {
		t.Errorf("got %s %s %s", f.Event.Type, f.Event.Origin, f.Event.Grade)
	}
	if d.Partner != "lakeside-cardiology" || rec.Initiator.Partner != d.Partner || len(f.Ref) != 1 || f.Ref[0].Authority != "partner:lakeside-cardiology" {
		t.Errorf("got partner %q, numbers %v", d.Partner, f.Ref)
	}
	if rec.Reason != "Knee pain" || rec.Patient.BirthDate != "1970-01-01" || rec.Priority != "" || len(d.Documents) != 1 || d.Documents[0].Document.Kind != "request" {
		t.Errorf("got %+v", rec)
	}
	if len(rec.Holds) != 1 || rec.Holds[0].Kind != referral.HoldPart2 {
		t.Errorf("holds: got %v, want the one for a diagnosis that may be protected", rec.Holds)
	}

	d = Decode(faxSource(`{"document_type":"referral","patient_first":"Jo","patient_last":"Doe","confidence":{"document_type":0.99,"patient_first":0.5,"patient_last":0.98}}`))
	rec = one(t, d).Event.Payload.Record
	if rec.Patient.Name.Given != "" || len(rec.Holds) != 2 || rec.Holds[0].Kind != referral.HoldFaxReview || !strings.Contains(rec.Holds[0].Reason, "patient_first, patient_dob") || rec.Holds[1].Reason != ReasonMissing {
		t.Errorf("unsure: got %+v, holds %v", rec.Patient, rec.Holds)
	}
}

func TestFaxThatIsNoRequest(t *testing.T) {
	for _, c := range []struct{ fields, hold, ignore string }{
		{`{"documents":[{},{}]}`, "several patients", ""},
		{`{"document_type":"referral","needs_split":true}`, "several patients", ""},
		{`{"document_type":"advertisement","confidence":{"document_type":0.2}}`, "person must file", ""},
		{`{"document_type":"lab_result"}`, "lab result", ""},
		{`not JSON`, "no JSON object", ""},
		{`{"confidence":[1]}`, "another shape", ""},
	} {
		d := Decode(faxSource(c.fields))
		if !strings.Contains(d.Hold, c.hold) || len(d.Facts) != 0 || strings.Contains(d.Hold, "Doe") {
			t.Errorf("%s: got hold %q, %d facts", c.fields, d.Hold, len(d.Facts))
		}
	}
}
