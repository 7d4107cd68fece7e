package fax

import (
	"fmt"
	"image"
	"math"

	"golang.org/x/image/draw"
)

// Places of an attached page, in pixels of a fine page.
const (
	attachTop    = 172
	attachBottom = footerTop - 14
)

// attach puts a page that somebody else made below a heading line and above the footer, as large as fits and not larger than it was.
func (d *drawer) attach(p *Page) error {
	if p.NeedsDrawing || p.Width <= 0 || p.Height <= 0 {
		return fmt.Errorf("%w: got an attached page without an image, want it drawn first", ErrLetter)
	}
	m := NewBitmap(FineWidth, FineHeight)
	d.pages = append(d.pages, m)
	wide, high := float64(p.Width)/nonZero(p.XRes), float64(p.Height)/nonZero(p.YRes) // inches
	scale := math.Min(1, math.Min(float64(marginRight-marginLeft)/FineX/wide, float64(attachBottom-attachTop)/FineY/high))
	w, h := max(1, int(wide*scale*FineX)), max(1, int(high*scale*FineY))
	small := image.NewGray(image.Rect(0, 0, w, h))
	source := p.Gray()
	if w < p.Width {
		draw.BiLinear.Scale(small, small.Rect, source, source.Rect, draw.Src, nil)
	} else {
		draw.NearestNeighbor.Scale(small, small.Rect, source, source.Rect, draw.Src, nil)
	}
	if p.Tones != nil {
		diffuse(small)
	}
	left := (FineWidth - w) / 2
	for y := range h {
		for x, v := range small.Pix[y*small.Stride : y*small.Stride+w] {
			if v < 150 { // above half: thin strokes survive
				m.SetBlack(left+x, attachTop+y)
			}
		}
	}
	return nil
}

func nonZero(f float64) float64 {
	if f <= 0 {
		return FineX
	}
	return f
}

// diffuse makes a grey image black and white, spreading what is lost to the neighbours (Floyd and Steinberg, 1976). What is nearly
// white or black stays so, or paper would be full of specks.
func diffuse(g *image.Gray) {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	row, below := make([]int, w+2), make([]int, w+2)
	for y := range h {
		clear(below)
		for x := range w {
			i := y*g.Stride + x
			v := int(g.Pix[i])
			if v > 200 {
				v = 255
			} else if v < 60 {
				v = 0
			}
			v += row[x+1] / 16
			out := 0
			if v >= 128 {
				out = 255
			}
			lost := v - out
			row[x+2] += 7 * lost
			below[x] += 3 * lost
			below[x+1] += 5 * lost
			below[x+2] += lost
			g.Pix[i] = uint8(out)
		}
		row, below = below, row
	}
}

// attachHeading is the line above an attached page.
func (d *drawer) attachHeading(m *Bitmap, n int) error {
	s, err := d.style(true, sizeLabel)
	if err != nil {
		return err
	}
	text := "Attachment"
	if d.letter.Referral != "" {
		c := Code{Referral: d.letter.Referral, Page: n + 1, Pages: len(d.pages)}
		if err := c.Valid(); err != nil {
			return fmt.Errorf("%w: %w", ErrLetter, err)
		}
		text += "   " + c.String()
	}
	s.text(m, marginLeft, marginTop, text)
	page := fmt.Sprintf("Page %d of %d", n+1, len(d.pages))
	s.text(m, marginRight-s.width(page), marginTop, page)
	return nil
}
