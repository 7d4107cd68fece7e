package cms

import (
	"bytes"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// setOf returns the elements in body as the DER of a SET OF, sorted as X.690 section 11.6 asks.
// What is not a run of elements comes back as an empty set.
func setOf(body cryptobyte.String) []byte {
	var parts [][]byte
	for !body.Empty() {
		var element cryptobyte.String
		var tag cbasn1.Tag
		if !body.ReadAnyASN1Element(&element, &tag) {
			return []byte{byte(cbasn1.SET), 0}
		}
		parts = append(parts, element)
	}
	slices.SortFunc(parts, bytes.Compare)
	return wrapSet(bytes.Join(parts, nil))
}

// wrapSet puts body, as it is, under a SET tag.
func wrapSet(body []byte) []byte {
	out := make([]byte, 0, len(body)+6)
	out = append(out, byte(cbasn1.SET))
	out = appendLength(out, len(body))
	return append(out, body...)
}
