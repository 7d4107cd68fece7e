package fax

import (
	"encoding/binary"
	"math"
	"strings"
)

// TIFF tags that matter here (TIFF 6.0; RFC 2306; RFC 3949).
const (
	tagSubfile       = 254
	tagWidth         = 256
	tagLength        = 257
	tagBitsPerSample = 258
	tagCompression   = 259
	tagPhotometric   = 262
	tagFillOrder     = 266
	tagDescription   = 270
	tagStripOffsets  = 273
	tagOrientation   = 274
	tagSamples       = 277
	tagRowsPerStrip  = 278
	tagStripCounts   = 279
	tagXRes          = 282
	tagYRes          = 283
	tagPlanar        = 284
	tagT4Options     = 292
	tagT6Options     = 293
	tagResUnit       = 296
	tagPageNumber    = 297
	tagSoftware      = 305
	tagPredictor     = 317
	tagTileWidth     = 322
	tagBadLines      = 326
	tagCleanData     = 327
	tagBadRun        = 328
	tagJPEGTables    = 347
)

// limits of one IFD; a fax page has some twenty entries and at most one strip a row.
const (
	maxEntries = 512
	maxStrips  = 32_768
)

// tiffFile is the IFD chain of a file.
type tiffFile struct {
	b      []byte
	order  binary.ByteOrder
	limits Limits
	pages  []ifd
}

// ifd holds the entries of one page by tag: the type, the count and where the values are.
type ifd map[uint16]entry

type entry struct {
	kind  uint16
	count uint32
	at    int // offset of the first value, checked to lie inside the file with all its values
}

func isTIFF(b []byte) bool {
	return len(b) >= 8 && (string(b[:4]) == "II*\x00" || string(b[:4]) == "MM\x00*" || string(b[:4]) == "II+\x00" || string(b[:4]) == "MM\x00+")
}

// openTIFF walks the IFD chain. A chain that ends in a loop or outside the file is cut there when a page was found before:
// that is what a half-received fax looks like.
func openTIFF(b []byte, l Limits) (*Document, error) {
	t := &tiffFile{b: b, order: binary.LittleEndian, limits: l}
	if b[0] == 'M' {
		t.order = binary.BigEndian
	}
	if b[2] == '+' || b[3] == '+' {
		return nil, unsupported("TIFF: got a BigTIFF file, want a classic one")
	}
	seen := map[uint32]bool{}
	for at := t.order.Uint32(b[4:]); at != 0; {
		if seen[at] {
			break
		}
		seen[at] = true
		d, next, ok := t.readIFD(at)
		if !ok {
			break
		}
		if _, image := d[tagStripOffsets]; image && t.first(d, tagSubfile, 0)&1 == 0 { // bit 0: a thumbnail of another page
			if len(t.pages) >= l.Pages {
				return nil, tooLarge("TIFF: got more than %d pages, want at most that", l.Pages)
			}
			t.pages = append(t.pages, d)
		} else if _, tiled := d[tagTileWidth]; tiled {
			return nil, unsupported("TIFF page %d: got tiles, want strips", len(t.pages)+1)
		}
		if len(seen) > 2*l.Pages {
			return nil, tooLarge("TIFF: got more than %d directories, want at most that", 2*l.Pages)
		}
		at = next
	}
	if len(t.pages) == 0 {
		return nil, broken("TIFF: got no directory with an image, want at least one")
	}
	if err := t.checkStored(); err != nil {
		return nil, err
	}
	d := &Document{Format: TIFF, source: t, count: len(t.pages)}
	d.Station = t.text(t.pages[0], tagDescription)
	return d, nil
}

// checkStored refuses files whose pages together claim much more data than there is: strips that overlap would make a small file cost
// hours. A page without byte counts claims the rest of the file.
func (t *tiffFile) checkStored() error {
	total := 0
	for _, d := range t.pages {
		offsets, counts := d[tagStripOffsets], d[tagStripCounts]
		for i := range int(min(offsets.count, maxStrips)) {
			n := max(0, len(t.b)-int(t.value(offsets, i)))
			if i < int(counts.count) {
				if c := int(t.value(counts, i)); c > 0 {
					n = min(n, c)
				}
			}
			total += n
		}
		if total > maxStored*len(t.b) {
			return broken("TIFF: got strips that overlap, want each byte used once")
		}
	}
	return nil
}

