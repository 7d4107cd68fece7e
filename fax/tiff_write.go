package fax

import (
	"encoding/binary"
	"errors"
	"slices"
)

// Software is what EncodeTIFF writes into the Software tag.
const Software = "refloop"

// FineX and FineY are the dots per inch of the pages that we send (T.4 fine resolution), FineWidth and FineHeight the
// pixels of a letter page.
const (
	FineX      = 204
	FineY      = 196
	FineWidth  = 1728
	FineHeight = 2156
)

// maxPagesOut is what the PageNumber tag can count.
const maxPagesOut = 65_535

var errNoPages = errors.New("fax: TIFF: got no pages or more than 65535, want 1 to 65535")

// EncodeTIFF writes pages as TIFF-F (RFC 2306) with T.6 data: 204 x 196 dots per inch, min-is-white, one strip a page, pages
// numbered, little-endian. The same pages always give the same bytes. It fails only when there are no or too many pages.
func EncodeTIFF(pages []*Bitmap) ([]byte, error) {
	if len(pages) == 0 || len(pages) > maxPagesOut {
		return nil, errNoPages
	}
	out := []byte{'I', 'I', 42, 0, 0, 0, 0, 0}
	link := 4 // where the offset of the next directory goes
	for n, m := range pages {
		data := EncodeG4(m)
		strip := len(out)
		out = append(out, data...)
		if len(out)%2 != 0 {
			out = append(out, 0)
		}
		extra := len(out)
		for _, v := range []uint32{FineX, 1, FineY, 1} {
			out = binary.LittleEndian.AppendUint32(out, v)
		}
		out = append(out, Software+"\x00"...)
		if len(out)%2 != 0 {
			out = append(out, 0)
		}
		binary.LittleEndian.PutUint32(out[link:], uint32(len(out)))
		out = appendIFD(out, m, n, len(pages), strip, len(data), extra)
		link = len(out) - 4
	}
	return out, nil
}

// appendIFD writes one directory, its entries in ascending order as TIFF 6.0 asks.
func appendIFD(out []byte, m *Bitmap, n, total, strip, size, extra int) []byte {
	type field struct {
		tag, kind uint16
		count     uint32
		value     uint32
	}
	const short, long, ratio, ascii = 3, 4, 5, 2
	fields := []field{
		{tagSubfile, long, 1, 2}, // one page of several
		{tagWidth, long, 1, uint32(m.Width)},
		{tagLength, long, 1, uint32(m.Height)},
		{tagBitsPerSample, short, 1, 1},
		{tagCompression, short, 1, compressG4},
		{tagPhotometric, short, 1, 0},
		{tagFillOrder, short, 1, 1},
		{tagStripOffsets, long, 1, uint32(strip)},
		{tagOrientation, short, 1, 1},
		{tagSamples, short, 1, 1},
		{tagRowsPerStrip, long, 1, uint32(m.Height)},
		{tagStripCounts, long, 1, uint32(size)},
		{tagXRes, ratio, 1, uint32(extra)},
		{tagYRes, ratio, 1, uint32(extra + 8)},
		{tagT6Options, long, 1, 0},
		{tagResUnit, short, 1, 2},
		{tagPageNumber, short, 2, uint32(n) | uint32(total)<<16},
		{tagSoftware, ascii, uint32(len(Software) + 1), uint32(extra + 16)},
	}
	slices.SortFunc(fields, func(a, b field) int { return int(a.tag) - int(b.tag) })
	out = binary.LittleEndian.AppendUint16(out, uint16(len(fields)))
	for _, f := range fields {
		out = binary.LittleEndian.AppendUint16(out, f.tag)
		out = binary.LittleEndian.AppendUint16(out, f.kind)
		out = binary.LittleEndian.AppendUint32(out, f.count)
		out = binary.LittleEndian.AppendUint32(out, f.value)
	}
	return binary.LittleEndian.AppendUint32(out, 0)
}
