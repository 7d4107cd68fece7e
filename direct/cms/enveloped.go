package cms

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Identity is a certificate of ours with its private key (*rsa.PrivateKey or *ecdsa.PrivateKey).
type Identity struct {
	Certificate *x509.Certificate
	Key         crypto.PrivateKey
}

// Enveloped is a parsed EnvelopedData (RFC 5652 section 6) or
// AuthEnvelopedData (RFC 5083). It is made by ParseEnveloped and read-only.
type Enveloped struct {
	recipients []recipient
	content    algorithm
	ciphertext []byte
	gcm        bool
	keyLen     int
	mac        []byte
	authAttrs  []byte // DER of the attributes as SET OF; nil when absent
}

// recipient is one KeyTransRecipientInfo, or one key of a KeyAgreeRecipientInfo.
type recipient struct {
	id        issuerSerial
	ski       []byte // subject key identifier; nil when id is used
	transport algorithm
	key       []byte
	agreement *agreement // nil for key transport
}

// ParseEnveloped reads EnvelopedData or AuthEnvelopedData in BER or DER.
// The result may alias b. Errors: ErrLimit, ErrMalformed, ErrUnsupported.
func ParseEnveloped(b []byte, lim Limits) (*Enveloped, error) {
	lim = lim.withDefaults()
	der, err := Normalize(b, lim)
	if err != nil {
		return nil, err
	}
	oid, body, err := contentInfo(der)
	if err != nil {
		return nil, err
	}
	auth := oid.Equal(oidAuthEnveloped)
	if !auth && !oid.Equal(oidEnveloped) {
		return nil, fail(ErrUnsupported, "content type", "got %s, want enveloped-data", name(oid))
	}
	e := &Enveloped{gcm: auth}
	if err := e.parse(body, lim); err != nil {
		return nil, err
	}
	return e, nil
}

// Algorithms names the content encryption and each recipient's key
// algorithm in their order, for inspection.
func (e *Enveloped) Algorithms() (content string, keys []string) {
	for _, r := range e.recipients {
		keys = append(keys, name(r.transport.oid))
	}
	return name(e.content.oid), keys
}

// Names reports whether the envelope has a recipient info for the certificate.
func (e *Enveloped) Names(c *x509.Certificate) bool {
	for i := range e.recipients {
		if e.recipients[i].names(c) {
			return true
		}
	}
	return false
}

func (e *Enveloped) parse(body cryptobyte.String, lim Limits) error {
	var seq, infos cryptobyte.String
	var version int
	if !body.ReadASN1(&seq, cbasn1.SEQUENCE) || !body.Empty() ||
		!seq.ReadASN1Integer(&version) ||
		!seq.SkipOptionalASN1(explicit(0)) || // originatorInfo
		!seq.ReadASN1(&infos, cbasn1.SET) {
		return fail(ErrMalformed, "enveloped data", "want version and recipients")
	}
	if err := e.parseRecipients(infos, lim); err != nil {
		return err
	}
	if err := e.parseContent(&seq); err != nil {
		return err
	}
	if !e.gcm {
		if !seq.SkipOptionalASN1(explicit(1)) || !seq.Empty() { // unprotectedAttrs
			return fail(ErrMalformed, "enveloped data", "got more after the content")
		}
		return nil
	}
	return e.parseAuth(&seq)
}

func (e *Enveloped) parseContent(seq *cryptobyte.String) error {
	var info cryptobyte.String
	var typ asn1.ObjectIdentifier
	if !seq.ReadASN1(&info, cbasn1.SEQUENCE) || !info.ReadASN1ObjectIdentifier(&typ) {
		return fail(ErrMalformed, "encrypted content", "want type, algorithm and content")
	}
	var ok bool
	if e.content, ok = readAlgorithm(&info); !ok {
		return fail(ErrMalformed, "encrypted content", "want an algorithm")
	}
	keyLen, gcm := contentCipher(e.content.oid)
	if keyLen == 0 || gcm != e.gcm {
		return fail(ErrUnsupported, "content encryption", "got %s, want AES-CBC in enveloped-data or AES-GCM in authEnveloped-data", name(e.content.oid))
	}
	e.keyLen = keyLen
	text, present, ok := readImplicitOctets(&info, 0)
	if !ok || !present || !info.Empty() {
		return fail(ErrMalformed, "encrypted content", "want the content inside")
	}
	e.ciphertext = text
	return nil
}

// parseAuth reads what AuthEnvelopedData adds: authAttrs, mac, unauthAttrs.
func (e *Enveloped) parseAuth(seq *cryptobyte.String) error {
	var attrs, mac cryptobyte.String
	var has bool
	if !seq.ReadOptionalASN1(&attrs, &has, explicit(1)) ||
		!seq.ReadASN1(&mac, cbasn1.OCTET_STRING) ||
		!seq.SkipOptionalASN1(explicit(2)) || !seq.Empty() {
		return fail(ErrMalformed, "authEnveloped data", "want attributes and MAC")
	}
	if has {
		e.authAttrs = setOf(attrs)
	}
	e.mac = mac
	return nil
}

func (e *Enveloped) parseRecipients(infos cryptobyte.String, lim Limits) error {
	for !infos.Empty() {
		var err error
		switch {
		case infos.PeekASN1Tag(cbasn1.SEQUENCE):
			err = e.parseTransport(&infos)
		case infos.PeekASN1Tag(explicit(1)):
			err = e.parseAgreement(&infos, lim)
		default: // KEK, password and other recipients are none of ours
			var skip cryptobyte.String
			var tag cbasn1.Tag
			if !infos.ReadAnyASN1Element(&skip, &tag) {
				err = fail(ErrMalformed, "recipient", "not an element")
			}
			e.recipients = append(e.recipients, recipient{})
		}
		if err != nil {
			return err
		}
		if len(e.recipients) > lim.Recipients {
			return fail(ErrLimit, "recipients", "got more than %d", lim.Recipients)
		}
	}
	return nil
}

// parseTransport reads a KeyTransRecipientInfo (RFC 5652 section 6.2.1).
func (e *Enveloped) parseTransport(infos *cryptobyte.String) error {
	var info, key cryptobyte.String
	var version int
	var r recipient
	ok := infos.ReadASN1(&info, cbasn1.SEQUENCE) && info.ReadASN1Integer(&version)
	if ok && info.PeekASN1Tag(cbasn1.SEQUENCE) {
		r.id, ok = readIssuerSerial(&info)
	} else if ok {
		var has bool
		r.ski, has, ok = readImplicitOctets(&info, 0)
		ok = ok && has
	}
	if ok {
		r.transport, ok = readAlgorithm(&info)
	}
	if !ok || !info.ReadASN1(&key, cbasn1.OCTET_STRING) || !info.Empty() {
		return fail(ErrMalformed, "recipient", "want version, identifier, algorithm and key")
	}
	r.key = key
	e.recipients = append(e.recipients, r)
	return nil
}
