package fax

import (
	"bytes"
	"compress/zlib"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"math/bits"

	"golang.org/x/image/tiff/lzw"
)

// TIFF compression schemes.
const (
	compressNone     = 1
	compressMH       = 2
	compressG3       = 3
	compressG4       = 4
	compressLZW      = 5
	compressJPEG     = 7
	compressDeflate  = 8
	compressPackBits = 32773
	compressZIP      = 32946
)

// strip is the stored data of some rows.
type strip struct {
	data []byte
	rows int // 0: as many as there are
}

func (t *tiffFile) page(n int) (*Page, error) {
	d := t.pages[n]
	width, length := int(t.first(d, tagWidth, 0)), int(t.first(d, tagLength, 0))
	if length > t.limits.Rows && t.first(d, tagCompression, 1) <= compressG4 && t.first(d, tagCompression, 1) > 1 {
		length = 0 // written before the page was received: count the rows ourselves
	}
	pixels := t.limits.Pixels
	depth, samples := t.first(d, tagBitsPerSample, 1), t.first(d, tagSamples, 1)
	if depth != 1 || samples != 1 {
		pixels = t.limits.Tones
	}
	if err := t.limits.check(width, length, pixels); err != nil {
		return nil, err
	}
	strips, err := t.strips(d, length)
	if err != nil {
		return nil, err
	}
	p := &Page{BadLines: int(t.first(d, tagBadLines, 0)), BadRun: int(t.first(d, tagBadRun, 0))}
	p.BadLines, p.BadRun = min(p.BadLines, t.limits.Rows), min(p.BadRun, t.limits.Rows)
	p.XRes, p.YRes = t.resolution(d)
	switch scheme := t.first(d, tagCompression, 1); scheme {
	case compressMH, compressG3, compressG4:
		err = t.coded(p, d, strips, width, length)
	case compressJPEG:
		err = t.jpeg(p, d, strips)
	default:
		err = t.raw(p, d, strips, width, length, int(depth), int(samples))
	}
	if err != nil {
		return nil, err
	}
	return t.orient(p, d), nil
}

// strips cuts the stored data into strips. Byte counts that run over the end of the file are cut, a missing count is the
// rest of the file; together they may not be much more than the file, or a small file could keep us busy for hours.
func (t *tiffFile) strips(d ifd, length int) ([]strip, error) {
	offsets, counts := d[tagStripOffsets], d[tagStripCounts]
	if offsets.count > maxStrips {
		return nil, tooLarge("TIFF: got %d strips, want at most %d", offsets.count, maxStrips)
	}
	per := t.first(d, tagRowsPerStrip, 1<<32-1)
	list := make([]strip, 0, offsets.count)
	total := 0
	for i := range int(offsets.count) {
		at := int(t.value(offsets, i))
		if at >= len(t.b) {
			break
		}
		n := len(t.b) - at
		if i < int(counts.count) {
			if c := int(t.value(counts, i)); c > 0 {
				n = min(n, c)
			}
		}
		if total += n; total > 2*len(t.b) {
			return nil, broken("TIFF: got strips that overlap, want each byte used once")
		}
		rows := 0
		if offsets.count > 1 && length > 0 {
			if rows = length - i*int(min(per, 1<<20)); rows <= 0 {
				break
			}
			rows = min(rows, int(min(per, 1<<20)))
		}
		list = append(list, strip{data: t.b[at : at+n], rows: rows})
	}
	if len(list) == 0 {
		return nil, broken("TIFF: got no strip inside the file, want at least one")
	}
	return list, nil
}

// coded decodes T.4 and T.6 strips into one bitmap.
func (t *tiffFile) coded(p *Page, d ifd, strips []strip, width, length int) error {
	c := Coding{Width: width, LSB: t.first(d, tagFillOrder, 1) == 2, MaxRows: min(t.limits.Rows, max(1, t.limits.Pixels/width))}
	switch t.first(d, tagCompression, 1) {
	case compressMH:
		c.ByteAlign, p.Compress = true, "mh"
	case compressG4:
		c.K, p.Compress = -1, "g4"
	case compressG3:
		p.Compress = "g3"
		if t.first(d, tagT4Options, 0)&1 != 0 {
			c.K, p.Compress = 1, "g3-2d"
		}
	}
	single := len(strips) == 1
	p.Bits = NewBitmap(width, 0)
	for _, s := range strips {
		c.Rows, c.Exact = s.rows, true
		if single {
			c.Rows, c.Exact = length, false
		}
		m, damage, err := t.strip(s, c)
		if err != nil {
			return err
		}
		if single && m.Height > length && length > 0 && !damage.Ended { // no end mark: rows beyond the header's count are what fills up the strip
			m.Height = length
			m.Bits = m.Bits[:length*m.Stride]
		}
		p.add(m, damage)
		if c.MaxRows -= m.Height; c.MaxRows <= 0 {
			c.MaxRows = 1
		}
	}
	return nil
}

// strip decodes one strip; one without a single good row is damage, not a reason to lose the others.
func (t *tiffFile) strip(s strip, c Coding) (*Bitmap, Damage, error) {
	m, damage, err := DecodeCCITT(s.data, c)
	if errors.Is(err, ErrNoRows) && c.Exact && c.Rows > 0 {
		return NewBitmap(c.Width, c.Rows), Damage{Missing: c.Rows}, nil
	}
	if errors.Is(err, ErrRows) {
		return nil, Damage{}, tooLarge("TIFF: got more than %d rows, want at most that", c.MaxRows)
	}
	return m, damage, err
}

