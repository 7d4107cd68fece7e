package cms

import (
	"crypto"
	"encoding/asn1"
)

// Content types (RFC 5652 section 4 and on, RFC 5083).
var (
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSigned        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidEnveloped     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 3}
	oidAuthEnveloped = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 23}
)

// Signed attributes (RFC 5652 section 11).
var (
	oidAttrContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidAttrMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidAttrSigningTime   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
)

// Digests.
var (
	oidMD5    = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 5}
	oidSHA1   = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}
	oidSHA256 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSHA384 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}
	oidSHA512 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}
)

// Public key algorithms.
var (
	oidRSA       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidOAEP      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 7}
	oidMGF1      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}
	oidSpecified = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 9}
	oidPSS       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
	oidRSASHA1   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 5}
	oidRSASHA256 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}
	oidRSASHA384 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}
	oidRSASHA512 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}

	oidECDSASHA256 = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	oidECDSASHA384 = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}
	oidECDSASHA512 = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}
)

// Content encryption.
var (
	oidAES128CBC = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 2}
	oidAES192CBC = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 22}
	oidAES256CBC = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}
	oidAES128GCM = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 6}
	oidAES192GCM = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 26}
	oidAES256GCM = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 46}
	oid3DES      = asn1.ObjectIdentifier{1, 2, 840, 113549, 3, 7}
	oidRC2       = asn1.ObjectIdentifier{1, 2, 840, 113549, 3, 2}
)

// names are the words used in errors and by inspection.
var names = map[string]string{
	oidData.String(): "data", oidSigned.String(): "signed-data", oidEnveloped.String(): "enveloped-data",
	oidAuthEnveloped.String(): "authEnveloped-data",
	oidMD5.String():           "md5", oidSHA1.String(): "sha-1", oidSHA256.String(): "sha-256",
	oidSHA384.String(): "sha-384", oidSHA512.String(): "sha-512",
	oidRSA.String(): "rsa", oidOAEP.String(): "rsa-oaep", oidPSS.String(): "rsa-pss", oidRSASHA1.String(): "rsa-sha-1",
	oidRSASHA256.String(): "rsa-sha-256", oidRSASHA384.String(): "rsa-sha-384", oidRSASHA512.String(): "rsa-sha-512",
	oidECDSASHA256.String(): "ecdsa-sha-256", oidECDSASHA384.String(): "ecdsa-sha-384", oidECDSASHA512.String(): "ecdsa-sha-512",
	oidAES128CBC.String(): "aes-128-cbc", oidAES192CBC.String(): "aes-192-cbc", oidAES256CBC.String(): "aes-256-cbc",
	oidAES128GCM.String(): "aes-128-gcm", oidAES192GCM.String(): "aes-192-gcm", oidAES256GCM.String(): "aes-256-gcm",
	oid3DES.String(): "3des", oidRC2.String(): "rc2",
}

// name is the word for an algorithm, or its dotted form.
func name(oid asn1.ObjectIdentifier) string {
	if s, ok := names[oid.String()]; ok {
		return s
	}
	return oid.String()
}

// digest is the hash of an accepted digest algorithm; 0 when it is not accepted.
func digest(oid asn1.ObjectIdentifier) crypto.Hash {
	switch {
	case oid.Equal(oidSHA256):
		return crypto.SHA256
	case oid.Equal(oidSHA384):
		return crypto.SHA384
	case oid.Equal(oidSHA512):
		return crypto.SHA512
	}
	return 0
}

// contentCipher says key length and mode of an accepted content encryption; 0 when refused.
func contentCipher(oid asn1.ObjectIdentifier) (keyLen int, gcm bool) {
	switch {
	case oid.Equal(oidAES128CBC):
		return 16, false
	case oid.Equal(oidAES192CBC):
		return 24, false
	case oid.Equal(oidAES256CBC):
		return 32, false
	case oid.Equal(oidAES128GCM):
		return 16, true
	case oid.Equal(oidAES192GCM):
		return 24, true
	case oid.Equal(oidAES256GCM):
		return 32, true
	}
	return 0, false
}
