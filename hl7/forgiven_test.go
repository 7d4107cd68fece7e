package hl7

import (
	"strings"
	"testing"
)

const plainREF = "MSH|^~\\&|EHR|OURS|REFLOOP|HUB|20261102091530||REF^I12|C1|P|2.5.1||||||CS\rRF1||R|||O|R-1|20261102\rPRD|RP|Marsh^Ellen\r" +
	"PRD|RT|Ruiz^Ana|||||1992999825^NPI\rPID|1||M1^^^OURS^MR||Doe^Jane||19610322|F\rDG1|1||I20.9^Angina^I10\rPV1|1|O\r"

// oddities are location, code and severity of the problems of a text in a mode, but for what plainREF has anyhow.
func oddities(t *testing.T, text string, mode Mode) []string {
	t.Helper()
	m, err := Parse([]byte(text), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range Validate(m, mode) {
		if p.Location() == "MSH[1]-18" || p.Code == CodeDataType || strings.Contains(p.Text, "a line follows") {
			out = append(out, p.Location()+" "+p.Code+" "+p.Severity)
		}
	}
	return out
}

func TestUnreadCharacterSets(t *testing.T) {
	for _, c := range []struct {
		name, set, family, z, lenient, strict string
		bad                                   bool
	}{
		{"UTF-8", "UNICODE UTF-8", "Dó", "", "", "", false},
		{"Thai", "8859/11", "\xa1\xb2", "", "", "", false},
		{"Romanian", "8859/16", "\xaa", "", "", "", false},
		{"unknown, ASCII", "NONSENSE", "Doe", "", "MSH[1]-18 103 W", "MSH[1]-18 103 W", false},
		{"unknown, bytes", "NONSENSE", "D\xf3", "", "MSH[1]-18 103 W", "MSH[1]-18 103 E", true},
		{"unknown, UTF-8 bytes", "GB 18030-2000", "Dó", "", "MSH[1]-18 103 W", "MSH[1]-18 103 E", true},
		{"Japanese, switched", "ISO IR87", "\x1b$B;3ED\x1b(B", "", "MSH[1]-18 103 W", "MSH[1]-18 103 E", true},
		{"Japanese as second set", "ASCII~ISO IR87", "\x1b$B;3ED\x1b(B", "", "MSH[1]-18 103 W", "MSH[1]-18 103 E", true},
		{"two sets that are read", "ASCII~8859/1", "Doe", "", "", "", false},
		{"escape sequences not announced", "", "\x1b$B;3ED\x1b(B", "", "PID[1]-5 102 W", "PID[1]-5 102 E", true},
		{"only in a Z segment", "NONSENSE", "Doe", "ZZZ|D\xf3\r", "MSH[1]-18 103 W", "MSH[1]-18 103 W", false},
	} {
		text := strings.NewReplacer("|CS\r", "|"+c.set+"\r", "Doe^Jane", c.family+"^Jane").Replace(plainREF) + c.z
		for mode, want := range map[Mode]string{Lenient: c.lenient, Strict: c.strict} {
			if got := strings.Join(oddities(t, text, mode), ", "); got != want {
				t.Errorf("%s, mode %d: got %q, want %q", c.name, mode, got, want)
			}
		}
		m, err := Parse([]byte(text), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if at, bad := m.Unreadable(); bad != c.bad || bad && at.Location() != "PID[1]-5" {
			t.Errorf("%s: got %v at %s, want %v", c.name, bad, at.Location(), c.bad)
		}
		if string(m.Bytes()) != text {
			t.Errorf("%s: the bytes changed", c.name)
		}
	}
}

func TestLinesThatAreNoSegment(t *testing.T) {
	text := strings.Replace(plainREF, "|CS\r", "|\r", 1)
	for _, c := range []struct{ name, old, new, lenient, strict string }{
		{"blanks before a known name", "\rPV1|", "\r \tPV1|", "", ""},
		{"an unknown name with blanks", "\rPV1|", "\r ABC|", "DG1[1]-3 100 W", "DG1[1]-3 100 E"},
		{"a line of text", "\rPV1|", "\rand more\rPV1|", "DG1[1]-3 100 W", "DG1[1]-3 100 E"},
		{"a line of text in a text", "\rPV1|", "\rNTE|1||one\rtwo\rPV1|", "NTE[1]-3 100 W", "NTE[1]-3 100 W"},
	} {
		changed := strings.Replace(text, c.old, c.new, 1)
		for mode, want := range map[Mode]string{Lenient: c.lenient, Strict: c.strict} {
			if got := strings.Join(oddities(t, changed, mode), ", "); got != want {
				t.Errorf("%s, mode %d: got %q, want %q", c.name, mode, got, want)
			}
		}
	}
	m, err := Parse([]byte(strings.Replace(text, "\rPV1|", "\r PV1|", 1)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if w := m.Warnings(); m.Get("PV1-2") != "O" || len(w) != 1 || w[0] != (Warning{WarnIndented, 1}) || string(m.CRBytes()) != text {
		t.Errorf("got %q, %v, %q", m.Get("PV1-2"), w, m.CRBytes())
	}
}

func TestVersionWithBlanks(t *testing.T) {
	m, err := Parse([]byte(strings.Replace(plainREF, "|2.5.1|", "| 2.3 |", 1)), Limits{})
	if err != nil || m.Version() != "2.3" {
		t.Errorf("got %q, %v", m.Version(), err)
	}
}
