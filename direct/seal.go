package direct

import (
	"bytes"
	"crypto/x509"
	"io"

	"refloop/direct/cms"
)

// SealOptions choose how a message is protected. The zero value is what every Direct peer reads.
type SealOptions struct {
	Encrypt cms.EncryptOptions
	Chain   []*x509.Certificate // intermediates sent along with the signer's certificate
	Seed    string              // of the boundary; the inner Message-ID does when empty
}

// Seal makes the mail that travels from an inner message: wrapped as
// message/rfc822, signed by signer (multipart/signed, detached, SHA-256) and encrypted
// for one recipient certificate. Outside only From, To, Cc, Date, Message-ID,
// MIME-Version and Content-* appear; the subject and all else stay inside.
//
// One call per recipient: each copy has the same Message-ID and shows nobody else's certificate.
func Seal(random io.Reader, inner []byte, signer cms.Identity, recipient *x509.Certificate, o SealOptions) ([]byte, error) {
	h, _, err := splitHeader(inner, Limits{}.withDefaults())
	if err != nil {
		return nil, err
	}
	if o.Seed == "" {
		o.Seed = h.Value("Message-ID")
	}
	room, signed, err := signEntity(inner, signer, o)
	if err != nil {
		return nil, err
	}
	envelope, err := cms.EncryptIn(random, room, signed, []*x509.Certificate{recipient}, o.Encrypt)
	if err != nil {
		return nil, err
	}
	kind := "enveloped-data"
	if o.Encrypt.Content == cms.AES256GCM || o.Encrypt.Content == cms.AES128GCM {
		kind = "authEnveloped-data"
	}
	var b bytes.Buffer
	for _, name := range []string{"From", "To", "Cc", "Date", "Message-ID"} {
		for _, f := range h {
			if f.Name == name {
				field(&b, name, fold(f.Value))
			}
		}
	}
	field(&b, "MIME-Version", "1.0")
	field(&b, "Content-Type", "application/pkcs7-mime; smime-type="+kind+";\r\n name=\"smime.p7m\"")
	field(&b, "Content-Disposition", "attachment; filename=\"smime.p7m\"")
	field(&b, "Content-Transfer-Encoding", "base64")
	b.WriteString("\r\n")
	return appendBase64(append(outside(room, envelope, b.Len()), b.Bytes()...), envelope), nil
}

// outside returns the memory for the mail: that of the envelope, when its letters stay behind what is still to be read of it, else new.
func outside(room, envelope []byte, head int) []byte {
	size := head + base64Size(len(envelope))
	end := cap(room) - cap(envelope) + len(envelope)
	if size+overlap <= end && end <= cap(room) && &room[:end][end-1] == &envelope[len(envelope)-1] {
		return room[:0]
	}
	return make([]byte, 0, size)
}

// fold breaks a list at its commas, so that many recipients do not make one long line.
func fold(v string) string {
	return string(bytes.ReplaceAll([]byte(v), []byte(">, <"), []byte(">,\r\n <")))
}

// Room kept free around the signed entity: before it for the head of the envelope, behind it for padding or a MAC, and what a signature
// takes in a message without its certificates. overlap is how far writing base64 stays behind reading.
const (
	headRoom      = 2048
	tailRoom      = 64
	signatureRoom = 4096
	overlap       = 256
)

// sizeOf is the size of certificates.
func sizeOf(certs []*x509.Certificate) (n int) {
	for _, c := range certs {
		n += len(c.Raw)
	}
	return n
}

// signEntity wraps inner as message/rfc822 and writes the multipart/signed around it.
// The signed octets are written once and never touched again. The entity is the end of the memory that is returned before it, which
// begins with room for the envelope's head and for the mail as it travels.
func signEntity(inner []byte, signer cms.Identity, o SealOptions) (memory, entity []byte, err error) {
	mark := boundary(o.Seed, "signed", inner)
	size := headRoom + len(inner) + signatureRoom + 2*(len(signer.Certificate.Raw)+sizeOf(o.Chain)) + tailRoom
	at := headRoom + base64Size(size) - size + overlap + signatureRoom
	b := bytes.NewBuffer(make([]byte, at, at+size))
	field(b, "Content-Type", "multipart/signed; protocol=\"application/pkcs7-signature\";\r\n micalg=sha-256; boundary=\""+mark+"\"")
	b.WriteString("\r\n--" + mark + "\r\n")
	start := b.Len()
	b.WriteString("Content-Type: message/rfc822\r\n\r\n")
	b.Write(inner)
	signature, err := cms.Sign(b.Bytes()[start:], signer.Certificate, signer.Key, o.Chain)
	if err != nil {
		return nil, nil, err
	}
	b.WriteString("\r\n--" + mark + "\r\n")
	field(b, "Content-Type", "application/pkcs7-signature; name=\"smime.p7s\"")
	field(b, "Content-Disposition", "attachment; filename=\"smime.p7s\"")
	field(b, "Content-Transfer-Encoding", "base64")
	b.WriteString("\r\n")
	writeBase64(b, signature)
	b.WriteString("--" + mark + "--\r\n")
	return b.Bytes(), b.Bytes()[at:], nil
}
