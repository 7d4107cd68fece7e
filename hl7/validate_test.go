package hl7

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// found writes problems as "severity code location".
func found(ps []Problem) []string {
	var out []string
	for _, p := range ps {
		out = append(out, p.Severity+" "+p.Code+" "+p.Location())
	}
	return out
}

// wrong keeps the errors.
func wrong(ps []Problem) []string {
	var out []string
	for _, s := range found(ps) {
		if s[0] == 'E' {
			out = append(out, s)
		}
	}
	return out
}

func TestValidateLenient(t *testing.T) {
	head := func(typ string) string { return `MSH|^~\&|A|B|C|D|20260102||` + typ + `|ID1|P|2.5.1` }
	pid := "PID|||M1^^^NS||Doe^Jo||19610322"
	for _, c := range []struct {
		name string
		segs []string
		want []string
	}{
		{"good REF", []string{head("REF^I12"), "RF1||||||R1", pid}, nil},
		{"number in RF1-6.3", []string{head("REF^I12"), "RF1||||||^^R1", pid}, nil},
		{"number only in OBR-2", []string{head("REF^I12"), pid, "OBR|1|R1"}, nil},
		{"no number", []string{head("REF^I12"), "RF1|P", pid}, []string{"E 101 RF1[1]-6.1"}},
		{"no RF1", []string{head("REF^I14"), pid}, []string{"E 100 RF1[1]-6.1"}},
		{"no PID", []string{head("REF^I12"), "RF1||||||R1"}, []string{"E 100 PID[1]-3.1", "E 100 PID[1]-5.1"}},
		{"null identifier", []string{head("REF^I12"), "RF1||||||R1", `PID|||""||Doe`}, []string{"E 101 PID[1]-3.1"}},
		{"birth date", []string{head("REF^I12"), "RF1||||||R1", "PID|||M1||Doe||19610231"}, []string{"E 102 PID[1]-7"}},
		{"no control ID", []string{`MSH|^~\&|A|B|C|D|20260102||REF^I12||P|2.5.1`, "RF1||||||R1", pid}, []string{"E 101 MSH[1]-10"}},
		{"good ORM", []string{head("ORM^O01"), pid, "ORC|NW|P1", "OBR|1|P1||X", "ORC|NW", "OBR|2|P2||Y"}, nil},
		{"second order without a number", []string{head("ORM^O01"), pid, "ORC|NW|P1", "OBR|1|P1||X", "ORC|NW", "OBR|2|||Y"}, []string{"E 101 ORC[2]-2.1"}},
		{"order with a status alone", []string{head("OSU^O51"), pid, "ORC||P1|||IP"}, nil},
		{"order without a control code", []string{head("OMG^O19"), pid, "ORC||P1", "OBR|1|P1||X"}, []string{"E 101 ORC[1]-1"}},
		{"ORM without ORC", []string{head("ORM^O01"), pid}, []string{"E 100 ORC[1]"}},
		{"new order without a name", []string{head("ORM^O01"), "PID|||M1", "ORC|NW|P1"}, []string{"E 101 PID[1]-5.1"}},
		{"cancel without a name", []string{head("ORM^O01"), "PID|||M1", "ORC|CA|P1"}, nil},
		{"cancelled REF without a name", []string{head("REF^I14"), "RF1||||||R1", "PID|||M1"}, nil},
		{"good OSU without PID", []string{head("OSU^O51"), "ORC|OK|R1"}, nil},
		{"SIU without SCH", []string{head("SIU^S12"), pid}, []string{"E 100 SCH[1]"}},
		{"SIU with a broken time", []string{head("SIU^S13"), "SCH|1", "TQ1|||||||tomorrow"}, []string{"E 102 TQ1[1]-7"}},
		{"MDM without TXA", []string{head("MDM^T02"), pid}, []string{"E 100 TXA[1]"}},
		{"ORU known by its order only", []string{head("ORU^R01"), "OBR|1|P1"}, nil},
		{"ORU of nobody", []string{head("ORU^R01"), "PID|1", "OBR|1"}, []string{"E 101 PID[1]-3.1"}},
		{"RRI by MSA-2", []string{head("RRI^I12"), "MSA|AA|X"}, nil},
		{"a type without rules", []string{head("ADT^A01")}, nil},
	} {
		m := lines(t, c.segs...)
		got := Validate(m, Lenient)
		if !cmp.Equal(wrong(got), c.want) {
			t.Errorf("%s: %s", c.name, cmp.Diff(c.want, wrong(got)))
		}
		if Errors(got) != (len(c.want) > 0) {
			t.Errorf("%s: Errors says %v", c.name, Errors(got))
		}
		if n := len(Validate(m, Off)); n != 0 {
			t.Errorf("%s: mode Off found %d", c.name, n)
		}
		for _, p := range got {
			if strings.Contains(p.Text, "Doe") || strings.Contains(p.Text, "19610231") || p.Text == "" {
				t.Errorf("%s: text %q", c.name, p.Text)
			}
		}
	}
}

