package hl7

import (
	"strings"
	"testing"
)

// A field of very many repetitions is gone through once: its cost grows with its length, not with the square of it.
func TestAllOfManyRepetitions(t *testing.T) {
	const many = 200_000
	m, err := Parse([]byte("MSH|^~\\&|A|B|C|D|20260101||ADT^A08|1|P|2.5\rPID|1||"+strings.Repeat("1~~", many)+"x^^^A\r"), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	n, last := 0, ""
	for v := range m.Field("PID", 3).All() {
		n++
		last = v.CX().ID
	}
	if n != many+1 || last != "x" {
		t.Errorf("got %d repetitions ending in %q, want %d and x", n, last, many+1)
	}
	for v := range m.Field("PID", 1).All() {
		if v.String() != "1" {
			t.Errorf("a field that does not repeat: got %q", v.String())
		}
	}
}
