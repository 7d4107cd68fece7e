package hl7

import (
	"slices"
	"strings"
	"testing"
)

// outline writes a tree as ORU_R01(MSH RESULTS(PATIENT(PID) ORDER(OBR RESULT(OBX)))); misplaced segments carry a !.
func outline(t *Tree) string {
	var parts []string
	for _, p := range t.Parts {
		switch {
		case p.Misplaced:
			parts = append(parts, p.Name+"!")
		case p.Segment.Exists():
			parts = append(parts, p.Name)
		default:
			parts = append(parts, outline(p))
		}
	}
	return t.Name + "(" + strings.Join(parts, " ") + ")"
}

func TestTree(t *testing.T) {
	for _, c := range []struct{ typ, segments, want string }{
		{"REF^I12", "RF1 PRD CTD PRD PID NK1 IN1 IN2 IN1 DG1 OBR OBX NTE OBX PV1 NTE", "REF_I12(MSH RF1 PROVIDER(PRD CTD) PROVIDER(PRD) PID NK1 INSURANCE(IN1 IN2) INSURANCE(IN1) DG1 OBSERVATION(OBR RESULT(OBX NTE) RESULT(OBX)) VISIT(PV1) NTE)"},
		{"REF^I14^REF_I14", "RF1 PRD PID", "REF_I12(MSH RF1 PROVIDER(PRD) PID)"},
		{"REF^I12", "EVN PID NTE NTE", "REF_I12(MSH EVN PID NTE NTE)"},
		{"REF^I12", "RF1 PRD PID NTE NTE DG1 AL1", "REF_I12(MSH RF1 PROVIDER(PRD) PID NTE! NTE! DG1 AL1)"},
		{"REF^I12", "RF1 PV1 PRD PID DG1", "REF_I12(MSH RF1 PV1! PROVIDER(PRD) PID DG1)"},
		{"REF^I12", "RF1 PID PRD", "REF_I12(MSH RF1 PID! PROVIDER(PRD))"},
		{"ORM^O01", "PID PV1 IN1 ORC OBR DG1 OBX NTE ORC OBR NTE", "ORM_O01(MSH PATIENT(PID VISIT(PV1) INSURANCE(IN1)) ORDER(ORC DETAIL(OBR DG1 RESULT(OBX NTE))) ORDER(ORC DETAIL(OBR NTE)))"},
		{"ORM^O01", "PID ORC RXO ORC", "ORM_O01(MSH PATIENT(PID) ORDER(ORC DETAIL(RXO)) ORDER(ORC))"},
		{"OMG^O19", "PID ORC TQ1 OBR DG1 OBX ZAB", "OMG_O19(MSH PATIENT(PID) ORDER(ORC TIMING(TQ1) OBR DG1 RESULT(OBX ZAB)))"},
		{"OSU^O51", "PID ORC NTE", "OSU_O51(MSH PATIENT(PID) ORDER(ORC NTE))"},
		{"SIU^S26^SIU_S26", "SCH TQ1 PID RGS AIS AIL AIP RGS AIS", "SIU_S12(MSH SCH TIMING(TQ1) PATIENT(PID) RESOURCES(RGS SERVICE(AIS) LOCATION(AIL) PERSONNEL(AIP)) RESOURCES(RGS SERVICE(AIS)))"},
		{"SIU^S12", "SCH PID AIS", "SIU_S12(MSH SCH PATIENT(PID) RESOURCES(SERVICE(AIS)))"},
		{"MDM^T02", "EVN PID PV1 ORC OBR TXA OBX OBX", "MDM_T02(MSH EVN PID PV1 ORDER(ORC OBR) TXA RESULT(OBX) RESULT(OBX))"},
		{"ORU^R01", "PID PV1 ORC OBR OBX OBR OBX NTE PID OBR OBX", "ORU_R01(MSH RESULTS(PATIENT(PID VISIT(PV1)) ORDER(ORC OBR RESULT(OBX)) ORDER(OBR RESULT(OBX NTE))) RESULTS(PATIENT(PID) ORDER(OBR RESULT(OBX))))"},
		{"RRI^I12", "MSA RF1 PRD PRD PID", "RRI_I12(MSH MSA RF1 PROVIDER(PRD) PROVIDER(PRD) PID)"},
		{"ACK", "MSA ERR ERR", "ACK(MSH MSA ERR ERR)"},
	} {
		segs := []string{strings.Replace(msh, "REF^I12", c.typ, 1)}
		for _, s := range strings.Fields(c.segments) {
			segs = append(segs, s+"|1")
		}
		tree, ok := lines(t, segs...).Tree()
		if !ok {
			t.Errorf("%s: no structure", c.typ)
		} else if got := outline(tree); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.typ, got, c.want)
		}
	}
	if _, ok := lines(t, strings.Replace(msh, "REF^I12", "ADT^A01", 1)).Tree(); ok {
		t.Error("ADT has a structure here")
	}
}

