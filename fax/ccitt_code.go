package fax

import "strings"

// The run length codes of ITU-T T.4, tables 2 and 3, and the mode codes of T.4 table 4 and T.6 table 1.
// Each list is in the order of its runs, so that position gives the length.
const (
	whiteTerminating = `00110101 000111 0111 1000 1011 1100 1110 1111 10011 10100 00111 01000 001000 000011 110100 110101
101010 101011 0100111 0001100 0001000 0010111 0000011 0000100 0101000 0101011 0010011 0100100 0011000 00000010 00000011 00011010
00011011 00010010 00010011 00010100 00010101 00010110 00010111 00101000 00101001 00101010 00101011 00101100 00101101 00000100 00000101 00001010
00001011 01010010 01010011 01010100 01010101 00100100 00100101 01011000 01011001 01011010 01011011 01001010 01001011 00110010 00110011 00110100`

	blackTerminating = `0000110111 010 11 10 011 0011 0010 00011 000101 000100 0000100 0000101 0000111 00000100 00000111 000011000
0000010111 0000011000 0000001000 00001100111 00001101000 00001101100 00000110111 00000101000 00000010111 00000011000 000011001010 000011001011 000011001100 000011001101 000001101000 000001101001
000001101010 000001101011 000011010010 000011010011 000011010100 000011010101 000011010110 000011010111 000001101100 000001101101 000011011010 000011011011 000001010100 000001010101 000001010110 000001010111
000001100100 000001100101 000001010010 000001010011 000000100100 000000110111 000000111000 000000100111 000000101000 000001011000 000001011001 000000101011 000000101100 000001011010 000001100110 000001100111`

	whiteMakeUp = `11011 10010 010111 0110111 00110110 00110111 01100100 01100101 01101000 01100111 011001100 011001101 011010010 011010011
011010100 011010101 011010110 011010111 011011000 011011001 011011010 011011011 010011000 010011001 010011010 011000 010011011`

	blackMakeUp = `0000001111 000011001000 000011001001 000001011011 000000110011 000000110100 000000110101 0000001101100 0000001101101 0000001001010 0000001001011 0000001001100 0000001001101 0000001110010
0000001110011 0000001110100 0000001110101 0000001110110 0000001110111 0000001010010 0000001010011 0000001010100 0000001010101 0000001011010 0000001011011 0000001100100 0000001100101`

	// extendedMakeUp continues both colours from 1792 to 2560.
	extendedMakeUp = `00000001000 00000001100 00000001101 000000010010 000000010011 000000010100 000000010101 000000010110 000000010111 000000011100 000000011101 000000011110 000000011111`
)

// Modes of two-dimensional coding. The vertical modes are modeV0 + delta, delta from -3 to 3.
const (
	modeBad  = 0
	modePass = 1
	modeHor  = 2
	modeV0   = 8
)

const modeCodes = "0001 001 0000010 000010 010 1 011 000011 0000011"

// codeBits is the length of the longest run length code.
const codeBits = 13

// modeBits is the length of the longest mode code we know (extensions are not used by fax machines).
const modeBits = 7

// code is one entry of a decoding table: the value and how many bits it took; 0 bits mean no code begins so.
type code struct {
	value int16
	bits  uint8
}

// word is one entry of an encoding table: the code right-aligned and its length.
type word struct {
	code uint16
	bits uint8
}

// ccittTables are made once and never written again.
type ccittTables struct {
	runs      [2][1 << codeBits]code // by colour: 0 white, 1 black
	modes     [1 << modeBits]code
	terminate [2][64]word
	makeUp    [2][41]word // index n stands for a run of 64*n; 0 is unused
}

var ccitt = newCCITTTables()

func newCCITTTables() *ccittTables {
	t := new(ccittTables)
	for colour, lists := range [2][2]string{{whiteTerminating, whiteMakeUp}, {blackTerminating, blackMakeUp}} {
		for n, s := range strings.Fields(lists[0]) {
			t.terminate[colour][n] = addCode(t.runs[colour][:], codeBits, s, int16(n))
		}
		for n, s := range strings.Fields(lists[1] + " " + extendedMakeUp) {
			t.makeUp[colour][n+1] = addCode(t.runs[colour][:], codeBits, s, int16(64*(n+1)))
		}
	}
	for n, s := range strings.Fields(modeCodes) {
		value := int16(modePass + n)
		if n >= 2 {
			value = int16(modeV0 + n - 5)
		}
		addCode(t.modes[:], modeBits, s, value)
	}
	return t
}

// addCode enters one code under every index of size bits that begins with it.
func addCode(table []code, size int, s string, value int16) word {
	var v int
	for _, c := range s {
		v = v<<1 | int(c-'0')
	}
	free := size - len(s)
	for i := range 1 << free {
		table[v<<free|i] = code{value: value, bits: uint8(len(s))}
	}
	return word{code: uint16(v), bits: uint8(len(s))}
}
