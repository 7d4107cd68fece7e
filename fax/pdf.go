package fax

import (
	"bytes"
	"sync"
)

const (
	maxPDFObjects  = 400_000
	maxPDFResolve  = 16       // references to references
	maxPDFXrefs    = 1024     // cross-reference sections of one file
	maxPDFUnpacked = 64 << 20 // bytes of all object streams together
	maxPDFContent  = 8 << 20  // bytes of a page's content stream
	maxPDFValues   = 2_000_000
	maxPDFPasses   = 8 // how many times the bytes of a file may be gone through
)

// pdfFile is a file with its cross-reference table.
type pdfFile struct {
	b      []byte
	limits Limits
	xref   map[int]pdfPlace
	root   any
	pages  []pdfPage

	mu       sync.Mutex // guards what follows
	cache    map[int]any
	packs    map[int]*pdfPack
	unpacked int
	nesting  int
	work     int // bytes gone through for objects
	items    int // values that may still be read
}

// pdfPlace is where an object is: at an offset, or number index of the object stream pack.
type pdfPlace struct {
	pack int // object number of the stream, 0: none
	at   int // offset in the file, or index in the stream
}

// pdfPack is an object stream (ISO 32000-1 section 7.5.7), unpacked.
type pdfPack struct {
	b       []byte
	offsets []int
}

func pdfHeader(b []byte) int { return bytes.Index(b[:min(len(b), 1024)], []byte("%PDF-")) }

func openPDF(b []byte, l Limits) (*Document, error) {
	f := &pdfFile{b: b, limits: l, xref: map[int]pdfPlace{}, cache: map[int]any{}, packs: map[int]*pdfPack{}, items: maxPDFValues}
	trailer, err := f.readXrefs()
	if err == nil {
		err = f.openRoot(trailer)
	}
	if err != nil && !isKind(err, Encrypted) && !isKind(err, TooLarge) {
		err = f.rebuild() // the table is wrong or was cut off: look for the objects themselves
	}
	if err != nil {
		return nil, err
	}
	return &Document{Format: PDF, source: f, count: len(f.pages)}, nil
}

// openRoot finds the pages from a trailer dictionary.
func (f *pdfFile) openRoot(trailer pdfDict) error {
	if trailer["Encrypt"] != nil {
		return &Unreadable{Kind: Encrypted, What: "PDF: got an encrypted file, want one without encryption (none is read, not even with an empty password); ask the sender for it"}
	}
	f.root = trailer["Root"]
	catalog, ok := f.resolve(f.root).(pdfDict)
	if !ok {
		return broken("PDF: got no catalogue, want the trailer's Root")
	}
	return f.walkPages(catalog["Pages"])
}

// resolve follows references until there is a value; nil when it does not lead anywhere.
func (f *pdfFile) resolve(v any) any {
	for range maxPDFResolve {
		r, ok := v.(pdfRef)
		if !ok {
			return v
		}
		v = f.object(r.num)
	}
	return nil
}

func (f *pdfFile) intOr(v any, standard int) int {
	if n, ok := f.resolve(v).(int); ok {
		return n
	}
	return standard
}

// object reads object number num.
func (f *pdfFile) object(num int) any {
	if v, ok := f.cache[num]; ok {
		return v
	}
	place, ok := f.xref[num]
	if !ok || f.nesting > maxPDFResolve {
		return nil
	}
	f.nesting++
	defer func() { f.nesting-- }()
	var v any
	if place.pack != 0 {
		v = f.packed(place)
	} else {
		_, v = f.objectAt(place.at)
	}
	f.cache[num] = v
	return v
}

// objectAt reads "num gen obj ..." at an offset. The number is -1 when there is no object.
func (f *pdfFile) objectAt(at int) (num int, v any) {
	if at < 0 || at >= len(f.b) || f.work > maxPDFPasses*len(f.b) {
		return -1, nil
	}
	l := pdfLexer{b: f.b, at: at, left: &f.items}
	defer func() { f.work += l.at - at }()
	n, _ := l.next()
	_, _ = l.next()
	word, _ := l.next()
	num, ok := n.(int)
	if !ok || word != pdfOp("obj") {
		return -1, nil
	}
	v, _ = l.next()
	d, ok := v.(pdfDict)
	if !ok {
		return num, v
	}
	l.space()
	if !l.has("stream") {
		return num, d
	}
	l.at += len("stream")
	if l.at < len(l.b) && l.b[l.at] == '\r' {
		l.at++
	}
	if l.at < len(l.b) && l.b[l.at] == '\n' {
		l.at++
	}
	return num, &pdfStream{dict: d, raw: f.streamBytes(d, l.at)}
}

// streamBytes cuts a stream out by its Length when "endstream" stands there, else by searching for that word.
func (f *pdfFile) streamBytes(d pdfDict, at int) []byte {
	if n := f.intOr(d["Length"], -1); n >= 0 && n <= len(f.b)-at {
		l := pdfLexer{b: f.b, at: at + n}
		for l.at < len(l.b) && isPDFSpace(l.b[l.at]) {
			l.at++
		}
		if l.has("endstream") || l.has("endobj") {
			return f.b[at : at+n]
		}
	}
	end := bytes.Index(f.b[at:], []byte("endstream"))
	if end < 0 {
		f.work += len(f.b) - at
		return f.b[at:]
	}
	f.work += end
	return bytes.TrimSuffix(bytes.TrimSuffix(f.b[at:at+end], []byte("\n")), []byte("\r"))
}

// packed reads an object out of an object stream.
func (f *pdfFile) packed(place pdfPlace) any {
	p := f.pack(place.pack)
	if p == nil || place.at >= len(p.offsets) {
		return nil
	}
	l := pdfLexer{b: p.b, at: p.offsets[place.at], left: &f.items}
	v, _ := l.next()
	return v
}

// pack unpacks object stream num, once.
func (f *pdfFile) pack(num int) *pdfPack {
	if p, ok := f.packs[num]; ok {
		return p
	}
	f.packs[num] = nil
	if f.xref[num].pack != 0 {
		return nil // an object stream inside an object stream is not allowed
	}
	s, ok := f.object(num).(*pdfStream)
	if !ok {
		return nil
	}
	b, filter, _, err := f.unfilter(s, maxPDFUnpacked-f.unpacked)
	if err != nil || filter != "" {
		return nil
	}
	f.unpacked += len(b)
	n, first := f.intOr(s.dict["N"], 0), f.intOr(s.dict["First"], 0)
	p := &pdfPack{b: b}
	l := pdfLexer{b: b}
	for range min(n, maxPDFObjects) {
		_, ok1 := l.next()
		at, ok2 := l.next()
		offset, isInt := at.(int)
		if !ok1 || !ok2 || !isInt || first < 0 || offset < 0 || offset > len(b)-first {
			break
		}
		p.offsets = append(p.offsets, first+offset)
	}
	f.packs[num] = p
	return p
}
