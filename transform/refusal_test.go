package transform

import (
	"strings"
	"testing"

	"refloop/channels"
	"refloop/hl7"
)

// mshLine is an MSH with these MSH-9, MSH-11 and MSH-12.
func mshLine(kind, processing, version string) string {
	return `MSH|^~\&|NSEHR|NORTHSIDE|REFLOOP|HUB|20261102091530||` + kind + `|C1|` + processing + `|` + version
}

func TestMessagesThatAreNotTaken(t *testing.T) {
	for _, c := range []struct{ kind, processing, version, want string }{
		{"REF", "P", "2.5.1", "MSH-9 201"}, {"RRI", "P", "2.5.1", "MSH-9 201"}, {"ORM", "P", "2.3", "MSH-9 201"}, {"OMG", "P", "2.5.1", "MSH-9 201"},
		{"OSU", "P", "2.5.1", "MSH-9 201"}, {"SIU", "P", "2.5.1", "MSH-9 201"}, {"MDM", "P", "2.5.1", "MSH-9 201"}, {"ORU", "P", "2.5.1", "MSH-9 201"},
		{"REF^", "P", "2.5.1", "MSH-9 201"}, {"REF^I99", "P", "2.5.1", "MSH-9 201"}, {"SIU^S24", "P", "2.5.1", "MSH-9 201"}, {"ORU^R32", "P", "2.5.1", "MSH-9 201"},
		{"", "P", "2.5.1", "MSH-9 200"}, {"^I12", "P", "2.5.1", "MSH-9 200"}, {"ADT^A08", "P", "2.5.1", "MSH-9 200"}, {"ADT", "P", "2.5.1", "MSH-9 200"},
		{"REF^I12", "T", "2.5.1", "MSH-11 202"}, {"REF^I12", "D", "2.5.1", "MSH-11 202"},
		{"REF^I12", "P", "3.0", "MSH-12 203"}, {"REF^I12", "P", "1", "MSH-12 203"}, {"REF^I12", "P", "28", "MSH-12 203"},
		{"REF^I12", "P", "2.9", ""}, {"REF^I12", "P", "2.10", ""}, {"REF^I12", "P", "2", ""}, {"REF^I12", "P", "", ""},
	} {
		t.Run(c.kind+" "+c.processing+" "+c.version, func(t *testing.T) {
			d := Decode(hl7Source(message(mshLine(c.kind, c.processing, c.version), `RF1||R|||O|R-1`, `PID|1||M1||Doe^Jo`), "northside-ehr"))
			got := ""
			if d.Verdict == channels.Reject {
				got = d.Problems[0].Location + " " + d.Problems[0].Code
			}
			if got != c.want || c.want != "" && (len(d.Problems) != 1 || d.Ignore != "" || len(d.Facts) > 0) {
				t.Errorf("got %q, verdict %d, %d facts, ignored by %q; want %q", got, d.Verdict, len(d.Facts), d.Ignore, c.want)
			}
		})
	}
}

// A rule says which messages count; one that does not say what it is must not be answered AA by it.
func TestMessageWithoutEventIsNotIgnored(t *testing.T) {
	for _, kind := range []string{"REF", "ORM^", "", "^I12"} {
		s := hl7Source(message(mshLine(kind, "P", "2.5.1"), `PID|1||M1||Doe^Jo`), "northside-ehr")
		s.Channel.Rules = ruleSet(t, whenReferral)
		if d := Decode(s); d.Verdict != channels.Reject || d.Ignore != "" {
			t.Errorf("%q: got verdict %d, ignored by %q", kind, d.Verdict, d.Ignore)
		}
	}
	s := hl7Source(message(mshLine("ADT", "P", "2.5.1")), "northside-ehr")
	s.Channel.Rules = ruleSet(t, whenReferral)
	if d := Decode(s); d.Ignore == "" {
		t.Errorf("ADT: got verdict %d, want it ignored by the rule", d.Verdict)
	}
}

func TestRefusalNamesWhatIsTaken(t *testing.T) {
	text := Decode(hl7Source(message(mshLine("ADT^A08", "P", "2.5.1")), "northside-ehr")).Problems[0].Text
	for _, p := range hl7.Profiles() {
		for _, e := range append([]string{p.Code}, p.Events...) {
			if !strings.Contains(text, e) {
				t.Errorf("got %q, want %s in it", text, e)
			}
		}
	}
}

// A test installation takes test traffic; what comes of it is marked from the first byte.
func TestTestTraffic(t *testing.T) {
	for _, c := range []struct {
		processing   string
		taken        []string
		reject, test bool
	}{
		{"T", nil, true, false}, {"D", nil, true, false}, {"P", nil, false, false}, {"", nil, false, false}, {"T", []string{"T"}, false, true},
		{"D", []string{"P", "D"}, false, true}, {"P", []string{"T"}, true, false}, {"", []string{"T"}, true, false}, {"P", []string{"P", "T"}, false, false},
	} {
		s := hl7Source(message(mshLine("REF^I12", c.processing, "2.5.1"), `RF1||R|||O|R-1||||^Cough`, `PID|1||M1||Doe^Jo`), "northside-ehr")
		s.Channel.Processing = c.taken
		d := Decode(s)
		if got := d.Verdict == channels.Reject; got != c.reject {
			t.Errorf("%q where %v is taken: got verdict %d %v", c.processing, c.taken, d.Verdict, d.Problems)
			continue
		}
		if c.reject {
			if d.Problems[0].Code != hl7.CodeProcessingID || d.Problems[0].Location != "MSH-11" {
				t.Errorf("%q: got %v", c.processing, d.Problems)
			}
			continue
		}
		if f := one(t, d); f.Test != c.test || f.Event.Payload.Record.Test != c.test {
			t.Errorf("%q where %v is taken: got test %v, record %v, want %v", c.processing, c.taken, f.Test, f.Event.Payload.Record.Test, c.test)
		}
	}
}
