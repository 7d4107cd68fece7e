package directkit

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"time"
)

// chains are the cases of section 2 about the path to an anchor.
func (k *Kit) chains() {
	const row = "2 path"
	const none = "untrusted: no_path_to_anchor"
	middle := func(name string, by *Identity, change func(*x509.Certificate)) Identity {
		return Authority(k.t, "Issuer of "+name, "p-384", by, change)
	}
	by := func(name string, issuer Identity, change func(*x509.Certificate)) Mail {
		return k.mail(name, Leaf(k.t, domain(name), "rsa2048b", &issuer, change))
	}
	carrying := func(m Mail, certs ...Identity) Mail {
		for _, c := range certs {
			m.Sign.Carry = append(m.Sign.Carry, c.Certificate)
		}
		return m
	}
	i := middle("sent", &k.Anchor, nil)
	k.good("issuer sent along", row, carrying(by("issuer sent along", i, nil), i))
	k.good("issuer and anchor sent along", row, carrying(by("issuer and anchor sent along", i, nil), i, k.Anchor))
	der := k.Publish("issuer.crt", i.Certificate.Raw)
	k.good("issuer by AIA", row+", D18", by("issuer by AIA", i, func(c *x509.Certificate) { c.IssuingCertificateURL = []string{der} }))
	bundle := k.Publish("issuer.p7c", Sign(k.t, nil, SignOptions{Carry: []*x509.Certificate{i.Certificate}}))
	k.good("issuer by AIA as PKCS#7", row+", D18", by("issuer by AIA as PKCS#7", i, func(c *x509.Certificate) { c.IssuingCertificateURL = []string{bundle} }))
	k.good("second AIA address works", row+", D18", by("second AIA address works", i, func(c *x509.Certificate) {
		c.IssuingCertificateURL = []string{k.URL + "/nothing", der}
	}))
	upper := middle("two levels, upper", &k.Anchor, nil)
	lower := middle("two levels, lower", &upper, func(c *x509.Certificate) {
		c.IssuingCertificateURL = []string{k.Publish("upper.crt", upper.Certificate.Raw)}
	})
	lowerURL := k.Publish("lower.crt", lower.Certificate.Raw)
	k.good("two issuers by AIA", row+", D18", by("two issuers by AIA", lower, func(c *x509.Certificate) { c.IssuingCertificateURL = []string{lowerURL} }))
	long := []Identity{k.Anchor}
	for n := range 6 {
		long = append(long, middle(fmt.Sprint("long path ", n), &long[n], nil))
	}
	k.good("path of six certificates", row, carrying(by("path of six certificates", long[4], nil), long[1:]...))
	k.bad("path of eight certificates", row, none, carrying(by("path of eight certificates", long[6], nil), long[1:]...))

	k.bad("different anchor", row, none, by("different anchor", k.Stranger, nil))
	k.bad("different anchor sent along", row, none, carrying(by("different anchor sent along", k.Stranger, nil), k.Stranger))
	k.bad("anchor of another domain of ours", row, none, by("anchor of another domain of ours", k.SouthOnly, nil))
	k.bad("expired anchor", row, "untrusted: ", by("expired anchor", k.Retired, nil))
	self := Leaf(k.t, domain("self-signed"), "rsa2048b", nil, nil)
	k.bad("self-signed", row, none, k.mail("self-signed", self))
	k.bad("issuer missing", row, none, by("issuer missing", i, nil))
	k.bad("bad AIA", row, none, by("bad AIA", i, func(c *x509.Certificate) { c.IssuingCertificateURL = []string{k.URL + "/nothing"} }))
	k.bad("AIA with another certificate", row, none, by("AIA with another certificate", middle("AIA other", &k.Anchor, nil), func(c *x509.Certificate) { c.IssuingCertificateURL = []string{der} }))
	k.bad("AIA in a private network", row, none, by("AIA in a private network", i, func(c *x509.Certificate) { c.IssuingCertificateURL = []string{"http://10.255.255.1/i.crt"} }))
	k.bad("AIA that is no web address", row, none, by("AIA that is no web address", i, func(c *x509.Certificate) { c.IssuingCertificateURL = []string{"file:///etc/passwd"} }))
	forged := Authority(k.t, "Anchor", "rsa2048c", nil, func(c *x509.Certificate) {
		c.Subject, c.SubjectKeyId = k.Anchor.Certificate.Subject, k.Anchor.Certificate.SubjectKeyId
	})
	k.bad("anchor with the same name and key identifier", row, none, carrying(by("anchor with the same name and key identifier", forged, nil), forged))
	leafKeyID := Leaf(k.t, domain("leaf with the anchor's key identifier"), "rsa2048b", &k.Stranger, func(c *x509.Certificate) { c.SubjectKeyId = k.Anchor.Certificate.SubjectKeyId })
	k.bad("leaf with the anchor's key identifier", row, none, k.mail("leaf with the anchor's key identifier", leafKeyID))
	noCA := Leaf(k.t, "direct.not-an-issuer.example", "p-384", &k.Anchor, nil)
	k.bad("issuer that is none", row, none, carrying(by("issuer that is none", noCA, nil), noCA))
	noSign := middle("no signing", &k.Anchor, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign })
	k.bad("issuer that may not sign", row, none, carrying(by("issuer that may not sign", noSign, nil), noSign))
	old := middle("expired", &k.Anchor, func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-time.Hour)
	})
	k.bad("expired issuer", row, "untrusted: ", carrying(by("expired issuer", old, nil), old))
	weak := Authority(k.t, "Weak issuer", "rsa1024", &k.Anchor, nil)
	k.bad("issuer with RSA 1024", row, "untrusted: ", carrying(by("issuer with RSA 1024", weak, nil), weak))
	zero := middle("path length", &k.Anchor, func(c *x509.Certificate) { c.MaxPathLenZero = true })
	below := middle("below", &zero, nil)
	k.bad("path length exceeded", row, none, carrying(by("path length exceeded", below, nil), zero, below))
	k.good("path length kept", row, carrying(by("path length kept", zero, nil), zero))
	permitted := middle("names permitted", &k.Anchor, func(c *x509.Certificate) {
		c.PermittedDNSDomainsCritical, c.PermittedDNSDomains = true, []string{"direct.name-permitted.example"}
	})
	k.good("name permitted", row, carrying(by("name permitted", permitted, nil), permitted))
	k.bad("name not permitted", row, none, carrying(by("name not permitted", permitted, nil), permitted))
	excluded := middle("names excluded", &k.Anchor, func(c *x509.Certificate) {
		c.PermittedDNSDomainsCritical, c.ExcludedDNSDomains = true, []string{domain("name excluded")}
	})
	k.bad("name excluded", row, none, carrying(by("name excluded", excluded, nil), excluded))
	forServers := middle("for servers", &k.Anchor, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })
	k.bad("issuer for servers alone", row, "untrusted: wrong_key_usage", carrying(by("issuer for servers alone", forServers, nil), forServers))
	critical := middle("critical", &k.Anchor, func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{extension(true)} })
	k.bad("issuer with an unknown critical extension", row, none, carrying(by("issuer with an unknown critical extension", critical, nil), critical))
	k.bad("the anchor as signer", row, "untrusted: certificate_not_for_address", k.mail("the anchor as signer", k.Anchor))
}

