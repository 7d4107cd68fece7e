package fax

// EncodeG4 codes a bitmap as ITU-T T.6 (TIFF compression 4), most significant bit first, with the end mark (EOFB).
// The same bitmap always gives the same bytes.
func EncodeG4(m *Bitmap) []byte {
	w := bitWriter{b: make([]byte, 0, len(m.Bits)/8+16)}
	var ref, cur []int
	for y := range m.Height {
		cur = changes(cur[:0], m.Row(y), m.Width)
		encodeRow(&w, ref, cur, m.Width)
		ref, cur = cur, ref
	}
	w.put(word{code: 1, bits: 12})
	w.put(word{code: 1, bits: 12})
	return w.flush()
}

// changes lists where a row changes colour, beginning with the first black pixel.
func changes(dst []int, row []byte, width int) []int {
	colour := byte(0)
	for i, b := range row {
		if b == 0 && colour == 0 || b == 0xff && colour == 1 {
			continue
		}
		for bit := range 8 {
			x := i*8 + bit
			if x >= width {
				break
			}
			if c := b >> (7 - bit) & 1; c != colour {
				dst = append(dst, x)
				colour = c
			}
		}
	}
	return dst
}

// encodeRow follows the coding procedure of T.6 section 2.2.3.
func encodeRow(w *bitWriter, ref, cur []int, width int) {
	at := func(list []int, i int) int {
		if i < len(list) {
			return list[i]
		}
		return width
	}
	a0, colour, ci, bi := -1, 0, 0, 0
	for a0 < width {
		for bi > 0 && ref[bi-1] > a0 {
			bi--
		}
		for bi < len(ref) && (ref[bi] <= a0 || bi&1 != colour) {
			bi++
		}
		a1, b1, b2 := at(cur, ci), at(ref, bi), at(ref, bi+1)
		switch delta := a1 - b1; {
		case b2 < a1:
			w.put(word{code: 0b0001, bits: 4})
			a0 = b2
		case delta >= -3 && delta <= 3:
			w.put(verticalCodes[delta+3])
			a0, colour = a1, colour^1
			ci++
		default:
			a2 := at(cur, ci+1)
			w.put(word{code: 0b001, bits: 3})
			putRun(w, colour, a1-max(a0, 0))
			putRun(w, colour^1, a2-a1)
			a0 = a2
			ci += 2
		}
	}
}

// verticalCodes are the modes VL3 to VR3.
var verticalCodes = [7]word{{0b0000010, 7}, {0b000010, 6}, {0b010, 3}, {0b1, 1}, {0b011, 3}, {0b000011, 6}, {0b0000011, 7}}

// putRun writes make-up codes and the terminating code of one run.
func putRun(w *bitWriter, colour, n int) {
	for n > 2560+63 {
		w.put(ccitt.makeUp[colour][40])
		n -= 2560
	}
	if n >= 64 {
		w.put(ccitt.makeUp[colour][n/64])
	}
	w.put(ccitt.terminate[colour][n%64])
}
