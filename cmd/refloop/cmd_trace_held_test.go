package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// tracedOn takes a message through the only channel of a configuration.
func tracedOn(t *testing.T, channel, body string) trace {
	t.Helper()
	pl := planned(t, plannedHead+"partners: [{id: ehr, own: true, application: NSEHR, facility: NORTH}]\nchannels:\n  - "+channel+"\n")
	tr, err := traceMessage(dryRooms(pl)[0], []byte(body), false)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// TestTraceOfHeld: a rule that cannot be evaluated is named, and no field is said to number orders.
func TestTraceOfHeld(t *testing.T) {
	body, err := os.ReadFile("../../testdata/hl7/own/ref-i12.hl7")
	if err != nil {
		t.Fatal(err)
	}
	tr := tracedOn(t, `{name: in, type: mllp, partner: ehr, listen: "127.0.0.1:2575", when: 'true', set: {specialty: 'string(int(msg("PID-5.1")))', service_text: '"x"'}}`, string(body))
	if tr.Held == "" {
		t.Fatalf("got %+v, want it held", tr)
	}
	i := slices.IndexFunc(tr.Rules, func(r tracedRule) bool { return r.Rule == "set.specialty" })
	if i < 0 || tr.Rules[i].Result != ruleHolds || len(tr.Rules) != 2 || strings.HasPrefix(tr.Rules[0].Result, "failed") {
		t.Fatalf("got %+v, want set.specialty failed and when true", tr.Rules)
	}
	for _, f := range tr.Fields {
		if slices.Contains(f.Became, "number of orders") {
			t.Errorf("%s: got %v", f.Path, f.Became)
		}
	}
}

// TestTraceOfPatients: what an ADT says of our own patients becomes the list of patients.
func TestTraceOfPatients(t *testing.T) {
	adt := "MSH|^~\\&|NSEHR|NORTH|HUB|X|20261102||ADT^A08|1|P|2.5.1\rEVN|A08|20261102\rPID|1||M1^^^NORTH^MR||Holt^Nora||19800102|F\r"
	tr := tracedOn(t, `{name: in, type: mllp, partner: ehr, listen: "127.0.0.1:2575", patients: true}`, adt)
	for _, f := range tr.Fields {
		if strings.HasPrefix(f.Path, "PID-5") && (f.Use != useRecord || !strings.HasPrefix(strings.Join(f.Became, " "), "patient_list.name")) {
			t.Errorf("%s: got %s %v, want the list of patients", f.Path, f.Use, f.Became)
		}
	}
}
