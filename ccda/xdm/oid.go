package xdm

import (
	"crypto/sha1"
	"encoding/hex"
	"math/big"
	"strings"
)

// OID turns a UUID, with or without urn:uuid:, into an OID below 2.25 (ITU-T X.667), as a submission set's uniqueId
// needs one; empty when s is no UUID.
func OID(s string) string {
	s = strings.ReplaceAll(strings.TrimPrefix(strings.ToLower(strings.TrimSpace(s)), "urn:uuid:"), "-", "")
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 16 {
		return ""
	}
	return "2.25." + new(big.Int).SetBytes(b).String()
}

// NamedOID makes an OID below 2.25 from a name, such as a delivery's identifier: the same name gives the same OID.
func NamedOID(name string) string {
	b := sha1.Sum([]byte("xdm submission set\x00" + name))
	b[6] = b[6]&0x0f | 0x50
	b[8] = b[8]&0x3f | 0x80
	return "2.25." + new(big.Int).SetBytes(b[:16]).String()
}

// CDAUniqueID gives the uniqueId of a CDA document from its id: root^extension, or root alone (ITI TF-3 4.2.3.2.26).
func CDAUniqueID(root, extension string) string {
	if extension == "" {
		return root
	}
	return root + "^" + extension
}
