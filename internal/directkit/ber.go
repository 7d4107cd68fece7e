package directkit

import (
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// berDepth is how deep Indefinite goes: as deep as streaming writers do, so that certificates keep their DER.
const berDepth = 5

// piece is how long the parts of a divided octet string are.
const piece = 1000

// Indefinite rewrites DER as streaming writers send it: outer elements with indefinite lengths, long octet strings, also an
// encrypted content, in pieces.
func Indefinite(der []byte) []byte { return indefinite(der, 0) }

func indefinite(der []byte, depth int) (out []byte) {
	for s := cryptobyte.String(der); !s.Empty(); {
		var element, body cryptobyte.String
		var tag cbasn1.Tag
		if !s.ReadAnyASN1Element(&element, &tag) {
			return der
		}
		whole := element
		if !element.ReadAnyASN1(&body, &tag) {
			return der
		}
		long := len(body) > piece
		switch {
		case depth < berDepth && tag&0x20 != 0:
			out = append(append(append(out, byte(tag), 0x80), indefinite(body, depth+1)...), 0, 0)
		case depth < berDepth+2 && long && (tag == cbasn1.OCTET_STRING || tag == cbasn1.Tag(0).ContextSpecific()):
			out = append(out, byte(tag)|0x20, 0x80)
			for len(body) > 0 {
				n := min(piece, len(body))
				out = append(out, wrap(byte(cbasn1.OCTET_STRING), body[:n])...)
				body = body[n:]
			}
			out = append(out, 0, 0)
		default:
			out = append(out, whole...)
		}
	}
	return out
}
