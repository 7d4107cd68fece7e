// Package direct reads and writes Direct secure messages: RFC 5322 mail, signed
// and encrypted by S/MIME 4.0 (RFC 8551) as the Applicability Statement for Secure
// Health Transport asks, with its notifications (RFC 8098 dispositions, RFC 3464
// delivery status) and the judgement of certificates against trust anchors.
//
// Bytes in, values out: nothing here touches the network, the disk or the
// clock. Certificates, revocation lists and the time come from the caller.
//
// Out: Compose writes the inner message, Seal wraps it as message/rfc822, signs
// it (multipart/signed, detached) and encrypts it for one recipient.
// In: Open decrypts, verifies over the exact signed octets and unwraps; Trust and
// TrustSigners judge; Opened.Check compares the envelope with what is protected.
//
// Forgiveness when reading, each of them a Warning: LF line ends in the signed
// part, a missing wrapper, an unknown charset or transfer encoding, a missing smime-type.
//
// Left out: triple wrapping, signed receipts, security labels.
package direct