func TestTreeIterates(t *testing.T) {
	m := lines(t, strings.Replace(msh, "REF^I12", "ORU^R01", 1), "PID|1", "OBR|1", "OBX|1", "OBX|2", "OBR|2", "OBX|3")
	tree, _ := m.Tree()
	var got []string
	for order := range tree.All("ORDER") {
		got = append(got, order.First("OBR").Field(1).String())
		for result := range order.All("RESULT") {
			got = append(got, result.First("OBX").Field(1).String())
		}
	}
	if s := strings.Join(got, " "); s != "1 1 2 2 3" {
		t.Errorf("got %s", s)
	}
	for range tree.All("ORDER") {
		break // an iteration may end early
	}
	if tree.First("ZZZ").Exists() {
		t.Error("found a segment that is not there")
	}
}

func TestStrictSequence(t *testing.T) {
	for _, c := range []struct {
		name, segments string
		want           []string // segment and occurrence of problems with code 100
	}{
		{"right", "RF1 PRD PRD PID", nil},
		{"later segments of newer versions", "SFT UAC RF1 PRD PID OBR OBX PRT", nil},
		{"Z and unknown segments anywhere", "ZAA RF1 ZBB PRD PID EVN", nil},
		{"no PRD", "RF1 PID", []string{"PRD 1"}},
		{"PRD after PID", "RF1 PID PRD PRD", []string{"PID 1"}},
		{"no PID", "RF1 PRD", []string{"PID 1"}},
		{"PV1 before PRD", "RF1 PV1 PRD PID", []string{"PV1 1"}},
		{"OBX without OBR", "RF1 PRD PID OBX", []string{"OBR 1"}},
	} {
		segs := []string{msh}
		for _, s := range strings.Fields(c.segments) {
			segs = append(segs, s+"|1")
		}
		m := lines(t, segs...)
		var got []string
		for _, p := range Validate(m, Strict) {
			if place := p.Segment + " " + itoa(p.SegIndex); p.Code == CodeSegmentSequence && !slices.Contains(got, place) {
				got = append(got, place)
			}
		}
		if strings.Join(got, ",") != strings.Join(c.want, ",") {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
		for _, p := range Validate(m, Lenient) {
			if strings.Contains(p.Text, "cannot stand here") {
				t.Errorf("%s: lenient speaks of the order: %s", c.name, p.Text)
			}
		}
	}
}

// TestGrammars: every grammar can be read back to its text, so that a typing mistake in one is seen.
func TestGrammars(t *testing.T) {
	var write func([]element) string
	write = func(list []element) string {
		var out []string
		for _, e := range list {
			s := strings.Join(e.names, "|")
			if e.names == nil {
				s = e.group + "(" + write(e.parts) + ")"
			}
			switch {
			case e.repeats && e.required:
				s += "+"
			case e.repeats:
				s += "*"
			case !e.required:
				s += "?"
			}
			out = append(out, s)
		}
		return strings.Join(out, " ")
	}
	for name, text := range structures {
		if got, want := write(grammar(name)), strings.Join(strings.Fields(text), " "); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, want)
		}
	}
}
