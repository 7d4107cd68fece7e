package direct

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"refloop/ccda/xdm"
	"refloop/channels"
	"refloop/direct"
)

// packageOf is a package for lake, with its files changed on the way.
func packageOf(t *testing.T, change func(name string, b []byte) (string, []byte)) []byte {
	t.Helper()
	entry := xdm.Document{MimeType: xdm.MimeXML, Data: []byte("<ClinicalDocument/>"), PatientInfo: []string{"PID-5|Example^Marta", "PID-7|19680514", "PID-8|F"}}
	second := entry
	second.Data = []byte("<ClinicalDocument><id root=\"1.2\"/></ClinicalDocument>")
	b, err := xdm.Build(xdm.Package{Sets: []xdm.SubmissionSet{{
		UniqueID: "1.2.3.4", SourceID: "1.2.3", Time: time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC), PatientID: xdm.ID{Value: "M1", Authority: "1.2.3.5"},
		Recipients: []xdm.Recipient{{Telecom: xdm.Internet(lake)}}, Documents: []xdm.Document{entry, second},
	}}})
	must(t, err)
	in, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	must(t, err)
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range in.File {
		r, err := f.Open()
		must(t, err)
		data, err := io.ReadAll(r)
		must(t, err)
		name := f.Name
		if change != nil {
			name, data = change(name, data)
		}
		w, err := z.Create(name)
		must(t, err)
		_, err = w.Write(data)
		must(t, err)
	}
	must(t, z.Close())
	return out.Bytes()
}

// in changes words of the files whose names end so.
func in(suffix, from, to string) func(string, []byte) (string, []byte) {
	return func(name string, b []byte) (string, []byte) {
		if strings.HasSuffix(name, suffix) {
			b = bytes.Replace(b, []byte(from), []byte(to), 1)
		}
		return name, b
	}
}

// TestStrictPackages: what is put up with from others holds the message of a partner whose packages are read strictly; a document that
// is not the one its metadata describes, and a ZIP that tries to harm, hold anybody's.
func TestStrictPackages(t *testing.T) {
	lower := func(name string, b []byte) (string, []byte) {
		return strings.Replace(name, "DOC00001.XML", "doc00001.xml", 1), b
	}
	out := func(name string, b []byte) (string, []byte) {
		return strings.Replace(name, "IHE_XDM/SUBSET01/DOC00002.XML", "../DOC00002.XML", 1), b
	}
	for name, c := range map[string]struct {
		body            []byte
		recipient       string
		lenient, strict string // what the hold says; empty: none
		doubt           bool
	}{
		"sound":             {packageOf(t, nil), lake, "", "", false},
		"no hash":           {packageOf(t, in("METADATA.XML", `name="hash"`, `name="hush"`)), lake, "", "no hash", false},
		"wrong size":        {packageOf(t, in("METADATA.XML", `<Value>19</Value>`, `<Value>20</Value>`)), lake, "", "another size", false},
		"lower-case name":   {packageOf(t, lower), lake, "", "case or folder", false},
		"another recipient": {packageOf(t, nil), "other@direct.lakeside.example", "", "not one that the package is meant for", false},
		"several":           {packageOf(t, nil), lake + ",other@direct.lakeside.example", "", "", false},
		"two patients":      {packageOf(t, in("METADATA.XML", "PID-7|19680514", "PID-7|19680515")), lake, "", "sourcePatientInfo differs", true},
		"hash":              {packageOf(t, in("DOC00001.XML", "<", " <")), lake, "got SHA-1", "got SHA-1", false},
		"out of the folder": {packageOf(t, out), lake, "unsafe", "unsafe", false},
		"no metadata":       {packageOf(t, in("METADATA.XML", "</lcm:", "<lcm:")), lake, "not well-formed", "not well-formed", false},
	} {
		for strict, want := range map[bool]string{false: c.lenient, true: c.strict} {
			g := &Agent{Strict: func(sender string) bool { return strict && sender == north }}
			o := channels.Opened{Sender: north, Recipient: c.recipient}
			g.openParts(&o, &direct.Mail{Parts: []direct.Part{{Path: "2", Type: "application/zip", Body: c.body}}})
			if (o.Hold == "") != (want == "") || !strings.Contains(o.Hold, want) || strings.Contains(o.Hold, "Marta") {
				t.Errorf("%s, strict %v: got hold %q, want %q", name, strict, o.Hold, want)
			}
			if !strict && (len(o.Doubts) > 0) != c.doubt {
				t.Errorf("%s: got doubts %q", name, o.Doubts)
			}
			if o.Hold == "" && (len(o.Parts) != 2 || o.Parts[0].Attrs["patient_family"] != "Example" || o.Parts[0].Attrs["patient_ids"] != "M1|1.2.3.5" || o.Parts[0].Attrs["set_id"] != "1.2.3.4") {
				t.Errorf("%s, strict %v: got %d parts, %v", name, strict, len(o.Parts), o.Parts)
			}
		}
	}
}

// TestOrdinaryZip: a ZIP that is no package is an attachment like any other, however odd.
func TestOrdinaryZip(t *testing.T) {
	for name, b := range map[string][]byte{"broken": []byte("PK\x03\x04 and no more"), "other": zipOf(t, "word/document.xml", []byte("<w/>"))} {
		g := &Agent{}
		var o channels.Opened
		g.openParts(&o, &direct.Mail{Parts: []direct.Part{{Path: "2", Type: "application/zip", Name: "a.zip", Body: b}}})
		if o.Hold != "" || len(o.Parts) != 1 || !bytes.Equal(o.Parts[0].Body, b) {
			t.Errorf("%s: got hold %q, %d parts", name, o.Hold, len(o.Parts))
		}
	}
}

// TestBrokenPackageIsAnswered: the sender of a package that cannot be taken hears that it failed, and why.
func TestBrokenPackageIsAnswered(t *testing.T) {
	evidence, err := json.Marshal(evidence{Version: 1, MessageID: "<1@north>", NotifyTo: north, Final: true, Sender: north, Recipients: []judged{{Address: lake, Trusted: true}}})
	must(t, err)
	g := &Agent{}
	list := g.Notices(channels.Archived{Evidence: evidence}, channels.Opened{Hold: "the package cannot be taken: x"}, channels.Outcome{State: "held"})
	var got []string
	for _, n := range list {
		got = append(got, n.Event+" "+n.Detail)
	}
	if want := "mdn.processed |mdn.failed the package cannot be taken: x"; strings.Join(got, "|") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
