package hl7

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSplit(t *testing.T) {
	m := func(id string) string { return `MSH|^~\&|||||||REF^I12|` + id + "\rPID|1\r" }
	for _, c := range []struct {
		name, in string
		ids      []string // MSH-10 with the batch it is in
		warnings []Warning
		err      error
	}{
		{"one message", m("1"), []string{"1@-1"}, nil, nil},
		{"messages alone", m("1") + "\r\n" + m("2"), []string{"1@-1", "2@-1"}, nil, nil},
		{"file", "FHS|^~\\&\rBHS|^~\\&\r" + m("1") + m("2") + "BTS|2\rFTS|1\r", []string{"1@0", "2@0"}, nil, nil},
		{"no trailers", "FHS|^~\\&\rBHS|^~\\&\r" + m("1"), []string{"1@0"}, []Warning{{WarnBatchOpen, 2}}, nil},
		{"one trailer cut off", "FHS|^~\\&\rBHS|^~\\&\r" + m("1") + "BTS|1\r", []string{"1@0"}, []Warning{{WarnBatchOpen, 1}}, nil},
		{"empty batch", "FHS|^~\\&\rBHS|^~\\&\rBTS|0\rFTS|1\r", nil, nil, nil},
		{"empty batch that should not be", "BHS|^~\\&\rBTS|3\r", nil, []Warning{{WarnBatchCount, 1}}, nil},
		{"two batches", "BHS|^~\\&\r" + m("1") + "BTS|1\rBHS|^~\\&\r" + m("2") + "BTS|1\r", []string{"1@0", "2@1"}, nil, nil},
		{"file without batch", "\xEF\xBB\xBFFHS|^~\\&\n" + m("1") + "FTS\n", []string{"1@-1"}, nil, nil},
		{"wrong counts", "FHS|^~\\&\rBHS|^~\\&\r" + m("1") + "BTS|7|x\rFTS|9\r", []string{"1@0"}, []Warning{{WarnBatchCount, 2}}, nil},
		{"segments outside", "BHS|^~\\&\rNTE|1\r" + m("1") + "BTS|1\rZZZ|x\r", []string{"1@0"}, []Warning{{WarnBatchOutside, 2}}, nil},
		{"two FHS", "FHS|^~\\&\rFHS|^~\\&\r" + m("1"), nil, nil, ErrBadBatch},
		{"no message", "FHS|^~\\&\rBHS|^~\\&\rPID|1\rBTS|1\rFTS|1\r", nil, nil, ErrBadBatch},
		{"trailer first", "BTS|1\r" + m("1"), nil, nil, ErrBadBatch},
		{"garbage first", "hello\r" + m("1"), nil, nil, ErrNotHL7},
		{"empty", "\r\n", nil, nil, ErrEmpty},
		{"over the limit", m("1") + m("2") + m("3") + m("4"), nil, nil, ErrTooManyMessages},
	} {
		b, err := Split([]byte(c.in), Limits{Messages: 3})
		if !errors.Is(err, c.err) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.err)
		}
		if err != nil {
			if !cmp.Equal(b, Batch{}) {
				t.Errorf("%s: a result beside the error", c.name)
			}
			continue
		}
		var ids []string
		for _, p := range b.Messages {
			ids = append(ids, parse(t, p.Bytes).ControlID()+"@"+itoa(p.Batch))
			if c.in[p.At:p.At+len(p.Bytes)] != string(p.Bytes) {
				t.Errorf("%s: a part is not at its offset", c.name)
			}
		}
		if !cmp.Equal(ids, c.ids) || !cmp.Equal(b.Warnings, c.warnings) {
			t.Errorf("%s: got %v %v, want %v %v", c.name, ids, b.Warnings, c.ids, c.warnings)
		}
	}
	if _, err := Split([]byte(strings.Repeat("x", 100)), Limits{Bytes: 50}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
}

func TestCRBytes(t *testing.T) {
	in := "\xEF\xBB\xBF" + msh + "\r\nOBX|1|ED|||AAA\nbbb|F\n\nNTE|1\n"
	m := parse(t, []byte(in))
	if got, want := string(m.CRBytes()), msh+"\rOBX|1|ED|||AAAbbb|F\rNTE|1\r"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	clean := []byte(msh + "\rPID|1\r")
	if got := parse(t, clean).CRBytes(); &got[0] != &clean[0] {
		t.Error("a clean message was copied")
	}
}

