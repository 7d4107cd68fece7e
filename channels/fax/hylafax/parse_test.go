package hylafax

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sampleLog = "11/23/26 08:01\tRECV\t000000011\tttyIAX0\trecvq/fax000000011.tif\t\tfax\t\"+15550111\"\t\"NORTHSIDE\"\t5123\t3\t0:01:20\t0:01:10\t\"\"\t\"+12075550100\"\t\"LAKESIDE\"\t\"\"\t\"\"\t\"00 00 00\"\n" +
	"11/23/26 08:03\tSEND\t000000012\tttyIAX0\t7\t\"d-1\"\trefloop\t\"15550100\"\t\"X\"\t5123\t2\t0:01\t0:01\t\"\"\t\t\t\t\"refloop\"\t\"\"\n" +
	"11/23/26 08:05\tRECV\t000000013\tttyIAX0\tfax000000013.tif\t\tfax\t\"\"\t\"<NONE>\"\t5123\t1\t0:00:20\t0:00:10\t\"No EOP received\"\n"

func TestFindCall(t *testing.T) {
	c, ok := FindCall([]byte(sampleLog), "fax000000011.tif")
	want := Call{CommID: "000000011", Modem: "ttyIAX0", File: "recvq/fax000000011.tif", Local: "+15550111", TSI: "NORTHSIDE", Pages: 3, CallIDs: []string{"+12075550100", "LAKESIDE", ""}}
	if d := cmp.Diff(want, c); !ok || d != "" || c.Number() != "+12075550100" {
		t.Errorf("got %v (-want +got):\n%s", ok, d)
	}
	if c, ok := FindCall([]byte(sampleLog), "recvq/fax000000013.tif"); !ok || c.Reason != "No EOP received" || c.TSI != "" || c.Number() != "" {
		t.Errorf("got %v %+v, want a call that broke off", ok, c)
	}
	for _, name := range []string{"fax000000012.tif", "", "7"} {
		if _, ok := FindCall([]byte(sampleLog), name); ok {
			t.Errorf("%q: got a call, want none", name)
		}
	}
}

func TestCauses(t *testing.T) {
	for status, want := range map[string]string{
		"Busy signal detected; too many attempts to dial": "busy", "No answer from remote": "no_answer", "No carrier detected": "no_carrier",
		"No local dialtone": "no_dialtone", "Job aborted by request": "killed", "Kill time expired": "timed_out", "Call was REJECTED": "rejected", "RTN twice": "line_fault",
	} {
		if got := (Job{Status: status}).Cause(); got != want {
			t.Errorf("%s: got %s, want %s", status, got, want)
		}
	}
	if s := timeSpan(26*60*60*1e9 + 5*60*1e9); s != "010205" {
		t.Errorf("timeSpan: got %s, want 010205", s)
	}
}

func FuzzParseJob(f *testing.F) {
	f.Add([]byte("state:7\nnpages:2\ntotpages:2\njobid:1\njobtag:d-1\nstatus:more\n  lines\n"))
	f.Add([]byte("state:9\njobid:1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		j, err := ParseJob(b)
		if err != nil && (j.ID != "" || j.Raw != nil) {
			t.Fatal("a job beside an error")
		}
		if err == nil && (j.Pages < 0 || j.State < Suspended || j.State > Failed) {
			t.Fatalf("got %+v", j)
		}
	})
}

func FuzzFindCall(f *testing.F) {
	f.Add([]byte(sampleLog), "fax000000011.tif")
	f.Add([]byte("\n\n\t\t"), "")
	f.Fuzz(func(t *testing.T, log []byte, name string) {
		if c, ok := FindCall(log, name); ok && (c.Pages < 0 || !strings.Contains(string(log), c.CommID)) {
			t.Fatalf("got %+v", c)
		}
	})
}
