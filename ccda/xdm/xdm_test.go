package xdm_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"refloop/ccda/xdm"
)

const oid = "2.16.840.1.113883.3.72.5.9.1"

// request is a 360X referral request: an order, a C-CDA and a PDF. All people are invented.
func request() xdm.Package {
	patient := xdm.ID{Value: "MRN-0042", Authority: oid + ".2"}
	by := xdm.Author{Person: xdm.Person(xdm.ID{Value: "1245319599", Authority: "2.16.840.1.113883.4.6"}, "Ruiz", "Ana", "MD"),
		Institutions: []string{xdm.Organization("Northside & Co", xdm.ID{Authority: oid})}, Telecoms: []string{xdm.Internet("referrals@direct.northside.example")}}
	entry := xdm.Document{Class: xdm.LOINC("57133-1", "Referral note"), Type: xdm.LOINC("57133-1", "Referral note"), Privacy: []xdm.Code{xdm.Privacy("R")},
		Facility: xdm.Code{Code: "35971002", Scheme: "2.16.840.1.113883.6.96", Display: "Ambulatory care site"}, Practice: xdm.Code{Code: "394579002", Scheme: "2.16.840.1.113883.6.96", Display: "Cardiology"},
		Created: "20261103191500", Language: "en-US", PatientInfo: []string{"PID-3|" + patient.String(), "PID-5|Example^Marta", "PID-7|19680514", "PID-8|F", "PID-11|" + strings.Repeat("x", 300)},
		References: []xdm.Reference{{ID: xdm.ID{Value: "889342", Authority: oid}, Type: xdm.RefReferral}}}
	order, note, paper := entry, entry, entry
	order.MimeType, order.Format, order.Data, order.Title = xdm.MimeV2, xdm.Format360X("O19"), []byte("MSH|^~\\&|\r"), "Referral request"
	note.MimeType, note.Format, note.Data, note.UniqueID, note.Title = xdm.MimeXML, xdm.Format(xdm.FormatCCDA), []byte("<ClinicalDocument/>"), "6f1bd58b-c58f-40b7-b314-caf1294ed98b", "Referral Note"
	paper.MimeType, paper.Data, paper.Title = xdm.MimePDF, []byte("%PDF-1.4"), "Old ECG <1>"
	return xdm.Package{Institution: "Northside & Co", Contact: "+1-555-0111", Application: "refloop", Version: "1", VendorContact: "support@refloop.example", Patient: "Marta Example",
		Notice: "42 CFR part 2 prohibits unauthorized use or disclosure of these records.",
		Sets: []xdm.SubmissionSet{{UniqueID: oid + ".77", SourceID: oid, Time: time.Date(2026, 11, 3, 14, 15, 0, 0, time.FixedZone("", -5*3600)), Title: "Referral to cardiology", ContentType: xdm.LOINC("57133-1", "Referral note"),
			PatientID: patient, Authors: []xdm.Author{by}, Recipients: []xdm.Recipient{{Organization: "Lakeside Cardiology", Telecom: xdm.Internet("referrals@direct.lakeside.example")}}, Documents: []xdm.Document{order, note, paper}}}}
}

func build(t *testing.T, p xdm.Package) []byte {
	t.Helper()
	b, err := xdm.Build(p)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unzip(t *testing.T, b []byte) (names []string, files map[string][]byte) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	files = map[string][]byte{}
	for _, f := range z.File {
		names = append(names, f.Name)
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name], _ = io.ReadAll(in)
		if !strings.HasSuffix(f.Name, "/") && f.Method != zip.Deflate {
			t.Errorf("%s is not deflated", f.Name)
		}
	}
	return names, files
}

