package trust

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// publishTTL is the time to live of the records that Zone writes, in seconds.
const publishTTL = 3600

// published are the identities that others must find: those that open mail.
func published(ids []Identity) (out []Identity) {
	for _, id := range ids {
		if id.Use != Sign {
			out = append(out, id)
		}
	}
	return out
}

// Zone writes CERT records (RFC 4398) for a name server, one line an identity that opens mail: of an address under its name with a dot for
// the @, of a domain under the domain. Key tag and algorithm are 0: an X.509 certificate says for itself what it is.
func Zone(ids []Identity) string {
	var b strings.Builder
	for _, id := range published(ids) {
		name := id.Domain
		if id.Address != "" {
			name = names(id.Address)[0]
		}
		fmt.Fprintf(&b, "%s. %d IN CERT PKIX 0 0 %s\n", name, publishTTL, base64.StdEncoding.EncodeToString(id.Certificate.Raw))
	}
	return b.String()
}

// LDIF writes directory entries (RFC 2849) below base, one an identity that opens mail: its mail is what others search for, an address or a
// domain (direct.md section 8).
func LDIF(ids []Identity, base string) string {
	var b strings.Builder
	for i, id := range published(ids) {
		name := id.Domain
		if id.Address != "" {
			name = id.Address
		}
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "dn: cn=%s,%s\nobjectClass: inetOrgPerson\ncn: %s\nsn: %s\nmail: %s\n", name, base, name, name, name)
		fmt.Fprintf(&b, "userCertificate;binary:: %s\n", fold(base64.StdEncoding.EncodeToString(id.Certificate.Raw)))
	}
	return b.String()
}

// fold breaks a long value as LDIF does: the next line begins with a blank.
func fold(s string) string {
	const width = 70
	var parts []string
	for len(s) > width {
		parts, s = append(parts, s[:width]), s[width:]
	}
	return strings.Join(append(parts, s), "\n ")
}
