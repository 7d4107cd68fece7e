// Package cms reads and writes the Cryptographic Message Syntax (RFC 5652, with
// RFC 8551 for S/MIME, RFC 5083 and 5084 for AES-GCM, RFC 4055 for RSA-OAEP and
// RSA-PSS, RFC 5753 for ECDH) as Direct secure messaging needs it.
//
// Reading starts with an iterative check of the BER encoding with limits on
// bytes, depth and elements; only what passed is looked at. Indefinite lengths and
// constructed octet strings are brought to definite form on the way, so the
// schema readers see DER only.
//
// A decryption never says why it was refused: a wrong key, wrong RSA padding,
// wrong CBC padding and a wrong GCM tag are one error, ErrDecrypt, and RSA v1.5
// uses implicit rejection (RFC 3218), so neither errors nor timing make an oracle.
//
// A signature counts only with signed attributes (contentType, messageDigest),
// SHA-256 or better, and RSA (2048 bits and more), RSA-PSS or ECDSA P-256/P-384.
// Whether the signer is trusted is not asked here: see package direct.
//
// Left out on purpose: 3DES, RC2, MD5, SHA-1 signatures, password and KEK
// recipients, compressed data, counter signatures, time stamps.
package cms
