package fax

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// onePage writes a PDF of one page; content draws /P, an image with these dictionary entries and data. Extra is added to the page.
func onePage(content, entries string, data []byte, extra string) []byte {
	var w bytes.Buffer
	w.WriteString("%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Count 1 /Kids [3 0 R] /MediaBox [0 0 612 792] >>\nendobj\n")
	fmt.Fprintf(&w, "3 0 obj\n<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /XObject << /P 5 0 R >> >> %s >>\nendobj\n", extra)
	fmt.Fprintf(&w, "4 0 obj\n<< /Length %d >>\nstream\n%s\nendstream\nendobj\n", len(content), content)
	fmt.Fprintf(&w, "5 0 obj\n<< /Type /XObject /Subtype /Image %s /Length %d >>\nstream\n%s\nendstream\nendobj\n", entries, len(data), data)
	w.WriteString("trailer\n<< /Root 1 0 R >>\n") // without a table: found by looking for the objects
	return w.Bytes()
}

const (
	whole  = "q 612 0 0 792 0 0 cm /P Do Q"
	oneBit = "/Width 200 /Height 260 /BitsPerComponent 1 /ColorSpace /DeviceGray"
)

func deflate(b []byte) []byte {
	var w bytes.Buffer
	z := zlib.NewWriter(&w)
	_, _ = z.Write(b) // a bytes.Buffer takes everything
	_ = z.Close()
	return w.Bytes()
}

