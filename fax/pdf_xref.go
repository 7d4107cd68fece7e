package fax

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strconv"
)

func isKind(err error, kind string) bool {
	var u *Unreadable
	return errors.As(err, &u) && u.Kind == kind
}

// readXrefs reads the chain of cross-reference tables and streams from the end of the file (ISO 32000-1 section 7.5.4 to
// 7.5.8) and returns the newest trailer.
func (f *pdfFile) readXrefs() (pdfDict, error) {
	tail := f.b[max(0, len(f.b)-2048):]
	i := bytes.LastIndex(tail, []byte("startxref"))
	if i < 0 {
		return nil, broken("PDF: got no startxref, want one at the end")
	}
	l := pdfLexer{b: tail, at: i + len("startxref")}
	v, _ := l.next()
	at, ok := v.(int)
	if !ok {
		return nil, broken("PDF: got no number after startxref, want an offset")
	}
	var trailer pdfDict
	todo := []int{at}
	seen := map[int]bool{}
	for len(todo) > 0 {
		at, todo = todo[0], todo[1:]
		if seen[at] || len(seen) > maxPDFXrefs {
			continue
		}
		seen[at] = true
		d, err := f.readXref(at)
		if err != nil {
			return nil, err
		}
		if trailer == nil {
			trailer = d
		}
		if d["Encrypt"] != nil {
			trailer["Encrypt"] = d["Encrypt"]
		}
		for _, key := range []pdfName{"XRefStm", "Prev"} {
			if next, ok := d[key].(int); ok {
				todo = append(todo, next)
			}
		}
	}
	return trailer, nil
}

func (f *pdfFile) readXref(at int) (pdfDict, error) {
	if at < 0 || at >= len(f.b) {
		return nil, broken("PDF: got a cross-reference offset outside the file, want 0 to %d", len(f.b))
	}
	l := pdfLexer{b: f.b, at: at}
	l.space()
	if l.has("xref") {
		l.at += len("xref")
		return f.readTable(&l)
	}
	_, v := f.objectAt(at)
	s, ok := v.(*pdfStream)
	if !ok || s.dict["Type"] != pdfName("XRef") {
		return nil, broken("PDF: got no cross-reference section at its offset, want a table or stream")
	}
	return s.dict, f.readXrefStream(s)
}

// readTable reads subsections until the trailer. An entry found first, in a newer section, wins.
func (f *pdfFile) readTable(l *pdfLexer) (pdfDict, error) {
	for {
		v, ok := l.next()
		if v == pdfOp("trailer") {
			t, _ := l.next()
			d, isDict := t.(pdfDict)
			if !isDict {
				return nil, broken("PDF: got no dictionary after trailer, want one")
			}
			return d, nil
		}
		first, isInt := v.(int)
		n, _ := l.next()
		count, isCount := n.(int)
		if !ok || !isInt || !isCount || first < 0 || count < 0 {
			return nil, broken("PDF: got a malformed cross-reference table, want subsections and a trailer")
		}
		for i := range count {
			at, _ := l.next()
			_, _ = l.next()
			kind, ok := l.next()
			offset, isOffset := at.(int)
			if !ok || !isOffset {
				return nil, broken("PDF: got a malformed cross-reference entry, want offset, generation and kind")
			}
			if kind == pdfOp("n") {
				if err := f.place(first+i, pdfPlace{at: offset}); err != nil {
					return nil, err
				}
			}
		}
	}
}

func (f *pdfFile) place(num int, p pdfPlace) error {
	if _, known := f.xref[num]; known {
		return nil
	}
	if len(f.xref) >= maxPDFObjects {
		return tooLarge("PDF: got more than %d objects, want at most that", maxPDFObjects)
	}
	f.xref[num] = p
	return nil
}

func (f *pdfFile) readXrefStream(s *pdfStream) error {
	b, filter, _, err := f.unfilter(s, maxPDFContent)
	if err != nil {
		return err
	}
	widths, _ := s.dict["W"].([]any)
	var w [3]int
	for i := range min(3, len(widths)) {
		w[i], _ = widths[i].(int)
		if w[i] < 0 || w[i] > 8 {
			return broken("PDF: got a field of %d bytes in a cross-reference stream, want 0 to 8", w[i])
		}
	}
	size := w[0] + w[1] + w[2]
	if filter != "" || len(widths) < 3 || size == 0 {
		return broken("PDF: got a malformed cross-reference stream, want fields W")
	}
	index, ok := s.dict["Index"].([]any)
	if !ok {
		index = []any{0, f.intOr(s.dict["Size"], 0)}
	}
	for ; len(index) >= 2; index = index[2:] {
		first, _ := index[0].(int)
		count, _ := index[1].(int)
		for i := 0; i < count && len(b) >= size; i, b = i+1, b[size:] {
			kind := 1
			if w[0] > 0 {
				kind = bigEndian(b[:w[0]])
			}
			second, third := bigEndian(b[w[0]:w[0]+w[1]]), bigEndian(b[w[0]+w[1]:size])
			p := pdfPlace{at: second}
			if kind == 2 {
				p = pdfPlace{pack: second, at: third}
			}
			if kind != 1 && kind != 2 || p.at < 0 || p.pack < 0 {
				continue
			}
			if err := f.place(first+i, p); err != nil {
				return err
			}
		}
	}
	return nil
}

