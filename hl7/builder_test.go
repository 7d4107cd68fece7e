package hl7

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestBuilderGolden(t *testing.T) {
	oid := HD{ID: "2.16.840.1.113883.3.72.5.9.1", Type: "ISO"}
	b := NewBuilder(Delimiters{}, Charset{})
	b.MSH(Header{
		SendingApplication: HD{Namespace: "HUB"}, SendingFacility: oid, ReceivingApplication: HD{Namespace: "NSEHR"}, Time: ackTime,
		Type: [3]string{"REF", "I12", "REF_I12"}, ControlID: "RL-1", ProcessingID: "P", Version: "2.5.1", Accept: "AL", Application: "NE", Profile: "360X",
	})
	b.Segment("RF1").Components(1, "P", "Pending").Add(6, EI{ID: "R-1", Authority: oid}).Components(10, "", "pain | in ^ chest~\\&\r\nsecond line\x00\x07\tend")
	b.Segment("PRD").Set(1, "RP").Add(2, XPN{Family: "Marsh", Given: "Ellen", Degree: "MD"}).Add(5, XTN{Use: "NET", Equipment: "Internet", Address: "e@direct.example"}).
		Add(5, XTN{Use: "WPN", Equipment: "FX", Area: "207", Local: "5550177"}).Add(7, PLN{"1467560003", "NPI", ""})
	b.Segment("PID").Add(3, CX{ID: "M1", Authority: HD{"NS", oid.ID, "ISO"}, Type: "MR"}).Add(3, CX{ID: "M2"}).
		Add(5, XPN{Family: "O'Dell", Given: "Zoë", Type: "L"}).Null(6).Set(7, "19610322").Add(11, XAD{Street: "9 Cove Lane", City: "Northport"})
	b.Segment("OBR").Add(4, Coded{Code: "93000", Text: "ECG", System: "C4"}).Add(16, XCN{ID: "1", Name: XPN{Family: "Marsh", Type: "L"}, Authority: HD{ID: OIDNPI, Type: "ISO"}, IDType: "NPI"})
	b.Segment("OBX").Set(2, "ED").Add(5, ED{Type: "application", Subtype: "pdf", Data: []byte("%PDF-1.4")}).Set(11, "F")
	b.Segment("RGS")
	out, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "build/ref.want", out)
	m := parse(t, out)
	if got := m.Get("RF1-10.2"); got != "pain | in ^ chest~\\&\nsecond line end" {
		t.Errorf("RF1-10.2: got %q", got)
	}
	if v := m.Field("PID", 6); !v.Null() {
		t.Error("PID-6 is not the null")
	}
	if got := m.Field("OBR", 16).XCN(); got.NPI() != "1" || got.Name.Type != "L" {
		t.Errorf("OBR-16: got %+v", got)
	}
	if e, err := m.Field("OBX", 5).ED(); err != nil || string(e.Data) != "%PDF-1.4" {
		t.Errorf("OBX-5: got %+v, %v", e, err)
	}
}

func TestBuilderMistakes(t *testing.T) {
	for name, build := range map[string]func() *Builder{
		"nothing":       func() *Builder { return NewBuilder(Delimiters{}, Charset{}) },
		"no MSH":        func() *Builder { b := NewBuilder(Delimiters{}, Charset{}); b.Segment("PID"); return b },
		"MSH twice":     func() *Builder { b := NewBuilder(Delimiters{}, Charset{}); b.MSH(Header{}); b.MSH(Header{}); return b },
		"segment name":  func() *Builder { b := started(); b.Segment("pid"); return b },
		"MSH by name":   func() *Builder { b := started(); b.Segment("MSH"); return b },
		"field 0":       func() *Builder { b := started(); b.Segment("PID").Set(0, "x"); return b },
		"MSH-1":         func() *Builder { b := NewBuilder(Delimiters{}, Charset{}); b.MSH(Header{}).Set(1, "x"); return b },
		"huge field":    func() *Builder { b := started(); b.Segment("PID").Set(1<<30, "x"); return b },
		"delimiters":    func() *Builder { return NewBuilder(Delimiters{Field: '|', Component: '|'}, Charset{}) },
		"few delimiter": func() *Builder { return NewBuilder(Delimiters{Field: '|', Component: '^'}, Charset{}) },
	} {
		if out, err := build().Bytes(); !errors.Is(err, ErrBuild) || out != nil {
			t.Errorf("%s: got %q, %v", name, out, err)
		}
	}
}