func TestPDFImageKinds(t *testing.T) {
	m := randomBitmap(200, 260, 31)
	if m.Ink()*2 > 200*260 {
		m.Invert()
	}
	white := m.Clone()
	white.Invert() // samples of DeviceGray: 1 is white
	for name, b := range map[string][]byte{
		"G4":          onePage(whole, oneBit+" /Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns 200 /Rows 260 >>", EncodeG4(m), ""),
		"G4 BlackIs1": onePage(whole, oneBit+" /Decode [1 0] /Filter [/CCITTFaxDecode] /DecodeParms [<< /K -1 /Columns 200 /BlackIs1 true >>]", EncodeG4(m), ""),
		"G3":          onePage(whole, oneBit+" /Filter /CCITTFaxDecode /DecodeParms << /K 0 /Columns 200 /EndOfLine true >>", encodeG3(m, true), ""),
		"G3 no marks": onePage(whole, oneBit+" /Filter /CCITTFaxDecode /DecodeParms << /Columns 200 >>", encodeG3(m, false), ""),
		"Flate":       onePage(whole, oneBit+" /Filter /FlateDecode", deflate(white.Bits), ""),
		"plain":       onePage(whole, oneBit, white.Bits, ""),
		"mask":        onePage(whole, "/Width 200 /Height 260 /ImageMask true", white.Bits, ""),
		"palette":     onePage(whole, "/Width 200 /Height 260 /BitsPerComponent 1 /ColorSpace [/Indexed /DeviceRGB 1 <FFFFFF000000>]", m.Bits, ""),
		"hex, G4":     onePage(whole, oneBit+" /Filter [/ASCIIHexDecode /CCITTFaxDecode] /DecodeParms [null << /K -1 /Columns 200 >>]", fmt.Appendf(nil, "%x>", EncodeG4(m)), ""),
		"invisible":   onePage(whole+" BT 3 Tr (scanned words) Tj ET", oneBit, white.Bits, ""),
		"white below": onePage("1 g 0 0 612 792 re f "+whole, oneBit, white.Bits, ""),
		"upside down": onePage("q -612 0 0 -792 612 792 cm /P Do Q", oneBit, white.Turn(180).Bits, ""),
		"turned":      onePage(whole, oneBit, white.Turn(180).Bits, "/Rotate 180"),
		"link":        onePage(whole, oneBit, white.Bits, "/Annots [<< /Subtype /Link >>]"),
	} {
		d, err := Open(b, Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		p, err := d.Page(1)
		switch {
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case p.NeedsDrawing:
			t.Errorf("%s: needs drawing, it %s", name, p.Why)
		case p.Bits == nil || !bytes.Equal(p.Bits.Bits, m.Bits):
			t.Errorf("%s: got another image", name)
		case p.XRes < 23.4 || p.XRes > 24.1 && !p.Guessed:
			t.Errorf("%s: got %v dpi, want 23.5", name, p.XRes)
		}
	}
}

func TestPDFPagesThatNeedDrawing(t *testing.T) {
	data := make([]byte, 25*260)
	for name, test := range map[string]struct {
		b    []byte
		text bool
	}{
		"text over it": {onePage(whole+" BT (hello) Tj ET", oneBit, data, ""), true},
		"a line":       {onePage(whole+" 0 0 m 9 9 l S", oneBit, data, ""), false},
		"small image":  {onePage("q 90 0 0 90 0 0 cm /P Do Q", oneBit, data, ""), false},
		"two images":   {onePage(whole+" "+whole, oneBit, data, ""), false},
		"slanted":      {onePage("q 600 90 -90 700 0 0 cm /P Do Q", oneBit, data, ""), false},
		"mirrored":     {onePage("q -612 0 0 792 612 0 cm /P Do Q", oneBit, data, ""), false},
		"JBIG2":        {onePage(whole, oneBit+" /Filter /JBIG2Decode", data, ""), false},
		"soft mask":    {onePage(whole, oneBit+" /SMask 5 0 R", data, ""), false},
		"stamp":        {onePage(whole, oneBit, data, "/Annots [<< /Subtype /Stamp >>]"), false},
		"inline":       {onePage("BI /W 1 /H 1 ID x EI", oneBit, data, ""), false},
		"empty":        {onePage("", oneBit, data, ""), false},
	} {
		d, err := Open(test.b, Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		p, err := d.Page(1)
		if err != nil || !p.NeedsDrawing || p.HasText != test.text || p.Why == "" {
			t.Errorf("%s: got %+v, %v, want a page that needs drawing", name, p, err)
		}
	}
	huge := onePage(whole, "/Width 60000 /Height 60000 /BitsPerComponent 1 /ColorSpace /DeviceGray /Filter /FlateDecode", deflate(nil), "")
	d, err := Open(huge, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var u *Unreadable
	if _, err := d.Page(1); !errors.As(err, &u) || u.Kind != TooLarge {
		t.Errorf("60,000 x 60,000: got %v, want too_large", err)
	}
}

func TestPDFGreyAndJPEG(t *testing.T) {
	g := image.NewGray(image.Rect(0, 0, 120, 160))
	for i := range g.Pix {
		g.Pix[i] = byte(128 + i%120)
	}
	var w bytes.Buffer
	if err := jpeg.Encode(&w, g, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	rgb := make([]byte, 0, 3*len(g.Pix))
	for _, v := range g.Pix {
		rgb = append(rgb, v, v, v)
	}
	predicted := make([]byte, 0, len(g.Pix)+160)
	for y := range 160 { // PNG filter 2 (up)
		predicted = append(predicted, 2)
		for x := range 120 {
			above := byte(0)
			if y > 0 {
				above = g.Pix[(y-1)*120+x]
			}
			predicted = append(predicted, g.Pix[y*120+x]-above)
		}
	}
	size := "/Width 120 /Height 160 /BitsPerComponent 8 "
	for name, b := range map[string][]byte{
		"jpeg":      onePage(whole, size+"/ColorSpace /DeviceGray /Filter /DCTDecode", w.Bytes(), ""),
		"grey":      onePage(whole, size+"/ColorSpace /DeviceGray", g.Pix, ""),
		"rgb":       onePage(whole, size+"/ColorSpace /DeviceRGB /Filter /FlateDecode", deflate(rgb), ""),
		"predictor": onePage(whole, size+"/ColorSpace [/CalGray << >>] /Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 120 >>", deflate(predicted), ""),
	} {
		d, err := Open(b, Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		p := mustPage(t, d, 1)
		if p.NeedsDrawing || p.Tones == nil {
			t.Errorf("%s: got %+v, want a grey page", name, p)
			continue
		}
		for i, v := range g.Pix {
			if d := int(p.Tones.Pix[i]) - int(v); d < -6 || d > 6 {
				t.Errorf("%s: pixel %d: got %d, want %d", name, i, p.Tones.Pix[i], v)
				break
			}
		}
	}
	if got := onWhite(color.NRGBA{0, 0, 0, 0}); got != 255 {
		t.Errorf("transparent: got %d, want white", got)
	}
}

// TestPDFRewritten has qpdf write a fax with object streams, encryption, and as linear file.
func TestPDFRewritten(t *testing.T) {
	qpdf, err := exec.LookPath("qpdf")
	if err != nil {
		t.Skip("qpdf is not installed: apt-get install qpdf")
	}
	source := "../testdata/fax/d-055.pdf"
	want := openFile(t, source)
	for _, args := range []string{"--object-streams=generate", "--linearize", "--qdf", "--stream-data=compress --object-streams=generate --linearize", "--coalesce-contents"} {
		name := filepath.Join(t.TempDir(), "v.pdf")
		if out, err := exec.CommandContext(t.Context(), qpdf, append(strings.Fields(args), source, name)...).CombinedOutput(); err != nil {
			t.Fatalf("qpdf %s: %v: %s", args, err, out)
		}
		got := openFile(t, name)
		if got.Len() != want.Len() {
			t.Errorf("%s: got %d pages, want %d", args, got.Len(), want.Len())
			continue
		}
		for n := 1; n <= want.Len(); n++ {
			p := mustPage(t, got, n)
			if p.NeedsDrawing {
				t.Errorf("%s: page %d %s", args, n, p.Why)
				continue
			}
			samePage(t, p, mustPage(t, want, n))
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		cut := b[:len(b)-200] // no table, no trailer
		if d, err := Open(cut, Limits{}); err != nil || d.Len() != want.Len() {
			t.Errorf("%s, cut off: got %v, want the pages found without the table", args, err)
		}
	}
	name := filepath.Join(t.TempDir(), "locked.pdf")
	if out, err := exec.CommandContext(t.Context(), qpdf, "--encrypt", "secret", "secret", "256", "--", source, name).CombinedOutput(); err != nil {
		t.Fatalf("qpdf: %v: %s", err, out)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var u *Unreadable
	if _, err := Open(b, Limits{}); !errors.As(err, &u) || u.Kind != Encrypted {
		t.Errorf("encrypted: got %v, want kind encrypted", err)
	}
}
