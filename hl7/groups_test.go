package hl7

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func names(gs []Group) [][]string {
	var out [][]string
	for _, g := range gs {
		var n []string
		for s := range g.Segments() {
			n = append(n, s.Name())
		}
		out = append(out, n)
	}
	return out
}

func TestOrders(t *testing.T) {
	m := own(t, "orm-two-groups.hl7")
	gs := m.Orders()
	want := [][]string{{"ORC", "OBR", "NTE", "DG1"}, {"ORC", "OBR", "OBX"}}
	if got := names(gs); !cmp.Equal(got, want) {
		t.Fatal(cmp.Diff(want, got))
	}
	if a, b := gs[0].Get("OBR-4"), gs[1].Get("OBR-24"); a != "REFDERM" || b != "CON" {
		t.Errorf("got %q %q", a, b)
	}
	ref := own(t, "ref-i12.hl7").Orders()
	if got := names(ref); !cmp.Equal(got, [][]string{{"OBR", "OBX", "OBX"}}) {
		t.Errorf("REF: got %v", got)
	}
	oru := lines(t, msh, "PID|1", "OBR|1", "OBX|1", "OBR|2", "NTE|1", "PID|1", "ORC|RE", "OBR|1", "OBR|2", "TXA|1", "OBX|1")
	want = [][]string{{"OBR", "OBX"}, {"OBR", "NTE"}, {"ORC", "OBR"}, {"OBR"}}
	if got := names(oru.Orders()); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
}

func TestProviders(t *testing.T) {
	m := own(t, "ref-i12.hl7")
	if got, want := names(m.Providers()), [][]string{{"PRD", "CTD"}, {"PRD"}}; !cmp.Equal(got, want) {
		t.Fatal(cmp.Diff(want, got))
	}
	g, ok := m.Provider("RT", "IR")
	if !ok || g.Field("PRD", 7).PLN() != (PLN{ID: "1245319599", Type: "NPI"}) {
		t.Errorf("RT: got %v %+v", ok, g.Field("PRD", 7).PLN())
	}
	if rp, ok := own(t, "ref-i14-lf-bom.hl7").Provider("AP"); !ok || rp.Get("PRD-2.1") != "Marsh" {
		t.Error("a role in the second repetition was not found")
	}
	if _, ok := m.Provider("PP"); ok {
		t.Error("found a role that is not there")
	}
}

func TestGroupsAndNotes(t *testing.T) {
	m := lines(t, msh, "IN1|1", "IN2|a", "ZIN|x", "IN1|2", "DG1|1", "OBX|1", "PRT|1", "NTE|1||a", "NTE|2||b", "PID|1", "NTE|3||c")
	if got, want := names(m.Groups("IN1", "IN2", "IN3")), [][]string{{"IN1", "IN2", "ZIN"}, {"IN1"}}; !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
	var got []string
	for n := range m.First("OBX").Notes() {
		got = append(got, n.Field(3).Text())
	}
	if !cmp.Equal(got, []string{"a", "b"}) {
		t.Errorf("notes: got %v", got)
	}
	if n := m.Count("NTE"); n != 3 {
		t.Errorf("Count: got %d", n)
	}
	if o := m.Segment(9).Occurrence(); o != 2 {
		t.Errorf("Occurrence: got %d, want 2", o)
	}
	if (Group{}).Lead().Exists() || (Group{}).Get("PID-1") != "" {
		t.Error("zero Group")
	}
}
