package xdm_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"runtime"
	"strings"
	"testing"

	"refloop/ccda/xdm"
)

// TestHostileZeros: 4 GB of zeros in 4 MB, whether the ZIP says so or lies about it.
func TestHostileZeros(t *testing.T) {
	var block bytes.Buffer
	w, err := flate.NewWriter(&block, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 32<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	packed := append(bytes.Repeat(block.Bytes(), 128), 3, 0)
	for name, said := range map[string]uint64{"honest": 4 << 30, "lying": 10} {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		f, err := z.CreateRaw(&zip.FileHeader{Name: "IHE_XDM/SUBSET01/DOC00001.XML", Method: zip.Deflate, CompressedSize64: uint64(len(packed)), UncompressedSize64: said})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(packed); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		p, _, err := xdm.Read(out.Bytes(), xdm.Limits{})
		runtime.ReadMemStats(&after)
		if err == nil || name == "honest" && !errors.Is(err, xdm.ErrTooLarge) || len(p.Sets)+len(p.Loose) > 0 {
			t.Errorf("%s: got %v", name, err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 512<<20 {
			t.Errorf("%s: took %d MB", name, used>>20)
		}
	}
}

func TestStrict(t *testing.T) {
	set := func(slots string) []byte {
		return pack(t, entry{"IHE_XDM/A/METADATA.XML", meta(slots)}, entry{"IHE_XDM/A/DOC.TXT", "hello"})
	}
	good, err := xdm.Build(request())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		zip  []byte
		o    xdm.Options
		rule string
	}{
		"sound":           {good, xdm.Options{}, ""},
		"no hash":         {set(slotXML("URI", "DOC.TXT")), xdm.Options{}, xdm.RuleHash},
		"no uniqueId":     {set(slotXML("URI", "DOC.TXT") + slotXML("hash", "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d") + slotXML("size", "5")), xdm.Options{}, xdm.RuleUnique},
		"names":           {pack(t, entry{"IHE_XDM/A/METADATA.XML", meta(slotXML("URI", "Long_name.text"))}, entry{"IHE_XDM/A/Long_name.text", "hello"}), xdm.Options{}, xdm.RuleName},
		"other recipient": {good, xdm.Options{Recipient: "somebody@else.example"}, xdm.RuleRecipient},
	} {
		_, warnings, err := xdm.ReadWith(c.zip, c.o)
		if err != nil {
			t.Errorf("%s: lenient: %v", name, err)
		}
		found := c.rule == ""
		for _, w := range warnings {
			found = found || w.Rule == c.rule
		}
		if !found {
			t.Errorf("%s: no warning of rule %s: %v", name, c.rule, warnings)
		}
		c.o.Strict = true
		p, _, err := xdm.ReadWith(c.zip, c.o)
		if c.rule == "" && err != nil || c.rule != "" && (!errors.Is(err, xdm.ErrStrict) || len(p.Sets) > 0) {
			t.Errorf("%s: strict: %v", name, err)
		}
	}
}

func TestPatientDiffers(t *testing.T) {
	info := func(values ...string) xdm.Patient {
		d := xdm.Document{PatientInfo: values}
		return d.Patient()
	}
	base := info("PID-3|MRN1^^^&1.2.3&ISO", "PID-5|Example^Marta Q", "PID-7|19680514", "PID-8|F")
	for name, c := range map[string]struct {
		other xdm.Patient
		want  int
	}{
		"same":            {base, 0},
		"nothing said":    {xdm.Patient{}, 0},
		"written another": {info("PID-5|EXAMPLE^marta", "PID-7|1968", "PID-8|U", "PID-3|77^^^&9.9&ISO"), 0},
		"escaped twice":   {info("PID-3|MRN1^^^&amp;1.2.3&amp;ISO"), 0},
		"another number":  {info("PID-3|MRN2^^^&1.2.3&ISO"), 1},
		"another person":  {info("PID-5|Sample^Juan", "PID-7|19700101", "PID-8|M"), 3},
	} {
		if got := base.Differs(c.other); len(got) != c.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// TestIndexWords: the words of a document stand in INDEX.HTM line by line, escaped.
func TestIndexWords(t *testing.T) {
	p := request()
	p.Sets[0].Documents[1].Words = "REFERRAL NOTE\n\nPatient  <b>&\x00"
	_, files := unzip(t, build(t, p))
	if s := string(files["INDEX.HTM"]); !strings.Contains(s, "<pre>REFERRAL NOTE\n\nPatient  &lt;b&gt;&amp;</pre>") {
		t.Error("INDEX.HTM lacks the words of the document, or changes them")
	}
}
