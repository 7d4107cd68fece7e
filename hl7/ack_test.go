package hl7

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	shown := strings.ReplaceAll(string(got), "\r", "\n")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(shown), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if shown != string(want) {
		t.Errorf("%s: %s", name, cmp.Diff(string(want), shown))
	}
}

var ackTime = time.Date(2026, 11, 2, 14, 15, 31, 0, time.UTC)

func missingMRN() []Problem {
	return []Problem{
		{Segment: "PID", SegIndex: 1, Field: 3, Component: 1, Code: CodeRequired, Text: "PID-3.1 (patient identifier): empty; send it & resend"},
		{Segment: "ORC", SegIndex: 2, Field: 2, Code: CodeUnknownKey, Severity: SeverityError, Text: "no such order"},
	}
}

func TestAckGolden(t *testing.T) {
	for _, c := range []struct {
		name, file string
		ack        Ack
	}{
		{"aa-2.5.1", "ref-i12.hl7", Ack{Code: "AA"}},
		{"ae-2.5.1", "ref-i12.hl7", Ack{Code: "AE", Problems: missingMRN()}},
		{"ca-2.5.1", "ref-i12.hl7", Ack{Code: "CA", Reply: ReplyRRI}},
		{"cr-2.5.1", "ref-i12.hl7", Ack{Code: "CR", Problems: []Problem{{Code: CodeInternal, Text: "could not be stored; send it again"}}}},
		{"rri-2.5.1", "ref-i12.hl7", Ack{Code: "AA", Reply: ReplyRRI, Referral: EI{"L-1", HD{"", "1.2.3", "ISO"}}}},
		{"rri-2.4", "ref-i14-lf-bom.hl7", Ack{Code: "AA", Reply: ReplyRRI}},
		{"rri-2.3", "ref-i12-no-prd.hl7", Ack{Code: "AA", Reply: ReplyRRI}},
		{"ae-2.3", "ref-i12-no-prd.hl7", Ack{Code: "AE", Problems: missingMRN()}},
		{"orr-2.3.1", "orm-two-groups.hl7", Ack{Code: "AA", Reply: ReplyORR}},
		{"ack-for-orm-when-rri-asked", "orm-two-groups.hl7", Ack{Code: "AA", Reply: ReplyRRI}},
		{"org-2.5.1", "360x-omg-o19.hl7", Ack{Code: "AE", Reply: ReplyORG, Problems: missingMRN()}},
		{"odd-delimiters", "mdm-t02-odd-delimiters.hl7", Ack{Code: "AE", Problems: missingMRN()}},
		{"latin1", "ref-i12-latin1.hl7", Ack{Code: "AE", Text: "Größe"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := own(t, c.file)
			c.ack.ControlID, c.ack.Time = "RL1", ackTime
			got := c.ack.Bytes(m)
			golden(t, "ack/"+c.name+".want", got)
			if string(got) != string(c.ack.Bytes(m)) {
				t.Error("the same values gave other bytes")
			}
			a, err := ParseAck(got, Limits{})
			if err != nil || a.Code != c.ack.Code || a.About != string(m.Segment(0).Field(10).Raw()) || a.ControlID != "RL1" {
				t.Errorf("read back: %+v, %v", a, err)
			}
			for i, p := range c.ack.Problems {
				if i >= len(a.Problems) || a.Problems[i].Code != p.Code || a.Problems[i].Segment != p.Segment || a.Problems[i].Field != p.Field {
					t.Errorf("problem %d read back as %+v", i, a.Problems)
				}
			}
		})
	}
}

func TestAckBare(t *testing.T) {
	got := Ack{Code: "AR", ControlID: "RL2", Time: ackTime, Problems: []Problem{{Code: CodeMessageType, Text: "MSH could not be read"}}}.Bare()
	golden(t, "ack/bare.want", got)
}

func TestAckEchoesControlIDByteForByte(t *testing.T) {
	for _, id := range []string{`A\T\B`, "x^y&z~", "  7 ", "\xE4\xF6", `C:\tmp`, ""} {
		m := lines(t, `MSH|^~\&|A|B|C|D|20260102||REF^I12|`+id+`|P|2.5.1`)
		out := parse(t, Ack{Code: "AA", ControlID: "1"}.Bytes(m))
		if got := string(out.Raw("MSA-2")); got != id {
			t.Errorf("%q came back as %q", id, got)
		}
	}
	m := parse(t, []byte("MSH|^~\\&|A|B|C|D|20260102||REF^I12|ID1\nlower|P|2.5.1\rPID|1"))
	out := parse(t, Ack{Code: "AA", ControlID: "1"}.Bytes(m))
	if out.Len() != 2 {
		t.Errorf("a line end inside MSH-10 made %d segments, want 2", out.Len())
	}
}

