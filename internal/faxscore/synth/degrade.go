package synth

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"

	"refloop/fax"
)

// Levels of damage, as in the development set.
const (
	Clean    = "clean"    // a PDF with a text layer
	Fine     = "fine"     // 204 x 196, a little noise
	Standard = "standard" // 204 x 98
	Bad      = "bad"      // leaning, specks, streaks, lost rows, fading, compressed before; some 204 x 98
)

// transmit is what the receiving machine stores of a page at a level; squeezed tells that it has 98 rows an inch. turn is clockwise.
func transmit(c *canvas, r *rand.Rand, level string, turn int, header string) (m *fax.Bitmap, squeezed bool) {
	g := c.g
	squeezed = level == Standard
	if level == Bad {
		g = lean(g, (1+2*r.Float64())*float64(1-2*r.IntN(2)))
		fade(g, r)
		g = jpegged(g, 18+r.IntN(25))
		squeezed = r.IntN(3) == 0
	}
	rows := fax.FineHeight
	if squeezed {
		rows /= 2
	}
	cut := map[string]float64{Fine: 140, Standard: 140, Bad: []float64{100, 140, 175}[r.IntN(3)]}[level]
	full := fax.Threshold(g, uint8(cut))
	if turn != 0 {
		full = full.Turn(turn)
		if full.Width != width { // sideways: fed by its long side, cut or padded to the width of the drum
			padded := fax.NewBitmap(width, full.Height)
			for y := range full.Height {
				for x := range min(width, full.Width) {
					if full.Black(x*full.Width/width, y) {
						padded.SetBlack(x, y)
					}
				}
			}
			full = padded
		}
	}
	stamp(full, c.fonts, header)
	m = full.StretchRows(rows * full.Height / height)
	specks(m, r, map[string]float64{Fine: 0.0004, Standard: 0.0005, Bad: 0.002}[level])
	if level == Bad {
		streaks(m, r)
		lostRows(m, r)
	}
	return m, squeezed
}

// stamp prints the line of the sending machine on top, upright whatever the page is.
func stamp(m *fax.Bitmap, f *Fonts, s string) {
	c := &canvas{g: image.NewGray(image.Rect(0, 0, width, 56)), fonts: f}
	c.fill(c.g.Rect, 255)
	c.text(40, 40, "typed", 8, s)
	for y := range 56 {
		for x := range width {
			if c.g.GrayAt(x, y).Y < 140 {
				m.SetBlack(x, y)
			}
		}
	}
}

func lean(g *image.Gray, degrees float64) *image.Gray {
	out := image.NewGray(g.Rect)
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	cx, cy := float64(width)/2, float64(height)/2
	for y := range height {
		for x := range width {
			dx, dy := float64(x)-cx, float64(y)-cy
			at := image.Pt(int(math.Round(dx*cos+dy*sin+cx)), int(math.Round(dy*cos-dx*sin+cy)))
			v := uint8(255)
			if at.In(g.Rect) {
				v = g.GrayAt(at.X, at.Y).Y
			}
			out.Pix[y*out.Stride+x] = v
		}
	}
	return out
}

// fade makes a band of the page pale and the whole a little uneven.
func fade(g *image.Gray, r *rand.Rand) {
	from, deep := r.IntN(height), 40+r.IntN(50)
	for y := range height {
		d := math.Abs(float64(y - from))
		up := int(float64(deep) * math.Exp(-d*d/(2*250*250)))
		row := g.Pix[y*g.Stride : y*g.Stride+width]
		for x, v := range row {
			row[x] = uint8(min(255, int(v)+up*(255-int(v))/255))
		}
	}
}

func jpegged(g *image.Gray, quality int) *image.Gray {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, g, &jpeg.Options{Quality: quality}); err != nil {
		return g
	}
	i, err := jpeg.Decode(&b)
	if err != nil {
		return g
	}
	if out, ok := i.(*image.Gray); ok {
		return out
	}
	return g
}

func specks(m *fax.Bitmap, r *rand.Rand, share float64) {
	for range int(share * float64(m.Width*m.Height)) {
		x, y := r.IntN(m.Width), r.IntN(m.Height)
		if m.Black(x, y) {
			m.Bits[y*m.Stride+x>>3] &^= 0x80 >> (x & 7)
		} else {
			m.SetBlack(x, y)
		}
	}
}

func streaks(m *fax.Bitmap, r *rand.Rand) {
	for range r.IntN(3) {
		x := r.IntN(m.Width)
		for y := range m.Height {
			if r.IntN(10) < 8 {
				m.SetBlack(x, y)
			}
		}
	}
}

// lostRows repeats rows, as receivers do that lost some.
func lostRows(m *fax.Bitmap, r *rand.Rand) {
	for range r.IntN(12) {
		y := 1 + r.IntN(m.Height-4)
		for i := range 1 + r.IntN(3) {
			copy(m.Row(y+i), m.Row(y-1))
		}
	}
}

func headerLine(r *rand.Rand, from, to string, n, of int) string {
	return fmt.Sprintf("%02d/%02d/2026 %02d:%02d  %s  MEDICAL OFFICE  -> %s   P.%d/%d", 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), from, to, n, of)
}