func TestWrapHasTheShapeOfTheBatch(t *testing.T) {
	m := func(id string) string { return `MSH|^~\&|||||||REF^I12|` + id + "\rPID|1\r" }
	at := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	head := func(name, sides, id, of string) string {
		return name + `|^~\&|` + sides + `|20261102090000+0000||||` + id + "|" + of + "\r"
	}
	for _, c := range []struct{ name, in, want string }{
		{"a file of two batches", "FHS|^~\\&|A|B|C|D|2026||||F1\rBHS|^~\\&|A|B|C|D|2026||||B1\r" + m("1") + m("2") + "BTS|2\rBHS|^~\\&|E|F|G|H|2026||||B2\r" + m("3") + "BTS|1\rFTS|2\r",
			head("FHS", "C|D|A|B", "ANSWER", "F1") + head("BHS", "C|D|A|B", "ANSWER", "B1") + "<1><2>BTS|2\r" +
				head("BHS", "G|H|E|F", "ANSWER.2", "B2") + "<3>BTS|1\rFTS|2\r"},
		{"a batch without messages first", "BHS|^~\\&|A|B|C|D|2026||||B1\rBTS|0\rBHS|^~\\&|E|F|G|H|2026||||B2\r" + m("1") + "BTS|1\r",
			head("BHS", "C|D|A|B", "ANSWER", "B1") + "BTS|0\r" + head("BHS", "G|H|E|F", "ANSWER.2", "B2") + "<1>BTS|1\r"},
		{"a batch without messages last", "BHS|^~\\&|A|B|C|D|2026||||B1\r" + m("1") + "BTS|1\rBHS|^~\\&|E|F|G|H|2026||||B2\rBTS|0\r",
			head("BHS", "C|D|A|B", "ANSWER", "B1") + "<1>BTS|1\r" + head("BHS", "G|H|E|F", "ANSWER.2", "B2") + "BTS|0\r"},
		{"a count that differs", "FHS|^~\\&|A|B|C|D|2026||||F1\rBHS|^~\\&|A|B|C|D|2026||||B1\r" + m("1") + "BTS|2\rFTS|1\r",
			head("FHS", "C|D|A|B", "ANSWER", "F1") + head("BHS", "C|D|A|B", "ANSWER", "B1") + "<1>BTS|1\rFTS|1|BTS-1 or FTS-1 names another number than came\r"},
		{"nothing", "BHS|^~\\&|A|B|C|D|2026||||B1\rBTS|0\r", head("BHS", "C|D|A|B", "ANSWER", "B1") + "BTS|0\r"},
		{"a trailer cut off", "BHS|^~\\&|A|B|C|D|2026||||B1\r" + m("1"), head("BHS", "C|D|A|B", "ANSWER", "B1") + "<1>BTS|1|BTS or FTS is missing\r"},
		{"other separators", "BHS!^~\\&!A!B!C!D!2026!!!!B1\r" + m("1") + "BTS!1\r",
			strings.ReplaceAll(head("BHS", "C|D|A|B", "ANSWER", "B1"), "|", "!") + "<1>BTS!1\r"},
	} {
		b, err := Split([]byte(c.in), Limits{})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var answers []Part
		for _, p := range b.Messages {
			answers = append(answers, Part{Bytes: []byte("<" + parse(t, p.Bytes).ControlID() + ">"), Batch: p.Batch})
		}
		if d := cmp.Diff(c.want, string(b.Wrap(answers, "ANSWER", at))); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
	b, err := Split([]byte(strings.Repeat("BHS|^~\\&|A|B|C|D|2026\r"+m("1"), 12)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, line := range strings.Split(string(b.Wrap(nil, "12345678901234567890", at)), "\r") {
		if f := strings.Split(line, "|"); f[0] == "BHS" {
			ids[f[10]] = len(f[10]) <= 20
		}
	}
	if len(ids) != 12 {
		t.Errorf("got the control IDs %v, want 12", ids)
	}
	for id, fits := range ids {
		if !fits {
			t.Errorf("control ID %q is longer than 20", id)
		}
	}
	outside, err := Split([]byte("FHS|^~\\&|A|B|C|D|2026\r"+m("1")+"BHS|^~\\&|E|F|G|H|2026||||B2\r"+m("2")), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	got := string(outside.Wrap([]Part{{Bytes: []byte("<1>"), Batch: -1}, {Bytes: []byte("<2>"), Batch: 0}}, "ANSWER", at))
	if strings.Count(got, "BHS|") != 2 || !strings.Contains(got, "<1>BTS|1\r") || !strings.HasSuffix(got, "FTS|2|BTS or FTS is missing\r") {
		t.Errorf("messages outside of a batch: got %q", got)
	}
}
