package fax

import (
	"bytes"
	stdlzw "compress/lzw"
	"compress/zlib"
	"encoding/ascii85"
	"io"

	"golang.org/x/image/tiff/lzw"
)

const maxPDFFilters = 8

// filters lists a stream's filters with their parameters (ISO 32000-1 section 7.3.8.2).
func (f *pdfFile) filters(d pdfDict) ([]pdfName, []pdfDict) {
	var names []pdfName
	switch v := f.resolve(d["Filter"]).(type) {
	case pdfName:
		names = []pdfName{v}
	case []any:
		for _, e := range v {
			n, _ := f.resolve(e).(pdfName)
			names = append(names, n)
		}
	}
	parms := make([]pdfDict, len(names))
	switch v := f.resolve(d["DecodeParms"]).(type) {
	case pdfDict:
		if len(parms) > 0 {
			parms[0] = v
		}
	case []any:
		for i := range min(len(v), len(parms)) {
			parms[i], _ = f.resolve(v[i]).(pdfDict)
		}
	}
	return names, parms
}

// unfilter undoes the filters of a stream up to one that codes an image, whose name and parameters it returns.
// The result has at most limit bytes.
func (f *pdfFile) unfilter(s *pdfStream, limit int) ([]byte, pdfName, pdfDict, error) {
	names, parms := f.filters(s.dict)
	if len(names) > maxPDFFilters {
		return nil, "", nil, tooLarge("PDF stream: got %d filters, want at most %d", len(names), maxPDFFilters)
	}
	b := s.raw
	for i, name := range names {
		var err error
		switch name {
		case "FlateDecode", "Fl":
			b, err = f.inflate(b, parms[i], limit)
		case "LZWDecode", "LZW":
			b, err = f.unLZW(b, parms[i], limit)
		case "ASCIIHexDecode", "AHx":
			b = unHex(b)
		case "ASCII85Decode", "A85":
			b = un85(b)
		case "RunLengthDecode", "RL":
			b = packBits(b, limit+1) // the same coding; 128 ends it and is skipped there
		case "CCITTFaxDecode", "CCF", "DCTDecode", "DCT", "JBIG2Decode", "JPXDecode":
			if i != len(names)-1 {
				return nil, "", nil, unsupported("PDF stream: got a filter behind an image filter, want none")
			}
			return b, name, parms[i], nil
		default:
			return nil, "", nil, unsupported("PDF stream: got an unknown filter, want one of ISO 32000-1 table 6")
		}
		if err != nil {
			return nil, "", nil, err
		}
		if len(b) > limit {
			return nil, "", nil, tooLarge("PDF stream: got more than %d bytes after decompression, want at most that", limit)
		}
	}
	return b, "", nil, nil
}

// inflate undoes Flate. A stream that breaks off gives what was there.
func (f *pdfFile) inflate(b []byte, parms pdfDict, limit int) ([]byte, error) {
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, broken("PDF stream: Flate header: %v", err)
	}
	return f.predict(readSome(z, limit+1), parms, limit)
}

func (f *pdfFile) unLZW(b []byte, parms pdfDict, limit int) ([]byte, error) {
	early := 1
	if v, ok := f.resolve(parms["EarlyChange"]).(int); ok {
		early = v
	}
	var r io.ReadCloser
	if early == 1 {
		r = lzw.NewReader(bytes.NewReader(b), lzw.MSB, 8)
	} else {
		r = stdlzw.NewReader(bytes.NewReader(b), stdlzw.MSB, 8)
	}
	return f.predict(readSome(r, limit+1), parms, limit)
}

// predict undoes the PNG and TIFF predictors (ISO 32000-1 section 7.4.4.4).
func (f *pdfFile) predict(b []byte, parms pdfDict, limit int) ([]byte, error) {
	kind := f.intOr(parms["Predictor"], 1)
	if kind <= 1 || len(b) > limit {
		return b, nil
	}
	colours, depth, columns := f.intOr(parms["Colors"], 1), f.intOr(parms["BitsPerComponent"], 8), f.intOr(parms["Columns"], 1)
	if colours < 1 || colours > 32 || depth < 1 || depth > 16 || columns < 1 || columns > 1<<20 {
		return nil, broken("PDF stream: got predictor parameters out of range, want ISO 32000-1 table 8")
	}
	pixel, stride := max(1, colours*depth/8), (colours*depth*columns+7)/8
	if kind == 2 {
		if depth != 8 {
			return nil, unsupported("PDF stream: got a TIFF predictor with %d bits, want 8", depth)
		}
		for row := 0; row+stride <= len(b); row += stride {
			for i := row + pixel; i < row+stride; i++ {
				b[i] += b[i-pixel]
			}
		}
		return b, nil
	}
	out := make([]byte, 0, len(b))
	prev := make([]byte, stride)
	for len(b) > 1 {
		row := make([]byte, stride)
		n := copy(row, b[1:])
		unPNG(b[0], row, prev, pixel)
		out = append(out, row[:n]...)
		prev, b = row, b[1+n:]
	}
	return out, nil
}

// unPNG undoes one row's filter (PNG section 9).
func unPNG(kind byte, row, prev []byte, pixel int) {
	for i := range row {
		var left, corner byte
		if i >= pixel {
			left, corner = row[i-pixel], prev[i-pixel]
		}
		switch kind {
		case 1:
			row[i] += left
		case 2:
			row[i] += prev[i]
		case 3:
			row[i] += byte((int(left) + int(prev[i])) / 2)
		case 4:
			row[i] += paeth(left, prev[i], corner)
		}
	}
}

func paeth(a, b, c byte) byte {
	p := int(a) + int(b) - int(c)
	da, db, dc := abs(p-int(a)), abs(p-int(b)), abs(p-int(c))
	switch {
	case da <= db && da <= dc:
		return a
	case db <= dc:
		return b
	}
	return c
}

func abs(n int) int { return max(n, -n) }

func unHex(b []byte) []byte {
	l := pdfLexer{b: append([]byte{'<'}, b...)}
	return []byte(l.hex())
}

func un85(b []byte) []byte {
	b = bytes.TrimPrefix(bytes.TrimSpace(b), []byte("<~"))
	if i := bytes.IndexByte(b, '~'); i >= 0 {
		b = b[:i]
	}
	out := make([]byte, len(b)*4/5+len(b)+4) // z stands for four zeros
	n, _, err := ascii85.Decode(out, b, true)
	if err != nil && n == 0 {
		return nil
	}
	return out[:n]
}