// maxStored is how many times its own size the pages of a file may claim.
const maxStored = 4

var typeSize = [...]int{1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}

func (t *tiffFile) readIFD(at uint32) (ifd, uint32, bool) {
	b := t.b
	if uint64(at)+2 > uint64(len(b)) {
		return nil, 0, false
	}
	n, p := int(t.order.Uint16(b[at:])), int(at)+2
	if n == 0 || n > maxEntries || p+12*n > len(b) {
		return nil, 0, false
	}
	d := make(ifd, n)
	for i := range n {
		e := b[p+12*i : p+12*i+12]
		kind, count := t.order.Uint16(e[2:]), t.order.Uint32(e[4:])
		if int(kind) >= len(typeSize) || typeSize[kind] == 0 || count == 0 {
			continue
		}
		size, where := uint64(count)*uint64(typeSize[kind]), uint64(p+12*i+8)
		if size > 4 {
			where = uint64(t.order.Uint32(e[8:]))
		}
		if where+size > uint64(len(b)) {
			continue // the page is judged without it
		}
		d[t.order.Uint16(e)] = entry{kind: kind, count: count, at: int(where)}
	}
	next := uint32(0)
	if p+12*n+4 <= len(b) {
		next = t.order.Uint32(b[p+12*n:])
	}
	return d, next, true
}

// value is the i-th whole number of an entry of type BYTE, SHORT or LONG.
func (t *tiffFile) value(e entry, i int) uint32 {
	switch e.kind {
	case 1, 7:
		return uint32(t.b[e.at+i])
	case 3:
		return uint32(t.order.Uint16(t.b[e.at+2*i:]))
	case 4, 13:
		return t.order.Uint32(t.b[e.at+4*i:])
	}
	return 0
}

// first is the first value of a tag, or the standard's default.
func (t *tiffFile) first(d ifd, tag uint16, standard uint32) uint32 {
	e, ok := d[tag]
	if !ok {
		return standard
	}
	return t.value(e, 0)
}

// ratio is the value of a RATIONAL (some writers use SHORT), 0 when it is none.
func (t *tiffFile) ratio(d ifd, tag uint16) float64 {
	e, ok := d[tag]
	if !ok {
		return 0
	}
	if e.kind != 5 && e.kind != 11 {
		return float64(t.value(e, 0))
	}
	if e.kind == 11 {
		v := float64(math.Float32frombits(t.order.Uint32(t.b[e.at:])))
		if v > 0 && v < 1e6 {
			return v
		}
		return 0
	}
	den := t.order.Uint32(t.b[e.at+4:])
	if den == 0 {
		return 0
	}
	return float64(t.order.Uint32(t.b[e.at:])) / float64(den)
}

// maxText bounds what is kept of a text tag.
const maxText = 128

// text is an ASCII tag without control characters.
func (t *tiffFile) text(d ifd, tag uint16) string {
	e, ok := d[tag]
	if !ok || e.kind != 2 {
		return ""
	}
	return printable(t.b[e.at : e.at+min(int(e.count), maxText)])
}

func printable(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		if c == 0 {
			break
		}
		if c >= ' ' && c < 0x7f {
			s.WriteByte(c)
		}
	}
	return strings.TrimSpace(s.String())
}

// resolution is in dots per inch, 0 when the file does not say.
func (t *tiffFile) resolution(d ifd) (x, y float64) {
	x, y = t.ratio(d, tagXRes), t.ratio(d, tagYRes)
	switch t.first(d, tagResUnit, 2) {
	case 2:
		return x, y
	case 3:
		return x * 2.54, y * 2.54
	}
	return 0, 0
}