func started() *Builder {
	b := NewBuilder(Delimiters{}, Charset{})
	b.MSH(Header{Type: [3]string{"REF", "I12", ""}, ControlID: "1", Version: "2.5.1"})
	return b
}

func TestBuilderCopies(t *testing.T) {
	from := own(t, "mdm-t02-odd-delimiters.hl7")
	b := started()
	b.Copy(from.First("PID"))
	b.Copy(from.First("OBX"))
	same := own(t, "oru-r01-wrapped-base64.hl7")
	for s := range same.Segments("OBX") {
		b.Copy(s)
	}
	out, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	m := parse(t, out)
	if got := string(m.Raw("PID-3")); got != "MRN4471^^^NORTHSIDE&2.16.840.1.113883.3.72.5.9.1&ISO^MR" {
		t.Errorf("PID-3: got %q", got)
	}
	if got := m.Field("OBX", 5).Text(); got != "Fit for work $ costs 5\nfirst line\nsecond line" {
		t.Errorf("OBX-5: got %q", got)
	}
	if got := string(m.Raw("OBX(3)-5")); !strings.Contains(got, `\Zlocal\`) {
		t.Errorf("a local escape was lost: %q", got)
	}
	if e, err := m.Value(Path{Segment: "OBX", Occurrence: 2, Field: 5}).ED(); err != nil || e.Media != "application/pdf" {
		t.Errorf("wrapped base64 after a copy: %+v, %v", e.Media, err)
	}
}

func TestBuilderCharsets(t *testing.T) {
	for name, want := range map[string]string{"UNICODE UTF-8": "Größe €", "8859/1": "Größe ?", "8859/15": "Größe €", "ASCII": "Gr??e ?"} {
		cs, ok := LookupCharset(name)
		if !ok {
			t.Fatal(name)
		}
		b := NewBuilder(Delimiters{}, cs)
		b.MSH(Header{ControlID: "1"})
		b.Segment("NTE").Set(3, "Größe €")
		out, err := b.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		if got := parse(t, out).Get("NTE-3"); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// written is what a text is after it was written and read: line ends are \n, control characters gone.
func written(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r' || r == '\n':
			return '\n'
		case r == '\t':
			return ' '
		case r < ' ' || r >= 0x7F && r < 0xA0 || r == 0xFFFE || r == 0xFFFF:
			return -1
		}
		return r
	}, s)
}

func delims() *rapid.Generator[Delimiters] {
	return rapid.Custom(func(t *rapid.T) Delimiters {
		p := rapid.Permutation([]byte(`|^~\&#$%*!?;`)).Draw(t, "delimiters")
		d := Delimiters{p[0], p[1], p[2], p[3], p[4], p[5]}
		if rapid.Bool().Draw(t, "no truncation character") {
			d.Truncation = 0
		}
		return d
	})
}

