package hl7

import (
	"errors"
	"strings"
	"testing"

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
		{"no trailers", "FHS|^~\\&\rBHS|^~\\&\r" + m("1"), []string{"1@0"}, nil, nil},
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
