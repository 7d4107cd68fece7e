package hl7

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPlacesOfOwnSamples(t *testing.T) {
	for _, c := range []struct{ file, path, want string }{
		{"ref-i12.hl7", "PV1-19", "VN20931"},
		{"ref-i12.hl7", "PID-5.3", "José"},
		{"ref-i12.hl7", "OBX-5", "Sinus rhythm, 72/min. ST depression V5&V6 \nReport follows."},
		{"ref-i12-latin1.hl7", "PID-5.1", "Grünewald"},
		{"ref-i12-latin1.hl7", "PRD(2)-2.1", "Weiß"},
		{"orm-two-groups.hl7", "PV1-19", "VN31001"},
		{"360x-omg-o19.hl7", "OBR-31.2", "Chest pain on exertion"},
		{"360x-omg-o19.hl7", "OBR-16.9.2", OIDNPI},
		{"360x-osu-o51-accept.hl7", "ORC-5", "IP"},
		{"360x-siu-s12.hl7", "SCH-26", "R-88213"},
		{"360x-siu-s12.hl7", "PID-3(2)", "L-220"},
		{"mdm-t02-odd-delimiters.hl7", "OBX-5", "Fit for work $ costs 5"},
		{"mdm-t02-odd-delimiters.hl7", "TXA-14", "R-88213"},
		{"oru-r01-wrapped-base64.hl7", "OBX(2)-5", `Seen C:\Scans\bell.tif \Zlocal\ benign 3 ^ 2 Aé`},
	} {
		if got := own(t, c.file).Get(c.path); got != c.want {
			t.Errorf("%s %s: got %q, want %q", c.file, c.path, got, c.want)
		}
	}
	if got := own(t, "mdm-t02-odd-delimiters.hl7").Field("OBX", 5).Text(); got != "Fit for work $ costs 5\nfirst line\nsecond line" {
		t.Errorf("Text: got %q", got)
	}
}

func TestCompositeValues(t *testing.T) {
	m := lines(t, msh, "PID|1||A1^^^NS&1.2.3&ISO^MR^FAC&9&L~B2||Doe&van^Jo^Q^Jr^Dr^MD^L||||||1 St^Apt^Town^ST^123^USA^H||(555)1234567^PRN^PH~^NET^Internet^a@b.example~^WPN^FX^^1^207^5550177^9~^WPN^PH^^^^^^^^^(626)555-1234~jo@direct.example",
		"RF1||||||^^REF001|||||E1^NS^1.2^ISO", "ORC|NW|||||||||||777^Roe^Al^^^^MD^^NPI&2.16.840.1.113883.4.6&ISO^L^^^XX~8^Poe^X^^^^^^^^^^NPI", "OBR|1|||C1^Text^LN^A1^Alt^L^^^Orig|||||||||||||||||P1&NS&1.2&ISO^F1&G")
	pid := m.First("PID")
	for _, c := range []struct {
		name      string
		got, want any
	}{
		{"CX", pid.Field(3).CX(), CX{"A1", HD{"NS", "1.2.3", "ISO"}, "MR", HD{"FAC", "9", "L"}}},
		{"CX 2", pid.Field(3).Repetition(2).CX(), CX{ID: "B2"}},
		{"XPN", pid.Field(5).XPN(), XPN{"Doe", "Jo", "Q", "Jr", "Dr", "MD", "L"}},
		{"XAD", pid.Field(11).XAD(), XAD{"1 St", "Apt", "Town", "ST", "123", "USA", "H"}},
		{"EI in 3", m.Field("RF1", 6).EI(), EI{ID: "REF001"}},
		{"EI", m.Field("RF1", 11).EI(), EI{"E1", HD{"NS", "1.2", "ISO"}}},
		{"EI in a component", m.Field("OBR", 21).Component(1).EI(), EI{"P1", HD{"NS", "1.2", "ISO"}}},
		{"XCN", m.Field("ORC", 12).XCN(), XCN{"777", XPN{Family: "Roe", Given: "Al", Degree: "MD", Type: "L"}, HD{"NPI", OIDNPI, "ISO"}, "XX"}},
		{"Coded", m.Field("OBR", 4).Coded(), Coded{"C1", "Text", "LN", "A1", "Alt", "L", "Orig"}},
		{"NPI by OID", m.Field("ORC", 12).XCN().NPI(), "777"},
		{"NPI by type", m.Field("ORC", 12).Repetition(2).XCN().NPI(), "8"},
		{"no NPI", XCN{ID: "5"}.NPI(), ""},
	} {
		if !cmp.Equal(c.got, c.want) {
			t.Errorf("%s: %s", c.name, cmp.Diff(c.want, c.got))
		}
	}
	want := []struct {
		number, email string
		fax           bool
	}{{"(555)1234567", "", false}, {"", "a@b.example", false}, {"+1 (207) 5550177 x9", "", true}, {"(626)555-1234", "", false}, {"", "jo@direct.example", false}}
	i := 0
	for r := range pid.Field(13).All() {
		if x := r.XTN(); x.Number() != want[i].number || x.Email() != want[i].email || x.Fax() != want[i].fax {
			t.Errorf("XTN %d: got %q %q %v, want %+v", i, x.Number(), x.Email(), x.Fax(), want[i])
		}
		i++
	}
	if i != len(want) {
		t.Errorf("got %d telecoms, want %d", i, len(want))
	}
}

