package direct

import "bytes"

// splitSigned cuts the body of a multipart/signed (RFC 1847 section 2.1) into the exact
// octets of its two parts: the line end before a delimiter belongs to the delimiter, every other octet to the part.
// Preamble and epilogue are passed over.
func splitSigned(body []byte, boundary string) (signed, signature []byte, err error) {
	if boundary == "" || len(boundary) > 200 {
		return nil, nil, fail(ErrMalformed, "multipart/signed", "got a boundary of %d characters, want 1 to 70", len(boundary))
	}
	delimiter := []byte("--" + boundary)
	var parts [][]byte
	start := -1
	for pos := 0; pos < len(body); {
		lineEnd := bytes.IndexByte(body[pos:], '\n')
		next := pos + lineEnd + 1
		if lineEnd < 0 {
			next = len(body)
		}
		line := body[pos:next]
		found, last := isDelimiter(line, delimiter)
		if !found {
			pos = next
			continue
		}
		if start >= 0 {
			parts = append(parts, trimLineEnd(body[start:pos]))
		}
		if start = next; last {
			start = -1
			break
		}
		if len(parts) > 2 {
			break
		}
		pos = next
	}
	if len(parts) == 1 && start >= 0 { // the closing delimiter is missing: the signature still has to hold
		parts = append(parts, body[start:])
	}
	if len(parts) != 2 {
		return nil, nil, fail(ErrMalformed, "multipart/signed", "got %d parts, want 2", len(parts))
	}
	return parts[0], parts[1], nil
}

// isDelimiter reports whether a line is the delimiter, and whether it closes the multipart.
func isDelimiter(line, delimiter []byte) (found, last bool) {
	rest, ok := bytes.CutPrefix(line, delimiter)
	if !ok {
		return false, false
	}
	if after, ok := bytes.CutPrefix(rest, []byte("--")); ok && len(bytes.TrimSpace(after)) == 0 {
		return true, true
	}
	return len(bytes.TrimRight(rest, " \t\r\n")) == 0, false
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
