package fax

import "math/bits"

// bitReader reads bits, most significant first; beyond the end it gives zeros and says so in over.
type bitReader struct {
	b    []byte
	lsb  bool   // bytes hold their first bit in the lowest place (TIFF FillOrder 2)
	next int    // index of the next byte to load
	acc  uint64 // loaded bits, right-aligned
	n    uint   // how many of them are valid
}

func (r *bitReader) fill(n uint) {
	for r.n < n {
		var c byte
		if r.next < len(r.b) {
			c = r.b[r.next]
			if r.lsb {
				c = bits.Reverse8(c)
			}
		}
		r.next++
		r.acc = r.acc<<8 | uint64(c)
		r.n += 8
	}
}

// peek returns the next n bits (at most 32) without taking them.
func (r *bitReader) peek(n uint) uint32 {
	r.fill(n)
	return uint32(r.acc>>(r.n-n)) & (1<<n - 1)
}

// skip takes n bits that were peeked.
func (r *bitReader) skip(n uint) {
	r.fill(n)
	r.n -= n
	r.acc &= 1<<r.n - 1
}

// at is the bit position of the next bit.
func (r *bitReader) at() int { return r.next*8 - int(r.n) }

// over tells whether every bit of the input was taken.
func (r *bitReader) over() bool { return r.at() >= len(r.b)*8 }

// align moves to the next byte boundary.
func (r *bitReader) align() { r.skip(r.n % 8) }

// bitWriter collects bits, most significant first.
type bitWriter struct {
	b   []byte
	acc uint32
	n   uint
}

func (w *bitWriter) put(c word) {
	w.acc = w.acc<<c.bits | uint32(c.code)
	w.n += uint(c.bits)
	for w.n >= 8 {
		w.n -= 8
		w.b = append(w.b, byte(w.acc>>w.n))
	}
	w.acc &= 1<<w.n - 1
}

// flush pads the last byte with zeros and returns everything written.
func (w *bitWriter) flush() []byte {
	if w.n > 0 {
		w.put(word{bits: uint8(8 - w.n)})
	}
	return w.b
}
