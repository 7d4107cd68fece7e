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