func TestBuildLayout(t *testing.T) {
	b := build(t, request())
	if !bytes.Equal(b, build(t, request())) {
		t.Error("equal packages give different bytes")
	}
	names, files := unzip(t, b)
	want := []string{"IHE_XDM/", "IHE_XDM/SUBSET01/", "IHE_XDM/SUBSET01/METADATA.XML", "IHE_XDM/SUBSET01/HL700001.HL7", "IHE_XDM/SUBSET01/DOC00002.XML", "IHE_XDM/SUBSET01/DOC00003.PDF", "INDEX.HTM", "README.TXT"}
	if d := cmp.Diff(want, names); d != "" {
		t.Error(d)
	}
	for _, s := range []string{"Prohibition on redisclosure", "889342", "Marta Example", "Old ECG &lt;1&gt;", `href="IHE_XDM/SUBSET01/DOC00003.PDF"`, `href="README.TXT"`, "Northside &amp; Co"} {
		if !strings.Contains(string(files["INDEX.HTM"]), s) {
			t.Errorf("INDEX.HTM lacks %q", s)
		}
	}
	if strings.Contains(string(files["README.TXT"]), "Example") {
		t.Error("README.TXT holds patient data")
	}
	meta := string(files["IHE_XDM/SUBSET01/METADATA.XML"])
	for _, s := range []string{"MRN-0042^^^&amp;" + oid + ".2&amp;ISO", "889342^^^&amp;" + oid + "&amp;ISO^urn:ihe:iti:xds:2013:referral", "urn:ihe:pcc:360x:hl7:OMG:O19:2017",
		"|^^Internet^referrals@direct.lakeside.example", "<Value>20261103191500</Value>", "Lakeside Cardiology||"} {
		if !strings.Contains(meta, s) {
			t.Errorf("METADATA.XML lacks %q", s)
		}
	}
	if strings.Contains(meta, "xxxx") || strings.Contains(meta, "&amp;amp;") {
		t.Error("METADATA.XML holds a value that is too long, or escapes twice")
	}
}

func TestIndexIsXML(t *testing.T) {
	_, files := unzip(t, build(t, request()))
	d := xml.NewDecoder(bytes.NewReader(files["INDEX.HTM"]))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// TestMetadataOrder holds METADATA.XML against the child order of the ebRIM 3.0 schema (rim.xsd, RegistryObjectType).
func TestMetadataOrder(t *testing.T) {
	_, files := unzip(t, build(t, request()))
	order := map[string][]string{
		"SubmitObjectsRequest": {"RegistryObjectList"},
		"RegistryObjectList":   {"ExtrinsicObject", "RegistryPackage", "Classification", "Association"},
		"ExtrinsicObject":      {"Slot", "Name", "Description", "VersionInfo", "Classification", "ExternalIdentifier"},
		"RegistryPackage":      {"Slot", "Name", "Description", "VersionInfo", "Classification", "ExternalIdentifier"},
		"Classification":       {"Slot", "Name", "Description"}, "ExternalIdentifier": {"Slot", "Name"}, "Association": {"Slot", "Name"},
		"Slot": {"ValueList"}, "ValueList": {"Value"}, "Name": {"LocalizedString"}, "Description": {"LocalizedString"}, "Value": {}, "LocalizedString": {},
	}
	d := xml.NewDecoder(bytes.NewReader(files["IHE_XDM/SUBSET01/METADATA.XML"]))
	type level struct {
		name string
		at   int
	}
	stack := []level{{"", 0}}
	ids := map[string]bool{}
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := tok.(type) {
		case xml.StartElement:
			top := &stack[len(stack)-1]
			if top.name != "" {
				i := slices.Index(order[top.name], e.Name.Local)
				if i < top.at {
					t.Errorf("%s stands in the wrong place in %s", e.Name.Local, top.name)
				}
				top.at = i
			}
			for _, a := range e.Attr {
				if a.Name.Local == "id" && ids[a.Value] {
					t.Errorf("id %s stands twice", a.Value)
				}
				ids[a.Value] = ids[a.Value] || a.Name.Local == "id"
			}
			stack = append(stack, level{e.Name.Local, 0})
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		}
	}
}

