package fax

import (
	"image"
	"math"
)

// fax machines know these widths (T.4: 1728 letter and A4, 2048 B4, 2432 A3 at 204 dpi; twice that at 408).
func isFaxWidth(w int) bool {
	switch w {
	case 1728, 2048, 2432, 3456, 4096, 4864:
		return true
	}
	return false
}

// guessResolution fills in what the file did not say, and corrects a pixel shape that cannot be right: some gateways make a
// PDF of a 204 x 98 page with square pixels, which leaves text at half its height.
func (p *Page) guessResolution() {
	plausible := func(r float64) bool { return r >= 50 && r <= 2400 }
	known := plausible(p.XRes) && plausible(p.YRes)
	square := known && math.Abs(p.XRes/p.YRes-1) < 0.02 // 204 x 196 is not square: somebody knew
	flat := p.Height*5 < p.Width*4                      // letter paper is 1.29 times as high as wide, its standard resolution image 0.62 times
	switch {
	case known && !(square && flat && isFaxWidth(p.Width)):
		return
	case isFaxWidth(p.Width):
		p.XRes = 204 * math.Round(float64(p.Width)/2150)
		if p.Width < 3000 {
			p.XRes = 204
		}
		switch ratio := float64(p.Height) / float64(p.Width); {
		case ratio < 0.85:
			p.YRes = p.XRes * 98 / 204
		case ratio > 2:
			p.YRes = p.XRes * 391 / 204
		default:
			p.YRes = p.XRes * 196 / 204
		}
	default: // assume letter paper
		p.XRes = max(50, math.Round(float64(p.Width)/8.5))
		p.YRes = p.XRes
	}
	p.Guessed = true
}

// Gray returns the page as grey, 0 black and 255 white; nil when NeedsDrawing. For a grey page it is Tones itself.
func (p *Page) Gray() *image.Gray {
	if p.Bits != nil {
		return p.Bits.Gray()
	}
	return p.Tones
}

// Square returns the page with square pixels: of a page of 204 x 98 dots per inch the lines are repeated to 204 x 204, which
// is what makes such a page readable. Pages whose pixels are nearly square (within a quarter) come back as they are.
// Places on the result are in its own pixels.
func (p *Page) Square() *Page {
	if p.XRes <= 0 || p.YRes <= 0 {
		return p
	}
	ratio := p.XRes / p.YRes
	if ratio > 0.75 && ratio < 1/0.75 {
		return p
	}
	q := *p
	if ratio > 1 {
		height := int(math.Round(float64(p.Height) * ratio))
		if whole := math.Round(ratio); math.Abs(ratio-whole) < 0.1*whole {
			height = p.Height * int(whole) // even repetition keeps strokes even
		}
		q.stretch(p.Width, height)
	} else {
		q.stretch(int(math.Round(float64(p.Width)/ratio)), p.Height)
	}
	q.XRes, q.YRes = max(p.XRes, p.YRes), max(p.XRes, p.YRes)
	return &q
}

// maxStretch bounds what Square may make of a page with an absurd pixel shape.
const maxStretch = 8

func (p *Page) stretch(width, height int) {
	width, height = min(width, p.Width*maxStretch), min(height, p.Height*maxStretch)
	if p.Bits != nil {
		m := p.Bits
		if width > m.Width {
			m = m.Stretch((width+m.Width/2)/m.Width, 1)
		}
		if height != m.Height {
			m = m.StretchRows(height)
		}
		p.Bits, p.Width, p.Height = m, m.Width, m.Height
		return
	}
	if p.Tones == nil {
		return
	}
	g := image.NewGray(image.Rect(0, 0, width, height))
	for y := range height {
		src := p.Tones.Pix[y*p.Height/height*p.Tones.Stride:]
		dst := g.Pix[y*g.Stride : y*g.Stride+width]
		for x := range dst {
			dst[x] = src[x*p.Width/width]
		}
	}
	p.Tones, p.Width, p.Height = g, width, height
}

// Turn returns the page turned clockwise by 0, 90, 180 or 270 degrees.
func (p *Page) Turn(degrees int) *Page {
	q := *p
	quarter := ((degrees%360+360)%360)/90%2 == 1
	switch {
	case p.Bits != nil:
		q.Bits = p.Bits.Turn(degrees)
	case p.Tones != nil:
		q.Tones = turnGray(p.Tones, degrees)
	}
	if quarter {
		q.Width, q.Height, q.XRes, q.YRes = p.Height, p.Width, p.YRes, p.XRes
	}
	return &q
}

func turnGray(g *image.Gray, degrees int) *image.Gray {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	turn := ((degrees%360 + 360) % 360) / 90
	t := image.NewGray(image.Rect(0, 0, w, h))
	if turn%2 == 1 {
		t = image.NewGray(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			tx, ty := x, y
			switch turn {
			case 1:
				tx, ty = h-1-y, x
			case 2:
				tx, ty = w-1-x, h-1-y
			case 3:
				tx, ty = y, w-1-x
			}
			t.Pix[ty*t.Stride+tx] = g.Pix[y*g.Stride+x]
		}
	}
	return t
}
