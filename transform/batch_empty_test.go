package transform

import (
	"testing"

	"refloop/channels"
)

// Wrappers without messages are legal and say nothing; wrappers around something else are for their sender to mend.
func TestEmptyBatch(t *testing.T) {
	d := Decode(hl7Source([]byte("FHS|^~\\&|A\rBHS|^~\\&|A\rBTS|0\rFTS|1\r"), "northside-ehr"))
	if d.Verdict != channels.Taken || d.Ignore == "" || d.Hold != "" {
		t.Errorf("got verdict %d, ignored by %q, hold %q", d.Verdict, d.Ignore, d.Hold)
	}
	if d = Decode(hl7Source([]byte("BHS|^~\\&|A\rPID|1\rBTS|0\r"), "northside-ehr")); d.Verdict != channels.Repair {
		t.Errorf("got verdict %d, want AE", d.Verdict)
	}
}
