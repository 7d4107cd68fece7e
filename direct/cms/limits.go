package cms

// Limits bound what one structure may cost. A zero field means its default.
type Limits struct {
	Bytes        int // encoded size in bytes; default 64 MiB
	Depth        int // nesting of constructed elements; default 40
	Elements     int // number of BER elements; default 200,000 (a 64 MiB octet string in pieces of 400 bytes)
	Recipients   int // recipient infos of one envelope; default 200
	Signers      int // signer infos of one signed structure; default 8
	Certificates int // certificates of one signed structure; default 64; a bundle of anchors needs more
}

// Defaults of Limits.
const (
	DefaultBytes        = 64 << 20
	DefaultDepth        = 40
	DefaultElements     = 200_000
	DefaultRecipients   = 200
	DefaultSigners      = 8
	DefaultCertificates = 64
)

// maxAttempts bounds private key operations for one envelope: a sender who
// names the same recipient many times buys no more work than this.
const maxAttempts = 8

// maxRSABits bounds the cost of one public key operation.
const maxRSABits = 8192

// minRSABits is the smallest RSA key whose signature is verified (Direct
// applicability statement: 2048).
const minRSABits = 2048

func (l Limits) withDefaults() Limits {
	set := func(v *int, def int) {
		if *v <= 0 {
			*v = def
		}
	}
	set(&l.Bytes, DefaultBytes)
	set(&l.Depth, DefaultDepth)
	set(&l.Elements, DefaultElements)
	set(&l.Recipients, DefaultRecipients)
	set(&l.Signers, DefaultSigners)
	set(&l.Certificates, DefaultCertificates)
	return l
}
