package xdm_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"refloop/ccda/xdm"
)

type entry struct {
	name string
	data string
}

func pack(t testing.TB, list ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, e := range list {
		w, err := z.Create(e.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// meta is a METADATA.XML as a careless writer makes it.
func meta(slots string) string {
	return `<SubmitObjectsRequest xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"><RegistryObjectList><ExtrinsicObject id="d" mimeType="text/plain">` + slots +
		`</ExtrinsicObject><RegistryPackage id="s"/><Association associationType="HasMember" sourceObject="s" targetObject="d"/></RegistryObjectList></SubmitObjectsRequest>`
}

func slotXML(name, value string) string {
	return `<Slot name="` + name + `"><ValueList><Value> ` + value + ` </Value></ValueList></Slot>`
}

func TestReadForgives(t *testing.T) {
	const sha = "AAF4C61DDCC5E8A2DABEDE0F3B482CD9AEA9434D" // "hello"
	for name, b := range map[string][]byte{
		"mac forks":       pack(t, entry{"IHE_XDM/A/METADATA.XML", meta(slotXML("URI", "DOC.TXT"))}, entry{"IHE_XDM/A/DOC.TXT", "hello"}, entry{"__MACOSX/IHE_XDM/A/._METADATA.XML", "\x00\x05"}, entry{"IHE_XDM/A/.DS_Store", "x"}),
		"wrong case":      pack(t, entry{"ihe_xdm/a/metadata.xml", meta(slotXML("URI", "DOC.TXT") + slotXML("hash", sha))}, entry{"ihe_xdm/a/doc.txt", "hello"}),
		"no URI":          pack(t, entry{"IHE_XDM/A/METADATA.XML", meta("")}, entry{"IHE_XDM/A/DOC.TXT", "hello"}),
		"split URI":       pack(t, entry{"IHE_XDM/A/METADATA.XML", meta(`<Slot name="URI"><ValueList><Value>2|.TXT</Value><Value>1|DOC</Value></ValueList></Slot>`)}, entry{"IHE_XDM/A/DOC.TXT", "hello"}),
		"backslashes":     pack(t, entry{`IHE_XDM\A\METADATA.XML`, meta(slotXML("URI", `.\DOC.TXT`))}, entry{`IHE_XDM\A\DOC.TXT`, "hello"}),
		"BOM and CRLF":    pack(t, entry{"IHE_XDM/A/METADATA.XML", "\xef\xbb\xbf\r\n" + meta(slotXML("URI", "DOC.TXT"))}, entry{"IHE_XDM/A/DOC.TXT", "hello"}),
		"missing slash":   pack(t, entry{"IHE_XDM/SUBSET01METADATA.xml", meta(slotXML("URI", "DOC.TXT"))}, entry{"IHE_XDM/SUBSET01DOC.TXT", "hello"}),
		"one folder down": pack(t, entry{"x/IHE_XDM/A/METADATA.XML", meta(slotXML("URI", "DOC.TXT"))}, entry{"x/IHE_XDM/A/DOC.TXT", "hello"}),
		"junk beside it":  pack(t, entry{"IHE_XDM/A/METADATA.XML", meta(slotXML("URI", "DOC.TXT"))}, entry{"IHE_XDM/A/DOC.TXT", "hello"}, entry{"IHE_XDM/A/.svn/entries", "x"}, entry{"IHE_XDM/A/DOC.TXT.swp", "x"}, entry{"Thumbs.db", "x"}),
		"escaped twice":   pack(t, entry{"IHE_XDM/A/METADATA.XML", strings.Replace(meta(slotXML("URI", "DOC.TXT")), "</ExtrinsicObject>", `<ExternalIdentifier identificationScheme="urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427" value="1^^^&amp;amp;1.2.3&amp;amp;ISO"/></ExtrinsicObject>`, 1)}, entry{"IHE_XDM/A/DOC.TXT", "hello"}),
		"stylesheet line": pack(t, entry{"IHE_XDM/A/METADATA.XML", `<?xml-stylesheet type="text/xsl" href="x.xsl"?>` + meta(slotXML("URI", "DOC.TXT"))}, entry{"IHE_XDM/A/DOC.TXT", "hello"}),
		"prefixes":        pack(t, entry{"IHE_XDM/A/METADATA.XML", strings.NewReplacer("</", "</r:", "<", "<r:", "xmlns=", "xmlns:r=").Replace(meta(slotXML("URI", "DOC.TXT")))}, entry{"IHE_XDM/A/DOC.TXT", "hello"}),
		"ebRIM 2.1":       pack(t, entry{"IHE_XDM/A/METADATA.XML", strings.ReplaceAll(meta(slotXML("URI", "DOC.TXT")), "xsd:rim:3.0", "rim:xsd:2.1")}, entry{"IHE_XDM/A/DOC.TXT", "hello"}),
		"outside folder":  pack(t, entry{"IHE_XDM/A/METADATA.XML", meta(slotXML("URI", "../DOC.TXT"))}, entry{"IHE_XDM/DOC.TXT", "hello"}),
	} {
		p, warnings, err := xdm.Read(b, xdm.Limits{})
		if err != nil || len(p.Sets) != 1 || len(p.Sets[0].Documents) != 1 || string(p.Sets[0].Documents[0].Data) != "hello" {
			t.Errorf("%s: %v %+v", name, err, p)
		} else if len(warnings) == 0 {
			t.Errorf("%s: no warning", name)
		}
	}
}

func TestReadWithoutMetadata(t *testing.T) {
	p, warnings, err := xdm.Read(pack(t, entry{"INDEX.HTM", "<html/>"}, entry{"README.TXT", "x"}, entry{"IHE_XDM/A/DOC.XML", "<ClinicalDocument/>"}, entry{"note.pdf", "%PDF-1.4"}), xdm.Limits{})
	if err != nil || len(p.Loose) != 2 || p.Loose[0].MimeType != xdm.MimeXML || p.Loose[1].MimeType != xdm.MimePDF || len(warnings) == 0 {
		t.Errorf("%v %+v %v", err, p, warnings)
	}
}

func TestHashMismatch(t *testing.T) {
	_, _, err := xdm.Read(pack(t, entry{"IHE_XDM/A/METADATA.XML", meta(slotXML("URI", "DOC.TXT") + slotXML("hash", strings.Repeat("0", 40)))}, entry{"IHE_XDM/A/DOC.TXT", "hello"}), xdm.Limits{})
	var h *xdm.HashError
	if !errors.As(err, &h) || h.File != "IHE_XDM/A/DOC.TXT" || !strings.Contains(err.Error(), h.Want) || !strings.Contains(err.Error(), "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d") {
		t.Error(err)
	}
}

func TestReadRefuses(t *testing.T) {
	zeros := strings.Repeat("\x00", 8<<20)
	var many []entry
	for i := range 60 {
		many = append(many, entry{strings.Repeat("a", i+1), ""})
	}
	small := xdm.Limits{Files: 50, FileBytes: 4 << 20}
	for name, c := range map[string]struct {
		zip  []byte
		want error
	}{
		"not a zip":     {[]byte("hello"), xdm.ErrNotZip},
		"cut short":     {pack(t, entry{"a", "b"})[:20], xdm.ErrNotZip},
		"traversal":     {pack(t, entry{"../../etc/passwd", "x"}), xdm.ErrUnsafe},
		"backslash up":  {pack(t, entry{`IHE_XDM\..\..\x`, "x"}), xdm.ErrUnsafe},
		"absolute":      {pack(t, entry{"/etc/passwd", "x"}), xdm.ErrUnsafe},
		"drive":         {pack(t, entry{`C:\x`, "x"}), xdm.ErrUnsafe},
		"collision":     {pack(t, entry{"IHE_XDM/A/DOC.XML", "x"}, entry{"ihe_xdm/a/doc.xml", "y"}), xdm.ErrUnsafe},
		"bomb":          {pack(t, entry{"a", zeros}), xdm.ErrTooLarge},
		"many entries":  {pack(t, many...), xdm.ErrTooLarge},
		"deep metadata": {pack(t, entry{"IHE_XDM/A/METADATA.XML", strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100)}), xdm.ErrTooLarge},
		"doctype":       {pack(t, entry{"IHE_XDM/A/METADATA.XML", `<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`}), nil},
		"not xml":       {pack(t, entry{"IHE_XDM/A/METADATA.XML", `<a><b></a>`}), nil},
	} {
		p, _, err := xdm.Read(c.zip, small)
		if err == nil || c.want != nil && !errors.Is(err, c.want) || len(p.Sets)+len(p.Loose) > 0 {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, _, err := xdm.Read(pack(t, entry{"a", zeros}), xdm.Limits{Ratio: 100}); !errors.Is(err, xdm.ErrTooLarge) {
		t.Errorf("ratio: got %v", err)
	}
	if _, _, err := xdm.Read(pack(t, entry{"a", zeros[:1<<20]}, entry{"b", zeros[:1<<20]}), xdm.Limits{Total: 1 << 20, Ratio: 1e6}); !errors.Is(err, xdm.ErrTooLarge) {
		t.Errorf("total: got %v", err)
	}
}

// TestHostileNames: entries that would leave the folder or stand for something else than a file are refused, whatever they are called.
func TestHostileNames(t *testing.T) {
	for name, head := range map[string]zip.FileHeader{
		"link":      {Name: "IHE_XDM/A/DOC.XML", ExternalAttrs: 0o120777 << 16, CreatorVersion: 3 << 8},
		"device":    {Name: "IHE_XDM/A/DOC.XML", ExternalAttrs: 0o20666 << 16, CreatorVersion: 3 << 8},
		"encrypted": {Name: "IHE_XDM/A/DOC.XML", Flags: 1},
		"NUL":       {Name: "IHE_XDM/A/DOC\x00.XML"},
		"long":      {Name: "IHE_XDM/" + strings.Repeat("A", 2000)},
		"up":        {Name: "IHE_XDM/A/../../../x"},
		"UNC":       {Name: `\\server\share\x`},
	} {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		w, err := z.CreateRaw(&head)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, ""); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if p, _, err := xdm.Read(out.Bytes(), xdm.Limits{}); !errors.Is(err, xdm.ErrUnsafe) || len(p.Loose) > 0 {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// FuzzRead: no panic, nothing beside an error, limits kept, and what was read can be packed and read again.
func FuzzRead(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b)
	}
	b, err := xdm.Build(request())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	limits := xdm.Limits{Total: 4 << 20, FileBytes: 2 << 20}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, _, err := xdm.Read(b, limits)
		if err != nil && len(p.Sets)+len(p.Loose) > 0 {
			t.Fatal("a package and an error")
		}
		total := 0
		for _, s := range p.Sets {
			for _, d := range s.Documents {
				total += len(d.Data)
			}
		}
		for _, d := range p.Loose {
			total += len(d.Data)
		}
		if err == nil && total > 64*(4<<20) {
			t.Fatalf("got %d bytes", total)
		}
		if out, err := xdm.Build(xdm.Package{Sets: p.Sets}); err == nil {
			if _, _, err := xdm.Read(out, limits); err != nil {
				t.Fatalf("what Build wrote cannot be read: %v", err)
			}
		}
	})
}

// FuzzMetadata reaches the metadata reader without the ZIP around it.
func FuzzMetadata(f *testing.F) {
	f.Add(meta(slotXML("URI", "DOC.TXT") + slotXML("hash", "x")))
	f.Add(`<a xmlns="urn:oasis:names:tc:ebxml-regrep:rim:xsd:2.1"><LeafRegistryObjectList/></a>`)
	f.Fuzz(func(t *testing.T, s string) {
		p, _, err := xdm.Read(pack(t, entry{"IHE_XDM/A/METADATA.XML", s}, entry{"IHE_XDM/A/DOC.TXT", "hello"}), xdm.Limits{})
		if err == nil && len(p.Sets) != 1 {
			t.Fatal("a set is lost")
		}
	})
}

func BenchmarkBuild100kB(b *testing.B) {
	p := request()
	p.Sets[0].Documents[1].Data = bytes.Repeat([]byte("<observation classCode=\"OBS\"/>\n"), 100_000/31)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := xdm.Build(p); err != nil {
			b.Fatal(err)
		}
	}
}
