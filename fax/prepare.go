package fax

import (
	"image"
	"math"
)

// headerInch is where the line printed by the sending machine ends at most.
const headerInch = 0.345

// headerCut gives the first row below the sender's header line: the emptiest
// row near a third of an inch. 0 when nothing is printed above it.
func headerCut(m *Bitmap, dpi int) int {
	lo, hi := int(0.24*float64(dpi)), int(0.44*float64(dpi))
	if m.Height < 4*hi {
		return 0
	}
	ink := func(y int) int {
		n := 0
		for _, b := range m.Row(y) {
			n += onesIn[b]
		}
		return n
	}
	total := 0
	for y := range lo {
		total += ink(y)
	}
	if total < dpi {
		return 0
	}
	usual := int(headerInch * float64(dpi))
	best, at := math.MaxInt, usual
	for y := lo; y < hi; y++ {
		// Three rows together, and the usual place wins a tie.
		n := 64*(ink(y)+ink(y+1)+ink(y+2)) + max(y-usual, usual-y)
		if n < best {
			best, at = n, y+1
		}
	}
	return at
}

var onesIn = func() (t [256]int) {
	for i := range t {
		for b := i; b != 0; b &= b - 1 {
			t[i]++
		}
	}
	return t
}()

// inkPoints collects about want black pixels for the skew search, spread
// evenly: a grid would itself look like lines. Long horizontal runs (form
// lines, bars) are left out: only text decides.
func inkPoints(m *Bitmap, want int) []image.Point {
	keep := uint32(math.MaxUint32)
	if ink := m.Ink(); ink > want {
		keep = uint32(float64(math.MaxUint32) * float64(want) / float64(ink))
	}
	var out []image.Point
	seed := uint32(1)
	for y := range m.Height {
		run := 0
		row := m.Row(y)
		from := len(out)
		for x := 0; x < m.Width; x++ {
			if x&7 == 0 && row[x>>3] == 0 {
				if run > longRun {
					out = out[:from]
				}
				run, from = 0, len(out)
				x += 7
				continue
			}
			if row[x>>3]&(0x80>>(x&7)) == 0 {
				if run > longRun {
					out = out[:from]
				}
				run, from = 0, len(out)
				continue
			}
			run++
			seed = seed*1664525 + 1013904223
			if seed <= keep {
				out = append(out, image.Pt(x, y))
			}
		}
		if run > longRun {
			out = out[:from]
		}
	}
	return out
}

// longRun is longer than any stroke of a letter, in pixels.
const longRun = 60

// lineEnergy measures how well points fall into lines that lean by tan.
func lineEnergy(pts []image.Point, tan float64, size int, bins []float64) float64 {
	clear(bins)
	for _, p := range pts {
		i := int(float64(p.Y)-float64(p.X)*tan) + size/8
		if i >= 0 && i < len(bins) {
			bins[i]++
		}
	}
	e := 0.0
	for i := 2; i < len(bins); i++ {
		d := bins[i] - bins[i-2]
		e += d * d
	}
	return e
}

// wipeStreaks removes the upright streaks that a dirty scanner glass draws
// down the whole page, margins included, where their ink is only a few pixels
// wide. Strokes that cross a streak stay.
func wipeStreaks(m *Bitmap, dpi int) *Bitmap {
	thin := max(3, dpi/45)
	var out *Bitmap
	for x := range m.Width {
		if !streak(m, x) {
			continue
		}
		if out == nil {
			out = m.Clone()
		}
		at, bit := x>>3, byte(0x80)>>(x&7)
		for y := range m.Height {
			if m.Bits[y*m.Stride+at]&bit != 0 && runAcross(m, x, y, thin) <= thin {
				out.Bits[y*out.Stride+at] &^= bit
			}
		}
	}
	if out == nil {
		return m
	}
	return out
}

// Content never reaches into the margins: a column with ink in each of so many
// bands of the page height is no content.
const (
	streakBands = 16
	streakInk   = 30 // percent of black in each band
)

func streak(m *Bitmap, x int) bool {
	at, bit, band := x>>3, byte(0x80)>>(x&7), m.Height/streakBands
	if band < 20 {
		return false
	}
	for b := range streakBands {
		ink := 0
		for y := b * band; y < (b+1)*band; y++ {
			if m.Bits[y*m.Stride+at]&bit != 0 {
				ink++
			}
		}
		if ink*100 < band*streakInk {
			return false
		}
	}
	return true
}

