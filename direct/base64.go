package direct

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
)

// A line of 76 letters holds 57 octets (RFC 2045 section 6.8).
const (
	lineOctets  = 57
	lineLetters = 76
)

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// pairs holds the two letters of every 12 bits, the first one in the low octet.
var pairs = func() (t [4096]uint16) {
	for i := range t {
		t[i] = uint16(alphabet[i>>6]) | uint16(alphabet[i&63])<<8
	}
	return t
}()

// places holds what each letter means at each of the four places of a quantum; a value of badLetter and more is no letter.
var places = func() (t [4][256]uint32) {
	for p := range t {
		for i := range t[p] {
			t[p][i] = badLetter
		}
		for v := range uint32(len(alphabet)) {
			t[p][alphabet[v]] = v << (18 - 6*p)
		}
	}
	return t
}()

const badLetter = 1 << 24

// base64Size is how many octets appendBase64 adds for n octets, at most.
func base64Size(n int) int { return (n/lineOctets + 1) * (lineLetters + 2) }

// appendBase64 writes lines of 76 letters, each with CRLF. Mail is mostly base64, twice over, so this is a third of what making it
// costs besides the private key; hence six octets at a time.
func appendBase64(out, body []byte) []byte {
	out = slices.Grow(out, base64Size(len(body)))
	for len(body) >= lineOctets+8 { // eight octets are loaded for six
		n := len(out)
		out = out[:n+lineLetters+2]
		line := out[n : n+lineLetters+2 : n+lineLetters+2]
		for i, o := 0, 0; i < lineOctets-3; i, o = i+6, o+8 {
			v := binary.BigEndian.Uint64(body[i:])
			binary.LittleEndian.PutUint64(line[o:], uint64(pairs[v>>52])|uint64(pairs[v>>40&0xfff])<<16|uint64(pairs[v>>28&0xfff])<<32|uint64(pairs[v>>16&0xfff])<<48)
		}
		last := binary.BigEndian.Uint32(body[lineOctets-3:])
		binary.LittleEndian.PutUint32(line[lineLetters-4:], uint32(pairs[last>>20])|uint32(pairs[last>>8&0xfff])<<16)
		line[lineLetters], line[lineLetters+1] = '\r', '\n'
		body = body[lineOctets:]
	}
	for len(body) > 0 {
		n := min(lineOctets, len(body))
		out = append(base64.StdEncoding.AppendEncode(out, body[:n]), '\r', '\n')
		body = body[n:]
	}
	return out
}

// decodeBase64 decodes body into memory of its own; white space of any kind is passed over.
func decodeBase64(body []byte) ([]byte, error) {
	out := make([]byte, len(body)/4*3+slack)
	n, ok := unpackBase64(out, body)
	if !ok {
		return nil, fail(ErrMalformed, "base64 body", "of %d bytes", len(body))
	}
	return out[:n], nil
}

// slack is how much longer than its result the memory is that unpackBase64 writes to: it stores eight octets for six.
const slack = 8

// unpackBase64 decodes into out, which holds three octets for each four letters, and slack, or is in itself.
func unpackBase64(out, in []byte) (n int, ok bool) {
	p0, p1, p2, p3 := &places[0], &places[1], &places[2], &places[3]
	for len(in) >= 4 {
		for len(in) >= lineLetters+2 && in[lineLetters] == '\r' && in[lineLetters+1] == '\n' && n+lineOctets+slack <= len(out) {
			if !unpackLine(out[n:n+lineOctets+slack], in[:lineLetters]) {
				break // white space inside, the end, or no base64
			}
			in, n = in[lineLetters+2:], n+lineOctets
		}
		for len(in) >= 8 && n+slack <= len(out) {
			v := p0[in[0]] | p1[in[1]] | p2[in[2]] | p3[in[3]]
			u := p0[in[4]] | p1[in[5]] | p2[in[6]] | p3[in[7]]
			if v|u >= badLetter {
				break
			}
			binary.BigEndian.PutUint64(out[n:], uint64(v)<<40|uint64(u)<<16)
			in, n = in[8:], n+6
		}
		if len(in) < 4 {
			break
		}
		v := places[0][in[0]] | places[1][in[1]] | places[2][in[2]] | places[3][in[3]]
		if v < badLetter && n+3 <= len(out) {
			out[n], out[n+1], out[n+2] = byte(v>>16), byte(v>>8), byte(v)
			in, n = in[4:], n+3
			continue
		}
		if space(in[0]) {
			in = in[1:]
			continue
		}
		rest, more, end, good := quantum(out[n:], in)
		if n += more; !good || end {
			return n, good && blank(rest)
		}
		in = rest
	}
	if blank(in) {
		return n, true
	}
	rest, more, _, good := quantum(out[n:], in)
	return n + more, good && blank(rest)
}

// unpackLine decodes a whole line; false when there is anything but letters, which the caller then looks at one by one.
func unpackLine(out, in []byte) bool {
	p0, p1, p2, p3 := &places[0], &places[1], &places[2], &places[3]
	out, in = out[:lineOctets+slack], in[:lineLetters]
	var all uint32
	for i, o := 0, 0; i < lineLetters-4; i, o = i+8, o+6 {
		v := p0[in[i]] | p1[in[i+1]] | p2[in[i+2]] | p3[in[i+3]]
		u := p0[in[i+4]] | p1[in[i+5]] | p2[in[i+6]] | p3[in[i+7]]
		all |= v | u
		binary.BigEndian.PutUint64(out[o:], uint64(v)<<40|uint64(u)<<16)
	}
	v := p0[in[lineLetters-4]] | p1[in[lineLetters-3]] | p2[in[lineLetters-2]] | p3[in[lineLetters-1]]
	binary.BigEndian.PutUint32(out[lineOctets-3:], v<<8)
	return all|v < badLetter
}

// quantum decodes four letters with white space between them, or the last ones with their padding.
func quantum(out, in []byte) (rest []byte, n int, end, ok bool) {
	var four [4]byte
	have := 0
	for len(in) > 0 && have < len(four) {
		if c := in[0]; !space(c) {
			four[have] = c
			have++
		}
		in = in[1:]
	}
	if have < len(four) {
		return nil, 0, true, have == 0
	}
	n, err := base64.StdEncoding.Decode(out, four[:])
	return in, n, four[3] == '=', err == nil
}

func space(c byte) bool { return c == '\n' || c == '\r' || c == ' ' || c == '\t' }

func blank(b []byte) bool {
	for _, c := range b {
		if !space(c) {
			return false
		}
	}
	return true
}
