package direct

import (
	"bytes"
	"iter"
)

// maxBoundary is the longest boundary taken; RFC 2046 section 5.1.1 allows 70 characters.
const maxBoundary = 200

// splitSigned cuts the body of a multipart/signed (RFC 1847 section 2.1) into the exact
// octets of its two parts. Preamble and epilogue are passed over; when the closing delimiter is missing the signature
// still has to hold.
func splitSigned(body []byte, boundary string) (signed, signature []byte, err error) {
	if boundary == "" || len(boundary) > maxBoundary {
		return nil, nil, fail(ErrMalformed, "multipart/signed", "got a boundary of %d characters, want 1 to 70", len(boundary))
	}
	var parts [][]byte
	for p, closed := range split(body, boundary) {
		if closed || len(parts) == 1 {
			parts = append(parts, p)
		}
		if len(parts) > 2 {
			break
		}
	}
	if len(parts) != 2 {
		return nil, nil, fail(ErrMalformed, "multipart/signed", "got %d parts, want 2", len(parts))
	}
	return parts[0], parts[1], nil
}

// split yields the exact octets of each part of a multipart body: the line end before a delimiter belongs to the delimiter, every
// other octet to the part. closed is false for the last one of a body whose closing delimiter is missing.
func split(body []byte, boundary string) iter.Seq2[[]byte, bool] {
	return func(yield func([]byte, bool) bool) {
		start := -1
		for pos := 0; pos < len(body); {
			at, next, last := delimiter(body, pos, boundary)
			if at < 0 {
				break
			}
			if start >= 0 && !yield(trimLineEnd(body[start:at]), true) {
				return
			}
			if last {
				return
			}
			start, pos = next, next
		}
		if start >= 0 {
			yield(body[start:], false)
		}
	}
}

// delimiter finds the next delimiter line from pos on: where it begins, where the line after it does, and whether it closes the multipart.
func delimiter(body []byte, pos int, boundary string) (at, next int, last bool) {
	mark := []byte("--" + boundary)
	for pos < len(body) {
		i := bytes.Index(body[pos:], mark)
		if i < 0 {
			return -1, 0, false
		}
		at = pos + i
		next = len(body)
		if n := bytes.IndexByte(body[at:], '\n'); n >= 0 {
			next = at + n + 1
		}
		rest := body[at+len(mark) : max(next, at+len(mark))]
		if at == 0 || body[at-1] == '\n' {
			if after, ok := bytes.CutPrefix(rest, []byte("--")); ok && blank(after) {
				return at, next, true
			}
			if blank(rest) {
				return at, next, false
			}
		}
		pos = at + 1
	}
	return -1, 0, false
}

func trimLineEnd(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte{'\n'})
	return bytes.TrimSuffix(b, []byte{'\r'})
}

// toCRLF makes every line end CRLF.
func toCRLF(b []byte) []byte {
	out := make([]byte, 0, len(b)+len(b)/40)
	for i, c := range b {
		if c == '\n' && (i == 0 || b[i-1] != '\r') {
			out = append(out, '\r')
		}
		out = append(out, c)
	}
	return out
}