// runAcross is the length of the black run through a pixel, up to limit+1.
func runAcross(m *Bitmap, x, y, limit int) int {
	n := 1
	for l := x - 1; m.Black(l, y) && n <= limit; l-- {
		n++
	}
	for r := x + 1; m.Black(r, y) && n <= limit; r++ {
		n++
	}
	return n
}

// maxSkew is the largest lean that is looked for, in degrees.
const maxSkew = 4.0

// findSkew gives the lean of the text lines in degrees (clockwise positive)
// and how strongly the page falls into lines there.
func findSkew(pts []image.Point, size int) (degrees, strength float64) {
	if len(pts) < 200 {
		return 0, 0
	}
	bins := make([]float64, size+size/4)
	best := -1.0
	for _, step := range []float64{0.5, 0.1} {
		from, to := -maxSkew, maxSkew
		if step < 0.5 {
			from, to = degrees-0.5, degrees+0.5
		}
		for a := from; a <= to+1e-9; a += step {
			if e := lineEnergy(pts, math.Tan(a*math.Pi/180), size, bins); e > best {
				best, degrees = e, a
			}
		}
	}
	return degrees, best
}

// sideways tells whether the text lines run up and down.
func sideways(m *Bitmap) (bool, float64) {
	pts := inkPoints(m, 40000)
	size := max(m.Width, m.Height)
	_, across := findSkew(pts, size)
	flipped := inkPoints(m.Turn(90), 40000)
	_, down := findSkew(flipped, size)
	if across == 0 {
		return false, 1
	}
	return down > across, down / across
}

// straighten turns a grey page by minus degrees around its centre.
func straighten(g *image.Gray, degrees float64) *image.Gray {
	if math.Abs(degrees) < 0.15 {
		return g
	}
	w, h := g.Rect.Dx(), g.Rect.Dy()
	out := image.NewGray(image.Rect(0, 0, w, h))
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	cx, cy := float64(w)/2, float64(h)/2
	for y := range h {
		dy := float64(y) - cy
		for x := range w {
			dx := float64(x) - cx
			out.Pix[y*out.Stride+x] = sample(g, dx*cos-dy*sin+cx, dx*sin+dy*cos+cy)
		}
	}
	return out
}

// sample is bilinear; outside the page it is white.
func sample(g *image.Gray, x, y float64) uint8 {
	x0, y0 := int(math.Floor(x)), int(math.Floor(y))
	if x0 < 0 || y0 < 0 || x0+1 >= g.Rect.Dx() || y0+1 >= g.Rect.Dy() {
		return 255
	}
	fx, fy := x-float64(x0), y-float64(y0)
	p := g.Pix[y0*g.Stride+x0:]
	q := g.Pix[(y0+1)*g.Stride+x0:]
	top := float64(p[0])*(1-fx) + float64(p[1])*fx
	low := float64(q[0])*(1-fx) + float64(q[1])*fx
	return uint8(top*(1-fy) + low*fy + 0.5)
}

// soften blurs with sigma 0.8: strokes of one pixel join, which reads better
// than hard edges at fax resolution.
func soften(g *image.Gray) *image.Gray {
	const k0, k1, k2 = 124, 58, 8 // 256 in all: exp(-x*x/(2*0.8*0.8))
	w, h := g.Rect.Dx(), g.Rect.Dy()
	if w < 5 || h < 5 {
		return g
	}
	mid, out := image.NewGray(g.Rect), image.NewGray(g.Rect)
	for y := range h {
		s, d := g.Pix[y*g.Stride:y*g.Stride+w], mid.Pix[y*mid.Stride:]
		copy(d, s)
		for x := 2; x < w-2; x++ {
			d[x] = uint8((k0*int(s[x]) + k1*(int(s[x-1])+int(s[x+1])) + k2*(int(s[x-2])+int(s[x+2])) + 128) >> 8)
		}
	}
	st := mid.Stride
	for y := range h {
		d := out.Pix[y*out.Stride : y*out.Stride+w]
		if y < 2 || y >= h-2 {
			copy(d, mid.Pix[y*st:])
			continue
		}
		s := mid.Pix[(y-2)*st:]
		for x := range d {
			d[x] = uint8((k0*int(s[x+2*st]) + k1*(int(s[x+st])+int(s[x+3*st])) + k2*(int(s[x])+int(s[x+4*st])) + 128) >> 8)
		}
	}
	return out
}
