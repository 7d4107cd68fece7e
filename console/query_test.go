package console_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"refloop/audit"
	"refloop/console"
)

func answer(t *testing.T, f *fake, q console.Query) string {
	t.Helper()
	var b bytes.Buffer
	if err := q.Answer(context.Background(), f, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func rows[T any](t *testing.T, text string) (out []T) {
	t.Helper()
	for line := range strings.Lines(text) {
		var v T
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		out = append(out, v)
	}
	return out
}

func TestWorklist(t *testing.T) {
	for name, c := range map[string]struct {
		q    console.Query
		want []string
	}{
		"open":    {console.Query{Name: "worklist"}, []string{"hold/R2/completeness", "I1", "hold/R2/fax_review", "hold/R2/completeness.2"}},
		"all":     {console.Query{Name: "worklist", All: true}, []string{"hold/R2/completeness", "I1", "hold/R2/fax_review", "I2", "hold/R2/completeness.2"}},
		"kind":    {console.Query{Name: "worklist", Kind: "fax_review"}, []string{"hold/R2/fax_review"}},
		"limit":   {console.Query{Name: "worklist", Limit: 2}, []string{"hold/R2/completeness", "I1"}},
		"nothing": {console.Query{Name: "worklist", Kind: "none"}, nil},
	} {
		var got []string
		for _, v := range rows[console.WorkView](t, answer(t, &fake{}, c.q)) {
			got = append(got, v.ID)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestLines: the keys are what scripts read, times are UTC, and text is not escaped for HTML.
func TestLines(t *testing.T) {
	for name, c := range map[string]struct {
		q    console.Query
		want []string
	}{
		"work":       {console.Query{Name: "worklist", Limit: 1}, []string{`"note":"<priority> & more. Next: `, `"resolved":null`, `"opened":"2026-11-05T08:00:00Z"`}},
		"message":    {console.Query{Name: "messages"}, []string{`"received_at":"2026-11-01T08:00:00Z"`, `"referral_ids":[]`}},
		"show":       {console.Query{Name: "show", ID: "R1"}, []string{`"events":[{"seq":1,`, `"next_actions":["accept",`, `"holds":[]`, `"clock":{"name":"","debtor":"","due":null}`}},
		"actions":    {console.Query{Name: "actions", ID: "R1"}, []string{`{"id":"R1","role":"recipient","state":"sent","next_actions":["accept",`}},
		"deliveries": {console.Query{Name: "deliveries"}, []string{`"attempts":[{"at":"2026-11-02T08:00:00Z","result":"refused","code":"AE"}],"next_attempt_at":null`, `"next_attempt_at":"2026-11-09T08:00:00Z"`}},
		"raw":        {console.Query{Name: "raw", ID: "M1"}, []string{"MSH|\r\x00\xff"}},
	} {
		got := answer(t, &fake{}, c.q)
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: got %s, want %s in it", name, got, want)
			}
		}
	}
}

func TestStory(t *testing.T) {
	s := rows[console.Story](t, answer(t, &fake{}, console.Query{Name: "story", ID: "R1"}))[0]
	if s.Deliveries[0].ID != "D1" || len(s.Work) != 1 || s.Work[0].ID != "I1" || len(s.Messages) != 1 || len(s.Events) != 1 || s.Record.ID != "R1" {
		t.Errorf("got %+v", s)
	}
}

func TestAudit(t *testing.T) {
	f := &fake{auditOf: func() ([]audit.Head, error) {
		return []audit.Head{{Node: "a", Seq: 7, Digest: audit.Digest{0xab}}}, &audit.BrokenError{Node: "b", Seq: 5, Why: "changed"}
	}}
	got := rows[console.AuditView](t, answer(t, f, console.Query{Name: "audit"}))
	want := []console.AuditView{{Node: "a", Rows: 7, Head: "ab" + strings.Repeat("0", 62)}, {Node: "b", Rows: 4, Broken: 5, Why: "changed"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	f.auditOf = func() ([]audit.Head, error) { return nil, errors.New("disk") }
	if err := (console.Query{Name: "audit"}).Answer(context.Background(), f, &bytes.Buffer{}); err == nil {
		t.Error("got no error, want that of the store")
	}
}

func TestUnknownQuestion(t *testing.T) {
	if err := (console.Query{Name: "secrets"}).Answer(context.Background(), &fake{}, &bytes.Buffer{}); !errors.Is(err, console.ErrQuery) {
		t.Errorf("got %v, want ErrQuery", err)
	}
}
