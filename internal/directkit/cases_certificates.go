package directkit

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"net/url"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// certificates are the cases of sections 1 and 2: what the signer's own certificate says.
func (k *Kit) certificates() {
	const row = "1 names and certificates"
	leaf := func(name, key string, change func(*x509.Certificate)) Mail {
		return k.mail(name, Leaf(k.t, domain(name), key, &k.Anchor, change))
	}
	address := func(name, san string, change func(*x509.Certificate)) Mail {
		return k.mail(name, Leaf(k.t, san, "rsa2048b", &k.Anchor, change))
	}
	k.good("domain-bound", row, leaf("domain-bound", "rsa2048b", nil))
	k.good("address-bound", row, address("address-bound", sender("address-bound"), nil))
	k.good("address in upper case", row, address("address in upper case", strings.ToUpper(sender("address in upper case")), nil))
	k.good("domain in upper case", row, leaf("domain in upper case", "rsa2048b", func(c *x509.Certificate) { c.DNSNames = []string{strings.ToUpper(c.DNSNames[0])} }))
	k.good("several names", row, leaf("several names", "rsa2048b", func(c *x509.Certificate) { c.DNSNames = append([]string{"direct.other.example"}, c.DNSNames...) }))
	k.good("domain and address of another", row, leaf("domain and address of another", "rsa2048b", func(c *x509.Certificate) { c.EmailAddresses = []string{"other@direct.other.example"} }))
	k.good("address in the subject as well", row, address("address in the subject as well", sender("address in the subject as well"), func(c *x509.Certificate) {
		c.Subject.ExtraNames = []pkix.AttributeTypeAndValue{{Type: emailOID, Value: sender("address in the subject as well")}}
	}))
	k.good("RSA 3072", row, leaf("RSA 3072", "rsa3072", nil))
	k.good("RSA 4096", row, leaf("RSA 4096", "rsa4096", nil))
	k.good("ECDSA P-256", row, leaf("ECDSA P-256", "p-256", nil))
	k.good("ECDSA P-384", row, leaf("ECDSA P-384", "p-384", nil))
	k.good("no usages", row, leaf("no usages", "rsa2048b", func(c *x509.Certificate) { c.KeyUsage, c.ExtKeyUsage = 0, nil }))
	k.good("any extended usage", row, leaf("any extended usage", "rsa2048b", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }))
	k.good("several extended usages", row, leaf("several extended usages", "rsa2048b", func(c *x509.Certificate) {
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageEmailProtection}
	}))
	k.good("unknown extension", row, leaf("unknown extension", "rsa2048b", func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{extension(false)} }))
	k.good("no subject", row, leaf("no subject", "rsa2048b", func(c *x509.Certificate) { c.Subject = pkix.Name{} }))
	k.good("SAN with a URI beside", row, leaf("SAN with a URI beside", "rsa2048b", func(c *x509.Certificate) {
		c.URIs = []*url.URL{{Scheme: "https", Host: "direct.other.example"}}
	}))
	k.good("no basic constraints", row, leaf("no basic constraints", "rsa2048b", func(c *x509.Certificate) { c.BasicConstraintsValid = false }))

	const binding, usage, weak = "untrusted: certificate_not_for_address", "untrusted: wrong_key_usage", "untrusted: key_too_weak"
	k.bad("another domain", row, binding, leaf("another domain", "rsa2048b", func(c *x509.Certificate) { c.DNSNames = []string{"direct.other.example"} }))
	k.bad("parent domain", row, binding, leaf("parent domain", "rsa2048b", func(c *x509.Certificate) { c.DNSNames = []string{"parent-domain.example"} }))
	k.bad("sub-domain", row, binding, leaf("sub-domain", "rsa2048b", func(c *x509.Certificate) { c.DNSNames = []string{"a." + c.DNSNames[0]} }))
	k.bad("wildcard domain", row, binding, leaf("wildcard domain", "rsa2048b", func(c *x509.Certificate) { c.DNSNames = []string{"*.wildcard-domain.example"} }))
	k.bad("wildcard of all", row, binding, leaf("wildcard of all", "rsa2048b", func(c *x509.Certificate) { c.DNSNames = []string{"*"} }))
	k.bad("domain with a dot at the end", row, "", leaf("domain with a dot at the end", "rsa2048b", func(c *x509.Certificate) { c.DNSNames = []string{c.DNSNames[0] + "x"} }))
	k.bad("another address", row, binding, address("another address", "other@"+domain("another address"), nil))
	k.bad("address of another domain", row, binding, address("address of another domain", "clinic@direct.other.example", nil))
	k.bad("domain as an address", row, binding, address("domain as an address", "x@y", func(c *x509.Certificate) {
		c.EmailAddresses, c.ExtraExtensions = nil, []pkix.Extension{{Id: OID{2, 5, 29, 17}, Value: wrap(0x30, wrap(0x81, []byte(domain("domain as an address"))))}}
	}))
	k.bad("address as a domain name", row, binding, leaf("address as a domain name", "rsa2048b", func(c *x509.Certificate) { c.DNSNames = []string{sender("address as a domain name")} }))
	k.bad("no SAN", row, binding, leaf("no SAN", "rsa2048b", func(c *x509.Certificate) { c.DNSNames = nil }))
	k.bad("common name alone", row, binding, leaf("common name alone", "rsa2048b", func(c *x509.Certificate) {
		c.DNSNames, c.Subject.CommonName = nil, sender("common name alone")
	}))
	k.bad("address in the subject alone", row, binding, leaf("address in the subject alone", "rsa2048b", func(c *x509.Certificate) {
		c.DNSNames, c.Subject.ExtraNames = nil, []pkix.AttributeTypeAndValue{{Type: emailOID, Value: sender("address in the subject alone")}}
	}))
	k.bad("RSA 1024", row, "signature_not_valid", leaf("RSA 1024", "rsa1024", nil))
	k.bad("ECDSA P-521", row, "signature_not_valid", leaf("ECDSA P-521", "p-521", nil))
	k.bad("may only encipher", row, usage, leaf("may only encipher", "rsa2048b", func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }))
	k.bad("EC that may only agree", row, usage, leaf("EC that may only agree", "p-256", func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement }))
	k.bad("for servers alone", row, usage, leaf("for servers alone", "rsa2048b", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }))
	k.bad("for code alone", row, usage, leaf("for code alone", "rsa2048b", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning} }))
	k.bad("extended usage that is unknown", row, usage, leaf("extended usage that is unknown", "rsa2048b", func(c *x509.Certificate) {
		c.ExtKeyUsage, c.UnknownExtKeyUsage = nil, []asn1.ObjectIdentifier{{1, 3, 6, 1, 4, 1, 55555, 9}}
	}))
	k.bad("expired", row, "untrusted: certificate_expired", leaf("expired", "rsa2048b", func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-time.Hour)
	}))
	expired := Leaf(k.t, domain("expired but signed before"), "rsa2048b", &k.Anchor, func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-time.Hour)
	})
	k.bad("expired but signed before", row, "untrusted: certificate_expired", k.signedBy("expired but signed before", Signer{Identity: expired, SigningTime: time.Now().Add(-24 * time.Hour)}))
	k.bad("not yet valid", row, "untrusted: certificate_not_yet_valid", leaf("not yet valid", "rsa2048b", func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Now().Add(24*time.Hour), time.Now().Add(48*time.Hour)
	}))
	k.bad("unknown critical extension", row, "untrusted: no_path_to_anchor", leaf("unknown critical extension", "rsa2048b", func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{extension(true)} }))
	k.bad("signed by SHA-1", row, "", k.weakly("signed by SHA-1"))
	k.bad("certificate that was changed", row, "", k.mail("certificate that was changed", k.damaged("certificate that was changed")))
	k.single()
}

