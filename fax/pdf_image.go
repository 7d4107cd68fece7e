package fax

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
)

// image decodes an image XObject (ISO 32000-1 section 8.9.5).
func (f *pdfFile) image(s *pdfStream) (*Page, error) {
	d := s.dict
	for _, key := range []pdfName{"SMask", "Mask"} {
		if f.resolve(d[key]) != nil {
			return nil, unsupported("PDF image: got a mask, want none")
		}
	}
	width, height := f.intOr(d["Width"], 0), f.intOr(d["Height"], 0)
	depth := f.intOr(d["BitsPerComponent"], 8)
	if f.resolve(d["ImageMask"]) == true {
		depth = 1
	}
	pixels := f.limits.Tones
	if depth == 1 {
		pixels = f.limits.Pixels
	}
	if err := f.limits.check(width, height, pixels); err != nil {
		return nil, err
	}
	data, filter, parms, err := f.unfilter(s, width*height*4+1<<20)
	if err != nil {
		return nil, err
	}
	switch filter {
	case "CCITTFaxDecode", "CCF":
		return f.ccittImage(s, data, parms, width, height)
	case "DCTDecode", "DCT":
		pic := &picture{b: data, format: JPEG, limits: f.limits}
		if _, err := pic.config(); err != nil {
			return nil, err
		}
		m, err := jpeg.Decode(bytes.NewReader(data))
		if err != nil {
			return nil, broken("PDF image: JPEG: %v", err)
		}
		return &Page{Tones: toGray(m), Compress: "jpeg"}, nil
	case "":
		return f.rawImage(d, data, width, height, depth)
	}
	return nil, unsupported("PDF image: got JBIG2 or JPEG 2000, want CCITT, JPEG or Flate")
}

// ccittImage decodes with the parameters of ISO 32000-1 table 11.
func (f *pdfFile) ccittImage(s *pdfStream, data []byte, parms pdfDict, width, height int) (*Page, error) {
	columns := f.intOr(parms["Columns"], 1728)
	if columns != width {
		return nil, unsupported("PDF image: got %d columns in a width of %d, want the same", columns, width)
	}
	c := Coding{K: f.intOr(parms["K"], 0), Width: width, Rows: height, MaxRows: max(height, min(f.limits.Rows, f.limits.Pixels/width))}
	c.ByteAlign = f.resolve(parms["EncodedByteAlign"]) == true
	c.Exact = true
	m, damage, err := DecodeCCITT(data, c)
	if err != nil {
		return nil, err
	}
	if f.resolve(parms["BlackIs1"]) == true == !f.oneIsBlack(s.dict) {
		m.Invert()
	}
	p := &Page{Bits: m, BadLines: damage.Bad, BadRun: damage.Run, Missing: damage.Missing, Compress: "g3"}
	switch {
	case c.K < 0:
		p.Compress = "g4"
	case c.K > 0:
		p.Compress = "g3-2d"
	}
	return p, nil
}

// oneIsBlack tells what the sample 1 of a one-bit image means, by colour space and Decode array.
func (f *pdfFile) oneIsBlack(d pdfDict) bool {
	decode, _ := f.resolve(d["Decode"]).([]any)
	swapped := len(decode) >= 2 && pdfNumber(f.resolve(decode[0])) > pdfNumber(f.resolve(decode[1]))
	if palette, ok := f.palette(d); ok {
		return (palette[1] < palette[0]) != swapped
	}
	return swapped
}

// palette is the lightness of the entries of an Indexed colour space.
func (f *pdfFile) palette(d pdfDict) (shades [256]uint8, ok bool) {
	space, _ := f.resolve(d["ColorSpace"]).([]any)
	if len(space) != 4 {
		return shades, false
	}
	if name, _ := f.resolve(space[0]).(pdfName); name != "Indexed" && name != "I" {
		return shades, false
	}
	var table []byte
	switch v := f.resolve(space[3]).(type) {
	case pdfString:
		table = []byte(v)
	case *pdfStream:
		table, _, _, _ = f.unfilter(v, 1024) // an unreadable table leaves black, and the page is judged as it comes
	}
	n := f.components(space[1])
	for i := range shades {
		if n > 0 && (i+1)*n <= len(table) {
			shades[i] = shade(table[i*n : (i+1)*n])
		}
	}
	return shades, n > 0
}

