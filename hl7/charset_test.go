package hl7

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func withCharset(msh18, value string) []byte {
	return []byte(`MSH|^~\&|A|B|C|D|2026||REF^I12|1|P|2.5.1||||||` + msh18 + "\rNTE|1||" + value + "\r")
}

func TestCharsets(t *testing.T) {
	for _, c := range []struct {
		msh18, fallback, raw, want string
		warnings                   []Warning
	}{
		{"", "", "M\xC3\xBCller", "Müller", nil},
		{"", "", "M\xFCller", "Müller", []Warning{{WarnCharset, 1}}},
		{"", "8859/1", "M\xFCller", "Müller", nil},
		{"", "8859/2", "\xB1", "ą", nil},
		{"", "no such", "M\xC3\xBCller", "Müller", nil},
		{"UNICODE UTF-8", "8859/1", "M\xC3\xBCller", "Müller", nil},
		{"UNICODE UTF-8", "", "80\x80", "80€", []Warning{{WarnCharset, 1}}},
		{"ASCII", "", "plain", "plain", nil},
		{"ASCII", "", "M\xFCller", "Müller", []Warning{{WarnCharset, 1}}},
		{"ASCII", "", "M\xC3\xBCller", "Müller", []Warning{{WarnCharset, 1}}},
		{"8859/1", "", "M\xFCller \x80", "Müller €", nil},
		{"8859", "", "\xE9", "é", nil},
		{"ISO-8859-1", "", "\xE9", "é", nil},
		{"8859/15", "", "\xA4", "€", nil},
		{"8859/5", "", "\xB0", "А", nil},
		{"8859/7", "", "\xC1", "Α", nil},
		{"8859/2~UNICODE UTF-8", "", "\xB1", "ą", nil},
		{"BIG-5", "", "x\xE9", "xé", []Warning{{WarnCharsetUnknown, 1}, {WarnCharset, 1}}},
		{"UNICODE UTF-8", "", `M\XC3BC\ller`, "Müller", nil},
		{"8859/1", "", `M\XFC\ller`, "Müller", nil},
	} {
		m, err := ParseWith(withCharset(c.msh18, c.raw), Options{Charset: c.fallback})
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Get("NTE-3"); got != c.want {
			t.Errorf("%q %q: got %q, want %q", c.msh18, c.raw, got, c.want)
		}
		if got := string(m.Raw("NTE-3")); got != c.raw {
			t.Errorf("%q: raw bytes became %q", c.msh18, got)
		}
		if got := m.Warnings(); !cmp.Equal(got, c.warnings) {
			t.Errorf("%q %q: %s", c.msh18, c.raw, cmp.Diff(c.warnings, got))
		}
	}
	for _, name := range []string{"", "UNICODE UTF-16", "GB 18030-2000", "8859/12", "8859/x"} {
		if cs, ok := LookupCharset(name); ok {
			t.Errorf("%q: got %v", name, cs)
		}
	}
	if got := (Charset{}).Name(); got != "UNICODE UTF-8" {
		t.Errorf("zero Charset: %q", got)
	}
}
