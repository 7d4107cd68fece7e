package transform

import (
	"fmt"
	"strings"
	"testing"

	"refloop/channels"
	"refloop/fax"
	"refloop/referral"
)

const ourCode = "7K3M9QX2T4V8WZ5C"

// returned is a fax of our own page with these boxes ticked.
func returned(ticked ...string) string {
	return fmt.Sprintf(`{"document_type":"referral","own_pages":[{"page":1,"referral":%q,"of":2,"reply":true,"ticked":["%s"]}]}`, ourCode, strings.Join(ticked, `","`))
}

func TestFaxReply(t *testing.T) {
	for name, c := range map[string]struct {
		fields       string
		event        referral.EventType
		reason, note string
	}{
		"accepted":              {returned("accepted"), referral.EventAccept, "", ""},
		"declined":              {returned("declined"), referral.EventDecline, "", ""},
		"declined, why":         {returned("declined", "no_capacity"), referral.EventDecline, "no_capacity", ""},
		"a reason alone":        {returned("insurance"), referral.EventDecline, "insurance", ""},
		"two reasons":           {returned("declined", "no_capacity", "insurance"), referral.EventDecline, "no_capacity", "also ticked: insurance"},
		"question":              {returned("declined", "more_information"), referral.EventAnomaly, "fax_question", "ticked: declined, more_information"},
		"wrong number":          {returned("not_our_patient"), referral.EventAnomaly, "fax_wrong_number", "ticked: not_our_patient"},
		"wrong number and more": {returned("accepted", "not_our_patient"), referral.EventAnomaly, "fax_reply_unclear", "ticked: accepted, not_our_patient"},
		"both":                  {returned("accepted", "declined"), referral.EventAnomaly, "fax_reply_unclear", "ticked: accepted, declined"},
		"cannot be told":        {strings.Replace(returned("accepted"), `"ticked"`, `"unclear":["declined"],"ticked"`, 1), referral.EventAnomaly, "fax_reply_unclear", "ticked: accepted; cannot be told: declined"},
		"two copies": {fmt.Sprintf(`{"document_type":"other","own_pages":[{"page":1,"referral":%q,"reply":true,"ticked":["accepted"]},{"page":2,"referral":%q,"reply":true,"ticked":["declined"]}]}`, ourCode, ourCode),
			referral.EventAnomaly, "fax_reply_unclear", "ticked: accepted; ticked: declined"},
	} {
		d := Decode(faxSource(c.fields))
		f := one(t, d)
		if f.Event.Type != c.event || f.Event.Reason != c.reason || f.Event.Note != c.note || f.Event.Grade != referral.GradeB || f.Event.Origin != referral.OriginFax || f.Creates {
			t.Errorf("%s: got %s %q %q grade %s", name, f.Event.Type, f.Event.Reason, f.Event.Note, f.Event.Grade)
		}
		if len(f.Ref) != 1 || f.Ref[0].Value != ourCode || f.Ref[0].Authority != northside().Own.OID || len(d.Documents) != 1 {
			t.Errorf("%s: got numbers %v, %d documents", name, f.Ref, len(d.Documents))
		}
	}
}

func TestFaxWithCodesOfSeveral(t *testing.T) {
	for name, fields := range map[string]string{
		"contradicting codes": `{"document_type":"referral","own_pages":[{"page":1,"reply":true,"ticked":["accepted"]}]}`,
		"two referrals":       `{"document_type":"referral","own_pages":[{"page":1,"referral":"AAAAAAAA","reply":true,"ticked":["accepted"]},{"page":2,"referral":"BBBBBBBB"}]}`,
		"two patients":        `{"document_type":"multiple","documents":[{},{}],"own_pages":[{"page":1,"referral":"AAAAAAAA","reply":true,"ticked":["accepted"]}]}`,
	} {
		if d := Decode(faxSource(fields)); d.Hold == "" || len(d.Facts) != 0 {
			t.Errorf("%s: got %d facts, hold %q, want a person", name, len(d.Facts), d.Hold)
		}
	}
}