// status are the cases of section 2 about revocation.
func (k *Kit) status() {
	const row = "2 revocation"
	const unknown, revoked = "untrusted: revocation_unknown", "untrusted: certificate_revoked"
	soon := time.Now().Add(24 * time.Hour)
	lists := func(name string) string { return k.URL + "/" + slug(name) + ".crl" }
	leaf := func(name string) Identity {
		return Leaf(k.t, domain(name), "rsa2048b", &k.Anchor, func(c *x509.Certificate) { c.CRLDistributionPoints = []string{lists(name)} })
	}
	publish := func(name string, der []byte) { k.Publish(slug(name)+".crl", der) }

	id := leaf("in a clean list")
	publish("in a clean list", RevocationList(k.t, k.Anchor, 1, soon))
	k.good("in a clean list", row, k.mail("in a clean list", id))
	id = leaf("another one revoked")
	publish("another one revoked", RevocationList(k.t, k.Anchor, 2, soon, numbers(k.Ours[North])[0]))
	k.good("another one revoked", row, k.mail("another one revoked", id))
	id = leaf("list within the grace")
	publish("list within the grace", RevocationList(k.t, k.Anchor, 3, time.Now().Add(-time.Hour)))
	k.good("list within the grace", row, k.mail("list within the grace", id))
	k.good("no list named", row, k.plain("no list named"))

	id = leaf("revoked by list")
	publish("revoked by list", RevocationList(k.t, k.Anchor, 4, soon, numbers(id)...))
	k.bad("revoked by list", row, revoked, k.mail("revoked by list", id))
	k.bad("list that is not there", row, unknown, k.mail("list that is not there", leaf("list that is not there")))
	id = leaf("list that is no list")
	publish("list that is no list", []byte("<html>"))
	k.bad("list that is no list", row, unknown, k.mail("list that is no list", id))
	id = leaf("list of another issuer")
	publish("list of another issuer", RevocationList(k.t, k.Stranger, 5, soon))
	k.bad("list of another issuer", row, unknown, k.mail("list of another issuer", id))
	id = leaf("list long out of date")
	publish("list long out of date", RevocationList(k.t, k.Anchor, 6, time.Now().Add(-20*24*time.Hour)))
	k.bad("list long out of date", row, unknown, k.mail("list long out of date", id))
	id = leaf("list with a wrong signature")
	wrong := RevocationList(k.t, k.Anchor, 7, soon)
	wrong[len(wrong)-1] ^= 1
	publish("list with a wrong signature", wrong)
	k.bad("list with a wrong signature", row, unknown, k.mail("list with a wrong signature", id))

	i := Authority(k.t, "Revoked issuer", "p-384", &k.Anchor, func(c *x509.Certificate) { c.CRLDistributionPoints = []string{lists("revoked issuer")} })
	publish("revoked issuer", RevocationList(k.t, k.Anchor, 8, soon, numbers(i)...))
	m := k.mail("revoked issuer", Leaf(k.t, domain("revoked issuer"), "rsa2048b", &i, nil))
	m.Sign.Carry = []*x509.Certificate{i.Certificate}
	k.bad("revoked issuer", row, revoked, m)

	asked := func(name string) Identity {
		return Leaf(k.t, domain(name), "rsa2048b", &k.Anchor, func(c *x509.Certificate) { c.OCSPServer = []string{k.URL + "/ocsp"} })
	}
	k.good("good by OCSP", row, k.mail("good by OCSP", asked("good by OCSP")))
	id = asked("revoked by OCSP")
	k.revoked[id.Certificate.SerialNumber.String()] = true
	k.bad("revoked by OCSP", row, revoked, k.mail("revoked by OCSP", id))
	id = asked("unknown to OCSP")
	k.silent[id.Certificate.SerialNumber.String()] = true
	k.bad("unknown to OCSP", row, unknown, k.mail("unknown to OCSP", id))
	id = Leaf(k.t, domain("no OCSP answer"), "rsa2048b", &k.Anchor, func(c *x509.Certificate) { c.OCSPServer = []string{"http://127.0.0.1:1/ocsp"} })
	k.bad("no OCSP answer", row, unknown, k.mail("no OCSP answer", id))
	id = Leaf(k.t, domain("no list but OCSP"), "rsa2048b", &k.Anchor, func(c *x509.Certificate) {
		c.CRLDistributionPoints, c.OCSPServer = []string{lists("no list but OCSP")}, []string{k.URL + "/ocsp"}
	})
	k.good("no list but OCSP", row, k.mail("no list but OCSP", id))
}