func bigEndian(b []byte) int {
	n := 0
	for _, c := range b {
		n = n<<8 | int(c)
	}
	return n
}

// objectStart looks for the next "num gen obj" from at on: where it begins, its number, and where the word ends; -1 when there is none.
func objectStart(b []byte, at int) (start, num, end int) {
	for at < len(b) {
		i := bytes.Index(b[at:], []byte("obj"))
		if i < 0 {
			break
		}
		word := at + i
		at = word + len("obj")
		p, ok := spaceBefore(b, word)
		if !ok {
			continue // endobj
		}
		if p, _, ok = numberBefore(b, p); !ok {
			continue
		}
		if p, ok = spaceBefore(b, p); !ok {
			continue
		}
		if p, num, ok = numberBefore(b, p); ok {
			return p, num, at
		}
	}
	return -1, 0, len(b)
}

// maxGap bounds the white space between the words of an object's beginning.
const maxGap = 16

func spaceBefore(b []byte, p int) (int, bool) {
	from := p
	for p > 0 && from-p < maxGap && isPDFSpace(b[p-1]) {
		p--
	}
	return p, p < from
}

func numberBefore(b []byte, p int) (start, n int, ok bool) {
	start = p
	for start > 0 && p-start < 9 && b[start-1] >= '0' && b[start-1] <= '9' {
		start--
	}
	n, err := strconv.Atoi(string(b[start:p]))
	return start, n, err == nil
}

// rebuild makes the cross-reference table from the objects that stand in the file, the last of a number counting.
func (f *pdfFile) rebuild() error {
	f.xref, f.cache, f.packs = map[int]pdfPlace{}, map[int]any{}, map[int]*pdfPack{}
	f.pages, f.unpacked, f.work, f.items = nil, 0, 0, maxPDFValues
	for at := 0; len(f.xref) < maxPDFObjects; {
		start, num, end := objectStart(f.b, at)
		if start < 0 {
			break
		}
		if num > 0 {
			f.xref[num] = pdfPlace{at: start}
		}
		at = end
	}
	trailer := pdfDict{}
	for at := 0; ; {
		i := bytes.Index(f.b[at:], []byte("trailer"))
		if i < 0 {
			break
		}
		at += i + len("trailer")
		l := pdfLexer{b: f.b, at: at}
		v, _ := l.next()
		mergeTrailer(trailer, v)
		at = max(at, min(l.at, len(f.b)))
	}
	f.rebuildPacks(trailer)
	if trailer["Encrypt"] == nil && trailer["Root"] == nil {
		for _, num := range slices.Sorted(maps.Keys(f.xref)) { // the last one counts, as with everything that is looked for
			if d, ok := f.object(num).(pdfDict); ok && d["Type"] == pdfName("Catalog") {
				trailer["Root"] = pdfRef{num: num}
			}
		}
	}
	return f.openRoot(trailer)
}

// rebuildPacks enters the objects of object streams and what cross-reference streams say of the trailer.
func (f *pdfFile) rebuildPacks(trailer pdfDict) {
	var streams []int
	inFile := slices.SortedFunc(maps.Keys(f.xref), func(a, b int) int { return f.xref[a].at - f.xref[b].at })
	for _, num := range inFile {
		_, v := f.objectAt(f.xref[num].at)
		if s, ok := v.(*pdfStream); ok {
			switch s.dict["Type"] {
			case pdfName("XRef"):
				mergeTrailer(trailer, s.dict)
			case pdfName("ObjStm"):
				streams = append(streams, num)
			}
		}
	}
	for _, num := range slices.Backward(streams) { // the newest first
		p := f.pack(num)
		if p == nil {
			continue
		}
		l := pdfLexer{b: p.b}
		for i := range p.offsets {
			v, _ := l.next()
			_, _ = l.next()
			if n, ok := v.(int); ok && len(f.xref) < maxPDFObjects {
				if _, known := f.xref[n]; !known {
					f.xref[n] = pdfPlace{pack: num, at: i}
				}
			}
		}
	}
}

func mergeTrailer(into pdfDict, v any) {
	d, _ := v.(pdfDict)
	for _, key := range []pdfName{"Root", "Encrypt"} {
		if d[key] != nil {
			into[key] = d[key]
		}
	}
}
