package transform

import (
	"testing"

	"refloop/channels"
	"refloop/referral"
)

// osu is an order status update of the specialist with these ORC-1 and ORC-5.
func osu(control, status string, more ...string) []byte {
	return message(append([]string{
		`MSH|^~\&||^` + lakeOID + `^ISO||^` + ownOID + `^ISO|20261103120000+0000||OSU^O51^OSU_O51|U1|P|2.5.1`, `PID|1||M1^^^NS||Doe^Jo||19700101|F`,
		`ORC|` + control + `|R-88213^^` + ownOID + `^ISO|||` + status,
	}, more...)...)
}

// 360x.md 4.3: some recipients accept by ORC-5 alone.
func TestAcceptByStatusAlone(t *testing.T) {
	for _, status := range []string{"IP", "SC"} {
		d := Decode(hl7Source(osu("", status), "lakeside-cardiology"))
		if d.Verdict != channels.Taken || len(d.Facts) != 1 || d.Facts[0].Event.Type != referral.EventAccept {
			t.Errorf("ORC-5 %s: got verdict %d, %v", status, d.Verdict, d.Problems)
		}
	}
	if d := Decode(hl7Source(osu("", ""), "lakeside-cardiology")); d.Verdict != channels.Repair {
		t.Errorf("neither: got verdict %d, want repair", d.Verdict)
	}
}

const pdfNote = `OBX|1|ED|11488-4^Consult note^LN||^application^pdf^Base64^JVBERi0xLjQK||||||`

// OBR-25 means the same beside an order status and in a result: what is not final leaves the loop open, and what is cancelled is left
// to a person.
func TestResultStatus(t *testing.T) {
	for status, want := range map[string]referral.EventType{
		"F": referral.EventReport, "C": referral.EventReport, "P": referral.EventInterim, "S": referral.EventInterim, "R": referral.EventInterim,
		"A": referral.EventInterim, "I": referral.EventInterim, "X": referral.EventAnomaly,
	} {
		obr := `OBR|1|R-88213^^` + ownOID + `^ISO||57133-1^^LN|||||||||||||||||||||` + status
		for name, body := range map[string][]byte{
			"RE": osu("RE", "", obr, pdfNote+"F"), "SC CM": osu("SC", "CM", obr, pdfNote+"F"),
			"ORU": message(`MSH|^~\&|LAKE|L|REFLOOP|HUB|20261103||ORU^R01|U2|P|2.5.1`, `PID|1||M1^^^NS||Doe^Jo||19700101|F`, obr, pdfNote+"F"),
		} {
			f := one(t, Decode(hl7Source(body, "lakeside-cardiology")))
			if f.Event.Type != want || want == referral.EventAnomaly && (f.Event.Reason != "cancelled_result" || f.Event.Payload.Said != referral.EventReport || f.Event.Payload.Patient == nil) {
				t.Errorf("%s, OBR-25 %s: got %s %q, want %s", name, status, f.Event.Type, f.Event.Reason, want)
			}
		}
	}
}

func TestDocumentWithoutContentIsNoReport(t *testing.T) {
	for _, event := range []string{"T02", "T04"} {
		head := []string{`MSH|^~\&|LAKE|L|REFLOOP|HUB|20261103||MDM^` + event + `|U3|P|2.5.1`, `PID|1||M1^^^NS||Doe^Jo||19700101|F`, `TXA|1|CN||20261103||||||||D-1||R-88213^^` + ownOID + `^ISO|||AU||AV`}
		f := one(t, Decode(hl7Source(message(head...), "lakeside-cardiology")))
		if f.Event.Type != referral.EventAnomaly || f.Event.Reason != "needs_document" || !f.Feed || len(f.Ref) != 1 {
			t.Errorf("%s without content: got %s %q", event, f.Event.Type, f.Event.Reason)
		}
		if f := one(t, Decode(hl7Source(message(append(head, pdfNote+"F")...), "lakeside-cardiology"))); f.Event.Type != referral.EventReport {
			t.Errorf("%s with content: got %s, want the report", event, f.Event.Type)
		}
	}
}