func TestTimes(t *testing.T) {
	boston := time.FixedZone("", -5*3600)
	for _, c := range []struct {
		in   string
		p    Precision
		zone bool
		want string // RFC 3339
		dtm  string
	}{
		{"1961", ToYear, false, "1961-01-01T00:00:00-05:00", "1961"},
		{"196103", ToMonth, false, "1961-03-01T00:00:00-05:00", "196103"},
		{"19610322", ToDay, false, "1961-03-22T00:00:00-05:00", "19610322"},
		{"2026110209", ToHour, false, "2026-11-02T09:00:00-05:00", "2026110209"},
		{"202611020915", ToMinute, false, "2026-11-02T09:15:00-05:00", "202611020915"},
		{"20261102091530+0215", ToSecond, true, "2026-11-02T09:15:30+02:15", "20261102091530+0215"},
		{"20261102091530.25-0500", ToFraction, true, "2026-11-02T09:15:30.25-05:00", "20261102091530.2500-0500"},
		{"200801311600+0215", ToMinute, true, "2008-01-31T16:00:00+02:15", "200801311600+0215"},
		{"20240229", ToDay, false, "2024-02-29T00:00:00-05:00", "20240229"},
	} {
		got, err := ParseTime(c.in, boston)
		if err != nil || got.Precision != c.p || got.Zone != c.zone || got.Time.Format(time.RFC3339Nano) != c.want || got.DTM() != c.dtm {
			t.Errorf("%s: got %v %d %v %s, %v", c.in, got.Time.Format(time.RFC3339Nano), got.Precision, got.Zone, got.DTM(), err)
		}
	}
	for _, bad := range []string{"196", "19611", "1961-03-22", "20260230", "20261301", "2026010125", "20260101+05", "20260101120000.", "20260101120000.0000000001", "x", "20260101120000+0960", "202601011200001"} {
		if got, err := ParseTime(bad, nil); !errors.Is(err, ErrTime) || !got.IsZero() {
			t.Errorf("%s: got %v, %v, want ErrTime", bad, got, err)
		}
	}
	if z, err := ParseTime("", nil); err != nil || !z.IsZero() || z.Date() != "" || z.DTM() != "" {
		t.Error("empty time")
	}
	if d, _ := ParseTime("196103", nil); d.Date() != "1961-03" {
		t.Errorf("Date: got %s", d.Date())
	}
}

func TestEmbeddedDocuments(t *testing.T) {
	for _, c := range []struct{ obx5, data, media string }{
		{"SRC^application^pdf^Base64^JVBERi0xLjQK", "%PDF-1.4\n", "application/pdf"},
		{"SRC^AP^PDF^Base64^JVBE\\.br\\Ri0x\\X0D0A\\ LjQK", "%PDF-1.4\n", "application/pdf"},
		{"SRC^AP^PDF^base64^JVBERi0xLjQK==", "%PDF-1.4\n", "application/pdf"},
		{"^IM^TIFF^Hex^49 49 2a 00 08", "II*\x00\x08", "image/tiff"},
		{"application^pdf^Base64^JVBERi0xLjQK", "%PDF-1.4\n", "application/pdf"},
		{"^multipart^x-hl7-cda-level-one^A^MIME-Version: 1.0 a^b~c", "MIME-Version: 1.0 a^b~c", "message/rfc822"},
		{"^TEXT^plain^A^a \\T\\ b", "a & b", "text/plain"},
		{"^^^^JVBERi0xLjQK", "%PDF-1.4\n", "application/pdf"},
		{"^IM^JPEG^Base64^VGhpcw==", "This", "image/jpeg"},
		{"^application^pdf^Base64^", "", "application/pdf"},
	} {
		e, err := lines(t, msh, "OBX|1|ED|||"+c.obx5).Field("OBX", 5).ED()
		if err != nil || string(e.Data) != c.data || e.Media != c.media {
			t.Errorf("%s: got %q %s, %v", c.obx5, e.Data, e.Media, err)
		}
	}
	for _, bad := range []string{"^AP^PDF^Base64^<none>", "^AP^PDF^Hex^4Z", "^AP^PDF^zip^AAAA"} {
		if e, err := lines(t, msh, "OBX|1|ED|||"+bad).Field("OBX", 5).ED(); !errors.Is(err, ErrEncoding) || e.Data != nil {
			t.Errorf("%s: got %v, want ErrEncoding", bad, err)
		}
	}
	e, err := own(t, "oru-r01-wrapped-base64.hl7").Field("OBX", 5).ED()
	if err != nil || e.Media != "application/pdf" || len(e.Data) != 9+20*15 {
		t.Errorf("wrapped base64: got %d bytes %s, %v", len(e.Data), e.Media, err)
	}
}