func TestFaxThatNamesAReferral(t *testing.T) {
	own := fmt.Sprintf(`"own_pages":[{"page":1,"referral":%q,"of":2}]`, ourCode)
	for name, c := range map[string]struct{ fields, reason, number string }{
		"report with our code":  {`{"document_type":"consult_report",` + own + `}`, "fax_report", ourCode},
		"report with a number":  {`{"document_type":"consult_report","referral_id":"77-1","confidence":{"referral_id":0.97}}`, "fax_report", "77-1"},
		"laboratory, with code": {`{"document_type":"lab_result",` + own + `}`, "fax_papers", ourCode},
	} {
		d := Decode(faxSource(c.fields))
		f := one(t, d)
		if f.Event.Type != referral.EventAnomaly || f.Event.Reason != c.reason || f.Creates || f.Ref[0].Value != c.number || len(d.Documents) != 1 {
			t.Errorf("%s: got %s %s, numbers %v, %d documents", name, f.Event.Type, f.Event.Reason, f.Ref, len(d.Documents))
		}
	}
	for name, fields := range map[string]string{
		"number below the line": `{"document_type":"consult_report","referral_id":"77-1","confidence":{"referral_id":0.9}}`,
		"no number":             `{"document_type":"consult_report"}`,
	} {
		if d := Decode(faxSource(fields)); d.Hold == "" || len(d.Facts) != 0 {
			t.Errorf("%s: got %d facts, want a person", name, len(d.Facts))
		}
	}
	d := Decode(faxSource(`{"document_type":"referral","patient_last":"Doe",` + own + `}`)) // our page came back without an answer
	if f := one(t, d); !f.Creates || f.Ref[len(f.Ref)-1].Value != ourCode {
		t.Errorf("page without ticks: got numbers %v, want ours too, so that no second referral is made", f.Ref)
	}
}

// TestFaxOfTwoPatients cuts a fax of three pages, cover included, into two requests.
func TestFaxOfTwoPatients(t *testing.T) {
	var pages []*fax.Bitmap
	for n := range 3 {
		m := fax.NewBitmap(fax.FineWidth, 200)
		for x := range 40 * (n + 1) {
			m.SetBlack(100+x, 100)
		}
		pages = append(pages, m)
	}
	tiff, err := fax.EncodeTIFF(pages)
	if err != nil {
		t.Fatal(err)
	}
	paper := func(first, last, born, sheets string, page int) string {
		return fmt.Sprintf(`{"document_type":"referral","patient_first":%q,"patient_last":%q,"patient_dob":%q,"reason":"Pain","sheets":%s,
			"confidence":{"patient_first":0.99,"patient_last":0.99,"patient_dob":0.99,"reason":0.99},"boxes":{"patient_dob":[%d,1,2,3,4],"reason":[1,1,2,3,4]}}`, first, last, born, sheets, page)
	}
	source := func(a, b string) Source {
		s := faxSource(`{"document_type":"multiple","documents":[` + a + `,` + b + `]}`)
		for i := range s.Opened.Parts {
			if s.Opened.Parts[i].Kind == channels.KindImage {
				s.Opened.Parts[i].Body = tiff
			}
		}
		return s
	}
	d := Decode(source(paper("Jo", "Doe", "1970-01-01", "[2]", 2), paper("Ann", "Roe", "1980-02-02", "[3]", 3)))
	if d.Hold != "" || len(d.Facts) != 2 || len(d.Documents) != 2 {
		t.Fatalf("got %d facts, %d documents, hold %q, want two", len(d.Facts), len(d.Documents), d.Hold)
	}
	for i, ink := range []int{80, 120} {
		b := d.Documents[i]
		doc, err := fax.Open(b.Bytes, fax.Limits{})
		if err != nil || doc.Len() != 1 || b.Fact != i {
			t.Fatalf("paper %d: got %v, fact %d, want one page of its own", i, err, b.Fact)
		}
		if p, err := doc.Page(1); err != nil || p.Bits.Ink() != ink {
			t.Errorf("paper %d: got another page (%v)", i, err)
		}
		rec := d.Facts[i].Event.Payload.Record
		for _, f := range rec.Fields {
			if f.Key == "patient_dob" && f.Box[0] != 1 || f.Key == "reason" && (f.Box[0] != 0 || !rec.Unsure(f)) {
				t.Errorf("paper %d: %s: got page %d, confidence %.2f", i, f.Key, f.Box[0], f.Confidence)
			}
		}
	}
	for name, s := range map[string]Source{
		"no sheets":    source(paper("Jo", "Doe", "1970-01-01", "[]", 2), paper("Ann", "Roe", "1980-02-02", "[3]", 3)),
		"shared sheet": source(paper("Jo", "Doe", "1970-01-01", "[2,3]", 2), paper("Ann", "Roe", "1980-02-02", "[3]", 3)),
		"page 9":       source(paper("Jo", "Doe", "1970-01-01", "[9]", 2), paper("Ann", "Roe", "1980-02-02", "[3]", 3)),
		"same patient": source(paper("Jo", "Doe", "1970-01-01", "[2]", 2), paper("Jo", "Doe", "1970-01-01", "[3]", 3)),
	} {
		if d := Decode(s); d.Hold == "" || len(d.Facts)+len(d.Documents) != 0 {
			t.Errorf("%s: got %d facts, %d documents, want a person", name, len(d.Facts), len(d.Documents))
		}
	}
}
