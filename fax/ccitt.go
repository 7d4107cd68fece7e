package fax

import "errors"

// Coding says how the rows of a CCITT image are coded (ITU-T T.4 and T.6).
type Coding struct {
	K         int  // below 0: T.6 (G4); 0: T.4 one-dimensional (G3 1-D, modified Huffman); above 0: T.4 two-dimensional (MR)
	LSB       bool // the first bit of a byte is its lowest (TIFF FillOrder 2)
	ByteAlign bool // every row begins on a byte (TIFF compression 2; PDF EncodedByteAlign)
	Width     int  // pixels a row
	Rows      int  // rows expected; 0: as many as there are
	Exact     bool // Rows is right: read no row beyond it (one of several strips)
	MaxRows   int  // refuse to read more rows than this; 0 means 30,000
}

// Damage says what was wrong with the rows of a CCITT image.
type Damage struct {
	Bad     int  // rows that could not be decoded and are a copy of the row above (T.30 receivers do the same)
	Run     int  // the longest sequence of such rows
	Missing int  // rows expected but not there
	Ended   bool // the end mark (RTC or EOFB) was seen
}

// ErrRows is returned when an image has more rows than the limit allows.
var ErrRows = errors.New("fax: CCITT image: got more rows than the limit, want fewer; raise the limit or split the fax")

// ErrNoRows is returned when not one row could be decoded.
var ErrNoRows = errors.New("fax: CCITT image: got no row that can be decoded, want at least one; the data is damaged or of another compression")

// DecodeCCITT decodes an image of T.4 or T.6 rows. Damaged G3 rows are concealed by the row above; G4 has no marks to
// begin again at, so there everything after the first error is missing. White is what the run codes call white.
// The height of the result is what was decoded; with c.Exact it is c.Rows, and rows that are missing are white.
func DecodeCCITT(data []byte, c Coding) (*Bitmap, Damage, error) {
	if c.Width <= 0 || c.Width > maxCodedWidth {
		return nil, Damage{}, errWidth
	}
	if c.MaxRows <= 0 {
		c.MaxRows = defaultRows
	}
	if c.Rows > c.MaxRows {
		return nil, Damage{}, ErrRows
	}
	d := rowDecoder{Coding: c, in: bitReader{b: data, lsb: c.LSB}, out: &Bitmap{Width: c.Width, Stride: (c.Width + 7) / 8}}
	var err error
	if c.K < 0 {
		err = d.group4()
	} else {
		err = d.group3()
	}
	if err != nil {
		return nil, Damage{}, err
	}
	if d.out.Height-d.bad <= 0 {
		return nil, Damage{}, ErrNoRows
	}
	if missing := c.Rows - d.out.Height; missing > 0 {
		d.Missing = missing
		if c.Exact {
			d.out.Bits = append(d.out.Bits, make([]byte, missing*d.out.Stride)...)
			d.out.Height += missing
		}
	}
	d.Bad, d.Run = d.bad, d.longest
	return d.out, d.Damage, nil
}

// maxCodedWidth bounds the width of a coded row, whatever the caller's own limit is.
const maxCodedWidth = 1 << 17

var errWidth = errors.New("fax: CCITT image: got a width out of range, want 1 to 131072 pixels")

// rowDecoder holds the rows as positions where the colour changes: even entries begin black, odd ones white.
type rowDecoder struct {
	Coding
	Damage
	in       bitReader
	out      *Bitmap
	cur, ref []int
	bad      int // rows concealed so far
	run      int // of them, how many directly above
	longest  int
	stale    bool // the reference row is a concealed one
	marks    bool // this stream has end-of-line marks
}

// full tells whether no further row is wanted.
func (d *rowDecoder) full() bool { return d.Exact && d.Rows > 0 && d.out.Height >= d.Rows }

func (d *rowDecoder) group4() error {
	for !d.full() {
		if d.ByteAlign {
			d.in.align()
		}
		if d.in.peek(12) == 1 {
			d.Ended = true
			return nil
		}
		if d.in.over() || !d.row2D() {
			return nil
		}
		if err := d.emit(); err != nil {
			return err
		}
	}
	return nil
}

// group3 reads T.4 rows, with or without end-of-line marks before them.
func (d *rowDecoder) group3() error {
	for !d.full() {
		if d.ByteAlign && !d.marks {
			d.in.align()
		}
		n, twoD := d.endOfLine()
		if n >= 3 { // six are sent; a few may be lost at the end of a call
			d.Ended = true
			return nil
		}
		if n > 0 {
			d.marks = true
		} else if !d.in.over() && d.K > 0 {
			twoD = d.in.peek(1) == 0
			d.in.skip(1)
		}
		if d.in.over() {
			return nil
		}
		ok := d.row3(twoD)
		if !ok && d.in.over() && d.cutOff() {
			return nil
		}
		if ok && d.marks && !d.atMark() {
			ok = d.in.over() // codes beyond the width: the row is not what was sent
		}
		if ok && twoD && d.stale {
			d.note() // coded against a row that we only guessed
		} else if ok {
			d.run, d.stale = 0, false
		}
		if !ok {
			if !d.marks {
				return nil // nowhere to begin again
			}
			d.conceal()
			d.resync()
		}
		if err := d.emit(); err != nil {
			return err
		}
	}
	return nil
}

