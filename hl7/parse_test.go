package hl7

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sameBytes(t *testing.T, files map[string][]byte) {
	for name, b := range files {
		batch, err := Split(b, Limits{})
		if strings.Contains(name, "bad_") {
			if !errors.Is(err, ErrBadBatch) {
				t.Errorf("%s: got %v, want ErrBadBatch", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i, p := range batch.Messages {
			m, err := Parse(p.Bytes, Limits{})
			if err != nil {
				t.Errorf("%s: message %d: %v", name, i, err)
				continue
			}
			if !bytes.Equal(m.Bytes(), p.Bytes) {
				t.Errorf("%s: bytes changed", name)
			}
			norm := func(b []byte) string {
				return strings.Trim(strings.NewReplacer("\r\n", "\r", "\n", "\r").Replace(string(b)), "\r")
			}
			if norm(rebuilt(m)) != norm(p.Bytes) {
				t.Errorf("%s: the segments do not add up to the message", name)
			}
			if m.Type() == "" || m.ControlID() == "" || m.Version() == "" {
				t.Errorf("%s: got type %q, control ID %q, version %q", name, m.Type(), m.ControlID(), m.Version())
			}
		}
	}
}

func TestSamplesKeepTheirBytes(t *testing.T) { sameBytes(t, samples(t, "../testdata/hl7/*/*.hl7")) }

func TestSharedSamplesKeepTheirBytes(t *testing.T) {
	const dir = "../../shared/samples/hl7"
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("%s is missing: the research samples are not part of the repository", dir)
	}
	sameBytes(t, samples(t, dir+"/*/*.hl7"))
}

func TestParseErrors(t *testing.T) {
	long := msh + strings.Repeat("\rNTE|1", 10)
	for _, c := range []struct {
		name, in string
		limits   Limits
		want     error
	}{
		{"empty", "", Limits{}, ErrEmpty},
		{"white space", "\r\n  \n", Limits{}, ErrEmpty},
		{"HTTP", "GET / HTTP/1.1\r\n\r\n", Limits{}, ErrNotHL7},
		{"PID first", "PID|1\r" + msh, Limits{}, ErrNotHL7},
		{"only MSH", "MSH", Limits{}, ErrNotHL7},
		{"no encoding characters", "MSH||||", Limits{}, ErrDelimiters},
		{"letters as delimiters", "MSHaBCDa", Limits{}, ErrDelimiters},
		{"same twice", "MSH|^^|", Limits{}, ErrDelimiters},
		{"field separator is a line end", "MSH\r^~\\&\r", Limits{}, ErrDelimiters},
		{"batch", "FHS|^~\\&|\r" + msh, Limits{}, ErrBatch},
		{"two messages", msh + "\r" + msh, Limits{}, ErrBatch},
		{"bytes", long, Limits{Bytes: 20}, ErrTooLarge},
		{"segments", long, Limits{Segments: 5}, ErrTooManySegments},
	} {
		m, err := Parse([]byte(c.in), c.limits)
		var pe *ParseError
		if !errors.Is(err, c.want) || !errors.As(err, &pe) || m != nil {
			t.Errorf("%s: got %v, %v, want %v and no message", c.name, m, err, c.want)
		}
	}
	if _, err := Parse([]byte(long), Limits{Bytes: len(long), Segments: 11}); err != nil {
		t.Errorf("at the limits: %v", err)
	}
}

func TestLineEndsAndContinuedLines(t *testing.T) {
	in := "\xEF\xBB\xBF\r\n" + msh + "\r\n\r\nOBX|1|ED|x||^AP^PDF^Base64^AAAA\r\nBBBB\nCCCC||||||F\rNTE|1||a\nb lower\rRGS\n"
	m := parse(t, []byte(in))
	var names []string
	for s := range m.Segments() {
		names = append(names, s.Name())
	}
	if want := []string{"MSH", "OBX", "NTE", "RGS"}; !cmp.Equal(names, want) {
		t.Errorf("got segments %v, want %v", names, want)
	}
	if got := string(m.Raw("OBX-5.5")); got != "AAAA\r\nBBBB\nCCCC" {
		t.Errorf("OBX-5.5: got %q", got)
	}
	dose := parse(t, []byte(msh+"\rNTE|1||take\rPRN\rDAY\nas needed\rRGS\r"))
	if got := dose.Get("NTE-3"); got != "take\rPRN\rDAY\nas needed" || dose.Len() != 3 {
		t.Errorf("a name alone on its line before a line of text: got %q, %d segments", got, dose.Len())
	}
	if got := m.Get("NTE-3"); got != "a\nb lower" {
		t.Errorf("NTE-3: got %q", got)
	}
	want := []Warning{{WarnBOM, 1}, {WarnLeading, 2}, {WarnLF, 3}, {WarnCRLF, 3}, {WarnContinued, 3}}
	if got := m.Warnings(); !cmp.Equal(got, want) {
		t.Errorf("warnings: %s", cmp.Diff(want, got))
	}
}

func TestDelimitersOfTheMessage(t *testing.T) {
	for _, c := range []struct{ in, path, want string }{
		{`MSH|^~\$|||||||||P|2.3` + "\rPID|||a$b^c", "PID-3.1.2", "b"},
		{`MSH^~|\&^` + "\rPID^^^a~b&c|d", "PID-3(1).2.2", "c"},
		{`MSH|^~\}|` + "\rPID|||a}b", "PID-3.1.2", "b"},
		{`MSH|^~\|` + "\rPID|||a&b^c", "PID-3.1", "a&b"},
		{`MSH|^~\&#|` + "\rPID|||a\\P\\b", "PID-3", "a#b"},
		{`MSH|^~\\&|` + "\rPID|||a&b", "PID-3.1.2", "b"},
		{`MSH|^|` + "\rPID|||a\\T\\~b^c", "PID-3.2", "c"},
	} {
		m := parse(t, []byte(c.in))
		if got := m.Get(c.path); got != c.want {
			t.Errorf("%q %s: got %q, want %q", c.in, c.path, got, c.want)
		}
	}
}

func TestPaths(t *testing.T) {
	m := lines(t, msh, "PID|1||a^b&c~d||Doe&van^Jo~Roe|\"\"|", "OBX|1||x", "OBX|2||y^z", "ZZZ|q")
	for _, c := range []struct{ path, want string }{
		{"MSH-1", "|"}, {"MSH-2", `^~\&`}, {"MSH-3", "A"}, {"MSH-9", "REF"}, {"MSH-9.2", "I12"}, {"MSH-12.1.1", "2.5.1"},
		{"PID-3", "a"}, {"PID-3(1).2.2", "c"}, {"PID-3(2)", "d"}, {"PID-3(3)", ""}, {"PID-5", "Doe"}, {"PID-5.1.2", "van"}, {"PID-5(2).1", "Roe"},
		{"PID-6", ""}, {"PID-99", ""}, {"OBX(2)-3.2", "z"}, {"OBX(3)-3", ""}, {"ZZZ-1", "q"}, {"NTE-1", ""},
	} {
		p, err := ParsePath(c.path)
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
		}
		if got := m.Get(c.path); got != c.want {
			t.Errorf("%s: got %q, want %q", c.path, got, c.want)
		}
		if p.String() != c.path {
			t.Errorf("%s: written as %s", c.path, p)
		}
		if got := m.Value(p).String(); got != c.want {
			t.Errorf("%s: Value gives %q, want %q", c.path, got, c.want)
		}
	}
	for _, bad := range []string{"", "PID", "pid-3", "PID-", "PID-0", "PID-3.", "PID-3.1.1.1", "PID-3(0)", "PID-3(1", "PIDX-1", "PID(+1)-3", "PID-x", "PID--1", "PID-99999"} {
		if p, err := ParsePath(bad); !errors.Is(err, ErrPath) || p != (Path{}) {
			t.Errorf("%q: got %v, %v, want ErrPath", bad, p, err)
		}
	}
	if got := string(m.Raw("PID-3")); got != "a^b&c~d" {
		t.Errorf("Raw PID-3: got %q", got)
	}
	if v := m.Field("PID", 6); !v.Null() || v.Empty() || v.String() != "" {
		t.Errorf("PID-6 should be the null")
	}
	if v := m.Field("PID", 7); v.Null() || !v.Empty() {
		t.Errorf("PID-7 should be empty")
	}
	if n := m.Field("PID", 5).Repetitions(); n != 2 {
		t.Errorf("PID-5: got %d repetitions, want 2", n)
	}
	if got := m.Value(At("PID", 3, 2, 1)).String(); got != "d" {
		t.Errorf("At: got %q", got)
	}
}

func TestZeroValuesAreSafe(t *testing.T) {
	var s Segment
	var v Value
	if s.Name() != "" || s.Field(1).String() != "" || s.Fields() != 0 || s.Index() != -1 || s.Offset() != -1 || s.Raw() != nil || s.Next().Exists() {
		t.Error("zero Segment")
	}
	if v.Comp(2) != "" || v.Repetition(1).Component(2).Subcomponent(3).String() != "" || v.Text() != "" || v.Repetitions() != 0 || v.XTN() != (XTN{}) {
		t.Error("zero Value")
	}
	if _, err := v.ED(); err != nil {
		t.Errorf("ED of nothing: %v", err)
	}
	for range v.All() {
		t.Error("zero Value has repetitions")
	}
}
