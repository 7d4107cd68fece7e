package hl7

import (
	"strings"
	"testing"
)

// TestErrorLayoutByVersion: each version gets ERR in the layout it knows, and the answer reads back to the same problems.
func TestErrorLayoutByVersion(t *testing.T) {
	problems := []Problem{
		{Segment: "PID", SegIndex: 1, Field: 3, Repetition: 1, Component: 1, Code: CodeRequired, Severity: SeverityError, Text: "PID-3.1: empty"},
		{Segment: "ORC", SegIndex: 2, Field: 1, Code: CodeTableValue, Severity: SeverityError, Text: "ORC-1: not of table 0119"},
		{Segment: "RF1", SegIndex: 1, Field: 8, Code: CodeDataType, Severity: SeverityWarning, Text: "RF1-8: no date"},
	}
	const (
		oldERR = "ERR|PID^1^3^101&Required field missing&HL70357~ORC^2^1^103&Table value not found&HL70357"
		newERR = "ERR||PID^1^3^1^1|101^Required field missing^HL70357|E||||PID-3.1: empty\r" +
			"ERR||ORC^2^1^1|103^Table value not found^HL70357|E||||ORC-1: not of table 0119\r" +
			"ERR||RF1^1^8^1|102^Data type error^HL70357|W||||RF1-8: no date"
	)
	for _, c := range []struct{ version, typ, msa, err string }{
		{"2.1", "ACK", "MSA|AE|ID1|PID-3.1: empty", oldERR}, {"2.2", "ACK", "MSA|AE|ID1|PID-3.1: empty", oldERR},
		{"2.3", "ACK", "MSA|AE|ID1|PID-3.1: empty", oldERR}, {"2.3.1", "ACK^I12^ACK", "MSA|AE|ID1|PID-3.1: empty", oldERR},
		{"2.4", "ACK^I12^ACK", "MSA|AE|ID1|PID-3.1: empty", oldERR}, {"2.5", "ACK^I12^ACK", "MSA|AE|ID1|PID-3.1: empty", newERR},
		{"2.5.1", "ACK^I12^ACK", "MSA|AE|ID1|PID-3.1: empty", newERR}, {"2.6", "ACK^I12^ACK", "MSA|AE|ID1|PID-3.1: empty", newERR},
		{"2.7", "ACK^I12^ACK", "MSA|AE|ID1", newERR}, {"2.7.1", "ACK^I12^ACK", "MSA|AE|ID1", newERR},
		{"2.8", "ACK^I12^ACK", "MSA|AE|ID1", newERR}, {"2.8.1", "ACK^I12^ACK", "MSA|AE|ID1", newERR}, {"2.8.2", "ACK^I12^ACK", "MSA|AE|ID1", newERR},
	} {
		m := lines(t, strings.Replace(msh, "|2.5.1", "|"+c.version, 1))
		b := Ack{Code: "AE", ControlID: "K", Time: ackTime, Problems: problems}.Bytes(m)
		got := strings.SplitN(strings.TrimSuffix(string(b), "\r"), "\r", 3)
		if len(got) != 3 || !strings.Contains(got[0], "|"+c.typ+"|K|P|"+c.version) || got[1] != c.msa || got[2] != c.err {
			t.Errorf("%s: got\n%s", c.version, strings.ReplaceAll(string(b), "\r", "\n"))
		}
		info, err := ParseAck(b, Limits{})
		if err != nil || len(info.Problems) < 2 || info.Problems[0].Code != CodeRequired || info.Problems[1].Location() != "ORC[2]-1" && !strings.HasPrefix(info.Problems[1].Location(), "ORC[2]-1(") {
			t.Errorf("%s: read back as %+v, %v", c.version, info, err)
		}
	}
}

// TestTimesByVersion: what is asked of an appointment follows the version.
func TestTimesByVersion(t *testing.T) {
	for _, c := range []struct {
		version, sch, tq1 string
		bad               string
	}{
		{"2.3", "SCH|1|2||||R|||||^^^soon", "", "SCH-11.4"}, {"2.4", "SCH|1|2||||R|||||^^^202611020900", "", ""},
		{"2.5.1", "SCH|1|2||||R|||||^^^soon", "TQ1|1||||||202611020900", ""}, {"2.5.1", "SCH|1|2||||R", "TQ1|1||||||soon", "TQ1-7"},
		{"2.8", "SCH|1|2||||R", "TQ1|1||||||soon", "TQ1-7"},
	} {
		segs := []string{strings.Replace(strings.Replace(msh, "REF^I12", "SIU^S12", 1), "|2.5.1", "|"+c.version, 1), c.sch}
		if c.tq1 != "" {
			segs = append(segs, c.tq1)
		}
		var bad []string
		for _, p := range Validate(lines(t, append(segs, "PID|||1", "RGS|1")...), Lenient) {
			if p.Severity == SeverityError {
				bad = append(bad, p.Text)
			}
		}
		if got := strings.Join(bad, "; "); (c.bad == "") != (got == "") || !strings.HasPrefix(got, c.bad) {
			t.Errorf("%s: got %q, want %q", c.version, got, c.bad)
		}
	}
}

// TestStrictHeader: what strict asks of MSH and ORC beside what must be there.
func TestStrictHeader(t *testing.T) {
	long := strings.Repeat("7", 21)
	for _, c := range []struct{ version, id, m15, status, want string }{
		{"2.5.1", "K1", "AL", "IP", ""}, {"2.6", long, "", "", "102 MSH[1]-10"}, {"2.7", long, "", "", ""}, {"2.8", strings.Repeat("7", 200), "", "", "102 MSH[1]-10"},
		{"2.3", "K1", "YES", "", "103 MSH[1]-15"}, {"2.1", "K1", "YES", "", ""}, {"2.5", "K1", "", "OPEN", "103 ORC[1]-5"},
		{"2.6", strings.Repeat("é", 20), "", "", ""},
	} {
		head := `MSH|^~\&|A|B|C|D|20260102||ORM^O01|` + c.id + `|P|` + c.version + `|||` + c.m15
		m := lines(t, head, "PID|||1||Doe", "ORC|NW|1|||"+c.status, "OBR|1|1||X")
		var got []string
		for _, p := range Validate(m, Strict) {
			if p.Severity == SeverityError {
				got = append(got, p.Code+" "+p.Location())
			}
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%+v: got %q", c, s)
		}
		if Errors(Validate(m, Lenient)) {
			t.Errorf("%+v: lenient refuses it", c)
		}
	}
}

// Version 2.1 had no events in MSH-9.
func TestEventOfVersion21(t *testing.T) {
	for in, want := range map[string]string{"ORM|1|P|2.1": "ORM^O01", "ORU|1|P|2.1": "ORU^R01", "REF|1|P|2.1": "REF", "ORM|1|P|2.3": "ORM", "ORM^O01|1|P|2.1": "ORM^O01"} {
		m := parse(t, []byte(`MSH|^~\&|A|B|C|D|2026||`+in+"\r"))
		if got := m.Type(); got != want {
			t.Errorf("%s: got %s", in, got)
		}
	}
}
