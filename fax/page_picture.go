package fax

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
)

func isPNG(b []byte) bool  { return bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")) }
func isJPEG(b []byte) bool { return bytes.HasPrefix(b, []byte{0xff, 0xd8, 0xff}) }

// picture is a file that holds one image.
type picture struct {
	b      []byte
	format Format
	limits Limits
}

func openPicture(b []byte, l Limits, f Format) (*Document, error) {
	p := &picture{b: b, format: f, limits: l}
	if _, err := p.config(); err != nil {
		return nil, err
	}
	return &Document{Format: f, source: p, count: 1}, nil
}

// config reads the header and checks the size, before any pixel is decoded.
func (p *picture) config() (image.Config, error) {
	decode := png.DecodeConfig
	if p.format == JPEG {
		decode = jpeg.DecodeConfig
	}
	c, err := decode(bytes.NewReader(p.b))
	if err != nil {
		return image.Config{}, broken("%s header: %v", p.format, err)
	}
	limit := p.limits.Tones
	if pal, ok := c.ColorModel.(color.Palette); ok && len(pal) <= 2 || p.format == PNG && len(p.b) > 24 && p.b[24] == 1 {
		limit = p.limits.Pixels // one byte a pixel while it is decoded
	}
	return c, p.limits.check(c.Width, c.Height, limit)
}

func (p *picture) page(int) (*Page, error) {
	if _, err := p.config(); err != nil {
		return nil, err
	}
	page := &Page{Compress: string(p.format)}
	if p.format == JPEG {
		m, err := jpeg.Decode(bytes.NewReader(p.b))
		if err != nil {
			return nil, broken("jpeg: %v", err)
		}
		page.XRes, page.YRes = jpegDensity(p.b)
		page.Tones = toGray(m)
		return page, nil
	}
	m, err := png.Decode(bytes.NewReader(p.b))
	if err != nil {
		return nil, broken("png: %v", err)
	}
	page.XRes, page.YRes = pngDensity(p.b)
	page.setImage(m)
	return page, nil
}

// setImage stores an image as bits when it only has black and white, else as grey.
func (p *Page) setImage(m image.Image) {
	g := toGray(m)
	for _, v := range g.Pix {
		if v != 0 && v != 255 {
			p.Tones = g
			return
		}
	}
	p.Bits = Threshold(g, 128)
}

// toGray turns any image into grey on white; what is transparent is white.
func toGray(m image.Image) *image.Gray {
	r := m.Bounds()
	if g, ok := m.(*image.Gray); ok && r.Min == (image.Point{}) && g.Stride == r.Dx() {
		return g
	}
	g := image.NewGray(image.Rect(0, 0, r.Dx(), r.Dy()))
	switch m := m.(type) {
	case *image.YCbCr:
		for y := range r.Dy() {
			copy(g.Pix[y*g.Stride:(y+1)*g.Stride], m.Y[m.YOffset(r.Min.X, r.Min.Y+y):])
		}
		return g
	case *image.Paletted:
		var shade [256]uint8
		for i, c := range m.Palette {
			shade[i] = onWhite(c)
		}
		for y := range r.Dy() {
			for x, v := range m.Pix[y*m.Stride : y*m.Stride+r.Dx()] {
				g.Pix[y*g.Stride+x] = shade[v]
			}
		}
		return g
	}
	for y := range r.Dy() {
		for x := range r.Dx() {
			g.Pix[y*g.Stride+x] = onWhite(m.At(r.Min.X+x, r.Min.Y+y))
		}
	}
	return g
}

// onWhite is the lightness of a colour laid on white paper (ITU-R BT.601 weights, as image/color uses them).
func onWhite(c color.Color) uint8 {
	r, g, b, a := c.RGBA()
	light := (19595*r + 38470*g + 7471*b + 1<<15) >> 16
	return uint8((light + 0xffff - a) >> 8)
}

// pngDensity reads the pHYs chunk (PNG, section 11.3.4.3), which stands before the image.
func pngDensity(b []byte) (x, y float64) {
	for at := 8; at+12 <= len(b); {
		n := int(binary.BigEndian.Uint32(b[at:]))
		kind := string(b[at+4 : at+8])
		if n < 0 || n > len(b)-at-12 || kind == "IDAT" {
			return 0, 0
		}
		if kind == "pHYs" && n >= 9 && b[at+16] == 1 {
			return perMetre(b[at+8:]), perMetre(b[at+12:])
		}
		at += n + 12
	}
	return 0, 0
}

func perMetre(b []byte) float64 { return float64(binary.BigEndian.Uint32(b)) * 0.0254 }

// jpegDensity reads the density of a JFIF header (JFIF 1.02), which stands first.
func jpegDensity(b []byte) (x, y float64) {
	if len(b) < 18 || b[3] != 0xe0 || string(b[6:10]) != "JFIF" {
		return 0, 0
	}
	x, y = float64(binary.BigEndian.Uint16(b[14:])), float64(binary.BigEndian.Uint16(b[16:]))
	switch b[13] {
	case 1:
		return x, y
	case 2:
		return x * 2.54, y * 2.54
	}
	return 0, 0
}
