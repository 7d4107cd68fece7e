package fax

import (
	"image"
	"math/bits"
)

// maxRule is the thickness, in pixels, up to which a ruling is a line and not a bar with white letters on it.
const maxRule = 7

// without is the page without its thin lines. Where a stroke of a letter crosses or stands on a line, the stroke stays as it is: taking
// whole lines out eats letters.
func (l Rulings) without(m *Bitmap) *Bitmap {
	out := m.Clone()
	for _, r := range l.Level {
		if r.Dy() > maxRule {
			continue
		}
		for x := r.Min.X; x < r.Max.X; x++ {
			lo, hi := r.Min.Y, r.Max.Y
			for ; m.Black(x, lo-1) && r.Min.Y-lo < 3; lo-- {
			}
			for ; m.Black(x, hi) && hi-r.Max.Y < 3; hi++ {
			}
			if hi-lo <= r.Dy()+2 {
				wipe(out, image.Rect(x, lo, x+1, hi))
			}
		}
	}
	for _, r := range l.Upright {
		if r.Dx() > maxRule {
			continue
		}
		for y := r.Min.Y; y < r.Max.Y; y++ {
			lo, hi := r.Min.X, r.Max.X
			for ; m.Black(lo-1, y) && r.Min.X-lo < 3; lo-- {
			}
			for ; m.Black(hi, y) && hi-r.Max.X < 3; hi++ {
			}
			if hi-lo <= r.Dx()+2 {
				wipe(out, image.Rect(lo, y, hi, y+1))
			}
		}
	}
	return out
}

// clearedOf is the grey page with what without takes off its black and white twin made white.
func (l Rulings) clearedOf(g *image.Gray, m *Bitmap) *image.Gray {
	left := l.without(m)
	out := image.NewGray(g.Rect)
	copy(out.Pix, g.Pix)
	for y := range m.Height {
		was, is := m.Row(y), left.Row(y)
		for i := range was {
			for gone := was[i] &^ is[i]; gone != 0; {
				bit := 7 - bits.TrailingZeros8(gone)
				gone &= gone - 1
				whiten(out, left, i*8+bit, y)
			}
		}
	}
	return out
}

// whiten makes a pixel white, and the fringe above and below it.
func whiten(g *image.Gray, left *Bitmap, x, y int) {
	for d := max(0, y-1); d <= min(y+1, g.Rect.Dy()-1); d++ {
		if !left.Black(x, d) {
			g.Pix[d*g.Stride+x] = 255
		}
	}
}

func wipe(m *Bitmap, r image.Rectangle) {
	r = r.Intersect(image.Rect(0, 0, m.Width, m.Height))
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			m.Bits[y*m.Stride+x>>3] &^= 0x80 >> (x & 7)
		}
	}
}