// add puts the rows of m below what is there.
func (p *Page) add(m *Bitmap, d Damage) {
	if p.Bits.Height == 0 {
		p.Bits = m
	} else {
		p.Bits.Bits = append(p.Bits.Bits, m.Bits...)
		p.Bits.Height += m.Height
	}
	p.BadLines += d.Bad
	p.BadRun = max(p.BadRun, d.Run)
	p.Missing += d.Missing
}

// jpeg reads JPEG-in-TIFF (TIFF technical note 2): one strip, its tables in a tag of their own.
func (t *tiffFile) jpeg(p *Page, d ifd, strips []strip) error {
	if len(strips) != 1 {
		return unsupported("TIFF: got JPEG data in %d strips, want one", len(strips))
	}
	data := strips[0].data
	if e, ok := d[tagJPEGTables]; ok && e.count > 4 && len(data) > 2 {
		tables := t.b[e.at : e.at+int(e.count)]
		data = append(append([]byte{}, tables[:len(tables)-2]...), data[2:]...)
	}
	pic := &picture{b: data, format: JPEG, limits: t.limits}
	if _, err := pic.config(); err != nil {
		return err
	}
	m, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return broken("TIFF: JPEG data: %v", err)
	}
	p.Tones, p.Compress = toGray(m), "jpeg"
	return nil
}

// raw reads what is stored as samples: one bit, or eight bits of grey or RGB.
func (t *tiffFile) raw(p *Page, d ifd, strips []strip, width, length, depth, samples int) error {
	oneBit := depth == 1 && samples == 1
	if !oneBit && !(depth == 8 && samples >= 1 && samples <= 4 && t.first(d, tagPlanar, 1) == 1) {
		return unsupported("TIFF: got %d bits and %d samples a pixel, want 1 bit, or 8 bits and 1 to 4 samples", depth, samples)
	}
	photo := t.first(d, tagPhotometric, 0)
	if photo > 2 || t.first(d, tagPredictor, 1) != 1 {
		return unsupported("TIFF: got photometric interpretation %d, want 0, 1 or 2 without predictor", photo)
	}
	stride := (width*depth*samples + 7) / 8
	data, err := t.unpack(p, d, strips, stride*length)
	if err != nil {
		return err
	}
	if short := stride*length - len(data); short > 0 {
		p.Missing = (short + stride - 1) / stride
		data = append(data, make([]byte, short)...)
	}
	if oneBit {
		p.Bits = &Bitmap{Width: width, Height: length, Stride: stride, Bits: data[:stride*length]}
		if photo == 1 {
			p.Bits.Invert()
		}
		p.Bits.clearPadding()
		return nil
	}
	p.Tones = image.NewGray(image.Rect(0, 0, width, length))
	for i := range p.Tones.Pix {
		v := data[i*samples]
		if samples >= 3 {
			v = uint8((299*int(v) + 587*int(data[i*samples+1]) + 114*int(data[i*samples+2])) / 1000)
		}
		if photo == 0 {
			v = 255 - v
		}
		p.Tones.Pix[i] = v
	}
	return nil
}

// reverseBits returns a copy with the bits of every byte in the other order.
func reverseBits(b []byte) []byte {
	r := make([]byte, len(b))
	for i, c := range b {
		r[i] = bits.Reverse8(c)
	}
	return r
}

// unpack returns at most want bytes of samples.
func (t *tiffFile) unpack(p *Page, d ifd, strips []strip, want int) ([]byte, error) {
	var out []byte
	scheme := t.first(d, tagCompression, 1)
	for _, s := range strips {
		if t.first(d, tagFillOrder, 1) == 2 { // the stored bytes are the other way round, whatever they code
			s.data = reverseBits(s.data)
		}
		left := want - len(out)
		var part []byte
		switch scheme {
		case compressNone:
			p.Compress, part = "none", s.data[:min(left, len(s.data))]
		case compressPackBits:
			p.Compress, part = "packbits", packBits(s.data, left)
		case compressLZW:
			p.Compress = "lzw"
			part = readSome(lzw.NewReader(bytes.NewReader(s.data), lzw.MSB, 8), left)
		case compressDeflate, compressZIP:
			p.Compress = "flate"
			z, err := zlib.NewReader(bytes.NewReader(s.data))
			if err != nil {
				return nil, broken("TIFF: deflate data: %v", err)
			}
			part = readSome(z, left)
		default:
			return nil, unsupported("TIFF: got compression %d, want 1 to 5, 7, 8 or 32773", scheme)
		}
		out = append(out, part...)
	}
	if len(out) == 0 {
		return nil, broken("TIFF: got no samples, want %d bytes", want)
	}
	return out, nil
}

// readSome reads up to n bytes; what is missing is the caller's to count.
func readSome(r io.ReadCloser, n int) []byte {
	defer r.Close()
	b, _ := io.ReadAll(io.LimitReader(r, int64(n))) // a damaged end leaves a shorter page
	return b
}

// packBits undoes the byte runs of TIFF 6.0 section 9, up to n bytes.
func packBits(b []byte, n int) []byte {
	var out []byte
	for i := 0; i < len(b) && len(out) < n; {
		c := int(int8(b[i]))
		i++
		switch {
		case c >= 0:
			end := min(i+c+1, len(b))
			out = append(out, b[i:end]...)
			i = end
		case c > -128 && i < len(b):
			out = append(out, bytes.Repeat(b[i:i+1], 1-c)...)
			i++
		}
	}
	return out[:min(n, len(out))]
}

// orient turns the page as the Orientation tag says; mirrored pages (2, 4, 5, 7) are not seen in faxes and stay as they are.
func (t *tiffFile) orient(p *Page, d ifd) *Page {
	switch t.first(d, tagOrientation, 1) {
	case 3:
		return p.Turn(180)
	case 6:
		return p.Turn(90)
	case 8:
		return p.Turn(270)
	}
	return p
}