// components is the number of samples of a colour space, 0 when it is one we do not read.
func (f *pdfFile) components(v any) int {
	switch s := f.resolve(v).(type) {
	case pdfName:
		switch s {
		case "DeviceGray", "CalGray", "G":
			return 1
		case "DeviceRGB", "CalRGB", "RGB":
			return 3
		case "DeviceCMYK", "CMYK":
			return 4
		}
	case []any:
		if len(s) == 0 {
			return 0
		}
		name, _ := f.resolve(s[0]).(pdfName)
		if name == "ICCBased" && len(s) > 1 {
			if profile, ok := f.resolve(s[1]).(*pdfStream); ok {
				return f.intOr(profile.dict["N"], 0)
			}
		}
		if _, again := f.resolve(s[0]).(pdfName); again && name != "ICCBased" {
			return f.components(name)
		}
	}
	return 0
}

// shade is the lightness of one colour of 1, 3 or 4 samples.
func shade(c []byte) uint8 {
	switch len(c) {
	case 1:
		return c[0]
	case 3:
		return color.GrayModel.Convert(color.RGBA{c[0], c[1], c[2], 255}).(color.Gray).Y
	case 4:
		return color.GrayModel.Convert(color.CMYK{C: c[0], M: c[1], Y: c[2], K: c[3]}).(color.Gray).Y
	}
	return 255
}

// rawImage reads samples as they are after Flate and the like.
func (f *pdfFile) rawImage(d pdfDict, data []byte, width, height, depth int) (*Page, error) {
	n := 1
	palette, indexed := f.palette(d)
	if !indexed && f.resolve(d["ImageMask"]) != true {
		n = f.components(d["ColorSpace"])
	}
	if n != 1 && n != 3 && n != 4 || depth != 1 && depth != 2 && depth != 4 && depth != 8 {
		return nil, unsupported("PDF image: got a colour space or depth that is not read directly, want grey, RGB, CMYK or a palette")
	}
	stride := (width*n*depth + 7) / 8
	p := &Page{Compress: "flate"}
	if short := stride*height - len(data); short > 0 {
		p.Missing = (short + stride - 1) / stride
		if p.Missing >= height {
			return nil, broken("PDF image: got %d bytes, want %d", len(data), stride*height)
		}
		data = append(data[:len(data):len(data)], make([]byte, short)...)
	}
	if n == 1 && depth == 1 {
		p.Bits = &Bitmap{Width: width, Height: height, Stride: stride, Bits: append([]byte(nil), data[:stride*height]...)}
		if !f.oneIsBlack(d) {
			p.Bits.Invert()
		}
		p.Bits.clearPadding()
		return p, nil
	}
	decode, _ := f.resolve(d["Decode"]).([]any)
	swapped := len(decode) >= 2 && pdfNumber(f.resolve(decode[0])) > pdfNumber(f.resolve(decode[1]))
	g := image.NewGray(image.Rect(0, 0, width, height))
	c := make([]byte, n)
	top := 1<<depth - 1
	for y := range height {
		row := data[y*stride : (y+1)*stride]
		for x := range width {
			for i := range c {
				v := pdfSample(row, x*n+i, depth)
				if !indexed {
					v = v * 255 / top
				}
				c[i] = byte(v)
			}
			v := shade(c)
			if indexed {
				v = palette[c[0]]
			}
			if swapped {
				v = 255 - v
			}
			g.Pix[y*g.Stride+x] = v
		}
	}
	p.Tones = g
	return p, nil
}

// pdfSample is value number i of a row of depth bits each.
func pdfSample(row []byte, i, depth int) int {
	if depth == 8 {
		return int(row[i])
	}
	bit := i * depth
	return int(row[bit>>3]>>(8-depth-bit&7)) & (1<<depth - 1)
}
