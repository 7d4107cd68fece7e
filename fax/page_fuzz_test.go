package fax

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// FuzzOpen reads every page of what opens.
func FuzzOpen(f *testing.F) {
	names, err := filepath.Glob("../testdata/fax/d-*.*")
	if err != nil || len(names) == 0 {
		f.Fatalf("got no fixtures (%v), want ../testdata/fax/d-*.*", err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if len(b) < 12_000 {
			f.Add(b)
		}
	}
	small, err := EncodePDF([]*Bitmap{randomBitmap(64, 64, 5), randomBitmap(100, 80, 6)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(small)
	if small, err = EncodeTIFF([]*Bitmap{randomBitmap(64, 64, 5), randomBitmap(100, 80, 6)}); err != nil {
		f.Fatal(err)
	}
	f.Add(small)
	m := randomBitmap(200, 260, 7)
	f.Add(onePage(whole, oneBit+" /Filter [/ASCIIHexDecode /CCITTFaxDecode] /DecodeParms [null << /K -1 /Columns 200 >>]", []byte("00100101"), "/Rotate 90"))
	f.Add(onePage(whole, oneBit+" /Filter /FlateDecode", deflate(m.Bits), ""))
	f.Add(onePage(whole, "/Width 200 /Height 260 /BitsPerComponent 1 /ColorSpace [/Indexed /DeviceRGB 1 <FFFFFF000000>]", m.Bits[:100], "/Annots [<< /Subtype /Link >>]"))
	limits := Limits{Bytes: 1 << 20, Pages: 20, Width: 4000, Rows: 5000, Pixels: 8_000_000, Tones: 4_000_000}
	f.Fuzz(func(t *testing.T, b []byte) {
		given := bytes.Clone(b)
		d, err := Open(b, limits)
		if err != nil {
			if d != nil || err.Error() == "" {
				t.Fatal("got a document and an error")
			}
			return
		}
		for p, err := range d.Pages() {
			if err != nil {
				if p != nil {
					t.Fatal("got a page and an error")
				}
				continue
			}
			checkPage(t, p)
		}
		if !bytes.Equal(given, b) {
			t.Fatal("reading changed the bytes")
		}
	})
}

func checkPage(t *testing.T, p *Page) {
	t.Helper()
	if p.NeedsDrawing {
		return
	}
	if p.Width <= 0 || p.Height < 0 || (p.Bits == nil) == (p.Tones == nil) {
		t.Fatalf("got a page of %d x %d pixels without exactly one image", p.Width, p.Height)
	}
	q := p.Square()
	if q.Width < p.Width || q.Width > maxStretch*p.Width {
		t.Fatalf("squared: got %d pixels of width from %d", q.Width, p.Width)
	}
}
