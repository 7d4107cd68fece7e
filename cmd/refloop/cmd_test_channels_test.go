package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"refloop/hl7"
)

// TestExampleSamples: the samples beside the example channels come out as they are kept.
func TestExampleSamples(t *testing.T) {
	var out, errs bytes.Buffer
	code := run([]string{"test", "-c", "../../examples/refloop.yaml"}, strings.NewReader(""), &out, &errs)
	if code != exitDone || !strings.Contains(out.String(), "4 samples, 0 failed") {
		t.Errorf("got exit code %d\n%s%s\nwhen that is right: refloop test -c examples/refloop.yaml --update", code, &out, &errs)
	}
}

// TestDryRunIsRepeatable: two runs of one message are equal, so that a difference is never chance.
func TestDryRunIsRepeatable(t *testing.T) {
	room := stylesRoom(t)
	files, err := filepath.Glob("../../testdata/hl7/styles/*.er7")
	if err != nil || len(files) == 0 {
		t.Fatalf("got no samples (%v)", err)
	}
	for _, f := range files {
		file := sampleFile{path: f, end: ".er7"}
		a, err := marshalSample(sampleOf(room, file, false))
		if err != nil {
			t.Fatal(err)
		}
		b, err := marshalSample(sampleOf(room, file, false))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a, b) {
			t.Errorf("%s: two runs differ", filepath.Base(f))
		}
	}
}

// TestTraceCoversEveryValue: each value of a message is in the report once, with one use, whatever the message.
func TestTraceCoversEveryValue(t *testing.T) {
	room := stylesRoom(t)
	for _, name := range []string{"ref-8859-1", "ref-caret-separator", "orm-two-orders", "siu-s12-tq1", "oru-final", "ref-escapes", "adt-a08", "ref-no-number"} {
		body, err := os.ReadFile("../../testdata/hl7/styles/" + name + ".er7")
		if err != nil {
			t.Fatal(err)
		}
		tr, err := traceMessage(room, body, false)
		if err != nil {
			t.Fatal(err)
		}
		m, err := hl7.Parse(body, hl7.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		for l := range leavesOf(m) {
			if i == len(tr.Fields) || tr.Fields[i].Path != l.path.String() || tr.Fields[i].Use == "" || tr.Fields[i].Value != "" {
				t.Fatalf("%s: value %d (%s) is not in the report", name, i, l.path)
			}
			if p, err := hl7.ParsePath(tr.Fields[i].Path); err != nil || !bytes.HasPrefix(m.Value(p).Raw(), l.value.Raw()) {
				t.Errorf("%s: %s does not lead to its value", name, tr.Fields[i].Path)
			}
			i++
		}
		if i != len(tr.Fields) {
			t.Errorf("%s: got %d rows for %d values", name, len(tr.Fields), i)
		}
	}
}

func TestTraceKinds(t *testing.T) {
	m, err := hl7.Parse([]byte("MSH|^~\\&|A\rZZZ|1245319599|19800102|202611050930-0600|12345|MR|2.16.840.1.113883|a@b.example|Holt Nora|\"\"|99999999\r"), hl7.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"NPI", "date", "time", "number, 5 digits", "code", "OID", "address", "text, 9 characters", "null", "number, 8 digits"} {
		if got := classOf(m.Field("ZZZ", i+1)); got != want {
			t.Errorf("ZZZ-%d: got %s, want %s", i+1, got, want)
		}
	}
}