func TestValidateStrict(t *testing.T) {
	m := lines(t, `MSH|^~\&|A|B|C|D|2026-01-02||SIU^S12|ID1||2.5.1`, "SCH|1|||||R", "PID|||M1")
	want := []string{
		"E 102 MSH[1]-7", "E 101 MSH[1]-11", "E 101 SCH[1]-16", "E 101 SCH[1]-20", "E 100 RGS[1]",
	}
	if got := wrong(Validate(m, Strict)); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
	if lenient := Validate(m, Lenient); Errors(lenient) || len(lenient) != len(want) {
		t.Errorf("lenient: %v", found(lenient))
	}
	odd := lines(t, `MSH|^~\&|A|B|C|D|20260102||ORM^O01|ID1|P|2.3`, "PID|||M1||Doe", "ORC|??|P1", "OBR|1|P1||X")
	if got := wrong(Validate(odd, Strict)); !cmp.Equal(got, []string{"E 103 ORC[1]-1"}) {
		t.Errorf("table: %v", got)
	}
}

func TestValidateVersions(t *testing.T) {
	for version, want := range map[string][]string{"2.3": {"E 102 SCH[1]-11.4"}, "2.4": {"E 102 SCH[1]-11.4"}, "2.5.1": nil, "": nil, "2.10": nil} {
		m := lines(t, `MSH|^~\&|A|B|C|D|20260102||SIU^S12|ID1|P|`+version, "SCH|1||||||||||^^^noon")
		if got := wrong(Validate(m, Lenient)); !cmp.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", version, got, want)
		}
	}
}

func TestOwnSamplesAreTakenUp(t *testing.T) {
	for name, b := range samples(t, "../testdata/hl7/own/*.hl7") {
		if got := wrong(Validate(parse(t, b), Lenient)); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestProfilesAreWhole(t *testing.T) {
	for _, p := range Profiles() {
		if p.Title == "" || len(p.Events) == 0 || len(p.Rules) == 0 {
			t.Errorf("%s: %+v", p.Code, p)
		}
		for _, r := range p.Rules {
			if r.Name == "" || len(r.Places) == 0 || r.Check == InTable && (len(r.Values) == 0 || r.Table == "") {
				t.Errorf("%s: rule %+v", p.Code, r)
			}
			if !r.Strict && r.Check == Filled && r.Remedy == "" {
				t.Errorf("%s %s: no remedy for its sender", p.Code, r.Places[0])
			}
		}
	}
}

// 360X names the people of an appointment without numbers.
func TestValidateNamesWithoutNumbers(t *testing.T) {
	m := lines(t, `MSH|^~\&|A|B|C|D|20260102||SIU^S12|ID1|P|2.5.1`, "SCH||A1||||R||||||||||^Front^Desk||||^Name^Registrar|||||R-1", "TQ1|||||||202601021000|202601021030", "PID|||M1", "RGS|1")
	if got := found(Validate(m, Strict)); got != nil {
		t.Errorf("got %q, want nothing", got)
	}
}
