package hl7

import "testing"

func TestReads(t *testing.T) {
	b := []byte("MSH|^~\\&|APP|FAC|||20261102||REF^I12|1|P|2.5.1\rPID|||1^^^A~2^^^B||Doe^Jane||19800102|F\rNTE|1||a note~of two\rZAB|1|x\r")
	var reads Reads
	m, err := ParseWith(b, Options{Reads: &reads})
	if err != nil {
		t.Fatal(err)
	}
	plain := parse(t, b)
	_ = m.Get("PID-5.2")
	_ = m.Field("PID", 3).Repetition(2).CX()
	_ = m.Field("NTE", 3).Text()
	_ = m.Field("PID", 8).Empty()
	_ = m.Field("PID", 7).Repetitions()
	_ = Validate(m, Strict)
	for path, want := range map[string]bool{
		"PID-5.1": false, "PID-5.2": true, "PID-3(1).1": false, "PID-3(2).1": true, "PID-3(2).4": true, "NTE-3(2)": true, "NTE-1": false,
		"PID-8": false, "PID-7": false, "ZAB-2": false, "PID-4": false, "PID-99": false,
	} {
		p, err := ParsePath(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := reads.Has(plain.Value(p)); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
	if v := plain.Field("PID", 5).Component(2); string(b[v.Offset():][:4]) != "Jane" {
		t.Errorf("Offset: got %d", v.Offset())
	}
}

// TestReadsDoNotChange: what is read is the same with and without notes, of every sample.
func TestReadsDoNotChange(t *testing.T) {
	for name, b := range samples(t, "../testdata/hl7/*/*.hl7") {
		m, err := ParseWith(b, Options{Reads: new(Reads)}) // batches among them are read elsewhere
		if err != nil {
			continue
		}
		plain := parse(t, b)
		for s := range m.Segments() {
			other := plain.Segment(s.Index())
			for n := range s.Fields() {
				v := other.Field(n + 1)
				if s.Field(n+1).Text() != v.Text() {
					t.Errorf("%s: %s-%d reads otherwise", name, s.Name(), n+1)
				}
				if len(v.Raw()) > 0 && string(b[v.Offset():v.Offset()+len(v.Raw())]) != string(v.Raw()) {
					t.Errorf("%s: %s-%d: Offset is wrong", name, s.Name(), n+1)
				}
			}
		}
	}
}
