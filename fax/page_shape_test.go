package fax

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"image/png"
	"testing"
)

func TestGuessedResolution(t *testing.T) {
	for name, test := range map[string]struct {
		width, height  int
		x, y           float64
		wantX, wantY   float64
		squareHeight   int
		guessed, wider bool
	}{
		"fine, said so":            {1728, 2156, 204, 196, 204, 196, 2156, false, false},
		"standard, said so":        {1728, 1078, 204, 98, 204, 98, 2156, false, false},
		"standard, lost its shape": {1728, 1078, 203, 203, 204, 98, 2156, true, false},
		"standard, nothing said":   {1728, 1078, 0, 0, 204, 98, 2156, true, false},
		"fine, nothing said":       {1728, 2156, 0, 0, 204, 196, 2156, true, false},
		"short fine page":          {1728, 700, 204, 196, 204, 196, 700, false, false},
		"superfine":                {1728, 4300, 204, 391, 204, 391, 4300, false, true},
		"400 dpi":                  {3456, 4312, 408, 391, 408, 391, 4312, false, false},
		"scan of 300 dpi":          {2550, 3300, 0, 0, 300, 300, 3300, true, false},
		"nonsense":                 {1728, 2156, 1, 1, 204, 196, 2156, true, false},
	} {
		p := &Page{Bits: NewBitmap(test.width, test.height), XRes: test.x, YRes: test.y}
		p.finish()
		if p.XRes != test.wantX || p.YRes != test.wantY || p.Guessed != test.guessed {
			t.Errorf("%s: got %v x %v dpi, guessed %t, want %v x %v, %t", name, p.XRes, p.YRes, p.Guessed, test.wantX, test.wantY, test.guessed)
		}
		if q := p.Square(); q.Height != test.squareHeight || q.Width != test.width && !test.wider {
			t.Errorf("%s: squared: got %d x %d pixels, want %d rows", name, q.Width, q.Height, test.squareHeight)
		} else if test.wider && q.Width != 2*test.width {
			t.Errorf("%s: squared: got %d pixels a row, want %d", name, q.Width, 2*test.width)
		}
	}
}

func TestSquareRepeatsLines(t *testing.T) {
	m := randomBitmap(100, 50, 17)
	p := (&Page{Bits: m, Width: 100, Height: 50, XRes: 204, YRes: 98}).Square()
	for y := range 100 {
		if !bytes.Equal(p.Bits.Row(y), m.Row(y/2)) {
			t.Fatalf("row %d: got another one than row %d of the page", y, y/2)
		}
	}
	g := (&Page{Tones: m.Gray(), Width: 100, Height: 50, XRes: 204, YRes: 98}).Square()
	if !bytes.Equal(g.Tones.Pix, p.Gray().Pix) {
		t.Error("grey page: got other pixels than the same page in one bit")
	}
}

func TestTurn(t *testing.T) {
	m := randomBitmap(37, 21, 23)
	for y := range m.Height {
		for x := range m.Width {
			if m.Black(x, y) != m.Turn(90).Black(m.Height-1-y, x) || m.Black(x, y) != m.Turn(180).Black(m.Width-1-x, m.Height-1-y) || m.Black(x, y) != m.Turn(-90).Black(y, m.Width-1-x) {
				t.Fatalf("pixel %d, %d is not where it belongs", x, y)
			}
		}
	}
	p := &Page{Bits: m, Width: 37, Height: 21, XRes: 204, YRes: 98}
	g := &Page{Tones: m.Gray(), Width: 37, Height: 21, XRes: 204, YRes: 98}
	for _, degrees := range []int{0, 90, 180, 270} {
		a, b := p.Turn(degrees), g.Turn(degrees)
		if !bytes.Equal(a.Gray().Pix, b.Gray().Pix) || a.Width != b.Width || a.XRes != b.XRes {
			t.Errorf("%d degrees: got other pixels in grey than in one bit", degrees)
		}
	}
	if q := p.Turn(90); q.Width != 21 || q.Height != 37 || q.XRes != 98 || q.YRes != 204 {
		t.Errorf("got %d x %d at %v x %v dpi, want 21 x 37 at 98 x 204", q.Width, q.Height, q.XRes, q.YRes)
	}
}

func TestMedianRemovesSpecks(t *testing.T) {
	m := NewBitmap(50, 50)
	m.Fill(image.Rect(10, 10, 30, 30))
	want := m.Clone()
	m.SetBlack(40, 40)
	m.SetBlack(0, 0)
	got := m.Median()
	for _, corner := range []image.Point{{10, 10}, {29, 10}, {10, 29}, {29, 29}} { // a median rounds corners
		got.SetBlack(corner.X, corner.Y)
	}
	if !bytes.Equal(got.Bits, want.Bits) {
		t.Errorf("got %d black pixels, want %d", got.Ink(), want.Ink())
	}
}

func TestPictures(t *testing.T) {
	m := randomBitmap(300, 400, 29)
	if m.Ink()*2 > 300*400 {
		m.Invert()
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m.Paletted()); err != nil {
		t.Fatal(err)
	}
	d, err := Open(b.Bytes(), Limits{})
	if err != nil || d.Format != PNG || d.Len() != 1 {
		t.Fatalf("got %+v, %v, want a PNG of one page", d, err)
	}
	if p := mustPage(t, d, 1); p.Bits == nil || !bytes.Equal(p.Bits.Bits, m.Bits) {
		t.Error("PNG: got another image")
	}
	if _, err := Open(b.Bytes(), Limits{Width: 299}); !isKind(err, TooLarge) {
		t.Errorf("PNG over the limit: got %v, want too_large", err)
	}
	b.Reset()
	if err := jpeg.Encode(&b, m.Gray(), &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	if d, err = Open(b.Bytes(), Limits{}); err != nil || d.Format != JPEG {
		t.Fatalf("got %+v, %v, want a JPEG", d, err)
	}
	p := mustPage(t, d, 1)
	if p.Tones == nil || !bytes.Equal(Threshold(p.Tones, 128).Bits, m.Bits) {
		t.Error("JPEG: got another image")
	}
	if _, err := Open(b.Bytes(), Limits{Tones: 1000}); !isKind(err, TooLarge) {
		t.Errorf("JPEG over the limit: got %v, want too_large", err)
	}
	png := mustPage(t, openFile(t, "../testdata/fax/d-016.png"), 1)
	if png.XRes < 203 || png.XRes > 205 || png.YRes < 195 || png.YRes > 197 || png.Guessed {
		t.Errorf("PNG of a fax: got %v x %v dpi, want 204 x 196", png.XRes, png.YRes)
	}
}

// BenchmarkReadCodes searches a page without codes, which costs most.
func BenchmarkReadCodes(b *testing.B) {
	for _, name := range []string{"d-001.tif", "d-011.tif", "d-035.tif"} {
		p := mustPage(b, openFile(b, "../testdata/fax/"+name), 1)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				ReadCodes(context.Background(), p)
			}
		})
	}
}