func TestRoundTrip(t *testing.T) {
	p := request()
	second := p.Sets[0]
	second.UniqueID += ".2"
	p.Sets = append(p.Sets, second)
	got, warnings, err := xdm.Read(build(t, p), xdm.Limits{})
	if err != nil || len(warnings) > 0 || len(got.Loose) > 0 {
		t.Fatal(err, warnings, len(got.Loose))
	}
	again, _, err := xdm.Read(build(t, xdm.Package{Sets: got.Sets}), xdm.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(got, again, cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
	d := got.Sets[1].Documents[1]
	if d.References[0].ID.Value != "889342" || d.PatientID != p.Sets[0].PatientID || d.Authors[0].Direct() != "referrals@direct.northside.example" || got.Sets[0].Recipients[0].Direct() != "referrals@direct.lakeside.example" || d.Limited {
		t.Errorf("metadata lost: %+v", d)
	}
}

func TestLimitedMetadata(t *testing.T) {
	p := request()
	p.Sets[0].Documents[2].Practice = xdm.Code{}
	got, _, err := xdm.Read(build(t, p), xdm.Limits{})
	if err != nil || !got.Sets[0].Limited || got.Sets[0].Documents[0].Limited || !got.Sets[0].Documents[2].Limited {
		t.Errorf("markers: %v %+v", err, got.Sets)
	}
}

func TestBuildRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*xdm.Package){
		"no sets":        func(p *xdm.Package) { p.Sets = nil },
		"no documents":   func(p *xdm.Package) { p.Sets[0].Documents = nil },
		"bad unique id":  func(p *xdm.Package) { p.Sets[0].UniqueID = "urn:uuid:x" },
		"no source":      func(p *xdm.Package) { p.Sets[0].SourceID = "" },
		"no time":        func(p *xdm.Package) { p.Sets[0].Time = time.Time{} },
		"long name":      func(p *xdm.Package) { p.Sets[0].Documents[0].Name = "REFERRAL1.XML" },
		"lower case":     func(p *xdm.Package) { p.Sets[0].Documents[0].Name = "doc.xml" },
		"same name":      func(p *xdm.Package) { p.Sets[0].Documents[0].Name = "DOC00002.XML" },
		"other patient":  func(p *xdm.Package) { p.Sets[0].Documents[0].PatientID = xdm.ID{Value: "2", Authority: oid} },
		"long slot":      func(p *xdm.Package) { p.Sets[0].Documents[0].Created = strings.Repeat("1", 257) },
		"no bytes":       func(p *xdm.Package) { p.Sets[0].Documents[0].Data = nil },
		"folder":         func(p *xdm.Package) { p.Sets[0].Folder = "../X" },
		"same folder":    func(p *xdm.Package) { p.Sets = append(p.Sets, p.Sets[0]); p.Sets[1].Folder = "SUBSET01" },
		"metadata taken": func(p *xdm.Package) { p.Sets[0].Documents[0].Name = "METADATA.XML" },
	} {
		p := request()
		spoil(&p)
		if b, err := xdm.Build(p); err == nil || b != nil {
			t.Errorf("%s: got %d bytes and no error", name, len(b))
		} else if strings.Contains(err.Error(), "Marta") {
			t.Errorf("%s: the error holds patient data: %v", name, err)
		}
	}
}

func seeds(tb testing.TB) map[string][]byte {
	tb.Helper()
	files, err := filepath.Glob("../../testdata/xdm/*.zip")
	if err != nil || len(files) == 0 {
		tb.Fatal("no packages in testdata/xdm")
	}
	more, err := filepath.Glob("../../../shared/samples/xdm/*.zip") // beside the repository, when they are there
	if err != nil {
		tb.Fatal(err)
	}
	files = append(files, more...)
	out := map[string][]byte{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			tb.Fatal(err)
		}
		out[filepath.Base(f)] = b
	}
	return out
}

// TestReadSamples: every real package of the sample folders, with what is wrong with it.
func TestReadSamples(t *testing.T) {
	want := map[string]struct {
		sets, docs int
		warnings   []string
	}{
		"C32_Sample1_in_XDM.zip": {1, 1, []string{"escaped twice", "not 8.3"}}, "CCDA_Ambulatory_in_XDM.zip": {1, 1, []string{"not 8.3", "another case or folder"}},
		"Ccda_wrapped_in_folder.zip": {1, 1, []string{"second IHE_XDM folder", "escaped twice", "not 8.3"}}, "connectathon2011_Allscripts.zip": {1, 1, nil},
		"connectathon2011_Sage.zip": {2, 2, []string{"not 8.3"}}, "xdm_minimal_lowercase.zip": {1, 1, []string{"not 8.3", "another case or folder"}},
	}
	all := seeds(t)
	for name := range want {
		if all[name] == nil {
			t.Errorf("%s is gone", name)
		}
	}
	for name, b := range all {
		w, ok := want[name]
		if !ok {
			t.Errorf("%s: a package that this test does not name", name)
		}
		p, warnings, err := xdm.Read(b, xdm.Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		docs := 0
		for _, s := range p.Sets {
			for _, d := range s.Documents {
				docs++
				if len(d.Data) == 0 || strings.Contains(d.PatientID.Authority, "amp;") || d.PatientID.Value != "" && d.PatientID.Authority == "" {
					t.Errorf("%s: %s: %d bytes, patient authority %q", name, d.Path, len(d.Data), d.PatientID.Authority)
				}
			}
		}
		if len(p.Sets) != w.sets || docs != w.docs || len(p.Loose) != 0 {
			t.Errorf("%s: got %d sets, %d documents, %d loose, want %+v", name, len(p.Sets), docs, len(p.Loose), w)
		}
		said := fmt.Sprint(warnings)
		for _, text := range w.warnings {
			if !strings.Contains(said, text) {
				t.Errorf("%s: no warning of %q: %s", name, text, said)
			}
		}
		if w.warnings == nil && len(warnings) > 0 {
			t.Errorf("%s: got %s, want no warning", name, said)
		}
	}
}