func TestParseAckOfOthers(t *testing.T) {
	old := "MSH|^~\\&|X|Y|A|B|2026||ACK|9|P|2.3\rMSA|AE|ID1|bad||| 101^Required field missing\rERR|PID^1^3^101&Required field missing&HL70357~ORC^1^2^103\r"
	a, err := ParseAck([]byte(old), Limits{})
	if err != nil || a.Text != "bad" || len(a.Problems) != 2 || a.Problems[1].Code != "103" || a.Problems[1].Text != "Table value not found" || a.Positive() || a.Commit() {
		t.Errorf("2.3: %+v, %v", a, err)
	}
	a, err = ParseAck([]byte("MSH|^~\\&|X|Y|A|B|2026||ACK|9|P|2.3\rMSA|AR|ID1||||207^Internal\r"), Limits{})
	if err != nil || len(a.Problems) != 1 || a.Problems[0].Code != "207" {
		t.Errorf("MSA-6: %+v, %v", a, err)
	}
	rri, err := own(t, "rri-i12-accepted.hl7").Ack()
	if err != nil || rri.Status != "A" || rri.About != "NS-000417" || rri.Type != "RRI^I12" {
		t.Errorf("RRI: %+v, %v", rri, err)
	}
	if _, err := ParseAck([]byte(msh), Limits{}); !errors.Is(err, ErrNoMSA) {
		t.Errorf("got %v, want ErrNoMSA", err)
	}
}

func TestAckModes(t *testing.T) {
	if a := own(t, "ref-i12.hl7").AckMode(); a != (AckMode{true, "AL", "NE"}) {
		t.Errorf("got %+v", a)
	}
	if a := own(t, "orm-cancel.hl7").AckMode(); a.Enhanced {
		t.Errorf("got %+v, want original mode", a)
	}
	for _, c := range []struct {
		condition string
		good, bad bool
	}{{"AL", true, true}, {"NE", false, false}, {"ER", false, true}, {"SU", true, false}, {"", false, false}, {"??", true, true}} {
		if Wanted(c.condition, true) != c.good || Wanted(c.condition, false) != c.bad {
			t.Errorf("%q is read wrongly", c.condition)
		}
	}
	if !lines(t, `MSH|^~\&|||||||ACK^I12`).IsAck() || own(t, "rri-i12-accepted.hl7").IsAck() {
		t.Error("IsAck")
	}
}

func TestLocations(t *testing.T) {
	for _, p := range []Problem{
		{}, {Segment: "PID", SegIndex: 1}, {Segment: "PID", SegIndex: 1, Field: 3}, {Segment: "ORC", SegIndex: 2, Field: 2, Component: 1},
		{Segment: "PID", SegIndex: 1, Field: 3, Repetition: 2, Component: 4, Subcomponent: 2},
	} {
		if got := ParseLocation(p.Location()); !cmp.Equal(got, p) {
			t.Errorf("%s: %s", p.Location(), cmp.Diff(p, got))
		}
	}
	if got := ParseLocation("PID-3.1"); got != (Problem{Segment: "PID", SegIndex: 1, Field: 3, Component: 1}) {
		t.Errorf("path: got %+v", got)
	}
	for _, bad := range []string{"the message", "PID[", "PID-", "PID.3", "PID-3-4", "PID-3.1.2.3"} {
		if got := ParseLocation(bad); got != (Problem{}) {
			t.Errorf("%q: got %+v", bad, got)
		}
	}
}

// A sender reads MSA-3 and the first ERR: errors stand there, and an AA says nothing that looks like a refusal.
func TestAckErrorsBeforeWarnings(t *testing.T) {
	warning := Problem{Segment: "OBX", SegIndex: 1, Field: 5, Code: CodeDataType, Severity: SeverityWarning, Text: "a warning"}
	missing := Problem{Segment: "PID", SegIndex: 1, Field: 3, Code: CodeRequired, Severity: SeverityError, Text: "an error"}
	for _, c := range []struct {
		name, version, code string
		problems            []Problem
		text                string
		want                []string
	}{
		{"AE of 2.5.1", "2.5.1", "AE", []Problem{warning, missing}, "an error", []string{"E PID", "W OBX"}},
		{"AE of 2.4", "2.4", "AE", []Problem{warning, missing}, "an error", []string{"E PID"}},
		{"AA of 2.5.1", "2.5.1", "AA", []Problem{warning}, "", []string{"W OBX"}},
		{"AA of 2.3", "2.3", "AA", []Problem{warning}, "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := lines(t, `MSH|^~\&|A|B|C|D|20260102||REF^I12|ID1|P|`+c.version)
			b := Ack{Code: c.code, ControlID: "RL1", Time: ackTime, Problems: c.problems}.Bytes(m)
			a, err := ParseAck(b, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range a.Problems {
				got = append(got, p.Severity+" "+p.Segment)
			}
			if a.Text != c.text || !cmp.Equal(got, c.want) {
				t.Errorf("got MSA-3 %q and %q, want %q and %q\n%s", a.Text, got, c.text, c.want, b)
			}
		})
	}
}

// A message that does not say its event has no reply of its own form.
func TestAckWithoutEvent(t *testing.T) {
	for kind, reply := range map[string]Reply{"REF": ReplyRRI, "ORM": ReplyORR, "OMG": ReplyORG} {
		m := lines(t, `MSH|^~\&|A|B|C|D|20260102||`+kind+`|ID1|P|2.5.1`)
		a, err := ParseAck(Ack{Code: "AR", ControlID: "RL1", Time: ackTime, Reply: reply}.Bytes(m), Limits{})
		if err != nil || a.Type != "ACK" {
			t.Errorf("%s: got an answer of type %q, %v, want ACK", kind, a.Type, err)
		}
	}
}
