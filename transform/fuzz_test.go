package transform

import (
	"testing"

	"refloop/channels"
	"refloop/referral"
)

// FuzzDecode hands any bytes to the decoder as an HL7 v2 message, on a line and in mail: no panic, documents belong to facts, and what
// is not taken has no facts.
func FuzzDecode(f *testing.F) {
	for _, b := range samples(f, "../testdata/hl7/*/*.hl7") {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		checkDecoded(t, Decode(hl7Source(b, "northside-ehr")))
		checkDecoded(t, Decode(hl7Source(b, "")))
		checkDecoded(t, Decode(mailSource(channels.Part{Kind: channels.KindHL7, Body: b}, channels.Part{Kind: channels.KindPDF, Body: []byte("%PDF-")})))
	})
}

// FuzzDecodeCDA hands any bytes to the decoder as a document alone and beside an order.
func FuzzDecodeCDA(f *testing.F) {
	r := taken(f, "ref-i12.hl7", referral.RoleRecipient)
	order := rendered(f, r, referral.EventRequest, "", nil)[0]
	for _, kind := range []referral.EventType{referral.EventRequest, referral.EventReport} {
		f.Add(partOf(rendered(f, r, kind, "", nil), channels.KindCDA).Body)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		cda := channels.Part{Kind: channels.KindCDA, Body: b}
		checkDecoded(t, Decode(mailSource(cda)))
		checkDecoded(t, Decode(mailSource(order, cda)))
		documentText(b)
	})
}

// FuzzDecodeFields hands any bytes to the decoder as what was read from a fax.
func FuzzDecodeFields(f *testing.F) {
	f.Add([]byte(`{"document_type":"referral","patient_first":"Jo","patient_last":"Doe","patient_dob":"1970-01-01","reason":"knee","confidence":{"patient_first":1},"boxes":{"reason":[1,2,3,4,5]}}`))
	f.Add([]byte(`{"documents":[{}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := mailSource(channels.Part{Kind: channels.KindFields, Body: b}, channels.Part{Kind: channels.KindImage, ContentType: "image/tiff", Body: []byte("II")})
		s.Channel.Type, s.Channel.ReviewBelow = channels.Fax, 0.95
		checkDecoded(t, Decode(s))
	})
}

func checkDecoded(t *testing.T, d Decoded) {
	t.Helper()
	if d.Verdict != channels.Taken && len(d.Facts) != 0 {
		t.Errorf("verdict %v with %d facts", d.Verdict, len(d.Facts))
	}
	if d.Verdict != channels.Taken && len(d.Problems) == 0 {
		t.Error("refused without a reason")
	}
	for _, b := range d.Documents {
		if b.Fact < 0 || b.Fact >= len(d.Facts) {
			t.Fatalf("a document of fact %d of %d", b.Fact, len(d.Facts))
		}
	}
	for _, f := range d.Facts {
		if f.Event.Type == "" || f.Event.Grade == "" {
			t.Errorf("fact without type or grade: %q", f.Event.Type)
		}
		f.AsKnown()
	}
	if d.Verdict == channels.Taken && d.Ignore == "" && d.Hold == "" && len(d.Facts) == 0 {
		t.Error("nothing was made of it and nothing says why")
	}
}

// BenchmarkDecodeREF is the share of decoding in the way in: one REF^I12 with everything a referral uses.
func BenchmarkDecodeREF(b *testing.B) {
	s := hl7Source(samples(b, "../testdata/hl7/own/ref-i12.hl7")["own_ref-i12"], "northside-ehr")
	s.Channel.Rules = ruleSet(b, whenReferral)
	b.SetBytes(int64(len(s.Message.Body)))
	b.ReportAllocs()
	for b.Loop() {
		if d := Decode(s); len(d.Facts) != 1 {
			b.Fatal(d.Hold)
		}
	}
}
