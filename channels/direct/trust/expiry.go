package trust

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// Ending is a certificate that ends soon, or has ended.
type Ending struct {
	What   string // "identity", "peer", "anchor", "intermediate" or "tls"
	Name   string // the domains or addresses it is for, else its subject
	SHA256 string // of the certificate, hex
	At     time.Time
	Days   int // whole days left; negative: it has ended
}

// Named is a certificate with what it is to us.
type Named struct {
	What        string // as Ending.What
	Certificate *x509.Certificate
}

// warnDays are the days before the end of a certificate on which somebody is told.
var warnDays = []int{1, 7, 14, 30, 60}

// Step is the warning that applies: 60, 30, 14, 7 or 1 days, 0 when it has ended.
func (e Ending) Step() int {
	if e.Days < 0 {
		return 0
	}
	for _, d := range warnDays {
		if e.Days < d {
			return d
		}
	}
	return warnDays[len(warnDays)-1]
}

// Named are all certificates that the store holds, bundles included, each once: ours first.
func (s *Store) Named() (out []Named) {
	add := func(what string, certs ...*x509.Certificate) {
		for _, c := range certs {
			out = append(out, Named{what, c})
		}
	}
	for _, id := range s.identities {
		add("identity", id.Certificate)
	}
	add("peer", s.peers...)
	for _, a := range s.anchors {
		add("anchor", a.Inbound...)
		add("anchor", a.Outbound...)
	}
	add("anchor", s.bundles.Anchors()...)
	add("intermediate", s.intermediates...)
	return out
}

// Endings lists those of the store's certificates, and of more, that end within 60 days, the first to end first, each once.
func (s *Store) Endings(now time.Time, more ...Named) (out []Ending) {
	limit := now.AddDate(0, 0, warnDays[len(warnDays)-1])
	seen := map[string]bool{}
	for _, n := range append(s.Named(), more...) {
		c := n.Certificate
		if seen[string(c.Raw)] || c.NotAfter.After(limit) {
			continue
		}
		seen[string(c.Raw)] = true
		days := int(c.NotAfter.Sub(now) / (24 * time.Hour))
		if now.After(c.NotAfter) {
			days = min(days, -1)
		}
		out = append(out, Ending{n.What, nameOf(c), Fingerprint(c), c.NotAfter.UTC(), days})
	}
	slices.SortStableFunc(out, func(a, b Ending) int { return a.At.Compare(b.At) })
	return out
}

// nameOf says for whom a certificate is: of an authority its subject.
func nameOf(c *x509.Certificate) string {
	if list := slices.Concat(c.EmailAddresses, c.DNSNames); len(list) > 0 {
		return strings.Join(list, " ")
	}
	if name := c.Subject.String(); name != "" {
		return name
	}
	return "serial " + c.SerialNumber.String()
}

// Fingerprint is the SHA-256 of a certificate's DER, hex.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}