// row3 decodes one row of either kind.
func (d *rowDecoder) row3(twoD bool) bool {
	if twoD {
		return d.row2D()
	}
	return d.row1D()
}

// cutOff tells whether the data ended inside this row rather than being damaged: a row is only started when there is data.
func (d *rowDecoder) cutOff() bool { return d.Rows == 0 || d.out.Height >= d.Rows }

// conceal makes the current row a copy of the one above.
func (d *rowDecoder) conceal() {
	d.cur = append(d.cur[:0], d.ref...)
	d.note()
	d.stale = true
}

func (d *rowDecoder) note() {
	d.bad++
	d.run++
	d.longest = max(d.longest, d.run)
}

// emit writes the current row to the image and makes it the reference row.
func (d *rowDecoder) emit() error {
	if d.out.Height >= d.MaxRows {
		return ErrRows
	}
	y := d.out.Height
	if cap(d.out.Bits)-len(d.out.Bits) < d.out.Stride { // grow with the data, not with what a header says
		d.out.Bits = append(d.out.Bits, make([]byte, d.out.Stride*max(64, y/2))...)[:y*d.out.Stride]
	}
	d.out.Bits = d.out.Bits[:(y+1)*d.out.Stride]
	d.out.Height++
	row := d.out.Row(y)
	for i := 0; i < len(d.cur); i += 2 {
		hi := d.Width
		if i+1 < len(d.cur) {
			hi = d.cur[i+1]
		}
		fillRun(row, d.cur[i], hi)
	}
	d.cur, d.ref = d.ref[:0], d.cur
	return nil
}

// endOfLine takes all end-of-line marks (with their fill and, for K > 0, tag bits) that stand here.
func (d *rowDecoder) endOfLine() (n int, twoD bool) {
	for d.atMark() {
		for !d.in.over() && d.in.peek(32) == 0 {
			d.in.skip(32)
		}
		for d.in.peek(1) == 0 {
			if d.in.over() {
				return n, twoD
			}
			d.in.skip(1)
		}
		d.in.skip(1)
		if d.K > 0 {
			twoD = d.in.peek(1) == 0
			d.in.skip(1)
		}
		n++
	}
	return n, twoD
}

// atMark tells whether an end-of-line mark or its fill begins here: no other code has eleven zeros.
func (d *rowDecoder) atMark() bool { return !d.in.over() && d.in.peek(11) == 0 }

// resync moves to the next end-of-line mark or to the end.
func (d *rowDecoder) resync() {
	for !d.in.over() && d.in.peek(11) != 0 {
		d.in.skip(1)
	}
}

// change ends a run at position x. A run of no pixels is not a change: it joins its neighbours.
func (d *rowDecoder) change(x int) {
	if n := len(d.cur); n > 0 && d.cur[n-1] == x {
		d.cur = d.cur[:n-1]
		return
	}
	d.cur = append(d.cur, x)
}

// trim drops changes at the right edge, which are none.
func (d *rowDecoder) trim() {
	for n := len(d.cur); n > 0 && d.cur[n-1] >= d.Width; n = len(d.cur) {
		d.cur = d.cur[:n-1]
	}
}

// runLength reads the run of one colour: make-up codes and a terminating code. It returns -1 on a bad code.
func (d *rowDecoder) runLength(colour int) int {
	for n := 0; ; {
		c := ccitt.runs[colour][d.in.peek(codeBits)]
		if c.bits == 0 {
			return -1
		}
		d.in.skip(uint(c.bits))
		n += int(c.value)
		if c.value < 64 {
			return n
		}
		if n > d.Width {
			return -1
		}
	}
}

func (d *rowDecoder) row1D() bool {
	d.cur = d.cur[:0]
	for x, colour := 0, 0; x < d.Width; colour ^= 1 {
		n := d.runLength(colour)
		if n < 0 || x+n > d.Width {
			return false
		}
		x += n
		d.change(x)
	}
	d.trim()
	return true
}

// row2D decodes one row against the reference row (T.4 section 4.2, T.6 section 2.2). The names a0, b1 and b2 are the standard's.
func (d *rowDecoder) row2D() bool {
	d.cur = d.cur[:0]
	a0, colour, bi := -1, 0, 0
	for a0 < d.Width {
		for bi > 0 && d.ref[bi-1] > a0 {
			bi--
		}
		for bi < len(d.ref) && (d.ref[bi] <= a0 || bi&1 != colour) {
			bi++
		}
		c := ccitt.modes[d.in.peek(modeBits)]
		d.in.skip(uint(c.bits))
		switch c.value {
		case modeBad:
			return false
		case modePass:
			a0 = d.refAt(bi + 1)
		case modeHor:
			a0 = max(a0, 0)
			n := d.runLength(colour)
			if n < 0 {
				return false
			}
			m := d.runLength(colour ^ 1)
			if m < 0 || a0+n+m > d.Width {
				return false
			}
			d.change(a0 + n)
			a0 += n + m
			d.change(a0)
		default:
			a1 := d.refAt(bi) + int(c.value) - modeV0
			if a1 < a0 || a1 < 0 || a1 > d.Width {
				return false
			}
			d.change(a1)
			a0 = a1
			colour ^= 1
		}
	}
	d.trim()
	return true
}

// refAt is entry i of the reference row; beyond its last change everything changes at the right edge.
func (d *rowDecoder) refAt(i int) int {
	if i < len(d.ref) {
		return d.ref[i]
	}
	return d.Width
}
