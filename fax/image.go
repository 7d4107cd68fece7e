package fax

import (
	"image"
	"image/color"
	"math/bits"
)

// Bitmap is a page of one bit a pixel: 1 is black, the first pixel is the highest bit of the first byte,
// rows begin on a byte and the bits after the last pixel are 0. The zero value is an image without pixels.
type Bitmap struct {
	Width, Height int // pixels
	Stride        int // bytes from one row to the next
	Bits          []byte
}

// NewBitmap returns a white bitmap. Width and height must not be negative.
func NewBitmap(width, height int) *Bitmap {
	stride := (width + 7) / 8
	return &Bitmap{Width: width, Height: height, Stride: stride, Bits: make([]byte, stride*height)}
}

// Row returns row y without copying; its capacity is clipped.
func (m *Bitmap) Row(y int) []byte {
	return m.Bits[y*m.Stride : (y+1)*m.Stride : (y+1)*m.Stride]
}

// Black tells whether the pixel at x, y is black; outside the page it is not.
func (m *Bitmap) Black(x, y int) bool {
	if x < 0 || y < 0 || x >= m.Width || y >= m.Height {
		return false
	}
	return m.Bits[y*m.Stride+x>>3]&(0x80>>(x&7)) != 0
}

// SetBlack makes the pixel at x, y black; outside the page it does nothing.
func (m *Bitmap) SetBlack(x, y int) {
	if x >= 0 && y >= 0 && x < m.Width && y < m.Height {
		m.Bits[y*m.Stride+x>>3] |= 0x80 >> (x & 7)
	}
}

// Fill makes all pixels of r black, as far as they are on the page.
func (m *Bitmap) Fill(r image.Rectangle) {
	r = r.Intersect(image.Rect(0, 0, m.Width, m.Height))
	for y := r.Min.Y; y < r.Max.Y; y++ {
		fillRun(m.Row(y), r.Min.X, r.Max.X)
	}
}

// Ink counts the black pixels.
func (m *Bitmap) Ink() int {
	n := 0
	for _, b := range m.Bits {
		n += bits.OnesCount8(b)
	}
	return n
}

// Invert swaps black and white in place.
func (m *Bitmap) Invert() {
	for i := range m.Bits {
		m.Bits[i] = ^m.Bits[i]
	}
	m.clearPadding()
}

func (m *Bitmap) clearPadding() {
	if m.Width&7 == 0 {
		return
	}
	keep := byte(0xff) << (8 - m.Width&7)
	for i := m.Stride - 1; i < len(m.Bits); i += m.Stride {
		m.Bits[i] &= keep
	}
}

// Clone returns a copy that shares nothing with m.
func (m *Bitmap) Clone() *Bitmap {
	c := *m
	c.Bits = append([]byte(nil), m.Bits...)
	return &c
}

// Gray returns a copy with one byte a pixel: 0 is black, 255 is white.
func (m *Bitmap) Gray() *image.Gray {
	g := image.NewGray(image.Rect(0, 0, m.Width, m.Height))
	for y := range m.Height {
		spread(g.Pix[y*g.Stride:y*g.Stride+m.Width], m.Row(y), 0, 255)
	}
	return g
}

// Paletted returns a copy as an image of two colours, which image/png writes with one bit a pixel.
func (m *Bitmap) Paletted() *image.Paletted {
	p := image.NewPaletted(image.Rect(0, 0, m.Width, m.Height), color.Palette{color.Gray{Y: 255}, color.Gray{}})
	for y := range m.Height {
		spread(p.Pix[y*p.Stride:y*p.Stride+m.Width], m.Row(y), 1, 0)
	}
	return p
}

// spread writes one byte a bit.
func spread(dst, row []byte, black, white byte) {
	for x := range dst {
		if row[x>>3]&(0x80>>(x&7)) != 0 {
			dst[x] = black
		} else {
			dst[x] = white
		}
	}
}

// Threshold returns a bitmap in which every pixel darker than level is black.
func Threshold(g *image.Gray, level uint8) *Bitmap {
	r := g.Bounds()
	m := NewBitmap(r.Dx(), r.Dy())
	for y := range m.Height {
		row, src := m.Row(y), g.Pix[y*g.Stride:]
		for x := range m.Width {
			if src[x] < level {
				row[x>>3] |= 0x80 >> (x & 7)
			}
		}
	}
	return m
}

// fillRun makes the pixels lo to hi-1 of a row black.
func fillRun(row []byte, lo, hi int) {
	if lo >= hi {
		return
	}
	first, last := lo>>3, (hi-1)>>3
	head, tail := byte(0xff)>>(lo&7), byte(0xff)<<(7-(hi-1)&7)
	if first == last {
		row[first] |= head & tail
		return
	}
	row[first] |= head
	for i := first + 1; i < last; i++ {
		row[i] = 0xff
	}
	row[last] |= tail
}