// weakly makes a certificate signed with SHA-1, which the library refuses to make: its algorithm is written over and it is signed again.
// Its issuer with an RSA key comes along.
func (k *Kit) weakly(name string) Mail {
	issuer := Authority(k.t, "Issuer of "+name, "rsa2048c", &k.Anchor, nil)
	id := Leaf(k.t, domain(name), "rsa2048b", &issuer, nil)
	sha1 := []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5}
	tbs := bytes.ReplaceAll(id.Certificate.RawTBSCertificate, []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11}, sha1)
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(tbs)
		algorithm(b, OID{1, 2, 840, 113549, 1, 1, 5}, null)
		b.AddASN1BitString(Signer{Identity: issuer, Hash: crypto.SHA1}.value(k.t, tbs))
	})
	c, err := x509.ParseCertificate(b.BytesOrPanic())
	if err != nil {
		k.t.Fatal(err)
	}
	m := k.mail(name, Identity{c, id.Key})
	m.Sign.Carry = []*x509.Certificate{issuer.Certificate}
	return m
}

// damaged makes a certificate whose signature does not hold.
func (k *Kit) damaged(name string) Identity {
	id := Leaf(k.t, domain(name), "rsa2048b", &k.Anchor, nil)
	raw := bytes.Clone(id.Certificate.Raw)
	raw[len(raw)-1] ^= 1
	c, err := x509.ParseCertificate(raw)
	if err != nil {
		k.t.Fatal(err)
	}
	return Identity{c, id.Key}
}

// single are certificates with one use: the signature carries the other one along.
func (k *Kit) single() {
	const name, row = "single use pair", "1 one certificate each"
	signing := Leaf(k.t, domain(name), "rsa2048b", &k.Anchor, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature })
	enciphering := Leaf(k.t, domain(name), "rsa3072", &k.Anchor, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment })
	m := k.mail(name, signing)
	m.Sign.Carry = []*x509.Certificate{enciphering.Certificate}
	k.good(name, row, m, func(c *Case) { c.Reply = []Identity{enciphering} })

	m, to := k.to("to a single use pair", Single, EncryptOptions{})
	k.good("to a single use pair", row, m, to)

	const ec = "single use EC pair"
	signing = Leaf(k.t, domain(ec), "p-256", &k.Anchor, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature })
	enciphering = Leaf(k.t, domain(ec), "p-384", &k.Anchor, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement })
	m = k.mail(ec, signing)
	m.Sign.Carry = []*x509.Certificate{enciphering.Certificate}
	k.good(ec, row, m, func(c *Case) { c.Reply = []Identity{enciphering} })
}