func texts() *rapid.Generator[string] {
	return rapid.OneOf(rapid.String(), rapid.StringMatching(`[|^~\\&#$A-Z.br\r\n"]{0,12}`), rapid.Just(`""`), rapid.Just(`\T\`), rapid.Just(`\X2222\`))
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := delims().Draw(t, "d")
		b := NewBuilder(d, Charset{})
		b.MSH(Header{ControlID: "1", Time: time.Unix(0, 0)})
		type place struct{ field, rep, comp, sub int }
		want := map[place]string{}
		s := b.Segment("ZZZ")
		for range rapid.IntRange(0, 12).Draw(t, "n") {
			n := rapid.IntRange(1, 4)
			p := place{n.Draw(t, "f"), n.Draw(t, "r"), n.Draw(t, "c"), n.Draw(t, "s")}
			text := texts().Draw(t, "text")
			if written(text) == "" {
				continue // writes nothing (a NUL alone neither), also not over another
			}
			want[p] = text
			s.SetAt(p.field, p.rep, p.comp, p.sub, text)
		}
		out, err := b.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		m, err := Parse(out, Limits{})
		if err != nil || m.Len() != 2 {
			t.Fatalf("%q: %v", out, err)
		}
		for p, text := range want {
			v := m.Value(Path{Segment: "ZZZ", Field: p.field, Repetition: p.rep, Component: p.comp, Subcomponent: p.sub})
			if got := v.String(); got != written(text) || v.Null() {
				t.Fatalf("%+v: wrote %q, read %q from %q", p, text, got, out)
			}
		}
		again := NewBuilder(d, Charset{})
		again.MSH(Header{ControlID: "1", Time: time.Unix(0, 0)})
		again.Copy(m.Segment(1))
		if second, err := again.Bytes(); err != nil || string(second) != string(out) {
			t.Fatalf("copied %q as %q, %v", out, second, err)
		}
	})
}

func TestEscapeRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, text := delims().Draw(t, "d"), texts().Draw(t, "text")
		raw := Escape(nil, text, d)
		for _, c := range raw {
			if c < ' ' || c == d.Field || c == d.Component || c == d.Repetition || c == d.Subcomponent {
				t.Fatalf("%q is not legal with %+v", raw, d)
			}
		}
		if !utf8.Valid(raw) {
			t.Fatalf("%q is not UTF-8", raw)
		}
		if got := string(Unescape(nil, raw, d)); got != written(text) {
			t.Fatalf("%q became %q and %q", text, raw, got)
		}
	})
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{
		`a\F\b\S\c\T\d\R\e\E\f`:                `a|b^c&d~e\f`,
		`\E\T\E\`:                              `\T\`,
		`line\.br\two\.BR\three`:               "line\ntwo\nthree",
		`a\.sp\b\.sp2\c\.sp+3\d`:               "a\nb\n\nc\n\n\nd",
		`a\.sk3\b\.in+4\c\.ti-2\d`:             "a   bcd",
		`\.fi\a\.nf\b\.ce\c`:                   "ab\nc",
		`\H\bold\N\ plain`:                     "bold plain",
		`\X41\\X4243\\x44\`:                    "ABCD",
		`\XC3A4\`:                              "ä",
		`\X4\ \XZZ\`:                           `\X4\ \XZZ\`,
		`\C2842\ \M1A2B3C\ \Zabc\ \Z1\F`:       `\C2842\ \M1A2B3C\ \Zabc\ \Z1\F`,
		`C:\Temp\file.txt`:                     `C:\Temp\file.txt`,
		`C:\Temp\T\x`:                          `C:\Temp&x`,
		`\\server\share`:                       `\\server\share`,
		`ends with \`:                          `ends with \`,
		`\P\`:                                  `#`,
		`\.xx\ \.\ \Q\ \..\`:                   `\.xx\ \.\ \Q\ \..\`,
		`\.sk99999999\`:                        strings.Repeat(" ", maxLayout),
		`\X` + strings.Repeat("41", 100) + `\`: strings.Repeat("A", 100),
		`\E\.br\E\`:                            `\.br\`,
	} {
		if got := string(Unescape(nil, []byte(in), DefaultDelimiters())); got != want {
			t.Errorf("%s: %s", in, cmp.Diff(want, got))
		}
	}
	noEscape := DefaultDelimiters()
	noEscape.Escape = 0
	if got := string(Unescape(nil, []byte(`a\F\b`), noEscape)); got != `a\F\b` {
		t.Errorf("without an escape character: %q", got)
	}
}
